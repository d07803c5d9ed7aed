//! Memory and the page file.

use super::{Host, Illness, Role};

impl Host {
    /// Physical memory in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let gib = match self.role() {
            Role::Sql => self.rng("memory").pick(&[32, 64, 128]),
            _ => self.rng("memory").pick(&[4, 8, 8, 16]),
        };
        gib << 30
    }

    /// What Windows has of the memory: the firmware keeps some of it.
    pub fn visible_memory_bytes(&self) -> u64 {
        self.memory_bytes() - (3 << 20)
    }

    /// Free memory in bytes; ill hosts are nearly out of it.
    pub fn free_memory_bytes(&self) -> u64 {
        let mut rng = self.rng("free memory");
        let per_mille = if self.has(Illness::LowMemory) { rng.between(8, 45) } else { rng.between(120, 700) };
        self.memory_bytes() / 1000 * per_mille
    }

    /// The size of the page file in bytes.
    pub fn page_file_bytes(&self) -> u64 {
        self.memory_bytes() / 4
    }

    /// How much of the page file is in use, in bytes: nearly all of it where memory is short.
    pub fn used_page_file_bytes(&self) -> u64 {
        let mut rng = self.rng("page file");
        let percent = if self.has(Illness::LowMemory) { rng.between(90, 97) } else { rng.between(2, 30) };
        self.page_file_bytes() / 100 * percent
    }

    /// What programs may be promised: the memory and the page file, in bytes.
    pub fn commit_limit_bytes(&self) -> u64 {
        self.visible_memory_bytes() + self.page_file_bytes()
    }

    /// What programs were promised, in bytes.
    pub fn committed_bytes(&self) -> u64 {
        self.visible_memory_bytes() - self.free_memory_bytes() + self.used_page_file_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, Illness};

    /// Each way of asking finds the hosts that are short of memory, and no others.
    #[test]
    fn ill_hosts_alone_are_short_of_memory() {
        for host in (0..500).map(|index| Host::draw(3, index)) {
            let is_ill = host.has(Illness::LowMemory);
            assert_eq!(host.free_memory_bytes() * 20 < host.visible_memory_bytes(), is_ill);
            assert_eq!(host.used_page_file_bytes() * 10 > host.page_file_bytes() * 8, is_ill);
            assert_eq!(host.committed_bytes() * 10 > host.commit_limit_bytes() * 9, is_ill);
            assert!(host.committed_bytes() < host.commit_limit_bytes());
        }
    }
}
