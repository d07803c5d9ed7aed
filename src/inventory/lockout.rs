//! Whether a wrong password would lock an account, as far as the directory of the inventory knows: asked before the first
//! try.

use std::sync::Arc;

use crate::config::{Problem, System};
use crate::directory::FailedLogons;
use crate::target::Credential;

/// Every account of a domain that is locked, or that one more failed logon would lock. Where a directory does not say, the
/// user is warned.
pub(super) fn check_accounts(credentials: &[Option<Arc<Credential>>], around: &mut dyn System) -> Vec<Problem> {
    let mut users: Vec<&str> = Vec::new();
    for credential in credentials.iter().flatten().filter(|credential| credential.password().is_some()) {
        let user = credential.user().filter(|user| is_of_domain(user));
        users.extend(user.filter(|user| !users.contains(user)));
    }
    let mut problems = Vec::new();
    for user in users {
        match around.failed_logons(user) {
            Ok(found) => problems.extend(found.and_then(|found| objection(user, &found))),
            Err(what) => around.warn(&format!("the failed logons of '{user}' are not known: {what}")),
        }
    }
    problems
}

/// Accounts of the hosts themselves are in no directory.
fn is_of_domain(user: &str) -> bool {
    !user.starts_with(".\\") && user.contains(['\\', '@'])
}

fn objection(user: &str, found: &FailedLogons) -> Option<Problem> {
    let FailedLogons { count, threshold, remembered, .. } = found;
    if found.is_locked {
        let problem = Problem::new(format!("'{user}' is not tried: the directory has locked the account"));
        return Some(problem.with_hint("an administrator of the domain can unlock it: Unlock-ADAccount user"));
    }
    if !found.is_last() {
        return None;
    }
    let message = format!("'{user}' is not tried: {count} of {threshold} failed logons, so one more locks the account");
    let wait = match *remembered {
        seconds @ 0..=86_400 => format!(", or wait {} minutes, after which they no longer count", seconds / 60 + 1),
        _ => String::new(),
    };
    let hint = format!("log on once elsewhere with the right password, which sets the count back{wait}");
    Some(Problem::new(message).with_hint(hint))
}
