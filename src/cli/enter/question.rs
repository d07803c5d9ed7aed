//! Questions of scripts, as a console asks them.

use std::io;

use super::input::Line;
use crate::clixml::Value;
use crate::output::sanitize;
use crate::psrp::{HostAnswer, HostCall, HostMethod};
use crate::secret::Secret;

/// Asks for a line; the flag says that it must not be shown.
pub(super) type Ask<'a> = dyn FnMut(&str, bool) -> io::Result<Line> + 'a;

/// Asks what a call wants to know; `None` when the user gives no answer, or the question is none that we know.
///
/// # Errors
/// The terminal's own.
pub(super) fn ask(call: &HostCall, line: &mut Ask<'_>) -> io::Result<Option<HostAnswer>> {
    let text = |at: usize| call.parameters.get(at).map(text_of).unwrap_or_default();
    match call.method() {
        HostMethod::ReadLine => Ok(given(line("", false)?).map(HostAnswer::Text)),
        HostMethod::ReadLineAsSecureString => Ok(given(line("", true)?).map(Secret::new).map(HostAnswer::Secret)),
        HostMethod::Prompt => fields(&heading(&text(0), &text(1)), call.parameters.get(2), line),
        HostMethod::PromptForCredential => credential(&heading(&text(0), &text(1)), &text(2), line),
        HostMethod::PromptForChoice => {
            let default = call.parameters.get(3).and_then(Value::as_i64);
            choice(&heading(&text(0), &text(1)), call.parameters.get(2), default, line)
        }
        HostMethod::PromptForChoices => choices(&heading(&text(0), &text(1)), call.parameters.get(2), line),
        _ => Ok(None),
    }
}

fn given(line: Line) -> Option<String> {
    match line {
        Line::Text(text) => Some(text),
        Line::Interrupted | Line::End => None,
    }
}

fn text_of(value: &Value) -> String {
    value.as_text().map(|text| sanitize(&text.to_str_lossy()).into_owned()).unwrap_or_default()
}

fn member(value: &Value, name: &str) -> String {
    value.member(name).map(text_of).unwrap_or_default()
}

/// Caption and message, each on lines of its own.
fn heading(caption: &str, message: &str) -> String {
    [caption, message].into_iter().filter(|part| !part.is_empty()).map(|part| format!("{part}\n")).collect()
}

fn fields(heading: &str, descriptions: Option<&Value>, line: &mut Ask<'_>) -> io::Result<Option<HostAnswer>> {
    let mut heading = heading.to_owned();
    let mut answers = Vec::new();
    for field in descriptions.and_then(Value::as_list).unwrap_or_default() {
        let (name, kind) = (member(field, "name"), member(field, "parameterTypeFullName"));
        let prompt = format!("{}{name}: ", std::mem::take(&mut heading));
        let answer = match kind.as_str() {
            "System.Management.Automation.PSCredential" => credential(&prompt, "", line)?,
            "System.Security.SecureString" => given(line(&prompt, true)?).map(Secret::new).map(HostAnswer::Secret),
            _ => given(line(&prompt, false)?).map(HostAnswer::Text),
        };
        let Some(answer) = answer else { return Ok(None) };
        answers.push((name, answer));
    }
    Ok(Some(HostAnswer::Fields(answers)))
}

fn credential(heading: &str, user: &str, line: &mut Ask<'_>) -> io::Result<Option<HostAnswer>> {
    let (user, heading) = match user {
        "" => match given(line(&format!("{heading}User: "), false)?) {
            Some(user) => (user, ""),
            None => return Ok(None),
        },
        user => (user.to_owned(), heading),
    };
    let password = given(line(&format!("{heading}Password for user {user}: "), true)?);
    Ok(password.map(|password| HostAnswer::Credential(user, Secret::new(password))))
}

/// The letter after `&` and the label without it.
fn key(label: &str) -> (String, String) {
    let plain = label.replacen('&', "", 1);
    let letter = label.split_once('&').and_then(|(_, rest)| rest.chars().next());
    (letter.map(|letter| letter.to_uppercase().to_string()).unwrap_or_default(), plain)
}

/// The choice that an answer names by its letter or its label.
fn find(labels: &[(String, String)], answer: &str) -> Option<i32> {
    let named = |(key, label): &(String, String)| {
        let hit = |text: &str| !text.is_empty() && text.to_lowercase() == answer.trim().to_lowercase();
        hit(key) || hit(label)
    };
    labels.iter().position(named).and_then(|place| i32::try_from(place).ok())
}

