//! What only some modules may touch: time, chance, files, sockets, the terminal.

use std::collections::BTreeSet;
use std::path::Path;

use super::{code_of_modules, is_word};

/// One thing that is touched: the words that give it away, and who may touch it, by module or by file.
struct Thing {
    name: &'static str,
    words: &'static [&'static str],
    places: &'static [&'static str],
}

/// The roots of the crate may touch everything.
const THINGS: &[Thing] = &[
    Thing {
        name: "tasks and timers of tokio",
        words: &["tokio", "tokio_util"],
        places: &["cli", "collect", "copy", "fleet", "job", "sandbox", "session", "shells", "transport", "web"],
    },
    Thing {
        name: "the clock",
        words: &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"],
        places: &["cli", "copy", "doctor", "fleet", "sandbox", "session", "transport", "web"],
    },
    Thing {
        name: "chance",
        // The key pair of a session's key exchange is made once a process, by whoever asks psrp for it.
        words: &["new_v4", "now_v7", "getrandom", "fastrand", "PrivateDecryptingKey::generate"],
        places: &[
            "cli",
            "collect",
            "config/machine.rs",
            "copy",
            "fleet",
            "job",
            "psrp",
            "sandbox",
            "session/connect.rs",
            "shells",
            "transport",
        ],
    },
    Thing {
        name: "files",
        words: &["std::fs", "tokio::fs", "tempfile"],
        places: &[
            "cli",
            "config/exposure.rs",
            "config/machine.rs",
            "config/program.rs",
            "copy",
            "job",
            "local_user",
            "output",
            "sandbox",
            "secret_places",
            "store",
            "transport",
            "whole_file",
        ],
    },
    Thing {
        name: "sockets",
        words: &["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs", "socket2"],
        places: &["sandbox", "transport", "web"],
    },
    Thing {
        name: "the environment",
        words: &["std::env"],
        places: &["cli", "config/machine.rs", "local_user", "sandbox", "transport"],
    },
    Thing {
        name: "the terminal",
        words: &[
            "print!",
            "println!",
            "eprint!",
            "eprintln!",
            "dbg!",
            "anstream",
            "IsTerminal",
            "rpassword",
            "rustyline",
        ],
        places: &["cli"],
    },
    Thing { name: "signals", words: &["tokio::signal"], places: &["cli"] },
    Thing { name: "the command line", words: &["clap"], places: &["cli"] },
];

#[test]
fn time_chance_files_sockets_and_the_terminal_are_touched_where_the_map_says() {
    let code = code_of_modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut wrong = Vec::new();
    for Thing { name, words, places } in THINGS {
        let allowed: BTreeSet<&str> = places.iter().copied().collect();
        let mut touching = BTreeSet::new();
        for (module, file, line) in &code {
            if words.iter().any(|word| is_word(line, word)) {
                let place = allowed.iter().find(|place| *place == module || *place == file);
                touching.extend(place);
                if place.is_none() {
                    wrong.push(format!("{file} touches {name}: {}", line.trim()));
                }
            }
        }
        wrong.extend(allowed.difference(&touching).map(|place| format!("{place} no longer touches {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_word_is_whole() {
    assert!(is_word("use tokio::time;", "tokio"));
    assert!(!is_word("use tokio_util::sync;", "tokio"));
    assert!(is_word("    println!(\"\")", "println!"));
    assert!(!is_word("    eprintln!(\"\")", "println!"));
    assert!(!is_word("std::fs::read", "fs::reader") && is_word("let now = std::time::Instant::now();", "Instant::now"));
}
