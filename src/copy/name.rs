//! Names of files: which are safe to create here, and the temporary ones.

use aws_lc_rs::digest::{SHA256, digest};

use super::hash::hexadecimal;

/// Names that Windows keeps for devices, whatever their suffix.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// Whether a name from a host is the name of one file in one folder here, nothing more. On Windows, more names are not.
///
/// # Errors
/// What is wrong with it.
pub fn check(name: &str, windows: bool) -> Result<(), &'static str> {
    if name.is_empty() || name == "." || name == ".." {
        return Err("it does not name a file");
    }
    if name.contains(['/', '\\']) {
        return Err("it contains a path separator");
    }
    if name.chars().any(char::is_control) {
        return Err("it contains control characters");
    }
    if name.len() > 255 {
        return Err("it is too long");
    }
    if windows {
        if name.contains(['<', '>', ':', '"', '|', '?', '*']) {
            return Err("it contains characters that Windows does not allow");
        }
        if name.ends_with(['.', ' ']) {
            return Err("Windows allows no dot or space at its end");
        }
        if is_device(name.split('.').next().unwrap_or(name).trim_end()) {
            return Err("Windows reserves it for a device");
        }
    }
    Ok(())
}

fn is_device(stem: &str) -> bool {
    let upper = stem.to_uppercase();
    let numbered = |prefix| {
        upper
            .strip_prefix(prefix)
            .is_some_and(|rest| matches!(rest.chars().collect::<Vec<_>>()[..], ['1'..='9' | '¹' | '²' | '³']))
    };
    DEVICES.contains(&upper.as_str()) || numbered("COM") || numbered("LPT")
}

/// The name under which a file from a host grows here, beside its final one: the same in every try, and never too long.
pub fn temporary(name: &str) -> String {
    grown_for(name, name.as_bytes())
}

/// The temporary name of a file that grows on a host. Hosts may share the folder (homes on NFS, a share of Windows), so
/// that each has a name of its own.
pub fn temporary_on(host: &str, name: &str) -> String {
    grown_for(name, format!("{host}\0{name}").as_bytes())
}

fn grown_for(name: &str, seed: &[u8]) -> String {
    const KEPT: usize = 40;
    let digest = digest(&SHA256, seed);
    let short: String = name.chars().take(KEPT).collect();
    format!(".{short}.{}.psfleet-part", &hexadecimal(digest.as_ref())[..8])
}

/// The folder of a host: its name, with what no folder may be called replaced.
pub fn folder(host: &str) -> String {
    let safe: String = host
        .chars()
        .map(|char| if char.is_control() || "/\\<>:\"|?*".contains(char) { '_' } else { char })
        .take(200)
        .collect();
    let safe = safe.trim_end_matches(['.', ' ']);
    if check(safe, true).is_ok() { safe.to_owned() } else { format!("_{safe}") }
}

#[cfg(test)]
mod tests {
    use super::{check, folder, temporary, temporary_on};

    #[test]
    fn names_that_lead_elsewhere_are_refused_everywhere() {
        for name in ["", ".", "..", "/etc/passwd", "a/b", "..\\x", "a\\b", "C:\\x", "a\0b", "a\nb", "a\u{9b}31m"] {
            assert!(check(name, false).is_err() && check(name, true).is_err(), "{name:?}");
        }
        assert!(check(&"x".repeat(256), false).is_err());
    }

    #[test]
    fn windows_refuses_more() {
        for name in ["C:", "a:stream", "CON", "con.txt", "NUL .txt", "COM1", "lpt9.log", "COM¹", "a.", "a ", "a?", "a*"]
        {
            assert!(check(name, true).is_err(), "{name:?}");
            assert!(check(name, false).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn ordinary_names_are_taken() {
        for name in ["a b", "it's", "x[1].txt", "äöü.txt", ".hidden", "...", "COM10", "CONSOLE", "日本"] {
            assert!(check(name, false).is_ok(), "{name:?}");
        }
        assert!(check("x[1] it's.txt", true).is_ok());
    }

    #[test]
    fn temporary_names_fit_beside_any_file() {
        let long = "ü".repeat(127);
        assert!(temporary(&long).len() <= 255 && check(&temporary(&long), true).is_ok());
        assert_ne!(temporary(&long), temporary(&"ü".repeat(126)));
        assert_eq!(temporary("a"), ".a.ca978112.psfleet-part");
        let on_a_host = temporary_on(&"h".repeat(300), &long);
        assert!(on_a_host.len() <= 255 && check(&on_a_host, true).is_ok());
    }

    #[test]
    fn hosts_that_share_a_folder_share_no_temporary_name() {
        let pairs = [("web1", "a"), ("web2", "a"), ("web1", "b"), ("web", "1a"), ("WEB1", "a"), ("", "a")];
        let names: std::collections::HashSet<_> = pairs.iter().map(|(host, name)| temporary_on(host, name)).collect();
        assert_eq!(names.len(), pairs.len(), "{names:?}");
        assert_eq!(temporary_on("web1", "a"), temporary_on("web1", "a"), "the same in every try");
    }

    #[test]
    fn folders_of_hosts_are_plain_names() {
        assert_eq!(folder("web01.contoso.com"), "web01.contoso.com");
        assert_eq!(folder("[::1]:22"), "[__1]_22");
        assert_eq!(folder(".."), "_");
        assert_eq!(folder("nul"), "_nul");
        assert_eq!(folder("../../etc"), ".._.._etc");
    }
}
