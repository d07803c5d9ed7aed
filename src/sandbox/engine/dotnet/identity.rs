//! Who runs the script: `[WindowsPrincipal]`, security identifiers, credentials.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::convert::text;
use super::super::eval::Evaluator;
use super::super::machine::domain_sid;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Instance, Outcome, arg_text, thrown};
use crate::secret::Secret;

/// Groups of the session's user, as `whoami /groups` lists them: name and identifier.
const GROUPS: [(&str, &str); 7] = [
    ("Everyone", "S-1-1-0"),
    ("BUILTIN\\Administrators", "S-1-5-32-544"),
    ("BUILTIN\\Users", "S-1-5-32-545"),
    ("NT AUTHORITY\\NETWORK", "S-1-5-2"),
    ("NT AUTHORITY\\Authenticated Users", "S-1-5-11"),
    ("NT AUTHORITY\\This Organization", "S-1-5-15"),
    ("SANDBOX\\Server Admins", ""),
];

/// Accounts of every Windows that scripts translate.
/// Source: learn.microsoft.com, Security identifiers, table of well-known ones.
const WELL_KNOWN: [(&str, &str); 12] = [
    ("Everyone", "S-1-1-0"),
    ("CREATOR OWNER", "S-1-3-0"),
    ("NT AUTHORITY\\NETWORK", "S-1-5-2"),
    ("NT AUTHORITY\\INTERACTIVE", "S-1-5-4"),
    ("NT AUTHORITY\\Authenticated Users", "S-1-5-11"),
    ("NT AUTHORITY\\SYSTEM", "S-1-5-18"),
    ("NT AUTHORITY\\LOCAL SERVICE", "S-1-5-19"),
    ("NT AUTHORITY\\NETWORK SERVICE", "S-1-5-20"),
    ("BUILTIN\\Administrators", "S-1-5-32-544"),
    ("BUILTIN\\Users", "S-1-5-32-545"),
    ("BUILTIN\\Guests", "S-1-5-32-546"),
    ("BUILTIN\\Remote Desktop Users", "S-1-5-32-555"),
];

/// A `SecurityIdentifier` or an `NTAccount`.
pub(super) fn account(full: &str, value: &str) -> Val {
    if full.ends_with("NTAccount") {
        let schema = Schema::new(&[full, "System.Security.Principal.IdentityReference", "System.Object"], &["Value"]);
        return Obj::typed(&schema, value, vec![Val::str(value)]);
    }
    let schema = Schema::new(
        &[full, "System.Security.Principal.IdentityReference", "System.Object"],
        &["BinaryLength", "AccountDomainSid", "Value"],
    );
    let parts = value.matches('-').count().saturating_sub(2);
    let domain = value
        .rsplit_once('-')
        .filter(|_| value.starts_with("S-1-5-21-"))
        .map_or(Val::Null, |(domain, _)| Val::str(domain));
    Obj::typed(&schema, value, vec![Val::I32((8 + 4 * parts) as i32), domain, Val::str(value)])
}

/// `.Translate([type])`
pub(super) fn translate(evaluator: &mut Evaluator<'_>, object: &Arc<Obj>, name: &str, args: &[Val]) -> Outcome {
    let (true, Some(Val::Type(wanted))) = (name == "translate", args.first()) else { return Ok(None) };
    let own = object.text.as_deref().unwrap_or("");
    if wanted.full.as_ref() == object.type_name() {
        return Ok(Some(account(&wanted.full, own)));
    }
    let accounts = evaluator.machine.accounts();
    let authority = evaluator.host.account_authority();
    let locals = || {
        let users = accounts.users.iter().map(|user| (user.name.clone(), user.sid.clone()));
        let groups = accounts.groups.iter().map(|group| (group.name.clone(), group.sid.clone()));
        users.chain(groups)
    };
    let found = if wanted.name() == "NTAccount" {
        let known =
            WELL_KNOWN.iter().find(|(_, sid)| sid.eq_ignore_ascii_case(own)).map(|(name, _)| (*name).to_owned());
        let local = || locals().find(|(_, sid)| sid == own).map(|(name, _)| format!("{authority}\\{name}"));
        let domain = || {
            ["sandbox", "Server Admins", "svc-backup", "svc-monitor"].into_iter().find(|name| domain_sid(name) == own)
        };
        known.or_else(local).or_else(|| domain().map(|name| format!("SANDBOX\\{name}")))
    } else {
        let plain = own.rsplit('\\').next().unwrap_or(own);
        let is_it = |name: &str| {
            name.eq_ignore_ascii_case(own)
                || name.rsplit('\\').next().is_some_and(|last| last.eq_ignore_ascii_case(own))
        };
        let known = WELL_KNOWN.iter().find(|(name, _)| is_it(name)).map(|(_, sid)| (*sid).to_owned());
        let is_of_domain = own.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("SANDBOX\\"));
        let local = || locals().find(|(name, _)| name.eq_ignore_ascii_case(plain)).map(|(_, sid)| sid);
        known.or_else(|| is_of_domain.then(|| domain_sid(plain))).or_else(local)
    };
    match found {
        Some(found) => Ok(Some(account(&wanted.full, &found))),
        None => thrown("IdentityNotMappedException", "Some or all identity references could not be translated."),
    }
}

