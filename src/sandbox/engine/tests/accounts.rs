//! Local users and groups: what a script finds, makes and changes.

use super::{error_ids, errors, run, shown};

#[test]
fn users_come_change_and_go() {
    let script = "(Get-LocalUser).Count; (Get-LocalUser Admin*).Enabled; (Get-LocalUser Guest).SID.Value -like 'S-1-5-21-*-501'; \
                  (New-LocalUser -Name temp -NoPassword -Description 'for a day').Name; Disable-LocalUser temp; (Get-LocalUser temp).Enabled; \
                  Set-LocalUser temp -FullName 'Temp User' -PasswordNeverExpires $true; (Get-LocalUser temp).FullName; \
                  Get-LocalUser temp | Remove-LocalUser; @(Get-LocalUser temp*).Count";
    assert_eq!(shown(script), ["5", "True", "True", "temp", "False", "Temp User", "0"]);
    let class = "Microsoft.PowerShell.Commands.GetLocalUserCommand";
    assert_eq!(
        errors("Get-LocalUser NoSuchUser"),
        [(format!("UserNotFound,{class}"), "User NoSuchUser was not found.".to_owned())]
    );
    assert_eq!(
        error_ids("New-LocalUser Guest -NoPassword"),
        ["UserExists,Microsoft.PowerShell.Commands.NewLocalUserCommand"]
    );
}

#[test]
fn members_join_and_leave() {
    let script = "(Get-LocalGroupMember Administrators | Where-Object PrincipalSource -eq Local).Name; \
                  Add-LocalGroupMember -Group Administrators -Member svc-task, SANDBOX\\ops; (Get-LocalGroupMember -Group Administrators -Member *ops).Name; \
                  (Get-LocalGroup -SID S-1-5-32-544 | Get-LocalGroupMember).Name -contains 'WEB001\\svc-task'; \
                  Remove-LocalGroupMember Administrators svc-task; (Get-LocalGroupMember Administrators).Name -contains 'WEB001\\svc-task'";
    assert_eq!(shown(script), ["WEB001\\Administrator", "SANDBOX\\ops", "True", "False"]);
    let of = |verb: &str| format!("Microsoft.PowerShell.Commands.{verb}LocalGroupMemberCommand");
    assert_eq!(error_ids("Add-LocalGroupMember Administrators nosuch"), [format!("PrincipalNotFound,{}", of("Add"))]);
    assert_eq!(error_ids("Add-LocalGroupMember Administrators Administrator"), [format!("MemberExists,{}", of("Add"))]);
    assert_eq!(error_ids("Remove-LocalGroupMember Guests nosuch"), [format!("MemberNotFound,{}", of("Remove"))]);
    let (recorder, _) = run("Add-LocalGroupMember Administrators svc-task -WhatIf");
    assert_eq!(
        recorder.lines,
        ["What if: Performing the operation \"Add member svc-task\" on target \"Administrators\"."]
    );
}

#[test]
fn built_in_accounts_stay() {
    let said = errors("Remove-LocalUser Administrator, Guest; Remove-LocalGroup Administrators");
    assert_eq!(said.len(), 3);
    assert!(said.iter().all(|(_, text)| text == "Cannot perform this operation on built-in accounts."), "{said:?}");
    assert_eq!(shown("Remove-LocalGroup Users -ErrorAction Ignore; (Get-LocalGroup Users).Name"), ["Users"]);
}
