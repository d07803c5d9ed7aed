//! Programs that answer: started, read to their end, stopped when they take too long or write too much.
//!
//! [`output`] is of inventories, [`secret()`] of password managers.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use zeroize::{Zeroize, Zeroizing};

use crate::error_text;
use crate::secret::{self, Secret};

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How long is waited for the end of a program whose streams have ended, and for the end of the streams of a program that
/// has ended: what it started in the background may hold them for ever.
const FOR_ITS_END: Duration = Duration::from_secs(2);
const FOR_ITS_STREAMS: Duration = Duration::from_secs(1);

/// How long between two looks at a program.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The most bytes of an answer.
const MOST: usize = 64 << 20;

/// Of what a program says is wrong, so many bytes are kept, and so many lines shown, the last ones.
const MOST_ERRORS: usize = 64 << 10;
const LINES: usize = 5;
const LINE: usize = 300;

/// What a program writes to stdout. Its stdin is empty, and of our variables it has all but those that are secret.
///
/// # Errors
/// One line: it does not start, ends with an error, takes too long or writes too much.
pub(super) fn output(
    program: &Path,
    arguments: &[&str],
    variables: impl Iterator<Item = OsString>,
) -> Result<Vec<u8>, String> {
    // A name without a folder is a file here, not one on the PATH.
    let program = std::path::absolute(program).map_err(|error| error_text::io(&error))?;
    answer(without_secrets(Command::new(program), variables).args(arguments), LIMIT, MOST)
}

/// What a program writes to stdout, which is a secret. A name without a folder is looked for on PATH.
///
/// # Errors
/// Those of [`output`], or that it is not UTF-8; with the program's name, and nothing of what it wrote to stdout.
pub(super) fn secret(words: &[String], variables: impl Iterator<Item = OsString>) -> Result<Secret<String>, String> {
    secret_within(words, variables, LIMIT)
}

fn secret_within(
    words: &[String],
    variables: impl Iterator<Item = OsString>,
    limit: Duration,
) -> Result<Secret<String>, String> {
    let (program, arguments) = words.split_first().ok_or("no program is named")?;
    let named = |what: String| format!("the program '{program}' {what}");
    let mut command = without_secrets(Command::new(program), variables);
    let bytes = answer(command.args(arguments), limit, secret::MOST).map(Zeroizing::new).map_err(named)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| named("writes what is not UTF-8".to_owned()))?;
    Ok(Secret::new(text.to_owned()))
}

fn without_secrets(mut command: Command, variables: impl Iterator<Item = OsString>) -> Command {
    for name in variables.filter(|name| secret::is_secret_variable(name)) {
        command.env_remove(name);
    }
    command
}

/// What a program writes to stdout, at most so much.
fn answer(command: &mut Command, limit: Duration, most: usize) -> Result<Vec<u8>, String> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("does not start: {}", error_text::io(&error)))?;
    let (wake, woken) = channel();
    // One byte more than an answer may have tells that there is more.
    let answer = Stream::of(child.stdout.take(), most + 1, &wake);
    // More than is kept is read all the same: whoever writes it must not wait for us.
    let said = Stream::of(child.stderr.take(), MOST_ERRORS, &wake);
    let result = ended(&mut child, (&answer, most), &said, limit, &woken);
    if result.is_err() {
        // It may have ended by itself; then there is nothing to stop. What it has started would go on without it.
        let started = started_by(child.id());
        let _ = child.kill();
        started.into_iter().for_each(stop);
        let _ = child.wait();
    }
    let status = result?;
    if status.success() { Ok(answer.taken()) } else { Err(format!("{}{}", ending(status), last_lines(&said.taken()))) }
}

/// The processes that a process has started, and those that these have, as far as the system tells (Linux). A group of
/// processes would know all of them, but one of its own neither hears a Ctrl-C nor may it ask at the terminal.
fn started_by(process: u32) -> Vec<u32> {
    /// More than any program needs to list hosts, or to tell a password.
    const MOST: usize = 1000;
    let mut found = vec![process];
    let mut at = 0;
    while at < found.len() && found.len() < MOST {
        for thread in std::fs::read_dir(format!("/proc/{}/task", found[at])).into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|number| number.parse::<u32>().ok()));
        }
        at += 1;
    }
    found.split_off(1)
}

#[cfg(unix)]
fn stop(process: u32) {
    let number = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // It may have ended meanwhile.
    let _ = number.map(|number| rustix::process::kill_process(number, rustix::process::Signal::KILL));
}

