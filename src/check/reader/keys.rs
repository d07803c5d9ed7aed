//! The names that a check file may use.

/// What may stand at the top of a check file.
pub(super) const KEYS: &[&str] = &[
    "title",
    "description",
    "file",
    "code",
    "pester",
    "parameters",
    "timeout",
    "interval",
    "cron",
    "zone",
    "owner",
    "runbook",
    "labels",
    "empty",
    "rules",
    "fleet",
];

/// What may stand in a rule.
pub(super) const RULE_KEYS: &[&str] = &[
    "name",
    "property",
    "instance",
    "where",
    "count",
    "warn",
    "crit",
    "warn_if",
    "crit_if",
    "warn_match",
    "crit_match",
    "warn_unless_match",
    "crit_unless_match",
    "unit",
    "min",
    "max",
    "message",
];

/// What may stand in a rule over all hosts.
pub(super) const FLEET_KEYS: &[&str] = &["of", "warn", "crit"];
