//! How much of the thread's stack the engine has used.

/// Remembers where the stack stood, so that recursion over scripts ends in an error and not in a crash.
#[derive(Debug, Clone, Copy)]
pub(super) struct StackGuard {
    base: usize,
}

/// Bytes that parsing or evaluation may use. Threads of std and tokio have 2 MiB.
const LIMIT: usize = 1200 << 10;

impl StackGuard {
    /// Starts counting at the caller.
    pub(super) fn here() -> Self {
        Self { base: approximate_stack_pointer() }
    }

    /// Whether the limit is reached.
    pub(super) fn is_low(self) -> bool {
        self.base.abs_diff(approximate_stack_pointer()) > LIMIT
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
