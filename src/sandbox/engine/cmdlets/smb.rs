//! The configuration of the SMB server, kept where Windows keeps it: in the registry.

use super::super::convert::truth;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::RegistryData;
use super::super::value::Val;
use super::Bound;
use super::Spec;
use super::cdxml::{CimClass, made};

pub(super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Get-SmbServerConfiguration",
        aliases: &[],
        params: &["CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| made(bound, get),
    },
    Spec {
        name: "Set-SmbServerConfiguration",
        aliases: &[],
        params: &[
            "EnableSMB1Protocol",
            "EnableSMB2Protocol",
            "RequireSecuritySignature",
            "EnableSecuritySignature",
            "EncryptData",
            "RejectUnencryptedAccess",
            "AuditSmb1Access",
            "AutoShareServer",
            "ServerHidden",
            "Force!",
            "CimSession|Session",
            "ThrottleLimit",
            "AsJob!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| made(bound, set),
    },
];

const PATH: &str = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters";

/// What a setting is when nobody set it.
#[derive(Clone, Copy)]
enum Default {
    On,
    Off,
    Number(u32),
    Text(&'static str),
}

use self::Default::{Number, Off, On, Text};

/// Settings with the names of their values in the registry.
///
/// Source: learn.microsoft.com, Get-SmbServerConfiguration (SmbShare) and MSFT_SmbServerConfiguration class.
const SETTINGS: [(&str, &str, Default); 42] = [
    ("AnnounceComment", "srvcomment", Text("")),
    ("AnnounceServer", "Announce", Off),
    ("AsynchronousCredits", "AsynchronousCredits", Number(512)),
    ("AuditSmb1Access", "AuditSmb1Access", Off),
    ("AutoDisconnectTimeout", "autodisconnect", Number(15)),
    ("AutoShareServer", "AutoShareServer", On),
    ("AutoShareWorkstation", "AutoShareWks", On),
    ("CachedOpenLimit", "CachedOpenLimit", Number(10)),
    ("DurableHandleV2TimeoutInSeconds", "DurableHandleV2TimeoutInSeconds", Number(180)),
    ("EnableAuthenticateUserSharing", "EnableAuthenticateUserSharing", Off),
    ("EnableDownlevelTimewarp", "EnableDownlevelTimewarp", Off),
    ("EnableForcedLogoff", "enableforcedlogoff", On),
    ("EnableLeasing", "EnableLeasing", On),
    ("EnableMultiChannel", "EnableMultiChannel", On),
    ("EnableOplocks", "EnableOplocks", On),
    ("EnableSecuritySignature", "enablesecuritysignature", Off),
    ("EnableSMB1Protocol", "SMB1", Off),
    ("EnableSMB2Protocol", "SMB2", On),
    ("EnableStrictNameChecking", "EnableStrictNameChecking", On),
    ("EncryptData", "EncryptData", Off),
    ("IrpStackSize", "IRPStackSize", Number(15)),
    ("KeepAliveTime", "KeepAliveTime", Number(2)),
    ("MaxChannelPerSession", "MaxChannelPerSession", Number(32)),
    ("MaxMpxCount", "MaxMpxCt", Number(50)),
    ("MaxSessionPerConnection", "MaxSessionPerConnection", Number(16_384)),
    ("MaxThreadsPerQueue", "MaxThreadsPerQueue", Number(20)),
    ("MaxWorkItems", "MaxWorkItems", Number(1)),
    ("NullSessionPipes", "NullSessionPipes", Text("")),
    ("NullSessionShares", "NullSessionShares", Text("")),
    ("OplockBreakWait", "OplockBreakWait", Number(35)),
    ("PendingClientTimeoutInSeconds", "PendingClientTimeoutInSeconds", Number(120)),
    ("RejectUnencryptedAccess", "RejectUnencryptedAccess", On),
    ("RequireSecuritySignature", "requiresecuritysignature", Off),
    ("ServerHidden", "Hidden", On),
    ("Smb2CreditsMax", "Smb2CreditsMax", Number(8192)),
    ("Smb2CreditsMin", "Smb2CreditsMin", Number(512)),
    ("SmbServerNameHardeningLevel", "SmbServerNameHardeningLevel", Number(0)),
    ("TreatHostAsStableStorage", "TreatHostAsStableStorage", Off),
    ("ValidateAliasNotCircular", "ValidateAliasNotCircular", On),
    ("ValidateShareScope", "ValidateShareScope", On),
    ("ValidateShareScopeNotAliased", "ValidateShareScopeNotAliased", On),
    ("ValidateTargetName", "ValidateTargetName", On),
];

const NAMES: [&str; SETTINGS.len()] = {
    let mut names = [""; SETTINGS.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = SETTINGS[place].0;
        place += 1;
    }
    names
};

const CONFIGURATION: CimClass =
    CimClass { namespace: "ROOT/Microsoft/Windows/SMB", name: "MSFT_SmbServerConfiguration", properties: &NAMES };

fn get(evaluator: &mut Evaluator<'_>, _: &Bound, out: &mut dyn Sink) -> Run<()> {
    let registry = evaluator.machine.registry();
    let key = registry.find(PATH);
    let has_smb1 = evaluator.machine.installed_features().contains(&"FS-SMB1");
    let value = |&(name, value, default): &(&str, &str, Default)| {
        let set = match key.and_then(|key| key.value(value)) {
            Some(RegistryData::Dword(number)) => Some(*number),
            _ => None,
        };
        match default {
            // Without its feature nothing speaks it, whatever the registry says.
            _ if name == "EnableSMB1Protocol" => Val::Bool(has_smb1 && set != Some(0)),
            On => Val::Bool(set != Some(0)),
            Off => Val::Bool(set.is_some_and(|set| set != 0)),
            Number(number) => Val::U32(set.unwrap_or(number)),
            Text(text) => Val::str(text),
        }
    };
    let values = SETTINGS.iter().map(value).collect();
    out.put(evaluator, CONFIGURATION.instance(&CONFIGURATION.schema(), values))
}

fn set(evaluator: &mut Evaluator<'_>, bound: &Bound, _: &mut dyn Sink) -> Run<()> {
    if !evaluator.should_process(bound, "SMB Server Configuration", "Modify")? {
        return Ok(());
    }
    for (name, value, _) in SETTINGS {
        let Some(given) = bound.get(name).map(truth) else { continue };
        if evaluator.machine.set_registry_value(PATH, value, RegistryData::Dword(given.into())).is_err() {
            return evaluator.write_error(ErrorRecord::full("registry values"));
        }
    }
    Ok(())
}
