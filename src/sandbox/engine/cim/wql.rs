//! WQL: `SELECT ... FROM class WHERE condition`.

use super::super::convert::{self, text};
use super::super::eval::{Evaluator, Run};
use super::super::ops;
use super::super::value::Val;
use super::instance::Instance;

/// A query taken apart.
pub(super) struct Query {
    /// Names of properties; empty for all.
    pub(super) properties: Vec<String>,
    pub(super) class: String,
    pub(super) condition: Option<Condition>,
}

/// A condition: comparisons with AND, OR, NOT and parentheses.
pub(super) enum Condition {
    Test { property: String, op: Op, value: Val },
    Null { property: String, is: bool },
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

#[derive(Clone, Copy)]
pub(super) enum Op {
    Equal,
    Unequal,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Like,
}

/// Why a query is none.
pub(super) enum Wrong {
    /// It is no WQL.
    Invalid,
    /// It is WQL that the sandbox has not.
    Unknown(&'static str),
}

type Parsed<T> = Result<T, Wrong>;

/// Levels of parentheses and NOTs.
const MAX_DEPTH: usize = 32;
/// Words of a query; a chain of conditions is walked by recursion.
const MAX_WORDS: usize = 1024;

impl Query {
    pub(super) fn parse(source: &str) -> Parsed<Self> {
        let mut words = Words::of(source)?;
        if words.take_word("associators") || words.take_word("references") {
            return Err(Wrong::Unknown("associations of CIM classes"));
        }
        words.expect("select")?;
        let mut properties = Vec::new();
        loop {
            let name = words.next()?;
            if name != "*" {
                properties.push(name);
            }
            if !words.take_word(",") {
                break;
            }
        }
        words.expect("from")?;
        let class = words.next()?;
        let condition = if words.take_word("where") { Some(words.whole()?) } else { None };
        if words.is_empty() { Ok(Self { properties, class, condition }) } else { Err(Wrong::Invalid) }
    }
}

impl Condition {
    /// What stands behind WHERE, as `-Filter` takes it.
    pub(super) fn parse(source: &str) -> Parsed<Self> {
        let mut words = Words::of(source)?;
        let condition = words.whole()?;
        if words.is_empty() { Ok(condition) } else { Err(Wrong::Invalid) }
    }

