//! Objects that readers see as one value, like a number or a text, though they come with members.
//!
//! This is the one place that decides what an object's single value is. Plain JSON, cells, filters, sorting and tables
//! ask here; `plain.schema.json` tells the list to users.

use super::scalar_text::scalar_text;
use super::type_name::live_name;
use super::{Content, Object, PsString, TypeNames, Value};

/// What an object is that is one value.
#[derive(Debug, Clone, PartialEq)]
pub enum Single<'v> {
    /// Its own text.
    Text(&'v PsString),
    /// A semantic version, which is its own text too.
    Version(&'v PsString),
    /// An integer of any size, in decimal with at most a `-` before it.
    Integer(&'v str),
    /// A time of day such as `03:04:05.25`.
    Time(String),
    /// A value of another type that means the same.
    Same(Value),
}

/// How a type's objects are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By their text.
    Text,
    /// Their text is a semantic version.
    Version,
    /// Their text is an integer.
    Integer,
    /// Their text is a floating-point number.
    Real,
    /// Their text is `True` or `False`.
    Switch,
    /// A date with an offset.
    DateTimeOffset,
    /// A date without a time.
    Date,
    /// A time without a date.
    Time,
    /// Null in all but its type.
    Nothing,
    /// A box of SQL: its member `Value` is the value.
    Sql,
}

/// The types whose objects are one value, those derived from them too.
const KNOWN: [(&str, Kind); 43] = [
    ("System.DBNull", Kind::Nothing),
    ("System.Data.SqlTypes.SqlBinary", Kind::Sql),
    ("System.Data.SqlTypes.SqlBoolean", Kind::Sql),
    ("System.Data.SqlTypes.SqlByte", Kind::Sql),
    ("System.Data.SqlTypes.SqlDateTime", Kind::Sql),
    ("System.Data.SqlTypes.SqlDecimal", Kind::Sql),
    ("System.Data.SqlTypes.SqlDouble", Kind::Sql),
    ("System.Data.SqlTypes.SqlGuid", Kind::Sql),
    ("System.Data.SqlTypes.SqlInt16", Kind::Sql),
    ("System.Data.SqlTypes.SqlInt32", Kind::Sql),
    ("System.Data.SqlTypes.SqlInt64", Kind::Sql),
    ("System.Data.SqlTypes.SqlMoney", Kind::Sql),
    ("System.Data.SqlTypes.SqlSingle", Kind::Sql),
    ("System.Data.SqlTypes.SqlString", Kind::Sql),
    ("System.DateOnly", Kind::Date),
    ("System.DateTimeOffset", Kind::DateTimeOffset),
    ("System.Globalization.CultureInfo", Kind::Text),
    ("System.Half", Kind::Real),
    ("System.Index", Kind::Text),
    ("System.Int128", Kind::Integer),
    ("System.IntPtr", Kind::Integer),
    ("System.Management.Automation.Language.NullString", Kind::Nothing),
    ("System.Management.Automation.SemanticVersion", Kind::Version),
    ("System.Management.Automation.SwitchParameter", Kind::Switch),
    ("System.Net.Http.HttpMethod", Kind::Text),
    ("System.Net.IPAddress", Kind::Text),
    ("System.Net.IPEndPoint", Kind::Text),
    ("System.Net.IPNetwork", Kind::Text),
    ("System.Net.Mail.MailAddress", Kind::Text),
    ("System.Net.NetworkInformation.PhysicalAddress", Kind::Text),
    ("System.Numerics.BigInteger", Kind::Integer),
    ("System.Range", Kind::Text),
    ("System.Security.Principal.IdentityReference", Kind::Text),
    ("System.Text.RegularExpressions.Regex", Kind::Text),
    ("System.Text.Rune", Kind::Text),
    ("System.Text.StringBuilder", Kind::Text),
    ("System.TimeOnly", Kind::Time),
    ("System.Type", Kind::Text),
    ("System.UInt128", Kind::Integer),
    ("System.UIntPtr", Kind::Integer),
    ("System.Xml.Linq.XName", Kind::Text),
    ("System.Xml.Linq.XNamespace", Kind::Text),
    ("System.Xml.Linq.XObject", Kind::Text),
];

/// The lengths of the known names, as bits modulo 64, by their last byte.
const LENGTHS: [u64; 256] = {
    let mut lengths = [0; 256];
    let mut at = 0;
    while at < KNOWN.len() {
        let name = KNOWN[at].0.as_bytes();
        lengths[name[name.len() - 1] as usize] |= 1 << (name.len() % 64);
        at += 1;
    }
    lengths
};

/// The value of an object that is one value; `None` for all others, and for what is not an object.
pub fn single(value: &Value) -> Option<Single<'_>> {
    of(value.as_object()?)
}

