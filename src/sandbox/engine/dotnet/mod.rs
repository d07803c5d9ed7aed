//! Classes of .NET that scripts use by name: their static members, how they are made, and their instances.
//!
//! One family a file. Values that never change are [`Obj`]s whose methods are found by the name of their type; what has
//! a state of its own is an [`Instance`].

mod arrays;
mod collections;
mod culture;
mod dictionaries;
mod encoding;
mod enum_table;
mod enumerator;
mod enums;
mod exceptions;
mod hashing;
mod identity;
mod instants;
mod math;
mod network;
mod number_text;
mod numbers;
mod overloads;
mod parse_exact;
mod process;
mod spans;
mod stopwatch;
mod string_builder;
mod strings;
mod uri;
mod xml;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::cmdlets::method_failed;
use super::convert::{self, text};
use super::errors::ErrorRecord;
use super::eval::{Evaluator, Flow, Run};
use super::types::TypeRef;
use super::value::{Obj, Val};
use crate::secret::Secret;

pub(super) use collections::property as collection_property;
pub(super) use culture::current as current_culture;
pub(super) use dictionaries::{entries as dictionary_entries, kept as dictionary_entry};
pub(super) use encoding::{file_bytes, file_text, property as encoding_named};
pub(super) use enumerator::Enumerator;
pub(super) use enums::{find as find_enum, names as enum_names, value_of as enum_value};
pub(super) use exceptions::{make as exception, thrown_by_method};
pub(super) use identity::{identity_parts, plain_text, secure_string};
pub(super) use network::ip_address;
pub(super) use number_text::too_large;
pub(super) use overloads::check_static;
pub(super) use parse_exact::{not_recognized, parse_words};
pub(super) use uri::html_encode;
pub(super) use xml::select as select_nodes;

/// An object with a state of its own.
pub(super) trait Instance: std::fmt::Debug + Send + Sync {
    /// Its type and the types that it derives from.
    fn type_names(&self) -> Vec<Cow<'static, str>>;

    /// `ToString()`
    fn text(&self) -> String;

    /// The names of its properties.
    fn names(&self) -> Vec<Arc<str>>;

    /// A property by its name in lower case.
    fn get(&self, name: &str, now: Option<Timestamp>) -> Option<Val>;

    /// Sets a property by its name in lower case; says whether there is one.
    fn set(&self, _name: &str, _value: &Val) -> Result<bool, ErrorRecord> {
        Ok(false)
    }

    /// What it hides, if it is a `SecureString`.
    fn secret(&self) -> Option<&Secret<String>> {
        None
    }

