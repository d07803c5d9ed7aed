//! Variables that a runspace starts with, and that scripts may set.

use super::super::value::Val;

/// They hold as long as no script sets them; by name, as Get-Variable lists them.
pub(super) const INITIAL: [&str; 12] = [
    "ConfirmPreference",
    "DebugPreference",
    "ErrorActionPreference",
    "FormatEnumerationLimit",
    "InformationPreference",
    "MaximumHistoryCount",
    "ProgressPreference",
    "PSCommandPath",
    "PSScriptRoot",
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
        "maximumhistorycount" => Val::I32(4096),
        // A script that was sent has no file.
        "pscommandpath" | "psscriptroot" => Val::str(""),
        _ => return None,
    })
}
