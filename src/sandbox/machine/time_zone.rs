//! Time zones by their offsets.

use super::Host;

/// A time zone of Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone {
    /// Its id, which is its name in standard time too.
    pub id: &'static str,
    /// As the list of zones shows it.
    pub display_name: &'static str,
    /// Its name in summer.
    pub daylight_name: &'static str,
    /// Minutes east of UTC in standard time.
    pub offset_minutes: i32,
    /// Whether it has a summer time.
    pub has_daylight: bool,
}

const fn zone(
    id: &'static str,
    display_name: &'static str,
    daylight_name: &'static str,
    offset_minutes: i32,
    has_daylight: bool,
) -> TimeZone {
    TimeZone { id, display_name, daylight_name, offset_minutes, has_daylight }
}

impl TimeZone {
    /// Universal time.
    pub const UTC: Self = zone("UTC", "(UTC) Coordinated Universal Time", "Coordinated Universal Time", 0, false);

    /// Some of Windows' zones, from west to east. Hosts are in zones that have no summer time: see
    /// [`Host::utc_offset_minutes`].
    pub const ALL: [Self; 15] = [
        zone("Hawaiian Standard Time", "(UTC-10:00) Hawaii", "Hawaiian Daylight Time", -600, false),
        zone("Pacific Standard Time", "(UTC-08:00) Pacific Time (US & Canada)", "Pacific Daylight Time", -480, true),
        zone("US Mountain Standard Time", "(UTC-07:00) Arizona", "US Mountain Daylight Time", -420, false),
        zone("Central Standard Time", "(UTC-06:00) Central Time (US & Canada)", "Central Daylight Time", -360, true),
        zone(
            "SA Pacific Standard Time",
            "(UTC-05:00) Bogota, Lima, Quito, Rio Branco",
            "SA Pacific Daylight Time",
            -300,
            false,
        ),
        zone("Eastern Standard Time", "(UTC-05:00) Eastern Time (US & Canada)", "Eastern Daylight Time", -300, true),
        Self::UTC,
        zone("GMT Standard Time", "(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "GMT Daylight Time", 0, true),
        zone(
            "W. Central Africa Standard Time",
            "(UTC+01:00) West Central Africa",
            "W. Central Africa Daylight Time",
            60,
            false,
        ),
        zone(
            "W. Europe Standard Time",
            "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
            "W. Europe Daylight Time",
            60,
            true,
        ),
        zone("South Africa Standard Time", "(UTC+02:00) Harare, Pretoria", "South Africa Daylight Time", 120, false),
        zone("Arabian Standard Time", "(UTC+04:00) Abu Dhabi, Muscat", "Arabian Daylight Time", 240, false),
        zone(
            "India Standard Time",
            "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi",
            "India Daylight Time",
            330,
            false,
        ),
        zone(
            "China Standard Time",
            "(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi",
            "China Daylight Time",
            480,
            false,
        ),
        zone("Tokyo Standard Time", "(UTC+09:00) Osaka, Sapporo, Tokyo", "Tokyo Daylight Time", 540, false),
    ];
}

impl Host {
    /// Its time zone: the first one of its offset that has no summer time.
    pub fn time_zone(&self) -> TimeZone {
        let fits = |zone: &&TimeZone| !zone.has_daylight && zone.offset_minutes == self.utc_offset_minutes();
        TimeZone::ALL.iter().find(fits).copied().unwrap_or(TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn every_host_has_a_zone_of_its_offset() {
        for index in 0..100 {
            let host = Host::draw(1, index);
            assert_eq!(host.time_zone().offset_minutes, host.utc_offset_minutes());
        }
    }
}
