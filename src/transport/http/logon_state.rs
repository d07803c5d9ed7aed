//! How far a lane has come with proving the user.

use crate::auth::Leg;

/// How far the logon of a lane is.
///
/// ```text
/// Due --handshake--> Ready --the proof leaves--> Proving --accepted--> Done
///  +--the proof is the password itself, and leaves--^                   ^
///  +--a request that carries such a proof is accepted-------------------+
/// ```
///
/// There is no way back: a lane whose proof was refused, or whose logon the server has forgotten, is dropped.
pub(super) enum LogonState {
    /// Nobody has been told who the user is.
    Due,
    /// The handshake is through up to this proof of the user.
    Ready(Leg),
    /// The proof has left; what the server thinks of it is not known.
    Proving,
    /// The server has accepted it.
    Done,
}

impl LogonState {
    /// The token of the proof, which leaves now.
    pub(super) fn send_proof(&mut self) -> Option<Vec<u8>> {
        match std::mem::replace(self, Self::Proving) {
            Self::Ready(proof) => proof.token,
            Self::Due | Self::Proving | Self::Done => None,
        }
    }
}
