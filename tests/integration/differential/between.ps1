# Puts the session back as it was when it was opened.
if (-not (Test-Path variable:global:PSFleetTestBegin)) {
    $global:PSFleetTestBegin = @{
        variables = @(Get-Variable -Scope Global | ForEach-Object Name) + 'PSFleetTestBegin'
        functions = @(Get-ChildItem function: | ForEach-Object Name)
        aliases = @(Get-ChildItem alias: | ForEach-Object Name)
    }
}
Get-Variable -Scope Global | Where-Object { $_.Name -notin $PSFleetTestBegin.variables } | Remove-Variable -Scope Global -Force -ErrorAction Ignore
Get-ChildItem function: | Where-Object { $_.Name -notin $PSFleetTestBegin.functions } | Remove-Item -Force
Get-ChildItem alias: | Where-Object { $_.Name -notin $PSFleetTestBegin.aliases } | Remove-Item -Force
$global:ErrorActionPreference = $global:WarningPreference = $global:ProgressPreference = 'Continue'
$global:VerbosePreference = $global:DebugPreference = $global:InformationPreference = 'SilentlyContinue'
$global:WhatIfPreference = $false
$global:ConfirmPreference = 'High'
$global:OFS = ' '
$global:ErrorView = 'ConciseView'
$global:FormatEnumerationLimit = 4
$global:PSDefaultParameterValues = [System.Management.Automation.DefaultParameterDictionary]::new()
$global:LASTEXITCODE = $null
$global:PSNativeCommandUseErrorActionPreference = $false
Set-StrictMode -Off
Set-Location /
$Error.Clear()
