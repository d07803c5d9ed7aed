# Tells what scripts are made of, as the parser of PowerShell sees them: a line for each thing, as file, kind and name.
param([string] $Folder)

foreach ($file in Get-ChildItem -Path $Folder -Filter *.ps1) {
    $tokens = $null
    $errors = $null
    $ast = [System.Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref] $tokens, [ref] $errors)
    foreach ($problem in $errors) {
        "$($file.Name)`terror`t$($problem.Message)"
    }
    foreach ($token in $tokens) {
        "$($file.Name)`ttoken`t$($token.Kind)"
        if ($token.Kind -eq 'Number') {
            "$($file.Name)`tnumber`t$($token.Text)"
        }
    }
    foreach ($node in $ast.FindAll({ $true }, $true)) {
        $kind = $node.GetType().Name
        "$($file.Name)`tnode`t$kind"
        if ($kind -eq 'CommandAst') {
            $command = [string] $node.GetCommandName()
            "$($file.Name)`tcommand`t$command"
            foreach ($element in $node.CommandElements) {
                if ($element.GetType().Name -eq 'CommandParameterAst') {
                    "$($file.Name)`tparameter`t$command $($element.ParameterName)"
                }
            }
        } elseif ($kind -in 'TypeExpressionAst', 'TypeConstraintAst') {
            "$($file.Name)`ttype`t$($node.TypeName.FullName)"
        } elseif ($kind -eq 'InvokeMemberExpressionAst') {
            "$($file.Name)`tmethod`t$($node.Member.Extent.Text)"
        } elseif ($kind -eq 'NamedBlockAst') {
            "$($file.Name)`tblock`t$($node.BlockKind)"
        }
    }
}
