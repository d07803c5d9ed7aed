//! The sandbox's built-in engine against real PowerShell: what a script gives must be equal, object by object.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use psfleet::clixml::{Content, Decoder, ListKind, Object, RefId, Value};
use psfleet::sandbox::engine::{EndState, Ended, Invocation, Runspace, Runtime as _};
use psfleet::sandbox::machine::Machine;
use psfleet::stream::Stream;

use crate::support::pwsh;
use crate::support::recorder::{Recorder, error_id};

/// The scripts by family, one per paragraph; `##` lines say what they cover.
const FAMILIES: &[(&str, &str)] = &[
    ("arguments", include_str!("engine/arguments.ps1.txt")),
    ("grammar", include_str!("engine/grammar.ps1.txt")),
    ("errors", include_str!("engine/errors.ps1.txt")),
    ("everyday", include_str!("engine/everyday.ps1.txt")),
    ("formats", include_str!("engine/formats.ps1.txt")),
    ("lists", include_str!("engine/lists.ps1.txt")),
    ("operators", include_str!("engine/operators.ps1.txt")),
    ("live", include_str!("engine/live.ps1.txt")),
    ("strict", include_str!("engine/strict.ps1.txt")),
    ("references", include_str!("engine/references.ps1.txt")),
    ("json_csv", include_str!("engine/json_csv.ps1.txt")),
    ("drives", include_str!("engine/drives.ps1.txt")),
    ("items", include_str!("engine/items.ps1.txt")),
    ("language", include_str!("engine/language.ps1.txt")),
    ("members", include_str!("engine/members.ps1.txt")),
    ("objects", include_str!("engine/objects.ps1.txt")),
    ("pipelines", include_str!("engine/pipelines.ps1.txt")),
    ("statics", include_str!("engine/statics.ps1.txt")),
    ("dotnet", include_str!("engine/dotnet.ps1.txt")),
    ("processes", include_str!("engine/processes.ps1.txt")),
    ("text", include_str!("engine/text.ps1.txt")),
    ("csv", include_str!("engine/csv.ps1.txt")),
    ("dates", include_str!("engine/dates.ps1.txt")),
    ("failures", include_str!("engine/failures.ps1.txt")),
    ("functions", include_str!("engine/functions.ps1.txt")),
    ("hashtables", include_str!("engine/hashtables.ps1.txt")),
    ("reports", include_str!("engine/reports.ps1.txt")),
    ("parameters", include_str!("engine/parameters.ps1.txt")),
    ("variables", include_str!("engine/variables.ps1.txt")),
    ("classes", include_str!("engine/classes.ps1.txt")),
    ("regexes", include_str!("engine/regexes.ps1.txt")),
    ("scopes", include_str!("engine/scopes.ps1.txt")),
    ("strings", include_str!("engine/strings.ps1.txt")),
    ("switch", include_str!("engine/switch.ps1.txt")),
    ("overloads", include_str!("engine/overloads.ps1.txt")),
    ("preferences", include_str!("engine/preferences.ps1.txt")),
    ("xml", include_str!("engine/xml.ps1.txt")),
];

/// What a script gave, in a form that can be compared.
#[derive(Debug, Default, PartialEq, Eq)]
struct Given {
    output: Vec<String>,
    /// Error ids of the error stream.
    errors: Vec<String>,
    /// The error id of the terminating error.
    failed: Option<String>,
}

/// Error ids carry the class of a real cmdlet behind a comma; the engine has no classes.
fn plain_id(id: &str) -> String {
    id.split(',').next().unwrap_or(id).to_owned()
}

fn engine(script: &str) -> Given {
    let mut recorder = Recorder::default();
    let mut runspace = Runspace::new(Arc::new(Machine::draw(1, 0, recorder.now())));
    let Ended { state, .. } = runspace.invoke(&Invocation::script(script, []), &mut recorder);
    let id = |record: &Value| plain_id(&error_id(record));
    Given {
        output: recorder.of(Stream::Output).map(canonical).collect(),
        errors: recorder.of(Stream::Error).map(id).collect(),
        failed: if let EndState::Failed(record) = &state { Some(id(record)) } else { None },
    }
}

