//! The text of an expression.

use std::str::FromStr;

use super::compare::Operator;
use super::{Literal, Property, Where};

/// Parentheses and `-not` within each other; more is a mistake, or an attack on the stack.
const DEEPEST: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// `-eq`, without the dash and in lower case.
    Dash(String),
    Word(String),
    Quoted(String),
    Open,
    Close,
    Comma,
}

impl FromStr for Where {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
        let parsed = parser.any()?;
        match parser.peek() {
            None => Ok(parsed),
            Some(token) => Err(format!("expected -and, -or or the end, found {}", shown(token))),
        }
    }
}

impl FromStr for Property {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let property = match tokens(text)?.as_slice() {
            [Token::Word(word)] => Self(word.split('.').map(str::to_owned).collect()),
            [Token::Quoted(name)] => Self(vec![name.clone()]),
            _ => Self(Vec::new()),
        };
        property.without_item()
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn took(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Where, String>,
        join: fn(Vec<Where>) -> Where,
    ) -> Result<Where, String> {
        let mut parts = vec![part(self)?];
        while self.took(&Token::Dash(word.to_owned())) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn any(&mut self) -> Result<Where, String> {
        self.joined("or", Self::all, Where::Any)
    }

    fn all(&mut self) -> Result<Where, String> {
        self.joined("and", Self::one, Where::All)
    }

    fn one(&mut self) -> Result<Where, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("nested too deeply".to_owned());
        }
        let one = if self.took(&Token::Dash("not".to_owned())) {
            Where::Not(Box::new(self.one()?))
        } else if self.took(&Token::Open) {
            let inner = self.any()?;
            if !self.took(&Token::Close) {
                return Err("a parenthesis is not closed".to_owned());
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(one)
    }

    fn comparison(&mut self) -> Result<Where, String> {
        let property = match self.take() {
            Some(Token::Word(word)) => {
                refuse_joined(&word)?;
                Property(word.split('.').map(str::to_owned).collect())
            }
            Some(Token::Quoted(name)) => Property(vec![name]),
            found => return Err(format!("expected a property, found {}", found.as_ref().map_or("the end", shown))),
        };
        let property = property.without_item()?;
        self.refuse_sign()?;
        let Some(Token::Dash(name)) = self.peek().cloned() else { return Ok(Where::Truth(property)) };
        if matches!(name.as_str(), "and" | "or") {
            return Ok(Where::Truth(property));
        }
        self.next += 1;
        let operator = Operator::named(&name).ok_or_else(|| {
            format!(
                "no operator is named -{name}; use {}",
                Operator::NAMES.map(|(name, _)| format!("-{name}")).join(" ")
            )
        })?;
        let mut literals = vec![self.literal()?];
        while self.took(&Token::Comma) {
            literals.push(self.literal()?);
        }
        if literals.len() > 1 && !operator.takes_list() {
            return Err(format!("-{name} compares with one value; use -in for several"));
        }
        self.refuse_sign()?;
        Ok(Where::Compare(property, operator, literals))
    }

    /// Refuses other languages' signs where an operator is due, with the operator to write.
    fn refuse_sign(&self) -> Result<(), String> {
        let (sign, width) = match (self.peek(), self.tokens.get(self.next + 1)) {
            // A '!' is -not by itself.
            (Some(Token::Dash(not)), Some(Token::Word(word))) if not == "not" && word.starts_with('=') => ("!=", 2),
            (Some(Token::Word(word)), _) => (word.as_str(), 1),
            _ => return Ok(()),
        };
        let value = self.tokens.get(self.next + width).map_or("VALUE", shown);
        match meant(sign) {
            Some(operator @ ("and" | "or")) => Err(format!("'{sign}' is not an operator here; write -{operator}")),
            Some(operator) => Err(format!("'{sign}' is not an operator here; write -{operator} {value}")),
            None => Ok(()),
        }
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.take() {
            Some(Token::Quoted(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => Ok(match word.to_ascii_lowercase().as_str() {
                "$null" => Literal::Null,
                "$true" => Literal::Text("True".to_owned()),
                "$false" => Literal::Text("False".to_owned()),
                _ => Literal::Text(word),
            }),
            found => Err(format!("expected a value, found {}", found.as_ref().map_or("the end", shown))),
        }
    }
}

/// How other languages write PowerShell's operators.
const SIGNS: [(&str, &str); 12] = [
    ("=", "eq"),
    ("==", "eq"),
    ("===", "eq"),
    ("!=", "ne"),
    ("<>", "ne"),
    (">", "gt"),
    (">=", "ge"),
    ("<", "lt"),
    ("<=", "le"),
    ("~", "like"),
    ("&&", "and"),
    ("||", "or"),
];

/// The operator that a sign, or its own name without the dash, stands for.
fn meant(sign: &str) -> Option<&'static str> {
    let lower = sign.to_ascii_lowercase();
    let named = Operator::NAMES.into_iter().map(|(name, _)| name).chain(["and", "or"]).find(|name| *name == lower);
    named.or_else(|| SIGNS.iter().find(|(known, _)| *known == sign).map(|(_, operator)| *operator))
}

/// Refuses a comparison without blanks, such as `Status=Stopped`: a name with such a sign stands in quotes.
fn refuse_joined(word: &str) -> Result<(), String> {
    let is_sign = |c: char| "=<>!".contains(c);
    let Some(start) = word.find(is_sign).filter(|&start| start > 0) else { return Ok(()) };
    let (name, rest) = word.split_at(start);
    let value = rest.trim_start_matches(is_sign);
    let sign = &rest[..rest.len() - value.len()];
    let value = if value.is_empty() { "VALUE" } else { value };
    match meant(sign) {
        Some(operator) => Err(format!("'{sign}' is not an operator here; write {name} -{operator} {value}")),
        None => Ok(()),
    }
}

impl Property {
    /// `$_.Name` is `Name`.
    fn without_item(mut self) -> Result<Self, String> {
        if self.0.first().is_some_and(|first| first == "$_" || first.eq_ignore_ascii_case("$PSItem")) {
            self.0.remove(0);
        }
        match self.0.iter().any(String::is_empty) || self.0.is_empty() || self.0[0].starts_with('$') {
            true => Err("expected the name of a property, such as Name or $_.Name".to_owned()),
            false => Ok(self),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '!' => (Token::Dash("not".to_owned()), 1),
            '\'' | '"' => quoted(rest, first)?,
            '-' if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) => {
                let name = &rest[1..word_end(rest)];
                (Token::Dash(name.to_ascii_lowercase()), name.len() + 1)
            }
            _ => {
                let end = word_end(rest);
                (Token::Word(rest[..end].to_owned()), end)
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn word_end(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || "(),'\"".contains(c)).unwrap_or(text.len())
}

/// A string in quotes; a doubled quote within stands for one.
fn quoted(text: &str, quote: char) -> Result<(Token, usize), String> {
    let mut inner = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((place, c)) = chars.next() {
        if c != quote {
            inner.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            inner.push(quote);
        } else {
            return Ok((Token::Quoted(inner), place + 1));
        }
    }
    Err(format!("a {quote} is not closed"))
}

fn shown(token: &Token) -> &str {
    match token {
        Token::Dash(name) | Token::Word(name) | Token::Quoted(name) => name,
        Token::Open => "(",
        Token::Close => ")",
        Token::Comma => ",",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Property, Where};

    #[test]
    fn mistakes_are_named() {
        for (expression, expect) in [
            ("", "expected a property, found the end"),
            ("Name -eq", "expected a value, found the end"),
            ("Name -match x", "no operator is named -match; use -eq"),
            ("Name -eq a b", "expected -and, -or or the end, found b"),
            ("Name -eq a,b", "use -in for several"),
            ("(Name", "not closed"),
            ("Name -eq 'a", "not closed"),
            ("$x -eq 1", "name of a property"),
            ("a..b", "name of a property"),
            (&"(".repeat(1000), "nested too deeply"),
        ] {
            let error = expression.parse::<Where>().unwrap_err();
            assert!(error.contains(expect), "{expression}: {error}");
        }
        assert_eq!("'it''s' -eq -5".parse::<Where>().map(|_| ()), Ok(()));
    }

    #[test]
    fn signs_of_other_languages_name_the_operator() {
        for (expression, expect) in [
            ("Status = Stopped", "'=' is not an operator here; write -eq Stopped"),
            ("Status == 'Not here'", "write -eq Not here"),
            ("Status eq Stopped", "'eq' is not an operator here; write -eq Stopped"),
            ("Status LIKE s*", "write -like s*"),
            ("Id != 5", "'!=' is not an operator here; write -ne 5"),
            ("Id <> 5", "write -ne 5"),
            ("Id >= 5", "write -ge 5"),
            ("Id <", "write -lt VALUE"),
            ("Status=Stopped", "'=' is not an operator here; write Status -eq Stopped"),
            ("Id>5", "write Id -gt 5"),
            ("$_.Id!=5", "write $_.Id -ne 5"),
            ("Status='Stopped'", "write Status -eq VALUE"),
            ("Id -gt 5 and Id -lt 9", "'and' is not an operator here; write -and"),
            ("(Id -gt 5 && Id -lt 9)", "'&&' is not an operator here; write -and"),
            ("A || B", "write -or"),
        ] {
            let error = expression.parse::<Where>().unwrap_err();
            assert!(error.contains(expect), "{expression}: {error}");
        }
        for expression in
            ["Name -eq =", "'a=b' -eq 1", "Name -in and,or", "Name -eq 'eq'", "eq -eq 1", "!eq", "= -eq 1"]
        {
            assert!(expression.parse::<Where>().is_ok(), "{expression}");
        }
    }

    #[test]
    fn a_property_stands_alone() {
        for (text, parts) in [("Name", vec!["Name"]), ("$_.A.B", vec!["A", "B"]), ("'Odd Name'", vec!["Odd Name"])] {
            assert_eq!(
                text.parse::<Property>().map(|property| property.0).as_deref(),
                Ok(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>()[..]),
                "{text}"
            );
        }
        for text in ["", "A B", "A -eq 1", "$_", "$x", "a..b", "'a", "(A)"] {
            assert!(text.parse::<Property>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-a$'\"(),! é.]{0,40}") {
            let _ = text.parse::<Where>();
        }
    }
}
