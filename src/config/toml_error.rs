//! What is wrong with a TOML text, in words that take no knowledge of TOML's grammar.

/// One sentence for a mistake, from what stands there and what the parser says: a description, and often `, expected
/// ...` behind it.
pub(super) fn words(said: &str, found: &str) -> String {
    let description = said.split(", expected ").next().unwrap_or(said);
    if description == "string values must be quoted" && found.trim().is_empty() {
        return sentence("missing value").to_owned();
    }
    if let Some(kind) = extended(description) {
        return format!("a dotted key continues below a value that is {kind}, not a table");
    }
    sentence(description).to_owned()
}

/// `cannot extend value of type X with a dotted key`.
fn extended(description: &str) -> Option<&str> {
    let kind = description.strip_prefix("cannot extend value of type ")?.strip_suffix(" with a dotted key")?;
    Some(match kind {
        "string" => "text",
        "integer" | "float" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "datetime" | "date-time" => "a date",
        _ => "another value",
    })
}

fn sentence(description: &str) -> &'static str {
    match description {
        "string values must be quoted" => "text must be in quotes",
        "duplicate key" => "this name appears twice in the same table",
        "missing value" | "missing value for key" => "a value is missing here",
        "key with no value" | "missing assignment between key-value pairs" => {
            "expected '=' and a value after this name"
        }
        "invalid key-value pair" | "missing key for inline table element" | "unquoted keys cannot be empty" => {
            "expected a name before '='"
        }
        "extra `=`" | "extra assignment between key-value pairs" => "there is one '=' too many here",
        "unexpected `=` in array" => "a list holds values without names; a table goes in '{' and '}'",
        "unexpected key or value" | "unexpected content" | "unexpected content between comment and newline" => {
            "expected the end of the line or a comment ('#') here; text with spaces must be in quotes"
        }
        "missing comma between array elements" => "expected ',' or ']' in this list",
        "missing comma between key-value pairs" | "invalid inline table element" => "expected ',' or '}' in this table",
        "extra comma in array" | "extra comma in inline table" => "there is one ',' too many here",
        "unclosed array" | "missing array opening" => "the list is never closed: its ']' is missing",
        "unclosed inline table" | "missing inline table opening" => "the table is never closed: its '}' is missing",
        "unclosed table" | "missing table open" => "the name of a table goes in '[' and ']'",
        "unclosed array table" => "the name of a list of tables goes in '[[' and ']]'",
        "invalid unquoted key" => {
            "a name without quotes has only letters, digits, '-' and '_'; put any other in quotes"
        }
        "keys cannot be multi-line basic strings" | "keys cannot be multi-line literal strings" => {
            "a name cannot be in triple quotes"
        }
        "missing opening quote"
        | "missing closing quote"
        | "invalid basic string"
        | "invalid literal string"
        | "invalid multi-line basic string"
        | "invalid multi-line literal string" => "a quote is never closed",
        "missing escaped value" | "invalid value" | "too few unicode value digits" => {
            "a backslash in double quotes begins no escape that TOML knows; write \\\\, or use single quotes"
        }
        "invalid comment character" | "missing comment start" => "a comment contains a control character",
        "carriage return must be followed by newline" => "a line ends in a lone carriage return",
        "`_` may only go between digits" => "a '_' in a number must be between digits",
        "radix must be lowercase" => "0x, 0o and 0b are written in lower case",
        "integers with a radix cannot be signed" | "redundant numeric sign" | "unexpected sign" => {
            "this number cannot have a sign"
        }
        "redundant integer number prefix" | "unexpected leading zero" => {
            "a number has a leading 0; put it in quotes if it is text"
        }
        "cannot recurse further; max recursion depth met" | "recursion limit" => {
            "lists and tables are nested too deeply"
        }
        _ => "this is not valid TOML; text must be in quotes",
    }
}
