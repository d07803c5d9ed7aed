//! The CIM cmdlets that read.

use super::super::cim::{self, Asked, Class, Failure, Form};
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::pattern::has_wildcards;
use super::super::value::{Obj, Schema, Val};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 4] = [
    Spec {
        name: "Get-CimInstance",
        aliases: &["gcim"],
        params: &[
            "ClassName@0",
            "InputObject|CimInstance:CimInstance<",
            "Filter",
            "Property|SelectProperties",
            "Query",
            "QueryDialect",
            "Namespace",
            "ComputerName|CN|ServerName",
            "CimSession",
            "ResourceUri",
            "KeyOnly!",
            "Shallow!",
            "OperationTimeoutSec|OT",
        ],
        make: |_, bound| {
            bound.refuse(&["CimSession", "ResourceUri", "QueryDialect"])?;
            PerInput::boxed(bound, get_instance)
        },
    },
    Spec {
        name: "Get-CimClass",
        aliases: &["gcls"],
        params: &[
            "ClassName@0",
            "Namespace@1",
            "MethodName",
            "PropertyName",
            "QualifierName",
            "Amended!",
            "ComputerName|CN|ServerName",
            "CimSession",
            "OperationTimeoutSec|OT",
        ],
        make: |_, bound| {
            bound.refuse(&["CimSession", "QualifierName"])?;
            PerInput::boxed(bound, get_class)
        },
    },
    Spec {
        name: "Get-CimAssociatedInstance",
        aliases: &["gcai"],
        params: &[
            "InputObject|CimInstance:CimInstance@0<",
            "Association",
            "ResultClassName",
            "KeyOnly!",
            "Namespace",
            "ComputerName|CN",
            "CimSession",
        ],
        make: |_, bound| {
            bound.refuse(&["CimSession"])?;
            PerInput::boxed(bound, get_associated)
        },
    },
    Spec {
        name: "New-CimSession",
        aliases: &["ncms"],
        params: &[
            "ComputerName@0",
            "Credential@1",
            "Authentication",
            "Name",
            "SessionOption",
            "Port",
            "OperationTimeoutSec",
        ],
        make: |_, _| {
            let what = "sessions of CIM between hosts: run Get-CimInstance on each host instead";
            Err(ErrorRecord::unsupported(what).into())
        },
    },
];

/// Refuses another computer: the sandbox's hosts do not reach each other.
pub(super) fn refuse_others(evaluator: &Evaluator<'_>, bound: &Bound) -> Run<()> {
    match bound.texts("ComputerName").iter().find(|name| !evaluator.host.is_named(name)) {
        Some(name) => Err(ErrorRecord::unsupported(&format!("a way from one host to another ({name})")).into()),
        None => Ok(()),
    }
}

/// What the parameters of a reading cmdlet ask for.
pub(super) fn asked(bound: &Bound, class: &str) -> Asked {
    Asked {
        class: bound.text(class).unwrap_or_default(),
        namespace: bound.text("Namespace"),
        filter: bound.text("Filter"),
        query: bound.text("Query"),
        properties: bound.texts("Property").into_iter().filter(|name| name != "*").collect(),
        keys_only: bound.switch("KeyOnly"),
    }
}

fn get_instance(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    refuse_others(evaluator, bound)?;
    if let Some(Val::Object(object)) = bound.get("InputObject") {
        if let Some(instance) = cim::again(evaluator, object) {
            let value = instance.into_object(evaluator, Form::Cim);
            out.put(evaluator, value)?;
        }
        return Ok(());
    }
    if bound.get("ClassName").is_none() && bound.get("Query").is_none() {
        return Err(super::binding::missing("ClassName").into());
    }
    match cim::ask(evaluator, &asked(bound, "ClassName"))? {
        Ok(found) => {
            let names_computer = bound.get("ComputerName").is_some();
            for instance in found {
                let value = instance.into_object(evaluator, Form::Cim);
                if let (Val::Object(object), true) = (&value, names_computer) {
                    object.set("PSComputerName", Val::str(bound.text("ComputerName").unwrap_or_default()));
                }
                out.put(evaluator, value)?;
            }
            Ok(())
        }
        Err(failure) => evaluator.write_error(error(&failure, bound.text("Namespace"))),
    }
}

fn get_associated(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    refuse_others(evaluator, bound)?;
    let Some(Val::Object(object)) = bound.get("InputObject") else {
        return Err(super::binding::missing("InputObject").into());
    };
    let Some(found) = cim::associated(evaluator, object)? else {
        let class = cim::class_of(object).map_or("this", |class| class.name);
        return Err(ErrorRecord::unsupported(&format!("associations of the CIM class {class}")).into());
    };
    let (association, result) = (bound.text("Association"), bound.text("ResultClassName"));
    let is_it = |class: &Class, name: &String| class.name.eq_ignore_ascii_case(name);
    for other in found {
        if association.as_ref().is_none_or(|name| is_it(other.association, name))
            && result.as_ref().is_none_or(|name| is_it(other.instance.class(), name))
        {
            let value = other.instance.into_object(evaluator, Form::Cim);
            out.put(evaluator, value)?;
        }
    }
    Ok(())
}

