//! How many hosts at once, how often, how long: the flags of every command that works on many hosts.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::number;
use super::ramp::RampArgs;
use crate::config;
use crate::fleet::{Limits, RunSpec};

/// How a run goes over its hosts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Execute")]
pub struct RolloutArgs {
    /// How many hosts are at work at once; auto finds out: from 8 on upwards, half as many where servers are overloaded,
    /// out of quota or slow
    #[arg(
        short = 'c',
        long,
        env = "PSFLEET_THROTTLE",
        value_name = "N|auto",
        default_value_t = Throttle::Fixed(RunSpec::THROTTLE),
        aliases = ["throttle-limit", "forks", "fanout", "concurrency"]
    )]
    pub throttle: Throttle,

    /// How many hosts may be connecting, so that dead ones do not hold up the others [default: 4 x throttle, at most
    /// 256, at least throttle; 1 with a throttle of 1, which keeps the order of the hosts]
    #[arg(long, env = "PSFLEET_CONNECT_THROTTLE", value_name = "N", value_parser = number::count)]
    pub connect_throttle: Option<NonZeroUsize>,

    /// How many sessions may be open at once, idle ones included; the longest idle one is closed where room is needed
    /// [default: hosts at work, twice that with a gate]
    #[arg(long, env = "PSFLEET_MAX_SESSIONS", value_name = "N", value_parser = number::count)]
    pub max_sessions: Option<NonZeroUsize>,

    /// Further attempts after a connection fault; a script that has started is never repeated. What a quota of the host
    /// refuses is tried again until its --open-timeout is over, unless N is 0
    #[arg(long, env = "PSFLEET_RETRIES", value_name = "N", default_value_t = RunSpec::RETRIES, value_parser = number::whole::<u32>)]
    pub retries: u32,

    /// Time before the second attempt, doubled for each one after it; up to half of it is taken off at random
    #[arg(long, env = "PSFLEET_RETRY_DELAY", value_name = "TIME", default_value = "2s", value_parser = config::parse_duration)]
    pub retry_delay: Duration,

    /// Stop trying a credential in this run after N refusals, unless a host has accepted it
    #[arg(long, env = "PSFLEET_AUTH_FAIL_LIMIT", value_name = "N", default_value_t = RunSpec::AUTH_FAIL_LIMIT,
          value_parser = number::at_least_one::<u32>)]
    pub auth_fail_limit: u32,

    /// Limit for the whole run: then nothing more is started, and what runs is stopped
    #[arg(long, env = "PSFLEET_DEADLINE", value_name = "TIME", value_parser = config::parse_duration)]
    pub deadline: Option<Duration>,

    /// Hosts that wrote error records count as failed: in the exit code, for --max-fail and between the steps of a ramp
    #[arg(long, env = "PSFLEET_STRICT", value_parser = BoolishValueParser::new(), num_args = 0, default_value_t = false,
          default_missing_value = "true")]
    pub strict: bool,

    /// Exit with 0 whatever the hosts did; usage errors and interrupts keep their codes
    #[arg(long, env = "PSFLEET_EXIT_ZERO", value_parser = BoolishValueParser::new(), num_args = 0, default_value_t = false,
          default_missing_value = "true")]
    pub exit_zero: bool,

    /// Steps, budgets and limits.
    #[command(flatten)]
    pub ramp: RampArgs,
}

/// How many hosts are at work at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// So many.
    Fixed(NonZeroUsize),
    /// As many as the run finds out.
    Auto,
}

impl FromStr for Throttle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            Ok(Self::Auto)
        } else {
            number::count(text).map(Self::Fixed).map_err(|why| why + ", or auto")
        }
    }
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(number) => write!(f, "{number}"),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl RolloutArgs {
    /// The limits that the flags ask for.
    pub fn limits(&self) -> Limits {
        let throttle = match self.throttle {
            Throttle::Fixed(number) => number,
            Throttle::Auto => RunSpec::MOST_AT_ONCE,
        };
        // A host at work has a session.
        let usual = Limits::new(self.max_sessions.map_or(throttle, |most| throttle.min(most)));
        Limits { connecting: self.connect_throttle.unwrap_or(usual.connecting), ..usual }
    }
}
