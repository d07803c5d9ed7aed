# Prints what PowerShell knows of the classes of Windows: the columns of their views (title:width:property) and the properties
# that it shows of those without one. src/output/out_string/cim.txt is its output, and a test compares the two.
$classes = 'Microsoft.Management.Infrastructure.CimInstance#root*', 'System.Management.ManagementObject#root*'
$views = foreach ($definition in Get-FormatData -TypeName $classes) {
    foreach ($view in $definition.FormatViewDefinition) {
        $cells = $view.Control.Rows[0].Columns
        # What takes a script is left out.
        if ($cells.DisplayEntry.ValueType -contains 'ScriptBlock') { continue }
        $columns = for ($place = 0; $place -lt $cells.Count; $place++) {
            $header = $view.Control.Headers[$place]
            "$($header.Label):$($header.Width):$($cells[$place].DisplayEntry.Value)"
        }
        foreach ($name in $definition.TypeNames) { "view $name $columns" }
    }
}
$sets = foreach ($type in Get-TypeData -TypeName $classes) {
    if ($type.DefaultDisplayPropertySet) { "set $($type.TypeName) $($type.DefaultDisplayPropertySet.ReferencedProperties)" }
}
$lines = [string[]] (@($views) + $sets)
[Array]::Sort($lines, [StringComparer]::Ordinal)
$lines
