//! Get-HotFix.

use super::super::cim::{Form, all_in};
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Get-HotFix",
    aliases: &[],
    params: &["Id|HFID:string@0", "Description", "ComputerName|Cn|__Server|IPAddress^", "Credential"],
    make: |_, bound| {
        bound.refuse(&["Credential"])?;
        PerInput::boxed(bound, get)
    },
}];

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    super::cim::refuse_others(evaluator, bound)?;
    let (ids, descriptions) = (bound.texts("Id"), bound.texts("Description"));
    let mut found = false;
    for hotfix in all_in(evaluator, "Win32_QuickFixEngineering", Form::Wmi) {
        let member = |name: &str| evaluator.member(&hotfix, name).map_or_else(String::new, |value| text(&value));
        let (id, about) = (member("HotFixID"), member("Description"));
        let is_wanted = descriptions.is_empty() || evaluator.patterns.any(&about, &descriptions)?;
        if is_wanted && (ids.is_empty() || ids.iter().any(|wanted| wanted.eq_ignore_ascii_case(&id))) {
            found = true;
            out.put(evaluator, hotfix)?;
        }
    }
    if found || ids.is_empty() {
        return Ok(());
    }
    let message =
        "Cannot find the requested hotfix on the 'localhost' computer. Verify the input and run the command again.";
    evaluator.write_error(ErrorRecord::new("System.ArgumentException", message, "GetHotFixNoEntriesFound", 13))
}
