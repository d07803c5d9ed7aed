//! Exceptions that scripts make: what their constructors take, and what they say by themselves.

use std::sync::Arc;

use super::super::convert::text;
use super::super::errors::{ErrorRecord, Exception};
use super::super::types::TypeRef;
use super::super::value::Val;
use super::overloads;

/// What exceptions say that were made without a message.
///
/// Source: .NET's resources, as PowerShell 7.6 shows them.
const MESSAGES: [(&str, &str); 24] = [
    ("System.SystemException", "System error."),
    ("System.ApplicationException", "Error in the application."),
    ("System.ArgumentException", "Value does not fall within the expected range."),
    ("System.ArgumentNullException", "Value cannot be null."),
    ("System.ArgumentOutOfRangeException", "Specified argument was out of the range of valid values."),
    ("System.InvalidOperationException", "Operation is not valid due to the current state of the object."),
    ("System.ObjectDisposedException", "Cannot access a disposed object."),
    ("System.NotSupportedException", "Specified method is not supported."),
    ("System.NotImplementedException", "The method or operation is not implemented."),
    ("System.FormatException", "One of the identified items was in an invalid format."),
    ("System.IndexOutOfRangeException", "Index was outside the bounds of the array."),
    ("System.TimeoutException", "The operation has timed out."),
    ("System.UnauthorizedAccessException", "Attempted to perform an unauthorized operation."),
    ("System.ArithmeticException", "Overflow or underflow in the arithmetic operation."),
    ("System.DivideByZeroException", "Attempted to divide by zero."),
    ("System.OverflowException", "Arithmetic operation resulted in an overflow."),
    ("System.InvalidCastException", "Specified cast is not valid."),
    ("System.OperationCanceledException", "The operation was canceled."),
    ("System.Security.SecurityException", "Security error."),
    ("System.Collections.Generic.KeyNotFoundException", "The given key was not present in the dictionary."),
    ("System.IO.IOException", "I/O error occurred."),
    ("System.IO.FileNotFoundException", "Unable to find the specified file."),
    ("System.IO.DirectoryNotFoundException", "Attempted to access a path that is not on the disk."),
    (
        "System.IO.PathTooLongException",
        "The specified file name or path is too long, or a component of the specified path is too long.",
    ),
];

const ARGUMENT: &str = "System.ArgumentException";

/// `[...Exception]::new(...)`
pub(in super::super) fn make(full: &str, args: &[Val]) -> Result<Val, ErrorRecord> {
    let (given, inner) = match args {
        [given @ .., Val::Exception(inner)] if !given.is_empty() => (given, Some(inner.clone())),
        // No cause, as `$null`.
        [given @ .., Val::Null] if !given.is_empty() => (given, None),
        all => (all, None),
    };
    let known = MESSAGES.iter().find(|(name, _)| *name == full);
    let silent =
        known.map_or_else(|| format!("Exception of type '{full}' was thrown."), |(_, said)| (*said).to_owned());
    let exception = Exception::new(full, "");
    if exception.is_a("System.Runtime.InteropServices.ExternalException")
        && args.iter().any(|arg| arg.as_int().is_some())
    {
        return Err(ErrorRecord::unsupported("exceptions that are made from numbers of Windows' errors"));
    }
    let is_argument = exception.is_a(ARGUMENT);
    // These two take the parameter first.
    let names_first = ["System.ArgumentNullException", "System.ArgumentOutOfRangeException"].contains(&full);
    let named = |message: String, parameter: &Val| match text(parameter) {
        name if name.is_empty() => message,
        name => format!("{message} (Parameter '{name}')"),
    };
    let mut details = Vec::new();
    let message = match given {
        [] => silent,
        [parameter] if names_first && inner.is_none() => {
            details.push(("ParamName", parameter.clone()));
            named(silent, parameter)
        }
        [message] => text(message),
        [parameter, message] if names_first => {
            details.push(("ParamName", parameter.clone()));
            named(text(message), parameter)
        }
        [message, parameter] if is_argument && !names_first => {
            details.push(("ParamName", parameter.clone()));
            named(text(message), parameter)
        }
        [parameter, actual, message] if full == "System.ArgumentOutOfRangeException" => {
            details.push(("ParamName", parameter.clone()));
            details.push(("ActualValue", plain(actual)));
            let shown = named(text(message), parameter);
            if actual.is_null() { shown } else { format!("{shown}\r\nActual value was {}.", text(actual)) }
        }
        [message, file] if full == "System.IO.FileNotFoundException" => {
            details.push(("FileName", Val::str(text(file))));
            text(message)
        }
        [_, other] => {
            let kind = TypeRef::named("System.Exception");
            let why = format!(
                "Cannot convert the \"{}\" value of type \"{}\" to type \"{}\".",
                text(other),
                other.type_name(),
                kind.full
            );
            return Err(overloads::misfit("innerException", other, ".ctor", &kind.full, &why));
        }
        many => return Err(overloads::none(".ctor", many.len() + usize::from(inner.is_some()))),
    };
    if is_argument && details.is_empty() {
        details.push(("ParamName", Val::Null));
    }
    Ok(Val::Exception(Arc::new(Exception::new(full, message).with_inner(inner).with_details(details))))
}

/// The exception that a method of .NET threw, by the name of its class without the namespace.
pub(in super::super) fn thrown_by_method(class: &str, message: &str) -> Exception {
    let full = TypeRef::exception_named(class).unwrap_or_else(|| format!("System.{class}"));
    let exception = Exception::new(&full, message);
    if !exception.is_a(ARGUMENT) {
        return exception;
    }
    let parameter = message.rsplit_once("(Parameter '").and_then(|(_, rest)| rest.split_once("')"));
    let parameter = parameter.map_or(Val::Null, |(name, _)| Val::str(name));
    exception.with_details(vec![("ParamName", parameter)])
}

/// A value that holds no others, so that exceptions nest only in their causes.
fn plain(value: &Val) -> Val {
    match value {
        Val::Null | Val::Void => Val::Null,
        Val::Bool(_) | Val::Char(_) | Val::DateTime(_) | Val::TimeSpan(_) => value.clone(),
        number if number.as_float().is_some() => number.clone(),
        other => Val::str(text(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::{make, thrown_by_method};
    use crate::sandbox::engine::value::Val;

    #[test]
    fn parameters_are_named() {
        let Ok(Val::Exception(made)) = make("System.ArgumentException", &[Val::str("bad"), Val::str("p")]) else {
            panic!("an exception");
        };
        assert_eq!(&*made.message, "bad (Parameter 'p')");
        assert!(matches!(made.detail("paramname"), Some(Val::Str(name)) if &*name == "p"));
        assert!(make("System.Exception", &[Val::str("a"), Val::str("b")]).is_err());
        let thrown = thrown_by_method("ArgumentOutOfRangeException", "no (Parameter 'index')");
        assert!(matches!(thrown.detail("ParamName"), Some(Val::Str(name)) if &*name == "index"));
        assert!(thrown.is_a("System.SystemException"));
        assert_eq!(
            thrown_by_method("KeyNotFoundException", "x").type_name(),
            "System.Collections.Generic.KeyNotFoundException"
        );
    }
}
