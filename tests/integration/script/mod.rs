//! Our lexer and our reader of `param()` against PowerShell's own parser, and what they send against real PowerShell.

mod corpus;
mod engine;
mod generate;
mod live;

use psfleet::script::{Help, Occurrence, Parameter, Parameters, Position, Source, Validation};

use crate::support::pwsh;
use engine::{Declared, Facts, Found, Helped};

/// How many generated scripts are compared, and the seed they come from.
const GENERATED: (usize, u64) = (1_500, 20_260_822);

#[test]
fn finds_what_the_parser_finds_in_snippets() {
    let Some(pwsh) = pwsh() else { return };
    let snippets = corpus::snippets();
    assert!(snippets.len() >= 150, "{}", snippets.len());
    let texts: Vec<String> = snippets.iter().map(|(_, text)| text.clone()).collect();
    let facts = engine::facts(&pwsh, &texts);
    let mut compared = 0;
    for ((about, text), facts) in snippets.iter().zip(&facts) {
        compared += usize::from(compare(about, text, facts));
    }
    assert!(compared * 100 >= snippets.len() * 95, "too many snippets are no valid scripts: {compared} compared");
}

#[test]
fn finds_what_the_parser_finds_in_generated_scripts() {
    let Some(pwsh) = pwsh() else { return };
    let texts = generate::scripts(GENERATED.1, GENERATED.0);
    let facts = engine::facts(&pwsh, &texts);
    let compared = texts.iter().zip(&facts).filter(|(text, facts)| compare("generated", text, facts)).count();
    assert!(compared * 2 >= texts.len(), "too many generated scripts are invalid: {compared} compared");
}

#[test]
fn finds_what_the_parser_finds_in_real_scripts() {
    let Some(pwsh) = pwsh() else { return };
    let scripts = corpus::real_scripts(&pwsh);
    let texts: Vec<String> = scripts.iter().map(|(_, text)| text.clone()).collect();
    let facts = engine::facts(&pwsh, &texts);
    let compared = scripts.iter().zip(&facts).filter(|((path, text), facts)| compare(path, text, facts)).count();
    eprintln!("{compared} real scripts compared");
}

/// Compares one script; false if PowerShell doesn't take it for one.
fn compare(about: &str, text: &str, facts: &Facts) -> bool {
    let source = Source::new(text).expect("scans");
    if facts.errors > 0 {
        return false;
    }
    let mut found: Vec<Found> = source.occurrences().iter().map(|ours| found(&source, ours)).collect();
    found.sort_by_key(|found| (found.line, found.column));
    assert_eq!(found, facts.usings, "{about}:\n{text}");
    let parameters = Parameters::read(&source).unwrap_or_else(|error| panic!("{about}: {error}\n{text}"));
    assert_eq!(parameters.list.iter().map(declared).collect::<Vec<_>>(), facts.parameters, "{about}:\n{text}");
    if let Some(help) = &facts.help {
        assert_eq!(Help::read(&source).map(helped).as_ref(), Some(help), "{about}:\n{text}");
    }
    true
}

/// An expression as the parser gives it, which deep in strings is not where it stands.
fn found(source: &Source, ours: &Occurrence) -> Found {
    let (text, position) = match &ours.misread {
        Some(misread) => (&*misread.text, position(source, misread.start)),
        None => (&*ours.text, ours.position),
    };
    Found { text: text.to_owned(), line: position.line, column: position.column, nested: ours.is_nested() }
}

/// The place of so many UTF-16 code units, which may be in the middle of a character.
fn position(source: &Source, units: usize) -> Position {
    let mut before = 0;
    let offset = source.text().char_indices().find_map(|(offset, c)| {
        before += c.len_utf16();
        (before > units).then(|| (offset, c.len_utf16() - (before - units)))
    });
    let (offset, within) = offset.unwrap_or((source.text().len(), 0));
    let Position { line, column } = source.position(offset);
    Position { line, column: column + u32::try_from(within).expect("0 or 1") }
}

fn declared(ours: &Parameter) -> Declared {
    let sets = ours.validations.iter().filter_map(|rule| match rule {
        Validation::Set(values) => Some(values.clone()),
        _ => None,
    });
    Declared {
        name: ours.name.clone(),
        default: ours.default.clone(),
        mandatory: ours.mandatory,
        position: ours.position.map(|position| position.to_string()).unwrap_or_default(),
        switch: ours.is_switch(),
        // PowerShell leaves blanks out of the names of types with arguments.
        type_name: ours.type_name.clone().unwrap_or_default().replace(' ', ""),
        aliases: ours.aliases.clone(),
        set: sets.flatten().collect(),
    }
}

fn helped(ours: Help) -> Helped {
    let trimmed = |(name, text): (String, String)| (name, text.trim().to_owned());
    Helped {
        synopsis: ours.synopsis.trim().to_owned(),
        description: ours.description.trim().to_owned(),
        parameters: ours.parameters.into_iter().map(trimmed).collect(),
        examples: ours.examples.len(),
    }
}
