# The members of the local group Administrators, and whether each is allowed there: an object for each.
#
# Sources: learn.microsoft.com, Win32_Group class, Win32_GroupUser class (GroupComponent and PartComponent are references);
# Well-known SIDs (S-1-5-32-544 is the group in every language). Get-LocalGroupMember is not asked: in Windows PowerShell it fails
# when the group has a member whose account is gone (github.com/PowerShell/PowerShell, issue 2996); CIM leaves such a member out.
param(
    # Names, as DOMAIN\name and with wildcards, of those that may be administrators.
    [string[]] $Allowed = @('*\Administrator', '*\Domain Admins')
)

if (-not (Get-Command -Name Get-CimInstance -ErrorAction SilentlyContinue)) {
    return [pscustomobject]@{ Unknown = 'There is no Get-CimInstance on this host.' }
}
try {
    # Without LocalAccount Windows would go through all groups of the domain.
    $group = Get-CimInstance -ClassName Win32_Group -Filter "LocalAccount = TRUE AND SID = 'S-1-5-32-544'" -ErrorAction Stop
    if (-not $group) {
        return [pscustomobject]@{ Unknown = 'The host has no group S-1-5-32-544.' }
    }
    $of = "Win32_Group.Domain='$($group.Domain)',Name='$($group.Name)'"
    $members = @(Get-CimInstance -ClassName Win32_GroupUser -Filter "GroupComponent = `"$of`"" -ErrorAction Stop)
} catch {
    return [pscustomobject]@{ Unknown = "The members of the group cannot be read: $($_.Exception.Message)" }
}
foreach ($member in $members) {
    $account = $member.PartComponent
    $name = "$($account.Domain)\$($account.Name)"
    $isAllowed = 'no'
    if (@($Allowed | Where-Object { $name -like $_ }).Count -gt 0) {
        $isAllowed = 'yes'
    }
    [pscustomobject]@{
        Member  = $name
        Allowed = $isAllowed
    }
}
