//! `-o text` beside PowerShell's own formatting of the same objects.

use std::process::Command;

use psfleet::clixml::{Decoder, Document};
use psfleet::output::TextPrinter;

use crate::support::folder::Folder;
use crate::support::pwsh;

/// A script block a line; comments say what the next ones are about.
const BLOCKS: &str = include_str!("text/blocks.txt");

/// The same for scripts that end in Format-*.
const FORMATS: &str = include_str!("text/formats.txt");

/// Where the scripts are that PowerShell runs.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/text");

const WIDTH: usize = 100;

/// Blocks that we print otherwise, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "[System.Net.IPAddress]::Loopback",
        "PowerShell makes a live address of it, which has a ScopeId and another order",
    ),
    ("try { throw 'x' } catch { $_ }", "an error record is its message, as everywhere else"),
    ("[pscustomobject]@{a=\"tab`there\";b=1}", "a tab in a cell is a space: what it does hangs on the terminal"),
    ("[pscustomobject]@{a=\"bell`a\"}", "controls are made visible"),
    (
        "[pscustomobject]@{a=1;PSComputerName='h';RunspaceId=[guid]::Empty}",
        "what remoting adds is never shown as the object's own",
    ),
    (
        "Get-Module Microsoft.PowerShell.Utility -ListAvailable",
        "modules stand without the folder that they are in, and without their editions",
    ),
    (
        "$o=[pscustomobject]@{Mode='-a---';ModeWithoutHardLink='-a---';LastWriteTime=[datetime]'2020-01-02 03:04';LastWriteTimeString='01/02/2020 03:04';LengthString='5';Length=5;Name='x.txt';NameString='x.txt';PSParentPath='Microsoft.PowerShell.Core\\FileSystem::C:\\tmp';LinkTarget=$null};$o.PSTypeNames.Insert(0,'System.IO.FileInfo');$o",
        "a file of Windows is shown as on Windows; PowerShell on Linux has one view only",
    ),
];

/// Blocks of Format-* that we print otherwise, and why.
const FORMAT_DIFFERENCES: &[(&str, &str)] = &[];

fn blocks(lines: &'static str) -> Vec<&'static str> {
    lines.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What PowerShell prints of a block's objects, and the objects.
struct Printed {
    shown: String,
    objects: Vec<Document>,
}

/// One for each block; `None` if there is no PowerShell to ask.
fn printed(blocks: &[&str]) -> Option<Vec<Printed>> {
    let pwsh = pwsh()?;
    let home = Folder::new("text");
    let file = home.path().join("blocks.txt");
    std::fs::write(&file, blocks.join("\n")).expect("written");
    let output = Command::new(pwsh)
        .args(["-NoLogo", "-NoProfile", "-File", &format!("{FOLDER}/print.ps1")])
        .args(["-Width", &WIDTH.to_string(), "-Blocks"])
        .arg(file)
        .current_dir(home.path())
        .env("TZ", "UTC")
        .output()
        .expect("PowerShell starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let printed = lines.lines().map(|line| {
        let mut parts = line.split(' ').map(unbase64);
        let shown = parts.next().expect("the text comes first");
        Printed { shown, objects: parts.map(|xml| object(&xml)).collect() }
    });
    Some(printed.collect())
}

fn unbase64(text: &str) -> String {
    let bytes = base64_simd::STANDARD.decode_to_vec(text).expect("base64");
    String::from_utf8(bytes).expect("UTF-8")
}

fn object(xml: &str) -> Document {
    let mut decoder = Decoder::default();
    let mut elements = decoder.elements(xml.as_bytes());
    elements.next().expect("an object").expect("decodes").document
}

/// What we print of the objects of one host.
fn ours(objects: &[Document]) -> String {
    let mut out = Vec::new();
    let mut printer = TextPrinter::new(WIDTH, false);
    objects.iter().try_for_each(|object| printer.object(&mut out, object)).expect("memory takes all");
    printer.end(&mut out).expect("memory takes all");
    String::from_utf8(out).expect("UTF-8")
}

/// Lines without blanks at their ends, without blank lines around the whole.
fn trimmed(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// Compares what we print with what PowerShell does; says how many blocks there were.
fn compare(blocks: &[&str], differences: &[(&str, &str)]) -> Option<usize> {
    let printed = printed(blocks)?;
    assert_eq!(printed.len(), blocks.len());
    let mut wrong = Vec::new();
    for (block, printed) in blocks.iter().zip(printed) {
        let (theirs, ours) = (trimmed(&printed.shown), trimmed(&ours(&printed.objects)));
        let differs = differences.iter().any(|(known, _)| known == block);
        if differs == (theirs == ours) {
            wrong.push(format!("{block}\nPowerShell:\n{theirs}\npsfleet:\n{ours}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} blocks:\n{}", wrong.len(), blocks.len(), wrong.join("\n"));
    Some(blocks.len())
}

#[test]
fn objects_look_as_powershell_shows_them() {
    let Some(compared) = compare(&blocks(BLOCKS), DIFFERENCES) else { return };
    assert!(compared >= 80 && DIFFERENCES.len() <= 10);
}

#[test]
fn what_format_cmdlets_return_looks_as_powershell_shows_it() {
    let Some(compared) = compare(&blocks(FORMATS), FORMAT_DIFFERENCES) else { return };
    assert!(compared >= 70 && FORMAT_DIFFERENCES.len() <= 5);
}

/// The classes of Windows, and what PowerShell shows of them.
const CLASSES: &str = include_str!("../../src/output/out_string/cim.txt");

#[test]
fn classes_of_windows_are_those_that_powershell_knows() {
    let Some(pwsh) = pwsh() else { return };
    let output = Command::new(pwsh).args(["-NoLogo", "-NoProfile", "-File", &format!("{FOLDER}/cim.ps1")]).output();
    let output = output.expect("PowerShell starts");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).lines().collect::<Vec<_>>(),
        CLASSES.lines().collect::<Vec<_>>()
    );
}

#[test]
fn objects_of_the_classes_of_windows_look_as_powershell_shows_them() {
    let block = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let name = words.next().expect("a type");
        // Numbers, texts that are too long for their columns, and nothing, by turns.
        let value = |place: usize, name: &str| match place % 3 {
            0 => format!("'{name} {}'", "x".repeat(20 * (place % 4))),
            1 => format!("{}", 1000 * place),
            _ => "$null".to_owned(),
        };
        let properties: Vec<String> = words
            .map(|word| word.rsplit(':').next().unwrap_or(word))
            .chain(["Another"])
            .enumerate()
            .map(|(place, name)| format!("{name}={}", value(place, name)))
            .collect();
        let object = properties.join(";");
        format!("$o=[pscustomobject]@{{{object}}};$o.PSTypeNames.Insert(0,'{name}');$o,$o")
    };
    let blocks: Vec<String> = CLASSES.lines().map(block).collect();
    compare(&blocks.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
}
