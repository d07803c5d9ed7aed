//! Objects and errors of the modules whose functions are made of CIM classes: tasks, printers, shares, Defender.

use std::sync::Arc;

use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run};
use super::super::pattern::has_wildcards;
use super::super::value::{Obj, Schema, Val};
use super::Bound;
use super::per_input::{PerInput, Work};

const INSTANCE: &str = "Microsoft.Management.Infrastructure.CimInstance";

/// A class behind such functions.
pub(super) struct CimClass {
    /// With slashes, as in `Root/StandardCimv2`.
    pub(super) namespace: &'static str,
    pub(super) name: &'static str,
    pub(super) properties: &'static [&'static str],
}

impl CimClass {
    pub(super) fn schema(&self) -> Arc<Schema> {
        let full = format!("{INSTANCE}#{}/{}", self.namespace, self.name);
        let short = format!("{INSTANCE}#{}", self.name);
        let names: Vec<&str> = self.properties.iter().copied().chain(["PSComputerName"]).collect();
        Schema::new(&[&full, &short, INSTANCE, "System.Object"], &names)
    }

    /// An instance of the class; values in the order of its properties, those that are missing are null.
    pub(super) fn instance(&self, schema: &Arc<Schema>, mut values: Vec<Val>) -> Val {
        values.resize(self.properties.len() + 1, Val::Null);
        Obj::typed(schema, self.name, values)
    }

    /// No instance has a value that was asked for.
    ///
    /// Source: public transcripts of functions of CDXML modules.
    pub(super) fn not_found(&self, function: &str, property: &str, value: &str) -> ErrorRecord {
        let message = format!(
            "No {} objects found with property '{property}' equal to '{value}'.  Verify the value of the property and retry.",
            self.name
        );
        let kind = "Microsoft.PowerShell.Cmdletization.Cim.CimJobException";
        let id = format!("CmdletizationQuery_NotFound_{property},{function}");
        ErrorRecord::new(kind, message, id, 13).with_target(Val::str(value))
    }
}

/// An error of the provider behind a function.
pub(super) fn provider_error(function: &str, code: u32, message: &str, category: u8, target: Val) -> ErrorRecord {
    let id = format!("HRESULT 0x{code:08x},{function}");
    ErrorRecord::new("Microsoft.Management.Infrastructure.CimException", message, id, category).with_target(target)
}

/// Whether one of several patterns matches; no pattern matches all.
pub(super) fn is_any(evaluator: &mut Evaluator<'_>, patterns: &[String], value: &str) -> Run<bool> {
    Ok(patterns.is_empty() || evaluator.patterns.any(value, patterns)?)
}

/// Whether a name stands for itself alone.
pub(super) fn is_literal(name: &str) -> bool {
    !has_wildcards(name)
}

/// Makes a function that refuses what needs another session or a job.
pub(super) fn made(bound: Bound, work: Work) -> Run<Box<dyn Cmdlet>> {
    bound.refuse(&["CimSession", "AsJob"])?;
    PerInput::boxed(bound, work)
}
