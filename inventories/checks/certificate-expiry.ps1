# Certificates of the computer with a private key, and how many days each is still valid: an object for each.
#
# Sources: learn.microsoft.com, about_Certificate_Provider (Cert:\LocalMachine, the members of a certificate);
# X509Certificate2.NotAfter is local time.
param(
    # Stores of the computer that are looked at.
    [string[]] $Stores = @('My', 'WebHosting')
)

if (-not (Test-Path -Path 'Cert:\LocalMachine')) {
    return [pscustomobject]@{ Unknown = 'There is no certificate store of the computer on this host.' }
}

$now = Get-Date
foreach ($store in $Stores) {
    $path = "Cert:\LocalMachine\$store"
    if (-not (Test-Path -Path $path)) {
        continue
    }
    try {
        $certificates = @(Get-ChildItem -Path $path -ErrorAction Stop | Where-Object { $_.HasPrivateKey })
    } catch {
        [pscustomobject]@{ Unknown = "The store $store cannot be read: $($_.Exception.Message)" }
        continue
    }
    foreach ($certificate in $certificates) {
        # What was renewed stays in the store until somebody removes it: a newer one of the same names takes its place.
        $newer = @($certificates | Where-Object {
                $_.Subject -eq $certificate.Subject -and $_.Issuer -eq $certificate.Issuer -and
                $_.NotAfter -gt $certificate.NotAfter -and $_.NotBefore -le $now
            })
        if ($newer.Count -gt 0 -and $certificate.Subject) {
            continue
        }
        [pscustomobject]@{
            Thumbprint = $certificate.Thumbprint
            Subject    = $certificate.Subject
            Store      = $store
            Days       = [math]::Floor(($certificate.NotAfter - $now).TotalDays)
            NotAfter   = $certificate.NotAfter
        }
    }
}
