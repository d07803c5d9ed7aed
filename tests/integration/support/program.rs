//! The program itself as a child process, watched while it runs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything takes here on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// `psfleet run -o jsonl` with its events as they come.
pub(crate) struct Running {
    child: Child,
    incoming: Receiver<Value>,
    stderr: JoinHandle<String>,
    /// The events that have come so far.
    pub events: Vec<Value>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code.
    pub code: Option<i32>,
    /// All its events.
    pub events: Vec<Value>,
    /// All that it said beside them.
    pub stderr: String,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("psfleet starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            let events =
                stdout.lines().map(|line| serde_json::from_str(&line.expect("UTF-8")).expect("a line of JSON"));
            events.for_each(|event| drop(sender.send(event)));
        });
        let stderr = read_all(child.stderr.take().expect("piped"));
        Self { child, incoming, stderr, events: Vec::new() }
    }

    /// Its number.
    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until so many events of a type have come.
    pub(crate) fn wait_for(&mut self, kind: &str, count: usize) {
        let begin = Instant::now();
        while self.of_type(kind) < count {
            match self.incoming.recv_timeout(PATIENCE.saturating_sub(begin.elapsed())) {
                Ok(event) => self.events.push(event),
                Err(error) => self.fail(&format!("{error}: no {count} events of type {kind}")),
            }
        }
    }

    /// Ends the program and the test, with all that it said.
    fn fail(&mut self, why: &str) -> ! {
        // It may have ended by itself.
        let _ = self.child.kill();
        let stderr = std::mem::replace(&mut self.stderr, std::thread::spawn(String::new)).join();
        panic!("{why}, only {:#?}; stderr: {}", self.events, stderr.expect("stderr is read"));
    }

    fn of_type(&self, kind: &str) -> usize {
        self.events.iter().filter(|event| event["type"] == kind).count()
    }

    /// The most memory that it has held so far, in bytes; `None` once it has ended.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// The same without the pages of its program, of which a debug build has some fifty megabytes.
    pub(crate) fn peak_of_data(&self) -> Option<u64> {
        Some(self.peak_memory()?.saturating_sub(self.status("RssFile:")?))
    }

    /// A number of bytes that the system knows of it.
    fn status(&self, name: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    }

    /// Sends it a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let status = end_of(&mut self.child);
        loop {
            match self.incoming.recv_timeout(PATIENCE) {
                Ok(event) => self.events.push(event),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("stdout stays open"),
            }
        }
        let stderr = self.stderr.join().expect("stderr is read");
        Ended { code: status.code(), events: self.events, stderr }
    }
}

impl Ended {
    /// `data` of each target's one `host_done`, with its host.
    pub(crate) fn outcomes(&self) -> Vec<(&str, &Value)> {
        let done = self.events.iter().filter(|event| event["type"] == "host_done");
        let mut done: Vec<_> = done.map(|event| (event["host"].as_str().expect("a host"), &event["data"])).collect();
        done.sort_by_key(|(host, _)| *host);
        assert!(done.windows(2).all(|two| two[0].0 != two[1].0), "two outcomes for one target: {done:#?}");
        let run_done = self.events.iter().find(|event| event["type"] == "run_done").expect("a run_done");
        assert_eq!(run_done["data"]["target_count"], done.len());
        done
    }
}

/// Sends a signal to a child.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(status.expect("kill runs").success());
}

/// Waits for the end of a child.
pub(crate) fn end_of(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status;
        }
        assert!(start.elapsed() < PATIENCE, "psfleet does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads a stream to its end, so that its writer never waits.
pub(crate) fn read_all(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("UTF-8");
        text
    })
}
