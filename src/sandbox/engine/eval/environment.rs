//! Environment variables of a runspace's process.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::super::errors::ErrorRecord;
use super::super::machine::RegistryData;
use super::super::value::Val;
use super::Evaluator;

/// What a process knows of them.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// What scripts changed, by the name in lower case; nothing where one was removed.
    changed: BTreeMap<String, (Arc<str>, Option<Arc<str>>)>,
    /// Those of the machine and the user as they were when somebody first looked: a process sees no later changes.
    kept: OnceLock<Vec<(String, String)>>,
}

/// Variables and their bytes that a runspace keeps.
const MAX_VARIABLES: usize = 4_096;

/// What every host has alike.
const FIXED: [(&str, &str); 25] = [
    ("ALLUSERSPROFILE", "C:\\ProgramData"),
    ("APPDATA", "C:\\Users\\sandbox\\AppData\\Roaming"),
    ("CommonProgramFiles", "C:\\Program Files\\Common Files"),
    ("CommonProgramFiles(x86)", "C:\\Program Files (x86)\\Common Files"),
    ("CommonProgramW6432", "C:\\Program Files\\Common Files"),
    ("ComSpec", "C:\\Windows\\system32\\cmd.exe"),
    ("LOCALAPPDATA", "C:\\Users\\sandbox\\AppData\\Local"),
    ("OS", "Windows_NT"),
    (
        "Path",
        "C:\\Windows\\system32;C:\\Windows;C:\\Windows\\System32\\Wbem;C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\",
    ),
    ("PATHEXT", ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC;.CPL"),
    ("PROCESSOR_ARCHITECTURE", "AMD64"),
    ("PROCESSOR_LEVEL", "6"),
    ("ProgramData", "C:\\ProgramData"),
    ("ProgramFiles", "C:\\Program Files"),
    ("ProgramFiles(x86)", "C:\\Program Files (x86)"),
    ("ProgramW6432", "C:\\Program Files"),
    (
        "PSModulePath",
        "C:\\Users\\sandbox\\Documents\\WindowsPowerShell\\Modules;C:\\Program Files\\WindowsPowerShell\\Modules;C:\\Windows\\system32\\WindowsPowerShell\\v1.0\\Modules",
    ),
    ("PUBLIC", "C:\\Users\\Public"),
    ("SystemDrive", "C:"),
    ("SystemRoot", "C:\\Windows"),
    ("TEMP", "C:\\Users\\sandbox\\AppData\\Local\\Temp"),
    ("TMP", "C:\\Users\\sandbox\\AppData\\Local\\Temp"),
    ("USERDOMAIN", "SANDBOX"),
    ("USERNAME", "sandbox"),
    ("USERPROFILE", "C:\\Users\\sandbox"),
];

/// Where variables of the machine and of the user stand in the registry.
const MACHINE_KEY: &str = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment";
const USER_KEY: &str = "HKEY_CURRENT_USER\\Environment";

/// The key of an `EnvironmentVariableTarget`; none for the process.
fn key_of(target: &str) -> Option<&'static str> {
    match target.to_ascii_lowercase().as_str() {
        "machine" => Some(MACHINE_KEY),
        "user" => Some(USER_KEY),
        _ => None,
    }
}