    /// A method by its name in lower case; nothing if it has none of this name.
    fn call(&self, evaluator: &mut Evaluator<'_>, me: &Val, name: &str, args: &[Val]) -> Outcome;
}

/// Why a method gave nothing.
pub(super) enum Fault {
    Flow(Flow),
    /// An exception of the method: its class without the namespace, and what it says.
    Thrown(&'static str, String),
    /// An argument that is not of the type that it must be: the argument, the type, and why.
    Argument(Val, &'static str, String),
}

/// What a method gave; nothing if there is none of its name.
pub(super) type Outcome = Result<Option<Val>, Fault>;

impl From<Flow> for Fault {
    fn from(flow: Flow) -> Self {
        Self::Flow(flow)
    }
}

impl From<ErrorRecord> for Fault {
    fn from(record: ErrorRecord) -> Self {
        Self::Flow(record.into())
    }
}

fn thrown<T>(class: &'static str, why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Thrown(class, why.into()))
}

/// An outcome in the words of the language: which method threw.
fn finish(outcome: Outcome, name: &str, args: &[Val]) -> Run<Option<Val>> {
    outcome.map_err(|fault| match fault {
        Fault::Flow(flow) => flow,
        Fault::Thrown(class, why) => method_failed(name, args, &why, class).into(),
        Fault::Argument(value, kind, why) => overloads::misfit("value", &value, name, kind, &why).into(),
    })
}

/// `[type]::Name`
pub(super) fn static_property(evaluator: &Evaluator<'_>, kind: &TypeRef, name: &str) -> Option<Val> {
    let lower = name.to_ascii_lowercase();
    match &*kind.full {
        "System.Math" => math::property(&lower),
        "System.DateTime" | "System.DateTimeOffset" | "System.TimeZoneInfo" => {
            instants::property(evaluator, kind, &lower)
        }
        "System.TimeSpan" => spans::property(&lower),
        "System.Globalization.CultureInfo" | "System.Threading.Thread" => culture::property(kind, &lower),
        "System.StringComparer" => strings::comparer(&lower),
        "System.Text.Encoding" => encoding::property(&lower),
        "System.Net.IPAddress" => network::property(&lower),
        "System.BitConverter" => (lower == "islittleendian").then_some(Val::Bool(true)),
        "System.Diagnostics.Stopwatch" => stopwatch::property(&lower),
        "System.AppDomain" | "System.Net.ServicePointManager" | "System.Runtime.InteropServices.RuntimeInformation" => {
            process::property(evaluator, kind, &lower)
        }
        _ => numbers::property(kind, &lower).or_else(|| enum_value(&kind.full, name)),
    }
}

/// `[type]::Name(...)`
pub(super) fn static_call(evaluator: &mut Evaluator<'_>, kind: &TypeRef, name: &str, args: &[Val]) -> Run<Option<Val>> {
    let lower = name.to_ascii_lowercase();
    if kind.name() != "CultureInfo" {
        culture::check(args)?;
    }
    let outcome = match &*kind.full {
        "System.Math" => math::call(evaluator, &lower, args),
        "System.Convert" => numbers::convert(evaluator, &lower, args),
        "System.BitConverter" => numbers::bits(&lower, args),
        "System.String" => strings::statics(&lower, args),
        "System.Char" => strings::characters(&lower, args),
        "System.Array" => arrays::statics(evaluator, &lower, args),
        "System.Enum" => enums::statics(evaluator, &lower, args),
        "System.DateTime" => instants::date_time(evaluator, &lower, args),
        "System.DateTimeOffset" => instants::date_time_offset(evaluator, &lower, args),
        "System.TimeZoneInfo" => instants::time_zone(evaluator, &lower, args),
        "System.TimeSpan" => spans::statics(evaluator, &lower, args),
        "System.Uri" => uri::statics(evaluator, &lower, args),
        "System.Net.WebUtility" | "System.Web.HttpUtility" => uri::web(kind.name() == "HttpUtility", &lower, args),
        "System.Net.IPAddress" => network::statics(evaluator, &lower, args),
        "System.Text.Encoding" => encoding::statics(&lower, args),
        "System.Globalization.CultureInfo" => culture::statics(&lower, args),
        "System.Diagnostics.Stopwatch" => stopwatch::statics(evaluator, &lower),
        "System.Version" | "System.Guid" => numbers::parsed(evaluator, kind, &lower, args),
        full if full.starts_with("System.Security.Cryptography.") => hashing::statics(full, &lower, args),
        "System.GC"
        | "System.Threading.Thread"
        | "System.Diagnostics.Process"
        | "System.Reflection.Assembly"
        | "System.Management.Automation.ScriptBlock"
        | "System.Management.Automation.WildcardPattern"
        | "System.Console" => process::statics(evaluator, kind, &lower, args),
        _ => numbers::statics(evaluator, kind, &lower, args),
    };
    finish(outcome, name, args)
}

/// `[type]::new(...)`
pub(super) fn construct(evaluator: &mut Evaluator<'_>, kind: &TypeRef, args: &[Val]) -> Run<Option<Val>> {
    let outcome = match &*kind.full {
        "System.Text.StringBuilder" => string_builder::make(args),
        "System.Diagnostics.Stopwatch" => Ok(Some(stopwatch::make())),
        "System.DateTime" => instants::make_date_time(args),
        "System.DateTimeOffset" => instants::make_offset(evaluator, args),
        "System.TimeSpan" => spans::make(args),
        "System.String" => strings::make(args),
        "System.Uri" => uri::construct(args),
        "System.Net.IPAddress" => network::make(args),
        "System.Globalization.CultureInfo" => culture::statics("getcultureinfo", args),
        "System.Text.UTF8Encoding" => Ok(encoding::utf8(args)),
        "System.Text.UnicodeEncoding" => Ok(encoding::property("unicode")),
        "System.Text.ASCIIEncoding" => Ok(encoding::property("ascii")),
        "System.Security.Principal.WindowsPrincipal" => Ok(Some(identity::principal(args))),
        "System.Security.Principal.SecurityIdentifier" | "System.Security.Principal.NTAccount" => {
            let name: Vec<_> = args.iter().map(text).collect();
            Ok(Some(identity::account(&kind.full, &name.join("\\"))))
        }
        "System.Management.Automation.PSCredential" | "System.Net.NetworkCredential" => {
            Ok(Some(identity::credential(kind, args)))
        }
        "System.Management.Automation.WildcardPattern" => Ok(Some(process::wildcard(args))),
        "System.Collections.DictionaryEntry" => Ok(Some(arrays::entry(args))),
        "System.Xml.XmlDocument" => Ok(Some(xml::make())),
        "System.Xml.XmlNamespaceManager" => Ok(Some(xml::manager())),
        "System.Collections.Hashtable"
        | "System.Collections.SortedList"
        | "System.Collections.Specialized.OrderedDictionary" => dictionaries::make(&kind.full, args),
        "System.Collections.ArrayList" | "System.Collections.Queue" | "System.Collections.Stack" => {
            collections::make(&kind.full, args)
        }
        full if full.starts_with("System.Collections.Generic.KeyValuePair") => Ok(dictionaries::pair(full, args)),
        full if full.starts_with("System.Collections.Generic.") && full.contains("`2") => {
            dictionaries::make(full, args)
        }
        full if full.starts_with("System.Collections.") && full.contains('`') => collections::make(full, args),
        full if full.ends_with("[]") => arrays::make(full, args),
        _ => Ok(None),
    };
    finish(outcome, ".ctor", args)
}

/// `[type]value`, for types that no other conversion knows.
pub(super) fn cast(value: &Val, kind: &TypeRef) -> Result<Option<Val>, ErrorRecord> {
    if let Some(known) = find_enum(&kind.full) {
        return known.convert(value).map(Some);
    }
    let outcome = match &*kind.full {
        "System.Uri" => uri::make(std::slice::from_ref(value)),
        "System.Net.IPAddress" => network::make(std::slice::from_ref(value)),
        "System.DateTimeOffset" => instants::cast_offset(value),
        "System.Xml.XmlDocument" => return xml::cast(value).map(Some),
        full if full.starts_with("System.Nullable`1") => {
            if value.is_null() {
                return Ok(Some(Val::Null));
            }
            let inner = full.trim_start_matches("System.Nullable`1[[").trim_end_matches("]]");
            return convert::cast(value, &TypeRef::named(inner)).map(Some);
        }
        full if full.starts_with("System.Collections.") && matches!(value, Val::List(_)) && !full.contains("`2") => {
            collections::make(full, std::slice::from_ref(value))
        }
        full if full.starts_with("System.Collections.Generic.") && matches!(value, Val::Hash(_)) => {
            dictionaries::make(full, std::slice::from_ref(value))
        }
        "System.Globalization.CultureInfo" => culture::statics("getcultureinfo", std::slice::from_ref(value)),
        "System.Text.StringBuilder" => string_builder::make(std::slice::from_ref(value)),
        "System.Security.Principal.WindowsPrincipal" => Ok(Some(identity::principal(std::slice::from_ref(value)))),
        "System.Security.Principal.SecurityIdentifier" | "System.Security.Principal.NTAccount" => {
            Ok(Some(identity::account(&kind.full, &text(value))))
        }
        "System.Management.Automation.WildcardPattern" => Ok(Some(process::wildcard(std::slice::from_ref(value)))),
        // A script block is its own delegate.
        full if full.starts_with("System.Predicate") || full.starts_with("System.Func") || full == "System.Action" => {
            Ok(matches!(value, Val::Script(_)).then(|| value.clone()))
        }
        _ => return Ok(None),
    };
    match outcome {
        Ok(made) => Ok(made),
        Err(Fault::Thrown(_, why) | Fault::Argument(_, _, why)) => Err(invalid(value, kind, &why)),
        Err(Fault::Flow(Flow::Throw(record))) => Err(*record),
        Err(Fault::Flow(_)) => Ok(None),
    }
}

fn invalid(value: &Val, kind: &TypeRef, why: &str) -> ErrorRecord {
    let message = format!("Cannot convert value \"{}\" to type \"{}\". Error: \"{why}\"", text(value), kind.full);
    ErrorRecord::runtime(message, "InvalidCastParseTargetInvocation", 5)
}

/// A method of an object of these families, by the name of its type.
pub(super) fn method(evaluator: &mut Evaluator<'_>, object: &Arc<Obj>, name: &str, args: &[Val]) -> Run<Option<Val>> {
    let outcome = match object.type_name() {
        "System.DateTimeOffset" => instants::offset_method(evaluator, object, name, args),
        "System.Net.IPAddress" => network::method(object, name),
        "System.Uri" => uri::method(object, name, args),
        "System.Globalization.TextInfo" => culture::text_info(name, args),
        "System.StringComparer" => strings::comparer_method(object, name, args),
        "System.Security.Principal.WindowsPrincipal" | "System.Security.Principal.WindowsIdentity" => {
            identity::method(evaluator, object, name, args)
        }
        "System.Security.Principal.SecurityIdentifier" | "System.Security.Principal.NTAccount" => {
            identity::translate(evaluator, object, name, args)
        }
        "System.Management.Automation.PSCredential" => identity::credential_method(object, name),
        "System.Management.Automation.WildcardPattern" => process::wildcard_method(evaluator, object, name, args),
        full if full.starts_with("System.Security.Cryptography.") => hashing::method(full, name, args),
        full if full.starts_with("System.Text.") && full.ends_with("Encoding") => encoding::method(object, name, args),
        _ => return Ok(None),
    };
    finish(outcome, name, args)
}

/// A method of a value of .NET's own types; the name as the script has it.
pub(super) fn value_method(evaluator: &mut Evaluator<'_>, target: &Val, name: &str, args: &[Val]) -> Run<Option<Val>> {
    let lower = name.to_ascii_lowercase();
    overloads::check_value(target, name, args.len())?;
    culture::check(args)?;
    if lower == "tostring"
        && let Some(formatted) = culture::formatted(target, args)?
    {
        return Ok(Some(formatted));
    }
    let outcome = match target {
        Val::Net(instance) => Arc::clone(instance).call(evaluator, target, &lower, args),
        Val::Str(value) => strings::method(value, &lower, args),
        Val::DateTime(time) => instants::method(evaluator, *time, &lower, args),
        Val::TimeSpan(ticks) => spans::method(*ticks, &lower, args),
        Val::Guid(guid) => numbers::guid_method(guid, &lower, args),
        Val::Version(parts) => numbers::version_method(parts, &lower, args),
        Val::Type(kind) => enums::type_method(kind, &lower, args),
        Val::Enum(value) => enums::method(value, &lower, args),
        number if number.as_float().is_some() => numbers::method(number, &lower, args),
        Val::List(list) => collections::method(evaluator, list, &lower, args),
        Val::Hash(hash) => dictionaries::method(evaluator, hash, &lower, args),
        _ => return Ok(None),
    };
    finish(outcome, name, args)
}

/// Types whose objects are equal when they say the same.
const BY_VALUE: [&str; 5] = [
    "System.Net.IPAddress",
    "System.Uri",
    "System.DateTimeOffset",
    "System.Security.Principal.SecurityIdentifier",
    "System.Security.Principal.NTAccount",
];

/// Whether two objects are equal though they are not the same.
pub(super) fn are_equal(left: &Obj, right: &Obj) -> bool {
    left.type_name() == right.type_name() && left.text == right.text && BY_VALUE.contains(&left.type_name())
}

/// Puts a value into a `[ref]`.
fn set_ref(evaluator: &mut Evaluator<'_>, reference: Option<&Val>, value: Val) -> Run<()> {
    match reference {
        Some(reference) => evaluator.set_member(reference, "Value", value),
        None => Ok(()),
    }
}

/// The text of an argument, empty if there is none.
fn arg_text(args: &[Val], place: usize) -> String {
    args.get(place).map_or_else(String::new, text)
}

/// A whole number of the arguments, 0 if there is none.
fn arg_int(args: &[Val], place: usize) -> Result<i64, Fault> {
    let Some(value) = args.get(place) else { return Ok(0) };
    convert::index(value).map_err(|record| misfit(value, "System.Int32", &record))
}

fn misfit(value: &Val, kind: &'static str, record: &ErrorRecord) -> Fault {
    Fault::Argument(value.clone(), kind, record.message().replace("System.Int64", kind))
}

/// A number of the arguments.
fn arg_float(args: &[Val], place: usize) -> Result<f64, Fault> {
    let double = TypeRef::named("System.Double");
    let value = args.get(place).unwrap_or(&Val::Null);
    let number = convert::cast(value, &double).map_err(|record| misfit(value, "System.Double", &record))?;
    Ok(number.as_float().unwrap_or(0.0))
}
