//! Folders and files that are the user's alone: a run that is resumed or repeated does what the store says.

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder where it is missing, for this user alone, and the folders above it.
///
/// # Errors
/// The system's, or that somebody else can write into it.
pub(super) fn folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    check(folder, &folder.metadata()?)
}

/// Makes a file where it is missing, for this user alone. SQLite gives the files beside it (`-wal`, `-shm`) the permissions
/// of this one.
///
/// One that is there is looked at by its name and never opened: SQLite locks it for the whole process, and the system
/// takes all locks of a process on a file away when the process closes any of its descriptors of that file. Another
/// program that opens the store would then take itself for the only one, and tidy up what is being written.
///
/// # Errors
/// The system's, or that it is not a file, or that somebody else can write it.
pub(super) fn file(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if !found.is_file() => return Err(io::Error::other("it is not a file")),
        Ok(found) => return check(path, &found),
        // A link to nothing: whoever made it would say where the store is.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            return Err(io::Error::other("it is a link to a file that is not there"));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(made) => check(path, &made.metadata()?),
        // Another psfleet was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check(path, &path.metadata()?),
        Err(error) => Err(error),
    }
}

/// Refuses a folder or file that is there, if somebody else could have written it.
///
/// # Errors
/// The system's, or that somebody else can write it.
pub(super) fn existing(path: &Path) -> io::Result<()> {
    check(path, &path.metadata()?)
}

/// Refuses what somebody else than us and root owns or can write.
#[cfg(unix)]
fn check(path: &Path, found: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    /// The rights of the group and of all others to write.
    const BY_OTHERS: u32 = 0o022;
    let shown = path.display();
    if found.uid() != 0 && Some(found.uid()) != crate::local_user::id() {
        let uid = found.uid();
        return Err(io::Error::other(format!(
            "{shown} belongs to another user (uid {uid}), who could change what runs"
        )));
    }
    if found.mode() & BY_OTHERS != 0 {
        let mode = found.mode() & 0o7777;
        return Err(io::Error::other(format!(
            "others can write {shown} (mode {mode:04o}), and so change what runs (chmod go-w {shown})"
        )));
    }
    Ok(())
}

/// Other systems: access lists are not read; the folders of a profile are its user's alone.
#[cfg(not(unix))]
fn check(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::{file, folder};

    #[test]
    fn what_others_can_write_is_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let state = place.path().join("a/state");
        folder(&state).expect("made");
        let db = state.join("runs.db");
        file(&db).expect("made");
        file(&db).expect("there");
        let said = |path: &std::path::Path, mode| {
            set_permissions(path, Permissions::from_mode(mode)).expect("ours");
            let said = if path.is_dir() { folder(path) } else { file(path) };
            said.err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(said(&db, 0o644), "");
        assert!(said(&db, 0o620).contains("mode 0620"));
        assert!(said(&db, 0o602).contains("chmod go-w"));
        assert_eq!(said(&db, 0o600), "");
        assert_eq!(said(&state, 0o755), "");
        assert!(said(&state, 0o777).contains("mode 0777"));
        assert!(said(&state, 0o1777).contains("mode 1777"), "what is new in a sticky folder is anybody's");
    }

    #[test]
    fn only_a_file_is_opened() {
        let place = tempfile::tempdir().expect("a folder");
        let made = |name: &str| place.path().join(name);
        symlink(made("nothing"), made("dangling")).expect("a link");
        let error = file(&made("dangling")).expect_err("refused");
        assert!(error.to_string().contains("not there") && !made("nothing").exists());
        file(&made("real")).expect("made");
        symlink(made("real"), made("link")).expect("a link");
        file(&made("link")).expect("a file of ours");
        assert!(file(place.path()).expect_err("a folder").to_string().contains("not a file"));
        let pipe = made("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        assert!(file(&pipe).expect_err("a pipe").to_string().contains("not a file"));
    }
}
