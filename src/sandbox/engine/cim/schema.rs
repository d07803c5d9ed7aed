//! The classes: their properties with types and keys, their ancestors, their methods.
//!
//! Source: learn.microsoft.com, CIM WMI Providers and the classes of the FWP and storage providers (their MOF, ordered
//! by the class that a property is inherited from, as instances have it).

use std::sync::LazyLock;

/// A class of CIM.
#[derive(Debug)]
pub(in super::super) struct Class {
    pub(in super::super) name: &'static str,
    /// Nearest first.
    pub(super) ancestors: Vec<&'static str>,
    /// With slashes, as CIM cmdlets write it.
    pub(super) namespace: &'static str,
    pub(super) properties: Vec<Property>,
    pub(in super::super) methods: Vec<Method>,
}

#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_array: bool,
    pub(super) is_key: bool,
}

/// A method with the parameters that go in.
#[derive(Debug)]
pub(in super::super) struct Method {
    pub(in super::super) name: &'static str,
    /// Of the class, not of its instances.
    pub(in super::super) is_static: bool,
    /// CIM type and name of each parameter.
    pub(in super::super) params: Vec<(&'static str, &'static str)>,
}

/// The type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Bool,
    Date,
    Char,
    /// A path to another object.
    Reference,
    /// A number, with the name of its .NET type.
    Number(&'static str),
    Float(&'static str),
}

/// One class: `class` with its name and ancestors and, but for `root/cimv2`, `@` and its namespace; properties with `*`
/// for keys and `:type`; methods behind `!`,
/// static ones with `=`.
const TEXTS: [&str; 7] = [
    include_str!("schema/system.txt"),
    include_str!("schema/software.txt"),
    include_str!("schema/disks.txt"),
    include_str!("schema/accounts.txt"),
    include_str!("schema/printers.txt"),
    include_str!("schema/network.txt"),
    include_str!("schema/performance.txt"),
];

static CLASSES: LazyLock<Vec<Class>> = LazyLock::new(|| TEXTS.into_iter().flat_map(read).collect());

/// All classes.
pub(in super::super) fn all() -> &'static [Class] {
    &CLASSES
}

/// The class of a name.
pub(in super::super) fn find(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name.eq_ignore_ascii_case(name))
}

/// Whether there is a class in this namespace, written with slashes or backslashes.
pub(super) fn is_namespace(namespace: &str) -> bool {
    let wanted = with_slashes(namespace);
    let more = ["root", "root/default", "root/wmi"];
    CLASSES.iter().map(|class| class.namespace).chain(more).any(|known| known.eq_ignore_ascii_case(&wanted))
}

/// Whether a class is in a namespace.
pub(in super::super) fn is_in(class: &Class, namespace: &str) -> bool {
    class.namespace.eq_ignore_ascii_case(&with_slashes(namespace))
}

/// `ROOT\cimv2` as `root/cimv2`.
pub(super) fn with_slashes(namespace: &str) -> String {
    namespace.trim_matches(['/', '\\']).replace('\\', "/")
}

impl Class {
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.properties.iter().filter(|property| property.is_key).map(|property| property.name)
    }

    pub(in super::super) fn property_names(&self) -> impl Iterator<Item = &'static str> {
        self.properties.iter().map(|property| property.name)
    }

    /// The type of a property, in the names of CIM.
    pub(in super::super) fn type_of(&self, name: &str) -> Option<String> {
        let property = self.properties.iter().find(|property| property.name.eq_ignore_ascii_case(name))?;
        let kind = match property.kind {
            Kind::Text | Kind::Reference => "string".to_owned(),
            Kind::Bool => "bool".to_owned(),
            Kind::Date => "datetime".to_owned(),
            Kind::Char => "char".to_owned(),
            Kind::Number("System.Byte") => "byte".to_owned(),
            Kind::Number(name) | Kind::Float(name) => name.trim_start_matches("System.").to_lowercase(),
        };
        Some(if property.is_array { format!("{kind}[]") } else { kind })
    }

    /// Name, CIM type and flags of each property.
    pub(in super::super) fn declared(&self) -> impl Iterator<Item = (&'static str, String, &'static str)> {
        self.properties.iter().map(|property| {
            let kind = property.kind.type_name().trim_start_matches("System.");
            let array = if property.is_array { "Array" } else { "" };
            let flags = if property.is_key { "Property, Key, ReadOnly" } else { "Property, ReadOnly" };
            (property.name, format!("{kind}{array}"), flags)
        })
    }

    pub(in super::super) fn base(&self) -> Option<&'static str> {
        self.ancestors.first().copied()
    }

    /// The namespace with its root in capitals.
    pub(in super::super) fn namespace_shown(&self) -> String {
        self.namespace.replacen("root", "ROOT", 1)
    }

    /// Itself and its ancestors.
    pub(super) fn line(&self) -> impl Iterator<Item = &'static str> + Clone {
        std::iter::once(self.name).chain(self.ancestors.iter().copied())
    }
}

