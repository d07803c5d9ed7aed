//! Single exchanges with a shell: which request goes out, and what its answer is.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use uuid::Uuid;

use super::fault_error::{from_fault, from_parse, refused};
use super::lock;
use crate::outcome::Reason;
use crate::target::{Target, WinrmEndpoint};
use crate::transport::http::{Failure, Lanes, TlsCache};
use crate::transport::{Channel, Error, offload};
use crate::wsman::names::code;
use crate::wsman::{Fault, Requests, Response};

/// Below this envelope size it is not the size that a server complains about, in bytes.
const SMALLEST_ENVELOPE: usize = 16 * 1024;

/// The lanes to a server, and what goes into the requests on them.
pub(super) struct Wire {
    pub(super) lanes: Lanes,
    configuration_name: String,
    state: Mutex<State>,
}

struct State {
    requests: Requests,
    /// The shell that they are addressed to.
    shell_id: String,
    /// The server's ids of our pipelines.
    commands: HashMap<Uuid, String>,
    /// The largest envelope that the server takes, in bytes.
    envelope: usize,
}

impl Wire {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// When policy forbids the way in.
    pub(super) fn new(target: &Target, endpoint: &WinrmEndpoint, tls_cache: &TlsCache) -> Result<Self, Error> {
        let lanes = Lanes::new(target, endpoint, tls_cache)?;
        let requests = Requests::new(&endpoint.url(), &endpoint.configuration_name, Uuid::new_v4());
        let envelope = requests.max_envelope();
        let state = State { envelope, requests, shell_id: String::new(), commands: HashMap::new() };
        Ok(Self { lanes, configuration_name: endpoint.configuration_name.clone(), state: Mutex::new(state) })
    }

    /// The text of a request.
    pub(super) fn request(&self, make: impl FnOnce(&Requests) -> String) -> String {
        make(&lock(&self.state).requests)
    }

    /// One exchange on the shell. `sending` is called just before the request leaves.
    pub(super) async fn exchange(
        &self,
        make: impl FnOnce(&Requests) -> String,
        patience: Duration,
        sending: impl Fn() + Send + Sync,
    ) -> Result<Response, Failure> {
        self.exchange_for(None, make, patience, sending).await
    }

    /// One exchange whose answer may hold output of a command.
    pub(super) async fn exchange_for(
        &self,
        command_id: Option<&str>,
        make: impl FnOnce(&Requests) -> String,
        patience: Duration,
        sending: impl Fn() + Send + Sync,
    ) -> Result<Response, Failure> {
        let request = self.request(make);
        let text = match self.lanes.exchange(&request, patience, sending).await {
            // The HTTP layer of the server is stricter than its WSMan layer.
            Err(Failure::Final(error)) if error.fault == Some(code::HTTP_TOO_LARGE) => {
                let fault = Fault { code: code::ENVELOPE_TOO_LARGE, message: error.message, ..Fault::default() };
                return Ok(Response::Fault(Box::new(fault)));
            }
            text => text?,
        };
        // On a shell that is there, whatever cannot be read may be the answer to something that was done.
        read(text, command_id).await.map_err(|failure| Failure::Broken(failure.into_error()))
    }

    /// Addresses all further requests to a shell.
    pub(super) fn select(&self, shell_id: &str) {
        let mut state = lock(&self.state);
        state.requests.select(shell_id);
        shell_id.clone_into(&mut state.shell_id);
    }

    /// The shell that requests are addressed to.
    pub(super) fn shell_id(&self) -> String {
        lock(&self.state).shell_id.clone()
    }

    /// The server is WinRM 3 or later.
    pub(super) fn use_large_envelopes(&self) {
        let mut state = lock(&self.state);
        state.requests.use_large_envelopes();
        state.envelope = state.requests.max_envelope();
    }

    /// How many bytes of fragments fit into one request.
    pub(super) fn capacity(&self) -> usize {
        let state = lock(&self.state);
        state.requests.capacity(state.envelope)
    }

    /// Halves the envelope, unless it is small already.
    pub(super) fn shrink(&self) -> bool {
        let mut state = lock(&self.state);
        let fits = state.envelope / 2 >= SMALLEST_ENVELOPE;
        if fits {
            state.envelope /= 2;
        }
        fits
    }

    /// Takes note of the server's id of a pipeline.
    pub(super) fn started(&self, pipeline: Uuid, command_id: String) {
        lock(&self.state).commands.insert(pipeline, command_id);
    }

    /// The server's id of a pipeline, if it was started and not ended.
    pub(super) fn command(&self, pipeline: Uuid) -> Option<String> {
        lock(&self.state).commands.get(&pipeline).cloned()
    }

    /// A pipeline has ended.
    pub(super) fn ended(&self, pipeline: Uuid) {
        lock(&self.state).commands.remove(&pipeline);
    }

    /// The shell has ended, and everything in it.
    pub(super) fn all_ended(&self) {
        lock(&self.state).commands.clear();
    }

    /// The server's id of a channel's command, `None` for the pool.
    pub(super) fn command_id(&self, channel: Channel) -> Result<Option<String>, Error> {
        let Channel::Pipeline(pipeline) = channel else { return Ok(None) };
        let found = self.command(pipeline);
        found.map(Some).ok_or_else(|| Error::new(Reason::Internal, format!("no command {pipeline} was started")))
    }

    /// A fault in answer to a Command or Send in words.
    pub(super) fn refused(&self, fault: &Fault) -> Error {
        refused(fault, &self.configuration_name)
    }

    /// A fault in words.
    pub(super) fn error(&self, fault: &Fault) -> Error {
        from_fault(fault, &self.configuration_name)
    }
}

/// Reads an answer; of output, what belongs to the command, or to the shell.
pub(super) async fn read(text: String, command_id: Option<&str>) -> Result<Response, Failure> {
    let command_id = command_id.map(str::to_owned);
    let parsed = offload(text.len(), move || Response::parse(&text, command_id.as_deref())).await;
    parsed.map_err(|error| from_parse(&error))
}
