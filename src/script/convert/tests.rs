//! What the converter makes of scripts, without PowerShell at hand; the integration tests compare with its client.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Inputs, commands};
use crate::clixml::{Value, value_from_json};
use crate::psrp::Argument;
use crate::script::using::Definitions;
use crate::script::{Parameters, ScriptError, Source};

/// The commands as text: statements behind `;`, commands behind `|`, arguments as `name=value`.
fn convert(script: &str, arguments: &[(Option<&str>, serde_json::Value)]) -> Result<String, ScriptError> {
    let source = Source::new(script)?;
    let parameters = Parameters::read(&source)?;
    let argument = |(name, value): &(Option<&str>, serde_json::Value)| Argument {
        name: name.map(str::to_owned),
        value: value_from_json(value),
    };
    let arguments: Vec<Argument> = arguments.iter().map(argument).collect();
    let secret = Value::SecureString([0; 16].as_slice().into());
    let values = BTreeMap::from([("x".to_owned(), Value::I32(9)), ("secret".to_owned(), secret)]);
    let definitions = Definitions { values: &values, environment: &BTreeMap::new(), lenient: true };
    let Ok(using) = definitions.evaluate(&source) else { return Ok("undefined".to_owned()) };
    let statements = commands(&source, Inputs { parameters: &parameters, arguments: &arguments, using: &using })?;
    let statement = |calls: &Vec<_>| calls.iter().map(call).collect::<Vec<_>>().join(" | ");
    Ok(statements.iter().map(statement).collect::<Vec<_>>().join("; "))
}

fn call(call: &crate::psrp::CommandCall) -> String {
    let argument = |argument: &Argument| {
        format!(" {}={}", argument.name.as_deref().unwrap_or_default(), crate::clixml::text(&argument.value))
    };
    let merge = call.merge.map(|merge| format!(" {merge:?}")).unwrap_or_default();
    format!("{}{}{merge}", call.name, call.arguments.iter().map(argument).collect::<String>())
}

fn plain(script: &str) -> String {
    convert(script, &[(None, 6.into()), (None, "seven".into())]).unwrap_or_else(|error| error.to_string())
}

