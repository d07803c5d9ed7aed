//! Names of .NET types, with PowerShell's short forms.

use std::sync::Arc;

use super::value::Val;

/// A type that scripts name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypeRef {
    /// The full .NET name.
    pub(super) full: Arc<str>,
}

/// Short name and full name; the first pair of a full name gives the text of the type.
const ACCELERATORS: &[(&str, &str)] = &[
    ("string", "System.String"),
    ("int", "System.Int32"),
    ("int32", "System.Int32"),
    ("long", "System.Int64"),
    ("int64", "System.Int64"),
    ("short", "System.Int16"),
    ("int16", "System.Int16"),
    ("byte", "System.Byte"),
    ("sbyte", "System.SByte"),
    ("uint", "System.UInt32"),
    ("uint32", "System.UInt32"),
    ("ulong", "System.UInt64"),
    ("uint64", "System.UInt64"),
    ("ushort", "System.UInt16"),
    ("uint16", "System.UInt16"),
    ("double", "System.Double"),
    ("float", "System.Single"),
    ("single", "System.Single"),
    ("bool", "System.Boolean"),
    ("boolean", "System.Boolean"),
    ("char", "System.Char"),
    ("datetime", "System.DateTime"),
    ("timespan", "System.TimeSpan"),
    ("guid", "System.Guid"),
    ("version", "System.Version"),
    ("hashtable", "System.Collections.Hashtable"),
    ("ordered", "System.Collections.Specialized.OrderedDictionary"),
    ("array", "System.Array"),
    ("object", "System.Object"),
    ("switch", "System.Management.Automation.SwitchParameter"),
    ("psobject", "System.Management.Automation.PSObject"),
    ("pscustomobject", "System.Management.Automation.PSCustomObject"),
    ("scriptblock", "System.Management.Automation.ScriptBlock"),
    ("math", "System.Math"),
    ("environment", "System.Environment"),
    ("convert", "System.Convert"),
    ("regex", "System.Text.RegularExpressions.Regex"),
    ("void", "System.Void"),
    ("type", "System.Type"),
    ("psnoteproperty", "System.Management.Automation.PSNoteProperty"),
    ("psscriptproperty", "System.Management.Automation.PSScriptProperty"),
    ("psaliasproperty", "System.Management.Automation.PSAliasProperty"),
    ("psscriptmethod", "System.Management.Automation.PSScriptMethod"),
    ("exception", "System.Exception"),
    ("arraylist", "System.Collections.ArrayList"),
    ("collections.arraylist", "System.Collections.ArrayList"),
    ("collections.hashtable", "System.Collections.Hashtable"),
    ("ref", super::reference::REFERENCE),
    ("valuetype", "System.ValueType"),
    ("uri", "System.Uri"),
    ("xml", "System.Xml.XmlDocument"),
    ("ipaddress", "System.Net.IPAddress"),
    ("cultureinfo", "System.Globalization.CultureInfo"),
    ("pscredential", "System.Management.Automation.PSCredential"),
    ("securestring", "System.Security.SecureString"),
    ("wildcardpattern", "System.Management.Automation.WildcardPattern"),
    ("wmiclass", "System.Management.ManagementClass"),
    ("wmi", "System.Management.ManagementObject"),
    ("adsi", "System.DirectoryServices.DirectoryEntry"),
];

