//! Get-ChildItem and Get-Item.

use jiff::{SignedDuration, Timestamp};

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::provider::{
    Decor, Item, ItemPath, Thing, attribute_of, find_all, has_wildcards, not_found, resolve, unescaped,
};
use super::super::super::value::Val;
use super::super::per_input::PerInput;
use super::{Bound, Names, Spec, for_each_item, paths_of};

pub(in super::super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Get-ChildItem",
        aliases: &["gci", "dir", "ls"],
        params: &[
            "Path:string@0<^",
            "LiteralPath|PSPath|LP:string^/",
            "Filter@1",
            "Include",
            "Exclude",
            "Recurse|s!",
            "Depth",
            "Force!",
            "Name!",
            "Attributes",
            "Directory|ad|d!",
            "File|af!",
            "Hidden|ah|h!",
            "ReadOnly|ar!",
            "System|as!",
            "FollowSymlink!",
            "CodeSigningCert!",
            "DocumentEncryptionCert!",
            "SSLServerAuthentication!",
            "DnsName",
            "Eku",
            "ExpiringInDays",
        ],
        make: |_, bound| PerInput::boxed(bound, list),
    },
    Spec {
        name: "Get-Item",
        aliases: &["gi"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Filter",
            "Include",
            "Exclude",
            "Force!",
            "Stream",
            "Credential",
        ],
        make: |_, bound| {
            bound.refuse(&["Stream", "Credential"])?;
            PerInput::boxed(bound, get)
        },
    },
];

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let is_root = !item.path.contains('\\');
        if item.is_hidden && !bound.switch("Force") && !is_root {
            return Err(hidden(&item.path).into());
        }
        let object = Decor::of(evaluator, path).object(evaluator, item);
        out.put(evaluator, object)
    })
}

fn hidden(path: &str) -> ErrorRecord {
    let message = format!("Could not find item {path}.");
    ErrorRecord::new("System.IO.IOException", message, "ItemNotFound", 13).with_target(Val::str(path))
}

/// What Get-ChildItem lists.
struct Wanted<'b> {
    bound: &'b Bound,
    names: Names,
    /// Alternatives of bits that must be set and bits that must not.
    attributes: Vec<(u32, u32)>,
    depth: usize,
    /// The end of -ExpiringInDays.
    ends_before: Option<Timestamp>,
}

