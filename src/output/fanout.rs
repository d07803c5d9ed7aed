//! Several sinks as one.

use super::{Flow, Sink};
use crate::error_text;
use crate::event::{RunEvent, Summary};

/// Hands each event to several sinks, until each of them has had enough or has failed.
///
/// A sink that fails asks for the end of the run, and takes no more. The others go on to their own end, so that what
/// they write is complete. It never fails itself: what its sinks could not write, [`Sink::failures`] tells.
pub struct Fanout {
    outlets: Vec<Outlet>,
    /// The first sink alone decides when it is enough.
    led: bool,
}

/// A sink and what became of it.
struct Outlet {
    /// What it writes to, where failures are to say so.
    name: Option<String>,
    sink: Box<dyn Sink>,
    state: State,
}

enum State {
    Open,
    Enough,
    /// Why.
    Failed(String),
}

impl Fanout {
    /// Joins sinks of equal rank; each comes with a name for what it writes to. Enough is when all had enough.
    pub fn new(sinks: Vec<(String, Box<dyn Sink>)>) -> Self {
        Self { outlets: sinks.into_iter().map(|(name, sink)| Outlet::new(Some(name), sink)).collect(), led: false }
    }

    /// Joins a sink with others that follow what it shows. Enough is when the first one had enough; the others go on.
    pub fn led_by(first: Box<dyn Sink>, followers: Vec<Box<dyn Sink>>) -> Self {
        Self {
            outlets: std::iter::once(first).chain(followers).map(|sink| Outlet::new(None, sink)).collect(),
            led: true,
        }
    }

    /// One step of every sink; those that had enough, or failed, take no more.
    fn each(&mut self, mut step: impl FnMut(&mut dyn Sink) -> anyhow::Result<Flow>) -> Flow {
        let was_enough = self.is_enough();
        let mut end = false;
        for outlet in self.outlets.iter_mut().filter(|outlet| matches!(outlet.state, State::Open)) {
            match step(outlet.sink.as_mut()) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Enough) => outlet.state = State::Enough,
                Ok(Flow::End) => end = true,
                Err(error) => {
                    outlet.state = State::Failed(error_text::chain(error.chain()));
                    end = true;
                }
            }
        }
        match (end, self.is_enough()) {
            (true, _) => Flow::End,
            // It goes on for the followers, and need not be said again.
            (false, true) if !(self.led && was_enough) => Flow::Enough,
            (false, _) => Flow::Continue,
        }
    }

    fn is_enough(&self) -> bool {
        let had_enough = |outlet: &Outlet| matches!(outlet.state, State::Enough);
        match self.led {
            true => self.outlets.first().is_some_and(had_enough),
            false => self.outlets.iter().all(had_enough),
        }
    }
}

impl Outlet {
    fn new(name: Option<String>, sink: Box<dyn Sink>) -> Self {
        Self { name, sink, state: State::Open }
    }

    fn failures(&self) -> Vec<String> {
        let named = |failure: String| match &self.name {
            Some(name) => format!("{name}: {failure}"),
            None => failure,
        };
        let own = match &self.state {
            State::Failed(failure) => Some(failure.clone()),
            State::Open | State::Enough => None,
        };
        own.into_iter().chain(self.sink.failures()).map(named).collect()
    }
}

impl Sink for Fanout {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        Ok(self.each(|sink| sink.event(event)))
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        Ok(self.each(|sink| sink.idle()))
    }

    fn complete(&mut self, summary: &Summary) -> anyhow::Result<Flow> {
        Ok(self.each(|sink| sink.complete(summary)))
    }

    fn failures(&self) -> Vec<String> {
        self.outlets.iter().flat_map(Outlet::failures).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fanout, Flow, Sink};
    use crate::event::RunEvent;
    use crate::output::testing::Script;

    /// Takes this many events.
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
        fanout.complete(&script.summary()).unwrap();
        fanout.event(&script.run_finished()).unwrap();
        assert_eq!(fanout.failures(), ["sink 0: broken"]);
    }

    #[test]
    fn a_leader_has_enough_for_all_once_and_its_followers_go_on() {
        let boxed = |upto| Box::new(Upto(upto)) as Box<dyn Sink>;
        let mut fanout = Fanout::led_by(boxed(2), vec![boxed(1), boxed(4)]);
        let event = Script::new(&[]).started();
        let flows: Vec<_> = (0..4).map(|_| fanout.event(&event).unwrap()).collect();
        assert_eq!(flows, [Flow::Continue, Flow::Enough, Flow::Continue, Flow::Continue]);
    }

    #[test]
    fn a_sink_inside_tells_its_failure_through_all_around_it() {
        let inner = Box::new(fanout([usize::MAX, 9])) as Box<dyn Sink>;
        let mut outer = Fanout::led_by(inner, vec![Box::new(Upto(9))]);
        let mut script = Script::new(&[]);
        assert_eq!(outer.event(&script.started()).unwrap(), Flow::End);
        assert_eq!(outer.event(&script.run_finished()).unwrap(), Flow::Continue, "the other sinks take the end");
        assert_eq!(outer.failures(), ["sink 0: broken"]);
    }
}
