param([Parameter(Mandatory)][string]$PsfleetTests)
$pester = Get-Module -ListAvailable -Name Pester | Where-Object { $_.Version.Major -ge 5 } | Select-Object -First 1
if (-not $pester) {
    return [pscustomobject]@{ Unknown = 'this host has no Pester 5; Install-Module Pester -MinimumVersion 5.0 gets it' }
}
$file = Join-Path ([System.IO.Path]::GetTempPath()) ('psfleet-' + [guid]::NewGuid() + '.Tests.ps1')
try {
    [System.IO.File]::WriteAllText($file, $PsfleetTests, (New-Object System.Text.UTF8Encoding($true)))
    Import-Module -Name $pester.Path -Force
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = $file
    $configuration.Run.PassThru = $true
    $configuration.Output.Verbosity = 'None'
    $run = Invoke-Pester -Configuration $configuration
    foreach ($test in $run.Tests) {
        $message = @($test.ErrorRecord | ForEach-Object { $_.Exception.Message }) -join '; '
        [pscustomobject]@{ Name = $test.ExpandedPath; Result = [string]$test.Result; Message = $message }
    }
    foreach ($container in $run.Containers) {
        if ($container.ErrorRecord) {
            [pscustomobject]@{ Unknown = 'the tests could not be read: ' + $container.ErrorRecord[0].Exception.Message }
        }
    }
} finally {
    Remove-Item -LiteralPath $file -ErrorAction SilentlyContinue
}
