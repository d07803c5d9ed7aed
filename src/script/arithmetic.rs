//! Constant integer expressions, as an index may have them: `1+1`, `-(2 * 3)`.

/// How deep brackets may nest: nobody writes more, and text from a file must not exhaust the stack.
const DEEPEST: u32 = 20;

/// The value of an expression of integers, `+`, `-`, `*`, `%` and round brackets; `None` for anything else, and where
/// the result leaves the range of PowerShell's own integers.
pub(super) fn value(text: &str) -> Option<i64> {
    let mut reader = Reader { rest: text, depth: 0 };
    let value = reader.sum()?;
    reader.skip_blanks();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'t> {
    rest: &'t str,
    depth: u32,
}

impl Reader<'_> {
    fn sum(&mut self) -> Option<i64> {
        let mut value = self.product()?;
        loop {
            match self.operator(&['+', '-']) {
                Some('+') => value = value.checked_add(self.product()?)?,
                Some(_) => value = value.checked_sub(self.product()?)?,
                None => return Some(value),
            }
        }
    }

    fn product(&mut self) -> Option<i64> {
        let mut value = self.factor()?;
        loop {
            match self.operator(&['*', '%']) {
                Some('*') => value = value.checked_mul(self.factor()?)?,
                Some(_) => value = value.checked_rem(self.factor()?)?,
                None => return Some(value),
            }
        }
    }

    fn factor(&mut self) -> Option<i64> {
        self.depth = self.depth.checked_add(1).filter(|depth| *depth <= DEEPEST)?;
        let value = match self.operator(&['-', '+', '(']) {
            Some('-') => self.factor()?.checked_neg(),
            Some('+') => self.factor(),
            Some(_) => {
                let value = self.sum()?;
                self.operator(&[')']).map(|_| value)
            }
            None => self.number(),
        };
        self.depth -= 1;
        value
    }

    fn number(&mut self) -> Option<i64> {
        let digits = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(digits);
        // `1.5`, `0x10`, `1kb` are numbers of other kinds.
        let is_whole = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '.');
        self.rest = rest;
        number.parse().ok().filter(|_| is_whole)
    }

    fn operator(&mut self, known: &[char]) -> Option<char> {
        self.skip_blanks();
        let first = self.rest.chars().next().filter(|c| known.contains(c))?;
        self.rest = &self.rest[first.len_utf8()..];
        self.skip_blanks();
        Some(first)
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn integers_only() {
        for (text, expected) in
            [("1+1", 2), ("2 * (3 - 1)", 4), ("-(2)", -2), ("7 % 4 - -1", 4), (" 5 ", 5), ("1 + 2 * 3", 7)]
        {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        for text in ["", "1/2", "1.5", "0x10", "1kb", "(1", "1)", "1 1", "'a'", "$true", "9223372036854775807+1", "1%0"]
        {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&"(".repeat(100_000)), None);
    }
}
