//! What the rules of the lexer give, without PowerShell at hand; the integration tests compare with its parser.

use super::scan;

/// The expressions found, each with a `*` if it is nested in a script block and a `"` if it stands in a string.
fn found(text: &str) -> Vec<String> {
    let mark = |yes: bool, mark: &'static str| if yes { mark } else { "" };
    let scan = scan(text).expect("scans");
    let describe = |found: &super::Occurrence| {
        format!("{}{}{}", found.text, mark(found.is_nested(), "*"), mark(found.in_string, "\""))
    };
    scan.occurrences.iter().map(describe).collect()
}

#[test]
fn members_belong_to_it_in_expressions_only() {
    assert_eq!(found("$using:a.b[0].c + 1"), ["$using:a.b[0].c"]);
    assert_eq!(found("\"$using:a.b $($using:c.d)\""), ["$using:a\"", "$using:c.d"]);
    assert_eq!(found("echo $using:a.b x$using:c.d $using:e/f.g"), ["$using:a.b", "$using:c\"", "$using:e\""]);
}

#[test]
fn strings_and_comments_hide_it() {
    assert_eq!(found("'$using:a' # $using:b\n<# $using:c #> `$using:d; @'\n$using:e\n'@; $using:f"), ["$using:f"]);
    assert_eq!(found("cmd --% $using:a \"|\" $using:b | echo $using:c\n$using:d"), ["$using:c", "$using:d"]);
}

#[test]
fn blocks_are_told_apart() {
    assert_eq!(found("if ($using:a) { $using:b } % { $using:c }"), ["$using:a", "$using:b", "$using:c*"]);
    assert_eq!(found("function f($p = $using:a) { $using:b }; $using:c"), ["$using:a*", "$using:b*", "$using:c"]);
    assert_eq!(found("switch (1) { { $using:a } { $using:b } 2 { $using:c } }"), ["$using:a*", "$using:b", "$using:c"]);
}

#[test]
fn too_deep_is_an_error_with_its_place() {
    let deep = "\"$(".repeat(1_000);
    let error = scan(&deep).expect_err("too deep");
    assert_eq!(error.to_string(), "line 1, column 302: strings and sub-expressions are nested deeper than 100 levels");
    assert!(scan(&"(".repeat(1_000_000)).is_ok());
}

#[test]
fn any_bytes_are_survived() {
    use proptest::prelude::*;
    let pieces = proptest::collection::vec(
        prop_oneof![
            "[\\x00-\\x7F]{0,3}",
            proptest::sample::select(vec![
                "$using:",
                "${using:",
                "@using:",
                "$(",
                "@(",
                "@{",
                "\"",
                "'",
                "@\"\n",
                "\n\"@",
                "`",
                "<#",
                "#>",
                ".x",
                "[0]",
                "\r\n",
                "--%",
                "\u{2019}",
                "\u{201C}",
                "switch",
                "function ",
                "param(",
                "?.",
                "::",
            ])
            .prop_map(str::to_owned),
        ],
        0..40,
    );
    proptest!(|(pieces in pieces)| {
        let text = pieces.concat();
        let scan = scan(&text).expect("not deep");
        for found in &scan.occurrences {
            prop_assert_eq!(text.get(found.start..found.end()), Some(&*found.text));
        }
    });
}
