//! Strings that read as the default `ToString()` of a .NET object: the name of its type.

/// Longer strings are not names of types.
const LONGEST: usize = 1024;

/// The name of a type with its namespace, as `ToString()` gives it where a type has none of its own:
/// `System.Diagnostics.ProcessStartInfo`, ``System.Lazy`1[System.String]``, or with a text behind it
/// `System.Diagnostics.ProcessModule (pwsh)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TypeText<'t> {
    namespace: &'t str,
    /// The type with those that it is nested in.
    name: &'t str,
    /// Both, with a dot between them.
    full: &'t str,
    /// What a type alone has: type arguments, or a text of the object behind its name.
    certain: bool,
}

impl<'t> TypeText<'t> {
    /// Reads a string, and gives up at the first character that speaks against it. Collections are never cut, and
    /// handles and bare objects hold nothing that could be missed: their names are taken for no cuts.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        if !text.starts_with(|first: char| first.is_ascii_uppercase()) || text.len() > LONGEST {
            return None;
        }
        let end =
            text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '+' | '_')).unwrap_or(text.len());
        let (full, rest) = text.split_at(end);
        let certain = match rest.as_bytes() {
            [] => false,
            [b' ', b'(', .., b')'] => true,
            [b'`', b'0'..=b'9', .., b']'] if rest.contains('[') && !rest.ends_with("[]") => true,
            _ => return None,
        };
        let outer = full.split('+').next().unwrap_or(full);
        let (namespace, _) = outer.rsplit_once('.')?;
        let name = full.get(namespace.len() + 1..)?;
        let is_capital = |segment: &str| segment.starts_with(|first: char| first.is_ascii_uppercase() || first == '_');
        // `WEB01.CONTOSO.COM`
        let reads_as_name = name.contains(|c: char| c.is_ascii_lowercase());
        let holds_nothing = full == "System.Object"
            || ["System.Collections", "Microsoft.Win32.SafeHandles"].iter().any(|none| is_below(namespace, none));
        (full.split(['.', '+']).all(is_capital) && reads_as_name && !holds_nothing).then_some(Self {
            namespace,
            name,
            full,
            certain,
        })
    }

    /// The type's own name.
    pub(super) fn short_name(&self) -> &'t str {
        self.name
    }

    /// Whether it has type arguments or a text of the object behind it: nothing else is written so.
    pub(super) fn is_certain(&self) -> bool {
        self.certain
    }

    /// Whether its namespace and that of another type are one, or one is inside the other. A first part alone, such as
    /// `System`, is too wide to mean anything.
    pub(super) fn is_near(&self, other: &str) -> bool {
        let other = other.split(['`', '+']).next().and_then(|other| other.rsplit_once('.')).map_or("", |(of, _)| of);
        let (inner, outer) =
            if self.namespace.len() > other.len() { (self.namespace, other) } else { (other, self.namespace) };
        outer.contains('.') && is_below(inner, outer)
    }

    /// Whether the name of a collection's type says that it holds this one: `X[]`, `` List`1[[X, Assembly]] ``.
    pub(super) fn is_element_of(&self, collection: &str) -> bool {
        collection.contains('[') && collection.split(['[', ']', ',']).any(|part| part == self.full)
    }
}

fn is_below(namespace: &str, wanted: &str) -> bool {
    namespace.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether the name of a collection's type says that it holds strings: `System.String[]`, or
/// `` List`1[[System.String, Assembly]] ``.
pub(super) fn holds_strings(collection: &str) -> bool {
    collection == "System.String[]" || collection.contains("`1[[System.String,")
}

/// Words of members whose texts are names as such: `FullName`, `ImplementingType`, `FileDescription` of an assembly.
const NAMING: [&str; 10] =
    ["Class", "Comment", "Description", "Id", "Name", "Namespace", "Product", "Source", "Title", "Type"];

/// Whether a member is one whose texts are names as such.
pub(super) fn is_naming(member: &str) -> bool {
    words(member).any(|word| NAMING.contains(&singular(word)))
}

/// Whether a member's name and a type's name have a word in common, such as `StartInfo` and `ProcessStartInfo`.
pub(super) fn share_a_word(member: &str, name: &str) -> bool {
    words(member).map(singular).any(|word| word.len() > 2 && words(name).any(|other| singular(other) == word))
}

/// `SafeHandle` is `Safe`, `Handle`; `PSDrive` is `PS`, `Drive`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let bytes = name.as_bytes();
    let starts = move |at: &usize| {
        let is = |place: Option<usize>, test: fn(&u8) -> bool| place.and_then(|at| bytes.get(at)).is_some_and(test);
        let before = at.checked_sub(1);
        is(Some(*at), u8::is_ascii_uppercase)
            && (!is(before, u8::is_ascii_uppercase) || is(Some(at + 1), u8::is_ascii_lowercase))
    };
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = name.get(from..).filter(|rest| !rest.is_empty())?;
        let end = (from + 1..name.len()).find(starts).unwrap_or(name.len());
        let word = rest.get(..end - from)?;
        from = end;
        Some(word.trim_matches(['+', '_']))
    })
}

