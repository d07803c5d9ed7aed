//! The part of XPath that filters of events use: conditions on the System part, with `and`, `or` and parentheses.

use jiff::Timestamp;

use super::super::super::errors::ErrorRecord;
use super::super::super::machine::Event;

/// A filter such as `*[System[(Level=1 or Level=2) and TimeCreated[timediff(@SystemTime) <= 86400000]]]`.
pub(super) enum XPath {
    All,
    And(Box<XPath>, Box<XPath>),
    Or(Box<XPath>, Box<XPath>),
    /// A number of the event: its name, the comparison, the value.
    Number(Field, String, i64),
    Provider(String),
    /// The age in milliseconds.
    Age(String, i64),
    /// Some value of the event's data.
    Data(String),
}

#[derive(Clone, Copy)]
pub(super) enum Field {
    Id,
    Level,
    Record,
    Task,
}

struct Parser {
    words: Vec<String>,
    place: usize,
}

fn refused() -> ErrorRecord {
    ErrorRecord::unsupported(
        "this filter of events (-FilterXPath); it knows conditions on System, Provider, TimeCreated and Data",
    )
}

const MOST_WORDS: usize = 400;

impl XPath {
    pub(super) fn parse(source: &str) -> Result<Self, ErrorRecord> {
        let mut parser = Parser { words: words(source), place: 0 };
        if parser.words.len() > MOST_WORDS {
            return Err(refused());
        }
        let parsed = parser.either()?;
        if parser.place == parser.words.len() { Ok(parsed) } else { Err(refused()) }
    }

    pub(super) fn holds(&self, event: &Event, now: Timestamp) -> bool {
        match self {
            Self::All => true,
            Self::And(left, right) => left.holds(event, now) && right.holds(event, now),
            Self::Or(left, right) => left.holds(event, now) || right.holds(event, now),
            Self::Number(field, operator, value) => {
                let own = match field {
                    Field::Id => event.kind.id.into(),
                    Field::Level => event.kind.level.number().into(),
                    Field::Record => event.record_id as i64,
                    Field::Task => event.kind.task.0.into(),
                };
                compare(own, operator, *value)
            }
            Self::Provider(name) => event.kind.provider == name.as_str(),
            Self::Age(operator, limit) => compare(now.duration_since(event.at).as_millis() as i64, operator, *limit),
            Self::Data(value) => event.values.iter().any(|own| own == value.as_str()),
        }
    }
}

fn compare(own: i64, operator: &str, value: i64) -> bool {
    match operator {
        "=" => own == value,
        "!=" => own != value,
        "<" => own < value,
        "<=" => own <= value,
        ">" => own > value,
        _ => own >= value,
    }
}

impl Parser {
    fn peek(&self) -> &str {
        self.words.get(self.place).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        let word = self.peek().to_owned();
        self.place += 1;
        word
    }

    fn eat(&mut self, word: &str) -> bool {
        let is_it = self.peek() == word;
        self.place += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, word: &str) -> Result<(), ErrorRecord> {
        if self.eat(word) { Ok(()) } else { Err(refused()) }
    }

    fn either(&mut self) -> Result<XPath, ErrorRecord> {
        let mut left = self.both()?;
        while self.eat("or") {
            left = XPath::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<XPath, ErrorRecord> {
        let mut left = self.one()?;
        while self.eat("and") {
            left = XPath::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    /// A condition in brackets after a step, or the step alone.
    fn inside(&mut self) -> Result<XPath, ErrorRecord> {
        let mut all = XPath::All;
        while self.eat("[") {
            let condition = self.either()?;
            self.expect("]")?;
            all = XPath::And(Box::new(all), Box::new(condition));
        }
        if self.eat("/") {
            let rest = self.one()?;
            all = XPath::And(Box::new(all), Box::new(rest));
        }
        Ok(all)
    }

    fn one(&mut self) -> Result<XPath, ErrorRecord> {
        match self.next().as_str() {
            "(" => {
                let inner = self.either()?;
                self.expect(")")?;
                Ok(inner)
            }
            "*" | "Event" | "System" | "EventData" => self.inside(),
            "EventID" => self.number(Field::Id),
            "Level" => self.number(Field::Level),
            "EventRecordID" => self.number(Field::Record),
            "Task" => self.number(Field::Task),
            "Provider" => {
                for word in ["[", "@", "Name", "="] {
                    self.expect(word)?;
                }
                let name = self.quoted()?;
                self.expect("]")?;
                Ok(XPath::Provider(name))
            }
            "TimeCreated" => {
                for word in ["[", "timediff", "(", "@", "SystemTime", ")"] {
                    self.expect(word)?;
                }
                let (operator, limit) = self.comparison()?;
                self.expect("]")?;
                Ok(XPath::Age(operator, limit))
            }
            "Data" => {
                // The sandbox's events have values without names.
                if self.peek() == "[" {
                    return Err(ErrorRecord::unsupported("data of events by name (-FilterXPath); take Data='value'"));
                }
                self.expect("=")?;
                Ok(XPath::Data(self.quoted()?))
            }
            _ => Err(refused()),
        }
    }

    fn number(&mut self, field: Field) -> Result<XPath, ErrorRecord> {
        let (operator, value) = self.comparison()?;
        Ok(XPath::Number(field, operator, value))
    }

    fn comparison(&mut self) -> Result<(String, i64), ErrorRecord> {
        let operator = self.next();
        if !matches!(operator.as_str(), "=" | "!=" | "<" | "<=" | ">" | ">=") {
            return Err(refused());
        }
        let word = self.next();
        let value = word.trim_start_matches(['\'', '"']).parse().map_err(|_| refused())?;
        Ok((operator, value))
    }

    fn quoted(&mut self) -> Result<String, ErrorRecord> {
        let word = self.next();
        word.strip_prefix(['\'', '"']).map(str::to_owned).ok_or_else(refused)
    }
}

/// Names, numbers, signs; strings keep their opening quote.
fn words(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(next) = chars.next() {
        let mut word = String::from(next);
        match next {
            _ if next.is_whitespace() => continue,
            '\'' | '"' => word.extend(chars.by_ref().take_while(|inner| *inner != next)),
            '<' | '>' | '!' => word.extend(chars.next_if_eq(&'=')),
            _ if next.is_alphanumeric() => {
                while let Some(inner) =
                    chars.next_if(|inner| inner.is_alphanumeric() || matches!(inner, '_' | '-' | '.'))
                {
                    word.push(inner);
                }
            }
            _ => {}
        }
        words.push(word);
    }
    words
}
