# Prints the meaning of each CLIXML text of a file (base64 of its UTF-8, one a line), as one line of JSON.
param([string] $Meaning, [string] $Texts)

. $Meaning
$ErrorActionPreference = 'Stop'

function Write-Text([System.Text.StringBuilder] $out, [string] $text) {
    [void] $out.Append('"')
    foreach ($unit in $text.ToCharArray()) {
        $code = [int] $unit
        if ($code -ge 32 -and $code -lt 127 -and $code -ne 34 -and $code -ne 92) { [void] $out.Append($unit) }
        else { [void] $out.Append('\u').Append($code.ToString('X4')) }
    }
    [void] $out.Append('"')
}

function Write-Tree([System.Text.StringBuilder] $out, $tree) {
    if ($null -eq $tree) { [void] $out.Append('null') }
    elseif ($tree -is [int]) { [void] $out.Append($tree) }
    elseif ($tree -is [System.Collections.IDictionary]) {
        $separator = '{'
        foreach ($name in @($tree.Keys)) {
            [void] $out.Append($separator)
            Write-Text $out $name
            [void] $out.Append(':')
            Write-Tree $out $tree[$name]
            $separator = ','
        }
        [void] $out.Append('}')
    }
    elseif ($tree -is [array]) {
        [void] $out.Append('[')
        for ($i = 0; $i -lt $tree.Length; $i++) {
            if ($i) { [void] $out.Append(',') }
            Write-Tree $out $tree[$i]
        }
        [void] $out.Append(']')
    }
    else { Write-Text $out $tree }
}

foreach ($line in [System.IO.File]::ReadAllLines($Texts)) {
    $out = [System.Text.StringBuilder]::new()
    try {
        $xml = [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($line))
        $object = [System.Management.Automation.PSSerializer]::Deserialize($xml)
        Write-Tree $out (Get-Meaning $object)
    }
    catch {
        [void] $out.Clear()
        Write-Text $out "$_"
    }
    [Console]::Out.WriteLine($out.ToString())
}
