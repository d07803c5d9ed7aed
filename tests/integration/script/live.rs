//! The three forms of using values on a real PowerShell. Version 7 takes the array of versions 3 and 4 too, and the
//! rewritten text of version 2 is a script like any other.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use psfleet::clixml::{Value, value_from_json};
use psfleet::fleet::Script;
use psfleet::outcome::Outcome;
use psfleet::psrp::{Command, Invocation};
use psfleet::script::Source;
use psfleet::script::using::{Definitions, WireForm};
use psfleet::target::{Endpoint, LocalEndpoint, Target, Timeouts};
use serde_json::{Value as Json, json};

use crate::support::pwsh;
use crate::support::run::{run, spec};

/// Scripts with what they give, whatever the form.
const ALL_FORMS: [(&str, &str); 5] = [
    ("$using:x", r#"["Text"]"#),
    ("\"<$using:x> ${using:n}\"; $Using:N + 1", r#"["<Text> 3", 4]"#),
    ("function f($a, $b) { \"$a-$b\" }; f @using:splat", r#"["1-2"]"#),
    ("$using:list | ForEach-Object { $_ * 2 }", "[2, 4, 6]"),
    ("$using:env:PSFLEET_PROBE", r#"["from here"]"#),
];

/// Scripts for the dictionary: nested blocks and expressions with members.
const DICTIONARY: [(&str, &str); 15] = [
    ("$using:list[1+1]; $using:list[-(1)]", "[3, 3]"),
    ("$using:x.Length", "[4]"),
    ("$using:h.Key['Deep']; $Using:H['key'].deep", "[7, 7]"),
    ("\"$using:x.y $($using:list[-1]) $($using:list.Count)\"", r#"["Text.y 3 3"]"#),
    ("1 | ForEach-Object { $using:n; & { $using:x } }", r#"[3, "Text"]"#),
    ("@\"\n$using:x $(\"in $using:n\")\n\"@", r#"["Text in 3"]"#),
    ("function f { $using:list[0] }; f; $using:global:x", r#"[1, "Text"]"#),
    ("$using:list -join '+'", r#"["1+2+3"]"#),
    ("Write-Output a$using:n/b $using:x.Length", r#"["a3/b", 4]"#),
    ("if ($using:n -gt 2) { ${using:odd name} }", "[true]"),
    ("\"$(\"\"q $using:x\"\")\"; $using:h.nothing -eq $null", r#"["q Text", true]"#),
    // What PowerShell itself counts wrongly, and so asks for by another name.
    (r#""$("$("`"$using:x")")""#, r#"["Text"]"#),
    (r#""a $(`"b $(``"c $using:x``")`")""#, r#"["a b c Text"]"#),
    (r#""$(""$($using:x)"")" + "$("$("`"$($using:list[0])")")""#, r#"["Text1"]"#),
    (r#""$("$("`"$using:x")")$("$("`"$using:n")")""#, r#"["Text3"]"#),
];

fn values() -> BTreeMap<String, Value> {
    let json = json!({
        "x": "Text", "n": 3, "list": [1, 2, 3], "h": {"Key": {"Deep": 7}}, "splat": {"a": 1, "b": 2}, "odd name": true,
    });
    let entries = json.as_object().expect("an object").iter();
    entries.map(|(name, value)| (name.clone(), value_from_json(value))).collect()
}

/// What a script gives on a local PowerShell.
async fn objects(pwsh: &Path, script: &str, form: WireForm) -> Vec<Json> {
    let environment = BTreeMap::from([("PSFLEET_PROBE".to_owned(), "from here".to_owned())]);
    let values = values();
    let definitions = Definitions { values: &values, environment: &environment, lenient: false };
    let source = Source::new(script).expect("scans");
    let sent = definitions.evaluate(&source).expect("every name has a value").send(&source, form);
    let target = Target {
        name: "localhost".into(),
        endpoint: Endpoint::Local(LocalEndpoint { pwsh: pwsh.to_owned() }),
        credential: None,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    };
    let invocation = Invocation { script: sent.script, arguments: sent.arguments, input: false };
    let mut spec = spec(vec![target], script);
    spec.work = Arc::new(Script::new(Arc::new(Command::new(&invocation, &[]))));
    let ran = run(spec).await;
    assert_eq!(ran.summary.counts.of(Outcome::Ok), 1, "{form:?}: {script}: {:?} {:?}", ran.ends, ran.records);
    ran.objects()
}

async fn give(form: WireForm, scripts: &[(&str, &str)]) {
    let Some(pwsh) = pwsh() else { return };
    for (script, expected) in scripts {
        let expected: Vec<Json> = serde_json::from_str(expected).expect("JSON");
        assert_eq!(objects(&pwsh, script, form).await, expected, "{form:?}: {script}");
    }
}

#[tokio::test]
async fn the_dictionary_gives_every_value() {
    give(WireForm::Dictionary, &ALL_FORMS).await;
    give(WireForm::Dictionary, &DICTIONARY).await;
}

#[tokio::test]
async fn the_array_gives_every_value() {
    give(WireForm::Array, &ALL_FORMS).await;
    // Mixed scopes fall back to the rewritten text.
    give(WireForm::Array, &DICTIONARY).await;
}

#[tokio::test]
async fn the_rewritten_text_gives_every_value() {
    give(WireForm::Rewrite, &ALL_FORMS).await;
    give(WireForm::Rewrite, &DICTIONARY).await;
    give(WireForm::Rewrite, &[("param($a = 5)\n\"$a $using:x\"", r#"["5 Text"]"#)]).await;
}
