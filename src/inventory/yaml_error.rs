//! What is wrong with a YAML text, in words that need no grammar of YAML beside them.

use granit_parser::ErrorKind;

use super::depth::too_deep;

/// One sentence for a mistake.
pub fn words(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::UnclosedFlowCollection { open } => format!("'{open}' is never closed"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => format!("'{open}' is closed by '{close}'"),
        ErrorKind::UnexpectedCharacter { character } => {
            format!("'{}' cannot begin a value; put the text into quotes", character.escape_default())
        }
        ErrorKind::RecursionLimitExceeded => too_deep(),
        _ => sentence(kind).to_owned(),
    }
}

fn sentence(kind: &ErrorKind) -> &'static str {
    use ErrorKind as Kind;
    match kind {
        Kind::UnexpectedEofFlowSequence => "the file ends inside a list: its ']' is missing",
        Kind::UnexpectedEofFlowMapping | Kind::UnexpectedEofImplicitFlowMapping => {
            "the file ends inside a table: its '}' is missing"
        }
        Kind::UnexpectedEof | Kind::UnexpectedEofBlockSequence | Kind::UnexpectedEofBlockMapping => {
            "the file ends too early"
        }
        Kind::MisplacedFlowCollectionEnd => "a bracket is closed here that was not opened",
        Kind::ExpectedFlowSequenceSeparator => "expected ',' or ']' in this list",
        Kind::ExpectedFlowMappingSeparator => "expected ',' or '}' in this table",
        Kind::UnclosedQuotedScalar => "a quote is never closed",
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => {
            "a text goes on after its closing quote"
        }
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate
        | Kind::InvalidUnicodeEscape => {
            "a backslash in double quotes begins nothing that YAML knows; write \\\\, or use single quotes"
        }
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabAtBlockScalarStart
        | Kind::TabInPlainScalar => "a tab stands where YAML takes only spaces",
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => "expected ':' and a value after this name",
        Kind::MappingValueNotAllowed
        | Kind::MappingKeyNotAllowed
        | Kind::InvalidColonPlacement
        | Kind::InvalidMappingValueWhitespace
        | Kind::FlowMappingValueAdjacentCollection => {
            "a ':' cannot stand here; indent the line as those around it, or put a text with ': ' into quotes"
        }
        Kind::BlockSequenceEntryNotAllowed
        | Kind::BlockEntryInFlowCollection
        | Kind::InvalidBlockEntryWhitespace
        | Kind::PlainScalarStartsWithDashFlowIndicator => {
            "a '-' cannot stand here; begin a line with it, or put the text into quotes"
        }
        Kind::InvalidIndentation
        | Kind::ExpectedBlockMappingKey
        | Kind::ExpectedBlockSequenceEntry
        | Kind::ExpectedNodeContent
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidBlockScalarIndent
        | Kind::ZeroBlockScalarIndent
        | Kind::UnexpectedEndOfPlainScalar => "this does not fit to the lines above: check how far it is indented",
        Kind::UnknownAnchor => "this alias (*) names an anchor (&) that does not stand above it",
        Kind::MissingAnchorOrAliasName => "'&' and '*' begin anchors and aliases; put the text into quotes",
        Kind::CommentInterceptedScalar | Kind::CommentNotSeparated => {
            "a '#' cannot stand here; put a space before it, or the text into quotes"
        }
        Kind::ExpectedDocumentStart | Kind::InvalidDocumentEnd | Kind::DocumentIndicatorInQuotedScalar => {
            "this belongs to nothing above it"
        }
        Kind::DuplicateVersionDirective
        | Kind::UnsupportedYamlMajorVersion
        | Kind::DuplicateTagDirective
        | Kind::MissingDocumentEndBeforeDirective
        | Kind::InvalidDirectiveTerminator
        | Kind::MissingDirectiveName
        | Kind::InvalidDirectiveName
        | Kind::MissingYamlVersion => "a line that begins with '%' is not right; leave it out",
        Kind::UndeclaredTagHandle | Kind::ExpectedTagBang | Kind::InvalidTagTerminator | Kind::MissingTagUri => {
            "'!' begins a tag that is not right; put the text into quotes"
        }
        _ => "this is not valid YAML",
    }
}
