//! A hostile host beside eight good ones: it never changes their outcome, costs them time, or costs us memory.

#![cfg(unix)]

mod ends;
mod floods;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use psfleet::sandbox::{Fleet, Options};
use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::hostile::Hostile;
use crate::support::program::{Ended, PATIENCE, Running};
use crate::support::sandbox::fleet;

/// How many hosts are good.
const GOOD: usize = 8;

/// The most memory that one hostile host may make us hold, in bytes, beside the program itself.
const MOST_MEMORY: u64 = 120_000_000;

/// What the good hosts are asked for.
const SCRIPT: &str = "Get-Service | Select-Object -First 3";

/// Eight good hosts and a hostile one, before a run.
struct Contest {
    folder: Folder,
    _fleet: Fleet,
}

/// A run that is over.
struct Ran {
    ended: Ended,
    peak: u64,
}

impl Contest {
    /// `evil` is the hostile host's name, which sorts before the others; `more` goes to its entry in the inventory.
    async fn new(hostile: &Hostile, more: &str) -> Self {
        let fleet = fleet(Options { hosts: GOOD as u32, ..Options::default() }).await;
        let folder = Folder::new("hostile");
        for (name, text) in
            [("good.toml", fleet.inventory_toml()), ("evil.toml", format!("{}{more}", hostile.inventory("aaa-evil")))]
        {
            let file = folder.path().join(name);
            std::fs::write(&file, text).expect("written");
            // It holds a password.
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
        }
        Self { folder, _fleet: fleet }
    }

    fn command(&self, inventories: &[&str], args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["run", "--no-input", "-o", "jsonl", "-t", "@all"]);
        for file in inventories {
            command.args(["-i", file]);
        }
        command.args(args).arg(SCRIPT);
        let folder = self.folder.path();
        command.current_dir(folder).env("HOME", folder).env("PSFLEET_STATE_DIR", folder).env("HOSTILE", "password");
        command
    }

    /// The run of all nine.
    fn start(&self, args: &[&str]) -> Running {
        Running::start(&mut self.command(&["evil.toml", "good.toml"], args))
    }

    /// Runs all nine to the end, and makes sure that the good ones fare as without the hostile one.
    async fn run(&self, args: &[&str]) -> Ran {
        let mut ran = self.try_run(args).await;
        // On a busy machine it is something else that holds them up, once and again.
        for _ in 0..2 {
            if ran.is_ok() {
                break;
            }
            ran = self.try_run(args).await;
        }
        ran.unwrap_or_else(|(before, beside)| panic!("{before:?} without, {beside:?} beside the hostile host"))
    }

    /// One run of the eight, one of all nine; if that takes the eight longer, how long both took.
    async fn try_run(&self, args: &[&str]) -> Result<Ran, (Duration, Duration)> {
        let alone = watched(Running::start(&mut self.command(&["good.toml"], args))).await;
        let ran = watched(self.start(args)).await;
        for (host, data) in ran.good() {
            assert_eq!(data["outcome"], "ok", "{host}: {data}");
            assert_eq!(data["objects"], 3, "{host}: {data}");
        }
        assert!(ran.peak < MOST_MEMORY, "{} bytes at the most", ran.peak);
        let (before, beside) = (alone.slowest(), ran.slowest());
        if beside < before + Duration::from_secs(1) { Ok(ran) } else { Err((before, beside)) }
    }
}

impl Ran {
    /// The ends of the good hosts.
    fn good(&self) -> Vec<(&str, &Value)> {
        let good: Vec<_> = self.ended.outcomes().into_iter().filter(|(host, _)| *host != "aaa-evil").collect();
        assert_eq!(good.len(), GOOD);
        good
    }

    /// The end of the hostile one: outcome, reason and message.
    fn evil(&self) -> (String, String, String) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let data = self.evil_data();
        (text(&data["outcome"]), text(&data["reason"]), text(&data["message"]))
    }

    fn evil_data(&self) -> Value {
        let outcomes = self.ended.outcomes();
        let (_, data) = outcomes.into_iter().find(|(host, _)| *host == "aaa-evil").expect("it has an outcome");
        data.clone()
    }

    /// How long the slowest good host took.
    fn slowest(&self) -> Duration {
        let took = self.good().into_iter().filter_map(|(_, data)| data["duration_ms"].as_f64());
        Duration::from_secs_f64(took.fold(0.0, f64::max) / 1000.0)
    }
}

/// Lets a run go to its end, and watches its memory.
async fn watched(running: Running) -> Ran {
    let peak = watch(&running).await;
    Ran { ended: running.end(), peak }
}

/// The most memory that it holds until it ends, in bytes.
async fn watch(running: &Running) -> u64 {
    let begin = std::time::Instant::now();
    let mut peak = 0;
    while let Some(now) = running.peak_of_data() {
        peak = peak.max(now);
        assert!(begin.elapsed() < PATIENCE, "psfleet does not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    peak
}
