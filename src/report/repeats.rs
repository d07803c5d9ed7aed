//! Error records that several hosts wrote alike.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::alike;
use crate::event::RunHeader;
use crate::target::TargetId;

/// Texts that are counted separately. A script that makes up errors cannot fill the memory.
const KEPT_TEXTS: usize = 256;
/// Characters of a text that are kept, for the line at the end.
const LONGEST_TEXT: usize = 200;

/// Tells the first of equal errors from its repeats on other hosts.
///
/// All errors of the host that wrote a text first count as new, so that a single host loses none and keeps its order.
#[derive(Debug, Default)]
pub struct Repeats {
    header: Option<Arc<RunHeader>>,
    /// Places in `texts` by the hash of a text without what differs per host.
    known: HashMap<u64, usize>,
    hashes: RandomState,
    texts: Vec<Text>,
}

#[derive(Debug)]
struct Text {
    first: TargetId,
    shown: String,
    others: BTreeSet<TargetId>,
    records: u64,
}

/// An error that other hosts repeated.
#[derive(Debug, PartialEq, Eq)]
pub struct Repeat<'r> {
    /// The host that wrote it first.
    pub first: &'r str,
    /// The other hosts, in inventory order.
    pub others: Vec<&'r str>,
    /// How many records the others wrote.
    pub records: u64,
    /// What the first host wrote, in one line, with `…` where it is cut.
    pub text: &'r str,
}

impl Repeats {
    /// Begins a run.
    pub fn start(&mut self, header: &Arc<RunHeader>) {
        self.header = Some(Arc::clone(header));
    }

    /// Takes an error's text and says whether another host wrote it before.
    pub fn is_repeat(&mut self, target: TargetId, text: &str) -> bool {
        let Some(header) = &self.header else { return false };
        let own = alike::without_own_names(text, &header.targets[target.index()]);
        let hash = self.hashes.hash_one(alike::without_addresses(&own));
        if let Some(&place) = self.known.get(&hash) {
            let known = &mut self.texts[place];
            let is_repeat = known.first != target;
            if is_repeat {
                known.others.insert(target);
                known.records += 1;
            }
            return is_repeat;
        }
        if self.texts.len() < KEPT_TEXTS {
            let shown = in_one_line(text);
            self.known.insert(hash, self.texts.len());
            self.texts.push(Text { first: target, shown, others: BTreeSet::new(), records: 0 });
        }
        false
    }

    /// The errors that were repeated, those on most hosts first.
    pub fn repeated(&self) -> Vec<Repeat<'_>> {
        let Some(header) = &self.header else { return Vec::new() };
        let mut repeated: Vec<_> = self.texts.iter().filter(|text| !text.others.is_empty()).collect();
        repeated.sort_by_key(|text| std::cmp::Reverse(text.others.len()));
        let repeats = repeated.into_iter().map(|text| Repeat {
            first: header.host(text.first),
            others: text.others.iter().map(|&host| header.host(host)).collect(),
            records: text.records,
            text: &text.shown,
        });
        repeats.collect()
    }
}

/// The lines of a text after each other, cut between words where that becomes too long.
fn in_one_line(text: &str) -> String {
    let mut line = String::new();
    let mut left = LONGEST_TEXT;
    for word in text.split_whitespace() {
        let length = word.chars().count() + usize::from(!line.is_empty());
        if length > left {
            if line.is_empty() {
                line.extend(word.chars().take(left));
            }
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        left -= length;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{KEPT_TEXTS, LONGEST_TEXT, Repeats, in_one_line};
    use crate::event::RunEventKind;
    use crate::output::testing::Script;
    use crate::target::TargetId;

    fn repeats(hosts: &[&str]) -> Repeats {
        let mut repeats = Repeats::default();
        let RunEventKind::RunStarted(header) = Script::new(hosts).started().kind else { unreachable!() };
        repeats.start(&header);
        repeats
    }

    #[test]
    fn the_first_host_is_heard_in_full_and_the_others_are_counted() {
        let mut repeats = repeats(&["web1", "web2", "web3"]);
        let mut is_repeat = |host: u32, text: &str| repeats.is_repeat(TargetId(host), text);
        assert!(!is_repeat(1, "web2: no such path\nat line 1"));
        assert!(!is_repeat(1, "web2: no such path\nat line 1"));
        assert!(is_repeat(0, "web1: no such path\nat line 1"));
        assert!(is_repeat(2, "web3: no such path\nat line 1"));
        assert!(is_repeat(2, "web3: no such path\nat line 1"));
        assert!(!is_repeat(0, "web1: another one"), "each text by itself");
        assert!(!is_repeat(2, "exit code 3") && !is_repeat(0, "exit code 4"), "other numbers are other errors");
        let repeated = repeats.repeated();
        assert_eq!(repeated.len(), 1);
        assert_eq!((repeated[0].first, &repeated[0].others[..]), ("web2", &["web1", "web3"][..]));
        assert_eq!((repeated[0].records, repeated[0].text), (3, "web2: no such path at line 1"));
    }

    #[test]
    fn long_texts_are_cut_between_words_and_say_so() {
        for (text, shown) in [
            ("first\r\n  second\n\nthird", "first second third".to_owned()),
            (&format!("{} end", "x".repeat(LONGEST_TEXT - 4)), format!("{} end", "x".repeat(LONGEST_TEXT - 4))),
            (&format!("{} ends", "x".repeat(LONGEST_TEXT - 4)), format!("{}…", "x".repeat(LONGEST_TEXT - 4))),
            (&"ü".repeat(LONGEST_TEXT + 1), format!("{}…", "ü".repeat(LONGEST_TEXT))),
            (&"ü ".repeat(LONGEST_TEXT), format!("{}ü…", "ü ".repeat(LONGEST_TEXT / 2 - 1))),
            ("", String::new()),
        ] {
            assert_eq!(in_one_line(text), shown);
        }
    }

    #[test]
    fn texts_without_end_take_no_memory_without_end() {
        let mut repeats = repeats(&["web1", "web2"]);
        for number in 0..2 * KEPT_TEXTS {
            assert!(!repeats.is_repeat(TargetId(0), &format!("error {number} {}", "x".repeat(1000))));
        }
        assert_eq!(repeats.texts.len(), KEPT_TEXTS);
        // What is not kept is shown each time.
        let last = format!("error {} {}", 2 * KEPT_TEXTS - 1, "x".repeat(1000));
        assert!(!repeats.is_repeat(TargetId(1), &last));
    }
}
