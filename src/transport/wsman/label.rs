//! The label of the shells that this process opens.

use std::sync::LazyLock;

use crate::local_user;
use crate::wsman::ShellLabel;

/// Made once: user and machine stay the same for as long as a process lives.
static LABEL: LazyLock<ShellLabel> = LazyLock::new(|| {
    ShellLabel::new(&local_user::name().unwrap_or_default(), &local_user::machine(), std::process::id())
});

/// What every shell that this process opens is labelled with.
pub fn our_label() -> &'static ShellLabel {
    &LABEL
}

/// Whether this user opened a shell of that label from this machine.
pub(super) fn is_ours(label: &ShellLabel) -> bool {
    let ours = our_label();
    // Where the system names neither, others would have the same label.
    let is_known = !ours.user.is_empty() && !ours.machine.is_empty();
    is_known && (&label.user, &label.machine) == (&ours.user, &ours.machine)
}

#[cfg(test)]
mod tests {
    use super::{is_ours, our_label};
    use crate::wsman::ShellLabel;

    #[test]
    fn every_process_of_this_user_on_this_machine_is_ours() {
        let ours = our_label();
        assert!(is_ours(&ShellLabel { process: ours.process + 1, ..ours.clone() }));
        assert!(!is_ours(&ShellLabel { user: format!("{}x", ours.user), ..ours.clone() }));
        assert!(!is_ours(&ShellLabel { machine: format!("{}x", ours.machine), ..ours.clone() }));
    }
}
