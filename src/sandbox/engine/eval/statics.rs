//! Static members: `[math]::Round(...)`, `[datetime]::UtcNow` and the like.

use uuid::Uuid;

use super::super::cmdlets::method_failed;
use super::super::convert::{cast, text};
use super::super::dotnet;
use super::super::errors::{ErrorRecord, HINT};
use super::super::types::{TypeRef, is_exception};
use super::super::value::Val;
use super::{Evaluator, Run};

impl Evaluator<'_> {
    pub(super) fn static_property(&mut self, object: &Val, name: &str) -> Run<Val> {
        let Val::Type(kind) = object else { return self.property_of(object, name) };
        if let Some(value) = self.script_static(kind, name)? {
            return Ok(value);
        }
        let lower = name.to_ascii_lowercase();
        let found = match &*kind.full {
            "System.Environment" => self.environment_property(&lower),
            "System.IO.Path" => super::statics_path::property(&lower),
            "System.Management.Automation.ErrorCategory" => {
                Some(ErrorRecord::category_value(name).unwrap_or(Val::Null))
            }
            _ => dotnet::static_property(self, kind, name),
        };
        match found {
            Some(value) => Ok(value),
            None if dotnet::find_enum(&kind.full).is_some() => Ok(Val::Null),
            None => Err(ErrorRecord::unsupported(&format!("[{}]::{name}", kind.text())).into()),
        }
    }

    pub(in super::super) fn static_call(&mut self, object: &Val, name: &str, args: &[Val]) -> Run<Val> {
        let Val::Type(kind) = object else { return self.method(object, name, args) };
        self.step(1)?;
        let lower = name.to_ascii_lowercase();
        dotnet::check_static(&kind.full, name, args.len())?;
        if let Some(value) = self.script_static_call(kind, &lower, args)? {
            return Ok(value);
        }
        let found = match (&*kind.full, lower.as_str()) {
            (_, "new") => self.construct(kind, args)?,
            ("System.Environment", _) => self.environment_call(&lower, args)?,
            ("System.IO.Path", _) => super::statics_path::call(&lower, args),
            ("System.Net.Dns", _) => super::dns::call(self, &lower, args)?,
            ("System.Security.Principal.WindowsIdentity", "getcurrent") => Some(self.current_identity()),
            ("System.Text.RegularExpressions.Regex", _) => self.regex_call(&lower, args)?,
            ("System.IO.File" | "System.IO.Directory", _) => {
                super::super::cmdlets::file_static(self, kind.name() == "Directory", name, args)?
            }
            _ => dotnet::static_call(self, kind, name, args)?,
        };
        found.ok_or_else(|| {
            let message = format!(
                "Method invocation failed because [{}] does not contain a method named '{name}'. {HINT}",
                kind.full
            );
            ErrorRecord::runtime(message, "MethodNotFound", 7).with_target(Val::str(name)).into()
        })
    }

    /// A guid that is the same for the same host, time and place in the script.
    pub(in super::super) fn new_guid(&mut self) -> Uuid {
        let mixed = u128::from(self.random()) << 64 | u128::from(self.random());
        uuid::Builder::from_random_bytes(mixed.to_be_bytes()).into_uuid()
    }

    /// 64 bits of chance, the same for the same host, time and place in the script.
    pub(in super::super) fn random(&mut self) -> u64 {
        self.pipelines += 1;
        let time = self.runtime.now().as_nanosecond() as u64;
        self.host.chance("script", time ^ self.pipelines.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// `[type]::new(...)` and `New-Object type ...`
    pub(in super::super) fn construct(&mut self, kind: &TypeRef, args: &[Val]) -> Run<Option<Val>> {
        if let Some(made) = self.script_static_call(kind, "new", args)? {
            return Ok(Some(made));
        }
        Ok(Some(match &*kind.full {
            full if is_exception(full) => dotnet::exception(full, args)?,
            "System.Management.Automation.ErrorRecord" => return Ok(ErrorRecord::of_args(args)?),
            "System.Management.Automation.PSObject"
            | "System.Object"
            | "System.Management.Automation.PSCustomObject" => super::super::value::Obj::custom(Vec::new()),
            "System.Text.RegularExpressions.Regex" => return self.new_regex(args),
            "System.Management.Automation.PSNoteProperty"
            | "System.Management.Automation.PSScriptProperty"
            | "System.Management.Automation.PSAliasProperty"
            | "System.Management.Automation.PSScriptMethod" => return Ok(self.new_member(kind, args)),
            "System.Version" | "System.Guid" => {
                let made = match args {
                    [one] => cast(one, kind),
                    many => cast(&Val::str(many.iter().map(text).collect::<Vec<_>>().join(".")), kind),
                };
                made.map_err(|record| of_constructor(record, args))?
            }
            _ => return dotnet::construct(self, kind, args),
        }))
    }
}

/// What a conversion refused in the words of a constructor that threw.
fn of_constructor(record: ErrorRecord, args: &[Val]) -> ErrorRecord {
    let conversion = record.exception.inner.as_ref();
    match conversion.and_then(|conversion| conversion.inner.as_ref()) {
        Some(cause) => method_failed(".ctor", args, &cause.message, "FormatException"),
        None => record,
    }
}
