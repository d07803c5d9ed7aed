//! Files of drawn hosts.

use jiff::Timestamp;

use super::super::{Host, Illness, Machine};
use super::{Content, FileError};

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a valid time")
}

fn free(machine: &Machine) -> u64 {
    machine.disks()[0].free_bytes
}

#[test]
fn files_fit_on_their_drives_and_texts_have_their_size() {
    for index in 0..10 {
        let machine = Machine::draw(1, index, now());
        let files = machine.files();
        for disk in machine.disks().iter().filter(|disk| disk.drive_type == 3) {
            assert!(files.find(disk.id).is_some_and(super::File::is_folder), "{}", disk.id);
            let used = disk.size_bytes - disk.free_bytes;
            let space = files.space(disk.id);
            assert!(space <= used, "host {index} {}: {space} of {used}", disk.id);
            files.0.below(disk.id, &mut |path, file| {
                assert!(file.written <= now() && file.created <= file.written, "{path}");
                if let Ok(bytes) = file.bytes() {
                    assert_eq!(bytes.len() as u64, file.size, "{path}");
                }
            });
        }
    }
}

#[test]
fn full_drives_have_something_to_clean_up() {
    let ill = (0..400).filter(|index| Host::draw(1, *index).has(Illness::DiskFull));
    for index in ill {
        let machine = Machine::draw(1, index, now());
        let full =
            machine.disks().into_iter().find(|disk| disk.drive_type == 3 && disk.free_bytes * 10 < disk.size_bytes);
        let full = full.expect("a full drive");
        let mut biggest = 0;
        machine.files().0.below(full.id, &mut |_, file| biggest = biggest.max(file.size));
        assert!(biggest * 20 > full.size_bytes, "host {index} {}: {biggest}", full.id);
    }
}

#[test]
fn changes_stay_and_cost_space() {
    let machine = Machine::draw(1, 0, now());
    let before = free(&machine);
    machine.write_file("C:\\Windows\\Temp\\new.txt", vec![b'x'; 5000].into(), now(), false).expect("written");
    assert_eq!(free(&machine), before - 8192);
    machine.settle();
    assert_eq!(&*machine.files().find("c:\\windows\\TEMP\\NEW.TXT").expect("kept").name, "new.txt");
    machine.move_file("C:\\Windows\\Temp", "C:\\Moved").expect("moved");
    assert!(machine.files().find("C:\\Windows\\Temp\\new.txt").is_none());
    assert_eq!(machine.files().find("C:\\Moved\\new.txt").map(|file| file.size), Some(5000));
    assert_eq!(free(&machine), before - 8192);
    machine.remove_file("C:\\Moved").expect("removed");
    assert!(free(&machine) > before, "what the seed had there is gone too");
    assert!(machine.files().find("C:\\Moved\\new.txt").is_none());
    assert_eq!(machine.write_file("C:\\No\\x", (*b"x").into(), now(), false), Err(FileError::NoFolder));
    assert_eq!(machine.remove_file("C:\\pagefile.sys"), Err(FileError::InUse));
}

#[test]
fn scripts_cannot_fill_the_memory() {
    let machine = Machine::draw(1, 0, now());
    let big: std::sync::Arc<[u8]> = vec![0; 3 << 20].into();
    let wrote: Vec<_> =
        (0..3).map(|place| machine.write_file(&format!("C:\\big{place}"), big.clone(), now(), false)).collect();
    assert_eq!(wrote, [Ok(()), Ok(()), Err(FileError::NoSpace)]);
    assert!(machine.files().find("C:\\big2").is_none());
    assert!(machine.write_file("C:\\big1", big, now(), false).is_ok(), "it replaces what was there");
}

#[test]
fn equal_seeds_have_equal_files() {
    let list = |seed| {
        let mut all = Vec::new();
        let machine = Machine::draw(seed, 3, now());
        machine.files().0.below("C:", &mut |path, file| all.push((path.to_owned(), file.size, file.written)));
        all
    };
    assert_eq!(list(1), list(1));
    assert_ne!(list(1), list(2));
    let is_blob = |content: &Content| matches!(content, Content::Blob(_));
    assert!(is_blob(&Machine::draw(1, 3, now()).files().find("C:\\Windows\\notepad.exe").expect("drawn").content));
}
