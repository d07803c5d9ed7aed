//! `[CultureInfo]`: the invariant culture, which the engine formats by, and the names of others.

use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Outcome, arg_text};

/// What the session has.
pub(in super::super) fn current() -> Val {
    of_name("en-US").unwrap_or(Val::Null)
}

/// Number, name, what it is called, its language in three letters by ISO and by Windows.
type Known = (i32, &'static str, &'static str, &'static str, &'static str);

/// Cultures that scripts name. Source: MS-LCID, Windows' list of locales.
const KNOWN: [Known; 12] = [
    (127, "", "Invariant Language (Invariant Country)", "ivl", "IVL"),
    (1033, "en-US", "English (United States)", "eng", "ENU"),
    (2057, "en-GB", "English (United Kingdom)", "eng", "ENG"),
    (1031, "de-DE", "German (Germany)", "deu", "DEU"),
    (2055, "de-CH", "German (Switzerland)", "deu", "DES"),
    (1036, "fr-FR", "French (France)", "fra", "FRA"),
    (3082, "es-ES", "Spanish (Spain)", "spa", "ESN"),
    (1040, "it-IT", "Italian (Italy)", "ita", "ITA"),
    (1043, "nl-NL", "Dutch (Netherlands)", "nld", "NLD"),
    (1045, "pl-PL", "Polish (Poland)", "pol", "PLK"),
    (1041, "ja-JP", "Japanese (Japan)", "jpn", "JPN"),
    (1053, "sv-SE", "Swedish (Sweden)", "swe", "SVE"),
];

fn object(type_name: &str, text: &str, members: Vec<(&str, Val)>) -> Val {
    let (names, values): (Vec<&str>, Vec<Val>) = members.into_iter().unzip();
    Obj::typed(&Schema::new(&[type_name, "System.Object"], &names), text, values)
}

fn of_name(name: &str) -> Option<Val> {
    let (number, name, shown, three, windows) = KNOWN.iter().find(|known| known.1.eq_ignore_ascii_case(name))?;
    let text_info = object(
        "System.Globalization.TextInfo",
        &format!("TextInfo - {name}"),
        vec![("CultureName", Val::str(*name)), ("ListSeparator", Val::str(","))],
    );
    let numbers = object(
        "System.Globalization.NumberFormatInfo",
        "System.Globalization.NumberFormatInfo",
        vec![
            ("CurrencyDecimalDigits", Val::I32(2)),
            ("CurrencySymbol", Val::str("\u{A4}")),
            ("NegativeSign", Val::str("-")),
            ("NumberDecimalDigits", Val::I32(2)),
            ("NumberDecimalSeparator", Val::str(".")),
            ("NumberGroupSeparator", Val::str(",")),
            ("PercentSymbol", Val::str("%")),
        ],
    );
    let dates = object(
        "System.Globalization.DateTimeFormatInfo",
        "System.Globalization.DateTimeFormatInfo",
        vec![
            ("DateSeparator", Val::str("/")),
            ("FirstDayOfWeek", Val::of_enum("System.DayOfWeek", "Sunday", 0)),
            ("FullDateTimePattern", Val::str("dddd, dd MMMM yyyy HH:mm:ss")),
            ("LongDatePattern", Val::str("dddd, dd MMMM yyyy")),
            ("LongTimePattern", Val::str("HH:mm:ss")),
            ("ShortDatePattern", Val::str("MM/dd/yyyy")),
            ("ShortTimePattern", Val::str("HH:mm")),
            ("TimeSeparator", Val::str(":")),
        ],
    );
    let short = name.split('-').next().unwrap_or("");
    Some(object(
        "System.Globalization.CultureInfo",
        name,
        vec![
            ("LCID", Val::I32(*number)),
            ("Name", Val::str(*name)),
            ("IetfLanguageTag", Val::str(*name)),
            ("DisplayName", Val::str(*shown)),
            ("NativeName", Val::str(*shown)),
            ("EnglishName", Val::str(*shown)),
            ("TwoLetterISOLanguageName", Val::str(if short.is_empty() { "iv" } else { short })),
            ("ThreeLetterISOLanguageName", Val::str(*three)),
            ("ThreeLetterWindowsLanguageName", Val::str(*windows)),
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
            KNOWN.iter().filter_map(|known| of_name(known.1)).collect(),
        ))),
        _ => Ok(None),
    }
}

/// `(Get-Culture).TextInfo.ToTitleCase(...)`
pub(super) fn text_info(name: &str, args: &[Val]) -> Outcome {
    let given = arg_text(args, 0);
    Ok(Some(match name {
        "totitlecase" => Val::str(title_case(&given)),
        "toupper" => Val::str(given.to_uppercase()),
        "tolower" => Val::str(given.to_lowercase()),
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
