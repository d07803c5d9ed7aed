//! How the allocator keeps memory: a package of its own, so that psfleet itself forbids unsafe code.

/// Blocks from this size on go back to the system when they are freed, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1 << 20;

/// Has the GNU allocator give large blocks back when they are freed; elsewhere it does nothing.
///
/// By itself it takes the first large block that is freed for the usual size, up to 32 MiB, and keeps twice as much in
/// the heap of each thread from then on: an object of 47 MB costs 40 MB more than with this setting. Other allocators
/// need no unsafe call, but hold more memory with thousands of open connections (jemalloc 1.1 times, mimalloc 1.6
/// times).
pub fn return_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it only sets a number of the allocator, which takes its own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}
