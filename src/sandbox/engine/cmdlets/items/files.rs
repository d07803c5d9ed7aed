//! What files alone have: Get-FileHash, Get-Acl, Unblock-File.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest;
use md5::Digest as _;

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::provider::{Decor, Item, Thing, find_all, resolve};
use super::super::super::value::{Obj, Schema, Val};
use super::super::per_input::PerInput;
use super::{Bound, Spec, for_each_item, paths_of};

pub(in super::super) static SPECS: [Spec; 3] = [
    Spec {
        name: "Get-FileHash",
        aliases: &[],
        params: &["Path:string@0<^+", "LiteralPath|PSPath|LP:string^/", "Algorithm^", "InputStream"],
        make: |_, bound| {
            bound.refuse(&["InputStream"])?;
            PerInput::boxed(bound, hash)
        },
    },
    Spec {
        name: "Get-Acl",
        aliases: &[],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Audit!",
            "InputObject",
            "Filter",
            "Include",
            "Exclude",
        ],
        make: |_, bound| {
            bound.refuse(&["Audit", "InputObject"])?;
            PerInput::boxed(bound, acl)
        },
    },
    Spec {
        name: "Unblock-File",
        aliases: &[],
        params: &["Path:string@0<^+", "LiteralPath|PSPath|LP:string^/", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| PerInput::boxed(bound, unblock),
    },
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// The bytes that a file's hash is made of: where they are not drawn, something that copies of the file share.
fn hashed(item: &Item) -> Option<Vec<u8>> {
    let Thing::File(file) = &item.thing else { return None };
    if file.is_folder() {
        return None;
    }
    let made = || [file.fingerprint().to_le_bytes(), file.size.to_le_bytes()].concat();
    Some(file.bytes().map_or_else(|_| made(), |bytes| bytes.to_vec()))
}

/// Source: public API of Microsoft.PowerShell.Commands.FileHashInfo.
fn hash(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let types = ["Microsoft.PowerShell.Commands.FileHashInfo", "System.Object"];
        Schema::new(&types, &["Algorithm", "Hash", "Path"])
    });
    let algorithm = bound.text("Algorithm").unwrap_or_else(|| "SHA256".into()).to_uppercase();
    let (texts, literal) = paths_of(bound)?;
    for text in texts {
        let path = resolve(evaluator, &text)?;
        let items = match find_all(evaluator, &path, literal) {
            Ok(items) => items,
            Err(super::super::super::eval::Flow::Throw(record)) if &*record.id == "PathNotFound" => {
                let record = ErrorRecord { id: "FileNotFound".into(), target: Val::str(text.as_str()), ..*record };
                evaluator.write_error(record)?;
                continue;
            }
            Err(flow) => return Err(flow),
        };
        for item in items {
            let Some(bytes) = hashed(&item) else { continue };
            evaluator.step(bytes.len() as u64 / 32 + 1)?;
            let of = |kind: &'static digest::Algorithm| hex(digest::digest(kind, &bytes).as_ref());
            let hash = match algorithm.as_str() {
                "SHA1" => of(&digest::SHA1_FOR_LEGACY_USE_ONLY),
                "SHA256" => of(&digest::SHA256),
                "SHA384" => of(&digest::SHA384),
                "SHA512" => of(&digest::SHA512),
                "MD5" => hex(&md5::Md5::digest(&bytes)),
                _ => {
                    let message = format!(
                        "Cannot validate argument on parameter 'Algorithm'. The argument \"{algorithm}\" does not belong to the set \"SHA1,SHA256,SHA384,SHA512,MD5\" specified by the ValidateSet attribute. Supply an argument that is in the set and then try the command again."
                    );
                    let kind = "System.Management.Automation.ParameterBindingException";
                    return Err(ErrorRecord::new(kind, message, "ParameterArgumentValidationError", 6).into());
                }
            };
            let values =
                vec![Val::str(algorithm.as_str()), Val::str(hash), Val::str(path.at(&item.path).provider_path())];
            out.put(evaluator, Obj::typed(&SCHEMA, "Microsoft.PowerShell.Commands.FileHashInfo", values))?;
        }
    }
    Ok(())
}

