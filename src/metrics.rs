//! The text format of Prometheus, 0.0.4: families of samples in, text out, sorted, so that equal states give equal bytes.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A family of samples: its name, and what it tells.
pub type About = (&'static str, &'static str);

/// How a check stands on a host.
pub const CHECK_STATE: About =
    ("psfleet_check_state", "How a check stands on a host: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, 4 not asked yet.");

/// A number that a check has found; its labels are `check`, `host`, `label` and `unit`.
pub const CHECK_VALUE: About = ("psfleet_check_value", "A number that a check has found on a host.");

/// How a check stands over all hosts.
pub const CHECK_FLEET_STATE: About =
    ("psfleet_check_fleet_state", "State of a check over all hosts, as its fleet rules say it.");

/// Everything that is told: values by their labels, as these are written, under each family.
#[derive(Debug, Clone, Default)]
pub struct Metrics(BTreeMap<About, BTreeMap<String, f64>>);

impl Metrics {
    /// Adds a value that may rise and fall. Of two with equal labels the later one counts.
    pub fn gauge(&mut self, about: About, labels: &[(&str, &str)], value: f64) {
        self.0.entry(about).or_default().insert(written(labels), value);
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for ((name, help), samples) in &self.0 {
            // Writing to a string does not fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
            for (labels, value) in samples {
                let _ = writeln!(text, "{name}{labels} {}", number(*value));
            }
        }
        text
    }
}

fn written(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            _ => text.push(c),
        }
    }
    text
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn samples_stand_sorted_under_their_family() {
        let mut metrics = Metrics::default();
        metrics.gauge(("b_state", "How it stands."), &[("host", "web2")], 2.0);
        metrics.gauge(("b_state", "How it stands."), &[("host", "web1")], f64::NAN);
        metrics.gauge(("a_count", "How many."), &[], 12.0);
        metrics.gauge(("b_state", "How it stands."), &[("host", "web2")], 0.5);
        let expected = "# HELP a_count How many.\n# TYPE a_count gauge\na_count 12\n\
                        # HELP b_state How it stands.\n# TYPE b_state gauge\nb_state{host=\"web1\"} NaN\nb_state{host=\"web2\"} 0.5\n";
        assert_eq!(metrics.text(), expected);
    }

    #[test]
    fn no_label_breaks_out_of_its_line() {
        let mut metrics = Metrics::default();
        metrics.gauge(("x", "X."), &[("a", "\" 1\nx{a=\"b"), ("b", "c\\"), ("c", "é\r")], -f64::INFINITY);
        let text = metrics.text();
        assert_eq!(text.lines().nth(2), Some("x{a=\"\\\" 1\\nx{a=\\\"b\",b=\"c\\\\\",c=\"é\r\"} -Inf"));
        assert_eq!(text.matches('\n').count(), 3);
    }
}
