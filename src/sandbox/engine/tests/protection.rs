//! Microsoft Defender, backups, jobs.

use super::{error_ids, shown};

#[test]
fn defender_tells_its_state() {
    let script = "$s = Get-MpComputerStatus; $s.AntivirusEnabled; $s.AntivirusSignatureVersion -like '1.437.*'; \
                  Update-MpSignature; (Get-MpComputerStatus).AntivirusSignatureAge; (Get-MpPreference).DisableRealtimeMonitoring -ne $s.RealTimeProtectionEnabled";
    assert_eq!(shown(script), ["True", "True", "0", "True"]);
    let ids = error_ids("Stop-Process -Name MsMpEng; Set-Service WinDefend -Status Stopped; Get-MpComputerStatus");
    assert_eq!(ids.last().map(String::as_str), Some("HRESULT 0x800706ba,Get-MpComputerStatus"));
}

#[test]
fn backups_run_each_night() {
    let script = "$b = Get-WBSummary; ($b.NextBackupTime - $b.LastBackupTime).TotalHours; $b.LastSuccessfulBackupTime -le $b.LastBackupTime; \
                  $b.NumberOfVersions -gt 0; @(Get-Job).Count";
    assert_eq!(shown(script), ["24", "True", "True", "0"]);
    assert_eq!(
        error_ids("Get-Job 7; Get-Job -Name nosuch"),
        [
            "JobWithSpecifiedSessionNotFound,Microsoft.PowerShell.Commands.GetJobCommand",
            "JobWithSpecifiedNameNotFound,Microsoft.PowerShell.Commands.GetJobCommand"
        ]
    );
}
