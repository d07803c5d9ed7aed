//! What waits to be sent to a running pipeline, and in which order: one send at a time; no carrier, no clock.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::transport::{self, Priority};

/// Answers to host calls that wait to be sent. A host that asks faster than it takes answers is not listened to
/// meanwhile.
const QUEUED_ANSWERS: usize = 16;

/// The way out of a pipeline: answers to host calls go before input.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Answers to host calls, in the order of the calls.
    answers: VecDeque<Vec<Bytes>>,
    /// What is on its way.
    sending: Option<Priority>,
    /// Why input could not be delivered.
    pub(super) undelivered: Option<transport::Error>,
}

impl Outgoing {
    /// Whether there is room for what the host may ask next.
    pub(super) fn listens(&self) -> bool {
        self.answers.len() < QUEUED_ANSWERS
    }

    /// Whether nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.sending.is_none()
    }

    /// Whether input is on its way: a message must not be left half-way.
    pub(super) fn has_input_on_its_way(&self) -> bool {
        self.sending == Some(Priority::Default)
    }

    /// Puts an answer behind those that wait.
    pub(super) fn answer(&mut self, fragments: Vec<Bytes>) {
        self.answers.push_back(fragments);
    }

    /// Input that has just come is on its way now; with what priority.
    pub(super) fn input(&mut self) -> Priority {
        self.sending = Some(Priority::Default);
        Priority::Default
    }

    /// What to send now: an answer, else what `input` has. Nothing while something is on its way.
    pub(super) fn next(&mut self, input: impl FnOnce() -> Option<Vec<Bytes>>) -> Option<(Priority, Vec<Bytes>)> {
        if !self.is_idle() {
            return None;
        }
        let answer = self.answers.pop_front().map(|answer| (Priority::PromptResponse, answer));
        let next = answer.or_else(|| Some((Priority::Default, input()?)))?;
        self.sending = Some(next.0);
        Some(next)
    }

    /// What was on its way has arrived, or has not; says whether the pipeline can go on. One whose input was lost has
    /// to be stopped: the script may have ended for a reason of its own, and that is still to be received.
    ///
    /// # Errors
    /// An answer could not be delivered.
    pub(super) fn sent(&mut self, sent: Result<(), transport::Error>) -> Result<bool, transport::Error> {
        match (self.sending.take(), sent) {
            (Some(Priority::Default), Err(error)) => {
                self.undelivered = Some(error);
                Ok(false)
            }
            (_, sent) => sent.map(|()| true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Reason;

    fn fragments(number: u8) -> Vec<Bytes> {
        vec![Bytes::copy_from_slice(&[number])]
    }

    fn lost() -> transport::Error {
        transport::Error::new(Reason::LinkBroken, "gone".to_owned())
    }

    #[test]
    fn answers_go_first_and_one_send_is_on_its_way() {
        let mut outgoing = Outgoing::default();
        outgoing.answer(fragments(1));
        outgoing.answer(fragments(2));
        assert_eq!(outgoing.next(|| Some(fragments(9))), Some((Priority::PromptResponse, fragments(1))));
        assert_eq!(outgoing.next(|| Some(fragments(9))), None, "the first one is on its way");
        assert!(outgoing.sent(Ok(())).expect("sent"));
        assert_eq!(outgoing.next(|| Some(fragments(9))), Some((Priority::PromptResponse, fragments(2))));
        assert!(outgoing.sent(Ok(())).expect("sent"));
        assert_eq!(outgoing.next(|| Some(fragments(9))), Some((Priority::Default, fragments(9))));
        assert!(outgoing.has_input_on_its_way() && !outgoing.is_idle());
        assert!(outgoing.sent(Ok(())).expect("sent"));
        assert_eq!(outgoing.next(|| None), None);
        assert!(outgoing.is_idle(), "nothing was there to be sent");
        assert_eq!((outgoing.input(), outgoing.has_input_on_its_way()), (Priority::Default, true));
    }

    #[test]
    fn a_host_that_asks_too_fast_is_not_listened_to() {
        let mut outgoing = Outgoing::default();
        for number in 0..QUEUED_ANSWERS {
            assert!(outgoing.listens(), "{number}");
            outgoing.answer(fragments(0));
        }
        assert!(!outgoing.listens());
        assert!(outgoing.next(|| None).is_some() && outgoing.listens());
    }

    #[test]
    fn lost_input_stops_the_pipeline_and_a_lost_answer_ends_the_session() {
        let mut outgoing = Outgoing::default();
        assert!(outgoing.next(|| Some(fragments(1))).is_some());
        assert!(!outgoing.sent(Err(lost())).expect("the end is still to be received"));
        assert!(outgoing.undelivered.is_some());
        outgoing.answer(fragments(2));
        assert!(outgoing.next(|| None).is_some());
        assert!(outgoing.sent(Err(lost())).is_err());
    }
}