    /// Whether the object meets it; nothing if it names a property that the class has not.
    pub(super) fn holds(&self, evaluator: &mut Evaluator<'_>, object: &Instance) -> Run<Option<bool>> {
        Ok(match self {
            Self::Not(inner) => inner.holds(evaluator, object)?.map(|holds| !holds),
            Self::And(left, right) => {
                let (left, right) = (left.holds(evaluator, object)?, right.holds(evaluator, object)?);
                left.zip(right).map(|(left, right)| left && right)
            }
            Self::Or(left, right) => {
                let (left, right) = (left.holds(evaluator, object)?, right.holds(evaluator, object)?);
                left.zip(right).map(|(left, right)| left || right)
            }
            Self::Null { property, is } => object.get(property).map(|own| own.is_null() == *is),
            Self::Test { property, op, value } => match (object.get(property), op) {
                (Some(own), Op::Equal | Op::Unequal) => Some(match object.refers_to(property, &text(value)) {
                    Some(refers) => refers == matches!(op, Op::Equal),
                    None => test(evaluator, own, *op, value)?,
                }),
                (Some(own), _) => Some(test(evaluator, own, *op, value)?),
                (None, _) => None,
            },
        })
    }
}

fn test(evaluator: &mut Evaluator<'_>, own: &Val, op: Op, value: &Val) -> Run<bool> {
    if own.is_null() && !value.is_null() {
        return Ok(false);
    }
    let own = match (own, value) {
        // Dates are compared as texts of DMTF.
        (Val::DateTime(time), Val::Str(_)) => Val::str(super::instance::dmtf_text(*time)),
        (Val::Bool(yes), Val::I32(_)) => Val::I32((*yes).into()),
        (Val::Bool(_), Val::Str(_)) => Val::str(text(own)),
        _ => own.clone(),
    };
    let order = || ops::compare(&own, value, false);
    Ok(match op {
        Op::Equal => ops::equal(&own, value, false),
        Op::Unequal => !ops::equal(&own, value, false),
        Op::Less => order().is_some_and(std::cmp::Ordering::is_lt),
        Op::Greater => order().is_some_and(std::cmp::Ordering::is_gt),
        Op::AtMost => order().is_some_and(std::cmp::Ordering::is_le),
        Op::AtLeast => order().is_some_and(std::cmp::Ordering::is_ge),
        Op::Like => {
            let pattern = text(value).replace('*', "`*").replace('?', "`?").replace('%', "*").replace('_', "?");
            evaluator.patterns.like(&text(&own), &pattern, false)?
        }
    })
}

/// Names, numbers, operators, parentheses; strings keep their opening quote. Last first.
struct Words(Vec<String>);

impl Words {
    fn of(source: &str) -> Parsed<Self> {
        let mut words = Vec::new();
        let mut chars = source.chars().peekable();
        while let Some(next) = chars.next() {
            let mut word = String::from(next);
            match next {
                _ if next.is_whitespace() => continue,
                '\'' | '"' => loop {
                    match chars.next() {
                        None => break,
                        Some(end) if end == next => break,
                        Some('\\') => word.extend(chars.next()),
                        Some(inner) => word.push(inner),
                    }
                },
                '(' | ')' | ',' | '*' => {}
                '<' | '>' | '=' | '!' => word.extend(chars.next_if(|after| matches!(after, '=' | '>'))),
                _ => {
                    while let Some(inner) =
                        chars.next_if(|inner| inner.is_alphanumeric() || matches!(inner, '_' | '.' | '-' | ':' | '/'))
                    {
                        word.push(inner);
                    }
                }
            }
            words.push(word);
        }
        words.reverse();
        if words.len() > MAX_WORDS { Err(Wrong::Invalid) } else { Ok(Self(words)) }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next(&mut self) -> Parsed<String> {
        self.0.pop().ok_or(Wrong::Invalid)
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        self.0.pop_if(|word| word.eq_ignore_ascii_case(wanted)).is_some()
    }

    fn expect(&mut self, wanted: &str) -> Parsed<()> {
        if self.take_word(wanted) { Ok(()) } else { Err(Wrong::Invalid) }
    }

    fn whole(&mut self) -> Parsed<Condition> {
        self.any(0)
    }

    fn any(&mut self, depth: usize) -> Parsed<Condition> {
        let mut left = self.all(depth)?;
        while self.take_word("or") {
            left = Condition::Or(Box::new(left), Box::new(self.all(depth)?));
        }
        Ok(left)
    }

    fn all(&mut self, depth: usize) -> Parsed<Condition> {
        let mut left = self.one(depth)?;
        while self.take_word("and") {
            left = Condition::And(Box::new(left), Box::new(self.one(depth)?));
        }
        Ok(left)
    }

    fn one(&mut self, depth: usize) -> Parsed<Condition> {
        if depth > MAX_DEPTH {
            return Err(Wrong::Invalid);
        }
        if self.take_word("not") {
            return Ok(Condition::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.take_word("(") {
            let inner = self.any(depth + 1)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let first = self.next()?;
        if first.eq_ignore_ascii_case("__this") {
            return Err(Wrong::Unknown("ISA in WQL"));
        }
        if self.take_word("is") {
            let is = !self.take_word("not");
            self.expect("null")?;
            return Ok(Condition::Null { property: first, is });
        }
        if self.take_word("isa") {
            return Err(Wrong::Unknown("ISA in WQL"));
        }
        let is_not = self.take_word("not");
        let op = self.op()?;
        let second = self.next()?;
        // The constant may stand on the left: 3 = DriveType.
        let (property, raw, op) = if is_constant(&first) { (second, first, op.turned()) } else { (first, second, op) };
        let test = match constant(&raw)? {
            Val::Null => Condition::Null { property, is: matches!(op, Op::Equal) },
            value => Condition::Test { property, op, value },
        };
        Ok(if is_not { Condition::Not(Box::new(test)) } else { test })
    }

    fn op(&mut self) -> Parsed<Op> {
        Ok(match self.next()?.to_ascii_lowercase().as_str() {
            "=" => Op::Equal,
            "<>" | "!=" => Op::Unequal,
            "<" => Op::Less,
            ">" => Op::Greater,
            "<=" => Op::AtMost,
            ">=" => Op::AtLeast,
            "like" => Op::Like,
            _ => return Err(Wrong::Invalid),
        })
    }
}

impl Op {
    fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::Greater => Self::Less,
            Self::AtMost => Self::AtLeast,
            Self::AtLeast => Self::AtMost,
            other => other,
        }
    }
}

fn is_constant(word: &str) -> bool {
    word.starts_with(['\'', '"', '-']) || word.starts_with(|first: char| first.is_ascii_digit())
}

fn constant(raw: &str) -> Parsed<Val> {
    if let Some(quoted) = raw.strip_prefix(['\'', '"']) {
        return Ok(Val::str(quoted));
    }
    Ok(match raw.to_lowercase().as_str() {
        "true" => Val::Bool(true),
        "false" => Val::Bool(false),
        "null" => Val::Null,
        _ => convert::number(&Val::str(raw)).ok_or(Wrong::Invalid)?,
    })
}
