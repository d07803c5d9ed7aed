//! What readers of a scanned script ask of its tokens.

use super::lexer::{Token, TokenKind};

/// Whether a token is more than a comment or the end of a statement.
pub(super) fn is_code(token: &Token) -> bool {
    !matches!(token.kind, TokenKind::Comment | TokenKind::End)
}

/// The index of the bracket that closes the one at an index.
pub(super) fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}