impl Evaluator<'_> {
    /// A variable of the machine or of the user, as the registry has it; `None` if the target is the process.
    pub(super) fn kept_variable(&self, target: &str, name: &str) -> Option<Val> {
        let key = key_of(target)?;
        let registry = self.machine.registry();
        let found = registry.find(key).and_then(|key| key.value(name));
        Some(match found {
            Some(RegistryData::Text(text)) => Val::str(&**text),
            Some(RegistryData::Expand(text)) => Val::str(self.expand_environment(text)),
            _ => Val::Null,
        })
    }

    /// Sets a variable of the machine or of the user, or removes it; says whether the target is one of these.
    pub(super) fn keep_variable(&mut self, target: &str, name: &str, value: Option<&str>) -> Result<bool, ErrorRecord> {
        let Some(key) = key_of(target) else { return Ok(false) };
        self.kept_variables();
        let done = match value.filter(|value| !value.is_empty()) {
            Some(value) => {
                // Windows makes the user's key with the first variable.
                if self.machine.registry().find(key).is_none() {
                    let _ = self.machine.make_key(key);
                }
                self.machine.set_registry_value(key, name, RegistryData::Text(value.into()))
            }
            // What is not there is gone already.
            None => self.machine.remove_registry_value(key, name).or(Ok(())),
        };
        match done {
            Ok(()) => Ok(true),
            Err(_) => Err(ErrorRecord::full("registry keys")),
        }
    }

    /// Variables that were set for the machine and the user before this session, which it has too.
    fn kept_variables(&self) -> &[(String, String)] {
        self.state.environment.kept.get_or_init(|| self.registered_variables())
    }

    /// Variables of the machine and the user, as the registry has them.
    fn registered_variables(&self) -> Vec<(String, String)> {
        let registry = self.machine.registry();
        let own = |key: &str| -> Vec<(String, String)> {
            let values = registry.find(key).map_or(&[][..], |key| &key.values);
            let text = |data: &RegistryData| match data {
                RegistryData::Text(text) | RegistryData::Expand(text) => Some(text.to_string()),
                _ => None,
            };
            values.iter().filter_map(|(name, data)| Some((name.to_string(), text(data)?))).collect()
        };
        [own(MACHINE_KEY), own(USER_KEY)].concat()
    }

    /// All environment variables, by name.
    pub(in super::super) fn environment_variables(&self) -> Vec<(Arc<str>, Arc<str>)> {
        let own = [
            ("COMPUTERNAME", self.host.name().to_uppercase()),
            ("NUMBER_OF_PROCESSORS", self.host.processors().to_string()),
            ("PROCESSOR_IDENTIFIER", self.host.processor().identifier()),
            ("PROCESSOR_REVISION", self.host.processor().revision()),
            ("USERDNSDOMAIN", self.host.domain().to_uppercase()),
            ("windir", "C:\\Windows".to_owned()),
        ];
        let mut all: BTreeMap<String, (Arc<str>, Arc<str>)> = BTreeMap::new();
        let fixed = FIXED.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let kept = self.kept_variables();
        all.extend(
            kept.iter().map(|(name, value)| (name.to_lowercase(), (name.as_str().into(), value.as_str().into()))),
        );
        all.extend(fixed.chain(own).map(|(name, value)| (name.to_lowercase(), (name.into(), value.into()))));
        for (key, (name, value)) in &self.state.environment.changed {
            match value {
                Some(value) => drop(all.insert(key.clone(), (name.clone(), value.clone()))),
                None => drop(all.remove(key)),
            }
        }
        all.into_values().collect()
    }

    /// The value of an environment variable, if there is one.
    pub(in super::super) fn environment_variable(&self, name: &str) -> Option<Arc<str>> {
        if let Some((_, changed)) = self.state.environment.changed.get(&name.to_lowercase()) {
            return changed.clone();
        }
        // What all hosts have alike needs no look into the registry.
        if let Some((_, value)) = FIXED.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            return Some((*value).into());
        }
        if name.eq_ignore_ascii_case("COMPUTERNAME") {
            return Some(self.host.name().to_uppercase().into());
        }
        let all = self.environment_variables();
        all.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn environment(&self, name: &str) -> Val {
        self.environment_variable(name).map_or(Val::Null, Val::Str)
    }

    /// Sets an environment variable of this runspace, or removes it.
    pub(in super::super) fn set_environment(&mut self, name: &str, value: Option<&str>) {
        if self.state.environment.changed.len() >= MAX_VARIABLES {
            return;
        }
        let old = self.environment_variables().into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        let kept = old.map_or_else(|| name.into(), |(own, _)| own);
        let value = value.map(Arc::from);
        self.state.environment.changed.insert(name.to_lowercase(), (kept, value));
    }

    /// A text with the values of `%NAME%` in it.
    pub(in super::super) fn expand_environment(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out += before;
            let value = after.split_once('%').and_then(|(name, tail)| Some((self.environment_variable(name)?, tail)));
            match value {
                Some((value, tail)) => {
                    out += &value;
                    rest = tail;
                }
                None => {
                    out.push('%');
                    rest = after;
                }
            }
        }
        out + rest
    }
}
