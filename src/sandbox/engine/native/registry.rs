//! reg: query, add, delete.

use super::super::eval::{Evaluator, Run};
use super::super::machine::{Registry, RegistryData, RegistryError, RegistryKey};
use super::{Said, refuse, switch};

const ROOTS: [(&str, &str); 5] = [
    ("HKLM", "HKEY_LOCAL_MACHINE"),
    ("HKCU", "HKEY_CURRENT_USER"),
    ("HKCR", "HKEY_CLASSES_ROOT"),
    ("HKU", "HKEY_USERS"),
    ("HKCC", "HKEY_CURRENT_CONFIG"),
];

const DONE: &str = "The operation completed successfully.";

// Source of the texts: public transcripts of reg.exe.
const MISSING: &str = "ERROR: The system was unable to find the specified registry key or value.";

/// What the switches behind a key say.
#[derive(Default)]
struct Asked {
    /// The name of a value; that of the default one is empty.
    value: Option<String>,
    all_values: bool,
    kind: Option<String>,
    data: Option<String>,
    deep: bool,
    forced: bool,
}

pub(super) fn reg(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let verb = args.first().map(|verb| verb.to_ascii_lowercase()).unwrap_or_default();
    let (Some(path), "query" | "add" | "delete") = (args.get(1), verb.as_str()) else { return refuse("reg", args) };
    let Some(path) = full_path(path) else {
        let verb = verb.to_uppercase();
        return Ok(Said::error(&format!("ERROR: Invalid key name.\nType \"REG {verb} /?\" for usage."), 1));
    };
    let Some(asked) = asked(args.get(2..).unwrap_or_default()) else { return refuse("reg", args) };
    match verb.as_str() {
        "query" if asked.data.is_none() && !asked.all_values && !asked.forced => query(evaluator, &path, &asked),
        "add" if !asked.all_values && !asked.deep => match add(evaluator, &path, &asked) {
            Some(said) => Ok(said),
            None => refuse("reg", args),
        },
        // Without /f it asks, and nobody can answer.
        "delete" if asked.forced && asked.data.is_none() => Ok(delete(evaluator, &path, &asked)),
        _ => refuse("reg", args),
    }
}

/// `HKLM\SOFTWARE` with the whole name of its hive.
fn full_path(path: &str) -> Option<String> {
    let path = path.trim_end_matches('\\');
    let (root, rest) = path.split_once('\\').map_or((path, ""), |(root, rest)| (root, rest));
    let (_, hive) =
        ROOTS.iter().find(|(short, long)| root.eq_ignore_ascii_case(short) || root.eq_ignore_ascii_case(long))?;
    Some(if rest.is_empty() { (*hive).to_owned() } else { format!("{hive}\\{rest}") })
}

fn asked(args: &[String]) -> Option<Asked> {
    let mut asked = Asked::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match switch(arg).as_deref()? {
            "v" => asked.value = Some(rest.next()?.clone()),
            "ve" => asked.value = Some(String::new()),
            "va" => asked.all_values = true,
            "t" => asked.kind = Some(rest.next()?.to_uppercase()),
            "d" => asked.data = Some(rest.next()?.clone()),
            "s" => asked.deep = true,
            "f" => asked.forced = true,
            "reg:64" => {}
            _ => return None,
        }
    }
    Some(asked)
}

fn kind(data: &RegistryData) -> &'static str {
    match data {
        RegistryData::Text(_) => "REG_SZ",
        RegistryData::Expand(_) => "REG_EXPAND_SZ",
        RegistryData::Binary(_) => "REG_BINARY",
        RegistryData::Dword(_) => "REG_DWORD",
        RegistryData::Multi(_) => "REG_MULTI_SZ",
        RegistryData::Qword(_) => "REG_QWORD",
    }
}

fn line(name: &str, data: &RegistryData) -> String {
    let shown = match data {
        RegistryData::Text(text) | RegistryData::Expand(text) => text.to_string(),
        RegistryData::Binary(bytes) => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        RegistryData::Dword(number) => format!("0x{number:x}"),
        RegistryData::Qword(number) => format!("0x{number:x}"),
        RegistryData::Multi(texts) => texts.iter().map(|text| &**text).collect::<Vec<_>>().join("\\0"),
    };
    let name = if name.is_empty() { "(Default)" } else { name };
    format!("    {name}    {}    {shown}", kind(data))
}

/// The path of a key with the names as they are kept.
fn real_path(registry: &Registry, path: &str) -> String {
    let mut real = String::new();
    for part in path.split('\\') {
        let at = if real.is_empty() { part.to_owned() } else { format!("{real}\\{part}") };
        let name = registry.find(&at).map_or(part, |key| &*key.name);
        real = if real.is_empty() { name.to_owned() } else { format!("{real}\\{name}") };
    }
    real
}

