//! In which steps a run goes over its hosts, and when it holds or ends before the last: flags of every command that
//! works on many hosts.

use std::str::FromStr;

use anyhow::bail;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use super::number;
use crate::fleet::{Brake, Budgets, LabelLimit, Share, Step, ramp};

/// Steps, budgets and limits.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Roll-out")]
pub struct RampArgs {
    /// Go over the hosts in steps of rising size, each of which ends before the next begins: numbers of hosts, or
    /// shares of all; the hosts that are left are the last step
    #[arg(long, env = "PSFLEET_RAMP", value_name = "1,5,20%")]
    pub ramp: Option<Ramp>,

    /// Pause after this step, if hosts follow it: on a terminal you are asked, elsewhere the run ends with exit code 5
    /// and `psfleet runs resume` goes on (repeatable)
    #[arg(long, env = "PSFLEET_PAUSE_AFTER", value_name = "STEP", value_delimiter = ',', requires = "ramp",
          value_parser = number::count)]
    pub pause_after: Vec<std::num::NonZeroUsize>,

    /// PowerShell that runs between steps on the hosts just done, those where the script failed too, and must end without
    /// an error and with something true on each of them, or the run ends with exit code 5; hosts that the script did not
    /// reach are not asked (--max-unreachable); a FILE.ps1, or text, which may use $using: values of --using (repeatable). It runs in the session of the script, as far as that is still open (--max-sessions)
    #[arg(long, env = "PSFLEET_GATE", value_name = "CODE|FILE.ps1", requires = "ramp")]
    pub gate: Vec<String>,

    /// At most N hosts at once that share a value of a label or variable: site=5 (repeatable)
    #[arg(long, env = "PSFLEET_LIMIT_PER", value_name = "LABEL=N", value_delimiter = '\n', value_parser = label_limit)]
    pub limit_per: Vec<LabelLimit>,

    /// Start no other host once so many have failed, timed out or were lost; a share is of the hosts that have ended, once
    /// 10 have. What runs goes on to its end
    #[arg(long, env = "PSFLEET_MAX_FAIL", value_name = "N|P%")]
    pub max_fail: Option<Share>,

    /// The same for hosts that could not be reached or logged on to
    #[arg(long, env = "PSFLEET_MAX_UNREACHABLE", value_name = "N|P%")]
    pub max_unreachable: Option<Share>,

    /// Start no other host once one has failed: --max-fail 1
    #[arg(long, env = "PSFLEET_FAIL_FAST", value_parser = BoolishValueParser::new(), num_args = 0,
          default_value_t = false, default_missing_value = "true")]
    pub fail_fast: bool,

    /// Ask nobody to confirm the number of hosts
    #[arg(short = 'y', long, action = ArgAction::SetTrue)]
    pub yes: bool,

    /// Have the number of hosts typed before a run on more than N; 0: never
    #[arg(long, env = "PSFLEET_CONFIRM_ABOVE", value_name = "N", default_value_t = 0, value_parser = number::whole::<usize>)]
    pub confirm_above: usize,
}

/// The sizes of steps, each with those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ramp(pub Vec<Share>);

impl FromStr for Ramp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes: Vec<Share> = text.split(',').map(|size| size.trim().parse()).collect::<Result<_, _>>()?;
        // What a number is in percent depends on the fleet: only sizes of one kind can be compared.
        let kinds: [Vec<usize>; 2] = [false, true].map(|percent| {
            let of_kind = sizes.iter().filter(|size| matches!(size, Share::Percent(_)) == percent);
            of_kind.map(|size| size.of(100)).collect()
        });
        if kinds.iter().any(|sizes| !sizes.is_sorted_by(|one, next| one < next)) {
            return Err("the sizes of steps count all hosts up to their end, so they rise: 1,5,20%".to_owned());
        }
        Ok(Self(sizes))
    }
}

/// Which steps have hosts, for whoever named another.
fn seen(steps: &[Step]) -> String {
    let mut before = 0;
    let parts = steps.iter().map(|step| {
        let part = format!("{}: {}", step.number, step.end - before);
        before = step.end;
        part
    });
    format!("; the hosts of its steps are {}", parts.collect::<Vec<_>>().join(", "))
}

fn label_limit(text: &str) -> Result<LabelLimit, String> {
    let expected = || "expected the name of a label and a number of hosts, such as site=5".to_owned();
    let (label, limit) = text.split_once('=').filter(|(label, _)| !label.is_empty()).ok_or_else(expected)?;
    Ok(LabelLimit { label: label.to_owned(), limit: number::count(limit).map_err(|_| expected())? })
}

