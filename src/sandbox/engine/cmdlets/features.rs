//! Roles and features: the modules ServerManager and Dism.

use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::{FEATURES, Feature, FeatureKind, OPTIONAL_FEATURES};
use super::super::value::{Obj, Schema, Val};
use super::cdxml::is_any;
use super::{Bound, PerInput, Spec};

const CHANGE: [&str; 11] = [
    "Name:string@0<^+",
    "IncludeAllSubFeature!",
    "IncludeManagementTools!",
    "Restart!",
    "Source",
    "LogPath",
    "ComputerName|Cn",
    "Credential",
    "Vhd",
    "WhatIf|wi!",
    "Confirm|cf!",
];

pub(super) static SPECS: [Spec; 4] = [
    Spec {
        name: "Get-WindowsFeature",
        aliases: &[],
        params: &["Name:string@0<^", "ComputerName|Cn", "Credential", "Vhd", "LogPath"],
        make: |_, bound| {
            bound.refuse(&["ComputerName", "Credential", "Vhd"])?;
            PerInput::boxed(bound, get)
        },
    },
    Spec {
        name: "Install-WindowsFeature",
        aliases: &["Add-WindowsFeature"],
        params: &CHANGE,
        make: |_, bound| {
            bound.refuse(&["ComputerName", "Credential", "Vhd", "Restart"])?;
            PerInput::boxed(bound, |evaluator, bound, out| change(evaluator, bound, out, true))
        },
    },
    Spec {
        name: "Uninstall-WindowsFeature",
        aliases: &["Remove-WindowsFeature"],
        params: &CHANGE,
        make: |_, bound| {
            bound.refuse(&["ComputerName", "Credential", "Vhd", "Restart"])?;
            PerInput::boxed(bound, |evaluator, bound, out| change(evaluator, bound, out, false))
        },
    },
    Spec {
        name: "Get-WindowsOptionalFeature",
        aliases: &[],
        params: &["FeatureName@0", "Online!", "Path", "PackageName"],
        make: |_, bound| {
            bound.refuse(&["Path", "PackageName"])?;
            PerInput::boxed(bound, optional)
        },
    },
];

const NAMESPACE: &str = "Microsoft.Windows.ServerManager.Commands";

fn depth(feature: &Feature) -> i32 {
    let (mut depth, mut parent) = (1, feature.parent);
    while let Some(above) = FEATURES.iter().find(|own| own.name == parent).filter(|_| depth < 9) {
        (depth, parent) = (depth + 1, above.parent);
    }
    depth
}

fn path(feature: &Feature) -> String {
    match FEATURES.iter().find(|own| own.name == feature.parent) {
        Some(above) => format!("{}\\{}", path(above), feature.display_name),
        None => feature.display_name.to_owned(),
    }
}

fn object(feature: &Feature, is_installed: bool) -> Val {
    // Source: learn.microsoft.com, Get-WindowsFeature; the order is that of public transcripts.
    let names = [
        "Name",
        "DisplayName",
        "Description",
        "Installed",
        "InstallState",
        "FeatureType",
        "Path",
        "Depth",
        "DependsOn",
        "Parent",
        "ServerComponentDescriptor",
        "SubFeatures",
        "SystemService",
        "Notification",
        "BestPracticesModelId",
        "EventQuery",
        "PostConfigurationNeeded",
        "AdditionalInfo",
    ];
    let kind = match feature.kind {
        FeatureKind::Role => "Role",
        FeatureKind::RoleService => "Role Service",
        FeatureKind::Feature => "Feature",
    };
    let none = || Val::list("System.String[]", Vec::new());
    let state = if is_installed { ("Installed", 1) } else { ("Available", 0) };
    let below = FEATURES.iter().filter(|own| own.parent == feature.name).map(|own| Val::str(own.name)).collect();
    let values = vec![
        Val::str(feature.name),
        Val::str(feature.display_name),
        Val::str(feature.display_name),
        Val::Bool(is_installed),
        Val::of_enum(format!("{NAMESPACE}.InstallState"), state.0, state.1),
        Val::str(kind),
        Val::str(path(feature)),
        Val::I32(depth(feature)),
        none(),
        if feature.parent.is_empty() { Val::Null } else { Val::str(feature.parent) },
        Val::str(format!("ServerComponent_{}", feature.name.replace('-', "_"))),
        Val::list("System.String[]", below),
        none(),
        none(),
        Val::Null,
        Val::Null,
        Val::Bool(false),
        Val::hash(false, Vec::new()),
    ];
    let class = format!("{NAMESPACE}.Feature");
    Obj::typed(&Schema::new(&[&class, "System.Object"], &names), feature.display_name, values)
}

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let names = bound.texts("Name");
    let installed = evaluator.machine.installed_features();
    for feature in &FEATURES {
        if is_any(evaluator, &names, feature.name)? {
            out.put(evaluator, object(feature, installed.contains(&feature.name)))?;
        }
    }
    Ok(())
}

