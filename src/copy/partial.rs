//! A file that is on its way to this machine.

use std::fs::FileTimes;
use std::io::{self, Seek, SeekFrom};
use std::path::PathBuf;

use aws_lc_rs::digest::Context;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::cause::Cause;
use super::folder::{self, Folder};
use super::place::{Place, blocking};
use super::{hash, name, source};

/// A file that grows under a temporary name.
pub(super) struct Partial {
    place: Place,
    folder: Folder,
    file: File,
    hash: Context,
    /// Bytes that are here.
    pub length: u64,
}

impl Partial {
    /// Opens it at an offset: what is behind it is cut off. `hash` is that of what is before.
    ///
    /// # Errors
    /// It cannot be opened, or what has its name is not ours.
    pub(super) async fn open(place: Place, offset: u64, hash: Context) -> Result<Self, Cause> {
        blocking(move || {
            let folder = place.folder()?;
            let temporary = name::temporary(place.name());
            let mut file = match folder.part(&temporary)? {
                Some(part) => part,
                // Nobody else may read it while it grows, whatever may read it in the end.
                None => folder.create(&temporary)?,
            };
            let placed = file.set_len(offset).and_then(|()| file.seek(SeekFrom::Start(offset)));
            placed.map_err(|error| Cause::here(&place.path(), &error))?;
            Ok(Self { place, folder, file: File::from_std(file), hash, length: offset })
        })
        .await
    }

    /// Adds bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        // A full disk is told by the write that fills it, not by one much later.
        self.file.flush().await?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The final path.
    pub(super) fn path(&self) -> PathBuf {
        self.place.path()
    }

    /// The hash of all that is here.
    pub(super) fn sha256(&self) -> String {
        hash::finish(self.hash.clone())
    }

    /// Gives it its time and permissions, waits until the disk has it, and moves it to its place in one step. What
    /// cannot be moved is removed.
    ///
    /// # Errors
    /// Any of these steps.
    pub(super) async fn finish(self, modified: i64, mode: Option<u32>) -> Result<(), Cause> {
        let Self { place, folder, file, .. } = self;
        let file = file.into_std().await;
        blocking(move || {
            let complete = || {
                folder::permissions(&file, mode)?;
                if let Some(time) = source::time(modified) {
                    file.set_times(FileTimes::new().set_modified(time))?;
                }
                // Bytes that only the memory has would leave an empty file in its place when the power fails.
                file.sync_all()
            };
            let temporary = name::temporary(place.name());
            let completed = complete().map_err(|error: io::Error| Cause::here(&place.path(), &error));
            let moved = completed.and_then(|()| folder.rename(&file, &temporary, place.name()));
            if moved.is_err() {
                folder.remove(&temporary);
            }
            moved
        })
        .await
    }

