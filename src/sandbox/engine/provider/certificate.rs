//! Certificates and their stores.

use std::sync::{Arc, LazyLock};

use super::super::datetime::DateTime;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::machine::{Certificate, STORES};
use super::super::value::{Obj, Schema, Val};
use super::{Item, Provider, Thing};

pub(in super::super) struct Certificates;

/// The provider of certificates.
pub(super) const CERTIFICATE: &Certificates = &Certificates;

const LOCATIONS: [&str; 2] = ["CurrentUser", "LocalMachine"];

fn container(path: String, name: &str) -> Item {
    Item { path, name: name.into(), is_container: true, is_hidden: false, thing: Thing::Value(Val::Null) }
}

fn leaf(certificate: &Certificate) -> Item {
    let name: Arc<str> = certificate.thumbprint.as_str().into();
    Item {
        path: format!("{}\\{}\\{name}", certificate.location, certificate.store),
        name,
        is_container: false,
        is_hidden: false,
        thing: Thing::Certificate(certificate.clone()),
    }
}

impl Provider for Certificates {
    fn name(&self) -> &'static str {
        "Certificate"
    }

    fn module(&self) -> &'static str {
        "Microsoft.PowerShell.Security"
    }

    fn find(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Option<Item>> {
        let around = path.rsplit_once('\\').map_or("", |(around, _)| around);
        if path.is_empty() {
            return Ok(Some(container(String::new(), "")));
        }
        let children = self.children(evaluator, around)?;
        Ok(children.into_iter().find(|item| item.path.eq_ignore_ascii_case(path)))
    }

    fn children(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Vec<Item>> {
        evaluator.step(8)?;
        if path.is_empty() {
            return Ok(LOCATIONS.iter().map(|name| container((*name).into(), name)).collect());
        }
        let (location, store) = path.split_once('\\').unwrap_or((path, ""));
        let Some(location) = LOCATIONS.iter().find(|own| own.eq_ignore_ascii_case(location)) else {
            return Ok(Vec::new());
        };
        if store.is_empty() {
            return Ok(STORES.iter().map(|name| container(format!("{location}\\{name}"), name)).collect());
        }
        let all = evaluator.machine.certificates();
        let is_in = |certificate: &&Certificate| {
            certificate.location == *location && certificate.store.eq_ignore_ascii_case(store)
        };
        Ok(all.iter().filter(is_in).map(leaf).collect())
    }

    fn object(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Val {
        match &item.thing {
            Thing::Certificate(certificate) => certificate_object(evaluator.host.utc_offset_minutes(), certificate),
            _ if item.path.contains('\\') => store_object(item),
            _ => location_object(item),
        }
    }

    fn remove(&self, evaluator: &mut Evaluator<'_>, item: &Item, _force: bool) -> Run<()> {
        let Thing::Certificate(gone) = &item.thing else {
            let message = "Cannot remove a certificate store or a store location.";
            let kind = "System.InvalidOperationException";
            return Err(ErrorRecord::new(kind, message, "CannotRemoveContainer", 7).into());
        };
        evaluator.machine.change_certificates(|all| all.retain(|certificate| certificate != gone));
        Ok(())
    }
}

/// Source: public API of Microsoft.PowerShell.Commands.X509StoreLocation.
fn location_object(item: &Item) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let types = ["Microsoft.PowerShell.Commands.X509StoreLocation", "System.Object"];
        Schema::new(&types, &["LocationName", "Location", "StoreNames"])
    });
    let names = Val::array(STORES.iter().copied().map(Val::str).collect());
    let values = vec![Val::Str(item.name.clone()), Val::Str(item.name.clone()), names];
    Obj::typed(&SCHEMA, "Microsoft.PowerShell.Commands.X509StoreLocation", values)
}

/// Source: public API of System.Security.Cryptography.X509Certificates.X509Store.
fn store_object(item: &Item) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let types = ["System.Security.Cryptography.X509Certificates.X509Store", "System.Object"];
        Schema::new(&types, &["StoreHandle", "Location", "Name", "IsOpen"])
    });
    let location = if item.path.starts_with("Local") { ("LocalMachine", 2) } else { ("CurrentUser", 1) };
    let kind = "System.Security.Cryptography.X509Certificates.StoreLocation";
    let values =
        vec![Val::I64(0), Val::of_enum(kind, location.0, location.1), Val::Str(item.name.clone()), Val::Bool(true)];
    Obj::typed(&SCHEMA, "System.Security.Cryptography.X509Certificates.X509Store", values)
}

/// Source: public API of System.Security.Cryptography.X509Certificates.X509Certificate2; the lists of usages and names
/// are PowerShell's own properties.
fn certificate_object(offset: i32, certificate: &Certificate) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let types = [
            "System.Security.Cryptography.X509Certificates.X509Certificate2",
            "System.Security.Cryptography.X509Certificates.X509Certificate",
            "System.Object",
        ];
        let names = [
            "Archived",
            "FriendlyName",
            "HasPrivateKey",
            "NotAfter",
            "NotBefore",
            "SerialNumber",
            "SignatureAlgorithm",
            "Thumbprint",
            "Version",
            "Issuer",
            "Subject",
        ];
        Schema::new(&types, &names)
    });
    static OID: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        Schema::new(&["System.Security.Cryptography.Oid", "System.Object"], &["Value", "FriendlyName"])
    });
    static USAGE: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let types = ["Microsoft.PowerShell.Commands.EnhancedKeyUsageRepresentation", "System.Object"];
        Schema::new(&types, &["FriendlyName", "ObjectId"])
    });
    static DNS_NAME: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        Schema::new(&["Microsoft.PowerShell.Commands.DnsNameRepresentation", "System.Object"], &["Punycode", "Unicode"])
    });
    let time = |time| Val::DateTime(DateTime::local(time, offset));
    let text = |text: &str| Val::str(text);
    let algorithm =
        Obj::typed(&OID, "System.Security.Cryptography.Oid", vec![text("1.2.840.113549.1.1.11"), text("sha256RSA")]);
    let values = vec![
        Val::Bool(false),
        text(&certificate.friendly_name),
        Val::Bool(certificate.has_private_key),
        time(certificate.not_after),
        time(certificate.not_before),
        text(&certificate.serial_number),
        algorithm,
        text(&certificate.thumbprint),
        Val::I32(3),
        text(&certificate.issuer),
        text(&certificate.subject),
    ];
    let shown = format!("[Subject]\n  {}\n\n[Thumbprint]\n  {}\n", certificate.subject, certificate.thumbprint);
    let made = Obj::typed(&SCHEMA, shown, values);
    let usage = |(name, id): &(&'static str, &'static str)| {
        Obj::typed(&USAGE, format!("{name} ({id})"), vec![Val::str(*name), Val::str(*id)])
    };
    let dns = |name: &String| Obj::typed(&DNS_NAME, name.as_str(), vec![text(name), text(name)]);
    if let Val::Object(object) = &made {
        object.put_notes_first(vec![
            ("EnhancedKeyUsageList", Val::array(certificate.usages.iter().map(usage).collect())),
            ("DnsNameList", Val::array(certificate.dns_names.iter().map(dns).collect())),
            ("SendAsTrustedIssuer", Val::Bool(false)),
        ]);
    }
    made
}
