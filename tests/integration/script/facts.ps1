# Reads scripts (one per line, base64 of UTF-8) and writes what PowerShell's own parser says of each:
#   S index errors          a script begins
#   U start end line column nested
#   P name default-start default-end mandatory position switch type aliases set
#   H synopsis description parameter=text,...
# Offsets are in UTF-16 code units; texts are base64 of UTF-8, lists joined by a comma.
param([string] $Sources, [string] $Out)

function Encode([string] $text) { '=' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text)) }

function Test-Nested($ast, $root) {
    for ($at = $ast.Parent; $null -ne $at; $at = $at.Parent) {
        if ($at -is [System.Management.Automation.Language.FunctionDefinitionAst]) { return $true }
        if ($at -is [System.Management.Automation.Language.ScriptBlockAst] -and $at -ne $root) { return $true }
    }
    $false
}

function Get-Named($attribute, $name) {
    foreach ($argument in $attribute.NamedArguments) {
        if ($argument.ArgumentName -eq $name) {
            if ($argument.ExpressionOmitted) { return 'True' }
            try { return [string] $argument.Argument.SafeGetValue() } catch { return '?' }
        }
    }
}

$lines = [Collections.Generic.List[string]]::new()
$index = 0
foreach ($line in [IO.File]::ReadLines($Sources)) {
    $text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($line))
    $tokens = $null; $errors = $null
    $root = [System.Management.Automation.Language.Parser]::ParseInput($text, [ref] $tokens, [ref] $errors)
    $lines.Add("S $index $($errors.Count)")
    $index++
    if ($errors.Count) { continue }
    $found = $root.FindAll({ $args[0] -is [System.Management.Automation.Language.UsingExpressionAst] }, $true)
    foreach ($ast in $found) {
        $e = $ast.Extent
        $lines.Add("U $($e.StartOffset) $($e.EndOffset) $($e.StartLineNumber) $($e.StartColumnNumber) $(Test-Nested $ast $root)")
    }
    if ($root.ParamBlock) {
        foreach ($p in $root.ParamBlock.Parameters) {
            $from = -1; $to = -1
            if ($p.DefaultValue) { $from = $p.DefaultValue.Extent.StartOffset; $to = $p.DefaultValue.Extent.EndOffset }
            $mandatory = ''; $position = ''; $type = ''; $aliases = @(); $set = @()
            foreach ($a in $p.Attributes) {
                if ($a -is [System.Management.Automation.Language.TypeConstraintAst]) { $type = $a.TypeName.FullName; continue }
                switch ($a.TypeName.FullName) {
                    'Parameter' {
                        # Mandatory in one of its parameter sets is what counts.
                        $given = Get-Named $a 'Mandatory'
                        if ($given -and (-not $mandatory -or $given -notin 'False', '0')) { $mandatory = $given }
                        if (Get-Named $a 'Position') { $position = Get-Named $a 'Position' }
                    }
                    'Alias' { $aliases += foreach ($x in $a.PositionalArguments) { Encode ([string] $x.SafeGetValue()) } }
                    'ValidateSet' { $set += foreach ($x in $a.PositionalArguments) { Encode ([string] $x.SafeGetValue()) } }
                }
            }
            $switch = $type -in 'switch', 'System.Management.Automation.SwitchParameter', 'SwitchParameter'
            $lines.Add("P $(Encode $p.Name.VariablePath.UserPath) $from $to $(Encode $mandatory) $(Encode $position) $switch $(Encode $type) $(Encode ($aliases -join ',')) $(Encode ($set -join ','))")
        }
    }
    $help = $root.GetHelpContent()
    if ($help) {
        $parameters = foreach ($key in $help.Parameters.Keys) { (Encode $key) + ':' + (Encode $help.Parameters[$key].Trim()) }
        $synopsis = ([string] $help.Synopsis).Trim(); $description = ([string] $help.Description).Trim()
        $lines.Add("H $(Encode $synopsis) $(Encode $description) $(Encode (@($parameters | Sort-Object) -join ',')) $($help.Examples.Count)")
    }
}
[IO.File]::WriteAllLines($Out, $lines)
