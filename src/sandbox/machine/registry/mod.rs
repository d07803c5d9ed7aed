//! The registry: keys drawn from the seed and from the machine's services, and what scripts changed.

mod draw;
mod keys;
mod software;

pub use software::Program;

use std::sync::{Arc, PoisonError};

use super::tree::{Changes, Merged, Named, Tree, key, split};
use super::{Machine, Service, StartType};

/// A key: its name and its values.
#[derive(Debug, Clone)]
pub struct RegistryKey {
    /// The last part of its path.
    pub name: Arc<str>,
    /// Values by name; the default one has none.
    pub values: Vec<(Arc<str>, RegistryData)>,
}

/// The data of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryData {
    /// `REG_SZ`
    Text(Arc<str>),
    /// `REG_EXPAND_SZ`
    Expand(Arc<str>),
    /// `REG_BINARY`
    Binary(Arc<[u8]>),
    /// `REG_DWORD`
    Dword(u32),
    /// `REG_MULTI_SZ`
    Multi(Vec<Arc<str>>),
    /// `REG_QWORD`
    Qword(u64),
}

/// Keys that scripts may change on one host, and bytes of their values.
const MAX_CHANGES: usize = 5_000;
const MAX_BYTES: usize = 2 << 20;

/// Where the services of the machine are.
const SERVICES: &str = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services";

/// Values of a service's key that are the service's own.
const OF_SERVICE: [&str; 7] =
    ["Start", "DelayedAutostart", "DisplayName", "Description", "ImagePath", "ObjectName", "DependOnService"];

/// Why the registry was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryError {
    /// No such key.
    NotFound,
    /// There is one of this name.
    Exists,
    /// The sandbox keeps no more changes of this host.
    Full,
}

/// The drawn keys, and the services that they show.
pub(super) type DrawnRegistry = Option<(Arc<Vec<Service>>, Arc<Tree<RegistryKey>>)>;

impl Named for RegistryKey {
    fn name(&self) -> &str {
        &self.name
    }
}

impl RegistryKey {
    fn new(name: &str) -> Self {
        Self { name: name.into(), values: Vec::new() }
    }

    /// The data of a value; the default value has no name.
    pub fn value(&self, name: &str) -> Option<&RegistryData> {
        self.values.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, data)| data)
    }

    fn set(&mut self, name: &str, data: RegistryData) {
        match self.values.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = data,
            None => self.values.push((name.into(), data)),
        }
    }

    fn size(&self) -> usize {
        self.values.iter().map(|(name, data)| name.len() + data.size() + 32).sum()
    }
}

/// Bytes of a key's path; Windows allows 255 characters for each of its names.
const MAX_KEY: usize = 4096;

impl RegistryData {
    fn size(&self) -> usize {
        match self {
            Self::Text(text) | Self::Expand(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Multi(texts) => texts.iter().map(|text| text.len() + 16).sum(),
            Self::Dword(_) | Self::Qword(_) => 8,
        }
    }
}

/// A host's registry at a moment.
pub struct Registry(Merged<RegistryKey>);

impl Registry {
    /// The key of a path such as `HKEY_LOCAL_MACHINE\SOFTWARE`.
    pub fn find(&self, path: &str) -> Option<&RegistryKey> {
        self.0.find(path)
    }

    /// The keys in a key, by name; the hives in the empty path.
    pub fn children(&self, path: &str) -> Vec<&RegistryKey> {
        self.0.children(path)
    }
}

impl Machine {
    /// Its registry now; later changes do not show.
    pub fn registry(&self) -> Registry {
        let services = self.services();
        let mut kept = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = match &*kept {
            Some((of, tree)) if Arc::ptr_eq(of, &services) => Arc::clone(tree),
            _ => {
                let tree = Arc::new(draw::tree(self, &services));
                self.renew_service_keys(&services);
                *kept = Some((services, Arc::clone(&tree)));
                tree
            }
        };
        let changes = self.registry_changes.read(Changes::default);
        Registry(Merged { drawn, changes })
    }

