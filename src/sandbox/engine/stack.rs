//! How much of the thread's stack the engine has used.

/// Remembers where the stack stood, so that recursion over scripts ends in an error and not in a crash.
#[derive(Debug, Clone, Copy)]
pub(super) struct StackGuard {
    base: usize,
    limit: usize,
}

/// Bytes of stack that a thread of std or tokio has.
pub(super) const USUAL: usize = 2 << 20;

/// Bytes that parsing may use, and evaluation on a usual thread.
const LIMIT: usize = 1200 << 10;

/// Bytes of a greater stack that stay free: for parsing at the deepest place, and for what is not counted.
const RESERVE: usize = 4 << 20;

impl StackGuard {
    /// Starts counting at the caller, on a usual thread.
    pub(super) fn here() -> Self {
        Self { base: approximate_stack_pointer(), limit: LIMIT }
    }

    /// The same on a thread that has this many bytes of stack.
    pub(super) fn of_stack(bytes: usize) -> Self {
        Self { limit: bytes.saturating_sub(RESERVE).max(LIMIT), ..Self::here() }
    }

    /// Whether the limit is reached.
    pub(super) fn is_low(self) -> bool {
        self.base.abs_diff(approximate_stack_pointer()) > self.limit
    }
}

#[inline(never)]
fn approximate_stack_pointer() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&local)).addr()
}

#[cfg(test)]
mod tests {
    use super::StackGuard;

    fn recurse(guard: StackGuard, depth: u32) -> u32 {
        let filler = std::hint::black_box([0_u8; 1024]);
        if guard.is_low() || depth == 100_000 { depth } else { recurse(guard, depth + 1) + u32::from(filler[0]) }
    }

    #[test]
    fn stops_recursion() {
        let depth = recurse(StackGuard::here(), 0);
        assert!((100..2000).contains(&depth), "{depth}");
    }
}