fn singular(word: &str) -> &str {
    word.strip_suffix("ies").or_else(|| word.strip_suffix('y')).or_else(|| word.strip_suffix('s')).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::{TypeText, is_naming, share_a_word, words};

    #[test]
    fn names_of_types_are_read() {
        for (text, namespace, name) in [
            ("System.Diagnostics.ProcessStartInfo", "System.Diagnostics", "ProcessStartInfo"),
            ("System.Diagnostics.ProcessModule (ld-linux.so.2)", "System.Diagnostics", "ProcessModule"),
            ("System.Text.UTF8Encoding+UTF8EncodingSealed", "System.Text", "UTF8Encoding+UTF8EncodingSealed"),
            ("System.Lazy`1[System.String]", "System", "Lazy"),
            ("System.Threading.Tasks.Task`1[System.String[]]", "System.Threading.Tasks", "Task"),
            ("VMware.Vim.VirtualMachine", "VMware.Vim", "VirtualMachine"),
        ] {
            let read = TypeText::read(text).map(|read| (read.namespace, read.name));
            assert_eq!(read, Some((namespace, name)), "{text}");
        }
    }

    #[test]
    fn other_strings_are_not() {
        for text in [
            "",
            "Running",
            "C:\\Windows",
            "web01.contoso.com",
            "WEB01.CONTOSO.COM",
            "System.Management.Automation.dll",
            "Microsoft.PowerShell.Core\\FileSystem",
            "System.IO.IOException: no",
            "System.Object",
            "System.String[]",
            "System.Collections.Hashtable",
            "System.Collections.Generic.List`1[System.String]",
            "System.Action`1",
            "System.Nullable`1[System.Int32][]",
            "Microsoft.Win32.SafeHandles.SafeProcessHandle",
            "Void .ctor(Char[])",
            "System.Type GetType()",
            "System..Text",
            "Système.Texte",
            "7.6.9",
        ] {
            assert_eq!(TypeText::read(text), None, "{text}");
        }
        assert_eq!(TypeText::read(&format!("System.{}", "a".repeat(2000))), None);
    }

    #[test]
    fn what_speaks_for_an_object() {
        let read = TypeText::read("System.Diagnostics.ProcessModule (pwsh)").expect("a type");
        for (other, expected) in [
            ("System.Diagnostics.Process", true),
            ("System.Diagnostics.Eventing.Reader.EventRecord", true),
            ("System.DiagnosticsX.Process", false),
            ("System.Object", false),
            ("Server", false),
        ] {
            assert_eq!(read.is_near(other), expected, "{other}");
        }
        assert!(!TypeText::read("System.Version").expect("a type").is_near("System.Object"));
        assert!(read.is_certain() && TypeText::read("System.Lazy`1[System.String]").expect("a type").is_certain());
        assert!(!TypeText::read("System.Diagnostics.ProcessThread").expect("a type").is_certain());
        assert!(read.is_element_of("System.Diagnostics.ProcessModule[]"));
        assert!(read.is_element_of("System.Collections.Generic.List`1[[System.Diagnostics.ProcessModule, System, V]]"));
        assert!(!read.is_element_of("System.Diagnostics.ProcessModuleCollection"));
        for (member, name, expected) in [
            ("StartInfo", "ProcessStartInfo", true),
            ("Modules", "ProcessModule", true),
            ("Properties", "PropertyData", true),
            ("Module", "Modular", false),
            ("UI", "InternalUI", false),
            ("Description", "CoreLib", false),
        ] {
            assert_eq!(share_a_word(member, name), expected, "{member} {name}");
        }
        assert_eq!(words("PSDriveInfo2_x").collect::<Vec<_>>(), ["PS", "Drive", "Info2_x"]);
        assert!(is_naming("ImplementingType") && is_naming("PSTypeNames") && !is_naming("StartInfo"));
    }
}