/// Elsewhere nothing is found that could be stopped.
#[cfg(not(unix))]
fn stop(_: u32) {}

/// Waits for the end of a program and of its streams, or for as much of it as there will be.
fn ended(
    child: &mut Child,
    (answer, most): (&Stream, usize),
    said: &Stream,
    limit: Duration,
    woken: &Receiver<()>,
) -> Result<ExitStatus, String> {
    let mut status = None;
    let mut before = (false, false);
    let mut left = limit;
    loop {
        // The streams are looked at first: what ends after the look wakes us.
        let have_ended = [answer.has_ended()?, said.has_ended()?] == [true, true];
        if answer.len() > most {
            return Err(match most >> 20 {
                0 => format!("writes more than {} KiB", most >> 10),
                mebibytes => format!("writes more than {mebibytes} MiB"),
            });
        }
        if status.is_none() {
            status = child.try_wait().map_err(|error| error_text::io(&error))?;
        }
        let now = (status.is_some(), have_ended);
        if now != before {
            left = if status.is_some() { FOR_ITS_STREAMS } else { FOR_ITS_END };
            before = now;
        }
        match (status, have_ended) {
            (Some(status), true) => return Ok(status),
            (Some(status), false) if left.is_zero() => return Ok(status),
            (None, true) if left.is_zero() => {
                return Err("has ended its output, but not itself, and was stopped".to_owned());
            }
            (None, false) if left.is_zero() => {
                return Err(format!("has not ended within {} s and was stopped", limit.as_secs()));
            }
            _ => {}
        }
        // Only whole pauses count, so that this needs no clock.
        if woken.recv_timeout(BETWEEN_LOOKS).is_err() {
            left = left.saturating_sub(BETWEEN_LOOKS);
        }
    }
}

/// A stream of a program, read beside us: the first bytes of it are kept.
struct Stream(Arc<Mutex<Written>>);

/// What was read so far. It may be secret, so nobody finds it in memory later.
struct Written {
    bytes: Vec<u8>,
    end: Option<io::Result<()>>,
}

impl Written {
    /// Small limits have their room at once: bytes that are moved to more of it would leave a copy behind.
    fn at_most(most: usize) -> Self {
        Self { bytes: Vec::with_capacity(most.min(secret::MOST + 1)), end: None }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Stream {
    /// Reads a stream to its end, or until nobody wants to know any more; wakes us at its end and once it is full.
    fn of(stream: Option<impl Read + Send + 'static>, most: usize, wake: &Sender<()>) -> Self {
        let written = Arc::new(Mutex::new(Written::at_most(most)));
        let (wanted, wake) = (Arc::downgrade(&written), wake.clone());
        thread::spawn(move || {
            let Some(mut stream) = stream else { return };
            let mut chunk = Zeroizing::new(vec![0; 64 << 10]);
            loop {
                let read = match stream.read(&mut chunk) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read,
                };
                let Some(written) = wanted.upgrade() else { return };
                let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                let is_over = match read {
                    Ok(0) => Some(Ok(())),
                    Ok(read) => {
                        let room = most - written.bytes.len();
                        written.bytes.extend(chunk.iter().take(read.min(room)));
                        if room > 0 && read >= room {
                            // Nobody waits for it any more if the time is up.
                            let _ = wake.send(());
                        }
                        None
                    }
                    Err(error) => Some(Err(error)),
                };
                if is_over.is_some() {
                    written.end = is_over;
                    let _ = wake.send(());
                    return;
                }
            }
        });
        Self(written)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Written) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn has_ended(&self) -> Result<bool, String> {
        self.with(|written| match &written.end {
            Some(Err(error)) => Err(format!("cannot be read: {}", error_text::io(error))),
            end => Ok(end.is_some()),
        })
    }

    fn len(&self) -> usize {
        self.with(|written| written.bytes.len())
    }

    fn taken(&self) -> Vec<u8> {
        self.with(|written| std::mem::take(&mut written.bytes))
    }
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "was ended by a signal".to_owned(),
    }
}

/// The last lines of what a program said, as one that no terminal obeys.
fn last_lines(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(LINES));
    let shown: Vec<String> =
        last.map(|line| line.chars().take(LINE).flat_map(char::escape_debug).collect::<String>()).collect();
    if shown.is_empty() { String::new() } else { format!(": {}", shown.join(" | ")) }
}

