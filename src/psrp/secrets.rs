//! Secrets in a command: places in its shared text that each session fills with what its own key makes of them.

use std::sync::Arc;

use uuid::Uuid;

use super::key_error::KeyError;
use super::session_key::SessionKey;
use crate::clixml::{Object, TypeNames, Value};
use crate::secret::Secret;

/// A secret that scripts get as a SecureString.
#[derive(Debug, Clone)]
pub struct SecretArgument {
    /// Stands in the serialized command until a session puts the ciphertext there. Random, so that no text of a script
    /// can be taken for it.
    mark: Uuid,
    text: Arc<Secret<String>>,
}

impl SecretArgument {
    /// A secret under a new random id.
    pub fn new(mark: Uuid, text: Secret<String>) -> Self {
        Self { mark, text: Arc::new(text) }
    }

    /// The SecureString, as an argument or in one.
    pub fn secure_string(&self) -> Value {
        Value::SecureString(self.mark.as_bytes().as_slice().into())
    }

    /// A PSCredential with the secret as its password.
    pub fn credential(&self, user: &str) -> Value {
        Self::credential_of(user, self.secure_string())
    }

    /// A PSCredential around a SecureString.
    pub(super) fn credential_of(user: &str, password: Value) -> Value {
        const TYPE: &str = "System.Management.Automation.PSCredential";
        Object {
            type_names: TypeNames::new([TYPE, "System.Object"]),
            to_string: Some(TYPE.into()),
            props: vec![("UserName".into(), Value::str(user)), ("Password".into(), password)],
            ..Object::default()
        }
        .into()
    }
}

/// The places of secrets in a serialized command.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Vec<Place>);

#[derive(Debug, Clone)]
struct Place {
    start: usize,
    end: usize,
    text: Arc<Secret<String>>,
}

impl Places {
    /// Finds where the secrets stand in a text.
    pub(super) fn find(serialized: &[u8], secrets: &[SecretArgument]) -> Self {
        let mut places = Vec::new();
        for secret in secrets {
            let mark = base64_simd::STANDARD.encode_to_string(secret.mark.as_bytes());
            let hits = serialized.windows(mark.len()).enumerate().filter(|(_, window)| *window == mark.as_bytes());
            places.extend(hits.map(|(start, _)| Place { start, end: start + mark.len(), text: secret.text.clone() }));
        }
        places.sort_by_key(|place| place.start);
        Self(places)
    }

    /// Whether there is no secret.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts of the text with every secret encrypted for one session.
    ///
    /// # Errors
    /// [`KeyError::Missing`] when there are secrets and no key.
    pub(super) fn fill<'t>(&self, serialized: &'t [u8], key: Option<&SessionKey>) -> Result<Vec<Part<'t>>, KeyError> {
        let mut parts = Vec::with_capacity(2 * self.0.len() + 1);
        let mut from = 0;
        for place in &self.0 {
            let sealed = key.ok_or(KeyError::Missing)?.encrypt(&place.text)?;
            parts.push(Part::Shared(serialized.get(from..place.start).unwrap_or_default()));
            parts.push(Part::Sealed(base64_simd::STANDARD.encode_to_string(sealed)));
            from = place.end;
        }
        parts.push(Part::Shared(serialized.get(from..).unwrap_or_default()));
        Ok(parts)
    }
}

/// A part of a command's text.
#[derive(Debug)]
pub(super) enum Part<'t> {
    /// The same for all sessions.
    Shared(&'t [u8]),
    /// A ciphertext of one session.
    Sealed(String),
}

impl Part<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Sealed(text) => text.as_bytes(),
        }
    }
}
