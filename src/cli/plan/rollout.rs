//! How a run would go over its hosts, as plans show it: steps, budgets and limits.

use std::fmt::Write;
use std::num::NonZeroUsize;

use serde::Serialize;

use crate::cli::args::rollout::{RolloutArgs, Throttle};
use crate::fleet::{LabelLimit, Step};
use crate::inventory::HostSettings;
use crate::output::sanitize_line;

/// How a run would go over its hosts.
#[derive(Debug, Serialize)]
pub(super) struct Rollout {
    /// A number, or `auto`.
    throttle: serde_json::Value,
    /// What goes beside them in the same way.
    connect_throttle: usize,
    /// Where that is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_sessions: Option<usize>,
    /// One with all hosts where no ramp is asked for.
    steps: Vec<PlannedStep>,
    gates: Vec<String>,
    limit_per: Vec<LimitPer>,
    /// As they were asked for: `5`, `10%`.
    max_fail: Option<String>,
    max_unreachable: Option<String>,
    deadline_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct PlannedStep {
    number: usize,
    /// Hosts of this step and those before it.
    hosts: usize,
    pauses: bool,
}

#[derive(Debug, Serialize)]
struct LimitPer {
    label: String,
    hosts: usize,
}

/// Whether a host has the label or a variable of that name; the value of each is single.
fn has_label(host: &HostSettings, limit: &LabelLimit) -> bool {
    let is_named = |name: &String| name.eq_ignore_ascii_case(&limit.label);
    let has_variable = || host.effective.vars.iter().any(|(name, var)| is_named(name) && var.value.single().is_some());
    host.effective.labels.keys().any(is_named) || has_variable()
}

impl Rollout {
    /// For these hosts.
    ///
    /// # Errors
    /// Steps that there cannot be, and labels that no host has.
    pub(super) fn new(args: &RolloutArgs, settings: &[HostSettings]) -> anyhow::Result<Self> {
        args.ramp.check_labels(|limit| settings.iter().any(|host| has_label(host, limit)))?;
        let hosts = settings.len();
        let brake = args.ramp.brake(hosts)?;
        let steps = match brake.steps {
            steps if steps.is_empty() => vec![Step { number: 1, end: hosts, pauses: false }],
            steps => steps,
        };
        let planned = |step: Step| PlannedStep { number: step.number, hosts: step.end, pauses: step.pauses };
        let limit_per = args.ramp.limit_per.iter();
        Ok(Self {
            throttle: match args.throttle {
                // Who is at work has a session.
                Throttle::Fixed(_) => args.limits().throttle.get().into(),
                Throttle::Auto => "auto".into(),
            },
            connect_throttle: args.limits().connecting.get(),
            max_sessions: args.max_sessions.map(NonZeroUsize::get),
            steps: steps.into_iter().map(planned).collect(),
            gates: args.ramp.gate.clone(),
            limit_per: limit_per
                .map(|limit| LimitPer { label: limit.label.clone(), hosts: limit.limit.get() })
                .collect(),
            max_fail: brake.budgets.failed.map(|share| share.to_string()),
            max_unreachable: brake.budgets.unreachable.map(|share| share.to_string()),
            deadline_ms: args.deadline.map(|deadline| u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX)),
        })
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let throttle = self.throttle.as_str().map_or_else(|| self.throttle.to_string(), str::to_owned);
        let mut text = format!("At once: {throttle} at work, {} connecting", self.connect_throttle);
        if let Some(sessions) = self.max_sessions {
            let _ = write!(text, ", {sessions} with an open session");
        }
        for LimitPer { label, hosts } in &self.limit_per {
            let _ = write!(text, ", {hosts} with one {}", sanitize_line(label));
        }
        text.push('\n');
        if let [_, _, ..] = self.steps.as_slice() {
            text.push_str("Steps:\n");
            let mut before = 0;
            for (place, step) in self.steps.iter().enumerate() {
                // A number that is not there would be looked for.
                let empty = place.checked_sub(1).map_or(1, |last| self.steps[last].number + 1)..step.number;
                for number in empty {
                    let _ = writeln!(text, "  {number}: no host, as the step before it reaches as far");
                }
                let pause = if step.pauses { ", then a pause" } else { "" };
                let hosts = if step.hosts - before == 1 { "host" } else { "hosts" };
                let _ = writeln!(text, "  {}: {} {hosts}{pause}", step.number, step.hosts - before);
                before = step.hosts;
            }
        }
        for gate in &self.gates {
            let _ = writeln!(text, "Gate after each step: {}", sanitize_line(gate));
        }
        let budgets = [(&self.max_fail, "failed"), (&self.max_unreachable, "could not be reached or logged on to")];
        for (limit, what) in budgets {
            if let Some(limit) = limit {
                let _ = writeln!(text, "No other host starts once {limit} of them {what}");
            }
        }
        text
    }
}
