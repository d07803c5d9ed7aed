# What a PowerShell that has received an object sees in it, as a line of JSON that can be compared in any language.
#
#   null       {"kind":"null"}
#   primitive  {"kind":"primitive","type":".NET type","value":"invariant text"}
#   list       {"kind":"list","types":[..],"items":[..]}
#   dict       {"kind":"dict","types":[..],"entries":[[key,value],..]}
#   object     {"kind":"object","types":[..],"text":"ToString()","props":[[name,value],..]}
#   live       {"kind":"live","types":[..],"text":"ToString()"}    rebuilt as a .NET object from the property bag
#   seen       {"kind":"seen","index":N}      the Nth (from 0) list, dict, object or live of this walk, met again
#
# A primitive, list or dict with properties of its own has "props" too; a primitive that was an enum, or whose type names
# were changed, has "types" and "text" beside its value.

# The notes that Invoke-Command hangs on what it hands out.
$ownNotes = [System.Collections.Generic.HashSet[string]]::new([string[]]('PSComputerName', 'RunspaceId', 'PSShowComputerName'))

$primitives = [System.Collections.Generic.HashSet[type]]::new([type[]](
    [string], [char], [bool], [sbyte], [byte], [int16], [uint16], [int], [uint32], [long], [uint64], [single], [double], [decimal],
    [datetime], [timespan], [guid], [uri], [version], [byte[]], [xml], [scriptblock], [securestring]))

function Get-PrimitiveText($value) {
    $invariant = [cultureinfo]::InvariantCulture
    switch ($value.GetType()) {
        ([string]) { return $value }
        ([char]) { return ([int] $value).ToString($invariant) }
        ([bool]) { return $value.ToString($invariant).ToLowerInvariant() }
        ([datetime]) { return '{0} {1}' -f $value.Ticks.ToString($invariant), $value.Kind }
        ([timespan]) { return $value.Ticks.ToString($invariant) }
        ([byte[]]) { return [Convert]::ToBase64String($value) }
        ([xml]) { return $value.OuterXml }
        ([uri]) { return $value.OriginalString }
        ([double]) { return $value.ToString('R', $invariant) }
        ([single]) { return $value.ToString('R', $invariant) }
        default { return [string]::Format($invariant, '{0}', $value) }
    }
}

function Get-Meaning($object, [System.Collections.Generic.List[object]] $seen) {
    if ($null -eq $object) { return @{ kind = 'null' } }
    if ($null -eq $seen) { $seen = [System.Collections.Generic.List[object]]::new() }

    $base = $object.psobject.BaseObject
    $types = [string[]] @($object.psobject.TypeNames)
    $result = @{}
    if ($primitives.Contains($base.GetType())) {
        $result.kind = 'primitive'
        $result.type = $base.GetType().FullName
        $result.value = Get-PrimitiveText $base
        if ("$types" -like 'Deserialized.*') {
            $result.types = $types
            $result.text = $object.ToString()
        }
    }
    else {
        $identity = $base
        if ($base -is [System.Management.Automation.PSCustomObject]) { $identity = $object }
        for ($i = 0; $i -lt $seen.Count; $i++) {
            if ([object]::ReferenceEquals($seen[$i], $identity)) { return @{ kind = 'seen'; index = $i } }
        }
        $seen.Add($identity)
        $result.types = $types
        if ($base -is [System.Collections.IDictionary]) {
            $result.kind = 'dict'
            $entries = [System.Collections.Generic.List[object]]::new()
            $walk = $base.GetEnumerator()
            while ($walk.MoveNext()) {
                $entries.Add([object[]] @((Get-Meaning $walk.Key $seen), (Get-Meaning $walk.Value $seen)))
            }
            $result.entries = $entries.ToArray()
        }
        elseif ($base -is [System.Collections.IList] -or $base -is [System.Collections.Queue] -or $base -is [System.Collections.Stack]) {
            $result.kind = 'list'
            $items = [System.Collections.Generic.List[object]]::new()
            foreach ($item in $base) { $items.Add((Get-Meaning $item $seen)) }
            $result.items = $items.ToArray()
        }
        else {
            $result.kind = if ($base -is [System.Management.Automation.PSCustomObject]) { 'object' } else { 'live' }
            # An object that came without a text has no such method.
            $result.text = try { $object.ToString() } catch { $null }
        }
    }

    if ($result.kind -ne 'live') {
        $properties = [System.Collections.Generic.List[object]]::new()
        foreach ($property in $object.psobject.Properties) {
            if ($ownNotes.Contains($property.Name)) { continue }
            if ($property.MemberType -ne 'NoteProperty' -and $result.kind -ne 'object') { continue }
            $properties.Add([object[]] @($property.Name, (Get-Meaning $property.Value $seen)))
        }
        if ($properties.Count -gt 0 -or $result.kind -eq 'object') { $result.props = $properties.ToArray() }
    }
    # The text of a custom object that came without one is made of its properties, those of Invoke-Command among them.
    if ($result.kind -eq 'object' -and "$($result.text)".Contains('PSComputerName=')) { $result.text = $null }
    return $result
}

# What a record of another stream says; what is empty or unknown is null.
function Get-Record($record) {
    switch ($record.psobject.BaseObject) {
        { $_ -is [System.Management.Automation.ErrorRecord] } { return Get-ErrorRecord $_ }
        { $_ -is [System.Management.Automation.InformationRecord] } {
            return @{
                data = Get-Meaning $_.MessageData; message = if ($null -ne $_.MessageData) { Get-Words $_.ToString() }; tags = [object[]] @($_.Tags); source = Get-Words $_.Source
                user = Get-Words $_.User; computer = Get-Words $_.Computer
            }
        }
        { $_ -is [System.Management.Automation.ProgressRecord] } {
            return @{
                activity = Get-Words $_.Activity; activity_id = $_.ActivityId; parent_activity_id = Get-Known $_.ParentActivityId
                status = Get-Words $_.StatusDescription; current_operation = Get-Words $_.CurrentOperation
                percent_complete = Get-Known $_.PercentComplete; seconds_remaining = Get-Known $_.SecondsRemaining
                completed = "$($_.RecordType)"
            }
        }
        default { return @{ message = Get-Words $_.Message } }
    }
}

function Get-ErrorRecord([System.Management.Automation.ErrorRecord] $record) {
    $exception = $record.Exception
    $category = $record.CategoryInfo
    $invocation = $exception.SerializedRemoteInvocationInfo
    return @{
        message = Get-Words $record.ToString()
        exception = Get-Meaning $exception.SerializedRemoteException
        invocation = Get-Meaning $invocation
        target = Get-Meaning $record.TargetObject
        fully_qualified_error_id = Get-Words $record.FullyQualifiedErrorId
        category = "$($category.Category)"
        activity = Get-Words $category.Activity; reason = Get-Words $category.Reason
        target_name = Get-Words $category.TargetName; target_type = Get-Words $category.TargetType
        details = if ($record.ErrorDetails) { Get-Words $record.ErrorDetails.Message }
        recommended_action = if ($record.ErrorDetails) { Get-Words $record.ErrorDetails.RecommendedAction }
        position = if ($invocation) { Get-Words $invocation.PositionMessage }
        script_stack_trace = Get-Words $record.ScriptStackTrace
    }
}

function Get-Words($text) { if ("$text" -ne '') { return "$text" } }

function Get-Known([int] $number) { if ($number -ge 0) { return $number } }

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
        foreach ($name in $tree.Keys) {
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