/// The value of an object that is one value.
pub(super) fn of(object: &Object) -> Option<Single<'_>> {
    match &object.content {
        Content::None => {}
        Content::List(_, items) if object.type_names.contains("System.Char[]") => return characters(items),
        _ => return None,
    }
    let text = object.to_string.as_ref()?;
    let kind = object.type_names.iter().find_map(kind)?;
    // Whoever names a custom object so still has nothing but members in it.
    if object.type_names.contains(CUSTOM) {
        return None;
    }
    Some(read(kind, object, text).unwrap_or(Single::Text(text)))
}

/// The type of `[pscustomobject]`.
const CUSTOM: &str = "System.Management.Automation.PSCustomObject";

fn kind(name: &str) -> Option<Kind> {
    let name = live_name(name);
    // Nearly no name is one of them, and most are none by their length and end.
    if LENGTHS[usize::from(*name.as_bytes().last()?)] & 1 << (name.len() % 64) == 0 {
        return None;
    }
    let place = KNOWN.binary_search_by_key(&name, |(known, _)| known).ok()?;
    KNOWN.get(place).map(|(_, kind)| *kind)
}

/// `None` if the object has not the form that its type has; its text then stands for it.
fn read<'v>(kind: Kind, object: &'v Object, text: &'v PsString) -> Option<Single<'v>> {
    let plain = text.as_str()?;
    let same = |value| Some(Single::Same(value));
    match kind {
        Kind::Text => None,
        Kind::Version => Some(Single::Version(text)),
        Kind::Integer => is_integer(plain).then_some(Single::Integer(plain)),
        Kind::Real => same(Value::F64(plain.parse().ok()?)),
        Kind::Switch => same(Value::Bool(plain.to_ascii_lowercase().parse().ok()?)),
        Kind::DateTimeOffset => same(Value::DateTime(date_time_offset(object, plain)?.into())),
        Kind::Date => same(Value::DateTime(invariant_date(plain)?.into())),
        Kind::Time => time(object).map(Single::Time),
        Kind::Nothing => same(Value::Null),
        Kind::Sql => same(object.member("Value").cloned().unwrap_or(Value::Null)),
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2024-01-02` of the invariant culture's `01/02/2024`.
fn invariant_date(text: &str) -> Option<String> {
    let (month, rest) = text.split_once('/')?;
    let (day, year) = rest.split_once('/')?;
    let all_digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_date = all_digits(month, 2) && all_digits(day, 2) && all_digits(year, 4);
    is_date.then(|| format!("{year}-{month}-{day}"))
}

/// `2024-01-02T03:04:05.5+02:00`: the text `01/02/2024 03:04:05 +02:00` lacks the fraction, which a member has.
fn date_time_offset(object: &Object, text: &str) -> Option<String> {
    let mut parts = text.split(' ');
    let (date, clock, zone) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = format!("{}T{clock}", invariant_date(date)?);
    let exact = match object.member("DateTime") {
        Some(Value::DateTime(exact)) => exact.strip_prefix(&*whole).filter(|rest| rest.starts_with('.')),
        _ => None,
    };
    let fraction = exact.unwrap_or_default().trim_end_matches(|c: char| !c.is_ascii_digit());
    Some(format!("{whole}{fraction}{zone}"))
}

/// The time of day, exact to the 100 ns of its ticks.
fn time(object: &Object) -> Option<String> {
    let ticks = object.member("Ticks")?.as_i64().filter(|ticks| (0..864_000_000_000).contains(ticks))?;
    let (seconds, fraction) = (ticks / 10_000_000, ticks % 10_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!("{fraction:07}");
    match fraction.trim_end_matches('0') {
        "" => Some(clock),
        digits => Some(format!("{clock}.{digits}")),
    }
}

/// The text of an array of characters.
fn characters(items: &[Value]) -> Option<Single<'static>> {
    let unit = |item: &Value| if let Value::Char(unit) = item { Some(*unit) } else { None };
    let units: Option<Vec<u16>> = items.iter().map(unit).collect();
    units.map(|units| Single::Same(Value::Str(PsString::from_utf16(&units))))
}

/// The text of an object, if nobody made it of its type's name or, as PowerShell does, of its members: `ToString()` of
/// its own.
pub fn own_text(object: &Object) -> Option<&PsString> {
    let is_bag = object.content == Content::None;
    let text = object.to_string.as_ref().filter(|text| is_bag && !text.is_empty())?;
    let Some(plain) = text.as_str() else { return Some(text) };
    let is_made = plain.starts_with("@{") && plain.ends_with('}') || is_type_name(plain, &object.type_names);
    (!is_made).then_some(text)
}

/// Whether the text is the name of one of these types; the arguments of generic ones are written in two ways.
fn is_type_name(text: &str, types: &TypeNames) -> bool {
    let generic = |name: &'_ str| name.find("`").and_then(|_| name.find('['));
    types.iter().map(live_name).any(|name| {
        text == name
            || match (generic(text), generic(name)) {
                (Some(text_end), Some(name_end)) => text.get(..text_end) == name.get(..name_end),
                _ => false,
            }
    })
}

/// Longer texts are taken to say something of their own.
const LONGEST: usize = 256;
/// Members that are looked into, and bytes of each.
const MOST_MEMBERS: usize = 256;

/// Whether an object's own text says more than its type and members do: one of its words stands in none of them.
pub(super) fn says_more(object: &Object, text: &PsString, members: &[(&str, &Value)]) -> bool {
    let Some(text) = text.as_str().filter(|text| text.len() <= LONGEST) else { return true };
    let holds = |value: &Value, word: &str| match value {
        Value::Object(_) | Value::Ref(_) => own_words(value).is_some_and(|own| own.contains(word)),
        Value::Str(own) => own.as_str().is_some_and(|own| own.len() <= LONGEST * 4 && own.contains(word)),
        scalar => scalar_text(scalar).contains(word),
    };
    let is_told = |word: &str| {
        let types = object.type_names.iter().any(|name| name.contains(word));
        types || members.iter().take(MOST_MEMBERS).any(|(name, value)| name.contains(word) || holds(value, word))
    };
    !text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).all(is_told)
}

