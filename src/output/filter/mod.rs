//! `--where`: only the objects for which an expression holds, written as for Where-Object.

mod compare;
mod parse;

use std::fmt;
use std::sync::Arc;

use self::compare::{Operator, compare, truth};
use super::display::display;
use super::object;
use super::out_string::format;
use super::refs::resolve;
use super::sort::is_null;
use super::trend::numeric;
use super::{Flow, Sink};
use crate::clixml::{self, Content, Document, Single, Value};
use crate::event::{RunEvent, RunEventKind, RunHeader, Summary};
use crate::stream::Stream;

/// An expression over the properties of one object, such as `Status -eq Stopped -and Name -like sql*`.
///
/// Operators: `-eq -ne -gt -ge -lt -le -like -notlike -in -notin -contains -notcontains`, joined by `-and`, `-or`,
/// `-not` and parentheses. A property alone holds if PowerShell takes it for true. Text compares without regard to
/// case; the literal takes the type of the property.
#[derive(Debug, Clone, PartialEq)]
pub enum Where {
    /// Any of them holds.
    Any(Vec<Where>),
    /// All of them hold.
    All(Vec<Where>),
    /// It does not hold.
    Not(Box<Where>),
    /// The property is true.
    Truth(Property),
    /// The property compares so with one of these literals.
    Compare(Property, Operator, Vec<Literal>),
}

/// A property's name, then the names of members within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property(Vec<String>);

/// What stands right of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `$null`
    Null,
    /// Anything else; it takes the type of the property.
    Text(String),
}

impl Where {
    /// The names of the properties that it reads.
    pub fn properties(&self) -> Vec<&str> {
        match self {
            Self::Any(parts) | Self::All(parts) => parts.iter().flat_map(Self::properties).collect(),
            Self::Not(part) => part.properties(),
            Self::Truth(property) | Self::Compare(property, ..) => {
                property.0.first().map(String::as_str).into_iter().collect()
            }
        }
    }

    /// Whether it holds for an object of this host.
    pub fn holds(&self, document: &Document, host: &str) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.holds(document, host)),
            Self::All(parts) => parts.iter().all(|part| part.holds(document, host)),
            Self::Not(part) => !part.holds(document, host),
            Self::Truth(property) => property.with(document, host, truth),
            Self::Compare(property, operator, literals) => {
                property.with(document, host, |value| compare(document, value, *operator, literals))
            }
        }
    }
}

impl Property {
    /// Reads the property: `PSComputerName` is the host, `Value` an object that is a single value, what is missing
    /// null.
    fn with<R>(&self, document: &Document, host: &str, read: impl FnOnce(&Value) -> R) -> R {
        let Some((first, inner)) = self.0.split_first() else { return read(&Value::Null) };
        if first.eq_ignore_ascii_case("PSComputerName") {
            return read(&Value::str(host));
        }
        let value = object::property(document, first);
        let value = inner.iter().fold(value, |value, name| Some(resolve(document, value?.member(name)?)));
        read(value.unwrap_or(&Value::Null))
    }
}

impl Property {
    /// The number that an object has there, also one that came as text. A date is none; a duration counts in seconds.
    pub fn number(&self, document: &Document, host: &str) -> Option<f64> {
        self.with(document, host, |value| match value.unboxed() {
            Value::DateTime(_) => None,
            _ => numeric(value),
        })
    }

    /// What an object has there, for people; `None` for nothing.
    pub fn text(&self, document: &Document, host: &str) -> Option<String> {
        self.with(document, host, |value| (!is_null(value)).then(|| display(document, value)))
    }

    /// The text of the whole object, for people.
    pub fn whole(document: &Document) -> String {
        display(document, &document.root)
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Hands on the objects for which an expression holds, and all other events.
///
/// What Format-* returns has no properties of the objects that it shows, and passes: half a table would be none.
pub struct Filtered {
    expression: Where,
    header: Option<Arc<RunHeader>>,
    inner: Box<dyn Sink>,
}

impl Filtered {
    /// Filters for this sink.
    pub fn new(expression: Where, inner: Box<dyn Sink>) -> Self {
        Self { expression, header: None, inner }
    }
}

impl Sink for Filtered {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::RunStarted(header) => self.header = Some(Arc::clone(header)),
            RunEventKind::Record(record) if record.stream == Stream::Output => {
                let host = self.header.as_ref().map_or("", |header| header.host(record.target));
                if !format::is_order(&record.value) && !self.expression.holds(&record.value, host) {
                    return Ok(Flow::Continue);
                }
            }
            _ => {}
        }
        self.inner.event(event)
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        self.inner.idle()
    }

