//! What a host is made of: a virtual machine of VMware, as its processes and its BIOS say.

use jiff::Timestamp;

use super::{Host, Illness};

/// A kind of processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processor {
    /// As in `Win32_Processor.Name`.
    pub name: &'static str,
    /// As in `Win32_Processor.Caption`.
    pub caption: &'static str,
    /// As in `Win32_Processor.ProcessorId`.
    pub id: &'static str,
    /// The frequency in MHz.
    pub mhz: u32,
}

impl Processor {
    /// As in `$env:PROCESSOR_IDENTIFIER`.
    pub fn identifier(&self) -> String {
        format!("{}, GenuineIntel", self.caption)
    }

    /// As in `$env:PROCESSOR_REVISION`: model and stepping, a byte each.
    pub fn revision(&self) -> String {
        let number = |name: &str| {
            let mut words = self.caption.split(' ').skip_while(|word| *word != name);
            words.nth(1).and_then(|word| word.parse::<u8>().ok()).unwrap_or_default()
        };
        format!("{:02x}{:02x}", number("Model"), number("Stepping"))
    }
}

const PROCESSORS: [Processor; 3] = [
    Processor {
        name: "Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz",
        caption: "Intel64 Family 6 Model 85 Stepping 7",
        id: "0FABFBFF00050657",
        mhz: 2993,
    },
    Processor {
        name: "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz",
        caption: "Intel64 Family 6 Model 106 Stepping 6",
        id: "0FABFBFF000606A6",
        mhz: 1995,
    },
    Processor {
        name: "Intel(R) Xeon(R) Silver 4214R CPU @ 2.40GHz",
        caption: "Intel64 Family 6 Model 85 Stepping 7",
        id: "0FABFBFF00050657",
        mhz: 2394,
    },
];

impl Host {
    /// The kind of its processors.
    pub fn processor(&self) -> Processor {
        self.rng("processor").pick(&PROCESSORS)
    }

    /// Percent of the processors that are busy at a time; it moves from minute to minute, and ill hosts are always busy.
    pub fn processor_load(&self, now: Timestamp) -> u64 {
        let mut usual = self.rng("load");
        let base = if self.has(Illness::BusyCpu) { usual.between(91, 98) } else { usual.between(2, 40) };
        let wobble = self.rng(&format!("load {}", now.as_second() / 10)).between(0, 6);
        (base + wobble).saturating_sub(3).min(100)
    }

    /// Sockets and cores of each; together they are the logical processors.
    pub fn sockets(&self) -> (u32, u32) {
        let sockets = if self.processors() > 8 { 2 } else { 1 };
        (sockets, self.processors() / sockets)
    }

    /// The sizes of its memory modules in bytes.
    pub fn memory_modules(&self) -> Vec<u64> {
        let size = self.memory_bytes().min(16 << 30);
        vec![size; (self.memory_bytes() / size) as usize]
    }

    fn identity(&self) -> [u8; 16] {
        let mut rng = self.rng("hardware id");
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&rng.next().to_be_bytes());
        bytes[8..].copy_from_slice(&rng.next().to_be_bytes());
        (bytes[0], bytes[1]) = (0x42, 0x1A);
        bytes
    }

    /// The serial number of its BIOS.
    pub fn serial_number(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        let bytes = self.identity();
        format!("VMware-{}-{}", hex(&bytes[..8]), hex(&bytes[8..]))
    }

    /// The UUID of its BIOS, whose first parts have their bytes turned.
    pub fn uuid(&self) -> String {
        uuid::Uuid::from_bytes_le(self.identity()).to_string().to_uppercase()
    }

    /// The serial number of one of its volumes, four bytes.
    pub fn volume_serial(&self, letter: &str) -> u32 {
        self.rng(&format!("volume {letter}")).next() as u32 | 0x1000_0000
    }

    /// A GUID that stays, for one of its parts.
    pub fn part_guid(&self, part: &str) -> String {
        let mut rng = self.rng(&format!("guid {part}"));
        let random = u128::from(rng.next()) << 64 | u128::from(rng.next());
        uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn parts_add_up() {
        for index in 0..200 {
            let host = Host::draw(3, index);
            let (sockets, cores) = host.sockets();
            assert_eq!(sockets * cores, host.processors());
            assert_eq!(host.memory_modules().iter().sum::<u64>(), host.memory_bytes());
            assert_eq!(host.serial_number().len(), "VMware-".len() + 47);
        }
        assert_ne!(Host::draw(3, 1).uuid(), Host::draw(3, 2).uuid());
    }
}
