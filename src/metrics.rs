//! The text format of Prometheus, 0.0.4: families of samples in, text out, sorted, so that equal states give equal bytes.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Samples under one name.
#[derive(Debug, Clone, Default)]
struct Family {
    kind: &'static str,
    help: &'static str,
    /// Values by their labels, as these are written.
    samples: BTreeMap<String, f64>,
}

/// Everything that is told.
#[derive(Debug, Clone, Default)]
pub struct Metrics(BTreeMap<&'static str, Family>);

impl Metrics {
    /// Adds a value that may rise and fall. Of two with equal labels the later one counts.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        self.add("gauge", (name, help), labels, value);
    }

    /// Adds a value that only rises; its name ends in `_total`.
    pub fn counter(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        self.add("counter", (name, help), labels, value);
    }

    fn add(
        &mut self,
        kind: &'static str,
        (name, help): (&'static str, &'static str),
        labels: &[(&str, &str)],
        value: f64,
    ) {
        let family = self.0.entry(name).or_insert_with(|| Family { kind, help, samples: BTreeMap::new() });
        family.samples.insert(written(labels), value);
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &self.0 {
            // Writing to a string does not fail.
            let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {}", family.help, family.kind);
            for (labels, value) in &family.samples {
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
        metrics.gauge("b_state", "How it stands.", &[("host", "web2")], 2.0);
        metrics.gauge("b_state", "How it stands.", &[("host", "web1")], f64::NAN);
        metrics.counter("a_total", "How many.", &[], 12.0);
        metrics.gauge("b_state", "How it stands.", &[("host", "web2")], 0.5);
        let expected = "# HELP a_total How many.\n# TYPE a_total counter\na_total 12\n\
                        # HELP b_state How it stands.\n# TYPE b_state gauge\nb_state{host=\"web1\"} NaN\nb_state{host=\"web2\"} 0.5\n";
        assert_eq!(metrics.text(), expected);
    }

    #[test]
    fn no_label_breaks_out_of_its_line() {
        let mut metrics = Metrics::default();
        metrics.gauge("x", "X.", &[("a", "\" 1\nx{a=\"b"), ("b", "c\\"), ("c", "é\r")], -f64::INFINITY);
        let text = metrics.text();
        assert_eq!(text.lines().nth(2), Some("x{a=\"\\\" 1\\nx{a=\\\"b\",b=\"c\\\\\",c=\"é\r\"} -Inf"));
        assert_eq!(text.matches('\n').count(), 3);
    }
}
