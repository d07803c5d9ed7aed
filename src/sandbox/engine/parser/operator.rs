//! Operators and how tightly they bind.

use super::super::ast::{BinaryOp, Op, UnaryOp};
use super::Parser;

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Infix {
    And,
    Or,
    Xor,
    Op(BinaryOp),
}

const LOGICAL: u8 = 0;
const BITWISE: u8 = 1;
const COMPARISON: u8 = 2;
const COALESCE: u8 = 3;
const ADDITIVE: u8 = 4;
const MULTIPLICATIVE: u8 = 5;
const FORMAT: u8 = 6;
const RANGE: u8 = 7;

impl Parser<'_> {
    /// Consumes an infix operator that binds at least as tightly as `min`; returns it with its level.
    pub(super) fn infix(&mut self, min: u8) -> Option<(Infix, u8)> {
        let start = self.cursor.pos();
        let found = self.any_infix().filter(|&(_, level)| level >= min);
        if found.is_none() {
            self.cursor.set_pos(start);
        }
        found
    }

    fn any_infix(&mut self) -> Option<(Infix, u8)> {
        let simple = |op: Op, level| Some((Infix::Op(op.into()), level));
        let next = self.cursor.sign()?;
        let second = self.cursor.peek_second();
        if second == Some('=') && matches!(next, '+' | '-' | '*' | '/' | '%') {
            return None;
        }
        let found = match next {
            // A step, and no operand before which a sign stands.
            '+' | '-' if self.cursor.second_sign() == Some(next) => None,
            '+' => simple(Op::Add, ADDITIVE),
            // `*>` sends all streams somewhere.
            '*' if second == Some('>') => None,
            '*' => simple(Op::Mul, MULTIPLICATIVE),
            '/' => simple(Op::Div, MULTIPLICATIVE),
            '%' => simple(Op::Rem, MULTIPLICATIVE),
            '.' if second == Some('.') => {
                self.cursor.bump();
                simple(Op::Range, RANGE)
            }
            '-' if second.is_some_and(char::is_alphabetic) => {
                self.cursor.bump();
                let word = self.cursor.take_while(|next| next.is_ascii_alphabetic()).to_ascii_lowercase();
                return word_operator(&word);
            }
            '-' => simple(Op::Sub, ADDITIVE),
            '?' if second == Some('?') && !self.cursor.rest().starts_with("??=") => {
                self.cursor.bump();
                simple(Op::Coalesce, COALESCE)
            }
            _ => None,
        }?;
        self.cursor.bump();
        Some(found)
    }

    /// `=`, `+=` and their like.
    pub(super) fn assignment_operator(&mut self) -> Option<Option<BinaryOp>> {
        let compound = [("+=", Op::Add), ("*=", Op::Mul), ("/=", Op::Div), ("%=", Op::Rem), ("??=", Op::Coalesce)];
        for (text, op) in compound {
            if self.cursor.eat(text) {
                return Some(Some(op.into()));
            }
        }
        if self.cursor.sign() == Some('-') && self.cursor.peek_second() == Some('=') {
            self.cursor.bump();
            self.cursor.bump();
            return Some(Some(Op::Sub.into()));
        }
        self.cursor.eat("=").then_some(None)
    }

    /// `-not`, `-bnot`, `-join`, `-split` before an operand.
    pub(super) fn unary_word(&mut self) -> Option<UnaryOp> {
        let start = self.cursor.pos();
        self.cursor.bump();
        let found = match self.cursor.take_while(|next| next.is_ascii_alphabetic()).to_ascii_lowercase().as_str() {
            "not" => Some(UnaryOp::Not),
            "bnot" => Some(UnaryOp::BitNot),
            "join" => Some(UnaryOp::Join),
            "split" | "isplit" => Some(UnaryOp::Split),
            _ => None,
        };
        if found.is_none() {
            self.cursor.set_pos(start);
        }
        found
    }
}

fn word_operator(word: &str) -> Option<(Infix, u8)> {
    match word {
        "and" => return Some((Infix::And, LOGICAL)),
        "or" => return Some((Infix::Or, LOGICAL)),
        "xor" => return Some((Infix::Xor, LOGICAL)),
        "f" => return Some((Infix::Op(Op::Format.into()), FORMAT)),
        "band" => return Some((Infix::Op(Op::BitAnd.into()), BITWISE)),
        "bor" => return Some((Infix::Op(Op::BitOr.into()), BITWISE)),
        "bxor" => return Some((Infix::Op(Op::BitXor.into()), BITWISE)),
        _ => {}
    }
    // `is` and `in` start with an i of their own.
    let exact = |kind, case_sensitive| Some((Infix::Op(BinaryOp { kind, case_sensitive }), COMPARISON));
    if let Some(kind) = comparison(word) {
        return exact(kind, false);
    }
    match word.split_at_checked(1)? {
        ("c", rest) => exact(comparison(rest).filter(|&kind| has_case_forms(kind))?, true),
        ("i", rest) => exact(comparison(rest).filter(|&kind| has_case_forms(kind))?, false),
        _ => None,
    }
}

fn has_case_forms(kind: Op) -> bool {
    !matches!(kind, Op::Is | Op::IsNot | Op::As | Op::Join | Op::Shl | Op::Shr)
}

fn comparison(word: &str) -> Option<Op> {
    Some(match word {
        "eq" => Op::Eq,
        "ne" => Op::Ne,
        "lt" => Op::Lt,
        "gt" => Op::Gt,
        "le" => Op::Le,
        "ge" => Op::Ge,
        "like" => Op::Like,
        "notlike" => Op::NotLike,
        "match" => Op::Match,
        "notmatch" => Op::NotMatch,
        "contains" => Op::Contains,
        "notcontains" => Op::NotContains,
        "in" => Op::In,
        "notin" => Op::NotIn,
        "replace" => Op::Replace,
        "split" => Op::Split,
        "join" => Op::Join,
        "is" => Op::Is,
        "isnot" => Op::IsNot,
        "as" => Op::As,
        "shl" => Op::Shl,
        "shr" => Op::Shr,
        _ => return None,
    })
}
