//! Get-HotFix.

use super::super::convert::text;
use super::super::datetime::DateTime;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::Hotfix;
use super::super::value::{Obj, Schema, Val};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Get-HotFix",
    aliases: &[],
    params: &["Id|HFID:string@0", "Description", "ComputerName|Cn|__Server|IPAddress^", "Credential"],
    make: |_, bound| {
        bound.refuse(&["ComputerName", "Credential"])?;
        PerInput::boxed(bound, get)
    },
}];

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (ids, descriptions) = (bound.texts("Id"), bound.texts("Description"));
    let mut found = false;
    for hotfix in evaluator.machine.hotfixes() {
        let mut is_wanted = descriptions.is_empty();
        for description in &descriptions {
            is_wanted |= evaluator.patterns.like(hotfix.description, description, false)?;
        }
        if is_wanted && (ids.is_empty() || ids.iter().any(|id| id.eq_ignore_ascii_case(&hotfix.id))) {
            found = true;
            let object = object(evaluator, &hotfix);
            out.put(evaluator, object)?;
        }
    }
    if found || ids.is_empty() {
        return Ok(());
    }
    let message =
        "Cannot find the requested hotfix on the 'localhost' computer. Verify the input and run the command again.";
    evaluator.write_error(ErrorRecord::new("System.ArgumentException", message, "GetHotFixNoEntriesFound", 13))
}

/// Midnight of a day counted from 1970-01-01, as Get-HotFix has it.
fn installed_on(day: i64) -> Val {
    let epoch = DateTime::from_date(1970, 1, 1);
    epoch.and_then(|epoch| epoch.plus(day * 864_000_000_000)).map_or(Val::Null, Val::DateTime)
}

fn object(evaluator: &Evaluator<'_>, hotfix: &Hotfix) -> Val {
    // Source: learn.microsoft.com, Get-HotFix and Win32_QuickFixEngineering class.
    let names = [
        "PSComputerName",
        "Caption",
        "CSName",
        "Description",
        "FixComments",
        "HotFixID",
        "InstallDate",
        "InstalledBy",
        "InstalledOn",
        "Name",
        "ServicePackInEffect",
        "Status",
    ];
    let type_names = [
        "System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering",
        "System.Management.ManagementObject",
        "System.Management.ManagementBaseObject",
        "System.ComponentModel.Component",
        "System.MarshalByRefObject",
        "System.Object",
    ];
    let computer = Val::str(evaluator.host.name().to_uppercase());
    let values = vec![
        computer.clone(),
        Val::str("http://support.microsoft.com/?kbid=".to_owned() + hotfix.id.trim_start_matches("KB")),
        computer.clone(),
        Val::str(hotfix.description),
        Val::str(""),
        Val::str(hotfix.id.as_str()),
        Val::Null,
        Val::str("NT AUTHORITY\\SYSTEM"),
        installed_on(hotfix.installed_day),
        Val::Null,
        Val::str(""),
        Val::Null,
    ];
    let shown = format!("\\\\{}\\root\\cimv2:Win32_QuickFixEngineering.HotFixID=\"{}\"", text(&computer), hotfix.id);
    Obj::typed(&Schema::new(&type_names, &names), shown, values)
}