impl<'b> Wanted<'b> {
    fn of(evaluator: &Evaluator<'_>, bound: &'b Bound) -> Run<Self> {
        let mut attributes = Vec::new();
        for alternative in bound.texts("Attributes").iter().flat_map(|text| text.split(',')) {
            let mut bits = (0, 0);
            for part in alternative.split('+') {
                let (part, negated) = part.trim().strip_prefix('!').map_or((part.trim(), false), |part| (part, true));
                let bit = match part.to_ascii_uppercase().as_str() {
                    "D" => attribute_of("Directory"),
                    "H" => attribute_of("Hidden"),
                    "R" => attribute_of("ReadOnly"),
                    "S" => attribute_of("System"),
                    "A" => attribute_of("Archive"),
                    _ => attribute_of(part),
                };
                let Some(bit) = bit else {
                    let message = format!(
                        "Cannot bind parameter 'Attributes'. Cannot convert value \"{part}\" to type \"System.Management.Automation.FlagsExpression`1[System.IO.FileAttributes]\"."
                    );
                    let kind = "System.Management.Automation.ParameterBindingException";
                    return Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into());
                };
                if negated { bits.1 |= bit } else { bits.0 |= bit }
            }
            attributes.push(bits);
        }
        let depth = bound.count("Depth")?;
        let recurses = bound.switch("Recurse") || depth.is_some();
        let depth = if recurses { depth.unwrap_or(usize::MAX) } else { 0 };
        let days = bound.count("ExpiringInDays")?.map(|days| SignedDuration::from_hours(24 * days.min(100_000) as i64));
        let ends_before = days.and_then(|days| evaluator.host_time().checked_add(days).ok());
        Ok(Self { bound, names: Names::of(bound), attributes, depth, ends_before })
    }

    fn recurses(&self) -> bool {
        self.bound.switch("Recurse") || self.bound.get("Depth").is_some()
    }

    /// Whether hidden items are listed or looked into.
    fn shows_hidden(&self) -> bool {
        let named = attribute_of("Hidden").unwrap_or(0);
        self.bound.switch("Force")
            || self.bound.switch("Hidden")
            || self.attributes.iter().any(|(with, without)| (with | without) & named != 0)
    }

    /// What the certificate provider's own parameters ask for.
    fn is_certificate_wanted(&self, item: &Item) -> bool {
        let Thing::Certificate(certificate) = &item.thing else {
            return ["ExpiringInDays", "SSLServerAuthentication", "CodeSigningCert", "DnsName"]
                .iter()
                .all(|name| self.bound.get(name).is_none());
        };
        let is_for = |id: &str| certificate.usages.iter().any(|(_, own)| *own == id);
        let dns = self.bound.text("DnsName").map(|name| name.to_lowercase());
        let has_name = |name: &String| {
            let plain = name.trim_matches('*');
            certificate.dns_names.iter().any(|own| own.to_lowercase().contains(plain))
        };
        self.ends_before.is_none_or(|limit| certificate.not_after <= limit)
            && (!self.bound.switch("SSLServerAuthentication") || is_for("1.3.6.1.5.5.7.3.1"))
            && (!self.bound.switch("CodeSigningCert") || is_for("1.3.6.1.5.5.7.3.3"))
            && dns.as_ref().is_none_or(has_name)
    }

    fn is_of_kind(&self, item: &Item) -> bool {
        if item.is_hidden && !self.shows_hidden() {
            return false;
        }
        let (folders, files) = (self.bound.switch("Directory"), self.bound.switch("File"));
        let bits = match &item.thing {
            Thing::File(file) => file.attributes,
            _ => 0,
        };
        let has = |switch: &str, name: &str| {
            !self.bound.switch(switch) || attribute_of(name).is_some_and(|bit| bits & bit != 0)
        };
        let is_kind = match (folders, files) {
            (true, true) => false,
            (true, false) => item.is_container,
            (false, true) => !item.is_container,
            (false, false) => true,
        };
        let by_attributes = self.attributes.is_empty()
            || self.attributes.iter().any(|(with, without)| bits & with == *with && bits & without == 0);
        is_kind
            && by_attributes
            && has("Hidden", "Hidden")
            && has("ReadOnly", "ReadOnly")
            && has("System", "System")
            && self.is_certificate_wanted(item)
    }
}

fn list(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    bound.refuse(&["FollowSymlink", "DocumentEncryptionCert", "Eku"])?;
    let wanted = Wanted::of(evaluator, bound)?;
    let (mut texts, literal) = paths_of(bound)?;
    if texts.is_empty() {
        texts.push(".".into());
    }
    for text in texts {
        let done = resolve(evaluator, &text)
            .map_err(Into::into)
            .and_then(|path| list_path(evaluator, &wanted, &path, literal, out));
        if let Err(flow) = done {
            evaluator.report_throw(flow)?;
        }
    }
    Ok(())
}

fn list_path(
    evaluator: &mut Evaluator<'_>,
    wanted: &Wanted<'_>,
    path: &ItemPath,
    literal: bool,
    out: &mut dyn Sink,
) -> Run<()> {
    let plain = if literal { path.path.clone() } else { unescaped(&path.path) };
    let is_pattern = !literal && has_wildcards(&path.path);
    let found = if is_pattern { None } else { path.provider.find(evaluator, &plain)? };
    let mut lister = Lister { wanted, decor: Decor::of(evaluator, path), root: String::new(), out };
    match found {
        Some(item) if item.is_container => {
            // A container that is looked into is itself subject to -Include, if nothing goes deeper.
            if !wanted.recurses() && !wanted.names.include.is_empty() {
                return Ok(());
            }
            lister.root = item.path.clone();
            if wanted.names.is_picky() && wanted.recurses() {
                lister.picky(evaluator, &item, wanted.depth)
            } else {
                lister.folder(evaluator, &item, wanted.depth)
            }
        }
        Some(item) if !wanted.recurses() => {
            lister.root = path.around().path;
            lister.put_wanted(evaluator, &item)
        }
        None if !is_pattern && !wanted.recurses() => Err(not_found(&path.at(&plain).shown()).into()),
        // A pattern, or a name that is not a container, says what to look for in the folders below.
        _ if wanted.recurses() && path.leaf() != "*" => lister.search(evaluator, path),
        _ => {
            lister.root = path.around().path;
            for item in find_all(evaluator, path, literal)? {
                if item.is_container && wanted.recurses() {
                    lister.root = item.path.clone();
                    lister.put_wanted(evaluator, &item)?;
                    lister.folder(evaluator, &item, wanted.depth)?;
                } else if item.is_container && wanted.names.include.is_empty() && wanted.names.is_picky() {
                    // With -Exclude alone PowerShell looks into the containers that a pattern finds.
                    lister.folder(evaluator, &item, 0)?;
                } else {
                    lister.put_wanted(evaluator, &item)?;
                }
            }
            Ok(())
        }
    }
}

