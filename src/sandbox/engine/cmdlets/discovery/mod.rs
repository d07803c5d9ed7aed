//! What there is: Get-Command, Get-Alias, Get-Module, Get-Help in short, Get-Verb, Get-Culture, Get-Host.

mod commands;
mod help;
mod modules;
mod place;

use super::super::errors::ErrorRecord;
use super::super::eval::Evaluator;
use super::super::eval::Run;
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 12] = [
    Spec {
        name: "Get-Command",
        aliases: &["gcm"],
        params: &[
            "Name:string@0<^",
            "Verb",
            "Noun",
            "Module|PSSnapin",
            "CommandType|Type",
            "All!",
            "ListImported!",
            "TotalCount",
            "Syntax!",
            "ArgumentList|Args",
            "ParameterName",
            "ParameterType",
            "ShowCommandInfo!",
            "FullyQualifiedModule",
        ],
        make: |_, bound| {
            bound.refuse(&["ArgumentList", "ParameterType", "ShowCommandInfo", "FullyQualifiedModule"])?;
            PerInput::boxed(bound, commands::get_command)
        },
    },
    Spec {
        name: "Get-Alias",
        aliases: &["gal"],
        params: &["Name:string@0<^", "Definition", "Exclude", "Scope"],
        make: |_, bound| {
            bound.refuse(&["Exclude", "Scope"])?;
            PerInput::boxed(bound, commands::get_alias)
        },
    },
    Spec {
        name: "Set-Alias",
        aliases: &["sal"],
        params: &["Name@0+", "Value@1+", "Description", "Option", "PassThru!", "Scope", "Force!"],
        make: |_, bound| PerInput::boxed(bound, commands::set_alias),
    },
    Spec {
        name: "New-Alias",
        aliases: &["nal"],
        params: &["Name@0+", "Value@1+", "Description", "Option", "PassThru!", "Scope", "Force!"],
        make: |_, bound| PerInput::boxed(bound, commands::set_alias),
    },
    Spec {
        name: "Get-Module",
        aliases: &["gmo"],
        params: &[
            "Name:string@0<",
            "ListAvailable!",
            "All!",
            "Refresh!",
            "PSEdition",
            "FullyQualifiedName",
            "CimSession",
        ],
        make: |_, bound| {
            bound.refuse(&["PSEdition", "FullyQualifiedName", "CimSession"])?;
            PerInput::boxed(bound, modules::get)
        },
    },
    Spec {
        name: "Import-Module",
        aliases: &["ipmo"],
        params: &[
            "Name:string@0<+",
            "Force!",
            "PassThru!",
            "Global!",
            "DisableNameChecking!",
            "NoClobber!",
            "Scope",
            "SkipEditionCheck!",
            "UseWindowsPowerShell!",
            "MinimumVersion|Version",
        ],
        make: |_, bound| PerInput::boxed(bound, modules::import),
    },
    Spec {
        name: "Get-Help",
        aliases: &["help", "man"],
        params: &[
            "Name@0^",
            "Full!",
            "Detailed!",
            "Examples!",
            "Parameter",
            "Online!",
            "ShowWindow!",
            "Category",
            "Path",
            "Component",
            "Functionality",
            "Role",
        ],
        make: |_, bound| {
            bound.refuse(&[
                "Examples",
                "Parameter",
                "Online",
                "ShowWindow",
                "Path",
                "Component",
                "Functionality",
                "Role",
            ])?;
            PerInput::boxed(bound, help::get)
        },
    },
    Spec {
        name: "Get-Verb",
        aliases: &[],
        params: &["Verb:string@0<", "Group@1"],
        make: |_, bound| PerInput::boxed(bound, help::get_verb),
    },
    Spec {
        name: "Get-Culture",
        aliases: &[],
        params: &["Name", "NoUserOverrides!", "ListAvailable!"],
        make: |_, bound| {
            bound.refuse(&["Name", "ListAvailable"])?;
            PerInput::boxed(bound, place::culture)
        },
    },
    Spec { name: "Get-UICulture", aliases: &[], params: &[], make: |_, bound| PerInput::boxed(bound, place::culture) },
    Spec { name: "Get-Host", aliases: &[], params: &[], make: |_, bound| PerInput::boxed(bound, place::host) },
    Spec {
        name: "Start-Job",
        aliases: &["sajb"],
        params: &["ScriptBlock@0", "Rest@*", "ArgumentList", "Name"],
        make: start_job,
    },
];

fn start_job(_: &mut Evaluator<'_>, _: Bound) -> Run<Box<dyn super::super::eval::Cmdlet>> {
    Err(ErrorRecord::unsupported("background jobs").into())
}
