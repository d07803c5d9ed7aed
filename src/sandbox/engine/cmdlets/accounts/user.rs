//! The cmdlets of local users.

use jiff::Timestamp;

use super::super::super::convert::{cast, text, truth};
use super::super::super::datetime::DateTime;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{AccountRefusal, LocalUser};
use super::super::super::types::TypeRef;
use super::super::super::value::Val;
use super::super::Bound;
use super::{choose, exists, full, object};

/// How long the texts of a user may be.
/// Source: learn.microsoft.com, New-LocalUser (Microsoft.PowerShell.LocalAccounts).
const LENGTHS: [(&str, usize); 2] = [("Description", 48), ("FullName", 256)];

/// The names of the users that the parameters choose.
fn chosen(evaluator: &mut Evaluator<'_>, bound: &Bound) -> Run<Vec<String>> {
    let accounts = evaluator.machine.accounts();
    let all: Vec<_> = accounts.users.iter().map(|user| (user.name.clone(), user.sid.clone())).collect();
    let mut names = bound.texts("Name");
    names.extend(
        bound.items("InputObject").iter().filter_map(|user| evaluator.member(user, "Name")).map(|name| text(&name)),
    );
    choose(evaluator, "User", (&names, &bound.texts("SID")), &all)
}

pub(super) fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let accounts = evaluator.machine.accounts();
    for name in chosen(evaluator, bound)? {
        if let Some(user) = accounts.users.iter().find(|user| user.name == name) {
            let object = object::user(evaluator, user);
            out.put(evaluator, object)?;
        }
    }
    Ok(())
}

fn time(evaluator: &Evaluator<'_>, bound: &Bound, name: &str) -> Run<Option<Timestamp>> {
    let Some(value) = bound.get(name) else { return Ok(None) };
    let Val::DateTime(time) = cast(value, &TypeRef::named("System.DateTime"))? else { return Ok(None) };
    let epoch = DateTime::utc(Timestamp::UNIX_EPOCH).ticks;
    let seconds = (time.to_utc(evaluator.host.utc_offset_minutes()).ticks - epoch) / 10_000_000;
    Ok(Timestamp::from_second(seconds).ok())
}

pub(super) fn new(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let name = bound.text("Name").unwrap_or_default();
    if bound.get("Password").is_none() && !bound.switch("NoPassword") {
        return Err(super::super::binding::missing("Password").into());
    }
    if name.is_empty()
        || name.chars().count() > 20
        || name.contains(['"', '/', '\\', '[', ']', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@'])
    {
        let message = format!("The name {name} is invalid.");
        let kind = "Microsoft.PowerShell.Commands.InvalidNameException";
        return evaluator.write_error(ErrorRecord::new(kind, message, "InvalidName", 5).with_target(Val::str(name)));
    }
    super::lengths(bound, &LENGTHS)?;
    if !evaluator.should_process(bound, &name, "Create new local user")? {
        return Ok(());
    }
    let accounts = evaluator.machine.accounts();
    let now = evaluator.host_time();
    let has_password = bound.get("Password").is_some();
    let user = LocalUser {
        name: name.clone(),
        full_name: bound.text("FullName").unwrap_or_default(),
        description: bound.text("Description").unwrap_or_default(),
        is_enabled: !bound.switch("Disabled"),
        sid: format!("{}-{}", evaluator.machine.sid(), accounts.next_id),
        password_set: has_password.then_some(now),
        password_expires: !bound.switch("PasswordNeverExpires") && has_password,
        may_change_password: !bound.switch("UserMayNotChangePassword"),
        needs_password: has_password,
        last_logon: None,
        expires: time(evaluator, bound, "AccountExpires")?,
    };
    match evaluator.machine.add_user(user.clone(), now) {
        Ok(()) => {}
        Err(AccountRefusal::Full) => return evaluator.write_error(full("users")),
        Err(_) => return evaluator.write_error(exists("User", format!("User {name} already exists."), &name)),
    }
    let object = object::user(evaluator, &user);
    out.put(evaluator, object)
}

/// Changes users, after `action` was allowed.
fn change(evaluator: &mut Evaluator<'_>, bound: &Bound, action: &str, change: impl Fn(&mut LocalUser)) -> Run<()> {
    for name in chosen(evaluator, bound)? {
        if evaluator.should_process(bound, &name, action)? {
            evaluator.machine.change_accounts(|accounts| {
                accounts.users.iter_mut().filter(|user| user.name == name).for_each(&change);
            });
        }
    }
    Ok(())
}

pub(super) fn set(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    super::lengths(bound, &LENGTHS)?;
    let expires = time(evaluator, bound, "AccountExpires")?;
    let now = evaluator.host_time();
    let flag = |name: &str| bound.get(name).map(truth);
    change(evaluator, bound, "Modify local user", |user| {
        if let Some(description) = bound.text("Description") {
            user.description = description;
        }
        if let Some(full_name) = bound.text("FullName") {
            user.full_name = full_name;
        }
        if bound.get("Password").is_some() {
            (user.password_set, user.needs_password) = (Some(now), true);
        }
        user.password_expires = flag("PasswordNeverExpires").map_or(user.password_expires, |never| !never);
        user.may_change_password = flag("UserMayChangePassword").unwrap_or(user.may_change_password);
        user.expires = if bound.switch("AccountNeverExpires") { None } else { expires.or(user.expires) };
    })
}

pub(super) fn enable(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    change(evaluator, bound, "Enable local user", |user| user.is_enabled = true)
}

pub(super) fn disable(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    change(evaluator, bound, "Disable local user", |user| user.is_enabled = false)
}

/// Whether Windows made the account: its number is below 1000.
fn is_built_in(user: &LocalUser) -> bool {
    let number = user.sid.rsplit('-').next().and_then(|number| number.parse::<u32>().ok());
    number.is_some_and(|number| number < 1000)
}

pub(super) fn remove(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for name in chosen(evaluator, bound)? {
        if evaluator.should_process(bound, &name, "Remove local user")? {
            let accounts = evaluator.machine.accounts();
            if accounts.users.iter().any(|user| user.name == name && is_built_in(user)) {
                evaluator.write_error(super::built_in(&name))?;
                continue;
            }
            evaluator.machine.change_accounts(|accounts| {
                let gone = accounts.users.iter().find(|user| user.name == name).map(|user| user.sid.clone());
                accounts.users.retain(|user| user.name != name);
                for group in &mut accounts.groups {
                    group.members.retain(|member| Some(&member.sid) != gone.as_ref());
                }
            });
        }
    }
    Ok(())
}
