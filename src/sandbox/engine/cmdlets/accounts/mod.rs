//! Local users and groups: the module Microsoft.PowerShell.LocalAccounts.
//!
//! Ids, messages and the texts of -WhatIf: public source of that module (Strings.resx, older PowerShell repository).

mod group;
mod object;
mod user;

use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::value::Val;
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 12] = [
    Spec {
        name: "Get-LocalUser",
        aliases: &["glu"],
        params: &["Name:string@0<^", "SID"],
        make: |_, bound| PerInput::boxed(bound, user::get),
    },
    Spec {
        name: "New-LocalUser",
        aliases: &["nlu"],
        params: &[
            "Name:string@0<^+",
            "Password",
            "NoPassword!",
            "Description",
            "FullName",
            "AccountExpires",
            "AccountNeverExpires!",
            "PasswordNeverExpires!",
            "UserMayNotChangePassword!",
            "Disabled!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| PerInput::boxed(bound, user::new),
    },
    Spec {
        name: "Set-LocalUser",
        aliases: &["slu"],
        params: &[
            "Name:string@0<^+",
            "InputObject:LocalUser</",
            "SID/",
            "Description",
            "FullName",
            "Password",
            "PasswordNeverExpires",
            "UserMayChangePassword",
            "AccountExpires",
            "AccountNeverExpires!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| PerInput::boxed(bound, user::set),
    },
    Spec {
        name: "Enable-LocalUser",
        aliases: &["elu"],
        params: &USER,
        make: |_, bound| PerInput::boxed(bound, user::enable),
    },
    Spec {
        name: "Disable-LocalUser",
        aliases: &["dlu"],
        params: &USER,
        make: |_, bound| PerInput::boxed(bound, user::disable),
    },
    Spec {
        name: "Remove-LocalUser",
        aliases: &["rlu"],
        params: &USER,
        make: |_, bound| PerInput::boxed(bound, user::remove),
    },
    Spec {
        name: "Get-LocalGroup",
        aliases: &["glg"],
        params: &["Name:string@0<^", "SID"],
        make: |_, bound| PerInput::boxed(bound, group::get),
    },
    Spec {
        name: "New-LocalGroup",
        aliases: &["nlg"],
        params: &["Name:string@0<^+", "Description", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, group::new),
    },
    Spec {
        name: "Remove-LocalGroup",
        aliases: &["rlg"],
        params: &["Name:string@0<^+", "InputObject:LocalGroup</", "SID/", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, group::remove),
    },
    Spec {
        name: "Get-LocalGroupMember",
        aliases: &["glgm"],
        params: &["Group|Name:LocalGroup@0<^+", "SID/", "Member@1"],
        make: |_, bound| PerInput::boxed(bound, group::members),
    },
    Spec {
        name: "Add-LocalGroupMember",
        aliases: &["algm"],
        params: &["Group|Name@0+", "SID/", "Member:string@1<+", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, group::add),
    },
    Spec {
        name: "Remove-LocalGroupMember",
        aliases: &["rlgm"],
        params: &["Group|Name@0+", "SID/", "Member:string@1<+", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, group::leave),
    },
];

const USER: [&str; 5] = ["Name:string@0<^+", "InputObject:LocalUser</", "SID/", "WhatIf|wi!", "Confirm|cf!"];

/// A user or group that is not there.
fn missing(kind: &str, name: &str) -> ErrorRecord {
    let exception = format!("Microsoft.PowerShell.Commands.{kind}NotFoundException");
    let message = format!("{kind} {name} was not found.");
    ErrorRecord::new(&exception, message, format!("{kind}NotFound"), 13).with_target(Val::str(name))
}

/// A user, group or member that is there already.
fn exists(kind: &str, message: String, name: &str) -> ErrorRecord {
    let exception = format!("Microsoft.PowerShell.Commands.{kind}ExistsException");
    ErrorRecord::new(&exception, message, format!("{kind}Exists"), 20).with_target(Val::str(name))
}

/// Nobody removes what Windows itself has made. Source: learn.microsoft.com, System Error Codes, 1371.
fn built_in(name: &str) -> ErrorRecord {
    let message = "Cannot perform this operation on built-in accounts.";
    ErrorRecord::new("System.InvalidOperationException", message, "InvalidOperation", 7).with_target(Val::str(name))
}

/// The sandbox keeps no more of them.
fn full(what: &str) -> ErrorRecord {
    ErrorRecord::full(&format!("local {what}"))
}

/// Refuses texts that are longer than Windows takes.
fn lengths(bound: &Bound, limits: &[(&str, usize)]) -> Run<()> {
    for (name, most) in limits {
        let length = bound.text(name).map_or(0, |text| text.encode_utf16().count());
        if length > *most {
            let message = format!(
                "Cannot validate argument on parameter '{name}'. The character length of the {length} argument is too long. \
                 Shorten the character length of the argument so it is fewer than or equal to \"{most}\" characters, and then \
                 try the command again."
            );
            let kind = "System.Management.Automation.ParameterBindingException";
            return Err(ErrorRecord::new(kind, message, "ParameterArgumentValidationError", 5).into());
        }
    }
    Ok(())
}

/// The names of `all` that a cmdlet is about: by name with wildcards, by SID, or all; writes an error for each that
/// there is not.
fn choose(
    evaluator: &mut Evaluator<'_>,
    kind: &str,
    (names, sids): (&[String], &[String]),
    all: &[(String, String)],
) -> Run<Vec<String>> {
    if names.is_empty() && sids.is_empty() {
        return Ok(all.iter().map(|(name, _)| name.clone()).collect());
    }
    let mut chosen: Vec<String> = Vec::new();
    for wanted in names {
        let mut found = false;
        for (name, _) in all {
            if evaluator.patterns.like(name, wanted, false)? {
                found = true;
                chosen.push(name.clone());
            }
        }
        if !found && super::cdxml::is_literal(wanted) {
            evaluator.write_error(missing(kind, wanted))?;
        }
    }
    for wanted in sids {
        match all.iter().find(|(_, sid)| sid == wanted) {
            Some((name, _)) => chosen.push(name.clone()),
            None => evaluator.write_error(missing(kind, wanted))?,
        }
    }
    chosen.dedup();
    Ok(chosen)
}