impl Method {
    /// As Get-Member shows it of an object of WMI.
    pub(in super::super) fn definition(&self) -> String {
        let param = |(kind, name): &(&str, &str)| format!("System.{} {name}", dotnet(kind));
        let params: Vec<String> = self.params.iter().map(param).collect();
        format!("System.Management.ManagementBaseObject {}({})", self.name, params.join(", "))
    }
}

/// The .NET type of a parameter's CIM type.
fn dotnet(kind: &str) -> String {
    let (element, array) = kind.strip_suffix("[]").map_or((kind, ""), |element| (element, "[]"));
    let name = match element {
        "string" | "datetime" => "String",
        "boolean" => "Boolean",
        "uint8" => "Byte",
        "uint16" => "UInt16",
        "uint32" => "UInt32",
        "sint32" => "Int32",
        // An object of another class.
        _ => "Management.ManagementObject",
    };
    format!("{name}{array}")
}

impl Kind {
    fn of(text: &str) -> Self {
        match text {
            "bool" => Self::Bool,
            "date" => Self::Date,
            "char" => Self::Char,
            "ref" => Self::Reference,
            "u8" => Self::Number("System.Byte"),
            "u16" => Self::Number("System.UInt16"),
            "u32" => Self::Number("System.UInt32"),
            "u64" => Self::Number("System.UInt64"),
            "i8" => Self::Number("System.SByte"),
            "i16" => Self::Number("System.Int16"),
            "i32" => Self::Number("System.Int32"),
            "i64" => Self::Number("System.Int64"),
            "f32" => Self::Float("System.Single"),
            "f64" => Self::Float("System.Double"),
            _ => Self::Text,
        }
    }

    /// The full name of its .NET type.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Text | Self::Reference => "System.String",
            Self::Bool => "System.Boolean",
            Self::Date => "System.DateTime",
            Self::Char => "System.Char",
            Self::Number(name) | Self::Float(name) => name,
        }
    }
}

fn read(text: &'static str) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("class ") {
            let (names, namespace) = head.split_once(" @").unwrap_or((head, "root/cimv2"));
            let mut names = names.split(' ');
            classes.push(Class {
                name: names.next().unwrap_or_default(),
                ancestors: names.collect(),
                namespace,
                properties: Vec::new(),
                methods: Vec::new(),
            });
            continue;
        }
        let Some(class) = classes.last_mut() else { continue };
        match line.trim_start().strip_prefix('!') {
            Some(methods) => class.methods.extend(methods.split_whitespace().filter_map(method)),
            None => class.properties.extend(line.split_whitespace().map(property)),
        }
    }
    classes
}

fn property(text: &'static str) -> Property {
    let (name, kind) = text.split_once(':').unwrap_or((text, "str"));
    let (element, is_array) = kind.strip_suffix("[]").map_or((kind, false), |element| (element, true));
    Property { name: name.trim_end_matches('*'), kind: Kind::of(element), is_array, is_key: name.ends_with('*') }
}

fn method(text: &'static str) -> Option<Method> {
    let (name, params) = text.strip_suffix(')')?.split_once('(')?;
    let (name, is_static) = name.strip_prefix('=').map_or((name, false), |name| (name, true));
    Some(Method { name, is_static, params: params.split(',').filter_map(|param| param.split_once(':')).collect() })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Kind, all, find};

    #[test]
    fn classes_are_read() {
        let service = find("win32_SERVICE").expect("a class");
        assert_eq!(service.ancestors.first(), Some(&"Win32_BaseService"));
        assert_eq!(service.keys().collect::<Vec<_>>(), ["Name"]);
        assert_eq!(service.properties.len(), 26);
        let started = service.properties.iter().find(|property| property.name == "Started");
        assert_eq!(started.map(|property| property.kind), Some(Kind::Bool));
        let change = service.methods.iter().find(|method| method.name == "ChangeStartMode").expect("a method");
        assert_eq!(change.params, [("string", "StartMode")]);
    }

    #[test]
    fn names_are_unique() {
        let mut names = HashSet::new();
        for class in all() {
            assert!(names.insert(class.name.to_lowercase()), "{} is there twice", class.name);
            let mut properties = HashSet::new();
            for property in &class.properties {
                assert!(properties.insert(property.name.to_lowercase()), "{}.{}", class.name, property.name);
            }
        }
    }
}
