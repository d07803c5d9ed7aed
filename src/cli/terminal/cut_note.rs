//! What to say at the end of a run about members that PowerShell cut.

use super::wording;
use crate::cli::args::run::DEEPEST;
use crate::event::RunEvent;
use crate::output::Select;
use crate::report::Cuts;

/// PowerShell's own depth.
const USUAL_DEPTH: u32 = 1;
/// The depth to try first: it brings what Get-Process and the like hold.
const FIRST_ADVICE: u32 = 3;
/// Groups of hosts that are named separately, unless all are asked for.
const GROUPS_SHOWN: usize = 4;

/// Looks for members that came cut, and says so once the run is over.
pub struct CutNote {
    cuts: Cuts,
    /// The members that are shown at all.
    select: Select,
    advice: Option<u32>,
}

impl CutNote {
    /// For a run with this `--depth`, which shows these members.
    pub fn new(depth: Option<u32>, select: Select) -> Self {
        let advice = depth.map_or(FIRST_ADVICE, |given| given.saturating_add(1));
        let advice = Some(advice).filter(|advice| *advice <= DEEPEST);
        Self { cuts: Cuts::new(depth.unwrap_or(USUAL_DEPTH)), select, advice }
    }

    /// Takes the next event.
    pub fn apply(&mut self, event: &RunEvent) {
        self.cuts.apply(event);
    }

    /// What to say, safe for a terminal; nothing if nothing was cut. `all`: every member and every host by name.
    pub fn lines(&self, all: bool) -> Vec<String> {
        let groups = self.cuts.groups(|name| self.select.is_all() || self.select.place(name).is_some());
        let shown = if all { groups.len() } else { groups.len().min(GROUPS_SHOWN) };
        let hidden = groups.iter().skip(shown).map(|group| group.members.len()).sum::<usize>();
        let hidden = hidden + self.cuts.other_members();
        let mut lines: Vec<String> =
            groups.iter().take(shown).map(|cut| wording::cut_members(cut, self.cuts.depth(), all)).collect();
        if hidden > 0 {
            lines.push(format!("{} cut, too", wording::were(hidden, "other member")));
        }
        if let (Some(depth), Some(last)) = (self.advice, lines.last_mut()) {
            last.push_str(&format!("; rerun with --depth {depth}"));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::CutNote;
    use crate::clixml::{Object, TypeNames, Value};
    use crate::output::Select;
    use crate::output::testing::Script;
    use crate::stream::Stream;

    /// What is said of these members, cut on this many hosts from the first on.
    fn said(depth: Option<u32>, select: &[&str], all: bool, members: &[(&str, u32)]) -> String {
        let hosts: Vec<String> = (1..=30).map(|number| format!("web{number:02}")).collect();
        let mut script = Script::new(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
        let names: Vec<String> = select.iter().map(|name| String::from(*name)).collect();
        let mut note = CutNote::new(depth, Select::new(&names));
        note.apply(&script.started());
        for &(member, count) in members {
            let mut object = Object {
                type_names: TypeNames::new(["System.Diagnostics.Process"]),
                props: vec![(member.into(), Value::str("System.Diagnostics.ProcessModule (sh)"))],
                ..Object::default()
            };
            for _ in 1..depth.unwrap_or(1) {
                object = Object { props: vec![("In".into(), object.into())], ..Object::default() };
            }
            for host in 0..count {
                note.apply(&script.record(host, Stream::Output, object.clone()));
            }
        }
        note.lines(all).join("\n")
    }

    #[test]
    fn members_hosts_and_what_to_do() {
        assert_eq!(said(None, &[], false, &[]), "");
        assert_eq!(
            said(None, &[], false, &[("Modules", 1)]),
            "`Modules` was cut at depth 1 on web01; rerun with --depth 3"
        );
        assert_eq!(
            said(None, &[], false, &[("Modules", 30), ("Threads", 30), ("Parent", 2)]),
            "`Modules`, `Threads` were cut at depth 1 on 30 hosts\n`Parent` was cut at depth 1 on 2 hosts; rerun with --depth 3"
        );
        assert_eq!(
            said(None, &[], true, &[("Modules", 30)]),
            "`Modules` was cut at depth 1 on 30 hosts (web[01-30]); rerun with --depth 3"
        );
    }

    #[test]
    fn a_given_depth_is_raised_as_far_as_it_goes() {
        assert!(said(Some(1), &[], false, &[("Modules", 1)]).ends_with("; rerun with --depth 2"));
        assert_eq!(
            said(Some(3), &[], false, &[("Modules", 2)]),
            "`In.In.Modules` was cut at depth 3 on 2 hosts; rerun with --depth 4"
        );
        assert!(said(Some(20), &[], false, &[("Modules", 2)]).ends_with("` was cut at depth 20 on 2 hosts"));
    }

    #[test]
    fn what_nobody_sees_is_not_missed() {
        let members = [("Modules", 2), ("Threads", 1)];
        assert_eq!(said(None, &["Name", "cpu"], false, &members), "");
        assert!(said(None, &["thr*"], false, &members).starts_with("`Threads` was cut"));
    }

    #[test]
    fn long_lists_are_counted() {
        let names: Vec<String> = (0..20).map(|number| format!("\x1b[2JModule{number}")).collect();
        let equal: Vec<_> = names.iter().map(|name| (name.as_str(), 3)).collect();
        let text = said(None, &[], false, &equal);
        assert!(text.contains("Module7` and 12 others were cut at depth 1 on 3 hosts"), "{text}");
        assert!(!text.contains('\x1b'), "{text}");
        let text = said(None, &[], true, &equal);
        assert!(text.contains("Module19` were cut"), "{text}");
        let different: Vec<_> = names.iter().zip(1..).map(|(name, count)| (name.as_str(), count)).collect();
        let text = said(None, &[], false, &different);
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(text.ends_with("\n16 other members were cut, too; rerun with --depth 3"), "{text}");
    }
}