/// The features that Install- and Uninstall-WindowsFeature name.
fn named(names: &[String], class: &str) -> Run<Vec<&'static Feature>> {
    let find = |name: &String| FEATURES.iter().find(|feature| feature.name.eq_ignore_ascii_case(name));
    match names.iter().find(|name| find(name).is_none()) {
        None => Ok(names.iter().filter_map(find).collect()),
        Some(name) => {
            let message = format!(
                "ArgumentNotValid: The role, role service, or feature name is not valid: '{name}'. The name was not found."
            );
            let id = format!("NameDoesNotExist,{NAMESPACE}.{class}");
            Err(ErrorRecord::new("System.Exception", message, id, 5).with_target(Val::str(name.as_str())).into())
        }
    }
}

fn change(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink, install: bool) -> Run<()> {
    let class = if install { "AddWindowsFeatureCommand" } else { "RemoveWindowsFeatureCommand" };
    let mut wanted = named(&bound.texts("Name"), class)?;
    if bound.switch("IncludeAllSubFeature") {
        let mut next = 0;
        while let Some(feature) = wanted.get(next).copied() {
            next += 1;
            wanted.extend(FEATURES.iter().filter(|own| own.parent == feature.name));
        }
    }
    if bound.switch("IncludeManagementTools") && wanted.iter().any(|feature| feature.name == "Web-Server") {
        wanted.extend(FEATURES.iter().filter(|own| own.name == "Web-Mgmt-Console"));
    }
    let mut changed: Vec<&'static Feature> = Vec::new();
    for feature in wanted {
        let verb = if install { "Install-WindowsFeature" } else { "Uninstall-WindowsFeature" };
        if !evaluator.should_process(bound, feature.display_name, verb)? {
            continue;
        }
        let machine = &evaluator.machine;
        changed.extend(if install { machine.install_feature(feature) } else { machine.remove_feature(feature) });
    }
    let result = result(&changed, install);
    out.put(evaluator, result)
}

fn result(changed: &[&Feature], install: bool) -> Val {
    let names = ["ExitCode", "FeatureResult", "RestartNeeded", "Success"];
    let class = format!("{NAMESPACE}.FeatureOperationResult");
    let (code, number) = if changed.is_empty() { ("NoChangeNeeded", 1003) } else { ("Success", 0) };
    // SMB 1.0 and Defender are what needs a restart.
    let restart = changed.iter().any(|feature| matches!(feature.name, "FS-SMB1" | "Windows-Defender" | "Hyper-V"));
    let restart = if restart { ("Yes", 1) } else { ("No", 0) };
    let values = vec![
        Val::of_enum(format!("{NAMESPACE}.FeatureOpExitCode"), code, number),
        Val::array(changed.iter().map(|feature| object(feature, install)).collect()),
        Val::of_enum(format!("{NAMESPACE}.RestartState"), restart.0, restart.1),
        Val::Bool(true),
    ];
    Obj::typed(&Schema::new(&[&class, "System.Object"], &names), class.as_str(), values)
}

fn optional(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    if !bound.switch("Online") {
        return Err(super::binding::missing("Online").into());
    }
    // Source: learn.microsoft.com, Get-WindowsOptionalFeature.
    let names = ["FeatureName", "State", "DisplayName", "Online"];
    let schema = Schema::new(&["Microsoft.Dism.Commands.BasicFeatureObject", "System.Object"], &names);
    let installed = evaluator.machine.installed_features();
    let wanted = bound.texts("FeatureName");
    for (name, display_name, feature) in OPTIONAL_FEATURES {
        if is_any(evaluator, &wanted, name)? {
            let state = if installed.contains(&feature) { ("Enabled", 2) } else { ("Disabled", 0) };
            let values = vec![
                Val::str(name),
                Val::of_enum("Microsoft.Dism.Commands.FeatureState", state.0, state.1),
                Val::str(display_name),
                Val::Bool(true),
            ];
            out.put(evaluator, Obj::typed(&schema, name, values))?;
        }
    }
    Ok(())
}
