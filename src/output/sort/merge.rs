//! An external merge sort: items are sorted in memory, run by run, and merged from disk.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufReader, Read, Write};

use tempfile::SpooledTempFile;

use crate::output::spool::Spool;

/// Runs merged at once; more are first merged into longer ones, so that few files are open.
const FAN_IN: usize = 64;

type Item = (Vec<u8>, Vec<u8>);

/// Takes items under keys and gives them back in the order of the keys; equal keys keep their order.
pub(super) struct Merge {
    limit: usize,
    held: Vec<Item>,
    held_bytes: usize,
    runs: Vec<Run>,
}

/// A sorted run on disk and how many times its items were merged.
struct Run {
    spool: Spool,
    level: u32,
}

impl Merge {
    /// An empty sort that holds this many bytes in memory.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: Vec::new(), held_bytes: 0, runs: Vec::new() }
    }

    /// Takes an item.
    pub(super) fn push(&mut self, key: Vec<u8>, item: Vec<u8>) -> io::Result<()> {
        self.held_bytes += key.len() + item.len() + size_of::<Item>();
        self.held.push((key, item));
        if self.held_bytes >= self.limit { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        held.sort_by(|one, other| one.0.cmp(&other.0));
        let mut spool = Spool::new();
        for item in &held {
            write(&mut spool, item)?;
        }
        self.runs.push(Run { spool, level: 0 });
        // Merging needs memory of its own.
        drop(held);
        self.shorten()
    }

    /// Merges the last runs into one, if there are many that were merged equally often.
    fn shorten(&mut self) -> io::Result<()> {
        while let Some(level) = self.runs.last().map(|run| run.level) {
            let alike = self.runs.iter().rev().take_while(|run| run.level == level).count();
            if alike < FAN_IN {
                break;
            }
            let runs = self.runs.split_off(self.runs.len() - alike);
            let mut spool = Spool::new();
            for item in Sorted::open(runs)? {
                write(&mut spool, &item?)?;
            }
            self.runs.push(Run { spool, level: level + 1 });
        }
        Ok(())
    }

    /// The items in order.
    pub(super) fn into_sorted(mut self) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>>> {
        self.spill()?;
        Ok(Sorted::open(self.runs)?.map(|item| item.map(|(_, item)| item)))
    }
}

/// A key, the run that has it, and its item; the smallest is the greatest of a heap.
type Next = Reverse<(Vec<u8>, usize, Vec<u8>)>;

/// Reads runs in the order of their keys.
struct Sorted {
    readers: Vec<BufReader<SpooledTempFile>>,
    /// The next item of each run, smallest first; of equal keys the earlier run's.
    next: BinaryHeap<Next>,
}

impl Sorted {
    fn open(runs: Vec<Run>) -> io::Result<Self> {
        let readers = runs.into_iter().map(|run| run.spool.into_reader()).collect::<io::Result<_>>()?;
        let mut sorted = Self { readers, next: BinaryHeap::new() };
        for place in 0..sorted.readers.len() {
            sorted.advance(place)?;
        }
        Ok(sorted)
    }

    fn advance(&mut self, place: usize) -> io::Result<()> {
        if let Some((key, item)) = read(&mut self.readers[place])? {
            self.next.push(Reverse((key, place, item)));
        }
        Ok(())
    }
}

impl Iterator for Sorted {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((key, place, item)) = self.next.pop()?;
        Some(self.advance(place).map(|()| (key, item)))
    }
}

fn write(spool: &mut Spool, (key, item): &Item) -> io::Result<()> {
    for part in [key, item] {
        spool.write_all(&(part.len() as u64).to_le_bytes())?;
        spool.write_all(part)?;
    }
    Ok(())
}

fn read(reader: &mut impl io::BufRead) -> io::Result<Option<Item>> {
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut part = || {
        let mut length = [0; 8];
        reader.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let mut bytes = Vec::new();
        let read = reader.by_ref().take(length).read_to_end(&mut bytes)?;
        if read as u64 == length { Ok(bytes) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof)) }
    };
    Ok(Some((part()?, part()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FAN_IN, Merge};

    #[test]
    fn many_runs_stay_few_files() {
        let mut merge = Merge::new(1);
        for number in (0..1000_u32).rev() {
            merge.push(number.to_be_bytes().into(), number.to_le_bytes().into()).unwrap();
            assert!(merge.runs.len() < 2 * FAN_IN && merge.held.is_empty());
        }
        let sorted: Vec<_> = merge.into_sorted().unwrap().map(Result::unwrap).collect();
        assert!(sorted.iter().map(Vec::as_slice).eq((0..1000_u32).map(u32::to_le_bytes).collect::<Vec<_>>()));
    }

    proptest! {
        #[test]
        fn sorts_and_keeps_the_order_of_equal_keys(keys in proptest::collection::vec(0_u8..4, 0..300), limit in 1_usize..4000) {
            let mut merge = Merge::new(limit);
            for (place, key) in keys.iter().enumerate() {
                merge.push(vec![*key], place.to_le_bytes().into()).unwrap();
            }
            let mut expect: Vec<_> = keys.iter().zip(0_usize..).collect();
            expect.sort();
            let sorted: Vec<_> = merge.into_sorted().unwrap().map(Result::unwrap).collect();
            let expect: Vec<_> = expect.into_iter().map(|(_, place)| place.to_le_bytes().to_vec()).collect();
            prop_assert_eq!(sorted, expect);
        }
    }
}
