//! Several sinks as one.

use super::{Flow, Sink};
use crate::event::RunEvent;

/// Hands each event to several sinks, until each of them has had enough.
pub struct Fanout {
    sinks: Vec<Box<dyn Sink>>,
}

impl Fanout {
    /// Joins sinks.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        Self { sinks }
    }

    /// One step of every sink; those that had enough, or failed, take no more.
    fn each(&mut self, mut step: impl FnMut(&mut dyn Sink) -> anyhow::Result<Flow>) -> anyhow::Result<Flow> {
        let mut failed = None;
        self.sinks.retain_mut(|sink| match step(sink.as_mut()) {
            Ok(flow) => flow == Flow::Continue,
            Err(error) => {
                failed.get_or_insert(error);
                false
            }
        });
        match failed {
            Some(error) => Err(error),
            None if self.sinks.is_empty() => Ok(Flow::Enough),
            None => Ok(Flow::Continue),
        }
    }
}

impl Sink for Fanout {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        self.each(|sink| sink.event(event))
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        self.each(|sink| sink.idle())
    }
}

#[cfg(test)]
mod tests {
    use super::{Fanout, Flow, Sink};
    use crate::event::RunEvent;
    use crate::output::testing::Script;

    /// Takes so many events.
    struct Upto(usize);

    impl Sink for Upto {
        fn event(&mut self, _: &RunEvent) -> anyhow::Result<Flow> {
            anyhow::ensure!(self.0 != usize::MAX, "broken");
            self.0 = self.0.checked_sub(1).expect("asked no more after it had enough");
            Ok(if self.0 == 0 { Flow::Enough } else { Flow::Continue })
        }
    }

    #[test]
    fn goes_on_until_all_had_enough() {
        let mut fanout = Fanout::new(vec![Box::new(Upto(1)), Box::new(Upto(2))]);
        let event = Script::new(&[]).started();
        let flows: Vec<_> = (0..3).map(|_| fanout.event(&event).unwrap()).collect();
        assert_eq!(flows, [Flow::Continue, Flow::Enough, Flow::Enough]);
    }

    #[test]
    fn a_broken_sink_is_told_once_and_the_others_go_on() {
        let mut fanout = Fanout::new(vec![Box::new(Upto(usize::MAX)), Box::new(Upto(2))]);
        let event = Script::new(&[]).started();
        assert!(fanout.event(&event).is_err());
        assert_eq!(fanout.event(&event).unwrap(), Flow::Enough);
    }
}
