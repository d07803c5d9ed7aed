//! What a user answers to a host call (MS-PSRP 2.2.2.16, 2.2.2.28).

use super::build;
use crate::clixml::Value;
use crate::psrp::{KeyError, SecretArgument, SessionKey};
use crate::secret::Secret;

/// An answer, before the session's key has made ciphertexts of its secrets.
#[derive(Debug)]
pub enum HostAnswer {
    /// A line.
    Text(String),
    /// A line that was not shown.
    Secret(Secret<String>),
    /// User name and password.
    Credential(String, Secret<String>),
    /// The number of a choice.
    Choice(i32),
    /// The numbers of several choices.
    Choices(Vec<i32>),
    /// The values of fields by name.
    Fields(Vec<(String, HostAnswer)>),
}

impl HostAnswer {
    /// The answer as it travels.
    ///
    /// # Errors
    /// [`KeyError::Missing`] if it holds a secret and there is no key.
    pub(in crate::psrp) fn to_value(&self, key: Option<&SessionKey>) -> Result<Value, KeyError> {
        let seal = |text: &Secret<String>| {
            key.ok_or(KeyError::Missing)?.encrypt(text).map(|sealed| Value::SecureString(sealed.into()))
        };
        Ok(match self {
            Self::Text(text) => Value::str(&**text),
            Self::Secret(text) => seal(text)?,
            Self::Credential(user, password) => SecretArgument::credential_of(user, seal(password)?),
            Self::Choice(number) => Value::I32(*number),
            Self::Choices(numbers) => build::array_list(numbers.iter().map(|number| Value::I32(*number)).collect()),
            Self::Fields(fields) => {
                let entry = |(name, answer): &(String, Self)| Ok((Value::str(&**name), answer.to_value(key)?));
                build::hashtable(fields.iter().map(entry).collect::<Result<_, KeyError>>()?)
            }
        })
    }
}