impl RampArgs {
    /// Steps and budgets for so many targets.
    ///
    /// # Errors
    /// A pause after a step that there is not or that has no host, or that nothing follows.
    pub fn brake(&self, targets: usize) -> anyhow::Result<Brake> {
        let sizes = self.ramp.as_ref().map_or(&[] as &[Share], |ramp| &ramp.0);
        let is_whole = matches!(sizes.last(), Some(Share::Percent(100)));
        let last = sizes.len() - usize::from(is_whole);
        let pauses: Vec<usize> = self.pause_after.iter().map(|step| step.get()).collect();
        if let Some(wrong) = pauses.iter().find(|step| **step > last) {
            let steps = last + 1;
            bail!("--pause-after {wrong}: the ramp has {steps} steps, and only steps before the last can have a pause");
        }
        let steps = if sizes.is_empty() { Vec::new() } else { ramp(sizes, &pauses, targets) };
        let hosts = if targets == 1 { "1 host".to_owned() } else { format!("{targets} hosts") };
        for pause in &pauses {
            match steps.iter().position(|step| step.number == *pause) {
                // Nobody is there to be run on.
                _ if targets == 0 => {}
                None => {
                    bail!("--pause-after {pause}: with {hosts}, no host is in step {pause} of the ramp{}", seen(&steps))
                }
                Some(place) if place + 1 == steps.len() => {
                    bail!(
                        "--pause-after {pause}: with {hosts}, no host comes after step {pause} of the ramp{}",
                        seen(&steps)
                    )
                }
                Some(_) => {}
            }
        }
        Ok(Brake { steps, budgets: self.budgets() })
    }

    /// Whether some host has each label that limits hosts, as far as `has` tells.
    ///
    /// # Errors
    /// Nobody has one.
    pub fn check_labels(&self, has: impl Fn(&LabelLimit) -> bool) -> anyhow::Result<()> {
        match self.limit_per.iter().find(|limit| !has(limit)) {
            Some(LabelLimit { label, limit }) => {
                bail!("--limit-per {label}={limit}: no host of this run has a label or variable '{label}'")
            }
            None => Ok(()),
        }
    }

    fn budgets(&self) -> Budgets {
        let first = Share::Count(std::num::NonZeroUsize::MIN);
        let failed = if self.fail_fast { Some(first) } else { self.max_fail };
        Budgets { failed, unreachable: self.max_unreachable }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn parse(line: &[&str]) -> Result<RampArgs, clap::Error> {
        let command = Command::new("t").no_binary_name(true).args_override_self(true);
        let matches = RampArgs::augment_args(command).try_get_matches_from(line)?;
        RampArgs::from_arg_matches(&matches)
    }

    #[test]
    fn sizes_rise_as_far_as_anybody_can_know() {
        for text in ["1", "1,5,20%,100%", "10%,50", "50, 10%, 60", "100%"] {
            assert!(text.parse::<Ramp>().is_ok(), "{text}");
        }
        for text in ["", "5,1", "5,5", "20%,10%", "1,20%,1", "1,,5", "0", "1,101%", "a"] {
            assert!(text.parse::<Ramp>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pause_stands_before_a_step() {
        let brake = |line: &[&str]| parse(line).expect("right").brake(200).map(|brake| brake.steps);
        let steps = brake(&["--ramp", "1,5,20%", "--pause-after", "1,3"]).expect("steps");
        assert_eq!(steps.iter().map(|step| step.pauses).collect::<Vec<_>>(), [true, false, true, false]);
        assert!(brake(&["--ramp", "1,100%", "--pause-after", "1", "--pause-after", "2"]).is_err());
        assert!(brake(&["--ramp", "1", "--pause-after", "2"]).is_err());
        let refused =
            |line: &[&str], targets| parse(line).expect("right").brake(targets).expect_err("no pause").to_string();
        let shown = refused(&["--ramp", "1,5%,3,100%", "--pause-after", "2"], 20);
        assert_eq!(
            shown,
            "--pause-after 2: with 20 hosts, no host is in step 2 of the ramp; the hosts of its steps are 1: 1, 3: 2, 4: 17"
        );
        assert!(refused(&["--ramp", "1,5", "--pause-after", "2"], 4).contains("no host comes after step 2"));
        assert!(parse(&["--pause-after", "1"]).is_err() && parse(&["--gate", "$true"]).is_err(), "there are no steps");
        assert!(parse(&["--ramp", "1", "--pause-after", "0"]).is_err());
    }

    #[test]
    fn the_first_failure_is_a_budget_too() {
        let failed = |line: &[&str]| parse(line).expect("right").budgets().failed.map(|share| share.to_string());
        assert_eq!(failed(&["--fail-fast"]), Some("1".to_owned()));
        assert_eq!(failed(&["--max-fail=10%"]), Some("10%".to_owned()));
        assert_eq!(failed(&["--max-fail=10%", "--fail-fast"]), Some("1".to_owned()));
        assert_eq!(failed(&[]), None);
    }

    #[test]
    fn limits_name_a_label_and_a_number() {
        let args = parse(&["--limit-per", "site=5", "--limit-per", "a=b=1"]);
        assert!(args.is_err(), "a label has no = in it");
        let args = parse(&["--limit-per", "site=5", "--limit-per", "rack=1"]).expect("right");
        let limits: Vec<_> = args.limit_per.iter().map(|limit| (&*limit.label, limit.limit.get())).collect();
        assert_eq!(limits, [("site", 5), ("rack", 1)]);
        for wrong in ["site", "site=", "=5", "site=0", "site=many"] {
            assert!(parse(&["--limit-per", wrong]).is_err(), "{wrong}");
        }
    }
}
