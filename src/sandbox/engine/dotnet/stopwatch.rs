//! `[System.Diagnostics.Stopwatch]`

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::super::eval::Evaluator;
use super::super::value::Val;
use super::{Instance, Outcome};

/// Nanoseconds that it ran, and since when it runs again.
#[derive(Debug, Default)]
struct Stopwatch(Mutex<(i128, Option<Timestamp>)>);

pub(super) fn make() -> Val {
    Val::Net(Arc::new(Stopwatch::default()))
}

pub(super) fn property(name: &str) -> Option<Val> {
    Some(match name {
        "frequency" => Val::I64(10_000_000),
        "ishighresolution" => Val::Bool(true),
        _ => return None,
    })
}

pub(super) fn statics(evaluator: &mut Evaluator<'_>, name: &str) -> Outcome {
    let now = evaluator.runtime.now();
    Ok(match name {
        "startnew" => Some(Val::Net(Arc::new(Stopwatch(Mutex::new((0, Some(now))))))),
        "gettimestamp" => Some(Val::I64((now.as_nanosecond() / 100) as i64)),
        _ => None,
    })
}

impl Stopwatch {
    fn change<T>(&self, change: impl FnOnce(&mut (i128, Option<Timestamp>)) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it shows, in ticks.
    fn ticks(&self, now: Option<Timestamp>) -> i64 {
        self.change(|(ran, since)| {
            let running = match (since, now) {
                (Some(since), Some(now)) => now.as_nanosecond() - since.as_nanosecond(),
                _ => 0,
            };
            ((*ran + running.max(0)) / 100) as i64
        })
    }
}

impl Instance for Stopwatch {
    fn type_names(&self) -> Vec<Cow<'static, str>> {
        vec!["System.Diagnostics.Stopwatch".into(), "System.Object".into()]
    }

    fn text(&self) -> String {
        super::super::datetime::timespan_text(self.ticks(None))
    }

    fn names(&self) -> Vec<Arc<str>> {
        ["IsRunning", "Elapsed", "ElapsedMilliseconds", "ElapsedTicks"].map(Arc::from).to_vec()
    }

    fn get(&self, name: &str, now: Option<Timestamp>) -> Option<Val> {
        let ticks = || self.ticks(now);
        Some(match name {
            "isrunning" => Val::Bool(self.change(|(_, since)| since.is_some())),
            "elapsed" => Val::TimeSpan(ticks()),
            "elapsedmilliseconds" => Val::I64(ticks() / 10_000),
            "elapsedticks" => Val::I64(ticks()),
            _ => return None,
        })
    }

    fn call(&self, evaluator: &mut Evaluator<'_>, _me: &Val, name: &str, _args: &[Val]) -> Outcome {
        let now = evaluator.runtime.now();
        match name {
            "start" => self.change(|(_, since)| *since = since.or(Some(now))),
            "stop" => {
                let ran = i128::from(self.ticks(Some(now))) * 100;
                self.change(|state| *state = (ran, None));
            }
            "reset" => self.change(|state| *state = (0, None)),
            "restart" => self.change(|state| *state = (0, Some(now))),
            _ => return Ok(None),
        }
        Ok(Some(Val::Void))
    }
}
