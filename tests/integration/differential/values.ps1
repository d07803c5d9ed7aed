# Evaluates expressions, a line each, and sends their values through PowerShell's own serializer, as a member of an object
# and alone. A line of output for each: the cell that ConvertTo-Csv makes of the deserialized member, and the two
# serialized objects, each in base64.
param([string] $Expressions)

$ErrorActionPreference = 'Stop'
function ConvertTo-Base64([string] $text) { [Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($text)) }

foreach ($expression in [System.IO.File]::ReadAllLines($Expressions)) {
    $value = & ([scriptblock]::Create(", ($expression)"))
    # Remoting serializes down to a depth of 1.
    $member = [System.Management.Automation.PSSerializer]::Serialize([pscustomobject]@{ v = $value }, 1)
    $alone = [System.Management.Automation.PSSerializer]::Serialize($value, 1)
    $received = [System.Management.Automation.PSSerializer]::Deserialize($member)
    $rows = @([pscustomobject]@{ v = $received.v } | ConvertTo-Csv -UseQuotes Always)
    # A cell may have several lines.
    $cell = ($rows[1..($rows.Count - 1)] -join "`n") -replace '^"|"$' -replace '""', '"'
    [Console]::Out.WriteLine("$(ConvertTo-Base64 $cell) $(ConvertTo-Base64 $member) $(ConvertTo-Base64 $alone)")
}