    /// Removes what is here.
    pub(super) async fn discard(self) {
        let Self { place, folder, file, .. } = self;
        drop(file);
        let removed = blocking(move || {
            folder.remove(&name::temporary(place.name()));
            Ok(())
        });
        // Nothing is left to tell.
        let _ = removed.await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::Path;
    use std::process::Command;
    use std::sync::Arc;

    use super::*;

    const PART: &str = "host/.file.3b9c358f.psfleet-part";

    fn place(destination: &Path) -> Place {
        let home = Place::of_host(&Arc::from(destination), "host".to_owned());
        home.below(&["file".to_owned()]).expect("a name")
    }

    /// Brings a file as a pull does.
    async fn bring(place: &Place, bytes: &[u8], mode: Option<u32>) -> Result<(), Cause> {
        let (offset, hash) = place.begun().await?.unwrap_or((0, hash::new()));
        let mut partial = Partial::open(place.clone(), offset, hash).await?;
        partial.write(bytes).await.expect("there is space");
        partial.finish(0, mode).await
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o7777
    }

    /// A destination with the host's folder, and a file of ours that somebody else would like to have written.
    fn scene() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("to/host")).expect("folders");
        let victim = folder.path().join("victim");
        fs::write(&victim, "mine").expect("a file");
        fs::set_permissions(&victim, fs::Permissions::from_mode(0o640)).expect("a mode");
        (folder, victim)
    }

    #[tokio::test]
    async fn what_is_not_our_part_is_refused_by_name_and_left_alone() {
        type Plant = fn(&Path, &Path);
        let plants: [(&str, Plant); 6] = [
            ("a symbolic link", |victim, part| symlink(victim, part).expect("a link")),
            ("a symbolic link", |_, part| symlink("/nowhere/at/all", part).expect("a link")),
            ("hard links", |victim, part| fs::hard_link(victim, part).expect("a link")),
            ("a folder", |_, part| fs::create_dir(part).expect("a folder")),
            ("a pipe", |_, part| assert!(Command::new("mkfifo").arg(part).status().expect("mkfifo").success())),
            ("another user", |_, part| fs::write(part, "m").expect("a file")),
        ];
        for (what, plant) in plants {
            let (folder, victim) = scene();
            let to = folder.path().join("to");
            plant(&victim, &to.join(PART));
            if what == "another user" && chown(to.join(PART), Some(65_534), None).is_err() {
                eprintln!("skipped: no right to give files away");
                continue;
            }
            for refused in [
                bring(&place(&to), b"theirs", Some(0o777)).await.expect_err("refused"),
                Partial::open(place(&to), 0, hash::new()).await.map(drop).expect_err("refused"),
            ] {
                assert!(refused.path.ends_with(PART) && refused.message.contains(what), "{refused:?}");
                assert!(refused.hint.is_some_and(|hint| hint.contains("remove it")), "{refused:?}");
            }
            assert_eq!((fs::read(&victim).expect("a file"), mode(&victim)), (b"mine".to_vec(), 0o640), "{what}");
            assert!(fs::symlink_metadata(to.join(PART)).is_ok() && !to.join("host/file").exists(), "{what}");
        }
    }

    #[tokio::test]
    async fn our_own_part_is_gone_on_with() {
        let (folder, _) = scene();
        let to = folder.path().join("to");
        fs::write(to.join(PART), "begun ").expect("a part");
        bring(&place(&to), b"and ended", None).await.expect("it comes");
        assert_eq!(fs::read_to_string(to.join("host/file")).expect("a file"), "begun and ended");
        assert!(!to.join(PART).exists());
    }

    #[tokio::test]
    async fn a_link_under_the_final_name_is_replaced_not_followed() {
        let (folder, victim) = scene();
        let to = folder.path().join("to");
        symlink(&victim, to.join("host/file")).expect("a link");
        // The same bytes behind a link are no reason to leave it.
        assert_eq!(place(&to).whole(4).await, None);
        bring(&place(&to), b"theirs", None).await.expect("it comes");
        assert_eq!(fs::read_to_string(&victim).expect("a file"), "mine");
        assert!(fs::symlink_metadata(to.join("host/file")).expect("a file").is_file());
    }

    #[tokio::test]
    async fn a_folder_under_the_final_name_stays_and_no_part_is_left() {
        let (folder, _) = scene();
        let to = folder.path().join("to");
        fs::create_dir(to.join("host/file")).expect("a folder");
        let refused = bring(&place(&to), b"theirs", None).await.expect_err("refused");
        assert!(
            refused.path.ends_with("host/file") && refused.message.contains("a folder is in the way"),
            "{refused:?}"
        );
        assert!(!to.join(PART).exists());
    }

    #[tokio::test]
    async fn a_part_that_was_exchanged_meanwhile_is_not_moved() {
        let (folder, victim) = scene();
        let to = folder.path().join("to");
        let mut partial = Partial::open(place(&to), 0, hash::new()).await.expect("it opens");
        partial.write(b"theirs").await.expect("there is space");
        fs::remove_file(to.join(PART)).expect("removed");
        symlink(&victim, to.join(PART)).expect("a link");
        let refused = partial.finish(0, None).await.expect_err("refused");
        assert!(refused.path.ends_with(PART), "{refused:?}");
        assert!(fs::symlink_metadata(to.join("host/file")).is_err());
        assert_eq!(fs::read_to_string(&victim).expect("a file"), "mine");
    }

    #[tokio::test]
    async fn links_are_followed_to_the_destination_alone() {
        let (folder, _) = scene();
        let at = |name: &str| folder.path().join(name);
        symlink(at("to"), at("named")).expect("a link");
        bring(&place(&at("named")), b"x", None).await.expect("the user named the link");
        assert!(at("to/host/file").is_file());

        fs::create_dir(at("outside")).expect("a folder");
        for (link, names) in [("a/host", ["x"].as_slice()), ("b/host/x", &["x", "y"]), ("c/host/x/y", &["x", "y", "z"])]
        {
            fs::create_dir_all(at(link).parent().expect("a parent")).expect("folders");
            symlink(at("outside"), at(link)).expect("a link");
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let destination: Arc<Path> = at(&link[..1]).into();
            let place = Place::of_host(&destination, "host".to_owned()).below(&names).expect("names");
            for refused in [place.make().await, bring(&place, b"x", None).await] {
                let refused = refused.expect_err("refused");
                assert!(refused.path.ends_with(link) && refused.message.contains("a symbolic link"), "{refused:?}");
            }
        }
        assert_eq!(fs::read_dir(at("outside")).expect("a folder").count(), 0);
        fs::write(at("file"), "x").expect("a file");
        let home = Place::of_host(&Arc::from(folder.path()), "file".to_owned());
        let refused = home.make().await.expect_err("refused");
        assert!(refused.message.contains("a file is in the way"), "{refused:?}");
    }

    #[tokio::test]
    async fn the_umask_holds_and_no_special_bit_comes() {
        let (folder, _) = scene();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("any-folder")).expect("a folder");
        fs::write(at("any-file"), "").expect("a file");
        let (all, usual) = (mode(&at("any-folder")) & 0o777, mode(&at("any-file")));
        for (given, expected) in
            [(Some(0o7777), all), (Some(0o100_755), all & 0o755), (Some(0o4600), 0o600), (Some(0), 0), (None, usual)]
        {
            bring(&place(&at("to")), b"x", given).await.expect("it comes");
            assert_eq!(mode(&at("to/host/file")), expected, "{given:?}");
        }
    }
}
