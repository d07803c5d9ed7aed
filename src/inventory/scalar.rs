//! Plain scalars of YAML: the core schema of YAML 1.2 (section 10.3.2), and nothing of YAML 1.1.
//!
//! `true`, `~`, `7`, `0x1F` and `1.5` are values; `no`, `on`, `12:30` and `1_000` are texts. Whatever a scalar is, its
//! text as written stays at hand: a host may be called `010`, and a version is `1.10`.

use serde_json::Number;

use crate::clixml::{self, survives};
use crate::config::{Node, Place, Value};

/// What a plain scalar stands for. Where the value's own text would differ from what was written, the node keeps that.
pub(super) fn plain(at: Place, text: &str) -> Node {
    let written = |value: Value| Node { at, value, written: Some(text.into()) };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Node { at, value: Value::Null, written: None },
        "true" => Node { at, value: Value::Bool(true), written: None },
        "false" => Node { at, value: Value::Bool(false), written: None },
        "True" | "TRUE" => written(Value::Bool(true)),
        "False" | "FALSE" => written(Value::Bool(false)),
        _ => match number(text) {
            Some(number) if is_kept(text) => {
                Node { at, value: Value::Number(number.to_string().into()), written: None }
            }
            Some(number) => written(Value::Number(number.to_string().into())),
            None => Node { at, ..Node::text(text) },
        },
    }
}

/// The number that a text stands for; `None` for texts, infinities, and numbers that nothing can hold.
fn number(text: &str) -> Option<Number> {
    let digits = |prefix: &str, radix: u32| {
        let digits = text.strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix).ok().filter(|_| digits.chars().all(|c| c.is_digit(radix)))
    };
    if let Some(number) = digits("0x", 16).or_else(|| digits("0o", 8)) {
        return Some(number.into());
    }
    if !is_decimal(text) {
        return None;
    }
    let whole = text.strip_prefix('+').unwrap_or(text);
    match whole.parse::<i64>() {
        Ok(number) => Some(number.into()),
        Err(_) => Number::from_f64(text.parse().ok()?),
    }
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_decimal(text: &str) -> bool {
    let unsigned = |text: &str| text.strip_prefix(['-', '+']).unwrap_or(text).to_owned();
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (text, None),
    };
    let mantissa = unsigned(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    has_digits
        && all_digits(whole)
        && all_digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && all_digits(&exponent))
}

/// Whether PowerShell would write the number back as it stands there.
fn is_kept(text: &str) -> bool {
    let whole = text.parse().ok().map(clixml::Value::I64);
    let number = whole.or_else(|| text.parse().ok().map(clixml::Value::F64));
    number.is_some_and(|number| survives(&number, text))
}

#[cfg(test)]
mod tests {
    use super::plain;
    use crate::config::Place;

    #[test]
    fn values_are_those_of_yaml_1_2() {
        for (text, kind, json) in [
            ("", "nothing", "null"),
            ("~", "nothing", "null"),
            ("NULL", "nothing", "null"),
            ("true", "true or false", "true"),
            ("True", "true or false", "true"),
            ("FALSE", "true or false", "false"),
            ("7", "a number", "7"),
            ("-7", "a number", "-7"),
            ("1.5", "a number", "1.5"),
            ("0o17", "a number", "15"),
        ] {
            let node = plain(Place::NONE, text);
            assert_eq!((node.kind(), node.to_json().to_string().as_str()), (kind, json), "{text}");
        }
    }

    #[test]
    fn numbers_that_would_change_keep_their_text() {
        for text in [
            "1.10",
            "1.0",
            "010",
            "007",
            "1e3",
            "+5",
            ".5",
            "5.",
            "-0",
            "0x1F",
            "1e15",
            "0.000001",
            "0.00001",
            "0.1234567890123456",
        ] {
            let node = plain(Place::NONE, text);
            assert_eq!((node.kind(), node.to_json()), ("a number", format!("\"{text}\"")), "{text}");
            assert_eq!(node.as_text().as_deref(), Some(text));
        }
        for text in ["7", "-7", "1.5", "0.0001", "123456789012345", "0.123456789012345"] {
            assert_eq!(plain(Place::NONE, text).to_json(), text);
        }
        for text in ["123456789012345678901234567890", "9223372036854775808"] {
            assert_eq!(plain(Place::NONE, text).to_json(), format!("\"{text}\""), "{text}");
        }
    }

    #[test]
    fn other_texts_are_texts() {
        for text in [
            "no",
            "NO",
            "yes",
            "on",
            "off",
            "y",
            "12e5678",
            "12:30",
            "1_000",
            "0b1",
            "0o8",
            "0x",
            "1.2.3",
            ".",
            "e3",
            "1e",
            "-",
            "+",
            ".inf",
            ".nan",
            "nULL",
            "tRUE",
            "2024-01-01",
            "0x+1",
            "inf",
            "NaN",
        ] {
            let node = plain(Place::NONE, text);
            assert_eq!((node.kind(), node.to_json()), ("text", format!("\"{text}\"")), "{text}");
        }
    }
}
