//! Programs that answer: started, read to their end, stopped when they take too long.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::error_text;

/// How long a program may take for each of its streams to end.
const LIMIT: Duration = Duration::from_secs(60);

/// How often a program is looked at that has ended its streams and has not ended, and how long between two looks.
const LOOKS: usize = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The most bytes of an answer.
const MOST: u64 = 64 << 20;

/// Of what a program says is wrong, so many bytes are read, and so many lines shown, the last ones.
const MOST_ERRORS: u64 = 64 << 10;
const LINES: usize = 5;
const LINE: usize = 300;

/// The password of the run is none of other programs' business.
const PASSWORD: &str = "PSFLEET_PASSWORD";

/// What a program writes to stdout. Its stdin is empty.
///
/// # Errors
/// One line: it does not start, ends with an error, takes too long or writes too much.
pub(super) fn output(program: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    output_within(program, arguments, LIMIT)
}

fn output_within(program: &Path, arguments: &[&str], limit: Duration) -> Result<Vec<u8>, String> {
    let start = || {
        // A name without a folder is a file here, not one on the PATH.
        let mut command = Command::new(std::path::absolute(program)?);
        command
            .env_remove(PASSWORD)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    };
    let mut child = start().map_err(|error| format!("does not start: {}", error_text::io(&error)))?;
    let answer = read(child.stdout.take(), MOST + 1);
    // More than is shown is read all the same: whoever writes it must not wait for us.
    let said = read(child.stderr.take(), MOST_ERRORS);
    let result = ended(&mut child, &answer, &said, limit);
    if result.is_err() {
        // It may have ended by itself; then there is nothing to stop.
        let _ = child.kill();
        let _ = child.wait();
    }
    let (answer, said, status) = result?;
    match status.success() {
        true if answer.len() as u64 > MOST => Err(format!("writes more than {} MiB", MOST >> 20)),
        true => Ok(answer),
        false => Err(format!("{}{}", ending(status), last_lines(&said))),
    }
}

/// The bytes of both streams and the end of the program.
fn ended(
    child: &mut Child,
    answer: &Receiver<io::Result<Vec<u8>>>,
    said: &Receiver<io::Result<Vec<u8>>>,
    limit: Duration,
) -> Result<(Vec<u8>, Vec<u8>, ExitStatus), String> {
    let of = |stream: &Receiver<io::Result<Vec<u8>>>| match stream.recv_timeout(limit) {
        Ok(read) => read.map_err(|error| format!("cannot be read: {}", error_text::io(&error))),
        Err(RecvTimeoutError::Timeout) => Err(format!("has not ended within {} s and was stopped", limit.as_secs())),
        Err(RecvTimeoutError::Disconnected) => Err("cannot be read".to_owned()),
    };
    let (answer, said) = (of(answer)?, of(said)?);
    // Nobody sends here: it is a pause that needs no clock.
    let (_never, pause) = channel::<()>();
    for _ in 0..LOOKS {
        match child.try_wait() {
            Ok(Some(status)) => return Ok((answer, said, status)),
            Ok(None) => drop(pause.recv_timeout(BETWEEN_LOOKS)),
            Err(error) => return Err(error_text::io(&error)),
        }
    }
    Err("has ended its output, but not itself, and was stopped".to_owned())
}

/// Reads a stream to its end, and keeps the first bytes of it.
fn read(stream: Option<impl Read + Send + 'static>, most: u64) -> Receiver<io::Result<Vec<u8>>> {
    let (send, receive) = channel();
    thread::spawn(move || {
        // Nobody waits for it any more if the time is up.
        let _ = send.send(stream.map_or(Ok(Vec::new()), |stream| all(stream, most)));
    });
    receive
}

fn all(mut stream: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    stream.by_ref().take(most).read_to_end(&mut kept)?;
    io::copy(&mut stream, &mut io::sink())?;
    Ok(kept)
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
    use std::time::Duration;

    use super::{is_program, output_within};

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
        output_within(&path, &["--list"], Duration::from_secs(limit))
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

    #[test]
    fn one_that_is_not_there_does_not_start() {
        let found = output_within("/nonexistent/program".as_ref(), &[], Duration::from_secs(60));
        assert!(found.is_err_and(|what| what.starts_with("does not start: ")));
    }
}