/// Types that exceptions of scripts may have: name, base.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("System.Exception", "System.Object"),
    ("System.SystemException", "System.Exception"),
    ("System.ApplicationException", "System.Exception"),
    ("System.ArgumentException", "System.SystemException"),
    ("System.ArgumentNullException", "System.ArgumentException"),
    ("System.ArgumentOutOfRangeException", "System.ArgumentException"),
    ("System.InvalidOperationException", "System.SystemException"),
    ("System.NotSupportedException", "System.SystemException"),
    ("System.NotImplementedException", "System.SystemException"),
    ("System.FormatException", "System.SystemException"),
    ("System.IndexOutOfRangeException", "System.SystemException"),
    ("System.TimeoutException", "System.SystemException"),
    ("System.UnauthorizedAccessException", "System.SystemException"),
    ("System.ArithmeticException", "System.SystemException"),
    ("System.DivideByZeroException", "System.ArithmeticException"),
    ("System.OverflowException", "System.ArithmeticException"),
    ("System.ObjectDisposedException", "System.InvalidOperationException"),
    ("System.OperationCanceledException", "System.SystemException"),
    ("System.Security.SecurityException", "System.SystemException"),
    ("System.Collections.Generic.KeyNotFoundException", "System.SystemException"),
    ("System.IO.DirectoryNotFoundException", "System.IO.IOException"),
    ("System.IO.PathTooLongException", "System.IO.IOException"),
    ("System.Runtime.InteropServices.ExternalException", "System.SystemException"),
    ("System.ComponentModel.Win32Exception", "System.Runtime.InteropServices.ExternalException"),
    ("System.Net.Sockets.SocketException", "System.ComponentModel.Win32Exception"),
    ("System.Net.WebException", "System.InvalidOperationException"),
    ("System.Xml.XmlException", "System.SystemException"),
    ("System.Management.Automation.ItemNotFoundException", "System.Management.Automation.SessionStateException"),
    ("System.Management.Automation.PSArgumentException", "System.ArgumentException"),
    ("System.Management.Automation.PSInvalidOperationException", "System.InvalidOperationException"),
    ("System.IO.IOException", "System.SystemException"),
    ("System.IO.FileNotFoundException", "System.IO.IOException"),
    ("System.Management.Automation.RuntimeException", "System.SystemException"),
    ("System.Management.Automation.PSInvalidCastException", "System.InvalidCastException"),
    ("System.InvalidCastException", "System.SystemException"),
    ("System.Management.Automation.CommandNotFoundException", "System.Management.Automation.RuntimeException"),
    ("System.Management.Automation.ParseException", "System.Management.Automation.RuntimeException"),
    ("System.Management.Automation.IncompleteParseException", "System.Management.Automation.ParseException"),
    ("System.Management.Automation.ParameterBindingException", "System.Management.Automation.RuntimeException"),
    (
        "System.Management.Automation.ParameterBindingValidationException",
        "System.Management.Automation.ParameterBindingException",
    ),
    (
        "System.Management.Automation.ParameterBindingArgumentTransformationException",
        "System.Management.Automation.ParameterBindingException",
    ),
    ("System.Management.Automation.ActionPreferenceStopException", "System.Management.Automation.RuntimeException"),
    ("System.Management.Automation.MetadataException", "System.Management.Automation.RuntimeException"),
    ("System.Management.Automation.ValidationMetadataException", "System.Management.Automation.MetadataException"),
    (
        "System.Management.Automation.SessionStateUnauthorizedAccessException",
        "System.Management.Automation.SessionStateException",
    ),
    ("System.Management.Automation.SessionStateException", "System.Management.Automation.RuntimeException"),
    ("System.Management.Automation.SetValueException", "System.Management.Automation.ExtendedTypeSystemException"),
    ("System.Management.Automation.SetValueInvocationException", "System.Management.Automation.SetValueException"),
    ("System.Management.Automation.MethodInvocationException", "System.Management.Automation.MethodException"),
    ("System.Management.Automation.MethodException", "System.Management.Automation.ExtendedTypeSystemException"),
    ("System.Management.Automation.ExtendedTypeSystemException", "System.Management.Automation.RuntimeException"),
    ("Microsoft.PowerShell.Commands.ServiceCommandException", "System.SystemException"),
    ("Microsoft.PowerShell.Commands.ProcessCommandException", "System.SystemException"),
    ("Microsoft.PowerShell.Commands.WriteErrorException", "System.SystemException"),
];

/// Further types that scripts may name.
const OTHERS: &[&str] = &[
    "System.Management.Automation.ErrorRecord",
    "System.Management.Automation.ErrorCategory",
    "System.ServiceProcess.ServiceController",
    "System.Diagnostics.Process",
    "System.Diagnostics.Stopwatch",
    "System.DateTimeOffset",
    "System.TimeZoneInfo",
    "System.StringComparer",
    "System.BitConverter",
    "System.AppDomain",
    "System.GC",
    "System.Console",
    "System.Threading.Thread",
    "System.Reflection.Assembly",
    "System.Runtime.InteropServices.RuntimeInformation",
    "System.Net.WebUtility",
    "System.Net.ServicePointManager",
    "System.Net.NetworkCredential",
    "System.Web.HttpUtility",
    "System.Globalization.TextInfo",
    "System.Text.StringBuilder",
    "System.Text.UTF8Encoding",
    "System.Text.UnicodeEncoding",
    "System.Text.ASCIIEncoding",
    "System.Collections.DictionaryEntry",
    "System.Collections.Queue",
    "System.Collections.Stack",
    "System.Collections.SortedList",
    "System.Xml.XmlElement",
    "System.Xml.XmlNode",
    "System.Xml.XmlNamespaceManager",
    "System.Security.Cryptography.MD5",
    "System.Security.Cryptography.SHA1",
    "System.Security.Cryptography.SHA256",
    "System.Security.Cryptography.SHA384",
    "System.Security.Cryptography.SHA512",
    "System.Security.Cryptography.SHA1Managed",
    "System.Security.Cryptography.SHA256Managed",
    "System.Security.Cryptography.SHA512Managed",
    "System.Security.Principal.WindowsPrincipal",
    "System.Security.Principal.SecurityIdentifier",
    "System.Security.Principal.NTAccount",
    "System.Action",
    "System.IO.Path",
    "System.Net.Dns",
    "System.Text.Encoding",
    "System.Security.Principal.WindowsIdentity",
    "System.Enum",
    "System.IO.File",
    "System.IO.Directory",
    "System.IO.FileInfo",
    "System.IO.DirectoryInfo",
    "System.IO.FileSystemInfo",
];

