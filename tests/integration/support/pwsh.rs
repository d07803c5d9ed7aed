//! The real PowerShell that tests run against, and which of them have.

use std::cell::RefCell;
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

thread_local! {
    /// The test of this thread; dropped when it is over.
    static COURSE: RefCell<Course> = RefCell::default();
}

/// What is known of a test while it runs.
#[derive(Default)]
struct Course {
    /// Where its name goes when it has run against PowerShell, and the name.
    ran: Option<(PathBuf, String)>,
    /// It has left out a part for want of something.
    skipped: bool,
}

impl Drop for Course {
    fn drop(&mut self) {
        let Some((path, test)) = self.ran.take().filter(|_| !self.skipped) else { return };
        let file = OpenOptions::new().append(true).create(true).open(path);
        // What is not written counts as not run.
        if let Err(error) = file.and_then(|mut file| writeln!(file, "{test}")) {
            eprintln!("PSFLEET_TEST_RAN cannot be written: {error}");
        }
    }
}

/// The PowerShell of `PSFLEET_TEST_PWSH`, else `pwsh` on `PATH`.
///
/// Without one it says so loudly and returns `None`; the caller returns. The running test's name goes to the file of
/// `PSFLEET_TEST_RAN` when it is over and has skipped nothing: `.ci/run` compares them with the list of those that must
/// run against a real PowerShell.
pub(crate) fn pwsh() -> Option<PathBuf> {
    let found = match std::env::var_os("PSFLEET_TEST_PWSH") {
        Some(path) => Some(PathBuf::from(path)),
        None => std::env::var_os("PATH").and_then(|path| {
            std::env::split_paths(&path).map(|folder| folder.join("pwsh")).find(|file| file.is_file())
        }),
    };
    match &found {
        Some(_) => note_that_it_runs(),
        None => skip("no PowerShell; set PSFLEET_TEST_PWSH or put pwsh on PATH"),
    }
    found
}

/// Says why the test, or the rest of it, cannot run here: it then does not count as one that ran.
pub(crate) fn skip(why: impl Display) {
    eprintln!("skipped: {why}");
    COURSE.with_borrow_mut(|course| course.skipped = true);
}

fn note_that_it_runs() {
    let Some(file) = std::env::var_os("PSFLEET_TEST_RAN") else { return };
    let test = std::thread::current().name().expect("a test's thread has its name").to_owned();
    COURSE.with_borrow_mut(|course| course.ran = Some((file.into(), test)));
}

#[test]
fn only_a_test_that_ran_to_its_end_counts() {
    let folder = super::folder::Folder::new("ran");
    let file = folder.path().join("ran.txt");
    let names = || std::fs::read_to_string(&file).unwrap_or_default();
    let course = |test: &str, skipped| Course { ran: Some((file.clone(), test.to_owned())), skipped };
    let runs = course("whole", false);
    assert_eq!(names(), "", "not before it is over");
    drop(runs);
    drop(course("no_sshd", true));
    drop(course("another", false));
    drop(Course { ran: None, skipped: false });
    assert_eq!(names(), "whole\nanother\n");
    // As tests do it: on a thread of their own, whose end is waited for.
    let thread = std::thread::spawn({
        let course = course("on_a_thread", false);
        move || COURSE.with_borrow_mut(|running| *running = course)
    });
    thread.join().expect("no panic");
    assert_eq!(names(), "whole\nanother\non_a_thread\n");
}
