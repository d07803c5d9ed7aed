//! What Get-WinEvent's filters ask of an event.

use super::super::super::convert::{self, cast, text};
use super::super::super::datetime::DateTime;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run};
use super::super::super::machine::Event;
use super::super::super::types::TypeRef;
use super::super::super::value::{Hash, Val};
use super::record::keywords;

/// Conditions that all must hold; empty lists ask for nothing.
#[derive(Default)]
pub(super) struct Query {
    pub(super) logs: Vec<String>,
    pub(super) providers: Vec<String>,
    ids: Vec<i64>,
    levels: Vec<i64>,
    keywords: Vec<i64>,
    data: Vec<String>,
    users: Vec<String>,
    /// Ticks in UTC, both inclusive.
    since: Option<i64>,
    until: Option<i64>,
}

fn invalid(message: String, id: &'static str, target: Val) -> ErrorRecord {
    ErrorRecord::new("System.Exception", message, id, 5).with_target(target)
}

impl Query {
    /// `-LogName` and `-ProviderName`
    pub(super) fn of(logs: Vec<String>, providers: Vec<String>) -> Self {
        Self { logs, providers, ..Self::default() }
    }

    /// `-FilterHashtable`
    ///
    /// Source: learn.microsoft.com, Creating Get-WinEvent queries with FilterHashtable.
    pub(super) fn of_hash(evaluator: &Evaluator<'_>, hash: &Hash) -> Run<Self> {
        let mut query = Self::default();
        for (key, value) in hash.entries() {
            let name = text(&key);
            let items = value.clone().into_items();
            if items.is_empty() || items.iter().any(Val::is_null) {
                let message = format!(
                    "A null value was encountered in the {} hash table key. Null values are not permitted.",
                    name.to_lowercase()
                );
                return Err(invalid(message, "NullNotAllowedInHashtable", Val::str(name)).into());
            }
            let texts = || items.iter().map(text).collect::<Vec<_>>();
            let numbers = || items.iter().map(convert::index).collect::<Result<Vec<_>, _>>();
            match name.to_lowercase().as_str() {
                "logname" => query.logs = texts(),
                "providername" => query.providers = texts(),
                "id" => query.ids = numbers()?,
                "level" => query.levels = items.iter().map(level).collect::<Result<Vec<_>, _>>()?,
                "keywords" => query.keywords = numbers()?,
                "data" => query.data = texts(),
                "userid" => query.users = texts(),
                "starttime" => query.since = Some(time(evaluator, &value)?),
                "endtime" => query.until = Some(time(evaluator, &value)?),
                _ => return Err(ErrorRecord::unsupported(&format!("the key '{name}' of -FilterHashtable")).into()),
            }
        }
        if query.logs.is_empty() && query.providers.is_empty() {
            let message = "You must specify at least one Log, Provider or Path key-value pair.".to_owned();
            return Err(invalid(message, "LogProviderOrPathNeeded", Val::Null).into());
        }
        Ok(query)
    }

    pub(super) fn takes(&self, evaluator: &mut Evaluator<'_>, event: &Event) -> Run<bool> {
        let kind = &event.kind;
        let ticks = DateTime::utc(event.at).ticks;
        let has = |list: &[i64], own: i64| list.is_empty() || list.contains(&own);
        let mut holds = has(&self.ids, kind.id.into())
            && has(&self.levels, kind.level.number().into())
            && self.since.is_none_or(|since| ticks >= since)
            && self.until.is_none_or(|until| ticks <= until);
        if !self.keywords.is_empty() {
            let own = keywords(event).0;
            holds = holds && self.keywords.iter().any(|wanted| own & wanted != 0);
        }
        if !self.users.is_empty() {
            let own = super::entry::user_name(kind.user);
            let is_own = |wanted: &String| {
                kind.user.is_some_and(|sid| sid.eq_ignore_ascii_case(wanted))
                    || own.is_some_and(|own| own.eq_ignore_ascii_case(wanted))
            };
            holds = holds && self.users.iter().any(is_own);
        }
        if !self.data.is_empty() {
            holds = holds && self.data.iter().any(|wanted| event.values.iter().any(|value| *value == **wanted));
        }
        if !holds || self.providers.is_empty() {
            return Ok(holds);
        }
        for provider in &self.providers {
            if kind.is_of(provider) || evaluator.patterns.like(&kind.provider, provider, false)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A level by number or name.
fn level(value: &Val) -> Result<i64, ErrorRecord> {
    let named = ["LogAlways", "Critical", "Error", "Warning", "Informational", "Verbose"];
    let own = text(value);
    match named.iter().position(|name| name.eq_ignore_ascii_case(&own)) {
        Some(place) => Ok(place as i64),
        None => convert::index(value),
    }
}

pub(super) fn time(evaluator: &Evaluator<'_>, value: &Val) -> Run<i64> {
    match cast(value, &TypeRef::named("System.DateTime"))? {
        Val::DateTime(time) => Ok(time.to_utc(evaluator.host.utc_offset_minutes()).ticks),
        other => {
            let message = format!("The following value is not in a valid DateTime format: {}.", text(&other));
            Err(invalid(message, "DateTimeExpected", Val::Null).into())
        }
    }
}
