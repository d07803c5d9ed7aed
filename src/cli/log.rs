//! What the program logs of itself: to stderr where `RUST_LOG` asks for it, and to the file of `--log-file`.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::anyhow;
use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::args::log::{LogArgs, LogFormat};
use crate::error_text;

/// What a log file gets unless a variable says otherwise.
const OF_FILE: &str = "psfleet=debug";

/// The variable that asks for more or less in it.
const OWN: &str = "PSFLEET_LOG";

/// Begins to log.
///
/// # Errors
/// The file cannot be opened, or `PSFLEET_LOG` is no filter.
pub(super) fn begin(args: &LogArgs) -> anyhow::Result<()> {
    let stderr = asked("RUST_LOG").unwrap_or_default();
    // sspi logs messages before it seals them, and tokens: never, whatever is asked for. The level is for what nobody
    // asks for at all: without one, every library's spans would be made, to be seen by nobody.
    let is_safe = |event: &Metadata<'_>| !event.target().starts_with("sspi");
    let safe = || filter_fn(is_safe).with_max_level_hint(LevelFilter::TRACE);
    let stderr =
        layer(args.log_format, std::io::stderr, std::io::stderr().is_terminal()).with_filter(stderr.and(safe()));
    let file = args.log_file.as_deref().map(|path| {
        let opened = open(path)
            .map_err(|error| anyhow!("cannot open the log file {}: {}", path.display(), error_text::io(&error)));
        let own = std::env::var(OWN).ok().filter(|text| !text.is_empty());
        let own =
            own.map(|text| text.parse().map_err(|_| anyhow!("{OWN}: '{text}' is not a filter, such as {OF_FILE}")));
        let wanted = own.transpose()?.or_else(|| asked("RUST_LOG"));
        let wanted = wanted.or_else(|| OF_FILE.parse().ok()).unwrap_or_default();
        opened.map(|file| layer(args.log_format, LogFile::new(path, file), false).with_filter(wanted.and(safe())))
    });
    tracing_subscriber::registry().with(stderr).with(file.transpose()?).init();
    Ok(())
}

/// What a variable asks for, if it is set and can be read.
fn asked(variable: &str) -> Option<Targets> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())?.parse().ok()
}

fn layer<S, W>(format: LogFormat, writer: W, ansi: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Text => layer.with_ansi(ansi).boxed(),
        LogFormat::Json => layer.json().boxed(),
    }
}

/// Appends, and lets nobody else read what is new.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    // To open a pipe that nobody reads would wait for a reader, and nothing has begun by then.
    let at_once = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(at_once).open(path);
    let file = opened.map_err(|error| match rustix::io::Errno::from_io_error(&error) {
        Some(rustix::io::Errno::NXIO) => io::Error::other("it is a pipe that nobody reads from"),
        _ => error,
    })?;
    // What is written may wait.
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Appends.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// A log file. One that can no longer be written ends no run: this is said once.
struct LogFile {
    path: PathBuf,
    /// Nothing once it has failed.
    file: Mutex<Option<File>>,
}

impl LogFile {
    fn new(path: &Path, file: File) -> Self {
        Self { path: path.to_owned(), file: Mutex::new(Some(file)) }
    }
}

impl Write for &LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = file.as_mut().map(|file| file.write_all(bytes)) {
            *file = None;
            let path = self.path.display();
            anstream::eprintln!("warning: {path}: {}; nothing more is logged there", error_text::io(&error));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a LogFile;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}
