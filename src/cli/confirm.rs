//! The number of hosts, typed by a person before a run touches that many.

use anyhow::{Context, bail};

use crate::config::System;

/// Has the number of hosts confirmed, where that is due.
///
/// # Errors
/// There is nobody to ask, or the answer is not the number.
pub(super) fn confirm(hosts: usize, above: usize, no_input: bool, around: &mut dyn System) -> anyhow::Result<()> {
    if above == 0 || hosts <= above {
        return Ok(());
    }
    if no_input || !around.can_ask() {
        bail!(
            "this would touch {hosts} hosts, more than --confirm-above {above}, and there is nobody to confirm it; -y does"
        );
    }
    let question = format!("This touches {hosts} hosts. Type their number to go on: ");
    let answer = around.ask(&question, false).context("cannot ask for confirmation")?;
    if answer.trim().parse() == Ok(hosts) {
        return Ok(());
    }
    bail!("not confirmed: the number of hosts is {hosts}; nothing was done")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::config::{Machine, Prompter};

    /// Somebody who gives this answer, if there is anybody.
    struct Person(Option<&'static str>);

    impl Prompter for Person {
        fn can_ask(&self) -> bool {
            self.0.is_some()
        }

        fn ask(&mut self, question: &str, hidden: bool) -> io::Result<String> {
            assert!(question.contains("200 hosts") && !hidden, "{question}");
            Ok(self.0.unwrap_or_default().to_owned())
        }

        fn warn(&mut self, _: &str) {}
    }

    fn is_confirmed(above: usize, no_input: bool, answer: Option<&'static str>) -> Result<(), String> {
        let mut machine = Machine::new(Person(answer));
        confirm(200, above, no_input, &mut machine).map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_number_confirms() {
        assert_eq!(is_confirmed(199, false, Some(" 200 ")), Ok(()));
        for answer in ["", "y", "yes", "199", "20"] {
            let said = is_confirmed(199, false, Some(answer)).expect_err(answer);
            assert!(said.contains("not confirmed"), "{said}");
        }
    }

    #[test]
    fn nobody_to_ask_is_a_refusal_that_names_the_flag() {
        for said in [is_confirmed(5, false, None), is_confirmed(5, true, Some("200"))] {
            let said = said.expect_err("nobody");
            assert!(said.contains("200 hosts") && said.ends_with("-y does"), "{said}");
        }
    }

    #[test]
    fn nobody_is_asked_about_few_hosts() {
        assert_eq!(is_confirmed(200, true, None), Ok(()));
        assert_eq!(is_confirmed(0, true, None), Ok(()), "0 is never");
    }
}
