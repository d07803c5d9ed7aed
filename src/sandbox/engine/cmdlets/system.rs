//! The system's settings: time zone, execution policy, remoting; and what a script cannot do here.

use super::super::ast::{Scope, Variable};
use super::super::convert::text;
use super::super::datetime::DateTime;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::TimeZone;
use super::super::value::{Obj, Schema, Val};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 13] = [
    Spec {
        name: "Get-TimeZone",
        aliases: &["gtz"],
        params: &["Id@0<", "Name", "ListAvailable!"],
        make: |_, bound| PerInput::boxed(bound, get_time_zone),
    },
    Spec {
        name: "Set-TimeZone",
        aliases: &["stz"],
        params: &["Id@0", "Name", "InputObject<", "PassThru!", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, set_time_zone),
    },
    Spec { name: "Get-Uptime", aliases: &[], params: &["Since!"], make: |_, bound| PerInput::boxed(bound, get_uptime) },
    Spec {
        name: "Get-ExecutionPolicy",
        aliases: &[],
        params: &["Scope@0", "List!"],
        make: |_, bound| PerInput::boxed(bound, get_policy),
    },
    Spec {
        name: "Set-ExecutionPolicy",
        aliases: &[],
        params: &["ExecutionPolicy@0+", "Scope@1", "Force!", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, set_policy),
    },
    Spec {
        name: "Enable-PSRemoting",
        aliases: &[],
        params: &["Force!", "SkipNetworkProfileCheck!", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| {
            PerInput::boxed(bound, |evaluator, bound, out| {
                if !evaluator.should_process(bound, "localhost", "Enable-PSRemoting")? {
                    return Ok(());
                }
                for line in [
                    "WinRM is already set up to receive requests on this computer.",
                    "WinRM is already set up for remote management on this computer.",
                ] {
                    out.put(evaluator, Val::str(line))?;
                }
                Ok(())
            })
        },
    },
    Spec {
        name: "Get-PSSessionConfiguration",
        aliases: &[],
        params: &["Name@0", "Force!"],
        make: |_, bound| PerInput::boxed(bound, session_configurations),
    },
    refused!(
        "Set-Date",
        ["Date@0", "Adjust", "DisplayHint"],
        "changes of the clock: a host's is off or not, as its seed says"
    ),
    refused!(
        "Rename-Computer",
        ["NewName@0", "ComputerName", "Restart!", "Force!", "DomainCredential", "PassThru!"],
        "another name for a host: sessions find it by its own"
    ),
    refused!(
        "Add-Computer",
        ["DomainName@0", "ComputerName", "Credential", "Restart!", "Force!", "OUPath"],
        "other domains: every host is in sandbox.test"
    ),
    refused!(
        "Remove-Computer",
        ["ComputerName@0", "UnjoinDomainCredential", "WorkgroupName", "Restart!", "Force!"],
        "other domains: every host is in sandbox.test"
    ),
    refused!(
        "Get-ComputerRestorePoint",
        ["RestorePoint@0", "LastStatus!"],
        "restore points, which Windows Server has not"
    ),
    refused!(
        "Get-Credential",
        ["Credential|UserName@0", "Message", "Title"],
        "a question for a password, as nobody can be asked here"
    ),
];

pub(in super::super) fn zone_object(zone: &TimeZone) -> Val {
    let schema = Schema::new(
        &["System.TimeZoneInfo", "System.Object"],
        &[
            "Id",
            "HasIanaId",
            "DisplayName",
            "StandardName",
            "DaylightName",
            "BaseUtcOffset",
            "SupportsDaylightSavingTime",
        ],
    );
    let values = vec![
        Val::str(zone.id),
        Val::Bool(false),
        Val::str(zone.display_name),
        Val::str(standard_name(zone)),
        Val::str(zone.daylight_name),
        Val::TimeSpan(i64::from(zone.offset_minutes) * 600_000_000),
        Val::Bool(zone.has_daylight),
    ];
    Obj::typed(&schema, zone.display_name, values)
}

fn standard_name(zone: &TimeZone) -> &'static str {
    if zone.id == "UTC" { "Coordinated Universal Time" } else { zone.id }
}

fn no_zone(name: &str) -> ErrorRecord {
    let message = format!("The time zone ID '{name}' was not found on the local computer.");
    let id = "TimeZoneNotFound,Microsoft.PowerShell.Commands.GetTimeZoneCommand";
    ErrorRecord::new("System.TimeZoneNotFoundException", message, id, 13).with_target(Val::str(name))
}

fn get_time_zone(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    if bound.switch("ListAvailable") {
        for zone in &TimeZone::ALL {
            out.put(evaluator, zone_object(zone))?;
        }
        return Ok(());
    }
    let (ids, names) = (bound.texts("Id"), bound.texts("Name"));
    if ids.is_empty() && names.is_empty() {
        let own = zone_object(&evaluator.host.time_zone());
        return out.put(evaluator, own);
    }
    for id in &ids {
        match TimeZone::ALL.iter().find(|zone| zone.id.eq_ignore_ascii_case(id)) {
            Some(zone) => out.put(evaluator, zone_object(zone))?,
            None => evaluator.write_error(no_zone(id))?,
        }
    }
    for name in &names {
        let mut found = false;
        for zone in &TimeZone::ALL {
            if evaluator.patterns.like(standard_name(zone), name, false)? {
                found = true;
                out.put(evaluator, zone_object(zone))?;
            }
        }
        if !found && !name.contains(['*', '?']) {
            evaluator.write_error(no_zone(name))?;
        }
    }
    Ok(())
}

