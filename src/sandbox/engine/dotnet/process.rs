//! What scripts ask of the process that they run in, and small classes of PowerShell itself.

use std::sync::Arc;
use std::time::Duration;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Flow};
use super::super::parser;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Fault, Outcome, arg_int, arg_text};

pub(super) fn property(evaluator: &Evaluator<'_>, kind: &TypeRef, name: &str) -> Option<Val> {
    Some(match (kind.name(), name) {
        ("AppDomain", "currentdomain") => {
            let schema = Schema::new(&["System.AppDomain", "System.Object"], &["FriendlyName", "Id", "BaseDirectory"]);
            let values = vec![
                Val::str("DefaultAppDomain"),
                Val::I32(1),
                Val::str("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\"),
            ];
            Obj::typed(&schema, "System.AppDomain", values)
        }
        ("ServicePointManager", "securityprotocol") => super::enum_value("System.Net.SecurityProtocolType", "Tls12")?,
        ("ServicePointManager", "defaultconnectionlimit") => Val::I32(2),
        ("RuntimeInformation", "osarchitecture" | "processarchitecture") => {
            Val::of_enum("System.Runtime.InteropServices.Architecture", "X64", 1)
        }
        ("RuntimeInformation", "frameworkdescription") => Val::str(".NET Framework 4.8.4161.0"),
        ("RuntimeInformation", "osdescription") => {
            Val::str(format!("Microsoft Windows 10.0.{} ", evaluator.host.operating_system().build))
        }
        _ => return None,
    })
}

pub(super) fn statics(evaluator: &mut Evaluator<'_>, kind: &TypeRef, name: &str, args: &[Val]) -> Outcome {
    Ok(Some(match (kind.name(), name) {
        ("GC", "collect" | "waitforpendingfinalizers") => Val::Void,
        ("GC", "gettotalmemory") => Val::I64(48_234_496),
        ("Thread", "sleep") => {
            let milliseconds = match args.first() {
                Some(Val::TimeSpan(ticks)) => ticks / 10_000,
                _ => arg_int(args, 0)?,
            };
            let time = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
            if evaluator.runtime.sleep(time).is_break() {
                return Err(Flow::Stopped.into());
            }
            Val::Void
        }
        ("Process", "getcurrentprocess" | "getprocesses" | "getprocessesbyname" | "getprocessbyid") => {
            let script = match name {
                "getcurrentprocess" => "Get-Process -Id $PID".to_owned(),
                "getprocesses" => "Get-Process".to_owned(),
                "getprocessbyid" => format!("Get-Process -Id {} -ErrorAction Stop", arg_int(args, 0)?),
                _ => format!("Get-Process -Name {} -ErrorAction Ignore", crate::script::quoted(&arg_text(args, 0))),
            };
            evaluator.run_inline(&parsed(&script)?)?
        }
        // Assemblies are there already.
        ("Assembly", "loadwithpartialname" | "load" | "loadfrom" | "loadfile") => {
            let schema = Schema::new(
                &["System.Reflection.RuntimeAssembly", "System.Object"],
                &["FullName", "GlobalAssemblyCache"],
            );
            let name = arg_text(args, 0);
            Obj::typed(&schema, name.as_str(), vec![Val::str(name.as_str()), Val::Bool(true)])
        }
        ("ScriptBlock", "create") => Val::Script(parsed(&arg_text(args, 0))?),
        ("WildcardPattern", "escape") => Val::str(
            arg_text(args, 0)
                .chars()
                .flat_map(|next| "*?[]`".contains(next).then_some('`').into_iter().chain([next]))
                .collect::<String>(),
        ),
        ("WildcardPattern", "unescape") => {
            let (mut out, given) = (String::new(), arg_text(args, 0));
            let mut chars = given.chars().peekable();
            while let Some(next) = chars.next() {
                match (next, chars.peek()) {
                    ('`', Some(escaped)) if "*?[]`".contains(*escaped) => out.extend(chars.next()),
                    _ => out.push(next),
                }
            }
            Val::str(out)
        }
        ("WildcardPattern", "containswildcardcharacters") => {
            Val::Bool(super::super::pattern::has_wildcards(&arg_text(args, 0)))
        }
        ("WildcardPattern", "get") => wildcard(args),
        ("Console", "writeline" | "write") => {
            // The host of a remote session has no console: it goes nowhere.
            Val::Void
        }
        _ => return Ok(None),
    }))
}

fn parsed(source: &str) -> Result<Arc<super::super::ast::Script>, Fault> {
    parser::parse(source).map_err(|error| {
        let record = ErrorRecord::of_parse_error(&error, &source.into());
        Fault::from(ErrorRecord { ends_script: false, ..record })
    })
}

/// `[WildcardPattern]::new(...)`
pub(super) fn wildcard(args: &[Val]) -> Val {
    let schema =
        Schema::new(&["System.Management.Automation.WildcardPattern", "System.Object"], &["Pattern", "Ignores"]);
    let ignores = arg_text(args, 1).to_lowercase().contains("ignorecase");
    Obj::typed(
        &schema,
        "System.Management.Automation.WildcardPattern",
        vec![Val::str(arg_text(args, 0)), Val::Bool(ignores)],
    )
}

pub(super) fn wildcard_method(evaluator: &mut Evaluator<'_>, object: &Arc<Obj>, name: &str, args: &[Val]) -> Outcome {
    let pattern = object.get("Pattern").map_or_else(String::new, |pattern| text(&pattern));
    let ignores = object.get("Ignores").is_some_and(|ignores| super::super::convert::truth(&ignores));
    Ok(match name {
        "ismatch" => Some(Val::Bool(evaluator.patterns.like(&arg_text(args, 0), &pattern, !ignores)?)),
        "towql" => Some(Val::str(pattern.replace('*', "%").replace('?', "_"))),
        _ => None,
    })
}