/// `[WindowsPrincipal]::new($identity)`
pub(super) fn principal(args: &[Val]) -> Val {
    let schema = Schema::new(
        &["System.Security.Principal.WindowsPrincipal", "System.Security.Claims.ClaimsPrincipal", "System.Object"],
        &["UserClaims", "DeviceClaims", "Claims", "Identities", "Identity"],
    );
    let empty = || Val::array(Vec::new());
    let identity = args.first().cloned().unwrap_or(Val::Null);
    let values = vec![empty(), empty(), empty(), Val::array(vec![identity.clone()]), identity];
    Obj::typed(&schema, "System.Security.Principal.WindowsPrincipal", values)
}

/// What an identity has beside its properties: `.User`, `.Owner`, `.Groups`.
pub(in super::super) fn identity_parts() -> [Val; 3] {
    const SID: &str = "System.Security.Principal.SecurityIdentifier";
    let of_group = |(name, sid): &(&str, &str)| {
        let domain = || domain_sid(name.rsplit('\\').next().unwrap_or(name));
        account(SID, &if sid.is_empty() { domain() } else { (*sid).to_owned() })
    };
    let groups = GROUPS.iter().map(of_group).collect();
    [
        account(SID, &domain_sid("sandbox")),
        account(SID, "S-1-5-32-544"),
        Val::list("System.Security.Principal.IdentityReferenceCollection", groups),
    ]
}

pub(super) fn method(evaluator: &mut Evaluator<'_>, _object: &Arc<Obj>, name: &str, args: &[Val]) -> Outcome {
    if name == "dispose" {
        return Ok(Some(Val::Void));
    }
    let ("isinrole", Some(role)) = (name, args.first()) else { return Ok(None) };
    evaluator.step(1)?;
    // Built-in roles are the last part of their group's identifier.
    let number = match role {
        Val::Enum(value) => Some(value.number),
        other => other.as_int().map(|number| number as i32),
    };
    let given = text(role);
    let is_it = |(name, sid): &(&str, &str)| match number {
        Some(number) => *sid == format!("S-1-5-32-{number}"),
        None => {
            let own = domain_sid(name.rsplit('\\').next().unwrap_or(name));
            let is_builtin_role = given.eq_ignore_ascii_case("Administrator") && *sid == "S-1-5-32-544";
            name.eq_ignore_ascii_case(&given)
                || is_builtin_role
                || sid.eq_ignore_ascii_case(&given)
                || (sid.is_empty() && own == given)
                || (given.eq_ignore_ascii_case("User") && *sid == "S-1-5-32-545")
        }
    };
    Ok(Some(Val::Bool(GROUPS.iter().any(is_it))))
}

/// A text that is not shown.
#[derive(Debug)]
struct SecureString(Secret<String>);

/// A `SecureString` of a text.
pub(in super::super) fn secure_string(plain: Secret<String>) -> Val {
    Val::Net(Arc::new(SecureString(plain)))
}

impl Instance for SecureString {
    fn type_names(&self) -> Vec<Cow<'static, str>> {
        vec!["System.Security.SecureString".into(), "System.Object".into()]
    }

    fn text(&self) -> String {
        "System.Security.SecureString".into()
    }

    fn names(&self) -> Vec<Arc<str>> {
        vec!["Length".into()]
    }

    fn get(&self, name: &str, _now: Option<Timestamp>) -> Option<Val> {
        (name == "length").then(|| Val::I32(self.0.expose().encode_utf16().count() as i32))
    }

    fn secret(&self) -> Option<&Secret<String>> {
        Some(&self.0)
    }

    fn call(&self, _evaluator: &mut Evaluator<'_>, me: &Val, name: &str, _args: &[Val]) -> Outcome {
        Ok(match name {
            "dispose" | "makereadonly" => Some(Val::Void),
            "isreadonly" => Some(Val::Bool(false)),
            "copy" => Some(me.clone()),
            _ => None,
        })
    }
}

/// What a secure string keeps.
pub(in super::super) fn plain_text(secure: &Val) -> Option<&str> {
    let Val::Net(instance) = secure else { return None };
    instance.secret().map(|secret| secret.expose().as_str())
}

/// `[pscredential]::new(name, password)` and `[NetworkCredential]::new(name, password)`.
pub(super) fn credential(kind: &TypeRef, args: &[Val]) -> Val {
    let (name, password) = (arg_text(args, 0), args.get(1).cloned().unwrap_or(Val::Null));
    if kind.name() == "PSCredential" {
        let schema =
            Schema::new(&["System.Management.Automation.PSCredential", "System.Object"], &["UserName", "Password"]);
        return Obj::typed(&schema, "System.Management.Automation.PSCredential", vec![Val::str(name), password]);
    }
    network_credential(&name, &text(&password))
}

fn network_credential(name: &str, password: &str) -> Val {
    let (domain, user) = name.split_once('\\').unwrap_or(("", name));
    let schema = Schema::new(
        &["System.Net.NetworkCredential", "System.Object"],
        &["UserName", "Password", "SecurePassword", "Domain"],
    );
    let values =
        vec![Val::str(user), Val::str(password), secure_string(Secret::new(password.to_owned())), Val::str(domain)];
    Obj::typed(&schema, "System.Net.NetworkCredential", values)
}

pub(super) fn credential_method(object: &Arc<Obj>, name: &str) -> Outcome {
    if name != "getnetworkcredential" {
        return Ok(None);
    }
    let user = object.get("UserName").map_or_else(String::new, |user| text(&user));
    let password = object.get("Password");
    let plain = password.as_ref().and_then(plain_text).unwrap_or_default();
    Ok(Some(network_credential(&user, plain)))
}