fn query(evaluator: &mut Evaluator<'_>, path: &str, asked: &Asked) -> Run<Said> {
    let registry = evaluator.machine.registry();
    if registry.find(path).is_none() {
        return Ok(Said::error(MISSING, 1));
    }
    let fits = |name: &str, data: &RegistryData| {
        asked.value.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
            && asked.kind.as_ref().is_none_or(|wanted| wanted == kind(data))
    };
    let mut lines = Vec::new();
    let mut found = 0;
    let mut waiting = vec![real_path(&registry, path)];
    while let Some(at) = waiting.pop() {
        evaluator.step(20)?;
        let Some(key) = registry.find(&at) else { continue };
        let values: Vec<String> = matching(key, &fits);
        found += values.len();
        let is_first = lines.is_empty();
        if !values.is_empty() || is_first && asked.value.is_none() && !asked.deep {
            lines.extend([String::new(), at.clone()]);
            lines.extend(values);
        }
        let inside = registry.children(&at);
        evaluator.step(inside.len() as u64)?;
        let inside = inside.iter().map(|key| format!("{at}\\{}", key.name));
        if asked.deep {
            waiting.extend(inside.rev());
        } else if asked.value.is_none() && asked.kind.is_none() {
            lines.push(String::new());
            lines.extend(inside);
        }
    }
    if asked.value.is_some() && found == 0 {
        return Ok(Said::error(MISSING, 1));
    }
    lines.push(String::new());
    Ok(Said::lines(lines))
}

fn matching(key: &RegistryKey, fits: &impl Fn(&str, &RegistryData) -> bool) -> Vec<String> {
    key.values.iter().filter(|(name, data)| fits(name, data)).map(|(name, data)| line(name, data)).collect()
}

/// The data that was written, in the type that was written; nothing for a type that isn't known.
fn data(asked: &Asked) -> Option<Result<RegistryData, Said>> {
    let text = asked.data.as_deref().unwrap_or_default();
    let invalid = || Said::error("ERROR: Invalid syntax. Specify valid numeric value for '/d'.", 1);
    let number = || match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None if text.is_empty() => Some(0),
        None => text.parse().ok(),
    };
    Some(match asked.kind.as_deref() {
        None | Some("REG_SZ") => Ok(RegistryData::Text(text.into())),
        Some("REG_EXPAND_SZ") => Ok(RegistryData::Expand(text.into())),
        Some("REG_DWORD") => {
            number().and_then(|number| u32::try_from(number).ok()).map(RegistryData::Dword).ok_or_else(invalid)
        }
        Some("REG_QWORD") => number().map(RegistryData::Qword).ok_or_else(invalid),
        Some("REG_MULTI_SZ") => {
            Ok(RegistryData::Multi(text.split("\\0").filter(|part| !part.is_empty()).map(Into::into).collect()))
        }
        _ => return None,
    })
}

fn add(evaluator: &Evaluator<'_>, path: &str, asked: &Asked) -> Option<Said> {
    let data = match data(asked)? {
        Ok(data) => data,
        Err(said) => return Some(said),
    };
    let name = asked.value.as_deref();
    let is_there = {
        let registry = evaluator.machine.registry();
        let key = registry.find(path);
        key.is_some_and(|key| name.is_some_and(|name| key.value(name).is_some()))
    };
    // It would ask whether to overwrite.
    if is_there && !asked.forced {
        return None;
    }
    let made = match evaluator.machine.make_key(path) {
        Ok(()) | Err(RegistryError::Exists) => Ok(()),
        Err(error) => Err(error),
    };
    let set = made.and_then(|()| match name {
        Some(name) => evaluator.machine.set_registry_value(path, name, data),
        None => Ok(()),
    });
    Some(match set {
        Ok(()) => Said::lines([DONE]),
        Err(RegistryError::Full) => {
            Said::error("ERROR: Insufficient system resources exist to complete the requested service.", 1)
        }
        Err(_) => Said::error("ERROR: Access is denied.", 1),
    })
}

fn delete(evaluator: &Evaluator<'_>, path: &str, asked: &Asked) -> Said {
    let machine = &evaluator.machine;
    let done = match (&asked.value, asked.all_values) {
        (Some(name), _) => machine.remove_registry_value(path, name),
        (None, true) => {
            let registry = machine.registry();
            let names: Vec<_> = registry
                .find(path)
                .map_or_else(Vec::new, |key| key.values.iter().map(|(name, _)| name.clone()).collect());
            names.iter().try_for_each(|name| machine.remove_registry_value(path, name))
        }
        (None, false) => machine.remove_key(path),
    };
    match done {
        Ok(()) => Said::lines([DONE]),
        Err(_) => Said::error(MISSING, 1),
    }
}