/// Runs each script as a pipeline of its own, in an empty folder of its own, and prints what it gave.
const RUNNER: &str = r#"
$ErrorActionPreference = 'Stop'
$scripts = [Console]::In.ReadToEnd().Split([char]0)
$base = [Environment]::CurrentDirectory
$place = 0
foreach ($text in $scripts) {
    $place++
    [Environment]::CurrentDirectory = [IO.Directory]::CreateDirectory("$base/$place").FullName
    $shell = [powershell]::Create()
    $null = $shell.AddScript($text)
    $failed = ''
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    try { $shell.Invoke($null, $output) } catch {
        $inner = $_.Exception
        while ($inner.InnerException -and -not ($inner -is [System.Management.Automation.RuntimeException] -and
            -not ($inner -is [System.Management.Automation.MethodInvocationException]))) { $inner = $inner.InnerException }
        $failed = if ($inner.ErrorRecord) { $inner.ErrorRecord.FullyQualifiedErrorId } else { $inner.GetType().FullName }
    }
    foreach ($object in $output) {
        $xml = [System.Management.Automation.PSSerializer]::Serialize($object, 1)
        [Console]::Out.WriteLine('O ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($xml)))
    }
    foreach ($record in $shell.Streams.Error) { [Console]::Out.WriteLine('E ' + ($record.FullyQualifiedErrorId -replace '\s', ' ')) }
    if ($failed) { [Console]::Out.WriteLine('F ' + ($failed -replace '\s', ' ')) }
    [Console]::Out.WriteLine('.')
    $shell.Dispose()
}
"#;

fn real(program: &std::path::Path, scripts: &[&str]) -> Vec<Given> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(program)
        .args(["-NoLogo", "-NoProfile", "-c", RUNNER])
        .env("TZ", "UTC")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("PowerShell starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = scripts.join("\0");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).expect("PowerShell reads"));
    let output = child.wait_with_output().expect("PowerShell ends");
    writer.join().expect("the writer ends");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut all = Vec::new();
    let mut given = Given::default();
    for line in text.lines() {
        match line.split_at_checked(2) {
            Some(("O ", data)) => {
                let xml = base64_simd::STANDARD.decode_to_vec(data).expect("base64");
                let mut decoder = Decoder::default();
                let element = decoder.elements(&xml).next().expect("one object").expect("CLIXML");
                given.output.push(canonical(&element.document.root));
            }
            Some(("E ", id)) => given.errors.push(plain_id(id)),
            Some(("F ", id)) => given.failed = Some(plain_id(id)),
            _ => all.push(std::mem::take(&mut given)),
        }
    }
    all
}

/// A value as text without what may differ: ids of references, the order of hashtables, versions of assemblies.
fn canonical(value: &Value) -> String {
    let mut known = HashMap::new();
    index(value, &mut known);
    let mut text = String::new();
    write_value(value, &known, &mut text);
    text
}

fn index<'v>(value: &'v Value, known: &mut HashMap<RefId, &'v Value>) {
    let Value::Object(object) = value else { return };
    if let Some(id) = object.id {
        known.insert(id, value);
    }
    let members = object.props.iter().chain(&object.notes).map(|(_, value)| value);
    members.for_each(|value| index(value, known));
    match &object.content {
        Content::Value(inner) => index(inner, known),
        Content::List(_, items) => items.iter().for_each(|item| index(item, known)),
        Content::Dict(entries) => entries.iter().for_each(|(key, value)| {
            index(key, known);
            index(value, known);
        }),
        Content::None => {}
    }
}

fn write_value(value: &Value, known: &HashMap<RefId, &Value>, out: &mut String) {
    match value {
        Value::Object(object) => write_object(object, known, out),
        Value::Ref(id) => match known.get(id) {
            Some(value) => write_value(value, known, out),
            None => out.push_str("lost"),
        },
        // Lines end as they do on the system.
        primitive => out.push_str(&format!("{primitive:?}").replace("\\r\\n", "\\n")),
    }
}

fn write_object(object: &Object, known: &HashMap<RefId, &Value>, out: &mut String) {
    let text = |value: &Value| {
        let mut text = String::new();
        write_value(value, known, &mut text);
        text
    };
    // A number that an object was made around, as ETS does it, is the number.
    if let (None, Content::Value(inner), true) =
        (object.type_names.first(), &object.content, object.props.is_empty() && object.notes.is_empty())
    {
        return write_value(inner, known, out);
    }
    let name = object.type_names.first().unwrap_or("");
    out.push_str(name.split(['`', '[']).next().unwrap_or(name));
    match &object.content {
        Content::None => {}
        Content::Value(inner) => write!(out, "({})", text(inner)).expect("text"),
        Content::List(kind, items) => {
            // A lazy enumerable of .NET is a list here.
            assert!(matches!(kind, ListKind::List | ListKind::Enumerable));
            let items: Vec<_> = items.iter().map(text).collect();
            write!(out, "[{}]", items.join(", ")).expect("text");
        }
        Content::Dict(entries) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{}: {}", text(key), text(value))).collect();
            if name.ends_with("Hashtable") {
                entries.sort();
            }
            write!(out, "{{{}}}", entries.join(", ")).expect("text");
        }
    }
    for (mark, members) in [('p', &object.props), ('n', &object.notes)] {
        for (name, value) in members {
            write!(out, " {mark}.{name}={}", text(value)).expect("text");
        }
    }
}

fn scripts() -> Vec<(&'static str, &'static str)> {
    let of = |(family, text): (&'static str, &'static str)| {
        let paragraphs = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
        let scripts = paragraphs.filter(|text| text.lines().any(|line| !line.starts_with("##")));
        scripts.map(move |script| (family, script))
    };
    FAMILIES.iter().copied().flat_map(of).collect()
}

#[test]
fn engine_equals_powershell() {
    let scripts = scripts();
    assert!(scripts.len() >= 860, "{} scripts", scripts.len());
    let Some(program) = pwsh() else { return };
    let texts: Vec<_> = scripts.iter().map(|(_, script)| *script).collect();
    let real = real(&program, &texts);
    assert_eq!(real.len(), scripts.len());
    let mut differences = String::new();
    for ((family, script), wanted) in scripts.iter().zip(&real) {
        let given = engine(script);
        if given != *wanted {
            writeln!(differences, "--- {family}: {script}\nPowerShell: {wanted:#?}\nengine:     {given:#?}")
                .expect("text");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}
