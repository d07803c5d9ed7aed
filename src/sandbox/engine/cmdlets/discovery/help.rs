//! Get-Help in short, and the verbs.

use std::sync::{Arc, LazyLock};

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::value::{Obj, Schema, Val};
use super::super::param::{Param, Place};
use super::super::{Bound, Spec, find, specs};
use super::modules;

static HELP: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &["HelpInfoShort", "System.Object"],
        &["Name", "Category", "Synopsis", "Syntax", "Aliases", "ModuleName", "Remarks"],
    )
});

/// The parameters of a command in one line, as PowerShell writes a syntax.
pub(super) fn syntax(spec: &Spec) -> String {
    let mut text = spec.name.to_owned();
    for param in spec.params.iter().map(|param| Param::of(param)) {
        let name = param.name();
        let kind = param.kind.unwrap_or("Object");
        text += &match (param.is_switch, param.place, param.is_mandatory) {
            (true, ..) => format!(" [-{name}]"),
            (_, Some(Place::At(_) | Place::Rest), true) => format!(" [-{name}] <{kind}>"),
            (_, Some(Place::At(_) | Place::Rest), false) => format!(" [[-{name}] <{kind}>]"),
            (_, None, true) => format!(" -{name} <{kind}>"),
            (_, None, false) => format!(" [-{name} <{kind}>]"),
        };
    }
    text + " [<CommonParameters>]"
}

fn help(spec: &Spec) -> Val {
    let syntax = syntax(spec);
    let values = vec![
        Val::str(spec.name),
        Val::str(if spec.name.contains('-') { "Cmdlet" } else { "Application" }),
        // Without help files PowerShell has no more to say either.
        Val::str(syntax.as_str()),
        Val::str(syntax.as_str()),
        Val::str(spec.aliases.join(", ")),
        Val::str(modules::of_command(spec.name).map_or("", |(module, _)| module)),
        Val::str(
            "Get-Help cannot find the Help files for this cmdlet on this computer. It is displaying only partial help.",
        ),
    ];
    Obj::typed(&HELP, spec.name, values)
}

pub(super) fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let name = bound.text("Name").unwrap_or_else(|| "Get-Help".into());
    if let Some(spec) = find(&name) {
        return out.put(evaluator, help(spec));
    }
    let mut found = Vec::new();
    for spec in specs() {
        if evaluator.patterns.like(spec.name, &name, false)? {
            found.push(help(spec));
        }
    }
    if found.is_empty() && !name.contains('*') {
        let message = format!(
            "Get-Help could not find {name} in a help file in this session. To download updated help topics type: \"Update-Help\"."
        );
        let kind = "Microsoft.PowerShell.Commands.HelpNotFoundException";
        return evaluator.write_error(ErrorRecord::new(kind, message, "HelpNotFound", 13));
    }
    found.into_iter().try_for_each(|help| out.put(evaluator, help))
}

/// Verbs by group. Source: learn.microsoft.com, Approved Verbs for PowerShell Commands.
const VERBS: [(&str, &str); 7] = [
    (
        "Common",
        "Add Clear Close Copy Enter Exit Find Format Get Hide Join Lock Move New Open Optimize Pop Push Redo Remove Rename Reset Resize Search Select Set Show Skip Split Step Switch Undo Unlock Watch",
    ),
    ("Communications", "Connect Disconnect Read Receive Send Write"),
    (
        "Data",
        "Backup Checkpoint Compare Compress Convert ConvertFrom ConvertTo Dismount Edit Expand Export Group Import Initialize Limit Merge Mount Out Publish Restore Save Sync Unpublish Update",
    ),
    ("Diagnostic", "Debug Measure Ping Repair Resolve Test Trace"),
    (
        "Lifecycle",
        "Approve Assert Build Complete Confirm Deny Deploy Disable Enable Install Invoke Register Request Restart Resume Start Stop Submit Suspend Uninstall Unregister Wait",
    ),
    ("Other", "Use"),
    ("Security", "Block Grant Protect Revoke Unblock Unprotect"),
];

pub(super) fn get_verb(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let schema = Schema::new(
        &["System.Management.Automation.VerbInfo", "System.Object"],
        &["Verb", "AliasPrefix", "Group", "Description"],
    );
    let (patterns, groups) = (bound.texts("Verb"), bound.texts("Group"));
    for (group, verbs) in VERBS {
        if !groups.is_empty() && !groups.iter().any(|wanted| wanted.eq_ignore_ascii_case(group)) {
            continue;
        }
        for verb in verbs.split(' ') {
            let mut is_wanted = patterns.is_empty();
            for pattern in &patterns {
                is_wanted |= evaluator.patterns.like(verb, pattern, false)?;
            }
            if is_wanted {
                let values = vec![Val::str(verb), Val::Null, Val::str(group), Val::Null];
                out.put(evaluator, Obj::typed(&schema, "System.Management.Automation.VerbInfo", values))?;
            }
        }
    }
    Ok(())
}
