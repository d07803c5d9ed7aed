//! What a session's task notes for its owner: why the server is not trusted, and what it said when it left.

use std::sync::{Mutex, PoisonError};

use super::super::Error;

/// What a session's task tells its owner.
#[derive(Debug, Default)]
pub(super) struct Notes {
    refusal: Mutex<Option<Error>>,
    farewell: Mutex<Option<String>>,
    key: Mutex<Option<String>>,
}

impl Notes {
    /// Why the host key was refused, if it was.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes why the server is not trusted.
    pub(super) fn refuse(&self, error: Error) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// The key that the server has shown: its kind and fingerprint.
    pub(super) fn key(&self) -> Option<String> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the key that the server shows.
    pub(super) fn shown(&self, key: String) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
    }

    /// Notes why the session ended.
    pub(super) fn left(&self, farewell: String) {
        *self.farewell.lock().unwrap_or_else(PoisonError::into_inner) = Some(farewell);
    }

    /// Why the session ended, if it has.
    pub(super) fn farewell(&self) -> Option<String> {
        self.farewell.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
