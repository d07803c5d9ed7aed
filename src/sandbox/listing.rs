//! A host's lists: of its shells, and of the commands in one.
//!
//! The one user of all hosts may see all shells, as an administrator of Windows does. A list has no state on the host:
//! its context is the id that the next page follows on.

use super::host::Host;
use super::wsman::{Body, Fault, Items, OVERHEAD, Page, Request, ShellFacts, shell_size};
use crate::wsman::names::{ns, resource};

impl Host {
    /// The part of a list that a request asks for.
    ///
    /// # Errors
    /// The list of a resource that is none, or of a shell that there is not.
    pub(super) fn page(&self, request: &Request) -> Result<Page, Fault> {
        let (after, most, pulled) = match &request.body {
            Body::Enumerate { optimize: true, most } => ("", *most, false),
            // Only a context is wanted: everything is still to be pulled.
            Body::Enumerate { .. } => ("", 0, false),
            Body::Pull { context, most } => (context.strip_prefix(CONTEXT).unwrap_or_default(), *most, true),
            _ => return Err(Fault::schema("not a list")),
        };
        if request.resource_uri == resource::COMMANDS {
            let items = Items::Commands(self.shell(request)?.command_ids());
            return Ok(Page { pulled, items, context: None });
        }
        if request.resource_uri != ns::SHELL {
            return Err(Fault::resource_uri(&request.resource_uri));
        }
        let shells = self.shared.shells_of(self.index).into_iter().map(|shell| shell.facts());
        let rest: Vec<ShellFacts> = shells.filter(|shell| &*shell.id > after).collect();
        let (items, last) = cut(rest, most, request.max_envelope);
        let last = last.map(|last| last.unwrap_or_else(|| after.to_owned()));
        Ok(Page { pulled, items: Items::Shells(items), context: last.map(|last| format!("{CONTEXT}{last}")) })
    }
}

/// What a context begins with: that of the begin is not empty.
const CONTEXT: &str = "after:";

/// The first shells, and where the page ends if it does not hold all of them: behind a shell, or before the first one.
fn cut(mut shells: Vec<ShellFacts>, most: usize, max_envelope: usize) -> (Vec<ShellFacts>, Option<Option<String>>) {
    let mut size = OVERHEAD;
    let fits = |shell: &ShellFacts| {
        size += shell_size(shell);
        size <= max_envelope
    };
    // A page with nothing on it would be followed by another like it.
    let count = shells.iter().map(fits).take_while(|fits| *fits).count().max(1).min(most);
    if count >= shells.len() {
        return (shells, None);
    }
    shells.truncate(count);
    let last = shells.last().map(|shell| shell.id.clone());
    (shells, Some(last))
}

#[cfg(test)]
mod tests {
    use super::{ShellFacts, cut};

    fn shells(count: usize) -> Vec<ShellFacts> {
        let shell = |number| ShellFacts {
            id: format!("{number}"),
            name: None,
            resource_uri: "uri".into(),
            owner: "WEB001\\ada".into(),
            client_ip: "::1".into(),
            process_id: 1,
            age: 0,
            idle: 0,
            is_connected: true,
        };
        (0..count).map(shell).collect()
    }

    #[test]
    fn pages_hold_what_is_wanted_and_what_fits() {
        let ids = |(shells, last): (Vec<ShellFacts>, _)| (shells.len(), last);
        assert_eq!(ids(cut(shells(3), 10, 100_000)), (3, None));
        assert_eq!(ids(cut(shells(3), 2, 100_000)), (2, Some(Some("1".into()))));
        assert_eq!(ids(cut(shells(3), 0, 100_000)), (0, Some(None)));
        assert_eq!(ids(cut(shells(3), 10, 10)), (1, Some(Some("0".into()))));
        assert_eq!(ids(cut(shells(0), 10, 10)), (0, None));
        let (some, last) = ids(cut(shells(9), 9, 6000));
        assert!((2..9).contains(&some) && last.is_some(), "{some}");
    }
}
