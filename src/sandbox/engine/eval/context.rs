//! What surrounds a command: preferences, redirections, and the variables that keep what it gives.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::super::ast::{RedirectTo, Redirection};
use super::super::convert;
use super::super::errors::{ErrorRecord, Place};
use super::super::value::{List, Val};
use super::Run;

/// What surrounds the command that runs.
#[derive(Debug, Default)]
pub(in super::super) struct Context {
    /// Its name, for error records.
    pub(super) command: Arc<str>,
    /// Whether that is a cmdlet, whose class error ids name.
    pub(super) is_cmdlet: bool,
    /// Whether it is an advanced function, which errors that leave it name.
    pub(super) is_advanced: bool,
    /// `-OutVariable`, `-ErrorVariable` and their like, with what they keep; those of commands around too, but for output.
    pub(super) keeps: Vec<(usize, Arc<Kept>)>,
    /// `-PipelineVariable`
    pub(super) pipeline_variable: Option<Arc<str>>,
    pub(super) place: Option<Arc<Place>>,
    /// `-ErrorAction`, else of the command around.
    pub(super) error_action: Option<Action>,
    /// `-Verbose`, `-Debug`, `-WarningAction`, `-InformationAction`, in this order; else of the command around.
    pub(super) actions: [Option<Action>; 4],
    /// The nearest redirection around.
    pub(super) redirect: Option<Arc<Redirect>>,
    /// Whether it wrote an error: what `$?` says after its pipeline.
    pub(super) failed: AtomicBool,
}

/// A variable that keeps what a command gives, beside where it goes.
#[derive(Debug)]
pub(super) struct Kept {
    /// Without the `+` that keeps what was there.
    pub(super) variable: Arc<str>,
    pub(super) appends: bool,
    /// Set when the command begins.
    pub(super) list: OnceLock<Arc<List>>,
}

/// Places of [`Context::keeps`].
pub(super) const OUTPUT: usize = 0;
pub(super) const ERRORS: usize = 1;
pub(super) const WARNINGS: usize = 2;
pub(super) const INFORMATION: usize = 3;

impl Kept {
    fn of(text: &str) -> Self {
        let text = text.trim_start_matches('$');
        let variable = text.trim_start_matches('+').to_lowercase().into();
        Self { variable, appends: text.starts_with('+'), list: OnceLock::new() }
    }
}

/// `n>&1` and its like around a command.
#[derive(Debug, Default)]
pub(super) struct Redirect {
    pub(super) outer: Option<Arc<Redirect>>,
    /// By stream number.
    pub(super) to: [Option<RedirectTo>; 7],
    pub(super) pending: Mutex<Vec<Val>>,
}

/// What to do on a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Action {
    Continue,
    SilentlyContinue,
    Ignore,
    Stop,
    /// To ask whether to go on: nobody can be asked.
    Inquire,
}

const ACTIONS: [(&str, i32, Action); 5] = [
    ("SilentlyContinue", 0, Action::SilentlyContinue),
    ("Stop", 1, Action::Stop),
    ("Continue", 2, Action::Continue),
    ("Inquire", 3, Action::Inquire),
    ("Ignore", 4, Action::Ignore),
];

impl Action {
    pub(in super::super) fn to_val(self) -> Val {
        let (name, number, _) = ACTIONS.iter().find(|(.., action)| *action == self).unwrap_or(&ACTIONS[2]);
        Val::of_enum("System.Management.Automation.ActionPreference", *name, *number)
    }

    /// By name, in any case and shortened, or by number.
    pub(in super::super) fn of(value: &Val) -> Option<Self> {
        let text = convert::text(value).to_lowercase();
        let is_it = |name: &str, number: i32| match value.as_int() {
            Some(given) => given == i128::from(number),
            None => !text.is_empty() && name.to_lowercase().starts_with(&text),
        };
        ACTIONS.iter().find(|(name, number, _)| is_it(name, *number)).map(|(.., action)| *action)
    }
}

impl Redirect {
    pub(super) fn new(redirections: &[Redirection], outer: Option<Arc<Self>>) -> Option<Arc<Self>> {
        if redirections.is_empty() {
            return outer;
        }
        let mut to = [None; 7];
        for redirection in redirections {
            match redirection.from {
                0 => to = [Some(redirection.to); 7],
                from => to[usize::from(from)] = Some(redirection.to),
            }
        }
        Some(Arc::new(Self { outer, to, pending: Mutex::default() }))
    }

    /// Whether output itself goes nowhere.
    pub(super) fn drops_output(&self) -> bool {
        self.to[1] == Some(RedirectTo::Null)
    }

    pub(super) fn take_pending(&self) -> Vec<Val> {
        std::mem::take(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Context {
    /// Notes that the command wrote an error.
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// `-OutVariable` and its like.
    pub(in super::super) fn keep_in(&mut self, parameter: &str, variable: &str) -> Run<()> {
        let place = match parameter {
            "OutVariable" => OUTPUT,
            "ErrorVariable" => ERRORS,
            "WarningVariable" => WARNINGS,
            "InformationVariable" => INFORMATION,
            "PipelineVariable" => {
                self.pipeline_variable = Some(variable.to_lowercase().into());
                return Ok(());
            }
            other => return Err(ErrorRecord::unsupported(&format!("the parameter -{other}")).into()),
        };
        self.keeps.push((place, Arc::new(Kept::of(variable))));
        Ok(())
    }

    pub(in super::super) fn set_error_action(&mut self, action: Action) {
        self.error_action = Some(action);
    }

    /// What to do with verbose, debug, warning or information records, in this order.
    pub(in super::super) fn set_action(&mut self, place: usize, action: Action) {
        self.actions[place] = Some(action);
    }
}
