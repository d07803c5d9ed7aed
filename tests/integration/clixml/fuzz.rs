//! The fuzz target's rules on stable Rust: its corpus, and mutations of it from a seed.

#[path = "../../fuzz/clixml_check.rs"]
mod clixml_check;

use clixml_check::check;

/// Inputs of one run; `PSFLEET_TEST_FUZZ_INPUTS` asks for more.
const INPUTS: usize = 6_000;

/// Pieces that break things more often than random bytes do.
const PIECES: [&str; 24] = [
    "<Obj RefId=\"0\">",
    "</Obj>",
    "<LST>",
    "</LST>",
    "<DCT><En>",
    "</En></DCT>",
    "<MS>",
    "</MS>",
    "<Ref RefId=\"0\"/>",
    "<TNRef RefId=\"0\"/>",
    " N=\"Key\"",
    " RefId=\"4294967295\"",
    "_xD83D_",
    "_x005F_",
    "&#xFFFF;",
    "&lt;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<?",
    "\u{FEFF}",
    "é",
    "\0",
];

fn corpus() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/clixml");
    let files = std::fs::read_dir(folder).expect("the corpus is committed");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).expect("a file")).collect()
}

/// A generator of its own, so that a seed means the same for ever (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) % limit.max(1) as u64) as usize
    }

    fn mutate(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(40)).min(input.len());
        match self.below(6) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => {
                let piece = PIECES[self.below(PIECES.len())];
                input.splice(at..at, piece.bytes());
            }
            3 => {
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len());
                input.splice(at..end, other[from..].iter().copied().take(200));
            }
            4 => {
                let copy = input[at..end].to_vec();
                input.splice(at..at, copy);
            }
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = self.below(256) as u8;
                }
            }
        }
    }
}

#[test]
fn the_corpus_holds_the_rules() {
    let corpus = corpus();
    assert!(corpus.len() >= 15);
    corpus.iter().for_each(|input| check(input));
}

#[test]
fn mutated_input_holds_the_rules() {
    let corpus = corpus();
    let inputs =
        std::env::var("PSFLEET_TEST_FUZZ_INPUTS").ok().map_or(INPUTS, |count| count.parse().expect("a number"));
    for seed in 0..inputs {
        let mut random = Random(seed as u64);
        let mut input = corpus[random.below(corpus.len())].clone();
        for _ in 0..1 + random.below(6) {
            random.mutate(&mut input, &corpus);
        }
        if std::panic::catch_unwind(|| check(&input)).is_err() {
            panic!("seed {seed} breaks a rule: {:?}", String::from_utf8_lossy(&input));
        }
    }
}