/// Generic types and how many types they take; 0 is any number.
const GENERICS: [(&str, usize); 15] = [
    ("System.Collections.Generic.List", 1),
    ("System.Collections.Generic.HashSet", 1),
    ("System.Collections.Generic.SortedSet", 1),
    ("System.Collections.Generic.Queue", 1),
    ("System.Collections.Generic.Stack", 1),
    ("System.Collections.Generic.LinkedList", 1),
    ("System.Collections.Generic.IEnumerable", 1),
    ("System.Collections.ObjectModel.Collection", 1),
    ("System.Collections.Generic.Dictionary", 2),
    ("System.Collections.Generic.SortedDictionary", 2),
    ("System.Collections.Generic.SortedList", 2),
    ("System.Collections.Generic.KeyValuePair", 2),
    ("System.Nullable", 1),
    ("System.Predicate", 1),
    ("System.Func", 0),
];

/// The types between the brackets of a generic one.
fn split_types(inner: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, next) in inner.char_indices() {
        match next {
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inner[start..].trim());
    parts
        .into_iter()
        .map(|part| part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or(part))
        .collect()
}

fn exceptions_and_others() -> impl Iterator<Item = &'static str> {
    EXCEPTIONS.iter().map(|(name, _)| *name).chain(OTHERS.iter().copied()).chain(super::dotnet::enum_names())
}

impl TypeRef {
    pub(super) fn named(full: impl Into<Arc<str>>) -> Self {
        Self { full: full.into() }
    }

    /// The full name of the exception of this name without its namespace.
    pub(super) fn exception_named(class: &str) -> Option<String> {
        let is_it = |full: &&str| full.rsplit('.').next() == Some(class);
        EXCEPTIONS.iter().map(|(full, _)| *full).find(is_it).map(ToOwned::to_owned)
    }

    /// Finds the type of a name as scripts write it.
    pub(super) fn find(name: &str) -> Option<Self> {
        Self::find_with(name, &|_| None)
    }

    /// The same where some types are known besides those of .NET.
    pub(super) fn find_with(name: &str, own: &dyn Fn(&str) -> Option<Self>) -> Option<Self> {
        if let Some(found) = own(name) {
            return Some(found);
        }
        if let Some(element) = name.strip_suffix("[]") {
            return Some(Self::named(format!("{}[]", Self::find_with(element, own)?.full)));
        }
        if let Some((outer, inner)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            return Self::generic(outer, inner, own);
        }
        let with_system = format!("System.{name}");
        let is_name = |full: &str| full.eq_ignore_ascii_case(name) || full.eq_ignore_ascii_case(&with_system);
        let accelerated = ACCELERATORS.iter().find(|(short, full)| short.eq_ignore_ascii_case(name) || is_name(full));
        let full = match accelerated {
            Some((_, full)) => full,
            None => exceptions_and_others().find(|full| {
                is_name(full)
                    || full
                        .rsplit('.')
                        .next()
                        .is_some_and(|last| last.eq_ignore_ascii_case(name) && full.starts_with("System.Management"))
            })?,
        };
        Some(Self::named(full))
    }