/// The text of a member that is an object.
fn own_words(value: &Value) -> Option<&str> {
    value.as_object()?.to_string.as_ref()?.as_str().filter(|text| text.len() <= LONGEST * 4)
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, Kind, Single, own_text, says_more, single};
    use crate::clixml::view::members;
    use crate::clixml::{Content, ListKind, Object, PsString, TypeNames, Value};

    fn object(types: &[&'static str], text: &str, props: Vec<(&str, Value)>) -> Object {
        Object {
            type_names: TypeNames::new(types.iter().copied()),
            to_string: Some(text.into()),
            props: props.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            ..Object::default()
        }
    }

    fn check(object: Object, expected: Option<Single<'_>>) {
        let value = Value::from(object);
        assert_eq!(single(&value), expected, "{value:?}");
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(KNOWN.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn the_schema_names_every_type() {
        let schema = include_str!("../output/plain.schema.json");
        let words: Vec<_> =
            schema.split(|c: char| !(c.is_alphanumeric() || c == '.')).map(|word| word.trim_end_matches('.')).collect();
        for (name, kind) in KNOWN {
            let told = if kind == Kind::Sql { "System.Data.SqlTypes" } else { name };
            assert!(words.contains(&told), "{name}");
        }
    }

    #[test]
    fn types_that_are_one_value() {
        let text: PsString = "10.0.0.1".into();
        check(object(&["System.Net.IPAddress"], "10.0.0.1", vec![]), Some(Single::Text(&text)));
        check(
            object(
                &["Deserialized.System.Net.IPAddress+ReadOnlyIPAddress", "Deserialized.System.Net.IPAddress"],
                "10.0.0.1",
                vec![],
            ),
            Some(Single::Text(&text)),
        );
        check(object(&["System.Numerics.BigInteger"], "-12", vec![]), Some(Single::Integer("-12")));
        check(object(&["System.Half"], "-1.5", vec![]), Some(Single::Same(Value::F64(-1.5))));
        check(
            object(&["System.Management.Automation.SwitchParameter"], "False", vec![]),
            Some(Single::Same(Value::Bool(false))),
        );
        check(object(&["System.DBNull"], "", vec![]), Some(Single::Same(Value::Null)));
        check(
            object(&["System.Data.SqlTypes.SqlInt32"], "5", vec![("Value", Value::I32(5))]),
            Some(Single::Same(Value::I32(5))),
        );
        check(
            object(&["System.Data.SqlTypes.SqlInt32"], "Null", vec![("IsNull", Value::Bool(true))]),
            Some(Single::Same(Value::Null)),
        );
        let letters = Content::List(ListKind::List, vec![Value::Char(97), Value::Char(0xD83D)]);
        let letters = Object {
            type_names: TypeNames::new(["System.Char[]", "System.Array"]),
            content: letters,
            ..Object::default()
        };
        check(letters, Some(Single::Same(Value::Str(PsString::from_utf16(&[97, 0xD83D])))));
    }

    #[test]
    fn dates_and_times_are_iso() {
        let date = |text: &str| Some(Single::Same(Value::DateTime(text.into())));
        check(object(&["System.DateOnly"], "01/02/2024", vec![]), date("2024-01-02"));
        let exact = |text: &str| vec![("DateTime", Value::DateTime(text.into()))];
        let offset = |props| object(&["System.DateTimeOffset"], "01/02/2024 03:04:05 -02:30", props);
        check(offset(exact("2024-01-02T03:04:05.5")), date("2024-01-02T03:04:05.5-02:30"));
        check(offset(exact("2024-01-02T03:04:05")), date("2024-01-02T03:04:05-02:30"));
        check(offset(vec![]), date("2024-01-02T03:04:05-02:30"));
        for (ticks, text) in [(0, "00:00:00"), (110_452_500_000, "03:04:05.25"), (863_999_999_999, "23:59:59.9999999")]
        {
            check(
                object(&["System.TimeOnly"], "03:04", vec![("Ticks", Value::I64(ticks))]),
                Some(Single::Time(text.into())),
            );
        }
    }

    #[test]
    fn what_has_not_the_form_of_its_type_is_its_text() {
        for (kind, text) in [
            ("System.Numerics.BigInteger", "1.5"),
            ("System.Half", "many"),
            ("System.DateOnly", "Tuesday"),
            ("System.DateTimeOffset", "01/02/2024"),
            ("System.TimeOnly", "03:04"),
        ] {
            check(object(&[kind], text, vec![]), Some(Single::Text(&text.into())));
        }
    }

    #[test]
    fn everything_else_is_not() {
        check(object(&["System.Diagnostics.Process"], "x", vec![]), None);
        check(Object { to_string: None, ..object(&["System.Net.IPAddress"], "", vec![]) }, None);
        check(object(&["System.Net.IPAddress", "System.Management.Automation.PSCustomObject"], "@{a=1}", vec![]), None);
        let mixed = Content::List(ListKind::List, vec![Value::Char(97), Value::Null]);
        check(Object { type_names: TypeNames::new(["System.Char[]"]), content: mixed, ..Object::default() }, None);
    }

    #[test]
    fn texts_of_ones_own() {
        for (types, text, own) in [
            (&["My.Type"][..], "mine", true),
            (&["System.Diagnostics.Process"], "System.Diagnostics.Process (pwsh)", true),
            (&["My.Type"], "My.Type", false),
            (&["Deserialized.My.Derived", "Deserialized.My.Type"], "My.Type", false),
            (
                &["System.Lazy`1[[System.String, System.Private.CoreLib, Version=10.0.0.0]]"],
                "System.Lazy`1[System.String]",
                false,
            ),
            (&["System.Management.Automation.PSCustomObject"], "@{a=1; b=2}", false),
            (&["My.Type"], "", false),
        ] {
            assert_eq!(own_text(&object(types, text, vec![])).is_some(), own, "{text}");
        }
    }

    #[test]
    fn what_texts_say_beyond_members() {
        let props = || vec![("X", Value::I32(1)), ("Y", Value::F64(2.5)), ("Path", Value::str("/tmp/a"))];
        let more = |text: &str| {
            let object = object(&["System.Drawing.Point"], text, props());
            says_more(&object, &text.into(), &members(&object))
        };
        for text in ["{X=1,Y=2.5}", "/tmp/a", "Point at /tmp", "System.Drawing.Point (a)"] {
            assert!(!more(text), "{text}");
        }
        for text in ["mine", "{X=1,Y=3}", "é", &"a ".repeat(200)] {
            assert!(more(text), "{text}");
        }
    }
}
