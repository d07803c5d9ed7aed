//! Endpoints that allow no script text (JEA): what is sent there, and what comes of it, beside PowerShell's own client.

mod endpoint;
mod program;
mod prompt;
mod recorder;
mod role;
mod theirs;
mod wire;

/// The blocks of a file, a line of dashes between two.
fn blocks(text: &str) -> Vec<String> {
    text.split("\n----\n").map(|block| block.trim_matches('\n').to_owned()).collect()
}
