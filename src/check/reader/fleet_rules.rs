//! Reads `[[fleet]]`.

use super::fields::{Fields, Reader};
use super::keys::FLEET_KEYS;
use crate::check::fleet_rule::{Counted, Demand, FleetRule};
use crate::check::state::State;

/// The fleet rules of a check.
pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<FleetRule> {
    let mut rules = Vec::new();
    for (place, node) in reader.tables(fields, "fleet").into_iter().enumerate() {
        let fields = reader.fields(node, &format!("fleet {}", place + 1), FLEET_KEYS);
        let of = reader.parsed(&fields, "of", str::parse).map(|given| given.value);
        let rule = FleetRule {
            at: node.at,
            of: of.unwrap_or(Counted::IsNot(State::Ok)),
            warn: reader.parsed(&fields, "warn", str::parse),
            crit: reader.parsed(&fields, "crit", str::parse),
        };
        if fields.entry("warn").is_none() && fields.entry("crit").is_none() {
            let hint = "add warn or crit, such as crit = \">5% of hosts\"";
            reader.problem(node.at, fields.path(), "this rule never raises an alarm", Some(hint.to_owned()));
        }
        let demands: Vec<&Demand> = [&rule.warn, &rule.crit].into_iter().flatten().map(|given| &given.value).collect();
        if let Some(entry) = fields.entry("of")
            && !demands.is_empty()
            && demands.iter().all(|demand| matches!(demand, Demand::Share { .. }))
        {
            let message = "'of' has no meaning here: 'at least' and 'at most' name the state themselves";
            reader.problem(entry.at, fields.path(), message, None);
        }
        rules.push(rule);
    }
    rules
}
