//! The key of a pool's session.

use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use crate::psrp::{KEY_LEN, SessionKey};

/// What secrets travel under. It is made when it is first needed: by the client's request, or by a SecureString in the
/// output of a client that has not asked yet and will, to open it (a real server does so too).
#[derive(Clone, Default)]
pub(super) struct PoolKey(Arc<OnceLock<SessionKey>>);

impl PoolKey {
    pub(super) fn get(&self) -> &SessionKey {
        self.0.get_or_init(|| {
            let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
            let mut bytes = [0; KEY_LEN];
            bytes.iter_mut().zip(a.as_bytes().iter().chain(b.as_bytes())).for_each(|(byte, random)| *byte = *random);
            SessionKey::new(bytes)
        })
    }
}
