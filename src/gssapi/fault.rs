//! What the library says when a call fails.

use std::fmt;
use std::ptr::null;

use crate::functions::Library;
use crate::raw::{Buffer, COMPLETE, KRB5, Number, OF_MAJOR, OF_MECHANISM};

/// The kinds of faults that are told apart by RFC 2744's own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Major {
    /// The channel bindings of the two sides differ.
    BadBindings,
    /// There is no credential.
    NoCredential,
    /// The credential's time is over.
    CredentialExpired,
    /// A token that is broken.
    BadToken,
    /// Any other; the mechanism's own code says more.
    Other,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub major: Major,
    /// The mechanism's code. A number of this process alone, unless it is one of krb5's.
    pub minor: u32,
    /// The library's words for it, in one line.
    pub text: String,
    /// What the other side should hear of it.
    pub reply: Option<Vec<u8>>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// The fault of a call that gave these codes.
    pub(crate) fn of(library: &Library, major: Number, minor: Number) -> Self {
        let kind = match (major >> 16) & 0xff {
            4 => Major::BadBindings,
            7 => Major::NoCredential,
            9 | 10 => Major::BadToken,
            11 => Major::CredentialExpired,
            _ => Major::Other,
        };
        let detail = if minor == 0 { None } else { text(library, minor, OF_MECHANISM) };
        let text = detail.or_else(|| text(library, major, OF_MAJOR)).unwrap_or_else(|| format!("fault {major:#x}"));
        Self { major: kind, minor, text, reply: None }
    }

    /// A value that the library could not even be given.
    pub(crate) fn unusable(what: &str) -> Self {
        Self { major: Major::Other, minor: 0, text: what.to_owned(), reply: None }
    }
}

/// The library's words for one code.
fn text(library: &Library, code: Number, kind: std::ffi::c_int) -> Option<String> {
    let mechanism = if kind == OF_MECHANISM { &raw const KRB5 } else { null() };
    let (mut minor, mut more, mut words) = (0, 0, Buffer::EMPTY);
    // SAFETY: all pointers are to values of this frame, and the mechanism is a constant.
    let major = unsafe { (library.gss_display_status)(&mut minor, code, kind, mechanism, &mut more, &mut words) };
    let bytes = take(library, &mut words);
    let text: String = String::from_utf8_lossy(&bytes).chars().filter(|character| !character.is_control()).collect();
    (major == COMPLETE && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// Copies what the library has allocated, and gives it back.
pub(crate) fn take(library: &Library, buffer: &mut Buffer) -> Vec<u8> {
    let bytes = match buffer.value.is_null() {
        true => Vec::new(),
        // SAFETY: the library has filled in pointer and length together.
        false => unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) }.to_vec(),
    };
    let mut minor = 0;
    // SAFETY: the buffer is the library's own, or empty, which it takes too; it is empty afterwards.
    unsafe { (library.gss_release_buffer)(&mut minor, buffer) };
    bytes
}
