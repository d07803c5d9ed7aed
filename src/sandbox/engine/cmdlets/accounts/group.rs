//! The cmdlets of local groups and their members.

use super::super::super::convert::text;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{AccountRefusal, Member, Role, domain_sid};
use super::super::super::value::Val;
use super::super::Bound;
use super::{choose, exists, full, missing, object};

fn chosen(evaluator: &mut Evaluator<'_>, bound: &Bound, parameter: &str) -> Run<Vec<String>> {
    let accounts = evaluator.machine.accounts();
    let all: Vec<_> = accounts.groups.iter().map(|group| (group.name.clone(), group.sid.clone())).collect();
    let mut names = bound.texts(parameter);
    names.extend(bound.items("InputObject").iter().map(text));
    choose(evaluator, "Group", (&names, &bound.texts("SID")), &all)
}

pub(super) fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let accounts = evaluator.machine.accounts();
    for name in chosen(evaluator, bound, "Name")? {
        if let Some(group) = accounts.groups.iter().find(|group| group.name == name) {
            out.put(evaluator, object::group(group))?;
        }
    }
    Ok(())
}

pub(super) fn new(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let name = bound.text("Name").unwrap_or_default();
    super::lengths(bound, &[("Name", 256), ("Description", 48)])?;
    if !evaluator.should_process(bound, &name, "Create new local group")? {
        return Ok(());
    }
    match evaluator.machine.add_group(&name, bound.text("Description").unwrap_or_default()) {
        Ok(group) => out.put(evaluator, object::group(&group)),
        Err(AccountRefusal::Full) => evaluator.write_error(full("groups")),
        Err(_) => evaluator.write_error(exists("Group", format!("Group {name} already exists."), &name)),
    }
}

pub(super) fn remove(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for name in chosen(evaluator, bound, "Name")? {
        if evaluator.should_process(bound, &name, "Remove local group")? {
            let accounts = evaluator.machine.accounts();
            // Groups of the authority BUILTIN.
            if accounts.groups.iter().any(|group| group.name == name && group.sid.starts_with("S-1-5-32-")) {
                evaluator.write_error(super::built_in(&name))?;
                continue;
            }
            evaluator.machine.change_accounts(|accounts| accounts.groups.retain(|group| group.name != name));
        }
    }
    Ok(())
}

/// Whether a name that somebody wrote is a member's, with or without its domain.
fn is_member(member: &Member, name: &str) -> bool {
    member.name.eq_ignore_ascii_case(name)
        || member.sid == name
        || member.name.rsplit('\\').next().is_some_and(|last| last.eq_ignore_ascii_case(name))
}

pub(super) fn members(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let wanted = bound.texts("Member");
    let accounts = evaluator.machine.accounts();
    for name in chosen(evaluator, bound, "Group")? {
        let Some(group) = accounts.groups.iter().find(|group| group.name == name) else { continue };
        let mut members = group.members.clone();
        members.sort_by_cached_key(|member| member.name.to_lowercase());
        for pattern in wanted.iter().filter(|pattern| super::super::cdxml::is_literal(pattern)) {
            if !members.iter().any(|member| is_member(member, pattern)) {
                evaluator.write_error(missing("Principal", pattern))?;
            }
        }
        for member in &members {
            let mut is_wanted = wanted.is_empty();
            for pattern in &wanted {
                is_wanted =
                    is_wanted || is_member(member, pattern) || evaluator.patterns.like(&member.name, pattern, false)?;
            }
            if is_wanted {
                out.put(evaluator, object::member(member))?;
            }
        }
    }
    Ok(())
}

/// The account of a name that shall become a member; the domain has every account that somebody names.
fn principal(evaluator: &Evaluator<'_>, name: &str) -> Option<Member> {
    let computer = evaluator.host.account_authority();
    let (place, own) = name.split_once('\\').map_or((None, name), |(place, own)| (Some(place), own));
    let is_here = place.is_none_or(|place| place == "." || place.eq_ignore_ascii_case(&computer));
    let accounts = evaluator.machine.accounts();
    if let Some(user) = accounts.users.iter().find(|user| is_here && user.name.eq_ignore_ascii_case(own)) {
        let name = format!("{computer}\\{}", user.name);
        return Some(Member {
            name,
            sid: user.sid.clone(),
            is_group: false,
            is_local: evaluator.host.role() != Role::DomainController,
        });
    }
    let domain = evaluator.host.domain();
    let is_domain = own.len() <= 256
        && place.is_some_and(|place| place.eq_ignore_ascii_case("SANDBOX") || place.eq_ignore_ascii_case(domain));
    is_domain.then(|| Member {
        name: format!("SANDBOX\\{own}"),
        sid: domain_sid(own),
        is_group: own.contains(' '),
        is_local: false,
    })
}

/// What Add- and Remove-LocalGroupMember do with a member of a group.
fn change(
    evaluator: &mut Evaluator<'_>,
    bound: &Bound,
    verb: &str,
    work: fn(&mut Evaluator<'_>, &str, &str) -> Run<()>,
) -> Run<()> {
    for group in chosen(evaluator, bound, "Group")? {
        for name in bound.texts("Member") {
            if evaluator.should_process(bound, &group, &format!("{verb} member {name}"))? {
                work(evaluator, &group, &name)?;
            }
        }
    }
    Ok(())
}

pub(super) fn add(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    change(evaluator, bound, "Add", |evaluator, group, name| {
        let Some(member) = principal(evaluator, name) else {
            return evaluator.write_error(missing("Principal", name));
        };
        let now = evaluator.host_time();
        match evaluator.machine.add_member(group, member.clone(), now) {
            Ok(()) => Ok(()),
            Err(AccountRefusal::Full) => evaluator.write_error(full("members of groups")),
            Err(_) => {
                let message = format!("{} is already a member of group {group}.", member.name);
                evaluator.write_error(exists("Member", message, group))
            }
        }
    })
}

pub(super) fn leave(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    change(evaluator, bound, "Remove", |evaluator, group, name| {
        let left = evaluator.machine.change_accounts(|accounts| {
            let own = accounts.groups.iter_mut().find(|own| own.name == group)?;
            let place = own.members.iter().position(|member| is_member(member, name))?;
            Some(own.members.remove(place))
        });
        if left.is_some() {
            return Ok(());
        }
        let message = format!("Member {name} was not found in group {group}.");
        let kind = "Microsoft.PowerShell.Commands.MemberNotFoundException";
        evaluator.write_error(ErrorRecord::new(kind, message, "MemberNotFound", 13).with_target(Val::str(name)))
    })
}
