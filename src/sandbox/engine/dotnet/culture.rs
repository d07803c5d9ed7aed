//! `[CultureInfo]`: the invariant culture, which the engine formats by, and the names of others.

use super::super::convert;
use super::super::datetime::WEEKDAYS;
use super::super::errors::ErrorRecord;
use super::super::format;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Outcome, arg_text};

/// What the session has.
pub(in super::super) fn current() -> Val {
    of_name("en-US").unwrap_or(Val::Null)
}

/// A culture: number, name, what it is called, its language in three letters by ISO and by Windows, the signs of its
/// numbers (point, group, currency), its short date and the first day of its week.
struct Known {
    number: i32,
    name: &'static str,
    shown: &'static str,
    languages: [&'static str; 2],
    point: &'static str,
    group: &'static str,
    currency: &'static str,
    date: &'static str,
    first_day: &'static str,
}

/// Cultures that scripts name. Source: MS-LCID, and Windows' list of locales.
const KNOWN: [Known; 12] = [
    known(
        127,
        "",
        "Invariant Language (Invariant Country)",
        ["ivl", "IVL"],
        [".", ",", "\u{A4}"],
        "MM/dd/yyyy",
        "Sunday",
    ),
    known(1033, "en-US", "English (United States)", ["eng", "ENU"], [".", ",", "$"], "M/d/yyyy", "Sunday"),
    known(2057, "en-GB", "English (United Kingdom)", ["eng", "ENG"], [".", ",", "\u{A3}"], "dd/MM/yyyy", "Monday"),
    known(1031, "de-DE", "German (Germany)", ["deu", "DEU"], [",", ".", "\u{20AC}"], "dd.MM.yyyy", "Monday"),
    known(2055, "de-CH", "German (Switzerland)", ["deu", "DES"], [".", "\u{2019}", "CHF"], "dd.MM.yyyy", "Monday"),
    known(1036, "fr-FR", "French (France)", ["fra", "FRA"], [",", "\u{A0}", "\u{20AC}"], "dd/MM/yyyy", "Monday"),
    known(3082, "es-ES", "Spanish (Spain)", ["spa", "ESN"], [",", ".", "\u{20AC}"], "dd/MM/yyyy", "Monday"),
    known(1040, "it-IT", "Italian (Italy)", ["ita", "ITA"], [",", ".", "\u{20AC}"], "dd/MM/yyyy", "Monday"),
    known(1043, "nl-NL", "Dutch (Netherlands)", ["nld", "NLD"], [",", ".", "\u{20AC}"], "d-M-yyyy", "Monday"),
    known(1045, "pl-PL", "Polish (Poland)", ["pol", "PLK"], [",", "\u{A0}", "z\u{142}"], "dd.MM.yyyy", "Monday"),
    known(1041, "ja-JP", "Japanese (Japan)", ["jpn", "JPN"], [".", ",", "\u{A5}"], "yyyy/MM/dd", "Sunday"),
    known(1053, "sv-SE", "Swedish (Sweden)", ["swe", "SVE"], [",", "\u{A0}", "kr"], "yyyy-MM-dd", "Monday"),
];

const fn known(
    number: i32,
    name: &'static str,
    shown: &'static str,
    languages: [&'static str; 2],
    [point, group, currency]: [&'static str; 3],
    date: &'static str,
    first_day: &'static str,
) -> Known {
    Known { number, name, shown, languages, point, group, currency, date, first_day }
}

/// Whether an argument is a culture, or the formats of one, and whether it is that of the United States; nothing if it is
/// none.
///
/// # Errors
/// It is another culture than this and the invariant one, which alone the engine formats and reads by.
fn asked(arg: &Val) -> Result<Option<bool>, ErrorRecord> {
    let Val::Object(object) = arg else { return Ok(None) };
    let by = match object.type_name() {
        "System.Globalization.CultureInfo" => "Name",
        "System.Globalization.NumberFormatInfo" => "CurrencySymbol",
        "System.Globalization.DateTimeFormatInfo" => "ShortDatePattern",
        _ => return Ok(None),
    };
    let given = object.get(by).map_or_else(String::new, |value| super::super::convert::text(&value));
    let own = |culture: &Known| match by {
        "Name" => culture.name,
        "CurrencySymbol" => culture.currency,
        _ => culture.date,
    };
    match KNOWN[..2].iter().position(|culture| own(culture) == given) {
        Some(place) => Ok(Some(place == 1)),
        None => Err(ErrorRecord::unsupported(&format!(
            "the formats of the culture \"{given}\", only those of the invariant culture and of en-US"
        ))),
    }
}

/// Refuses cultures among arguments that the engine does not format and read by.
pub(super) fn check(args: &[Val]) -> Result<(), ErrorRecord> {
    args.iter().try_for_each(|arg| asked(arg).map(drop))
}

/// `ToString` with a culture: `.ToString($culture)` and `.ToString('N2', $culture)`.
pub(super) fn formatted(target: &Val, args: &[Val]) -> Result<Option<Val>, ErrorRecord> {
    let (pattern, culture) = match args {
        [culture] => (String::new(), culture),
        [pattern, culture] => (super::super::convert::text(pattern), culture),
        _ => return Ok(None),
    };
    match asked(culture)? {
        Some(is_american) => value_text(target, &pattern, is_american).map(|text| Some(Val::str(text))),
        None => Ok(None),
    }
}

/// A value by a format of the invariant culture or of the United States. The patterns are those of Windows' en-US in .NET
/// Framework, which Windows PowerShell runs on.
fn value_text(value: &Val, pattern: &str, is_american: bool) -> Result<String, ErrorRecord> {
    if !is_american {
        return format::value_text(value, pattern);
    }
    let letter = pattern.chars().next().map(|letter| letter.to_ascii_uppercase());
    match value {
        Val::DateTime(_) => {
            let own = match pattern {
                "d" => "M/d/yyyy",
                "D" => "dddd, MMMM d, yyyy",
                "t" => "h:mm tt",
                "T" => "h:mm:ss tt",
                "f" => "dddd, MMMM d, yyyy h:mm tt",
                "F" => "dddd, MMMM d, yyyy h:mm:ss tt",
                "g" => "M/d/yyyy h:mm tt",
                "" | "G" => "M/d/yyyy h:mm:ss tt",
                "m" | "M" => "MMMM d",
                "y" | "Y" => "MMMM yyyy",
                other => other,
            };
            format::value_text(value, own)
        }
        _ if letter == Some('C') && pattern[1..].bytes().all(|byte| byte.is_ascii_digit()) => {
            let plain = format::value_text(value, pattern)?.replace('\u{A4}', "$");
            Ok(match plain.strip_prefix('-') {
                Some(size) => format!("({size})"),
                None => plain,
            })
        }
        _ => format::value_text(value, pattern),
    }
}

/// `[string]::Format($culture, ...)`
pub(super) fn composite(culture: &Val, pattern: &str, args: &[Val]) -> Result<String, ErrorRecord> {
    let is_american = asked(culture)?.unwrap_or(false);
    format::composite_by(pattern, args, |value, pattern| value_text(value, pattern, is_american))
}

fn object(type_name: &str, text: &str, members: Vec<(&str, Val)>) -> Val {
    let (names, values): (Vec<&str>, Vec<Val>) = members.into_iter().unzip();
    Obj::typed(&Schema::new(&[type_name, "System.Object"], &names), text, values)
}

fn of_name(name: &str) -> Option<Val> {
    let culture = KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(name))?;
    let name = culture.name;
    let text_info = object(
        "System.Globalization.TextInfo",
        &format!("TextInfo - {name}"),
        vec![
            ("CultureName", Val::str(name)),
            ("ListSeparator", Val::str(if culture.point == "," { ";" } else { "," })),
        ],
    );
    let numbers = object(
        "System.Globalization.NumberFormatInfo",
        "System.Globalization.NumberFormatInfo",
        vec![
            ("CurrencyDecimalDigits", Val::I32(if name == "ja-JP" { 0 } else { 2 })),
            ("CurrencySymbol", Val::str(culture.currency)),
            ("NegativeSign", Val::str("-")),
            ("NumberDecimalDigits", Val::I32(2)),
            ("NumberDecimalSeparator", Val::str(culture.point)),
            ("NumberGroupSeparator", Val::str(culture.group)),
            ("PercentSymbol", Val::str("%")),
        ],
    );
    let day = WEEKDAYS.iter().position(|day| *day == culture.first_day).unwrap_or(0);
    let mut dates = vec![
        ("FirstDayOfWeek", Val::of_enum("System.DayOfWeek", culture.first_day, day as i32)),
        ("ShortDatePattern", Val::str(culture.date)),
    ];
    // Of others the engine knows no more.
    let american = ["dddd, MMMM d, yyyy", "dddd, MMMM d, yyyy h:mm:ss tt", "h:mm:ss tt", "h:mm tt"];
    let invariant = ["dddd, dd MMMM yyyy", "dddd, dd MMMM yyyy HH:mm:ss", "HH:mm:ss", "HH:mm"];
    let patterns = match name {
        "" => Some(invariant),
        "en-US" => Some(american),
        _ => None,
    };
    if let Some([long, full, long_time, short_time]) = patterns {
        dates.extend([
            ("DateSeparator", Val::str("/")),
            ("FullDateTimePattern", Val::str(full)),
            ("LongDatePattern", Val::str(long)),
            ("LongTimePattern", Val::str(long_time)),
            ("ShortTimePattern", Val::str(short_time)),
            ("TimeSeparator", Val::str(":")),
        ]);
        dates.sort_by_key(|(name, _)| *name);
    }
    let dates = object("System.Globalization.DateTimeFormatInfo", "System.Globalization.DateTimeFormatInfo", dates);
    let short = name.split('-').next().unwrap_or("");
    let [three, windows] = culture.languages;
    Some(object(
        "System.Globalization.CultureInfo",
        name,
        vec![
            ("LCID", Val::I32(culture.number)),
            ("Name", Val::str(name)),
            ("IetfLanguageTag", Val::str(name)),
            ("DisplayName", Val::str(culture.shown)),
            ("NativeName", Val::str(culture.shown)),
            ("EnglishName", Val::str(culture.shown)),
            ("TwoLetterISOLanguageName", Val::str(if short.is_empty() { "iv" } else { short })),
            ("ThreeLetterISOLanguageName", Val::str(three)),
            ("ThreeLetterWindowsLanguageName", Val::str(windows)),
            ("IsNeutralCulture", Val::Bool(false)),
            ("UseUserOverride", Val::Bool(true)),
            ("IsReadOnly", Val::Bool(true)),
            ("TextInfo", text_info),
            ("NumberFormat", numbers),
            ("DateTimeFormat", dates),
        ],
    ))
}

pub(super) fn property(kind: &TypeRef, name: &str) -> Option<Val> {
    match (kind.name(), name) {
        ("CultureInfo", "invariantculture") => of_name(""),
        ("CultureInfo", "currentculture" | "currentuiculture" | "installeduiculture") => Some(current()),
        ("Thread", "currentthread") => Some(object(
            "System.Threading.Thread",
            "System.Threading.Thread",
            vec![
                ("CurrentCulture", current()),
                ("CurrentUICulture", current()),
                ("IsBackground", Val::Bool(true)),
                ("ManagedThreadId", Val::I32(11)),
                ("Name", Val::str("Pipeline Execution Thread")),
            ],
        )),
        _ => None,
    }
}

pub(super) fn statics(name: &str, args: &[Val]) -> Outcome {
    match name {
        "getcultureinfo" | "createspecificculture" => {
            let wanted = arg_text(args, 0);
            match of_name(&wanted) {
                Some(culture) => Ok(Some(culture)),
                None => super::thrown(
                    "CultureNotFoundException",
                    format!("Culture is not supported. (Parameter 'name')\n{wanted} is an invalid culture identifier."),
                ),
            }
        }
        "getcultures" => Ok(Some(Val::list(
            "System.Globalization.CultureInfo[]",
            KNOWN.iter().filter_map(|known| of_name(known.name)).collect(),
        ))),
        _ => Ok(None),
    }
}

/// `(Get-Culture).TextInfo.ToTitleCase(...)`
pub(super) fn text_info(name: &str, args: &[Val]) -> Outcome {
    let given = arg_text(args, 0);
    Ok(Some(match name {
        "totitlecase" => Val::str(title_case(&given)),
        "toupper" => Val::str(convert::upper(&given)),
        "tolower" => Val::str(convert::lower(&given)),
        _ => return Ok(None),
    }))
}

/// Words of capitals stay as they are: they count as abbreviations.
fn title_case(given: &str) -> String {
    let mut out = String::with_capacity(given.len());
    let mut rest = given;
    let is_inside = |next: char| next.is_alphanumeric() || next == '\'';
    while !rest.is_empty() {
        let start = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
        out += &rest[..start];
        rest = &rest[start..];
        let end = rest.find(|next| !is_inside(next)).unwrap_or(rest.len());
        let word = &rest[..end];
        let letters = || word.chars().filter(|next| next.is_alphabetic());
        if letters().all(char::is_uppercase) {
            out += word;
        } else {
            let mut chars = word.chars();
            out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
            out += &chars.as_str().to_lowercase();
        }
        rest = &rest[end..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::title_case;

    #[test]
    fn titles() {
        for (given, wanted) in
            [("hello wORLD ABC", "Hello World ABC"), ("o'neil's e-mail", "O'neil's E-Mail"), ("  ", "  "), ("", "")]
        {
            assert_eq!(title_case(given), wanted);
        }
    }
}
