//! The functions that are called, found in the library when it is first needed.

use std::error::Error as _;
use std::ffi::c_int;
use std::fmt;
use std::sync::OnceLock;

use crate::raw::{Bindings, Buffer, Handle, Number, Oid, OidSet, Part, Store};

/// The library's file, as its package for run time installs it.
const FILE: &str = "libgssapi_krb5.so.2";

macro_rules! functions {
    ($($name:ident($($argument:ty),+ $(,)?);)+) => {
        /// The functions of the library.
        pub struct Library {
            $(pub(crate) $name: unsafe extern "C" fn($($argument),+) -> Number,)+
            /// Keeps the functions in memory.
            _file: libloading::Library,
        }

        impl Library {
            fn find(file: libloading::Library) -> Result<Self, libloading::Error> {
                Ok(Self {
                    // SAFETY: the types are those of RFC 2744 and of MIT's gssapi_ext.h for these names, and the
                    // file is kept for as long as the functions.
                    $($name: unsafe {
                        *file.get::<unsafe extern "C" fn($($argument),+) -> Number>(
                            concat!(stringify!($name), "\0").as_bytes(),
                        )?
                    },)+
                    _file: file,
                })
            }
        }
    };
}

functions! {
    gss_accept_sec_context(
        *mut Number, *mut Handle, Handle, *const Buffer, *const Bindings, *mut Handle, *mut *const Oid, *mut Buffer,
        *mut Number, *mut Number, *mut Handle,
    );
    gss_acquire_cred_from(
        *mut Number, Handle, Number, *const OidSet, c_int, *const Store, *mut Handle, *mut *const OidSet, *mut Number,
    );
    gss_acquire_cred_with_password(
        *mut Number, Handle, *const Buffer, Number, *const OidSet, c_int, *mut Handle, *mut *const OidSet, *mut Number,
    );
    gss_delete_sec_context(*mut Number, *mut Handle, *mut Buffer);
    gss_display_name(*mut Number, Handle, *mut Buffer, *mut *const Oid);
    gss_display_status(*mut Number, Number, c_int, *const Oid, *mut Number, *mut Buffer);
    gss_import_name(*mut Number, *const Buffer, *const Oid, *mut Handle);
    gss_init_sec_context(
        *mut Number, Handle, *mut Handle, Handle, *const Oid, Number, Number, *const Bindings, *const Buffer,
        *mut *const Oid, *mut Buffer, *mut Number, *mut Number,
    );
    gss_inquire_cred(*mut Number, Handle, *mut Handle, *mut Number, *mut c_int, *mut *const OidSet);
    gss_release_buffer(*mut Number, *mut Buffer);
    gss_release_cred(*mut Number, *mut Handle);
    gss_release_iov_buffer(*mut Number, *mut Part, c_int);
    gss_release_name(*mut Number, *mut Handle);
    gss_unwrap(*mut Number, Handle, *const Buffer, *mut Buffer, *mut c_int, *mut Number);
    gss_wrap_iov(*mut Number, Handle, c_int, Number, *mut c_int, *mut Part, c_int);
}

/// Why there is no library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(String);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// The library, loaded when it is asked for the first time.
///
/// # Errors
/// The machine has none. Apple's is another one with types of its own, and Windows has SSPI instead: neither is tried.
pub fn library() -> Result<&'static Library, &'static Unavailable> {
    static LOADED: OnceLock<Result<Library, Unavailable>> = OnceLock::new();
    LOADED.get_or_init(load).as_ref()
}

fn load() -> Result<Library, Unavailable> {
    if cfg!(any(windows, target_vendor = "apple")) {
        return Err(Unavailable("psfleet has no Kerberos on this system".to_owned()));
    }
    // The library's own Display leaves out what the system says.
    let unavailable =
        |error: libloading::Error| Unavailable(error.source().map_or_else(|| error.to_string(), ToString::to_string));
    // SAFETY: MIT's library does nothing when it is loaded but set up its locks.
    let file = unsafe { libloading::Library::new(FILE) }.map_err(unavailable)?;
    Library::find(file).map_err(unavailable)
}
