//! Ctrl-C and SIGTERM.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::fleet::Interrupt;

/// Turns signals into interrupts: the first Ctrl-C stops in order, the second leaves; SIGTERM stops in order. The token
/// that comes back is cancelled when the user leaves.
///
/// # Errors
/// The system's refusal to install a handler. Must be called within a runtime.
pub fn watch(interrupts: mpsc::Sender<Interrupt>) -> std::io::Result<CancellationToken> {
    let left = CancellationToken::new();
    let leaving = left.clone();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut ctrl_c = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            let mut stopping = false;
            loop {
                let first = tokio::select! {
                    _ = ctrl_c.recv() => Interrupt::Stop,
                    _ = terminate.recv() => Interrupt::Terminate,
                };
                let again = std::mem::replace(&mut stopping, true);
                let interrupt = if again { Interrupt::Leave } else { first };
                if again {
                    leaving.cancel();
                }
                if interrupts.send(interrupt).await.is_err() {
                    return;
                }
            }
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        let mut next = Interrupt::Stop;
        while tokio::signal::ctrl_c().await.is_ok() && interrupts.send(next).await.is_ok() {
            if next == Interrupt::Leave {
                leaving.cancel();
            }
            next = Interrupt::Leave;
        }
    });
    Ok(left)
}
