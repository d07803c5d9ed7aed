# Completions of psfleet for PowerShell: psfleet completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName psfleet, psfleet.exe -ScriptBlock {
    param($word, $ast, $cursor)
    $before = foreach ($element in $ast.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursor) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value }
        else { $element.Extent.Text }
    }
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)
        # Not as arguments: Windows PowerShell loses empty ones, and quotes inside of others.
        $env:PSFLEET_COMPLETE = (@($before) + $word) -join [char]0x1f
        $lines = & $ast.GetCommandName() __complete powershell 2>$null
    }
    finally {
        [Console]::OutputEncoding = $encoding
        Remove-Item Env:PSFLEET_COMPLETE
    }
    foreach ($line in $lines) {
        $text, $shown, $help = $line -split "`t"
        [System.Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $help)
    }
}
