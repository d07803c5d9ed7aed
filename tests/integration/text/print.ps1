# Runs each line of a file as a script block and prints, on one line, what PowerShell shows of its objects once they have
# travelled, and the objects as they travel: base64 of UTF-8, the text first.
param([string] $Blocks, [int] $Width)

$env:NO_COLOR = '1'
$PSStyle.OutputRendering = 'PlainText'
[cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
$ErrorActionPreference = 'Stop'

. "$PSScriptRoot/shapes.ps1"

function ConvertTo-Base64([string] $text) { [Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($text)) }

foreach ($line in [System.IO.File]::ReadAllLines($Blocks)) {
    if (-not $line -or $line.StartsWith('#')) { continue }
    # A collection that is written as one object stays one: each object is serialized by itself, as a pipeline streams it.
    $wire = [System.Collections.Generic.List[string]]::new()
    & ([scriptblock]::Create($line)) | ForEach-Object {
        $wire.Add([System.Management.Automation.PSSerializer]::Serialize($_))
    }
    $shown = & {
        foreach ($xml in $wire) { , [System.Management.Automation.PSSerializer]::Deserialize($xml) }
    } | Out-String -Width $Width
    $parts = @($shown) + $wire | ForEach-Object { ConvertTo-Base64 $_ }
    [Console]::Out.WriteLine($parts -join ' ')
}
