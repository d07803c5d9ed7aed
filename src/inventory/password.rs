//! A password out of where it is said to be. What is none is told before anybody is logged on with it.

use crate::config::{SecretSource, System};
use crate::error_text;
use crate::secret::{Secret, password};

/// A password; or why there is none, in one line, and perhaps what to do about it.
pub(super) type Fetched = Result<Secret<String>, (String, Option<String>)>;

/// What a source gives for a user.
///
/// # Errors
/// Why it gives no password.
pub(super) fn fetch(user: &str, from: &SecretSource, may_ask: bool, around: &mut dyn System) -> Fetched {
    let no_hint = |what: String| (what, None);
    let (secret, place) = match from {
        SecretSource::Prompt => return asked(&format!("Password for {user}: "), around).map_err(no_hint),
        SecretSource::Variable(name) => return of_variable(name, around).map_err(no_hint),
        SecretSource::Laps => return Err(no_hint("LAPS has the passwords of hosts, and none of a key".to_owned())),
        SecretSource::Command(words) => {
            let program = words.first().map_or("", String::as_str);
            (around.secret(from, may_ask)?, format!("what the program '{program}' writes"))
        }
        _ => (around.secret(from, may_ask)?, from.to_string()),
    };
    password(secret).map_err(|what| no_hint(format!("{place} {what}")))
}

/// The password that a variable has.
///
/// # Errors
/// It has none, in one line.
pub(super) fn of_variable(name: &str, around: &dyn System) -> Result<Secret<String>, String> {
    let value = around.env(name).ok_or_else(|| format!("the variable {name} is not set"))?;
    password(Secret::new(value)).map_err(|what| format!("the variable {name} {what}"))
}

/// The password that is the answer to a question.
///
/// # Errors
/// It is none, in one line, or nobody answers.
pub(super) fn asked(question: &str, around: &mut dyn System) -> Result<Secret<String>, String> {
    let answer = around.ask(question, true).map(Secret::new).map_err(|error| error_text::io(&error))?;
    match answer.expose().is_empty() {
        true => Err("none was entered".to_owned()),
        false => password(answer).map_err(|what| format!("what was entered {what}")),
    }
}
