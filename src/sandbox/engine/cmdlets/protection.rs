//! Microsoft Defender and Windows Server Backup.

use jiff::Timestamp;

use super::super::datetime::DateTime;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::value::{Obj, Schema, Val};
use super::cdxml::{CimClass, made, provider_error};
use super::{Bound, PerInput, Spec};

const SESSION: [&str; 3] = ["CimSession|Session", "ThrottleLimit", "AsJob!"];

pub(super) static SPECS: [Spec; 4] = [
    Spec { name: "Get-MpComputerStatus", aliases: &[], params: &SESSION, make: |_, bound| made(bound, status) },
    Spec { name: "Get-MpPreference", aliases: &[], params: &SESSION, make: |_, bound| made(bound, preference) },
    Spec {
        name: "Update-MpSignature",
        aliases: &[],
        params: &["UpdateSource", "CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| made(bound, update),
    },
    Spec { name: "Get-WBSummary", aliases: &[], params: &[], make: |_, bound| PerInput::boxed(bound, backups) },
];

const NAMESPACE: &str = "ROOT/Microsoft/Windows/Defender";

// Source: learn.microsoft.com, MSFT_MpComputerStatus and MSFT_MpPreference classes.
const STATUS: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_MpComputerStatus",
    properties: &[
        "AMEngineVersion",
        "AMProductVersion",
        "AMRunningMode",
        "AMServiceEnabled",
        "AMServiceVersion",
        "AntispywareEnabled",
        "AntispywareSignatureAge",
        "AntispywareSignatureLastUpdated",
        "AntispywareSignatureVersion",
        "AntivirusEnabled",
        "AntivirusSignatureAge",
        "AntivirusSignatureLastUpdated",
        "AntivirusSignatureVersion",
        "BehaviorMonitorEnabled",
        "ComputerID",
        "ComputerState",
        "DefenderSignaturesOutOfDate",
        "FullScanAge",
        "FullScanEndTime",
        "FullScanStartTime",
        "IoavProtectionEnabled",
        "IsTamperProtected",
        "IsVirtualMachine",
        "LastFullScanSource",
        "LastQuickScanSource",
        "NISEnabled",
        "NISSignatureAge",
        "NISSignatureLastUpdated",
        "NISSignatureVersion",
        "OnAccessProtectionEnabled",
        "QuickScanAge",
        "QuickScanEndTime",
        "QuickScanStartTime",
        "RealTimeProtectionEnabled",
        "RealTimeScanDirection",
        "RebootRequired",
    ],
};
const PREFERENCE: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_MpPreference",
    properties: &[
        "CheckForSignaturesBeforeRunningScan",
        "DisableBehaviorMonitoring",
        "DisableIOAVProtection",
        "DisableRealtimeMonitoring",
        "DisableScriptScanning",
        "EnableControlledFolderAccess",
        "ExclusionExtension",
        "ExclusionPath",
        "ExclusionProcess",
        "MAPSReporting",
        "PUAProtection",
        "ScanScheduleDay",
        "ScanScheduleTime",
        "SignatureUpdateInterval",
        "SubmitSamplesConsent",
    ],
};

/// Without its service Defender answers nothing.
fn is_reachable(evaluator: &mut Evaluator<'_>, function: &str) -> Run<bool> {
    let is_running = evaluator.machine.defender(evaluator.host_time()).is_running;
    if !is_running {
        let message = "The extrinsic Method could not be executed.";
        evaluator.write_error(provider_error(function, 0x8007_06BA, message, 0, Val::Null))?;
    }
    Ok(is_running)
}

fn days(now: Timestamp, then: Timestamp) -> Val {
    Val::U32(u32::try_from(now.duration_since(then).as_secs() / 86_400).unwrap_or_default())
}

