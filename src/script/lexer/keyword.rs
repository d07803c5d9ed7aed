//! Keywords that change how what follows is read.

/// What a keyword at the beginning of a statement leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    /// A header and a block.
    Plain,
    /// A block at once; a command of this name otherwise.
    BlockOnly,
    Switch,
    Do,
    Function,
    Class,
    Param,
    /// A pipeline.
    Pipeline,
    /// Words up to the end of the line.
    Words,
}

/// What a word means where a statement begins.
pub(super) fn lead(word: &str) -> Option<Lead> {
    Some(match word.to_ascii_lowercase().as_str() {
        "if" | "elseif" | "while" | "until" | "for" | "foreach" | "catch" | "trap" | "data" => Lead::Plain,
        "else" | "try" | "finally" | "begin" | "process" | "end" | "clean" | "dynamicparam" => Lead::BlockOnly,
        "switch" => Lead::Switch,
        "do" => Lead::Do,
        "function" | "filter" | "workflow" => Lead::Function,
        "class" | "enum" => Lead::Class,
        "param" => Lead::Param,
        "return" | "throw" | "exit" | "break" | "continue" => Lead::Pipeline,
        "using" => Lead::Words,
        _ => return None,
    })
}
