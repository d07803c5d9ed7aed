use super::parse;

/// The id of the error that a text gives; empty if it is a script.
fn error_of(text: &str) -> &'static str {
    parse(text).map_or_else(|error| error.id, |_| "")
}

#[test]
fn reads_the_subset() {
    for text in [
        "",
        "# only a comment",
        "Get-Service | Where-Object Status -eq Stopped",
        "a && b || c; $x = a &&\n b",
        "$a ? 1 : 2; $a ?? 3; $a ??= 4; ${a}?.b; ${a}?[0]",
        "filter f { $_ }; trap [int] { continue }; data d { 1 }",
        "using namespace System.IO\nparam($path) $path",
        "if ($a) { 1 } elseif ($b) { 2 } else { 3 }",
        "$x = @{ a = 1; 'b c' = @(1, 2) \n d = { $_ } }",
        "foreach ($i in 1..3) { $i } ; while ($true) { break }",
        "do { $i++ } until ($i -ge 3)",
        "switch -Wildcard ($x) { 'a*' { 1 } default { 2 } }",
        "try { throw 'x' } catch [System.Exception], [int] { $_ } finally { 1 }",
        "function f([int]$a = 1, [switch]$b) { $a }",
        "param([Parameter(Mandatory = $true)][string]$Name, $Other)\n$Name",
        "Get-Process |\n  Sort-Object CPU -Descending |\n  Select-Object -First 5 Name, @{ n = 'MB'; e = { $_.WS / 1MB } }",
        "1, 2, 3\n| ForEach-Object { $_ }",
        "& { $args } 1 2; . { $y = 1 }",
        "\"a $b $($c.d) ${e f} `\"quoted`\" $\"",
        "@\"\nhere $x\n\"@ + @'\nliteral $x\n'@",
        "$a[0], $a.b.c(1, 2)[-1]::D",
        "Write-Output -InputObject:1 a,b c-d *.txt 2>&1 | Out-Null",
        "-not $a -and !$b -or -5 -eq - 5",
        "<# block\ncomment #> 1",
        "$h.GetEnumerator() | % Key",
        "1kb + 0x1F + 1.5e3 + .5",
        "Get-Thing @params -Force",
        "[pscustomobject]@{ A = 1 }; [int[]]$x = 1, 2",
    ] {
        assert_eq!(error_of(text), "", "{text}");
    }
}

#[test]
fn names_errors_as_powershell_does() {
    for (text, wanted) in [
        ("if (", "IfStatementMissingCondition"),
        ("'abc", "TerminatorExpectedAtEndOfString"),
        ("\"abc", "TerminatorExpectedAtEndOfString"),
        ("{ 1", "MissingEndCurlyBrace"),
        ("(1", "MissingEndParenthesisInExpression"),
        ("1 +", "ExpectedValueExpression"),
        ("Get-Service |", "EmptyPipeElement"),
        ("1 2", "UnexpectedToken"),
        ("}", "UnexpectedToken"),
        ("try { 1 }", "MissingCatchOrFinally"),
        ("1 = 2", "InvalidLeftHandSide"),
        ("workflow A { }", "SandboxUnsupportedSyntax"),
        ("a &&", "EmptyPipelineChainElement"),
        ("a & b", "SandboxUnsupportedSyntax"),
        ("dir 2> file.txt", "SandboxUnsupportedSyntax"),
    ] {
        assert_eq!(error_of(text), wanted, "{text}");
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("(", ")"), ("@(", ")"), ("{", "}"), ("$(", ")"), ("-not ", ""), ("if (1) {", "}")] {
        let text = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(error_of(&text), "ScriptTooComplicated", "{open}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = [
        "$", "(", "{", "\"", "'", "@", "[", "-", "|", "`", "#", "<#", "1", "a", ".", ":", ",", "=", "é", "\n", "}", ")",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text += pieces[(state >> 33) as usize % pieces.len()];
        }
        let _ = parse(&text);
    }
}
