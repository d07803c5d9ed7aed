//! What a core image of a process would hold: its writable memory, as `/proc` shows it to whoever started it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use super::program::PATIENCE;

/// How often some bytes stand in the writable memory of a process.
pub(crate) fn copies(process: u32, wanted: &[u8]) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).expect("the process runs");
    let memory = File::open(format!("/proc/{process}/mem")).expect("our own process");
    let areas = maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw")));
    areas.map(|area| count(&read(&memory, area).unwrap_or_default(), wanted)).sum()
}

/// One area; it may be gone by now.
fn read(memory: &File, area: &str) -> Option<Vec<u8>> {
    let (begin, end) = area.split(' ').next()?.split_once('-')?;
    let (begin, end) = (u64::from_str_radix(begin, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    let mut bytes = vec![0; usize::try_from(end - begin).ok()?];
    memory.read_exact_at(&mut bytes, begin).ok()?;
    Some(bytes)
}

fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    let (mut rest, mut count) = (bytes, 0);
    while let Some(at) = rest.iter().position(|byte| *byte == wanted[0]) {
        rest = &rest[at..];
        count += usize::from(rest.starts_with(wanted));
        rest = &rest[1..];
    }
    count
}

/// Waits until a process holds no more than so many copies of each of these bytes: what is just being wiped counts for
/// nothing.
pub(crate) fn assert_copies(process: u32, forms: &[(&str, Vec<u8>, usize)], what: &str) {
    let begin = Instant::now();
    loop {
        let found: Vec<(&str, usize)> = forms.iter().map(|(name, bytes, _)| (*name, copies(process, bytes))).collect();
        if found.iter().zip(forms).all(|((_, count), (_, _, most))| count <= most) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE / 8, "{what}: {found:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Text as Windows' protocols have it.
pub(crate) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
