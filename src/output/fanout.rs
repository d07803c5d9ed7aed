//! Several sinks as one.

use anyhow::anyhow;

use super::{Flow, Sink};
use crate::event::{RunEvent, RunEventKind, Summary};
use crate::words;

/// Hands each event to several sinks, until each of them has had enough or has failed.
///
/// A sink that fails asks for the end of the run, and takes no more. The others go on to their own end, so that what they
/// write is complete; only then is the failure told.
pub struct Fanout {
    /// The sinks that still want events, each with what it writes to.
    sinks: Vec<(String, Box<dyn Sink>)>,
    failures: Vec<String>,
}

impl Fanout {
    /// Joins sinks; each comes with a name for what it writes to.
    pub fn new(sinks: Vec<(String, Box<dyn Sink>)>) -> Self {
        Self { sinks, failures: Vec::new() }
    }

    /// One step of every sink; those that had enough, or failed, take no more.
    fn each(&mut self, mut step: impl FnMut(&mut dyn Sink) -> anyhow::Result<Flow>) -> Flow {
        let mut end = false;
        let failures = &mut self.failures;
        self.sinks.retain_mut(|(name, sink)| match step(sink.as_mut()) {
            Ok(flow) => {
                end |= flow == Flow::End;
                flow != Flow::Enough
            }
            Err(error) => {
                failures.push(format!("{name}: {}", words::chain(error.chain())));
                end = true;
                false
            }
        });
        match (self.sinks.is_empty(), end) {
            (true, _) if self.failures.is_empty() => Flow::Enough,
            (_, true) => Flow::End,
            _ => Flow::Continue,
        }
    }

    fn tell_failures(&self, flow: Flow) -> anyhow::Result<Flow> {
        if self.failures.is_empty() { Ok(flow) } else { Err(anyhow!(self.failures.join("; "))) }
    }
}

impl Sink for Fanout {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        let flow = self.each(|sink| sink.event(event));
        if matches!(event.kind, RunEventKind::RunFinished(_)) { self.tell_failures(flow) } else { Ok(flow) }
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        Ok(self.each(|sink| sink.idle()))
    }

    fn complete(&mut self, summary: &Summary) -> anyhow::Result<Flow> {
        let flow = self.each(|sink| sink.complete(summary));
        self.tell_failures(flow)
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

    fn fanout(sinks: [usize; 2]) -> Fanout {
        let sink = |(place, upto): (usize, usize)| (format!("sink {place}"), Box::new(Upto(upto)) as Box<dyn Sink>);
        Fanout::new(sinks.into_iter().enumerate().map(sink).collect())
    }

    #[test]
    fn goes_on_until_all_had_enough() {
        let mut fanout = fanout([1, 2]);
        let event = Script::new(&[]).started();
        let flows: Vec<_> = (0..3).map(|_| fanout.event(&event).unwrap()).collect();
        assert_eq!(flows, [Flow::Continue, Flow::Enough, Flow::Enough]);
    }

    #[test]
    fn a_broken_sink_ends_the_run_while_the_others_go_on_and_is_told_at_the_end() {
        let mut fanout = fanout([usize::MAX, 3]);
        let mut script = Script::new(&[]);
        let started = script.started();
        assert_eq!(fanout.event(&started).unwrap(), Flow::End);
        assert_eq!(fanout.event(&started).unwrap(), Flow::Continue);
        assert_eq!(fanout.complete(&script.summary()).unwrap_err().to_string(), "sink 0: broken");
        assert_eq!(fanout.event(&script.run_finished()).unwrap_err().to_string(), "sink 0: broken");
    }
}
