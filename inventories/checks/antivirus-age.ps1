# How old the signatures of Microsoft Defender are: one object.
#
# Sources: learn.microsoft.com, MSFT_MpComputerStatus class (AntivirusSignatureLastUpdated; the classes answer only while the service
# runs); forum.bigfix.com, "Registry Byte String to Date - Windows Defender SignaturesLastUpdated": the registry has the same as a
# FILETIME, the lowest byte first.
param()

$updated = $null
$version = ''
$from = 'Microsoft Defender'
if (Get-Command -Name Get-MpComputerStatus -ErrorAction SilentlyContinue) {
    try {
        $status = Get-MpComputerStatus -ErrorAction Stop
        $updated = $status.AntivirusSignatureLastUpdated
        $version = $status.AntivirusSignatureVersion
    } catch {
        # While its service is stopped only the registry tells.
        $updated = $null
    }
}
if ($null -eq $updated) {
    $path = 'HKLM:\SOFTWARE\Microsoft\Windows Defender\Signature Updates'
    $key = Get-ItemProperty -Path $path -ErrorAction SilentlyContinue
    if ($key -and @($key.SignaturesLastUpdated).Count -eq 8) {
        $updated = [datetime]::FromFileTimeUtc([BitConverter]::ToInt64($key.SignaturesLastUpdated, 0)).ToLocalTime()
        $version = $key.AVSignatureVersion
        $from = 'the registry, for Defender gave no answer'
    }
}
if ($null -eq $updated -or $updated.Year -lt 2000) {
    return [pscustomobject]@{ Unknown = 'Microsoft Defender tells nothing of its signatures: it is not installed, or another product is in its place.' }
}
$age = (Get-Date) - $updated
[pscustomobject]@{
    Hours   = [math]::Round($age.TotalHours, 1)
    Days    = [math]::Round($age.TotalDays, 1)
    Version = $version
    Updated = $updated.ToString('yyyy-MM-dd HH:mm')
    From    = $from
}