    fn complete(&mut self, summary: &Summary) -> anyhow::Result<Flow> {
        self.inner.complete(summary)
    }

    fn failures(&self) -> Vec<String> {
        self.inner.failures()
    }
}

/// The text of a value for comparisons with text.
fn text(document: &Document, value: &Value) -> String {
    match value {
        Value::Object(object) if object.is_enum() => clixml::text(value).into_owned(),
        Value::Object(object) => match (clixml::single(value), &object.content) {
            (Some(Single::Same(value)), _) => text(document, &value),
            (Some(_), _) => clixml::text(value).into_owned(),
            (None, Content::Value(inner)) => text(document, inner),
            (None, _) => display(document, value),
        },
        Value::Bool(_) => display(document, value),
        _ => clixml::text(value).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Property, Where};
    use crate::clixml::{Content, Document, ListKind, Object, TypeNames, Value};
    use crate::output::testing::bag;

    fn object() -> Document {
        let status = Object {
            type_names: TypeNames::new(["System.ServiceProcess.ServiceControllerStatus", "System.Enum"]),
            to_string: Some("Stopped".into()),
            content: Content::Value(Value::I32(1)),
            ..Object::default()
        };
        let tags = Object {
            content: Content::List(ListKind::List, vec![Value::str("a"), Value::I32(7)]),
            ..Object::default()
        };
        let object = bag(vec![
            ("Name", Value::str("W32Time")),
            ("Status", status.into()),
            ("Size", Value::I64(3 << 30)),
            ("Nothing", Value::Null),
            ("On", Value::Bool(true)),
            ("When", Value::DateTime("2026-11-22T19:51:31+01:00".into())),
            ("Took", Value::TimeSpan("PT90S".into())),
            ("Version", Value::Version("10.0.1".into())),
            ("Tags", tags.into()),
            ("Inner", bag(vec![("Deep", Value::str("x y"))]).into()),
            ("Odd Name", Value::str("")),
        ]);
        Document::new(object.into())
    }

    #[test]
    fn expressions_hold_as_in_powershell() {
        let document = object();
        for (expression, expect) in [
            ("Name -eq w32time", true),
            ("$_.Name -ne 'W32Time'", false),
            ("Name -like w*TIME", true),
            ("Name -notlike 'sql?'", true),
            ("Name -like w32tim?", true),
            ("Status -eq Stopped", true),
            ("Status -eq 1", true),
            ("Status -in Running,stopped", true),
            ("Status -notin 'Running', 'Paused'", true),
            ("Size -gt 2GB -and Size -le 3gb", true),
            ("Size -gt 10", true),
            ("Size -eq abc", false),
            ("Nothing -eq $null", true),
            ("Missing -eq $null", true),
            ("Name -ne $null", true),
            ("Nothing -lt 5", true),
            ("On", true),
            ("-not On", false),
            ("!(Nothing)", true),
            ("On -eq $true", true),
            ("On -eq False", false),
            ("When -gt 2026-11-22", true),
            ("When -lt '2026-11-22T18:00:00Z'", false),
            ("When -lt '2026-11-22 19:00'", true),
            ("Took -ge 00:01:30", true),
            ("Took -gt PT2M", false),
            ("Version -gt 9.9", true),
            ("Tags -contains A", true),
            ("Tags -contains 7", true),
            ("Tags -notcontains b", true),
            ("Inner.Deep -eq \"x y\"", true),
            ("PSComputerName -like web*", true),
            ("'Odd Name' -eq ''", true),
            ("Size -lt 1 -or Name -eq x -or (On -and -not Missing)", true),
            ("Size -lt 1 -and On -or On", true),
        ] {
            let parsed: Where = expression.parse().unwrap_or_else(|error| panic!("{expression}: {error}"));
            assert_eq!(parsed.holds(&document, "web01"), expect, "{expression}");
        }
    }

    fn single(kind: &'static str, text: &str, props: Vec<(&str, Value)>) -> Value {
        let props = props.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Object { type_names: TypeNames::new([kind]), to_string: Some(text.into()), props, ..Object::default() }.into()
    }

    #[test]
    fn objects_that_are_one_value_compare_as_it() {
        let offset = vec![("Year", Value::I32(2024)), ("DateTime", Value::DateTime("2024-01-02T03:04:05.5".into()))];
        let object = bag(vec![
            ("Small", single("System.Numerics.BigInteger", "20", vec![("Sign", Value::I32(1))])),
            ("Zero", single("System.Numerics.BigInteger", "0", vec![])),
            ("Big", single("System.Numerics.BigInteger", "1180591620717411303424", vec![])),
            ("Huge", single("System.Numerics.BigInteger", &format!("-1{}1", "0".repeat(400)), vec![])),
            ("Half", single("System.Half", "1.5", vec![])),
            (
                "Pattern",
                single("System.Text.RegularExpressions.Regex", r"^web\d+$", vec![("Options", Value::str("None"))]),
            ),
            ("When", single("System.DateTimeOffset", "01/02/2024 03:04:05 +02:00", offset)),
            ("Day", single("System.DateOnly", "01/02/2024", vec![])),
            ("At", single("System.TimeOnly", "09:04", vec![("Ticks", Value::I64(326_450_000_000))])),
            ("Address", single("System.Net.IPAddress", "10.0.0.1", vec![])),
            ("Switch", single("System.Management.Automation.SwitchParameter", "False", vec![])),
            ("Null", single("System.DBNull", "", vec![])),
            ("Product", single("System.Management.Automation.SemanticVersion", "7.10.0", vec![])),
            ("Near", Value::I64(9_007_199_254_740_993)),
            ("Own", single("My.Type", "mine", vec![("a", Value::I32(1))])),
        ]);
        let document = Document::new(object.into());
        for (expression, expect) in [
            ("Small -gt 5", true),
            ("Small -gt 100", false),
            ("Small -eq 20", true),
            ("Small -lt 1kb", true),
            ("Zero", false),
            ("Small", true),
            ("Big -gt 1180591620717411303423", true),
            ("Big -eq 1180591620717411303424", true),
            ("Big -ge 1180591620717411303425", false),
            ("Big -lt 2000000000000000000000", true),
            ("Huge -lt -5", true),
            (&format!("Huge -lt -1{}0", "0".repeat(400)), true),
            (&format!("Huge -lt -1{}2", "0".repeat(400)), false),
            ("Near -gt 9007199254740992", true),
            ("Near -eq 9007199254740992", false),
            ("Half -ge 1.5", true),
            ("Pattern -like '*web*'", true),
            ("Pattern.Options -eq None", true),
            ("When -gt 2024-01-02T01:04:05Z", true),
            ("When -lt 2024-01-02T01:04:06Z", true),
            ("When.Year -eq 2024", true),
            ("Day -lt 2024-01-03", true),
            ("Day -eq 2024-01-02", true),
            ("At -gt 9:04", true),
            ("At -lt 10:00", true),
            ("Address -like 10.*", true),
            ("Address -in 10.0.0.2,10.0.0.1", true),
            ("Switch", false),
            ("Switch -eq $false", true),
            ("Null -eq $null", true),
            ("Null", false),
            ("Product -eq 7.10.0", true),
            ("Product -gt 7.9", true),
            ("Own -eq MINE", true),
            ("Own.a -eq 1", true),
        ] {
            let parsed: Where = expression.parse().unwrap_or_else(|error| panic!("{expression}: {error}"));
            assert_eq!(parsed.holds(&document, "web01"), expect, "{expression}");
        }
        let alone = Document::new(single("System.Net.IPAddress", "10.0.0.1", vec![("ScopeId", Value::I64(0))]));
        for expression in ["Value -eq 10.0.0.1", "ScopeId -eq 0"] {
            assert!(expression.parse::<Where>().unwrap().holds(&alone, "h"), "{expression}");
        }
    }

    #[test]
    fn a_property_is_read_as_number_and_text() {
        let document = object();
        let number = |name: &str| name.parse::<Property>().unwrap().number(&document, "h");
        let text = |name: &str| name.parse::<Property>().unwrap().text(&document, "h");
        assert_eq!(
            (number("Size"), number("Took"), number("When"), number("Name")),
            (Some((3_i64 << 30) as f64), Some(90.0), None, None)
        );
        assert_eq!((number("Nothing"), number("Missing"), number("Status")), (None, None, Some(1.0)));
        assert_eq!((text("Status").as_deref(), text("inner.deep").as_deref()), (Some("Stopped"), Some("x y")));
        assert_eq!((text("Nothing"), text("Missing"), text("PSComputerName").as_deref()), (None, None, Some("h")));
        assert_eq!(Property::whole(&Document::new(Value::str("a b"))), "a b");
        assert_eq!("$_.A.B".parse::<Property>().unwrap().to_string(), "A.B");
    }

    #[test]
    fn single_values_are_called_value() {
        let document = Document::new(Value::I32(5));
        assert!("Value -gt 4".parse::<Where>().unwrap().holds(&document, "h"));
        assert!(!"Name -eq x".parse::<Where>().unwrap().holds(&document, "h"));
    }
}
