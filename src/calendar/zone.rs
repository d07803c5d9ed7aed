//! Time zones by name.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::config::Problem;
use crate::nearest::did_you_mean;

/// The time zone of a name such as `Europe/Berlin`, or `UTC`; case does not count.
///
/// # Errors
/// The database has no zone of that name; the hint has the nearest one.
pub fn find_zone(name: &str, zones: &TimeZoneDatabase) -> Result<TimeZone, Problem> {
    if let Ok(zone) = zones.get(name) {
        return Ok(zone);
    }
    let names: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
    let city = |name: &str| names.iter().find(|zone| zone.rsplit('/').next().is_some_and(|city| same(city, name)));
    let hint = did_you_mean(name, names.iter().map(String::as_str))
        .or_else(|| city(name).map(|zone| format!("did you mean '{zone}'?")))
        .unwrap_or_else(|| "write a name such as Europe/Berlin, America/New_York or UTC".to_owned());
    Err(Problem::new(format!("'{name}' is not the name of a time zone")).with_hint(hint))
}

/// Whether a city's name in the database is the one that was written.
fn same(city: &str, written: &str) -> bool {
    city.replace('_', " ").eq_ignore_ascii_case(&written.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::find_zone;

    #[test]
    fn unknown_zones_name_the_nearest() {
        let zones = TimeZoneDatabase::bundled();
        for name in ["Europe/Berlin", "europe/berlin", "UTC", "Australia/Lord_Howe"] {
            assert!(find_zone(name, &zones).is_ok(), "{name}");
        }
        for (name, hint) in [
            ("Europe/Berln", "did you mean 'Europe/Berlin'?"),
            ("Berlin", "did you mean 'Europe/Berlin'?"),
            ("new york", "did you mean 'America/New_York'?"),
            ("Mars/Olympus_Mons", "write a name such as Europe/Berlin, America/New_York or UTC"),
            ("", "write a name such as Europe/Berlin, America/New_York or UTC"),
        ] {
            let problem = find_zone(name, &zones).expect_err(name);
            assert_eq!(problem.hint.as_deref(), Some(hint), "{name}");
        }
    }
}
