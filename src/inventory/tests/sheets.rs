//! Inventories in CSV.

use super::*;
use crate::inventory::HostSettings;

/// A line for each host of a CSV file, with the settings and variables that it has; or the errors.
fn sheet(text: &str, keys: &str) -> String {
    let mut fake = Fake::default().file("d/x.csv", text);
    let request = request(&["@all"], &["d/x.csv"]);
    let hosts = match select(&request, &Config::default(), &mut fake, &mut |_| Err(String::new())) {
        Ok(hosts) => hosts,
        Err(errors) => return errors.to_string(),
    };
    let line = |host: &HostSettings| {
        let shown = host.effective.connection.shown();
        let setting = |key: &str| shown.iter().find(|(name, ..)| *name == key).map(|(_, value, _)| value.clone());
        let var = |key: &str| host.effective.vars.get(key).map(|given| given.value.json().to_owned());
        let cells = keys.split_whitespace().map(|key| setting(key).or_else(|| var(key)).unwrap_or("-".to_owned()));
        format!("{} {}", host.name, cells.collect::<Vec<_>>().join(" ")).trim_end().to_owned()
    };
    hosts.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn csv_rows() {
    let text = "\u{feff}Site;DNSHostName;Port;Identity\nber;web1;5986;k\n;web2;;\nber;web3;nine;\nx;web4\na;b;c;d;e\n";
    assert_eq!(
        sheet(text, ""),
        "d/x.csv:4:1: web3 > Port: expected a port, a number from 1 to 65535\n\
         d/x.csv:6:1: 5 cells, but the first row names 4 columns"
    );
    let good: String = text.lines().take(3).map(|line| format!("{line}\r\n")).collect();
    assert_eq!(sheet(&good, "Site port identity"), "web1 \"ber\" 5986 d/k; web2 \"\" 5985 -");
    // What Excel and Export-Csv write.
    assert_eq!(sheet("#TYPE System.Management.Automation.PSCustomObject\n\"ComputerName\"\n\"web1\"\n", ""), "web1");
    assert_eq!(sheet("ComputerName,Owner,Note\nweb1,a,x\nweb2,b\n", "Note"), "web1 \"x\"; web2 null");
    let excel = "ComputerName,tls,transport\nweb1,TRUE,WinRM\nweb2,False,winrm\n";
    assert_eq!(sheet(excel, "tls transport"), "web1 true winrm; web2 false winrm");
    assert_eq!(sheet("ComputerName,Auth,Host_Keys\na,NTLM,Accept-New\n", "auth host_keys"), "a ntlm accept-new");
    assert_eq!(sheet("Name,Port,\n a ,\" 5986 \",\n\n,,\nb,,\n", "port"), "a 5986; b 5985");
}

#[test]
fn csv_lines_are_those_of_the_file() {
    let text = "#TYPE x\r\nName,Note,Port\r\n\r\na,\"two\r\nlines\",x\r\nb,,y\r\n";
    assert_eq!(
        sheet(text, ""),
        "d/x.csv:4:1: a > Port: expected a port, a number from 1 to 65535\n\
         d/x.csv:6:1: b > Port: expected a port, a number from 1 to 65535"
    );
    assert_eq!(sheet("Name\na\n\"b\nc\n", ""), "d/x.csv:3:1: a quote (\") begins here and never ends");
    assert_eq!(sheet("Name,name\na,b\n", ""), "d/x.csv:1:1: the column `name` appears twice");
}

#[test]
fn csv_columns_that_name_the_host() {
    assert_eq!(sheet("Name,PSComputerName,Server\nspooler,a,s\n", "Name Server"), "a \"spooler\" \"s\"");
    assert_eq!(sheet("Server,HostName\ns,a\n", "Server"), "a \"s\"");
    let directory = "Name,DNSHostName\nWEB1,web1.corp.example\nWEB2,\n";
    assert_eq!(sheet(directory, "address DNSHostName"), "WEB1 web1.corp.example \"web1.corp.example\"; WEB2 WEB2 \"\"");
    assert_eq!(sheet("Name,DNSHostName,Address\na,a.b,10.0.0.1\n", "address"), "a 10.0.0.1");
    assert_eq!(
        sheet("ComputerName\nhost://a:1\nb:2\nfe80::1\n[fe80::2]:3\nssh://u@c\nd[1-2]:4\n", "transport address port"),
        "a:1 winrm a 1; b:2 winrm b 2; [fe80::1] winrm fe80::1 5985; [fe80::2]:3 winrm fe80::2 3; c ssh c 22; \
         d1:4 winrm d1 4; d2:4 winrm d2 4"
    );
    let twice = sheet("ComputerName,Port\na:1,2\n", "");
    assert!(twice.starts_with("d/x.csv:2:1: 'port' is set twice to different values: target host://a:1"), "{twice}");
}

/// As `Import-Csv` has it: an empty cell is an empty text, a cell that a short row lacks is null.
#[test]
fn empty_cells_are_values_that_take_nothing_away() {
    for (text, found) in [
        ("Name,Site\na,\n", "a \"\""),
        ("Name;Site;Owner\na;;x\n", "a \"\""),
        ("Name,Site\na,\"\"\nb,ber\n", "a \"\"; b \"ber\""),
        ("Name,Site\na\n", "a null"),
        ("Name,Port,Site\na,,\n", "a \"\""),
    ] {
        assert_eq!(sheet(text, "Site"), found, "{text}");
    }
    let mut fake =
        Fake::default().file("a.csv", "Name,Site,Port\nh,,\ni,,\n").file("b.csv", "Name,Site\nh,fra\n").file(
            "c.toml",
            "[defaults.vars]\nSite = 'ber'\n[hosts.h]\n[groups.g]\nhosts = ['i']\n[groups.g.vars]\nSite = 'muc'\n",
        );
    let mut of = |files: &[&str]| {
        let found = select(&request(&["h,i"], files), &Config::default(), &mut fake, &mut |_| Err(String::new()));
        let hosts = found.unwrap_or_else(|errors| panic!("{errors}"));
        hosts.iter().map(|host| host.effective.vars["Site"].value.shown()).collect::<Vec<_>>()
    };
    assert_eq!(of(&["a.csv"]), ["", ""]);
    assert_eq!(of(&["a.csv", "b.csv"]), ["fra", ""]);
    assert_eq!(of(&["b.csv", "a.csv"]), ["fra", ""]);
    assert_eq!(of(&["a.csv", "c.toml"]), ["ber", "muc"]);
}

#[test]
fn columns_choose_hosts() {
    let text = "Name,Enabled,OperatingSystem,labels.site,Labels.Rack,Port\na,True,Windows Server 2022,ber,1,1\n\
                b,False,Windows Server 2019,fra,10,\nc,,,,,\n";
    let chosen = |targets: &str, order: Option<&str>| {
        let mut fake = Fake::default().file("ad.csv", text);
        let order = order.map(|order| order.parse().expect("an order"));
        let request = Request { order, ..request(&[targets], &["ad.csv"]) };
        match select(&request, &Config::default(), &mut fake, &mut |_| Err(String::new())) {
            Ok(hosts) => hosts.iter().map(|host| host.name.to_string()).collect::<Vec<_>>().join(" "),
            Err(errors) => errors.to_string(),
        }
    };
    for (targets, found) in [
        ("label:Enabled=True", "a"),
        ("label:enabled=false", "b"),
        ("label:operatingsystem=*2019", "b"),
        ("label:site=ber", "a"),
        ("label:Site=f*", "b"),
        ("label:rack=1", "a"),
        ("label:Enabled=", "c"),
        ("@all!label:Enabled=False", "a c"),
        ("label:Enable=True", "no host has the label 'Enable=True'\n  hint: did you mean 'Enabled'?"),
        ("label:Enabled=yes", "no host has the label 'Enabled=yes'\n  hint: known values are '', False, True"),
        (
            "label:stage=prod",
            "no host has the label 'stage=prod'\n  hint: known labels and variables are Enabled, OperatingSystem, \
             Rack, site",
        ),
    ] {
        assert_eq!(chosen(targets, None), found, "{targets}");
    }
    assert_eq!(chosen("@all", Some("label:rack")), "a b c");
    assert_eq!(chosen("@all", Some("label:operatingsystem")), "c b a");
    // A label of that name comes first, and what is not a single value is none.
    let both = "[hosts.h]\nlabels = { site = 'label' }\nvars = { site = 'var', many = ['x'], n = 7, yes = true }\n";
    let on = |targets: &str| names(both, &[targets]);
    assert_eq!([on("label:site=label"), on("label:n=7"), on("label:yes=true")], ["h", "h", "h"]);
    assert!(on("label:site=var").starts_with("2: no host has the label"));
    assert!(on("label:many=*").starts_with("2: no host has the label"));
    assert!(
        names("[hosts.h]\n", &["label:a=b"]).contains("hint: no host of the inventory has labels: write labels = {")
    );
}

#[test]
fn a_sheet_without_names_says_what_is_missing() {
    let hint =
        "\n  hint: give one column the name ComputerName (or PSComputerName, Name, HostName, DNSHostName, Server)";
    for text in ["", "\n\n", "\u{feff}", "#TYPE x\n"] {
        assert_eq!(sheet(text, ""), format!("d/x.csv: it is empty: no row names the columns{hint}"), "{text:?}");
    }
    assert_eq!(sheet("Site,Rack\na,b\n", ""), format!("d/x.csv:1:1: no column names the host; found Site, Rack{hint}"));
}

#[test]
fn urls_and_ports_stand_wherever_a_host_is_named() {
    assert_eq!(names("[groups.g]\nhosts = ['ssh://u@a', 'b:22', 'c']\n", &["@g"]), "a,b:22,c");
    assert_eq!(names("[hosts.'a:1']\nuser = 'u'\n[hosts.a]\n", &["@all"]), "a:1,a");
    assert_eq!(names("hosts = ['https://a[1-2]:1/x']\n", &["@all"]), "a[1-2]:1");
}
