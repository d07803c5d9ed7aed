//! Ctrl-C, SIGTERM, and the terminal that goes away.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::fleet::Interrupt;
use crate::job::Interrupts;

/// How long the words for a Ctrl-C may take before the run hears of it: whoever reads them may not read any more.
const WORDS: Duration = Duration::from_millis(200);

/// Turns signals into interrupts: the first one stops in order, the second one leaves. `on_ctrl_c` says so for a first
/// Ctrl-C, if it can, before the run hears of it. Returns the exit code of the first signal, once there was one.
///
/// # Errors
/// The system's refusal to install a handler. Must be called within a runtime.
pub(super) fn watch(
    interrupts: &Interrupts,
    on_ctrl_c: impl FnOnce() + Send + 'static,
) -> std::io::Result<Arc<OnceLock<u8>>> {
    let (interrupts, departure) = (interrupts.sender(), interrupts.departure());
    let mut signals = Signals::install()?;
    let code = Arc::new(OnceLock::new());
    let first_code = Arc::clone(&code);
    tokio::spawn(async move {
        let first = signals.next().await;
        if let Some(code) = first.exit_code() {
            let _ = first_code.set(code);
        }
        if first == Interrupt::Stop {
            let _ = tokio::time::timeout(WORDS, tokio::task::spawn_blocking(on_ctrl_c)).await;
        }
        let _ = interrupts.send(first).await;
        loop {
            signals.next().await;
            departure.leave();
            // A run that has ended needs none, but its output may still be held up, and the user wants to leave.
            let _ = interrupts.send(Interrupt::Leave).await;
        }
    });
    Ok(code)
}

/// Sees to it that a file that may not grow any more (`ulimit -f`, a quota) is an error like that of a full disk: by
/// default the system ends the process with a signal.
pub(super) fn outlive_limits_on_files() {
    #[cfg(unix)]
    unix::outlive_limits_on_files();
}

#[cfg(unix)]
use unix::Signals;
#[cfg(windows)]
use windows::Signals;

#[cfg(unix)]
mod unix {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use crate::fleet::Interrupt;

    pub(super) fn outlive_limits_on_files() {
        let exceeded = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        // The handler stays when the runtime is gone, and programs that we start have none. Without it all is as ever.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
            let _within = runtime.enter();
            let _ = signal(exceeded);
        }
    }

    pub(super) struct Signals {
        ctrl_c: Signal,
        terminate: Signal,
        /// The terminal was closed; `None` where that is to be ignored.
        hangup: Option<Signal>,
    }

    impl Signals {
        pub(super) fn install() -> std::io::Result<Self> {
            Ok(Self {
                ctrl_c: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) },
            })
        }

        pub(super) async fn next(&mut self) -> Interrupt {
            let hangup = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.ctrl_c.recv() => Interrupt::Stop,
                _ = self.terminate.recv() => Interrupt::Terminate,
                _ = hangup => Interrupt::Terminate,
            }
        }
    }

    /// Whether the program was started to outlive its terminal (`nohup`): a handler would undo that. Only Linux tells;
    /// elsewhere a closed terminal ends the run in order.
    fn ignores_hangup() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        let hangup = 1 << (SignalKind::hangup().as_raw_value() - 1);
        ignored & hangup != 0
    }
}

#[cfg(windows)]
mod windows {
    use tokio::signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
    };

    use crate::fleet::Interrupt;

    pub(super) struct Signals {
        ctrl_c: CtrlC,
        ctrl_break: CtrlBreak,
        close: CtrlClose,
        shutdown: CtrlShutdown,
    }

    impl Signals {
        pub(super) fn install() -> std::io::Result<Self> {
            Ok(Self { ctrl_c: ctrl_c()?, ctrl_break: ctrl_break()?, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
        }

        pub(super) async fn next(&mut self) -> Interrupt {
            tokio::select! {
                _ = self.ctrl_c.recv() => Interrupt::Stop,
                _ = self.ctrl_break.recv() => Interrupt::Stop,
                _ = self.close.recv() => Interrupt::Terminate,
                _ = self.shutdown.recv() => Interrupt::Terminate,
            }
        }
    }
}