fn status(evaluator: &mut Evaluator<'_>, _bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    if !is_reachable(evaluator, "Get-MpComputerStatus")? {
        return Ok(());
    }
    let now = evaluator.host_time();
    let defender = evaluator.machine.defender(now);
    let offset = evaluator.host.utc_offset_minutes();
    let time = |time: Timestamp| Val::DateTime(DateTime::local(time, offset));
    let version = Val::str(format!("1.437.{}.0", defender.signature));
    let (age, updated) = (days(now, defender.updated), time(defender.updated));
    let yes = Val::Bool(true);
    let watches = Val::Bool(defender.watches);
    let product = Val::str("4.18.25080.5");
    let before = |then: Timestamp| then.checked_sub(jiff::SignedDuration::from_mins(7)).unwrap_or(then);
    // Without a full scan the age is the highest number.
    let full_age = defender.full_scan.map_or(Val::U32(u32::MAX), |scan| days(now, scan));
    let values = vec![
        Val::str("1.1.25080.5"),
        product.clone(),
        Val::str("Normal"),
        yes.clone(),
        product,
        yes.clone(),
        age.clone(),
        updated.clone(),
        version.clone(),
        yes.clone(),
        age.clone(),
        updated.clone(),
        version.clone(),
        watches.clone(),
        Val::str(format!("8F1B6A2C-3D4E-4F50-9A6B-{:012X}", evaluator.host.index())),
        Val::U32(0),
        Val::Bool(now.duration_since(defender.updated).as_hours() > 7 * 24),
        full_age,
        defender.full_scan.map_or(Val::Null, time),
        defender.full_scan.map_or(Val::Null, |scan| time(before(scan))),
        watches.clone(),
        Val::Bool(false),
        yes,
        Val::U32(0),
        Val::U32(2),
        watches.clone(),
        age,
        updated,
        version,
        watches.clone(),
        days(now, defender.quick_scan),
        time(defender.quick_scan),
        time(before(defender.quick_scan)),
        watches,
        Val::U32(0),
        Val::Bool(false),
    ];
    out.put(evaluator, STATUS.instance(&STATUS.schema(), values))
}

fn preference(evaluator: &mut Evaluator<'_>, _bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    if !is_reachable(evaluator, "Get-MpPreference")? {
        return Ok(());
    }
    let watches = evaluator.machine.defender(evaluator.host_time()).watches;
    let none = Val::Null;
    let values = vec![
        Val::Bool(false),
        Val::Bool(!watches),
        Val::Bool(!watches),
        Val::Bool(!watches),
        Val::Bool(false),
        Val::U8(0),
        none.clone(),
        none.clone(),
        none,
        Val::U8(2),
        Val::U8(0),
        Val::U8(0),
        Val::TimeSpan(2 * 3600 * 10_000_000),
        Val::U32(0),
        Val::U8(1),
    ];
    out.put(evaluator, PREFERENCE.instance(&PREFERENCE.schema(), values))
}

fn update(evaluator: &mut Evaluator<'_>, _bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    if is_reachable(evaluator, "Update-MpSignature")? {
        let now = evaluator.host_time();
        evaluator.machine.update_signatures(now);
    }
    Ok(())
}

fn backups(evaluator: &mut Evaluator<'_>, _bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    // Source: learn.microsoft.com, Get-WBSummary; the order is that of public transcripts.
    let names = [
        "NextBackupTime",
        "NumberOfVersions",
        "LastSuccessfulBackupTime",
        "LastSuccessfulBackupTargetPath",
        "LastSuccessfulBackupTargetLabel",
        "LastBackupTime",
        "LastBackupTarget",
        "DetailedMessage",
        "LastBackupResultHR",
        "LastBackupResultDetailedHR",
        "CurrentOperationStatus",
    ];
    let class = "Microsoft.Windows.ServerBackup.Commands.WBSummary";
    let backups = evaluator.machine.backups(evaluator.host_time());
    let offset = evaluator.host.utc_offset_minutes();
    let time = |time| Val::DateTime(DateTime::local(time, offset));
    let target = Val::str(format!("\\\\file001\\backup\\{}", evaluator.host.name()));
    let message =
        if backups.result == 0 { "" } else { "The operation was stopped before the backup of a volume was finished." };
    let values = vec![
        time(backups.next),
        Val::I32(backups.count as i32),
        time(backups.last_success),
        target.clone(),
        Val::str(""),
        time(backups.last),
        target,
        Val::str(message),
        Val::I64(backups.result.into()),
        Val::I64(backups.result.into()),
        Val::of_enum("Microsoft.Windows.ServerBackup.Commands.WBCurrentOperationStatus", "NoOperationInProgress", 0),
    ];
    out.put(evaluator, Obj::typed(&Schema::new(&[class, "System.Object"], &names), class, values))
}