#[test]
fn arguments_have_their_values() {
    assert_eq!(plain("f 1 -a b -c:2 -d: 3 -s"), "f =1 -a= =b -c:=2 -d: =3 -s=");
    assert_eq!(plain("f $args[1] \"<$using:x $($args[0])>\" a$using:x"), "f =seven =<9 6> =a9");
    assert_eq!(plain("f 1,'b' @(3) @{k = $true}"), r#"f =[1,"b"] =[3] ={"k":true}"#);
    assert_eq!(plain("param($p, [string]$q = \"d$true\") f $q $p @args"), "f =seven =6");
    assert_eq!(plain("f 2>&1 | & 'g h'\n| i; j *>&1"), "f Error | g h | i; j All");
}

#[test]
fn named_arguments_are_bound_by_name() {
    let script = "param($a, [switch]$Force, $b = 5) f $a $b -Force:$Force";
    let converted = |arguments: &[_]| convert(script, arguments).expect("converted");
    assert_eq!(converted(&[(Some("b"), 1.into()), (None, 2.into())]), "f =2 =1 -Force:=false");
    assert_eq!(converted(&[(Some("force"), true.into())]), "f = =5 -Force:=true");
    let error = convert(script, &[(None, 1.into()), (None, 2.into())]).expect_err("a switch stands between");
    assert_eq!(error.to_string(), "line 1, column 19: the argument for `Force` must be given by its name, with -p");
}

#[test]
fn what_is_no_command_has_its_place() {
    assert_eq!(plain("f 1\nif (1) { g }"), "line 2, column 1: `if` is not a command");
    assert_eq!(plain("f 1 | g { $_ }"), "line 1, column 9: a script block");
    assert_eq!(plain("f (g 5)"), "line 1, column 4: `g` would run inside an argument");
    assert_eq!(plain("f 5 > x"), "line 1, column 5: `>` redirects a stream; only N>&1 is possible");
    assert_eq!(plain("1 | f"), "line 1, column 1: an expression where a command must be");
    assert_eq!(plain(""), "line 1, column 1: there is no command");
    assert_eq!(plain("f 'x"), "line 1, column 5: the end of the string is missing");
    assert_eq!(plain("f (1"), "line 1, column 5: a closing bracket is missing");
    let goes_on = |text: &str| matches!(convert(text, &[]), Err(ScriptError::EndsEarly { .. }));
    assert!(["f |", "f 1,", "f (", "f @{ a = 1", "f 'x", "f \"x", "f @'\nx", "end {"].into_iter().all(goes_on));
    assert!(!["", "# f", "f \"$(1,)\"", "f )", "if (1) {"].into_iter().any(goes_on));
    assert!(plain("f \"a\n $x\"").starts_with("line 2, column 2: `$x` has a value only on the host"));
    let unknown = |text: &str| matches!(convert(text, &[]), Err(ScriptError::NotConstant { .. }));
    // By zero, too much, or known to .NET alone.
    assert!(
        ["f (1 / 0)", "f (1 % 0)", "f ('a' * 70000)", "f (1..70000)", "f (1 -gt 2)", "f ([datetime]1)"]
            .into_iter()
            .all(unknown)
    );
}

#[test]
fn secrets_stay_arguments_of_their_own() {
    assert!(convert("f $using:secret -p:$using:secret", &[]).is_ok());
    assert_eq!(
        plain("f \"x$using:secret\""),
        "line 1, column 5: a secret has no text; give it as an argument by itself"
    );
    assert!(matches!(convert("param([string]$s = $using:secret) f $s", &[]), Err(ScriptError::NotConstant { .. })));
}

#[test]
fn nesting_has_a_limit() {
    let nested =
        |open: &str, close: &str, levels: usize| plain(&format!("f {}1{}", open.repeat(levels), close.repeat(levels)));
    assert_eq!(nested("(", ")", 100), "f =1");
    let too_deep = "strings and sub-expressions are nested deeper than 100 levels";
    for levels in [101, 10_000] {
        assert!(nested("(", ")", levels).ends_with(too_deep));
        assert!(nested("@(", ")", levels).ends_with(too_deep));
    }
    for deep in [",", "!", "- ", "[int]", "(1+", "(", "[int](", "-not "] {
        let levels = 10_000;
        let closing = ")".repeat(deep.matches('(').count() * levels);
        assert!(plain(&format!("f (0 + {}1{closing})", deep.repeat(levels))).ends_with(too_deep), "{deep}");
    }
    assert!(nested("\"$(", ")\"", 90).ends_with(too_deep));
    assert_eq!(nested("\"$(", ")\"", 40), "f =1");
}

proptest! {
    #[test]
    fn any_script_is_survived(pieces in proptest::collection::vec(piece(), 0..24)) {
        let script = pieces.concat();
        if let Err(error) = convert(&script, &[(None, 1.into()), (Some("p"), "x".into())]) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

fn piece() -> impl Strategy<Value = String> {
    let words = vec![
        "f",
        " ",
        " ",
        "\n",
        ";",
        "|",
        "&",
        "param($p)",
        "param($p=",
        ")",
        "(",
        "@(",
        "$(",
        "@{",
        "{",
        "}",
        "[",
        "]",
        ",",
        "=",
        "\"",
        "'",
        "@\"\n",
        "\n\"@",
        "`",
        "$args",
        "$using:x",
        "@args",
        "$p",
        "$true",
        ".a",
        "::",
        "..",
        "+",
        "*",
        "-join",
        "!",
        "[int]",
        "-a",
        "-a:",
        "--",
        "--%",
        "2>&1",
        ">",
        "1kb",
        "0x",
        "1.5",
        "9999999999999999999999",
        "1e999",
        "#",
        "<#",
        "#>",
        "end {",
        "if",
        "`u{",
        "${",
        "\u{2019}",
        "\u{201C}",
        "\u{1F600}",
        "é",
    ];
    prop_oneof![proptest::sample::select(words).prop_map(str::to_owned), "[\\x00-\\x7F]{0,3}"]
}
