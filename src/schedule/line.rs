//! The line of connected targets that wait for a place, or for leave to prove their credential.

use std::time::Duration;

use super::{CredentialId, Gate, Verdict};
use crate::target::TargetId;

/// A connected target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InLine {
    /// When it was started, among all: whoever started earlier is served first.
    pub order: u64,
    /// Which target.
    pub target: TargetId,
    /// What it is about to prove, if that is a credential which the gate watches.
    pub proof: Option<CredentialId>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It gets a place, and may prove what it asked for.
    Admit(InLine),
    /// Its credential has tripped.
    Skip(TargetId),
    /// Nobody's; before this time only if something ends or is accepted.
    Nobody(Option<Duration>),
}

/// Connected targets in the order of their starts.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<InLine>);

impl Line {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn join(&mut self, one: InLine) {
        let place = self.0.partition_point(|other| other.order < one.order);
        self.0.insert(place, one);
    }

    pub(super) fn remove(&mut self, target: TargetId) {
        self.0.retain(|one| one.target != target);
    }

    /// Takes out the first whose turn it is; `room` says whether there is a place.
    pub(super) fn turn(&mut self, gate: &Gate, room: bool, now: Duration) -> Turn {
        let mut soonest: Option<Duration> = None;
        // Mostly all of a line are about to prove the same.
        let mut known: Option<(CredentialId, Verdict)> = None;
        let turn = |(place, one): (usize, &InLine)| {
            let verdict = one.proof.map(|credential| match known {
                Some((before, verdict)) if before == credential => verdict,
                _ => known.insert((credential, gate.verdict(credential, now))).1,
            });
            match verdict.unwrap_or(Verdict::Go) {
                Verdict::Tripped => return Some((place, Turn::Skip(one.target))),
                Verdict::Go if room => return Some((place, Turn::Admit(*one))),
                Verdict::Wait(Some(until)) if room => soonest = soonest.into_iter().chain([until]).min(),
                Verdict::Go | Verdict::Wait(_) => {}
            }
            None
        };
        let Some((place, turn)) = self.0.iter().enumerate().find_map(turn) else { return Turn::Nobody(soonest) };
        self.0.remove(place);
        turn
    }
}