/// A host's zone follows from its seed, like all its times.
fn set_time_zone(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let given = bound.text("Id").or_else(|| bound.text("Name"));
    let given = given.or_else(|| Some(text(&evaluator.member(bound.get("InputObject")?, "Id")?))).unwrap_or_default();
    let own = evaluator.host.time_zone();
    if !TimeZone::ALL.iter().any(|zone| zone.id.eq_ignore_ascii_case(&given)) {
        return evaluator.write_error(no_zone(&given));
    }
    if !own.id.eq_ignore_ascii_case(&given) {
        return Err(ErrorRecord::unsupported("changes of a host's time zone, which its seed lays down").into());
    }
    if bound.switch("PassThru") { out.put(evaluator, zone_object(&own)) } else { Ok(()) }
}

fn get_uptime(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let now = evaluator.host_time();
    let value = if bound.switch("Since") {
        let boot = evaluator.machine.boot_time();
        Val::DateTime(DateTime::local(boot, evaluator.host.utc_offset_minutes()))
    } else {
        // Whole seconds, as PowerShell rounds it.
        Val::TimeSpan(evaluator.machine.uptime(now).as_secs() as i64 * 10_000_000)
    };
    out.put(evaluator, value)
}

const POLICIES: [(&str, i32); 6] =
    [("Unrestricted", 0), ("RemoteSigned", 1), ("AllSigned", 2), ("Restricted", 3), ("Bypass", 4), ("Undefined", 5)];
const SCOPES: [(&str, i32); 5] =
    [("MachinePolicy", 4), ("UserPolicy", 3), ("Process", 0), ("CurrentUser", 1), ("LocalMachine", 2)];

/// The variable in which PowerShell keeps the policy of a process.
fn process_policy() -> Variable {
    Variable { scope: Scope::Env, name: "psexecutionpolicypreference".into() }
}

fn policy(name: &str) -> Val {
    let found = POLICIES.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).copied();
    let (name, number) = found.unwrap_or(("Undefined", 5));
    Val::of_enum("Microsoft.PowerShell.ExecutionPolicy", name, number)
}

fn policy_in(evaluator: &mut Evaluator<'_>, scope: &str) -> Run<Val> {
    Ok(match scope {
        "Process" => policy(&text(&evaluator.variable(&process_policy())?)),
        "LocalMachine" => policy("RemoteSigned"),
        _ => policy("Undefined"),
    })
}

fn get_policy(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let schema = Schema::new(
        &[
            "Microsoft.PowerShell.Commands.ExecutionPolicyScope",
            "System.Management.Automation.PSCustomObject",
            "System.Object",
        ],
        &["Scope", "ExecutionPolicy"],
    );
    if bound.switch("List") {
        for (scope, number) in SCOPES {
            let own = policy_in(evaluator, scope)?;
            let scope = Val::of_enum("Microsoft.PowerShell.ExecutionPolicyScope", scope, number);
            out.put(evaluator, Obj::typed(&schema, "", vec![scope, own]))?;
        }
        return Ok(());
    }
    let wanted = bound.text("Scope");
    let found = wanted.and_then(|wanted| SCOPES.iter().find(|(scope, _)| scope.eq_ignore_ascii_case(&wanted)));
    let value = match found {
        Some((scope, _)) => policy_in(evaluator, scope)?,
        None => match policy_in(evaluator, "Process")? {
            own if text(&own) == "Undefined" => policy("RemoteSigned"),
            own => own,
        },
    };
    out.put(evaluator, value)
}

/// Of the process alone: the host's policy binds nobody here.
fn set_policy(evaluator: &mut Evaluator<'_>, bound: &Bound, _: &mut dyn Sink) -> Run<()> {
    let name = bound.text("ExecutionPolicy").unwrap_or_default();
    if !POLICIES.iter().any(|(own, _)| own.eq_ignore_ascii_case(&name)) {
        let names: Vec<&str> = POLICIES.iter().map(|(name, _)| *name).collect();
        let message = format!(
            "Cannot bind parameter 'ExecutionPolicy'. Cannot convert value \"{name}\" to type \
             \"Microsoft.PowerShell.ExecutionPolicy\". Specify one of the following enumerator names and try again: {}",
            names.join(", ")
        );
        let kind = "System.Management.Automation.ParameterBindingException";
        return Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into());
    }
    let scope = bound.text("Scope").unwrap_or_else(|| "LocalMachine".to_owned());
    if !scope.eq_ignore_ascii_case("Process") {
        return Err(ErrorRecord::unsupported("execution policies but that of a process (-Scope Process)").into());
    }
    if evaluator.should_process(bound, &name, "Set-ExecutionPolicy")? {
        evaluator.assign_variable(&process_policy(), Val::str(name), None)?;
    }
    Ok(())
}

fn session_configurations(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let wanted = bound.text("Name").unwrap_or_else(|| "*".to_owned());
    let schema = Schema::new(
        &["Microsoft.PowerShell.Commands.PSSessionConfigurationCommands#PSSessionConfiguration", "System.Object"],
        &["Name", "PSVersion", "StartupScript", "RunAsUser", "Permission"],
    );
    let permission = "NT AUTHORITY\\INTERACTIVE AccessAllowed, BUILTIN\\Administrators AccessAllowed, BUILTIN\\Remote \
                      Management Users AccessAllowed";
    for name in ["microsoft.powershell", "microsoft.powershell.workflow", "microsoft.powershell32"] {
        if evaluator.patterns.like(name, &wanted, false)? {
            let values = vec![Val::str(name), Val::str("5.1"), Val::str(""), Val::str(""), Val::str(permission)];
            out.put(evaluator, Obj::typed(&schema, name, values))?;
        }
    }
    Ok(())
}
