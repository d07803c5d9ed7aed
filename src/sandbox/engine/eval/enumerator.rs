//! Loops show scripts where they are: `$foreach` and `$switch`.

use super::super::dotnet::Enumerator;
use super::super::value::Val;
use super::{Evaluator, Run};

impl Evaluator<'_> {
    /// Runs a loop through a value, with its enumerator in the variable of this name.
    pub(super) fn with_enumerator(
        &mut self,
        name: &str,
        items: Val,
        run: impl FnOnce(&mut Self, &Enumerator) -> Run<()>,
    ) -> Run<()> {
        let walk = Enumerator::through(items);
        let around = self.has_own_variable(name).then(|| self.lookup(name)).flatten();
        let frames = self.state.frames.len();
        self.set_local(name, Val::Net(walk.clone()));
        let done = run(self, &walk);
        if self.state.frames.len() == frames {
            match around {
                Some(outer) => self.set_local(name, outer),
                None => self.remove_variable(name),
            }
        }
        done
    }
}