    /// Brings those keys of services up to date that scripts wrote to: what a service is stands in its own state.
    fn renew_service_keys(&self, services: &[Service]) {
        let has_keys = self.registry_changes.read(Changes::default).len() > 0;
        if !has_keys {
            return;
        }
        self.registry_changes.change(Changes::default, |changes| {
            for service in services {
                if let Some(key) = changes.made_mut(&format!("{SERVICES}\\{}", service.name)) {
                    let is_own = |name: &str| OF_SERVICE.iter().any(|own| own.eq_ignore_ascii_case(name));
                    let values = draw::service_values(service).into_iter().filter(|(name, _)| is_own(name));
                    let values: Vec<_> = values.collect();
                    // What the service has no more goes; the places of the others stay.
                    let is_left = |name: &str| values.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
                    key.values.retain(|(name, _)| !is_own(name) || is_left(name));
                    values.into_iter().for_each(|(name, data)| key.set(name, data));
                }
            }
        });
    }

    /// Draws the keys anew when somebody asks again.
    pub(super) fn forget_drawn_registry(&self) {
        *self.registry.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The key of a service goes with it.
    pub(super) fn forget_service_key(&self, service: &str) {
        if self.registry_changes.read(Changes::default).len() > 0 {
            let path = format!("{SERVICES}\\{service}");
            self.registry_changes.change(Changes::default, |changes| drop(changes.remove(&path, false)));
        }
    }

    /// Changes the service that a value of its key means; whether it was one.
    fn set_service_value(&self, path: &str, name: &str, data: &RegistryData) -> Result<bool, RegistryError> {
        let (around, service) = split(path);
        if !around.eq_ignore_ascii_case(SERVICES) || !self.services().iter().any(|own| own.is_named(service)) {
            return Ok(false);
        }
        let change: Box<dyn FnOnce(&mut Service)> = match (name.to_ascii_lowercase().as_str(), data) {
            ("start", RegistryData::Dword(number)) => {
                let Some(start) = StartType::of_number(*number) else { return Ok(false) };
                Box::new(move |own| own.start_type = start)
            }
            ("delayedautostart", RegistryData::Dword(number)) => {
                let is_delayed = *number != 0;
                Box::new(move |own| own.is_delayed = is_delayed)
            }
            ("displayname", RegistryData::Text(text)) => {
                let text = text.to_string();
                Box::new(move |own| own.display_name = text.into())
            }
            ("description", RegistryData::Text(text)) => {
                let text = text.to_string();
                Box::new(move |own| own.description = text.into())
            }
            ("dependonservice", RegistryData::Multi(names)) => {
                let names: Vec<_> = names.iter().map(|name| name.to_string().into()).collect();
                Box::new(move |own| own.depends_on = names)
            }
            ("imagepath", RegistryData::Text(text) | RegistryData::Expand(text)) => {
                let text = text.replace("%SystemRoot%", "C:\\Windows");
                Box::new(move |own| own.path = text.into())
            }
            ("objectname", RegistryData::Text(text)) => {
                let text = text.to_string();
                Box::new(move |own| own.account = text.into())
            }
            _ => return Ok(false),
        };
        self.adjust_service(service, change).map(|_| true).map_err(|_| RegistryError::Full)
    }

    fn put_keys(&self, keys: Vec<(String, RegistryKey)>) -> Result<(), RegistryError> {
        let more: usize = keys.iter().map(|(_, key)| key.size()).sum();
        let is_full = keys.iter().any(|(path, _)| path.len() > MAX_KEY) || {
            let changes = self.registry_changes.read(Changes::default);
            let size = changes.made().map(RegistryKey::size).sum::<usize>();
            changes.len() + keys.len() > MAX_CHANGES || size + more > MAX_BYTES
        };
        if is_full {
            return Err(RegistryError::Full);
        }
        self.registry_changes.change(Changes::default, |changes| {
            keys.into_iter().for_each(|(path, key)| changes.put(&path, key));
        });
        Ok(())
    }

    /// Makes a key with those around it.
    ///
    /// # Errors
    /// [`RegistryError`]
    pub fn make_key(&self, path: &str) -> Result<(), RegistryError> {
        let registry = self.registry();
        if registry.find(path).is_some() {
            return Err(RegistryError::Exists);
        }
        let mut missing = Vec::new();
        let mut at = path;
        while !at.is_empty() && registry.find(at).is_none() {
            missing.push((at.to_owned(), RegistryKey::new(split(at).1)));
            at = split(at).0;
        }
        if at.is_empty() {
            return Err(RegistryError::NotFound);
        }
        drop(registry);
        self.put_keys(missing)
    }

    /// Removes a key with all keys in it.
    ///
    /// # Errors
    /// [`RegistryError`]
    pub fn remove_key(&self, path: &str) -> Result<(), RegistryError> {
        let registry = self.registry();
        if registry.find(path).is_none() || !path.contains('\\') {
            return Err(RegistryError::NotFound);
        }
        let is_drawn = registry.0.drawn.find(path).is_some();
        if self.registry_changes.read(Changes::default).len() >= MAX_CHANGES {
            return Err(RegistryError::Full);
        }
        self.registry_changes.change(Changes::default, |changes| drop(changes.remove(path, is_drawn)));
        Ok(())
    }

    /// Copies a key; with all keys in it, if it is `deep`.
    ///
    /// # Errors
    /// [`RegistryError`]
    pub fn copy_key(&self, from: &str, to: &str, deep: bool) -> Result<(), RegistryError> {
        let registry = self.registry();
        let source = registry.find(from).ok_or(RegistryError::NotFound)?;
        if registry.find(split(to).0).is_none() {
            return Err(RegistryError::NotFound);
        }
        if key(to).starts_with(&format!("{}\\", key(from))) {
            return Err(RegistryError::Exists);
        }
        let mut copies = vec![(to.to_owned(), RegistryKey { name: split(to).1.into(), ..source.clone() })];
        if deep {
            registry.0.below(from, &mut |path, key| copies.push((format!("{to}{}", &path[from.len()..]), key.clone())));
        }
        drop(registry);
        self.put_keys(copies)
    }

    /// Sets a value of a key. What a service is stands in the service itself.
    ///
    /// # Errors
    /// [`RegistryError`]
    pub fn set_registry_value(&self, path: &str, name: &str, data: RegistryData) -> Result<(), RegistryError> {
        let mut key = self.registry().find(path).cloned().ok_or(RegistryError::NotFound)?;
        if data.size() > MAX_BYTES {
            return Err(RegistryError::Full);
        }
        if self.set_service_value(path, name, &data)? {
            return Ok(());
        }
        key.set(name, data);
        self.put_keys(vec![(path.to_owned(), key)])
    }

    /// Removes a value of a key.
    ///
    /// # Errors
    /// [`RegistryError`]
    pub fn remove_registry_value(&self, path: &str, name: &str) -> Result<(), RegistryError> {
        let mut key = self.registry().find(path).cloned().ok_or(RegistryError::NotFound)?;
        let nothing = match name.to_ascii_lowercase().as_str() {
            "description" => Some(RegistryData::Text("".into())),
            "delayedautostart" => Some(RegistryData::Dword(0)),
            "dependonservice" => Some(RegistryData::Multi(Vec::new())),
            _ => None,
        };
        if let Some(nothing) = nothing.filter(|_| key.value(name).is_some())
            && self.set_service_value(path, name, &nothing)?
        {
            return Ok(());
        }
        let place = key.values.iter().position(|(own, _)| own.eq_ignore_ascii_case(name));
        key.values.remove(place.ok_or(RegistryError::NotFound)?);
        self.put_keys(vec![(path.to_owned(), key)])
    }
}

/// Adds a key to a tree with those around it, and gives it values.
fn add(tree: &mut Tree<RegistryKey>, path: &str, values: impl IntoIterator<Item = (&'static str, RegistryData)>) {
    if tree.find(path).is_none() {
        let (around, name) = split(path);
        if !around.is_empty() {
            add(tree, around, []);
        }
        tree.add(around, RegistryKey::new(name));
    }
    if let Some(key) = tree.find_mut(path) {
        values.into_iter().for_each(|(name, data)| key.set(name, data));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::{Host, Illness, Machine, StartType};
    use super::{RegistryData, RegistryError, SERVICES};

    const SOFTWARE: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE";

    fn machine(index: u32) -> Machine {
        Machine::draw(1, index, Timestamp::from_second(1_790_000_000).expect("a valid time"))
    }

    #[test]
    fn pending_restarts_show_and_a_restart_ends_them() {
        let path = format!("{SOFTWARE}\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending");
        let ill: Vec<u32> = (0..300).filter(|index| Host::draw(1, *index).has(Illness::RebootPending)).collect();
        assert!(!ill.is_empty());
        for index in 0..300 {
            assert_eq!(machine(index).registry().find(&path).is_some(), ill.contains(&index), "{index}");
        }
        let machine = machine(ill[0]);
        machine.restart(machine.since());
        assert!(machine.registry().find(&path).is_none());
    }

    #[test]
    fn services_start_as_their_keys_say() {
        let machine = machine(0);
        let path = format!("{SERVICES}\\Spooler");
        let start = || machine.registry().find(&path).and_then(|key| key.value("start").cloned());
        assert_eq!(start(), Some(RegistryData::Dword(2)));
        machine.set_registry_value(&path, "Start", RegistryData::Dword(4)).expect("set");
        let spooler = machine.services().iter().find(|service| service.name == "Spooler").cloned().expect("there");
        assert_eq!((spooler.start_type, start()), (StartType::Disabled, Some(RegistryData::Dword(4))));
        // A value of a script's own does not keep the others as they were.
        machine.set_registry_value(&path, "Note", RegistryData::Text("mine".into())).expect("set");
        machine
            .configure_service("Spooler", machine.since(), |service| service.start_type = StartType::Manual)
            .expect("configured");
        assert_eq!(start(), Some(RegistryData::Dword(3)));
        let value = |name: &str| machine.registry().find(&path).and_then(|key| key.value(name).cloned());
        assert_eq!(value("note"), Some(RegistryData::Text("mine".into())));
        let program = RegistryData::Expand("%SystemRoot%\\System32\\spoolsv.exe".into());
        assert_eq!(value("ImagePath"), Some(program));
        // What the service doesn't have stays as a script wrote it, what it has can be taken away.
        machine.set_registry_value(&path, "ErrorControl", RegistryData::Dword(0)).expect("set");
        machine.remove_registry_value(&path, "Description").expect("removed");
        machine.settle();
        assert_eq!((value("ErrorControl"), value("Description")), (Some(RegistryData::Dword(0)), None));
        machine.delete_service("Spooler").expect("removed");
        assert!(machine.registry().find(&path).is_none());
    }

    #[test]
    fn keys_come_and_go() {
        let machine = machine(0);
        let own = format!("{SOFTWARE}\\Contoso\\Deep");
        machine.make_key(&own).expect("made");
        assert_eq!(machine.make_key(&own), Err(RegistryError::Exists));
        machine.set_registry_value(&own, "Level", RegistryData::Dword(3)).expect("set");
        machine.settle();
        let copy = format!("{SOFTWARE}\\Copy");
        machine.copy_key(&format!("{SOFTWARE}\\Contoso"), &copy, true).expect("copied");
        let level = |path: &str| machine.registry().find(path).and_then(|key| key.value("LEVEL").cloned());
        assert_eq!(level(&format!("{copy}\\deep")), Some(RegistryData::Dword(3)));
        machine.remove_registry_value(&own, "level").expect("removed");
        assert_eq!(machine.remove_registry_value(&own, "level"), Err(RegistryError::NotFound));
        machine.remove_key(&copy).expect("removed");
        assert!(machine.registry().find(&copy).is_none());
        let big = RegistryData::Text("x".repeat(3 << 20).into());
        assert_eq!(machine.set_registry_value(&own, "Big", big), Err(RegistryError::Full));
        assert!(machine.registry().children("").len() >= 3);
    }
}
