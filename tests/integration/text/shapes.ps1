# Format-Wide and Format-Custom, where the engine is there but not these cmdlets: its own formatter is told to use the shapes.

$script:engine = [psobject].Assembly
$script:format = 'Microsoft.PowerShell.Commands.Internal.Format.'
$script:any = [System.Reflection.BindingFlags] 'Instance, Public, NonPublic'

function New-Internal([string] $name, [object[]] $with) {
    [Activator]::CreateInstance($engine.GetType($format + $name), $any, $null, $with, $null)
}

function Set-Internal($on, [string] $name, $value) { $on.GetType().GetField($name, $any).SetValue($on, $value) }

function Invoke-Internal($on, [string] $name, [object[]] $with) { [void] $on.GetType().GetMethod($name, $any).Invoke($on, $with) }

# The parameters of a calculated property or a name, as the cmdlet -Property and -GroupBy make them.
function New-Parameter([string] $expression, $property) {
    $processor = New-Internal ParameterProcessor (New-Internal $expression)
    $context = New-Internal TerminatingErrorContext $PSCmdlet
    , $processor.GetType().GetMethod('ProcessParameters', $any).Invoke($processor, @([object[]] @($property), $context))
}

function Invoke-Shape([string] $shape, [object[]] $objects, $line) {
    $inner = New-Internal InnerFormatShapeCommand ([enum]::Parse($engine.GetType($format + 'FormatShape'), $shape))
    $state = @{ cmdlet = $PSCmdlet; object = $null; made = [System.Collections.Generic.List[object]]::new() }
    $calls = @{
        OuterCmdletCall = { $state.cmdlet }.GetNewClosure()
        InputObjectCall = { [psobject] $state.object }.GetNewClosure()
        WriteObjectCall = { param($made) $state.made.Add($made) }.GetNewClosure()
    }
    foreach ($name in $calls.Keys) {
        $field = $engine.GetType($format + 'ImplementationCommandBase').GetField($name, $any)
        $field.SetValue($inner, [System.Management.Automation.LanguagePrimitives]::ConvertTo($calls[$name], $field.FieldType))
    }
    Invoke-Internal $inner SetCommandLineParameters $line
    Invoke-Internal $inner BeginProcessing
    foreach ($object in $objects) {
        $state.object = $object
        Invoke-Internal $inner ProcessRecord
    }
    Invoke-Internal $inner EndProcessing
    $state.made
}

function New-Line($property, $groupBy, [string] $expression) {
    $line = New-Internal FormattingCommandLineParameters
    if ($property) { Set-Internal $line mshParameterList (New-Parameter $expression $property) }
    if ($groupBy) { Set-Internal $line groupByParameter (New-Parameter FormatGroupByParameterDefinition $groupBy)[0] }
    $line
}

function Format-Wide {
    [CmdletBinding()]
    param([Parameter(Position = 0)] $Property, [int] $Column, [switch] $AutoSize, $GroupBy, [Parameter(ValueFromPipeline)] $InputObject)
    begin { $objects = [System.Collections.Generic.List[object]]::new() }
    process { $objects.Add($InputObject) }
    end {
        $line = New-Line $Property $GroupBy FormatWideParameterDefinition
        $wide = New-Internal WideSpecificParameters
        if ($Column) { Set-Internal $wide columns $Column }
        if ($AutoSize) { Set-Internal $line autosize $true }
        Set-Internal $line shapeParameters $wide
        Invoke-Shape Wide $objects $line
    }
}

function Format-Custom {
    [CmdletBinding()]
    param([Parameter(Position = 0)] $Property, [int] $Depth = 5, $GroupBy, [Parameter(ValueFromPipeline)] $InputObject)
    begin { $objects = [System.Collections.Generic.List[object]]::new() }
    process { $objects.Add($InputObject) }
    end {
        $line = New-Line $Property $GroupBy FormatObjectParameterDefinition
        $custom = New-Internal ComplexSpecificParameters
        Set-Internal $custom maxDepth $Depth
        Set-Internal $line shapeParameters $custom
        Invoke-Shape Complex $objects $line
    }
}
