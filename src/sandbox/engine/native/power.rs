//! shutdown.

use super::super::eval::{Evaluator, Run};
use super::{Said, refuse, switch};

/// The longest time, in seconds, that a host takes to go down by itself.
const SOON: u32 = 2;

pub(super) fn shutdown(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let (mut restarts, mut stops, mut delay) = (false, false, 0_u32);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match switch(arg).as_deref() {
            Some("r" | "g") => restarts = true,
            Some("s" | "p") => stops = true,
            Some("a") => {
                let text = "Unable to abort the system shutdown because no shutdown was in progress.(1116)";
                return Ok(Said::error(text, 1116));
            }
            Some("f") => {}
            Some("t") => match rest.next().and_then(|time| time.parse().ok()) {
                Some(time) => delay = time,
                None => return refuse("shutdown", args),
            },
            Some("c" | "d") => drop(rest.next()),
            _ => return refuse("shutdown", args),
        }
    }
    // Later than soon would need a clock that runs while nobody asks.
    if restarts == stops || delay > SOON {
        return refuse("shutdown", args);
    }
    evaluator.runtime.shut_down(restarts);
    Ok(Said::default())
}