/// Who may do what: as Windows has it for its own folders, for users' and for others.
fn rules(path: &str) -> (&'static str, Vec<(&'static str, &'static str)>) {
    let lower = path.to_lowercase();
    let is_in = |folder: &str| lower == folder || lower.starts_with(&format!("{folder}\\"));
    let everyone = |more: &[(&'static str, &'static str)]| {
        let mut all = vec![("NT AUTHORITY\\SYSTEM", "FullControl"), ("BUILTIN\\Administrators", "FullControl")];
        all.extend_from_slice(more);
        all
    };
    if is_in("c:\\windows") || is_in("c:\\program files") || is_in("c:\\program files (x86)") {
        let more = [("BUILTIN\\Users", "ReadAndExecute, Synchronize"), ("NT SERVICE\\TrustedInstaller", "FullControl")];
        ("NT SERVICE\\TrustedInstaller", everyone(&more))
    } else if is_in("c:\\users\\sandbox") {
        ("NT AUTHORITY\\SYSTEM", everyone(&[("SANDBOX\\sandbox", "FullControl")]))
    } else {
        ("BUILTIN\\Administrators", everyone(&[("BUILTIN\\Users", "ReadAndExecute, Synchronize")]))
    }
}

/// Source: public API of System.Security.AccessControl.FileSecurity and FileSystemAccessRule, with the properties that
/// Get-Acl adds.
fn acl(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    static RULE: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let types = [
            "System.Security.AccessControl.FileSystemAccessRule",
            "System.Security.AccessControl.AccessRule",
            "System.Security.AccessControl.AuthorizationRule",
            "System.Object",
        ];
        let names = [
            "FileSystemRights",
            "AccessControlType",
            "IdentityReference",
            "IsInherited",
            "InheritanceFlags",
            "PropagationFlags",
        ];
        Schema::new(&types, &names)
    });
    for_each_item(evaluator, bound, |evaluator, path, item| {
        if path.provider.name() != "FileSystem" {
            return Err(ErrorRecord::unsupported("access rules of other things than files").into());
        }
        let kind = if item.is_container { "DirectorySecurity" } else { "FileSecurity" };
        let full = format!("System.Security.AccessControl.{kind}");
        let types = [full.as_str(), "System.Security.AccessControl.FileSystemSecurity", "System.Object"];
        let schema = Schema::new(&types, &["AccessRightType", "AccessRuleType", "AreAccessRulesProtected"]);
        let values = vec![
            Val::str("System.Security.AccessControl.FileSystemRights"),
            Val::str("System.Security.AccessControl.FileSystemAccessRule"),
            Val::Bool(false),
        ];
        let made = Obj::typed(&schema, full.as_str(), values);
        let (owner, rules) = rules(&item.path);
        let inherits = if item.is_container { "ContainerInherit, ObjectInherit" } else { "None" };
        let rule = |(who, what): &(&'static str, &'static str)| {
            let values = vec![
                Val::str(*what),
                Val::of_enum("System.Security.AccessControl.AccessControlType", "Allow", 0),
                Val::str(*who),
                Val::Bool(true),
                Val::str(inherits),
                Val::str("None"),
            ];
            Obj::typed(&RULE, "System.Security.AccessControl.FileSystemAccessRule", values)
        };
        let shown: Vec<String> = rules.iter().map(|(who, what)| format!("{who} Allow  {what}")).collect();
        let access = Val::array(rules.iter().map(rule).collect());
        if let Val::Object(object) = &made {
            object.put_notes_first(vec![
                ("Path", Val::str(Decor::of(evaluator, path).full_path(&item.path))),
                ("Owner", Val::str(owner)),
                ("Group", Val::str(owner)),
                ("Access", access),
                ("AccessToString", Val::str(shown.join("\n"))),
            ]);
        }
        out.put(evaluator, made)
    })
}

/// Files here never come from the Internet zone: it is enough that they are there.
fn unblock(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let target = path.at(&item.path).provider_path();
        evaluator.should_process(bound, &target, "Unblock-File").map(drop)
    })
}
