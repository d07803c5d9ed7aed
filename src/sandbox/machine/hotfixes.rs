//! Installed updates.

use super::{Host, Illness};

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

/// The monthly updates of the fleet: number and day of release. The same on every host that has them.
const MONTHLY: [(u32, i64); 6] = [
    (5_066_835, 20_374),
    (5_068_861, 20_403),
    (5_071_544, 20_431),
    (5_073_379, 20_466),
    (5_075_999, 20_494),
    (5_078_740, 20_522),
];

pub(super) fn draw(host: &Host) -> Vec<Hotfix> {
    let mut rng = host.rng("hotfixes");
    let base = [(5_027_397, "Update"), (5_043_080, "Security Update")];
    let mut all: Vec<_> = base
        .map(|(number, description)| Hotfix {
            id: format!("KB{number}"),
            description,
            installed_day: 19_900 + i64::from(number % 97),
        })
        .into();
    let behind = if host.has(Illness::OldPatches) { rng.between(2, 5) as usize } else { 0 };
    for &(number, released) in &MONTHLY[..MONTHLY.len() - behind] {
        // A cumulative update replaces the older ones; the list shows those that were not cleaned up.
        if rng.chance(550) || (number, released) == MONTHLY[MONTHLY.len() - 1 - behind] {
            let installed_day = released + rng.between(1, 12) as i64;
            all.push(Hotfix { id: format!("KB{number}"), description: "Security Update", installed_day });
        }
    }
    all
}
