//! Numbers that look random, and are the same after a restart, in another version and on another machine.

/// A number for a text and an instant: FNV-1a over both, mixed so that neighbours differ in all of their bits.
///
/// The standard library's hashers promise no such thing from one version to the next.
pub(super) fn spread(name: &str, second: i64) -> u64 {
    let bytes = name.bytes().chain(second.to_le_bytes());
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn stays_the_same_for_good() {
        // Starts would move on every machine if these numbers did.
        let first = [spread("disk-space", 0), spread("disk-space", 1_700_000_000), spread("uptime", 0)];
        assert_eq!(first, [16_333_281_429_532_574_999, 8_752_595_024_875_988_312, 7_133_955_521_939_201_503]);
    }

    #[test]
    fn fills_its_room_evenly() {
        let mut minutes = [0_u32; 60];
        (0..60_000).for_each(|second| minutes[(spread("services", second) % 60) as usize] += 1);
        assert!(minutes.iter().all(|&count| (800..1200).contains(&count)), "{minutes:?}");
    }
}
