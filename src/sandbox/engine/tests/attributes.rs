//! Attributes of parameters.

use super::shown;

#[test]
fn parameters_take_values_from_the_pipeline() {
    let by_value = "function k { param([Parameter(ValueFromPipeline)][int]$i) process { \"k $i\" } }; 1, 2 | k; k 3";
    assert_eq!(shown(by_value), ["k 1", "k 2", "k 3"]);
    let by_name = "function k { param([Parameter(Mandatory, ValueFromPipelineByPropertyName = $true)][Alias('cn')]$Name) process { \"k $Name\" } }; \
                   [pscustomobject]@{ Name = 'x' } | k; [pscustomobject]@{ cn = 'y' } | k; k -cn z";
    assert_eq!(shown(by_name), ["k x", "k y", "k z"]);
    let last = "function k { param([Parameter(ValueFromPipeline)]$i) \"last $i\" }; 1, 2, 3 | k";
    assert_eq!(shown(last), ["last 3"]);
}

#[test]
fn a_literal_path_leaves_the_places_to_others() {
    let script = "$null = New-Item -ItemType Directory C:\\w -Force; Set-Content C:\\w\\a.txt one; \
                  Copy-Item -LiteralPath C:\\w\\a.txt C:\\w\\b.txt; Add-Content -LiteralPath C:\\w\\b.txt two; Get-Content C:\\w\\b.txt";
    assert_eq!(shown(script), ["one", "two"]);
}
