//! Which targets share the value of a label, where only so many of those may be under way at once.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::schedule::Cohorts;
use crate::target::Target;

/// At most so many targets at once that share a value of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelLimit {
    /// The label's key; a variable counts where a target has no label of that name, as in `label:` of expressions.
    pub label: String,
    /// How many.
    pub limit: NonZeroUsize,
}

impl LabelLimit {
    /// The target's value of the label, if it has one.
    pub fn value(&self, target: &Target) -> Option<String> {
        let is_named = |name: &str| name.eq_ignore_ascii_case(&self.label);
        let label = target.labels.iter().find(|(name, _)| is_named(name)).map(|(_, value)| value.clone());
        label.or_else(|| target.vars.iter().find(|(name, _)| is_named(name))?.1.single())
    }
}

/// The cohorts of targets under these limits: one for each value of each label.
pub(super) fn cohorts(limits: &[LabelLimit], targets: &[Arc<Target>]) -> Cohorts {
    let mut cohorts = Cohorts::default();
    if limits.is_empty() {
        return cohorts;
    }
    let mut known: HashMap<(usize, String), usize> = HashMap::new();
    for target in targets {
        let values = limits.iter().enumerate();
        let values = values.filter_map(|(place, limit)| Some((place, limit.value(target)?, limit.limit)));
        let of_target = values.map(|(place, value, limit)| {
            *known.entry((place, value.to_lowercase())).or_insert_with(|| {
                cohorts.limits.push(limit);
                cohorts.limits.len() - 1
            })
        });
        let of_target = of_target.collect();
        cohorts.of_target.push(of_target);
    }
    cohorts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::target::{Endpoint, LocalEndpoint, Timeouts, Variable};

    fn target(labels: &[(&str, &str)], vars: &[(&str, &str)]) -> Arc<Target> {
        Arc::new(Target {
            name: "web01".into(),
            endpoint: Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() }),
            credential: None,
            vars: vars.iter().map(|(key, json)| ((*key).to_owned(), Variable::of_json(*json))).collect(),
            labels: labels
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            timeouts: Timeouts::default(),
        })
    }

    #[test]
    fn targets_with_one_value_are_a_cohort() {
        let limit = |label: &str, limit| LabelLimit {
            label: label.to_owned(),
            limit: NonZeroUsize::new(limit).expect("not 0"),
        };
        let targets = [
            target(&[("site", "ber")], &[("rack", "7")]),
            target(&[("Site", "BER")], &[]),
            target(&[("site", "muc")], &[("rack", "\"7\"")]),
            target(&[], &[]),
        ];
        let found = cohorts(&[limit("site", 2), limit("RACK", 1)], &targets);
        assert_eq!(found.limits.iter().map(|limit| limit.get()).collect::<Vec<_>>(), [2, 1, 2]);
        assert_eq!(found.of_target, [vec![0, 1], vec![0], vec![2, 1], vec![]]);
        assert_eq!(cohorts(&[], &targets), Cohorts::default());
    }
}