    /// A generic type with the types that it is made of: `List[string]`, `Dictionary[string,int]`.
    fn generic(outer: &str, inner: &str, own: &dyn Fn(&str) -> Option<Self>) -> Option<Self> {
        let outer = outer.split('`').next().unwrap_or(outer);
        let is_it = |full: &str| {
            let short = full.strip_prefix("System.").unwrap_or(full);
            let last = full.rsplit('.').next().unwrap_or(full);
            [full, short].iter().any(|name| name.eq_ignore_ascii_case(outer))
                || (last == "List" && outer.eq_ignore_ascii_case("list"))
        };
        let (full, count) = GENERICS.iter().find(|(full, _)| is_it(full))?;
        let parts = split_types(inner);
        if *count != 0 && parts.len() != *count {
            return None;
        }
        let parts = parts.iter().map(|part| Self::find_with(part, own)).collect::<Option<Vec<_>>>()?;
        let parts: Vec<_> = parts.iter().map(|part| format!("[{}]", part.full)).collect();
        Some(Self::named(format!("{full}`{}[{}]", parts.len(), parts.join(","))))
    }

    /// The text of the type: the short form, where there is one.
    pub(super) fn text(&self) -> String {
        if let Some(element) = self.full.strip_suffix("[]") {
            return format!("{}[]", Self::named(element).text());
        }
        if let Some((outer, inner)) =
            self.full.split_once('`').and_then(|(outer, rest)| Some((outer, rest.split_once('[')?.1)))
        {
            let inner = inner.strip_suffix(']').unwrap_or(inner);
            let parts: Vec<_> = split_types(inner).into_iter().map(|part| Self::named(part).text()).collect();
            return format!("{outer}[{}]", parts.join(","));
        }
        let short = ACCELERATORS.iter().find(|(_, full)| *full == &*self.full);
        short.map_or(&*self.full, |(short, _)| short).to_owned()
    }

    /// Whether it is one of the types of numbers, characters and truth.
    pub(super) fn is_primitive(&self) -> bool {
        let primitives = ["Boolean", "Char", "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"];
        primitives.iter().chain(&["Single", "Double"]).any(|name| *self.full == format!("System.{name}"))
    }

    /// The type that it derives from.
    pub(super) fn base(&self) -> Option<Self> {
        let is_value = matches!(&*self.full, "System.DateTime" | "System.TimeSpan" | "System.Guid" | "System.Decimal");
        Some(Self::named(match &*self.full {
            "System.Object" => return None,
            full if full.ends_with("[]") => "System.Array",
            full if super::dotnet::find_enum(full).is_some() => "System.Enum",
            _ if is_value || self.is_primitive() => "System.ValueType",
            full => match EXCEPTIONS.iter().find(|(name, _)| *name == full) {
                Some((_, base)) => base,
                None => "System.Object",
            },
        }))
    }

    /// The name without its namespace.
    pub(super) fn name(&self) -> &str {
        let plain = self.full.split("[[").next().unwrap_or(&self.full);
        let start = plain.rfind(['.', '+']).map_or(0, |dot| dot + 1);
        &plain[start..]
    }

    /// `-is`
    pub(super) fn is_of(&self, value: &Val) -> bool {
        match &*self.full {
            "System.Object" => !value.is_null(),
            "System.Array" => matches!(value, Val::List(list) if list.is_fixed_size()),
            "System.Management.Automation.PSObject" | "System.Management.Automation.PSCustomObject" => {
                matches!(value, Val::Object(object) if object.text.is_none())
            }
            "System.ValueType" => {
                matches!(value.type_name().as_ref(), "System.Boolean" | "System.Char" | "System.DateTime")
                    || value.as_float().is_some()
                    || matches!(value, Val::TimeSpan(_) | Val::Guid(_) | Val::Enum(_))
            }
            "System.Enum" => matches!(value, Val::Enum(_)),
            "System.Type" => matches!(value, Val::Type(_)),
            full => match value {
                Val::Exception(exception) => exception.is_a(full),
                Val::Object(object) => object.type_names().iter().any(|name| name.eq_ignore_ascii_case(full)),
                Val::Net(instance) => instance.type_names().iter().any(|name| name.eq_ignore_ascii_case(full)),
                other => other.type_name().eq_ignore_ascii_case(full),
            },
        }
    }
}

/// The type names of an exception, most derived first; unknown ones derive from `System.Exception`.
pub(super) fn exception_chain(type_name: &str) -> Vec<String> {
    let mut chain = vec![type_name.to_owned()];
    while let Some(last) = chain.last() {
        let base = EXCEPTIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(last)).map(|(_, base)| *base);
        match base {
            Some(base) => chain.push(base.to_owned()),
            None if last == "System.Object" => break,
            None => chain.push("System.Exception".to_owned()),
        }
    }
    chain
}

/// Whether a type is an exception that scripts can make.
pub(super) fn is_exception(full: &str) -> bool {
    EXCEPTIONS.iter().any(|(name, _)| *name == full)
}
