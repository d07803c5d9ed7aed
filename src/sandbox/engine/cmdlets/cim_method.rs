//! Invoke-CimMethod, Invoke-WmiMethod, and what they give back.

use std::sync::Arc;

use super::super::cim::{self, Asked, Class, Failure, Form, Outcome};
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::value::{Obj, Schema, Val};
use super::cim::{arguments, error, refuse_others};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 3] = [
    Spec {
        name: "Invoke-CimMethod",
        aliases: &["icim"],
        params: &[
            "ClassName|Class@0",
            "InputObject|CimInstance:CimInstance<",
            "MethodName|Name@1+",
            "Arguments@2",
            "Query",
            "Namespace",
            "ComputerName|CN|ServerName",
            "CimSession",
            "CimClass",
            "ResourceUri",
            "QueryDialect",
            "OperationTimeoutSec|OT",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["CimSession", "CimClass", "ResourceUri", "QueryDialect"])?;
            PerInput::boxed(bound, invoke_cim)
        },
    },
    Spec {
        name: "Invoke-WmiMethod",
        aliases: &["iwmi"],
        params: &[
            "InputObject:ManagementObject<",
            "Class@0",
            "Name@1+",
            "ArgumentList|Args@2",
            "Path",
            "Namespace|NS",
            "ComputerName|Cn",
            "Credential",
            "AsJob!",
            "EnableAllPrivileges!",
            "Impersonation",
            "Authentication",
            "Locale",
            "Authority",
            "ThrottleLimit",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential", "AsJob", "Path"])?;
            PerInput::boxed(bound, invoke_wmi)
        },
    },
    Spec {
        name: "Set-CimInstance",
        aliases: &["scim"],
        params: &["InputObject@0<", "Property|Arguments", "Query", "PassThru!", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, _| Err(ErrorRecord::unsupported("changes of properties of CIM objects; try their methods").into()),
    },
];

