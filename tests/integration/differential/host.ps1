# The client's side of what scripts say to their host: a host without a user, and calls as data.
using namespace System.Management.Automation
using namespace System.Management.Automation.Host
using namespace System.Collections.ObjectModel

# Nobody is there to answer, as in pwsh -NonInteractive. What is written is not shown: it is read from the job.
class AbsentUser : PSHostUserInterface {
    hidden [object] Refuse() {
        throw [PSInvalidOperationException]::new('PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.')
    }
    [PSHostRawUserInterface] get_RawUI() { return $null }
    [string] ReadLine() { return $this.Refuse() }
    [securestring] ReadLineAsSecureString() { return $this.Refuse() }
    [System.Collections.Generic.Dictionary[string, psobject]] Prompt([string] $caption, [string] $message, [Collection[FieldDescription]] $fields) { return $this.Refuse() }
    [PSCredential] PromptForCredential([string] $caption, [string] $message, [string] $user, [string] $target) { return $this.Refuse() }
    [PSCredential] PromptForCredential([string] $caption, [string] $message, [string] $user, [string] $target, [PSCredentialTypes] $types, [PSCredentialUIOptions] $options) { return $this.Refuse() }
    [int] PromptForChoice([string] $caption, [string] $message, [Collection[ChoiceDescription]] $choices, [int] $default) { return $this.Refuse() }
    [void] Write([string] $text) {}
    [void] Write([ConsoleColor] $foreground, [ConsoleColor] $background, [string] $text) {}
    [void] WriteLine([string] $text) {}
    [void] WriteErrorLine([string] $text) {}
    [void] WriteDebugLine([string] $text) {}
    [void] WriteVerboseLine([string] $text) {}
    [void] WriteWarningLine([string] $text) {}
    [void] WriteProgress([long] $source, [ProgressRecord] $record) {}
}

class AbsentHost : PSHost {
    hidden [PSHostUserInterface] $User = [AbsentUser]::new()
    [PSHostUserInterface] get_UI() { return $this.User }
    [string] get_Name() { return 'AbsentHost' }
    [version] get_Version() { return [version] '1.0' }
    [guid] get_InstanceId() { return [guid]::Empty }
    [cultureinfo] get_CurrentCulture() { return [cultureinfo]::InvariantCulture }
    [cultureinfo] get_CurrentUICulture() { return [cultureinfo]::InvariantCulture }
    [void] SetShouldExit([int] $code) {}
    [void] EnterNestedPrompt() { throw [PSNotImplementedException]::new() }
    [void] ExitNestedPrompt() { throw [PSNotImplementedException]::new() }
    [void] NotifyBeginApplication() {}
    [void] NotifyEndApplication() {}
}

# A member that PowerShell keeps to itself.
function Get-Hidden($object, [string] $name) {
    $flags = [System.Reflection.BindingFlags] 'NonPublic, Public, Instance'
    $property = $object.GetType().GetProperty($name, $flags)
    if ($property) { return , $property.GetValue($object) }
    return , $object.GetType().GetField($name, $flags).GetValue($object)
}

# What a job has received so far. Enumerating the collection itself would wait for more.
function Get-Results($child) {
    $results = Get-Hidden $child Results
    $items = [object[]]::new($results.Count)
    for ($at = 0; $at -lt $items.Length; $at++) { $items[$at] = $results[$at] }
    return $items
}

# Has the absent user answer what a blocked job asks; an answer is given once.
function Deny-Question($child, $absent, [System.Collections.Generic.HashSet[object]] $answered) {
    $flags = [System.Reflection.BindingFlags] 'NonPublic, Public, Instance'
    foreach ($item in Get-Results $child) {
        if ("$($item.ObjectType)" -ne 'MethodExecutor' -or -not $answered.Add($item)) { continue }
        $executor = Get-Hidden $item Value
        if (Get-Hidden (Get-Hidden $executor _remoteHostCall) IsVoidMethod) { continue }
        $executor.GetType().GetField('_clientHost', $flags).SetValue($executor, $absent)
        $null = $child.GetType().GetMethod('UnblockJob', $flags).Invoke($child, @())
        $onError = [System.Action[ErrorRecord]] {}
        $null = $executor.GetType().GetMethod('Execute', $flags, $null, [type[]] @($onError.GetType()), $null).Invoke($executor, @($onError))
    }
}

# What a host is told by a call, in the form in which a record tells it; null for questions.
function Get-Call($executor) {
    $call = Get-Hidden $executor _remoteHostCall
    $given = [object[]] (Get-Hidden $call Parameters)
    $name = "$(Get-Hidden $call MethodName)"
    switch ($name) {
        # PowerShell's own client warns its user before it hands a question on.
        { $_ -eq 'WriteWarningLine' -and $given[0] -like 'A script or application on the remote computer*' } { return }
        WriteWarningLine { return @{ stream = 'warning'; text = "$($given[0])" } }
        WriteVerboseLine { return @{ stream = 'verbose'; text = "$($given[0])" } }
        WriteDebugLine { return @{ stream = 'debug'; text = "$($given[0])" } }
        WriteProgress { return @{ stream = 'progress'; text = $given[1].Activity } }
        WriteErrorLine { return @{ stream = 'error'; text = "$($given[0])" } }
        { $name -in 'Write', 'WriteLine' } {
            $colored = $given.Count -ge 3
            return @{
                stream = 'information'; text = if ($given.Count) { "$($given[-1])" } else { '' }; line = "$($name -eq 'WriteLine')"
                foreground = if ($colored) { "$([ConsoleColor] $given[0])" }; background = if ($colored) { "$([ConsoleColor] $given[1])" }
            }
        }
    }
}

# What a host is told of an information record, if it is told.
function Get-Told([InformationRecord] $record) {
    $data = $record.MessageData
    if ($null -ne $data -and $data.psobject.TypeNames[0] -like '*HostInformationMessage') {
        # The server's host fills in its own colour for one that is missing.
        $colored = $data.ForegroundColor -or $data.BackgroundColor
        return @{
            stream = 'information'; text = "$($data.Message)"; line = "$(-not $data.NoNewLine)"
            foreground = if ($colored) { "$($data.ForegroundColor ?? 'Gray')" }; background = if ($colored) { "$($data.BackgroundColor ?? 'Black')" }
        }
    }
    $told = @{ stream = 'information'; text = $record.ToString(); line = 'True'; foreground = $null; background = $null }
    if ($null -ne $data -and $data.psobject.BaseObject -is [System.Collections.ICollection]) {
        # The server writes the name of its type, which a generic one continues, or its items.
        $told.text = $null
        $told.beginnings = [object[]] @(($data.psobject.TypeNames[0] -replace '^Deserialized\.' -replace '\[\[.*'), "$data")
    }
    return $told
}
