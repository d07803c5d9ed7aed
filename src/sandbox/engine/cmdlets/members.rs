//! Methods of the objects that cmdlets give: `(Get-Service Spooler).Stop()`.

use std::sync::Arc;

use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::value::{Obj, Val};

/// A family's methods: the value that one gives, or nothing if the family has none of this name (in lower case) for
/// the object.
type Methods = fn(&mut Evaluator<'_>, &Arc<Obj>, &str, &[Val]) -> Run<Option<Val>>;

/// The methods of all families.
static ALL: &[Methods] = &[
    super::events::method,
    super::items::file_method,
    super::items::key_method,
    super::processes::method,
    super::services::method,
    super::wmi::method,
];

/// Calls a method of an object of some cmdlet; nothing if no family knows it.
pub(in super::super) fn method(
    evaluator: &mut Evaluator<'_>,
    object: &Arc<Obj>,
    name: &str,
    args: &[Val],
) -> Run<Option<Val>> {
    for family in ALL {
        if let Some(value) = family(evaluator, object, name, args)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// A method of .NET that throws: PowerShell says which one and why.
pub(in super::super) fn method_failed(name: &str, args: &[Val], why: &str, id: &'static str) -> ErrorRecord {
    let message = format!("Exception calling \"{name}\" with \"{}\" argument(s): \"{why}\"", args.len());
    let inner = Arc::new(super::super::dotnet::thrown_by_method(id, why));
    ErrorRecord::new("System.Management.Automation.MethodInvocationException", message, id, 0).with_cause(Some(inner))
}
