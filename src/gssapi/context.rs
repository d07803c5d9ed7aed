//! One logon: tokens of the other side in, our own out, then sealed messages.

use std::ptr::{null, null_mut};
use std::sync::Arc;

use crate::credential::{Credential, Name};
use crate::fault::{Fault, take};
use crate::functions::Library;
use crate::raw::{
    ALLOCATE, Bindings, Buffer, COMPLETE, CONFIDENTIAL, CONTINUE_NEEDED, DELEGATE, Handle, INTEGRITY, KRB5, MUTUAL,
    PART_DATA, PART_HEADER, PART_PADDING, Part, REPLAY, SEQUENCE,
};

/// How somebody logs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiator {
    /// The server's principal, such as `HTTP/web01.contoso.com@`. Without a realm behind the sign the user's KDC is
    /// asked where it belongs.
    pub server: String,
    /// Whether the server may act as the user elsewhere.
    pub delegate: bool,
}

/// What a step gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// For the other side, if there is anything to say.
    pub bytes: Option<Vec<u8>>,
    /// The context stands: messages can be sealed.
    pub complete: bool,
    /// Of the side that logs on: the server can act as the user elsewhere. The library says nothing where the user's
    /// ticket may not be handed on.
    pub delegated: bool,
}

/// A sealed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What goes before the message.
    pub header: Vec<u8>,
    /// The message, with the padding that old ciphers add.
    pub message: Vec<u8>,
}

/// A security context of either side.
pub struct Context {
    library: &'static Library,
    handle: Handle,
    credential: Arc<Credential>,
    side: Side,
    /// The channel below, as both sides know it.
    binding: Option<Vec<u8>>,
}

enum Side {
    Initiator(Initiator, Name),
    /// Once it is known, who has logged on.
    Acceptor(Option<Name>),
}

// SAFETY: a context may be used by any thread, one at a time: all methods that use it take `&mut self`.
unsafe impl Send for Context {}

impl Context {
    /// The side that logs on.
    ///
    /// # Errors
    /// The server's principal is not one.
    pub fn initiator(credential: Arc<Credential>, how: Initiator, binding: Option<Vec<u8>>) -> Result<Self, Fault> {
        let name = Name::of(credential.library, &how.server)?;
        Ok(Self::new(credential, Side::Initiator(how, name), binding))
    }

    /// The side that lets in.
    pub fn acceptor(credential: Arc<Credential>, binding: Option<Vec<u8>>) -> Self {
        Self::new(credential, Side::Acceptor(None), binding)
    }

    fn new(credential: Arc<Credential>, side: Side, binding: Option<Vec<u8>>) -> Self {
        Self { library: credential.library, handle: null_mut(), credential, side, binding }
    }

    /// Takes the other side's token (none at first) and gives ours. It may ask the KDC for a ticket.
    ///
    /// # Errors
    /// What the library says. The context is of no use any more.
    pub fn step(&mut self, token: Option<&[u8]>) -> Result<Token, Fault> {
        let bound = self.binding.as_deref().map(|data| Bindings {
            initiator_type: 0,
            initiator: Buffer::EMPTY,
            acceptor_type: 0,
            acceptor: Buffer::EMPTY,
            application: Buffer::of(data),
        });
        let bindings = bound.as_ref().map_or(null(), |bound| &raw const *bound);
        let input = token.map(Buffer::of);
        let input = input.as_ref().map_or(null(), |input| &raw const *input);
        let (mut minor, mut output, mut granted) = (0, Buffer::EMPTY, 0);
        let major = match &mut self.side {
            Side::Initiator(how, name) => {
                let delegate = if how.delegate { DELEGATE } else { 0 };
                let flags = MUTUAL | REPLAY | SEQUENCE | CONFIDENTIAL | INTEGRITY | delegate;
                // SAFETY: credential and name are live handles that `self` keeps, the context is null or a live one,
                // and everything else outlives the call or is null where null is allowed.
                unsafe {
                    (self.library.gss_init_sec_context)(
                        &mut minor,
                        self.credential.handle,
                        &mut self.handle,
                        name.handle,
                        &raw const KRB5,
                        flags,
                        0,
                        bindings,
                        input,
                        null_mut(),
                        &mut output,
                        &mut granted,
                        null_mut(),
                    )
                }
            }
            Side::Acceptor(peer) => {
                let mut source = null_mut();
                // SAFETY: as above; the name that it gives is ours from then on.
                let major = unsafe {
                    (self.library.gss_accept_sec_context)(
                        &mut minor,
                        &mut self.handle,
                        self.credential.handle,
                        input,
                        bindings,
                        &mut source,
                        null_mut(),
                        &mut output,
                        null_mut(),
                        null_mut(),
                        null_mut(),
                    )
                };
                if !source.is_null() {
                    *peer = Some(Name::from_handle(self.library, source));
                }
                major
            }
        };
        let bytes = Some(take(self.library, &mut output)).filter(|bytes| !bytes.is_empty());
        match major {
            COMPLETE | CONTINUE_NEEDED => {
                Ok(Token { bytes, complete: major == COMPLETE, delegated: granted & DELEGATE != 0 })
            }
            _ => Err(Fault { reply: bytes, ..Fault::of(self.library, major, minor) }),
        }
    }

