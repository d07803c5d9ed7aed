//! The user as the host of a session: sees what scripts write, answers what they ask.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::input::Input;
use super::question;
use super::screen::Screen;
use crate::clixml::Document;
use crate::psrp::{HostCall, HostMethod};
use crate::session::{HostReply, Records};
use crate::stream::Stream;

/// The user of one pipeline.
pub(super) struct User<'s> {
    /// Where answers come from.
    pub input: Arc<Mutex<Input>>,
    /// Where everything is shown.
    pub screen: &'s mut Screen,
    /// Stops the pipeline when the user leaves a question by Ctrl-C.
    pub stop: CancellationToken,
    /// The user wants to leave the session, by `Exit-PSSession`.
    pub leaves: bool,
}

impl Records for User<'_> {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        // The formatter on the other side has written everything else to the host already.
        if matches!(stream, Stream::Error | Stream::Output | Stream::Progress) {
            self.screen.record(stream, value);
        }
        ControlFlow::Continue(())
    }

    async fn host_call(&mut self, call: &HostCall) -> HostReply {
        if call.method() == HostMethod::PopRunspace {
            self.leaves = true;
            return HostReply::Done;
        }
        if !call.wants_answer() {
            self.screen.call(call);
            return HostReply::Done;
        }
        if !call.method().needs_user() {
            return HostReply::Refused;
        }
        self.screen.settle();
        let (input, call) = (Arc::clone(&self.input), call.clone());
        let asking = tokio::task::spawn_blocking(move || {
            let mut input = input.lock().unwrap_or_else(PoisonError::into_inner);
            question::ask(&call, &mut |prompt, hidden| if hidden { input.hidden(prompt) } else { input.line(prompt) })
        });
        match asking.await {
            Ok(Ok(Some(answer))) => HostReply::Answer(answer),
            // Ctrl-C, Ctrl-D or a broken terminal: there will be no answer.
            _ => {
                self.stop.cancel();
                HostReply::Refused
            }
        }
    }
}
