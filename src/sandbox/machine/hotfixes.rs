//! Installed updates.

use jiff::civil::{Date, Weekday};

use super::{Host, Illness, Machine};

/// An update, as `Win32_QuickFixEngineering` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotfix {
    /// Such as `KB5044281`.
    pub id: String,
    /// `Update` or `Security Update`.
    pub description: &'static str,
    /// Day of installation, counted from 1970-01-01.
    pub installed_day: i64,
}

/// How many of the monthly updates are looked back at.
const MONTHS: usize = 6;

/// Days from 1970-01-01 to a date.
fn day(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// The last monthly updates before a day, oldest first: number and day of release, which is the second Tuesday of a
/// month. The same on every host that has them; their numbers grow by some two thousand a month, as Microsoft's do.
fn monthly(today: i64) -> Vec<(u32, i64)> {
    let epoch = Date::constant(1970, 1, 1);
    let Ok(date) = epoch.checked_add(jiff::Span::new().days(today)) else { return Vec::new() };
    let mut month = date.first_of_month();
    let mut found = Vec::new();
    while found.len() < MONTHS {
        let Ok(tuesday) = month.nth_weekday_of_month(2, Weekday::Tuesday) else { break };
        let released = day(tuesday);
        if released < today {
            let months = i64::from(month.year() - 2025) * 12 + i64::from(month.month()) - 10;
            found.insert(0, ((5_066_835 + months * 2_381) as u32, released));
        }
        let Ok(before) = month.yesterday() else { break };
        month = before.first_of_month();
    }
    found
}

/// The updates of a host on a day.
pub(super) fn draw(host: &Host, today: i64) -> Vec<Hotfix> {
    let mut rng = host.rng("hotfixes");
    let installed = host.install_date().as_second().div_euclid(86_400);
    let base = [(5_027_397, "Update"), (5_043_080, "Security Update")];
    let mut all: Vec<_> = base
        .map(|(number, description)| Hotfix {
            id: format!("KB{number}"),
            description,
            installed_day: (today - 600 - i64::from(number % 97)).max(installed + 1).min(today - 200),
        })
        .into();
    let behind = if host.has(Illness::OldPatches) { rng.between(2, 5) as usize } else { 0 };
    let monthly = monthly(today);
    let had = monthly.len().saturating_sub(behind);
    for (place, &(number, released)) in monthly[..had].iter().enumerate() {
        // A cumulative update replaces the older ones; the list shows those that were not cleaned up.
        if rng.chance(550) || place + 1 == had {
            let installed_day = (released + rng.between(1, 12) as i64).min(today);
            all.push(Hotfix { id: format!("KB{number}"), description: "Security Update", installed_day });
        }
    }
    all
}

impl Machine {
    /// Its installed updates, oldest first.
    pub fn hotfixes(&self) -> Vec<Hotfix> {
        draw(&self.host, self.since.as_second().div_euclid(86_400))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{MONTHS, monthly};
    use crate::sandbox::machine::{Illness, Machine};

    #[test]
    fn updates_come_on_the_second_tuesday() {
        // 2025-10-15, the day after the second Tuesday.
        let found = monthly(20_376);
        assert_eq!((found.len(), found.last()), (MONTHS, Some(&(5_066_835, 20_375))));
        assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[1].1 - pair[0].1 >= 28), "{found:?}");
        assert_eq!(monthly(20_375).last().map(|(_, day)| *day), Some(20_340));
    }

    /// Whatever the day, the last update is at most some weeks old where nothing is wrong.
    #[test]
    fn only_ill_hosts_have_old_updates() {
        for second in [1_600_000_000, 1_790_000_000, 1_795_000_000] {
            let now = Timestamp::from_second(second).expect("a valid time");
            for index in 0..200 {
                let machine = Machine::draw(1, index, now);
                let last = machine.hotfixes().iter().map(|hotfix| hotfix.installed_day).max().expect("an update");
                let age = second / 86_400 - last;
                assert!(age >= 0);
                assert_eq!(age > 36, machine.host().has(Illness::OldPatches), "{index}: {age} days");
            }
        }
    }
}