struct Lister<'l> {
    wanted: &'l Wanted<'l>,
    decor: Decor,
    /// Where names begin.
    root: String,
    out: &'l mut dyn Sink,
}

impl Lister<'_> {
    fn put(&mut self, evaluator: &mut Evaluator<'_>, item: &Item) -> Run<()> {
        evaluator.step(4)?;
        let object = if self.wanted.bound.switch("Name") {
            let name = item.path.get(self.root.len()..).unwrap_or(&item.name).trim_start_matches('\\');
            Val::str(name)
        } else {
            self.decor.object(evaluator, item)
        };
        self.out.put(evaluator, object)
    }

    fn put_wanted(&mut self, evaluator: &mut Evaluator<'_>, item: &Item) -> Run<()> {
        if self.wanted.is_of_kind(item) && self.wanted.names.wants(evaluator, item)? {
            self.put(evaluator, item)?;
        }
        Ok(())
    }

    fn children(&mut self, evaluator: &mut Evaluator<'_>, folder: &Item) -> Run<Vec<Item>> {
        match self.decor.provider().children(evaluator, &folder.path) {
            Ok(children) => Ok(children),
            Err(flow) => evaluator.report_throw(flow).map(|()| Vec::new()),
        }
    }

    fn goes_into(&self, item: &Item) -> bool {
        item.is_container && (!item.is_hidden || self.wanted.shows_hidden())
    }

    /// What is in a folder, then what is in its folders.
    fn folder(&mut self, evaluator: &mut Evaluator<'_>, folder: &Item, depth: usize) -> Run<()> {
        evaluator.step(1)?;
        let children = self.children(evaluator, folder)?;
        for child in &children {
            self.put_wanted(evaluator, child)?;
        }
        if depth > 0 {
            for child in children.iter().filter(|child| self.goes_into(child)).cloned().collect::<Vec<_>>() {
                self.folder(evaluator, &child, depth - 1)?;
            }
        }
        Ok(())
    }

    /// With -Include and -Exclude each folder is followed by what is in it.
    fn picky(&mut self, evaluator: &mut Evaluator<'_>, folder: &Item, depth: usize) -> Run<()> {
        evaluator.step(1)?;
        for child in self.children(evaluator, folder)? {
            self.put_wanted(evaluator, &child)?;
            if depth > 0 && self.goes_into(&child) {
                self.picky(evaluator, &child, depth - 1)?;
            }
        }
        Ok(())
    }

    /// Looks for a name or pattern in a folder and below.
    fn search(&mut self, evaluator: &mut Evaluator<'_>, path: &ItemPath) -> Run<()> {
        let around = path.around();
        let roots = find_all(evaluator, &around, false)?;
        let names = Names { include: vec![path.leaf().to_owned()], ..Names::default() };
        for root in roots.iter().filter(|root| root.is_container) {
            self.root.clone_from(&root.path);
            self.search_in(evaluator, root, &names, self.wanted.depth)?;
        }
        Ok(())
    }

    fn search_in(&mut self, evaluator: &mut Evaluator<'_>, folder: &Item, names: &Names, depth: usize) -> Run<()> {
        evaluator.step(1)?;
        for child in self.children(evaluator, folder)? {
            if names.wants(evaluator, &child)? {
                self.put_wanted(evaluator, &child)?;
            }
            if depth > 0 && self.goes_into(&child) {
                self.search_in(evaluator, &child, names, depth - 1)?;
            }
        }
        Ok(())
    }
}
