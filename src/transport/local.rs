//! The local transport: a PowerShell server as a child process, spoken to over its stdin and stdout.

use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::outofproc::{OutOfProcCarrier, Peer};
use super::tail::Tail;
use super::{Carrier, Error};
use crate::error_text;
use crate::outcome::Reason;
use crate::secret::is_secret_variable;
use crate::target::LocalEndpoint;

/// How long the server may take to leave after the end of its input.
const EXIT_WAIT: Duration = Duration::from_secs(3);

/// Starts the endpoint's PowerShell in server mode.
///
/// # Errors
/// [`Reason::NoPowershell`] when the program cannot be started.
pub fn start(endpoint: &LocalEndpoint) -> Result<Box<dyn Carrier>, Error> {
    start_with(endpoint, |_| {})
}

/// Starts the endpoint's PowerShell in server mode, with variables and a current folder of the caller's choice.
///
/// # Errors
/// Those of [`start`].
pub fn start_with(endpoint: &LocalEndpoint, settle: impl FnOnce(&mut Command)) -> Result<Box<dyn Carrier>, Error> {
    let mut command = Command::new(&endpoint.pwsh);
    // Scripts get what they are given, nothing else.
    for name in std::env::vars_os().map(|(name, _)| name).filter(|name| is_secret_variable(name)) {
        command.env_remove(name);
    }
    settle(&mut command);
    command.args(["-NoLogo", "-NoProfile", "-s"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // Its own process group: a Ctrl-C on our terminal is ours to handle, the child is to be closed in order.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| {
        let program = endpoint.pwsh.display();
        Error::new(Reason::NoPowershell, format!("cannot start PowerShell ({program}): {}", error_text::io(&error)))
            .with_hint("install PowerShell 7, or name the program with --pwsh PATH")
    })?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Error::new(Reason::Internal, "the child's streams are not there"));
    };
    let peer = ChildPeer::new(child, stderr);
    Ok(Box::new(OutOfProcCarrier::new(stdout, stdin, Box::new(peer))))
}

/// How a child ended, in words.
fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("PowerShell was ended by signal {signal}");
    }
    status
        .code()
        .map_or_else(|| "PowerShell ended".to_owned(), |code| format!("PowerShell ended with exit code {code}"))
}

/// The child behind the streams.
struct ChildPeer {
    child: tokio::sync::Mutex<Child>,
    stderr: Arc<Mutex<Tail>>,
    stderr_reader: JoinHandle<()>,
}

impl ChildPeer {
    fn new(child: Child, stderr: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let tail = Arc::new(Mutex::new(Tail::default()));
        let stderr_reader = tokio::spawn(keep_tail(stderr, Arc::clone(&tail)));
        Self { child: tokio::sync::Mutex::new(child), stderr: tail, stderr_reader }
    }
}

#[async_trait]
impl Peer for ChildPeer {
    async fn obituary(&self) -> Option<String> {
        let status = tokio::time::timeout(EXIT_WAIT, async { self.child.lock().await.wait().await }).await;
        let status = match status {
            Ok(Ok(status)) => ending(status),
            _ => return None,
        };
        let tail = self.stderr.lock().unwrap_or_else(PoisonError::into_inner).text();
        Some(if tail.is_empty() { status } else { format!("{status}: {tail}") })
    }

    fn never_started(&self) -> Option<&'static str> {
        Some("is it PowerShell 7? name the program with --pwsh PATH")
    }

    async fn end(&self, mute: bool) {
        let mut child = self.child.lock().await;
        let patience = if mute { Duration::ZERO } else { EXIT_WAIT };
        if tokio::time::timeout(patience, child.wait()).await.is_err() {
            // It hangs. Killing can only fail when it has just left.
            let _ = child.kill().await;
        }
    }
}

impl Drop for ChildPeer {
    fn drop(&mut self) {
        self.stderr_reader.abort();
    }
}

/// Reads a diagnostic stream to its end, so that its writer never blocks, and keeps the last lines.
async fn keep_tail(mut stream: impl AsyncRead + Unpin, tail: Arc<Mutex<Tail>>) {
    let mut bytes = [0; 8192];
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        tail.lock().unwrap_or_else(PoisonError::into_inner).write(&bytes[..count]);
    }
    tail.lock().unwrap_or_else(PoisonError::into_inner).end_line();
}
