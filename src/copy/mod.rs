//! Copying files to and from the targets of a run, over their sessions.
//!
//! In: what to copy ([`Push`], [`Pull`]), resolved and validated. Each is a [`crate::fleet::Task`], so that throttle,
//! credentials, retries, deadlines and interrupts are those of every run. Out: one object for each file, error records
//! for those that failed, progress records.
//!
//! A script on the host and its [`Task`](crate::fleet::Task) here talk in frames ([`frame`]), by the input and the
//! output of one pipeline: chunks follow one another without a round trip each, and a window bounds what the host has
//! not written yet. A file grows under a temporary name beside its final one ([`name::temporary`]), is compared by
//! SHA-256 of what is on the disk, and then moved in one step. What a broken link or Ctrl-C leaves of it is taken up
//! again by the next try if its hash is that of the file's beginning; after any other error it is removed.
//!
//! Over SSH, the bytes of files that are larger than a chunk travel by SFTP ([`side_channel`]), without base64 and
//! without an acknowledgement of PowerShell's for each chunk. The script stays in charge of everything else, so nothing
//! but the bytes' way differs: it tells the temporary name or the file, and the hash. SFTP that sees other files than
//! PowerShell does, or fails, is given up for that host, and its session carries the bytes.
//!
//! A file of the same length and SHA-256 is left alone, whatever its time. Modification times are kept, and permission
//! bits where both ends have them; of those that a host gives, what our umask leaves.
//!
//! What a pull writes stays below the destination that the user named: names from hosts are single ones, and links that
//! others may have put there are not followed ([`folder`]).

mod answer;
mod cause;
mod folder;
pub mod frame;
mod hash;
pub mod name;
mod partial;
mod place;
mod pull;
mod push;
mod report;
mod side_channel;
mod source;
mod watched;

pub use pull::Pull;
pub use push::Push;
pub use report::size;
use side_channel::SideChannel;
pub use source::{Selection, SelectionError, Source};

/// Files of this machine that are open for one host.
const OPEN_FILES: u64 = 2;

/// Bytes of a chunk where the transport has no limit of its own; a larger one gains nothing, and each session holds
/// some.
const CHUNK: usize = 512 << 10;

/// The chunk for fragments of this size: as a CLIXML object it fits into one.
fn chunk(max_fragment: usize) -> usize {
    /// Headers of the fragment and the message, and the object around the bytes.
    const AROUND: usize = 512;
    (max_fragment.saturating_sub(AROUND) / 4 * 3).clamp(1024, CHUNK)
}