/// `[Y] Yes  [N] No`
fn labels(descriptions: Option<&Value>) -> (Vec<(String, String)>, String) {
    let descriptions = descriptions.and_then(Value::as_list).unwrap_or_default();
    let labels: Vec<_> = descriptions.iter().map(|choice| key(&member(choice, "label"))).collect();
    let shown: Vec<String> = labels.iter().map(|(key, label)| format!("[{key}] {label}")).collect();
    (labels, shown.join("  "))
}

fn choice(
    heading: &str,
    descriptions: Option<&Value>,
    default: Option<i64>,
    line: &mut Ask<'_>,
) -> io::Result<Option<HostAnswer>> {
    let (labels, shown) = labels(descriptions);
    let default = default.and_then(|number| usize::try_from(number).ok()).filter(|number| *number < labels.len());
    let hint = default.map(|number| format!(" (default is \"{}\")", labels[number].0)).unwrap_or_default();
    let mut prompt = format!("{heading}{shown}{hint}: ");
    loop {
        let Some(answer) = given(line(&prompt, false)?) else { return Ok(None) };
        let number = match (answer.trim(), default) {
            ("", Some(number)) => i32::try_from(number).ok(),
            (answer, _) => find(&labels, answer),
        };
        if let Some(number) = number {
            return Ok(Some(HostAnswer::Choice(number)));
        }
        prompt = format!("{shown}{hint}: ");
    }
}

/// One answer a line until an empty one.
fn choices(heading: &str, descriptions: Option<&Value>, line: &mut Ask<'_>) -> io::Result<Option<HostAnswer>> {
    let (labels, shown) = labels(descriptions);
    let mut picked = Vec::new();
    let mut prompt = format!("{heading}{shown}\nChoice[0]: ");
    loop {
        let Some(answer) = given(line(&prompt, false)?) else { return Ok(None) };
        if answer.trim().is_empty() {
            return Ok(Some(HostAnswer::Choices(picked)));
        }
        picked.extend(find(&labels, &answer));
        prompt = format!("Choice[{}]: ", picked.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psrp::message::build;

    fn call(method: i64, parameters: Vec<Value>) -> HostCall {
        HostCall { id: 1, method, name: String::new(), parameters }
    }

    /// Answers and the prompts that they were answers to.
    fn asked(call: &HostCall, answers: &[&str]) -> (Option<HostAnswer>, Vec<(String, bool)>) {
        let mut prompts = Vec::new();
        let mut answers = answers.iter();
        let answer = ask(call, &mut |prompt, hidden| {
            prompts.push((prompt.to_owned(), hidden));
            Ok(answers.next().map_or(Line::End, |text| Line::Text((*text).to_owned())))
        });
        (answer.expect("no terminal"), prompts)
    }

    fn choice_call(default: i32) -> HostCall {
        let choices = ["&Yes", "N&o"].map(|label| build::bag([("label", Value::str(label))]));
        let parameters =
            vec![Value::str("Sure?"), Value::str("It goes."), build::array_list(choices.into()), Value::I32(default)];
        call(26, parameters)
    }

    #[test]
    fn a_choice_is_asked_for_until_it_is_one() {
        let (answer, prompts) = asked(&choice_call(0), &["what", "o"]);
        assert!(matches!(answer, Some(HostAnswer::Choice(1))));
        assert_eq!(prompts[0].0, "Sure?\nIt goes.\n[Y] Yes  [O] No (default is \"Y\"): ");
        assert_eq!(prompts.len(), 2);
        assert!(matches!(asked(&choice_call(0), &[""]).0, Some(HostAnswer::Choice(0))));
        assert!(asked(&choice_call(-1), &["", ""]).0.is_none());
    }

    #[test]
    fn fields_and_credentials() {
        let field = |name: &str, kind: &str| {
            build::bag([("name", Value::str(name)), ("parameterTypeFullName", Value::str(kind))])
        };
        let list =
            build::array_list(vec![field("Name", "System.String"), field("Pin", "System.Security.SecureString")]);
        let (answer, prompts) = asked(&call(23, vec![Value::str(""), Value::str("Supply:"), list]), &["x", "1234"]);
        let Some(HostAnswer::Fields(fields)) = answer else { panic!("{answer:?}") };
        assert!(matches!(&fields[0], (name, HostAnswer::Text(text)) if name == "Name" && text == "x"));
        assert!(matches!(&fields[1], (_, HostAnswer::Secret(text)) if text.expose() == "1234"));
        assert_eq!(prompts, [("Supply:\nName: ".to_owned(), false), ("Pin: ".to_owned(), true)]);
        let known = call(24, vec![Value::Null, Value::Null, Value::str("svc"), Value::Null]);
        assert!(matches!(asked(&known, &["pw"]).0, Some(HostAnswer::Credential(user, _)) if user == "svc"));
        assert!(asked(&known, &[]).0.is_none());
    }
}