/// The error of the CIM cmdlets.
/// Source: public transcripts of Get-CimInstance with a wrong class, namespace and filter.
pub(super) fn error(failure: &Failure, namespace: Option<String>) -> ErrorRecord {
    let kind = "Microsoft.Management.Infrastructure.CimException";
    let root = namespace.unwrap_or_else(|| "root/cimv2".to_owned()).replace('/', "\\");
    match failure {
        Failure::Class(name) => ErrorRecord::new(kind, invalid_class(name), "HRESULT 0x80041010", 10)
            .with_target(Val::str(format!("{root}:{name}"))),
        Failure::Namespace(name) => ErrorRecord::new(kind, "Invalid namespace ", "HRESULT 0x8004100e", 10)
            .with_target(Val::str(name.replace('/', "\\"))),
        Failure::Query(_) => ErrorRecord::new(kind, "Invalid query ", "HRESULT 0x80041017", 5),
        Failure::Unknown(record) => record.as_ref().clone(),
    }
}

/// Windows' text, and the nearest class that there is.
fn invalid_class(name: &str) -> String {
    match crate::nearest::nearest(name, cim::all().iter().map(|class| class.name)) {
        Some(found) => format!("Invalid class . The sandbox has no {name}; did you mean '{found}'?"),
        None => format!("Invalid class . The sandbox has no {name}; Get-CimClass lists what it has."),
    }
}

fn get_class(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    refuse_others(evaluator, bound)?;
    let wanted = bound.text("ClassName").unwrap_or_else(|| "*".to_owned());
    let namespace = bound.text("Namespace").unwrap_or_else(|| "root/cimv2".to_owned());
    let is_pattern = has_wildcards(&wanted);
    if !is_pattern && let Err(failure) = cim::class_in(Some(&namespace), &wanted) {
        return evaluator.write_error(error(&failure, Some(namespace)));
    }
    let (method, property) = (bound.text("MethodName"), bound.text("PropertyName"));
    for class in cim::all() {
        let mut fits = cim::is_in(class, &namespace) && evaluator.patterns.like(class.name, &wanted, false)?;
        if let Some(method) = &method {
            fits = fits && any_like(evaluator, class.methods.iter().map(|method| method.name), method)?;
        }
        if let Some(property) = &property {
            fits = fits && any_like(evaluator, class.property_names(), property)?;
        }
        if fits {
            out.put(evaluator, class_object(class))?;
        }
    }
    Ok(())
}

fn any_like<'a>(evaluator: &mut Evaluator<'_>, names: impl Iterator<Item = &'a str>, pattern: &str) -> Run<bool> {
    for name in names {
        if evaluator.patterns.like(name, pattern, false)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What every `CimInstance` says of itself, by its name in lower case.
pub(in super::super) fn of_instance(object: &Obj, name: &str) -> Option<Val> {
    let class = cim::class_of(object).filter(|_| !object.type_name().contains(".ManagementObject"))?;
    if name == "cimclass" {
        return Some(class_object(class));
    }
    if name == "cimsystemproperties" {
        return Some(system_properties(class));
    }
    let property = Schema::new(
        &["Microsoft.Management.Infrastructure.CimProperty", "System.Object"],
        &["Name", "Value", "CimType", "Flags"],
    );
    let one = |(name, kind, flags): (&'static str, String, &'static str)| {
        let value = object.get(name).unwrap_or(Val::Null);
        let flags = if value.is_null() { format!("{flags}, NullValue") } else { flags.to_owned() };
        Obj::typed(&property, name, vec![Val::str(name), value, Val::str(kind), Val::str(flags)])
    };
    Some(Val::array(class.declared().map(one).collect()))
}

fn system_properties(class: &Class) -> Val {
    let name = "Microsoft.Management.Infrastructure.CimSystemProperties";
    let schema = Schema::new(&[name, "System.Object"], &["Namespace", "ServerName", "ClassName", "Path"]);
    Obj::typed(&schema, name, vec![Val::str(class.namespace_shown()), Val::Null, Val::str(class.name), Val::Null])
}

fn class_object(class: &'static Class) -> Val {
    let schema = Schema::new(
        &["Microsoft.Management.Infrastructure.CimClass", "System.Object"],
        &["CimClassName", "CimSuperClassName", "CimClassProperties", "CimClassMethods", "CimSystemProperties"],
    );
    let property = Schema::new(
        &["Microsoft.Management.Infrastructure.Internal.Data.CimPropertyDeclarationOfClass", "System.Object"],
        &["Name", "Value", "CimType", "Flags"],
    );
    let method = Schema::new(
        &["Microsoft.Management.Infrastructure.Internal.Data.CimMethodDeclarationOfClass", "System.Object"],
        &["Name", "ReturnType"],
    );
    let properties = class.declared().map(|(name, kind, flags)| {
        Obj::typed(&property, name, vec![Val::str(name), Val::Null, Val::str(kind), Val::str(flags)])
    });
    let methods = class
        .methods
        .iter()
        .map(|declared| Obj::typed(&method, declared.name, vec![Val::str(declared.name), Val::str("UInt32")]));
    let namespace = class.namespace_shown();
    let values = vec![
        Val::str(class.name),
        class.base().map_or(Val::Null, Val::str),
        Val::array(properties.collect()),
        Val::array(methods.collect()),
        system_properties(class),
    ];
    Obj::typed(&schema, format!("{namespace}:{}", class.name), values)
}

/// The pairs of a hashtable of arguments.
pub(super) fn arguments(value: Option<&Val>) -> Vec<(String, Val)> {
    match value {
        Some(Val::Hash(hash)) => hash.entries().into_iter().map(|(key, value)| (text(&key), value)).collect(),
        _ => Vec::new(),
    }
}