/// Whether the system would start a file: it is one that may be executed.
#[cfg(unix)]
pub(super) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.mode() & 0o111 != 0)
}

/// Whether the system would start a file: by its suffix. Scripts (`.py`, `.ps1`) are started by another program there.
#[cfg(not(unix))]
pub(super) fn is_program(path: &Path) -> bool {
    let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default().to_lowercase();
    path.is_file() && matches!(suffix.as_str(), "exe" | "com" | "cmd" | "bat")
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;
    use std::time::Duration;

    use super::{MOST, answer, is_program, output, secret_within};

    fn script(folder: &tempfile::TempDir, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join("script");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
        assert!(!is_program(&path));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("executable");
        assert!(is_program(&path) && !is_program(folder.path()));
        path
    }

    fn run(text: &str, limit: u64) -> Result<String, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = script(&folder, text);
        answer(Command::new(path).arg("--list"), Duration::from_secs(limit), MOST)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn a_program_is_read_to_its_end() {
        assert_eq!(run("cat; echo \"$1\"; echo noise >&2", 60), Ok("--list\n".to_owned()));
        assert_eq!(run("head -c 300000 /dev/zero >&2; echo x", 60), Ok("x\n".to_owned()));
    }

    #[test]
    fn one_that_fails_says_why() {
        let wrong = run("printf 'no\\033[2Jcloud\\n\\n' >&2; exit 3", 60);
        assert_eq!(wrong, Err("ended with exit code 3: no\\u{1b}[2Jcloud".to_owned()));
        assert_eq!(run("kill -9 $$", 60), Err("was ended by a signal".to_owned()));
    }

    #[test]
    fn one_that_takes_too_long_is_stopped() {
        assert_eq!(run("exec sleep 600", 0), Err("has not ended within 0 s and was stopped".to_owned()));
        let closes = run("exec sleep 600 >/dev/null 2>&1", 60);
        assert_eq!(closes, Err("has ended its output, but not itself, and was stopped".to_owned()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_it_has_started_is_stopped_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        // A reader of a pipe finds its end when nobody holds it open any more.
        let text = format!("exec 3<>'{0}'; echo started >&3; sh -c 'sleep 600 & sleep 600'; exit 1", pipe.display());
        let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).expect("text"));
        let wrong = run(&text, 2);
        assert_eq!(wrong, Err("has not ended within 2 s and was stopped".to_owned()));
        assert_eq!(reader.join().expect("read"), "started\n");
    }

    #[test]
    fn what_it_leaves_in_the_background_holds_nobody() {
        assert_eq!(run("sleep 30 & echo x", 5), Ok("x\n".to_owned()));
        let wrong = run("sleep 30 & echo no cloud >&2; exit 3", 5);
        assert_eq!(wrong, Err("ended with exit code 3: no cloud".to_owned()));
    }

    #[test]
    fn one_that_writes_without_an_end_is_stopped() {
        assert_eq!(run("exec cat /dev/zero", 60), Err("writes more than 64 MiB".to_owned()));
    }

    #[test]
    fn a_secret_is_what_a_program_on_the_path_writes() {
        let of = |script: &str, limit| {
            let words = ["sh", "-c", script].map(str::to_owned);
            let variables = ["PSFLEET_PASSWORD".into()].into_iter();
            secret_within(&words, variables, Duration::from_secs(limit)).map(|secret| secret.expose().clone())
        };
        assert_eq!(of("echo ' hunter2 '; echo careful >&2", 60), Ok(" hunter2 \n".to_owned()));
        for (script, limit, what) in [
            ("printf '\\377'", 60, "writes what is not UTF-8"),
            ("echo hunter2; printf 'no\\033[2J key' >&2; exit 1", 60, "ended with exit code 1: no\\u{1b}[2J key"),
            ("exec sleep 600", 0, "has not ended within 0 s"),
            ("exec cat /dev/zero", 60, "writes more than 64 KiB"),
        ] {
            let wrong = of(script, limit).expect_err(script);
            assert!(wrong.starts_with("the program 'sh' ") && wrong.contains(what), "{wrong}");
            assert!(!wrong.contains("hunter2"), "{wrong}");
        }
    }

    #[test]
    fn one_that_is_not_there_does_not_start() {
        let found = output("/nonexistent/program".as_ref(), &[], std::iter::empty());
        assert!(found.is_err_and(|what| what.starts_with("does not start: ")));
    }
}