    /// Who has logged on, as the acceptor knows: `ada@CONTOSO.COM`.
    pub fn peer(&self) -> Option<String> {
        match &self.side {
            Side::Acceptor(peer) => peer.as_ref()?.text(),
            Side::Initiator(..) => None,
        }
    }

    /// Seals a message in WinRM's layout: everything that is not the message stands before it.
    ///
    /// # Errors
    /// The context does not stand yet, or what else the library says.
    pub fn seal(&mut self, message: &[u8]) -> Result<Sealed, Fault> {
        let mut message = message.to_vec();
        let part = |kind, buffer| Part { kind, buffer };
        let mut parts = [
            part(PART_HEADER | ALLOCATE, Buffer::EMPTY),
            part(PART_DATA, Buffer { length: message.len(), value: message.as_mut_ptr().cast() }),
            part(PART_PADDING | ALLOCATE, Buffer::EMPTY),
        ];
        let (mut minor, mut is_sealed) = (0, 0);
        // SAFETY: the context is null or a live handle; the data are ours to write to, as long as they are.
        let major = unsafe {
            let wrap = self.library.gss_wrap_iov;
            wrap(&mut minor, self.handle, 1, 0, &mut is_sealed, parts.as_mut_ptr(), 3)
        };
        let fault = (major != COMPLETE).then(|| Fault::of(self.library, major, minor));
        let [header, _, padding] = &parts;
        let header = copy(&header.buffer);
        message.extend(copy(&padding.buffer));
        // SAFETY: it frees what it has allocated for these parts, and leaves the data alone.
        unsafe { (self.library.gss_release_iov_buffer)(&mut minor, parts.as_mut_ptr(), 3) };
        match fault {
            Some(fault) => Err(fault),
            None if is_sealed == 0 => Err(Fault::unusable("the context signs messages, but does not seal them")),
            None => Ok(Sealed { header, message }),
        }
    }

    /// Opens a sealed message: its header and the rest, one behind the other.
    ///
    /// # Errors
    /// It was altered, came out of order, or was not sealed, or what else the library says.
    pub fn unseal(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let (input, mut output, mut minor, mut was_sealed) = (Buffer::of(sealed), Buffer::EMPTY, 0, 0);
        // SAFETY: the context is null or a live handle; the input outlives the call and is not written to.
        let major = unsafe {
            (self.library.gss_unwrap)(&mut minor, self.handle, &input, &mut output, &mut was_sealed, null_mut())
        };
        let message = take(self.library, &mut output);
        match major {
            COMPLETE if was_sealed != 0 => Ok(message),
            COMPLETE => Err(Fault::unusable("it is signed, but not sealed")),
            // It is right, but comes again, late, or before its time.
            _ if major >> 16 == 0 => Err(Fault::unusable("it is out of order")),
            _ => Err(Fault::of(self.library, major, minor)),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the handle is null or a live one, and nobody has it any more.
        unsafe { (self.library.gss_delete_sec_context)(&mut minor, &mut self.handle, null_mut()) };
    }
}

/// The bytes of a part that the library has allocated, if it has.
fn copy(buffer: &Buffer) -> Vec<u8> {
    match buffer.value.is_null() {
        true => Vec::new(),
        // SAFETY: the library has filled in pointer and length together.
        false => unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) }.to_vec(),
    }
}
