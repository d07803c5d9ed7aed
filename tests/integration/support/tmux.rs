//! A program in tmux: a real terminal that wraps its lines anew when it is resized.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::program::PATIENCE;
use super::skip;

/// The terminal and what runs in it; both end with it.
pub(crate) struct Tmux {
    folder: Folder,
    config: PathBuf,
}

impl Tmux {
    /// Runs a program on a terminal of this size; says why there is none where tmux is missing.
    pub(crate) fn start<S: AsRef<OsStr>>(columns: u16, rows: u16, program: &[S]) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            skip("no tmux");
            return None;
        }
        let folder = Folder::new("tmux");
        let config = folder.path().join("tmux.conf");
        std::fs::write(&config, "set -g remain-on-exit on\nset -g history-limit 5000\n").expect("written");
        let tmux = Self { folder, config };
        let size = [columns.to_string(), rows.to_string()];
        let mut command = tmux.command(&["new-session", "-d", "-x", &size[0], "-y", &size[1], "--"]);
        let output = command.args(program).output().expect("tmux runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(tmux)
    }

    /// Makes it so many columns wide.
    pub(crate) fn resize(&self, columns: u16) {
        self.run(&["resize-window", "-x", &columns.to_string()]);
    }

    /// Presses a key, such as `C-c`.
    pub(crate) fn press(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    /// Types text.
    pub(crate) fn enter(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
    }

    /// What stands on the terminal and what has left it at the top: its lines, each as a whole, without blank ones.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.capture(&["-J"])
    }

    /// As [`Tmux::lines`], but row by row.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.capture(&[])
    }

    /// The column where the cursor is, from 0.
    pub(crate) fn cursor(&self) -> u16 {
        self.run(&["display-message", "-p", "#{cursor_x}"]).trim().parse().expect("a number")
    }

    /// All that the program wrote, row by row and blank ones among them, once it has ended.
    pub(crate) fn screen(&self) -> Vec<String> {
        let begin = Instant::now();
        while self.run(&["display-message", "-p", "#{pane_dead}"]).trim() != "1" {
            assert!(begin.elapsed() < PATIENCE, "the program does not end: {:#?}", self.lines());
            sleep(Duration::from_millis(20));
        }
        let shown = self.run(&["capture-pane", "-p", "-S", "-"]);
        let rows = shown.lines().map(str::trim_end).filter(|line| !line.starts_with("Pane is dead"));
        rows.collect::<Vec<_>>().join("\n").trim_end().lines().map(String::from).collect()
    }

    fn capture(&self, how: &[&str]) -> Vec<String> {
        let shown = self.run(&[&["capture-pane", "-p", "-S", "-"], how].concat());
        let lines = shown.lines().map(str::trim_end);
        // The second is tmux's own word on a program that has ended.
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("Pane is dead"));
        lines.map(String::from).collect()
    }

    /// Waits until the lines are as wanted.
    pub(crate) fn wait_for(&self, what: &str, mut is_there: impl FnMut(&[String]) -> bool) -> Vec<String> {
        let begin = Instant::now();
        loop {
            let lines = self.lines();
            if is_there(&lines) {
                return lines;
            }
            assert!(begin.elapsed() < PATIENCE, "{what} does not come: {lines:#?}");
            sleep(Duration::from_millis(20));
        }
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("tmux runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-u", "-f"]).arg(&self.config).arg("-S").arg(self.folder.path().join("tmux")).args(arguments);
        command
            .current_dir(self.folder.path())
            .env_remove("TMUX")
            .env_remove("COLUMNS")
            .env("HOME", self.folder.path());
        command
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // A terminal that is gone already is as good.
        let _ = self.command(&["kill-server"]).output();
    }
}
