//! Who somebody is, and by what the library can tell.

use std::ffi::{CStr, CString};
use std::ptr::{null, null_mut};

use zeroize::Zeroizing;

use crate::fault::{Fault, take};
use crate::functions::Library;
use crate::raw::{ACCEPT, Buffer, COMPLETE, Entry, Handle, INDEFINITE, INITIATE, KRB5, OidSet, PRINCIPAL, Store};

/// What proves a user to the KDC.
#[derive(Debug)]
pub enum Proof<'a> {
    /// The tickets of a cache: the user's own, or one by its name (`FILE:/tmp/krb5cc_0`, `KCM:`).
    Cache(Option<&'a str>),
    /// A key of a keytab. Its tickets go to the cache of this name, which nobody else should use.
    Keytab {
        /// The keytab by its name, such as `FILE:/etc/krb5.keytab`.
        keytab: &'a str,
        /// The cache.
        cache: &'a str,
    },
    /// A password. Its tickets stay in memory.
    Password(&'a [u8]),
}

/// A credential of either side.
pub struct Credential {
    pub(crate) library: &'static Library,
    pub(crate) handle: Handle,
}

// SAFETY: MIT's credentials have a lock of their own; the handle is not bound to a thread.
unsafe impl Send for Credential {}
// SAFETY: as above; no method changes the handle itself.
unsafe impl Sync for Credential {}

impl Credential {
    /// The credential of a user, or of the proof's own user. With a password it asks the KDC.
    ///
    /// It is acquired for Kerberos alone: with SPNEGO among the mechanisms, the library has the same words for a wrong
    /// password, an unknown user and a KDC that is down.
    ///
    /// # Errors
    /// What the library says.
    pub fn of_user(library: &'static Library, user: Option<&str>, proof: &Proof<'_>) -> Result<Self, Fault> {
        let name = user.map(|user| Name::of(library, user)).transpose()?;
        let name = name.as_ref().map_or(null_mut(), |name| name.handle);
        match proof {
            Proof::Cache(None) => acquire(library, name, INITIATE, &[]),
            Proof::Cache(Some(cache)) => acquire(library, name, INITIATE, &[(c"ccache", cache)]),
            Proof::Keytab { keytab, cache } => {
                acquire(library, name, INITIATE, &[(c"client_keytab", keytab), (c"ccache", cache)])
            }
            Proof::Password(password) => by_password(library, name, password),
        }
    }

    /// The credential of a server whose keys stand in a keytab.
    ///
    /// # Errors
    /// What the library says.
    pub fn of_server(library: &'static Library, keytab: &str) -> Result<Self, Fault> {
        acquire(library, null_mut(), ACCEPT, &[(c"keytab", keytab)])
    }

    /// For how many more seconds its tickets are good. That of a keytab asks the KDC for one, unless it has.
    ///
    /// # Errors
    /// What the library says.
    pub fn lifetime(&self) -> Result<u32, Fault> {
        let (mut minor, mut seconds) = (0, 0);
        // SAFETY: the handle is a live one; what is not asked for may be null.
        let major = unsafe {
            let inquire = self.library.gss_inquire_cred;
            inquire(&mut minor, self.handle, null_mut(), &mut seconds, null_mut(), null_mut())
        };
        if major == COMPLETE { Ok(seconds) } else { Err(Fault::of(self.library, major, minor)) }
    }
}

impl Drop for Credential {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the handle is a live one, and nobody has it any more.
        unsafe { (self.library.gss_release_cred)(&mut minor, &mut self.handle) };
    }
}

/// The set of one mechanism that all credentials are acquired for.
fn kerberos() -> OidSet {
    OidSet { count: 1, elements: &raw const KRB5 }
}

fn acquire(
    library: &'static Library,
    name: Handle,
    usage: std::ffi::c_int,
    store: &[(&CStr, &str)],
) -> Result<Credential, Fault> {
    let values: Vec<CString> = store
        .iter()
        .map(|(_, value)| CString::new(*value).map_err(|_| Fault::unusable("a name holds a zero byte")))
        .collect::<Result<_, _>>()?;
    let entries: Vec<Entry> =
        store.iter().zip(&values).map(|((key, _), value)| Entry { key: key.as_ptr(), value: value.as_ptr() }).collect();
    let set = Store { count: entries.len() as u32, elements: entries.as_ptr() };
    let set = if entries.is_empty() { null() } else { &raw const set };
    let (mechanisms, mut minor, mut handle) = (kerberos(), 0, null_mut());
    // SAFETY: the name is a live handle or null; set, entries and texts outlive the call.
    let major = unsafe {
        let from = library.gss_acquire_cred_from;
        from(&mut minor, name, INDEFINITE, &mechanisms, usage, set, &mut handle, null_mut(), null_mut())
    };
    credential(library, major, minor, handle)
}

fn by_password(library: &'static Library, name: Handle, password: &[u8]) -> Result<Credential, Fault> {
    // The library reads it up to its length and makes a copy; ours ends with the call.
    let password = Zeroizing::new(password.to_vec());
    let (mechanisms, words, mut minor, mut handle) = (kerberos(), Buffer::of(&password), 0, null_mut());
    // SAFETY: the name is a live handle, or null, which the library refuses; set and password outlive the call.
    let major = unsafe {
        let with = library.gss_acquire_cred_with_password;
        with(&mut minor, name, &words, INDEFINITE, &mechanisms, INITIATE, &mut handle, null_mut(), null_mut())
    };
    credential(library, major, minor, handle)
}

fn credential(library: &'static Library, major: u32, minor: u32, handle: Handle) -> Result<Credential, Fault> {
    if major == COMPLETE { Ok(Credential { library, handle }) } else { Err(Fault::of(library, major, minor)) }
}

/// A principal's name.
pub(crate) struct Name {
    library: &'static Library,
    pub(crate) handle: Handle,
}

// SAFETY: the library never changes a name, nor binds it to a thread.
unsafe impl Send for Name {}

impl Name {
    /// A principal as people write it: `ada@CONTOSO.COM`, `HTTP/web01.contoso.com@`.
    ///
    /// Servers are named so too: as host-based services the library would look their names up in DNS first, and log on
    /// to whoever DNS names.
    pub(crate) fn of(library: &'static Library, principal: &str) -> Result<Self, Fault> {
        let (text, mut minor, mut handle) = (Buffer::of(principal.as_bytes()), 0, null_mut());
        // SAFETY: the text outlives the call, the kind of name is a constant.
        let major = unsafe { (library.gss_import_name)(&mut minor, &text, &raw const PRINCIPAL, &mut handle) };
        if major == COMPLETE { Ok(Self { library, handle }) } else { Err(Fault::of(library, major, minor)) }
    }

    /// A name that the library has made.
    pub(crate) fn from_handle(library: &'static Library, handle: Handle) -> Self {
        Self { library, handle }
    }

    /// The name as text.
    pub(crate) fn text(&self) -> Option<String> {
        let (mut minor, mut words) = (0, Buffer::EMPTY);
        // SAFETY: the handle is a live one; the kind is not asked for.
        let major = unsafe { (self.library.gss_display_name)(&mut minor, self.handle, &mut words, null_mut()) };
        let bytes = take(self.library, &mut words);
        if major == COMPLETE { String::from_utf8(bytes).ok() } else { None }
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the handle is a live one, or null, which the library takes too.
        unsafe { (self.library.gss_release_name)(&mut minor, &mut self.handle) };
    }
}
