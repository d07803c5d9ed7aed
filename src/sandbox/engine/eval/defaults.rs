//! Variables that a runspace starts with, and that scripts may set.

use super::super::dotnet::find_enum;
use super::super::errors::ErrorRecord;
use super::super::value::Val;

/// They hold as long as no script sets them; by name, as Get-Variable lists them.
pub(super) const INITIAL: [&str; 22] = [
    "ConfirmPreference",
    "DebugPreference",
    "ErrorActionPreference",
    "ErrorView",
    "FormatEnumerationLimit",
    "InformationPreference",
    "MaximumAliasCount",
    "MaximumDriveCount",
    "MaximumErrorCount",
    "MaximumFunctionCount",
    "MaximumHistoryCount",
    "MaximumVariableCount",
    "OutputEncoding",
    "ProgressPreference",
    "PSCommandPath",
    "PSEmailServer",
    "PSScriptRoot",
    "PSSessionApplicationName",
    "PSSessionConfigurationName",
    "VerbosePreference",
    "WarningPreference",
    "WhatIfPreference",
];

/// What the variable of this name, in lower case, has from the start.
pub(super) fn initial(name: &str) -> Option<Val> {
    let action = |name, number| Val::of_enum("System.Management.Automation.ActionPreference", name, number);
    Some(match name {
        "erroractionpreference" | "progresspreference" | "warningpreference" => action("Continue", 2),
        "debugpreference" | "informationpreference" | "verbosepreference" => action("SilentlyContinue", 0),
        "confirmpreference" => Val::of_enum("System.Management.Automation.ConfirmImpact", "High", 3),
        "whatifpreference" => Val::Bool(false),
        "formatenumerationlimit" => Val::I32(4),
        "errorview" => Val::str("NormalView"),
        "outputencoding" => super::super::dotnet::encoding_named("ascii")?,
        "psemailserver" => Val::str(""),
        "maximumerrorcount" => Val::I32(256),
        "pssessionapplicationname" => Val::str("wsman"),
        "pssessionconfigurationname" => Val::str("http://schemas.microsoft.com/powershell/Microsoft.PowerShell"),
        "maximumaliascount"
        | "maximumdrivecount"
        | "maximumfunctioncount"
        | "maximumvariablecount"
        | "maximumhistorycount" => Val::I32(4096),
        // A script that was sent has no file.
        "pscommandpath" | "psscriptroot" => Val::str(""),
        _ => return None,
    })
}

/// A value as a preference variable takes it: in the global scope they have types.
pub(super) fn preference(name: &str, value: Val) -> Result<Val, ErrorRecord> {
    let kind = match name {
        "erroractionpreference"
        | "warningpreference"
        | "verbosepreference"
        | "debugpreference"
        | "informationpreference"
        | "progresspreference" => "System.Management.Automation.ActionPreference",
        "confirmpreference" => "System.Management.Automation.ConfirmImpact",
        _ => return Ok(value),
    };
    let Some(kind) = find_enum(kind) else { return Ok(value) };
    kind.convert(&value).map_err(|record| {
        let kind = "System.Management.Automation.ArgumentTransformationMetadataException";
        ErrorRecord::new(kind, record.message().clone(), "RuntimeException", 10)
    })
}
