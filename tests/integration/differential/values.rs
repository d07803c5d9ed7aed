//! Objects that are one value: what psfleet makes of them beside what PowerShell's own `ConvertTo-Csv` does.

use std::process::Command;

use psfleet::clixml::{Decoder, Document};
use psfleet::output::Format;
use serde_json::{Value as Json, json};

use crate::output::written_of;
use crate::support::folder::Folder;
use crate::support::pwsh;

/// What stands in the cell.
enum Cell {
    /// What PowerShell writes there.
    Theirs,
    /// A form of our own: dates are ISO, and what is nothing is empty.
    Ours(&'static str),
}

use Cell::{Ours, Theirs};

/// Expressions, the plain JSON of their values, and their cells.
fn values() -> Vec<(&'static str, Json, Cell)> {
    vec![
        (r"[regex]'^web\d+$'", json!(r"^web\d+$"), Theirs),
        ("[bigint]20", json!(20), Theirs),
        ("[bigint]-9007199254740991", json!(-9_007_199_254_740_991_i64), Theirs),
        ("[bigint]9007199254740992", json!("9007199254740992"), Theirs),
        ("[bigint]::Pow(2, 70)", json!("1180591620717411303424"), Theirs),
        ("-[bigint]::Pow(10, 400)", json!(format!("-1{}", "0".repeat(400))), Theirs),
        ("[int128]::MaxValue", json!("170141183460469231731687303715884105727"), Theirs),
        ("[uint128]7", json!(7), Theirs),
        ("[intptr]5", json!(5), Theirs),
        ("[uintptr]::new(6)", json!(6), Theirs),
        ("[half]1.5", json!(1.5), Theirs),
        ("[half]::NaN", json!("NaN"), Theirs),
        (
            "[datetimeoffset]'2024-01-02T03:04:05+02:00'",
            json!("2024-01-02T03:04:05+02:00"),
            Ours("2024-01-02T03:04:05+02:00"),
        ),
        (
            "[datetimeoffset]'2024-12-31T23:59:59.1234567-09:30'",
            json!("2024-12-31T23:59:59.1234567-09:30"),
            Ours("2024-12-31T23:59:59.1234567-09:30"),
        ),
        ("[datetimeoffset]::MinValue", json!("0001-01-01T00:00:00+00:00"), Ours("0001-01-01T00:00:00+00:00")),
        ("[dateonly]'2024-01-02'", json!("2024-01-02"), Ours("2024-01-02")),
        ("[dateonly]::MaxValue", json!("9999-12-31"), Ours("9999-12-31")),
        ("[timeonly]'03:04:05.25'", json!("03:04:05.25"), Ours("03:04:05.25")),
        ("[timeonly]::MinValue", json!("00:00:00"), Ours("00:00:00")),
        ("[ipaddress]'10.0.0.1'", json!("10.0.0.1"), Theirs),
        ("[ipaddress]::Any", json!("0.0.0.0"), Theirs),
        ("[ipaddress]'fe80::1%3'", json!("fe80::1%3"), Theirs),
        ("[ipendpoint]::new([ipaddress]'::1', 80)", json!("[::1]:80"), Theirs),
        ("[System.Net.IPNetwork]::Parse('10.0.0.0/8')", json!("10.0.0.0/8"), Theirs),
        ("[System.Net.NetworkInformation.PhysicalAddress]::Parse('00-11-22-33-44-55')", json!("001122334455"), Theirs),
        ("[System.Net.Http.HttpMethod]'GET'", json!("GET"), Theirs),
        ("[mailaddress]'A B <a@example.org>'", json!("\"A B\" <a@example.org>"), Theirs),
        ("[semver]'1.2.3-rc.1+b'", json!("1.2.3-rc.1+b"), Theirs),
        ("[version]'1.2.3.4'", json!("1.2.3.4"), Theirs),
        ("[System.Text.StringBuilder]'abc'", json!("abc"), Theirs),
        ("[System.Text.Rune]::new(0x1F600)", json!("😀"), Theirs),
        ("[guid]'11223344-5566-7788-99aa-bbccddeeff00'", json!("11223344-5566-7788-99aa-bbccddeeff00"), Theirs),
        ("[uri]'http://x/y?q=1'", json!("http://x/y?q=1"), Theirs),
        ("[uri]'/relative'", json!("/relative"), Theirs),
        ("[xml]'<a><b/></a>'", json!("<a><b /></a>"), Ours("<a><b /></a>")),
        ("[System.Xml.Linq.XElement]::Parse('<a>1</a>')", json!("<a>1</a>"), Theirs),
        ("[System.Xml.Linq.XDocument]::Parse('<a>1</a>')", json!("<a>1</a>"), Theirs),
        ("[System.Xml.Linq.XName]'a'", json!("a"), Theirs),
        ("[System.DayOfWeek]::Monday", json!("Monday"), Theirs),
        ("[System.Enum]::ToObject([System.DayOfWeek], 42)", json!("42"), Theirs),
        ("[System.IO.FileAttributes]'ReadOnly, Hidden'", json!("ReadOnly, Hidden"), Theirs),
        ("[System.Environment+SpecialFolder]::Desktop", json!("Desktop"), Theirs),
        ("[System.Security.AccessControl.AceFlags]::ObjectInherit", json!("ObjectInherit"), Theirs),
        ("[cultureinfo]::InvariantCulture", json!(""), Theirs),
        ("[int]", json!("System.Int32"), Theirs),
        (
            "[System.Collections.Generic.List[string]]",
            json!("System.Collections.Generic.List`1[System.String]"),
            Theirs,
        ),
        ("[object]", json!("System.Object"), Theirs),
        ("[type]", json!("System.Type"), Theirs),
        ("[System.Index]::new(3, $true)", json!("^3"), Theirs),
        ("[System.Range]::new(1, 2)", json!("1..2"), Theirs),
        ("[switch]$true", json!(true), Theirs),
        ("[System.DBNull]::Value", json!(null), Theirs),
        ("'abc'.ToCharArray()", json!("abc"), Ours("abc")),
        ("{ 1 + 1 }", json!(" 1 + 1 "), Theirs),
        ("[System.Data.SqlTypes.SqlInt32]5", json!(5), Theirs),
        ("[System.Data.SqlTypes.SqlString]'x'", json!("x"), Theirs),
        ("[System.Data.SqlTypes.SqlBoolean]$true", json!(true), Theirs),
        ("[System.Data.SqlTypes.SqlInt32]::Null", json!(null), Ours("")),
        (
            "[System.Data.SqlTypes.SqlDateTime][datetime]'2024-01-02'",
            json!("2024-01-02T00:00:00"),
            Ours("2024-01-02T00:00:00"),
        ),
    ]
}

/// Expressions whose values are no single one, the text that plain JSON has beside their members, and their cells.
fn others() -> Vec<(&'static str, Option<&'static str>, Cell)> {
    vec![
        ("[System.IO.DirectoryInfo]'/usr'", None, Theirs),
        ("[System.Drawing.Point]::new(1, 2)", None, Theirs),
        ("[System.Numerics.Complex]::new(1, 2)", None, Theirs),
        ("[System.Drawing.Color]::Red", None, Theirs),
        ("[System.TimeZoneInfo]::Utc", None, Theirs),
        ("[System.Exception]::new('boom')", None, Theirs),
        ("[System.Diagnostics.Process]::GetCurrentProcess()", None, Theirs),
        ("[System.Text.Json.JsonDocument]::Parse('{\"a\":1}').RootElement", Some("{\"a\":1}"), Theirs),
        ("& { class Dog { [int] $Age = 3; [string] ToString() { return 'Rex' } }; [Dog]::new() }", Some("Rex"), Theirs),
        (
            // PowerShell sends no text of a custom object, whatever it says of itself.
            "& { $o = [pscustomobject]@{ a = 1 }; $o | Add-Member ScriptMethod ToString { 'mine' } -Force -PassThru }",
            None,
            Ours(r#"{"a":1}"#),
        ),
        ("& { class Cat { [int] $Age = 3 }; [Cat]::new() }", None, Ours("{\"Age\":3}")),
        (
            "[System.Net.CookieContainer]::new()",
            None,
            Ours(r#"{"Capacity":300,"Count":0,"MaxCookieSize":4096,"PerDomainCapacity":20}"#),
        ),
        ("[pscustomobject]@{ a = 1; b = 'x' }", None, Ours(r#"{"a":1,"b":"x"}"#)),
        ("@{ a = 1 }", None, Ours(r#"{"a":1}"#)),
        ("([xml]'<a><b k=\"1\">t</b></a>').a.b", None, Ours(r##"{"k":"1","#text":"t"}"##)),
    ]
}

/// What became of one value.
struct Sent {
    /// ConvertTo-Csv's cell.
    theirs: String,
    /// As the member `v` of a custom object.
    member: Document,
    alone: Document,
}

/// `None` if there is no PowerShell to ask.
fn sent(expressions: &[&str]) -> Option<Vec<Sent>> {
    let pwsh = pwsh()?;
    let home = Folder::new("values");
    let file = home.path().join("expressions");
    std::fs::write(&file, expressions.join("\n")).expect("written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/differential/values.ps1");
    let mut command = Command::new(pwsh);
    command.args(["-NoLogo", "-NoProfile", "-File", script, "-Expressions"]).arg(file);
    let output = command.env("TZ", "UTC").output().expect("PowerShell starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let sent: Vec<_> = lines
        .lines()
        .map(|line| {
            let mut parts = line.split(' ').map(|part| {
                let bytes = base64_simd::STANDARD.decode_to_vec(part).expect("base64");
                String::from_utf8(bytes).expect("UTF-8")
            });
            let mut part = || parts.next().expect("three parts");
            Sent { theirs: part(), member: object(&part()), alone: object(&part()) }
        })
        .collect();
    assert_eq!(sent.len(), expressions.len());
    Some(sent)
}

fn object(xml: &str) -> Document {
    Decoder::default().elements(xml.as_bytes()).next().expect("an object").expect("decodes").document
}

/// The cell of the column `v` or `Value`.
fn cell(object: Document) -> String {
    let csv = written_of(Format::Csv, vec![object]);
    let row = csv::Reader::from_reader(csv.as_bytes()).into_records().next().expect("a row").expect("CSV");
    row.get(1).unwrap_or_default().trim_start_matches('\'').to_owned()
}

fn plain(object: Document) -> Json {
    let lines = written_of(Format::Jsonl, vec![object]);
    serde_json::from_str::<Json>(lines.lines().next().expect("a line")).expect("JSON")["data"].take()
}

#[test]
fn objects_that_are_one_value_are_it() {
    let values = values();
    assert!(values.len() >= 50);
    let expressions: Vec<_> = values.iter().map(|(expression, ..)| *expression).collect();
    let Some(sent) = sent(&expressions) else { return };
    let mut wrong = Vec::new();
    for ((expression, json, expected), sent) in values.into_iter().zip(sent) {
        let expected = match expected {
            Theirs => sent.theirs,
            Ours(cell) => cell.to_owned(),
        };
        let jsons = [plain(sent.member.clone())["v"].take(), plain(sent.alone.clone())];
        let cells = [cell(sent.member), cell(sent.alone)];
        if jsons != [json.clone(), json.clone()] || cells != [expected.clone(), expected.clone()] {
            wrong.push(format!("{expression}: {jsons:?}, not {json}; {cells:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn other_objects_keep_what_only_their_text_says() {
    let others = others();
    let expressions: Vec<_> = others.iter().map(|(expression, ..)| *expression).collect();
    let Some(sent) = sent(&expressions) else { return };
    let mut wrong = Vec::new();
    for ((expression, text, expected), sent) in others.into_iter().zip(sent) {
        let expected = match expected {
            Theirs => sent.theirs,
            Ours(cell) => cell.to_owned(),
        };
        let json = plain(sent.alone);
        let cell = cell(sent.member);
        if !json.is_object() || json.get("$string").and_then(Json::as_str) != text || cell != expected {
            wrong.push(format!("{expression}: {}, not {text:?}; {cell:?}, not {expected:?}", json["$string"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
