//! Get-WinEvent.
//!
//! Ids and messages: public source of PowerShell, GetEventCommand.cs and GetEventResources.resx.

use std::collections::HashMap;

use super::super::super::convert::{self, text};
use super::super::super::dotnet::select_nodes;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::machine::{Event, EventLog, LOGS};
use super::super::super::types::TypeRef;
use super::super::super::value::Val;
use super::super::Bound;
use super::query::Query;
use super::xpath::XPath;
use super::{list, log_names, record};

pub(super) fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    if bound.get("ListLog").is_some() {
        return list::logs(evaluator, &bound.texts("ListLog"), out);
    }
    if bound.get("ListProvider").is_some() {
        return list::providers(evaluator, &bound.texts("ListProvider"), out);
    }
    if let Some(filter) = bound.get("FilterXml") {
        return by_xml(evaluator, bound, filter, out);
    }
    let filter = bound.items("FilterHashtable");
    let first = bound.items("LogName");
    // A hashtable without a name is the filter.
    let filters =
        if first.iter().all(|item| matches!(item, Val::Hash(_))) && filter.is_empty() { first } else { filter };
    let queries = if filters.is_empty() {
        let logs = bound.texts("LogName");
        vec![Query::of(logs, bound.texts("ProviderName"))]
    } else {
        let of = |filter: &Val| match filter {
            Val::Hash(hash) => Query::of_hash(evaluator, hash),
            _ => Err(ErrorRecord::unsupported("a filter that is not a hashtable").into()),
        };
        filters.iter().map(of).collect::<Run<Vec<_>>>()?
    };
    let xpath = bound.text("FilterXPath").map(|text| XPath::parse(&text)).transpose()?;
    let most = most(bound)?;
    let found = matching(evaluator, &queries, xpath.as_ref(), bound.switch("Oldest"), most)?;
    show(evaluator, found, out)
}

/// `-MaxEvents`
fn most(bound: &Bound) -> Run<usize> {
    let most = bound.count("MaxEvents")?;
    if most == Some(0) {
        let message = "Cannot validate argument on parameter 'MaxEvents'. The 0 argument is less than the minimum allowed \
                       range of 1. Supply an argument that is greater than or equal to 1 and then try the command again.";
        let kind = "System.Management.Automation.ParameterBindingException";
        return Err(ErrorRecord::new(kind, message, "ParameterArgumentValidationError", 5).into());
    }
    Ok(most.unwrap_or(usize::MAX))
}

/// `-FilterXml`: a list of queries, each with what it selects from a log.
///
/// Source: learn.microsoft.com, Query Schema of Windows Event Log.
fn by_xml(evaluator: &mut Evaluator<'_>, bound: &Bound, filter: &Val, out: &mut dyn Sink) -> Run<()> {
    let document = convert::cast(filter, &TypeRef::named("System.Xml.XmlDocument"))?;
    let none = HashMap::new();
    if !select_nodes(evaluator, &document, "//Suppress", &none)?.is_empty() {
        return Err(ErrorRecord::unsupported("Suppress in a query of events (-FilterXml)").into());
    }
    let most = most(bound)?;
    let is_oldest_first = bound.switch("Oldest");
    let mut found: Option<Vec<Event>> = None;
    for select in select_nodes(evaluator, &document, "//QueryList/Query/Select", &none)? {
        let text_of =
            |node: &Val, name: &str| evaluator.member(node, name).map_or_else(String::new, |value| text(&value));
        let (mut log, xpath) = (text_of(&select, "Path"), text_of(&select, "InnerText"));
        if log.is_empty() {
            let query = evaluator.member(&select, "ParentNode").unwrap_or(Val::Null);
            log = text_of(&query, "Path");
        }
        let xpath = XPath::parse(xpath.trim())?;
        let queries = [Query::of(vec![log], Vec::new())];
        let of_log = matching(evaluator, &queries, Some(&xpath), is_oldest_first, most)?;
        if let Some(of_log) = of_log {
            found.get_or_insert_default().extend(of_log);
        }
    }
    if let Some(found) = &mut found {
        found.sort_by_key(|event| event.at);
        if !is_oldest_first {
            found.reverse();
        }
        found.dedup_by(|left, right| left.record_id == right.record_id && left.kind.log == right.kind.log);
        found.truncate(most);
    }
    show(evaluator, found, out)
}

fn show(evaluator: &mut Evaluator<'_>, found: Option<Vec<Event>>, out: &mut dyn Sink) -> Run<()> {
    let Some(found) = found else { return Ok(()) };
    if found.is_empty() {
        let message = "No events were found that match the specified selection criteria.";
        return evaluator.write_error(ErrorRecord::new("System.Exception", message, "NoMatchingEventsFound", 13));
    }
    for event in found {
        let object = record::object(evaluator, &event);
        out.put(evaluator, object)?;
    }
    Ok(())
}

/// The events that match, in their order; nothing if no log or provider of the query exists.
fn matching(
    evaluator: &mut Evaluator<'_>,
    queries: &[Query],
    xpath: Option<&XPath>,
    oldest_first: bool,
    most: usize,
) -> Run<Option<Vec<Event>>> {
    let mut found: Vec<Event> = Vec::new();
    let mut any = false;
    for query in queries {
        let logs = logs(evaluator, query)?;
        any |= !logs.is_empty();
        for log in logs {
            let events = evaluator.machine.events(log);
            evaluator.step(events.len() as u64)?;
            let now = evaluator.host_time();
            let mut of_log = Vec::new();
            let ordered: Box<dyn Iterator<Item = &Event>> =
                if oldest_first { Box::new(events.iter()) } else { Box::new(events.iter().rev()) };
            for event in ordered {
                if of_log.len() >= most {
                    break;
                }
                if query.takes(evaluator, event)? && xpath.is_none_or(|xpath| xpath.holds(event, now)) {
                    of_log.push(event.clone());
                }
            }
            found.extend(of_log);
        }
    }
    if !any {
        return Ok(None);
    }
    // Events of several logs come in one order.
    if oldest_first {
        found.sort_by_key(|event| event.at);
    } else {
        found.sort_by_key(|event| std::cmp::Reverse(event.at));
    }
    found.truncate(most);
    Ok(Some(found))
}

/// The logs of a query: those it names, else those that its providers write to, else all.
fn logs(evaluator: &mut Evaluator<'_>, query: &Query) -> Run<Vec<&'static EventLog>> {
    let mut names: Vec<&'static str> = Vec::new();
    for pattern in &query.logs {
        let before = names.len();
        for name in log_names() {
            if evaluator.patterns.like(name, pattern, false)? && !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() == before && !names.iter().any(|name| name.eq_ignore_ascii_case(pattern)) {
            evaluator.write_error(list::missing_log(pattern))?;
        }
    }
    let mut of_providers: Vec<&'static str> = Vec::new();
    let sources = evaluator.machine.sources();
    for pattern in &query.providers {
        let mut found = false;
        for (name, log) in &sources {
            if name.eq_ignore_ascii_case(pattern) || evaluator.patterns.like(name, pattern, false)? {
                found = true;
                of_providers.push(log);
            }
        }
        if !found {
            evaluator.write_error(list::missing_provider(pattern))?;
        }
    }
    let names: Vec<&'static str> = match (query.logs.is_empty(), query.providers.is_empty()) {
        (true, true) => log_names().collect(),
        (true, false) => log_names().filter(|name| of_providers.contains(name)).collect(),
        (false, true) => names,
        (false, false) if of_providers.is_empty() => Vec::new(),
        (false, false) => names,
    };
    Ok(LOGS.iter().filter(|log| names.contains(&log.name)).collect())
}
