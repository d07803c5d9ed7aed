//! GSSAPI's own types and numbers (RFC 2744, MIT's `gssapi_ext.h`), as they lie in memory on Linux and the BSDs.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

/// `OM_uint32`.
pub(crate) type Number = u32;
/// `gss_name_t`, `gss_cred_id_t` and `gss_ctx_id_t`: pointers that only the library looks behind.
pub(crate) type Handle = *mut c_void;

pub(crate) const COMPLETE: Number = 0;
pub(crate) const CONTINUE_NEEDED: Number = 1;
pub(crate) const INDEFINITE: Number = u32::MAX;

pub(crate) const INITIATE: c_int = 1;
pub(crate) const ACCEPT: c_int = 2;

pub(crate) const OF_MAJOR: c_int = 1;
pub(crate) const OF_MECHANISM: c_int = 2;

pub(crate) const DELEGATE: Number = 1;
pub(crate) const MUTUAL: Number = 2;
pub(crate) const REPLAY: Number = 4;
pub(crate) const SEQUENCE: Number = 8;
pub(crate) const CONFIDENTIAL: Number = 16;
pub(crate) const INTEGRITY: Number = 32;

/// The parts of a message that is sealed in place; what the library allocates has `ALLOCATED` set afterwards.
pub(crate) const PART_DATA: Number = 1;
pub(crate) const PART_HEADER: Number = 2;
pub(crate) const PART_PADDING: Number = 9;
pub(crate) const ALLOCATE: Number = 0x0001_0000;

/// `gss_buffer_desc`.
#[repr(C)]
pub(crate) struct Buffer {
    pub(crate) length: usize,
    pub(crate) value: *mut c_void,
}

impl Buffer {
    /// Nothing; what the library fills in goes back to it.
    pub(crate) const EMPTY: Self = Self { length: 0, value: null_mut() };

    /// Bytes that the library only reads: they must outlive the call.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
    }
}

/// `gss_OID_desc`.
#[repr(C)]
pub(crate) struct Oid {
    pub(crate) length: Number,
    pub(crate) elements: *const c_void,
}

// SAFETY: the elements are constants of the program that nobody writes to.
unsafe impl Sync for Oid {}

impl Oid {
    const fn of(bytes: &'static [u8]) -> Self {
        Self { length: bytes.len() as Number, elements: bytes.as_ptr().cast() }
    }
}

/// 1.2.840.113554.1.2.2: Kerberos.
pub(crate) static KRB5: Oid = Oid::of(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2]);
/// 1.2.840.113554.1.2.2.1: the name of a principal as people write it.
pub(crate) static PRINCIPAL: Oid = Oid::of(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 1]);

/// `gss_OID_set_desc`.
#[repr(C)]
pub(crate) struct OidSet {
    pub(crate) count: usize,
    pub(crate) elements: *const Oid,
}

/// `gss_channel_bindings_struct`.
#[repr(C)]
pub(crate) struct Bindings {
    pub(crate) initiator_type: Number,
    pub(crate) initiator: Buffer,
    pub(crate) acceptor_type: Number,
    pub(crate) acceptor: Buffer,
    pub(crate) application: Buffer,
}

/// `gss_key_value_element_desc`.
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) key: *const c_char,
    pub(crate) value: *const c_char,
}

/// `gss_key_value_set_desc`.
#[repr(C)]
pub(crate) struct Store {
    pub(crate) count: Number,
    pub(crate) elements: *const Entry,
}

/// `gss_iov_buffer_desc`.
#[repr(C)]
pub(crate) struct Part {
    pub(crate) kind: Number,
    pub(crate) buffer: Buffer,
}