/// What a method is called on.
enum Target {
    Class(&'static Class),
    Object(&'static Class, Arc<Obj>),
}

impl Target {
    /// As `-WhatIf` and the provider name it.
    fn of_object(value: &Val) -> Option<Self> {
        let Val::Object(object) = value else { return None };
        Some(Self::Object(cim::class_of(object)?, Arc::clone(object)))
    }

    fn class(&self) -> &'static Class {
        match self {
            Self::Class(class) | Self::Object(class, _) => class,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Class(class) => class.name.to_owned(),
            Self::Object(_, object) => object.text.as_deref().unwrap_or_default().to_owned(),
        }
    }

    fn call(&self, evaluator: &mut Evaluator<'_>, method: &str, args: &[(String, Val)]) -> Run<Outcome> {
        let object = match self {
            Self::Class(_) => None,
            Self::Object(_, object) => Some(object),
        };
        cim::invoke(evaluator, self.class(), object.map(Arc::as_ref), method, args)
    }
}

fn invoke_cim(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    refuse_others(evaluator, bound)?;
    let method = bound.text("MethodName").unwrap_or_default();
    let args = arguments(bound.get("Arguments"));
    let targets = match targets(evaluator, bound, "ClassName")? {
        Ok(targets) => targets,
        Err(failure) => return evaluator.write_error(error(&failure, bound.text("Namespace"))),
    };
    for target in targets {
        let action = format!("Invoke-CimMethod: {method}");
        if !evaluator.should_process(bound, &target.text(), &action)? {
            continue;
        }
        match target.call(evaluator, &method, &args)? {
            Outcome::Done(outs) => out.put(evaluator, cim_result(target.class(), &method, outs))?,
            Outcome::NoSuchMethod => {
                let kind = "Microsoft.Management.Infrastructure.CimException";
                let record = ErrorRecord::new(kind, "Invalid method ", "HRESULT 0x8004102e", 10)
                    .with_target(Val::str(target.text()));
                evaluator.write_error(record)?;
            }
        }
    }
    Ok(())
}

fn targets(evaluator: &mut Evaluator<'_>, bound: &Bound, class: &str) -> Run<Result<Vec<Target>, Failure>> {
    if let Some(target) = bound.get("InputObject").and_then(Target::of_object) {
        return Ok(Ok(vec![target]));
    }
    // The first argument without a name may be an object.
    if let Some(target) = bound.get(class).and_then(Target::of_object) {
        return Ok(Ok(vec![target]));
    }
    if let Some(query) = bound.text("Query") {
        let asked = Asked { query: Some(query), namespace: bound.text("Namespace"), ..Asked::default() };
        let found = cim::ask(evaluator, &asked)?;
        return Ok(found.map(|found| {
            let objects = found.into_iter().map(|instance| instance.into_object(evaluator, Form::Cim));
            objects.filter_map(|object| Target::of_object(&object)).collect()
        }));
    }
    let name = bound.text(class).unwrap_or_default();
    Ok(cim::class_in(bound.text("Namespace").as_deref(), &name).map(|class| vec![Target::Class(class)]))
}

/// Out parameters, the return value, the computer.
fn cim_result(class: &Class, method: &str, outs: Vec<(&'static str, Val)>) -> Val {
    let base = "Microsoft.Management.Infrastructure.CimMethodResult";
    let name = class.methods.iter().find(|own| own.name.eq_ignore_ascii_case(method)).map_or(method, |own| own.name);
    let types = [format!("{base}#{}#{name}", class.name), base.to_owned(), "System.Object".to_owned()];
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    let (names, values): (Vec<&str>, Vec<Val>) = outs.into_iter().chain([("PSComputerName", Val::Null)]).unzip();
    Obj::typed(&Schema::new(&types, &names), base, values)
}

/// `__PARAMETERS`, as methods of WMI objects give it.
pub(super) fn wmi_result(outs: Vec<(&'static str, Val)>) -> Val {
    let types = [
        "System.Management.ManagementBaseObject#\\__PARAMETERS",
        "System.Management.ManagementBaseObject",
        "System.ComponentModel.Component",
        "System.MarshalByRefObject",
        "System.Object",
    ];
    let mut members = vec![
        ("__GENUS", Val::I32(2)),
        ("__CLASS", Val::str("__PARAMETERS")),
        ("__SUPERCLASS", Val::Null),
        ("__DYNASTY", Val::str("__PARAMETERS")),
        ("__RELPATH", Val::Null),
        ("__PROPERTY_COUNT", Val::I32(outs.len() as i32)),
        ("__DERIVATION", cim::texts(Vec::<String>::new())),
        ("__SERVER", Val::Null),
        ("__NAMESPACE", Val::Null),
        ("__PATH", Val::Null),
    ];
    members.extend(outs);
    members.push(("PSComputerName", Val::Null));
    let (names, values): (Vec<&str>, Vec<Val>) = members.into_iter().unzip();
    Obj::typed(&Schema::new(&types, &names), "System.Management.ManagementBaseObject", values)
}

fn invoke_wmi(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    refuse_others(evaluator, bound)?;
    let method = bound.text("Name").unwrap_or_default();
    let targets = match targets(evaluator, bound, "Class")? {
        Ok(targets) => targets,
        Err(failure) => return evaluator.write_error(super::wmi::error(&failure)),
    };
    for target in targets {
        let action = format!("Invoke-WmiMethod ({method})");
        if !evaluator.should_process(bound, &target.text(), &action)? {
            continue;
        }
        let args = by_place(target.class(), &method, bound.items("ArgumentList"));
        match target.call(evaluator, &method, &args)? {
            Outcome::Done(outs) => out.put(evaluator, wmi_result(outs))?,
            Outcome::NoSuchMethod => {
                let kind = "System.InvalidOperationException";
                let record = ErrorRecord::new(kind, "Invalid method ", "InvokeWMIManagementException", 7);
                evaluator.write_error(record)?;
            }
        }
    }
    Ok(())
}

/// Arguments by the places of a method's parameters.
pub(super) fn by_place(class: &Class, method: &str, args: Vec<Val>) -> Vec<(String, Val)> {
    let found = class.methods.iter().find(|own| own.name.eq_ignore_ascii_case(method));
    let names = found.map_or(&[][..], |method| &method.params[..]);
    names.iter().map(|(_, name)| (*name).to_owned()).zip(args).collect()
}
