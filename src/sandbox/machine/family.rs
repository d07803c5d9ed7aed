//! One family of a machine's state, copied only when a script changes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a machine has of one kind: drawn from the seed when somebody asks, kept once it was changed.
///
/// A host that nobody touches costs the empty slot alone.
#[derive(Debug)]
pub(super) struct Family<T>(Mutex<Kept<T>>);

#[derive(Debug)]
enum Kept<T> {
    Nothing,
    /// As the seed has it: can be drawn again at any time.
    Drawn(Arc<T>),
    Changed(Arc<T>),
}

impl<T> Default for Family<T> {
    fn default() -> Self {
        Self(Mutex::new(Kept::Nothing))
    }
}

impl<T: Clone> Family<T> {
    fn kept(&self) -> MutexGuard<'_, Kept<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state now; later changes do not show in it.
    pub(super) fn read(&self, draw: impl FnOnce() -> T) -> Arc<T> {
        let mut kept = self.kept();
        match &*kept {
            Kept::Drawn(state) | Kept::Changed(state) => Arc::clone(state),
            Kept::Nothing => {
                let state = Arc::new(draw());
                *kept = Kept::Drawn(Arc::clone(&state));
                state
            }
        }
    }

    /// Changes the state for all sessions of the host.
    pub(super) fn change<R>(&self, draw: impl FnOnce() -> T, change: impl FnOnce(&mut T) -> R) -> R {
        let mut kept = self.kept();
        let mut state = match std::mem::replace(&mut *kept, Kept::Nothing) {
            Kept::Drawn(state) | Kept::Changed(state) => state,
            Kept::Nothing => Arc::new(draw()),
        };
        let result = change(Arc::make_mut(&mut state));
        *kept = Kept::Changed(state);
        result
    }

    /// Forgets what the seed can give again.
    pub(super) fn settle(&self) {
        let mut kept = self.kept();
        if matches!(&*kept, Kept::Drawn(_)) {
            *kept = Kept::Nothing;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Family;

    #[test]
    fn changes_stay_and_draws_go() {
        let family = Family::default();
        let before = family.read(|| vec![1]);
        family.settle();
        assert_eq!(*family.read(|| vec![2]), [2], "a draw is not kept");
        family.change(|| vec![3], |items| items.push(4));
        family.settle();
        assert_eq!(*family.read(Vec::new), [2, 4]);
        assert_eq!(*before, [1], "what was read stays as it was");
    }
}
