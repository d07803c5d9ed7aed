//! What is wrong with a YAML text, in words that take no knowledge of YAML's grammar.

use granit_parser::ErrorKind;

use super::depth::too_deep;

/// One sentence for a mistake.
pub(super) fn words(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::UnclosedFlowCollection { open } => format!("'{open}' is never closed"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => format!("'{open}' is closed by '{close}'"),
        ErrorKind::UnexpectedCharacter { character } => {
            format!("'{}' cannot begin a value; put the text in quotes", character.escape_default())
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
            "there is more text after the closing quote"
        }
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate
        | Kind::InvalidUnicodeEscape => {
            "a backslash in double quotes begins no escape that YAML knows; write \\\\, or use single quotes"
        }
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabAtBlockScalarStart
        | Kind::TabInPlainScalar => "there is a tab where YAML allows only spaces",
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => "expected ':' and a value after this name",
        Kind::MappingValueNotAllowed
        | Kind::MappingKeyNotAllowed
        | Kind::InvalidColonPlacement
        | Kind::InvalidMappingValueWhitespace
        | Kind::FlowMappingValueAdjacentCollection => {
            "a ':' is not allowed here; indent the line like those around it, or put text with ': ' in quotes"
        }
        Kind::BlockSequenceEntryNotAllowed
        | Kind::BlockEntryInFlowCollection
        | Kind::InvalidBlockEntryWhitespace
        | Kind::PlainScalarStartsWithDashFlowIndicator => {
            "a '-' is not allowed here; begin a line with it, or put the text in quotes"
        }
        Kind::InvalidIndentation
        | Kind::ExpectedBlockMappingKey
        | Kind::ExpectedBlockSequenceEntry
        | Kind::ExpectedNodeContent
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidBlockScalarIndent
        | Kind::ZeroBlockScalarIndent
        | Kind::UnexpectedEndOfPlainScalar => "this does not fit the lines above: check its indentation",
        Kind::UnknownAnchor => "this alias (*) names an anchor (&) that is not defined above it",
        Kind::MissingAnchorOrAliasName => "'&' and '*' begin anchors and aliases; put the text in quotes",
        Kind::CommentInterceptedScalar | Kind::CommentNotSeparated => {
            "a '#' is not allowed here; put a space before it, or the text in quotes"
        }
        Kind::ExpectedDocumentStart | Kind::InvalidDocumentEnd | Kind::DocumentIndicatorInQuotedScalar => {
            "this does not belong to anything above it"
        }
        Kind::DuplicateVersionDirective
        | Kind::UnsupportedYamlMajorVersion
        | Kind::DuplicateTagDirective
        | Kind::MissingDocumentEndBeforeDirective
        | Kind::InvalidDirectiveTerminator
        | Kind::MissingDirectiveName
        | Kind::InvalidDirectiveName
        | Kind::MissingYamlVersion => "a line that begins with '%' is not valid here; leave it out",
        Kind::UndeclaredTagHandle | Kind::ExpectedTagBang | Kind::InvalidTagTerminator | Kind::MissingTagUri => {
            "'!' begins a tag that is not valid; put the text in quotes"
        }
        _ => "this is not valid YAML",
    }
}
