//! Objects as PowerShell sends them, shortened, and what is cut in them.

use super::CutFinder;
use crate::clixml::Decoder;

fn cuts(depth: u32, xml: &str) -> Vec<String> {
    let document = Decoder::default().decode(xml.as_bytes()).expect("decodes");
    let mut found = Vec::new();
    CutFinder::new(depth).find(&document, |path| found.push(path.join(".")));
    found
}

/// An object of a type, with these adapted properties and notes.
fn object(types: &str, props: &str, notes: &str) -> String {
    let types: String = types.split(' ').map(|name| format!("<T>{name}</T>")).collect();
    let part = |tag: &str, members: &str| match members {
        "" => String::new(),
        members => format!("<{tag}>{members}</{tag}>"),
    };
    format!("<Obj><TN>{types}</TN>{}{}</Obj>", part("Props", props), part("MS", notes))
}

/// The same as a member.
fn named(name: &str, object: &str) -> String {
    object.replacen("<Obj>", &format!("<Obj N='{name}'>"), 1)
}

const PROCESS: &str = "System.Diagnostics.Process System.ComponentModel.Component System.Object";
const CUSTOM: &str = "System.Management.Automation.PSCustomObject System.Object";

fn process() -> String {
    let list = "<Obj N='Modules'><TN><T>System.Diagnostics.ProcessModuleCollection</T></TN><IE>\
                <S>System.Diagnostics.ProcessModule (pwsh)</S><S>System.Diagnostics.ProcessModule (libc.so.6)</S></IE></Obj>";
    let props = format!(
        "<S N='SafeHandle'>Microsoft.Win32.SafeHandles.SafeProcessHandle</S><S N='MachineName'>.</S>{list}\
         <S N='StartInfo'>System.Diagnostics.ProcessStartInfo</S><Nil N='Site'/>"
    );
    let notes = "<S N='Name'>System.Diagnostics.Process</S><S N='Parent'>System.Diagnostics.Process (sh)</S>\
                 <S N='Description'>System.Private.CoreLib</S>";
    object(PROCESS, &props, notes)
}

#[test]
fn members_and_members_collections_are_found_once() {
    assert_eq!(cuts(1, &process()), ["Modules", "StartInfo", "Parent"]);
}

#[test]
fn only_the_last_level_can_be_cut() {
    let deep = object(PROCESS, &named("Twin", &process()), "");
    assert_eq!(cuts(2, &deep), ["Twin.Modules", "Twin.StartInfo", "Twin.Parent"]);
    assert!(cuts(2, &process()).is_empty());
    // Notes and items lie on the level of their owner, entries of the output are known by their names.
    let custom = object(CUSTOM, "", &named("P", &process()));
    assert_eq!(cuts(1, &custom), ["P.Modules", "P.StartInfo", "P.Parent"]);
    let entry = format!("<En><S N='Key'>P</S>{}</En>", named("Value", &process()));
    assert_eq!(cuts(1, &format!("<Obj><DCT>{entry}</DCT></Obj>")), ["P.Modules", "P.StartInfo", "P.Parent"]);
    let list = format!("<Obj><LST>{0}{0}</LST></Obj>", process());
    assert_eq!(cuts(1, &list), ["Modules", "StartInfo", "Parent"].repeat(2));
}

#[test]
fn texts_of_scripts_are_no_cuts() {
    let text = "<S N='Module'>System.Diagnostics.ProcessModule (pwsh)</S><S N='Type'>System.String</S>";
    for (name, xml) in [
        ("a string", "<S>System.Diagnostics.ProcessModule (pwsh)</S>".to_owned()),
        ("notes of a custom object", object(CUSTOM, "", text)),
        ("selected", object(&format!("Selected.System.Diagnostics.Process {CUSTOM}"), "", text)),
        ("a list", "<Obj><LST><S>System.Diagnostics.ProcessModule</S></LST></Obj>".to_owned()),
        ("a dictionary", "<Obj><DCT><En><S N='Key'>Lazy</S><S N='Value'>A.Lazy`1[B]</S></En></DCT></Obj>".to_owned()),
    ] {
        assert!(cuts(1, &xml).is_empty(), "{name}");
    }
}

#[test]
fn names_that_are_data_are_no_cuts() {
    let strings =
        "<Obj N='Lines'><TN><T>System.String[]</T></TN><LST><S>System.Diagnostics.Process (x)</S></LST></Obj>";
    for (types, members) in [
        ("System.Management.Automation.PSModuleInfo", "<S N='Name'>Microsoft.PowerShell.Utility</S>"),
        ("System.Management.Automation.CmdletInfo", "<S N='Source'>Microsoft.PowerShell.Management</S>"),
        ("System.Management.Automation.CmdletInfo", "<S N='Module'>Microsoft.PowerShell.Management</S>"),
        ("System.Management.Automation.ProviderInfo", "<S N='ImplementingType'>System.Management.Automation.X</S>"),
        ("System.Diagnostics.FileVersionInfo", "<S N='FileDescription'>System.Private.CoreLib</S>"),
        ("System.Diagnostics.ProcessModule", "<S N='Description'>System.Diagnostics.Process</S>"),
        ("System.RuntimeType System.Reflection.TypeInfo", "<S N='TypeHandle'>System.RuntimeTypeHandle</S>"),
        ("System.IO.IOException System.Exception", "<S N='Handle'>System.IO.SomeHandle</S>"),
        ("Deserialized.System.Diagnostics.Process", "<S N='StartInfo'>System.Diagnostics.ProcessStartInfo</S>"),
        (PROCESS, strings),
    ] {
        assert!(cuts(1, &object(types, members, "")).is_empty(), "{members}");
    }
    // What hangs below them is theirs.
    let below = named("Inner", &process());
    assert!(cuts(2, &object("System.IO.IOException System.Exception", &below, "")).is_empty());
}

#[test]
fn collections_speak_for_their_items() {
    let list = |types: &str, item: &str| format!("<Obj N='All'><TN><T>{types}</T></TN><LST><S>{item}</S></LST></Obj>");
    for (types, item) in [
        ("Server[]", "Server"),
        ("Contoso.Rack[]", "Contoso.Rack"),
        ("System.Collections.Generic.List`1[[Contoso.Rack, Contoso, Version=1.0.0.0]]", "Contoso.Rack"),
    ] {
        assert_eq!(cuts(1, &object("Site", &list(types, item), "")), ["All"], "{types}");
    }
    let other = list("System.Object[]", "Contoso.Rack");
    assert!(cuts(1, &object("Site", &other, "")).is_empty());
}

#[test]
fn depth_without_end_ends() {
    let mut nested = process();
    for _ in 0..90 {
        nested = object(CUSTOM, "", &named("In", &nested));
    }
    assert!(cuts(1, &nested).is_empty());
}
