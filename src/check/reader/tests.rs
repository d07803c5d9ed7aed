use std::path::Path;
use std::time::Duration;

use super::{parse, read};
use crate::check::{Body, Definition, Judge, State};

/// A check with everything in it: whoever writes one may begin here.
const DISK: &str = include_str!("tests/disk-space.toml");

fn good(file: &str, text: &str) -> Definition {
    read(Path::new(file), text).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// The mistakes, each as people see it.
fn mistakes(text: &str) -> Vec<String> {
    let problems = read(Path::new("checks/x.toml"), text).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_example_is_read_whole() {
    let check = good("checks/disk-space.toml", DISK);
    assert_eq!((check.name.as_str(), check.title.as_str()), ("disk-space", "Disk space"));
    assert_eq!(check.body, Body::File("checks/disk-space.ps1".into()));
    assert_eq!(check.timeout, Duration::from_secs(60));
    assert_eq!(check.schedule.interval, Some(Duration::from_secs(900)));
    assert_eq!(check.parameters[0].0, "MinimumMB");
    assert_eq!(check.parameters[0].1.value, "500");
    assert_eq!(check.parameters[0].1.source.to_string(), "checks/disk-space.toml:14");
    assert_eq!(check.labels.get("area").map(String::as_str), Some("storage"));
    assert_eq!(check.empty, State::Unknown);
    assert_eq!((check.rules.len(), check.fleet.len()), (5, 2));
    let Judge::Number(_, alarms) = &check.rules[0].judge else { panic!("{:?}", check.rules[0]) };
    assert_eq!(alarms.warn.as_ref().map(|given| given.value.to_string()).as_deref(), Some("10:"));
    assert!(
        matches!(check.rules[1].judge, Judge::Holds(_)) && matches!(check.rules[2].judge, Judge::Count(Some(_), _))
    );
    assert!(matches!(check.rules[3].judge, Judge::Matches(None, _)));
    assert!(matches!(check.rules[4].judge, Judge::Misses(Some(_), _)));
}

#[test]
fn yaml_is_the_same_tree() {
    let yaml = "title: Uptime\ncode: Get-Uptime\nlabels: {area: os}\nrules:\n  - property: Days\n    warn: 90\n    crit: '@180:'\n";
    let toml = "title = 'Uptime'\ncode = 'Get-Uptime'\nlabels = {area = 'os'}\n[[rules]]\nproperty = 'Days'\nwarn = 90\ncrit = '@180:'\n";
    let (yaml, toml) = (good("uptime.yaml", yaml), good("uptime.toml", toml));
    assert_eq!((yaml.name, yaml.body, yaml.labels), (toml.name, toml.body, toml.labels));
    let ranges = |judge: &Judge| match judge {
        Judge::Number(_, alarms) => [&alarms.warn, &alarms.crit].map(|given| given.as_ref().map(|given| given.value)),
        other => panic!("{other:?}"),
    };
    assert_eq!(ranges(&yaml.rules[0].judge), ranges(&toml.rules[0].judge));
}

#[test]
fn every_mistake_comes_at_once_with_its_line() {
    let text = concat!(
        "titel = 'Disks'\n",
        "file = 'a.ps1'\n",
        "code = 'x'\n",
        "timeout = '1 minute'\n",
        "warn = '5:'\n",
        "[labels]\n",
        "area = ['a']\n",
        "[[rules]]\n",
        "property = 'Free'\n",
        "warn = '20%'\n",
        "owner = 'me'\n",
        "[[rules]]\n",
        "warn_if = 'Free > 5'\n",
        "[[rules]]\n",
        "warn = '5'\n",
        "[[rules]]\n",
        "property = 'A'\n",
        "warn = '5'\n",
        "crit_match = '('\n",
        "[[rules]]\n",
        "instance = 'Name'\n",
        "[[fleet]]\n",
        "crit = '5'\n",
        "[[fleet]]\n",
        "of = 'bad'\n",
    );
    let found = mistakes(text);
    let expected = [
        "checks/x.toml:1:1: unknown key 'titel'\n  hint: did you mean 'title'?",
        "checks/x.toml:1:1: the check has no title",
        "checks/x.toml:3:1: 'code' is a second script",
        "checks/x.toml:4:11: timeout: '1 minute' is not a duration",
        "checks/x.toml:5:1: unknown key 'warn'\n  hint: 'warn' goes below [[rules]]",
        "checks/x.toml:7:8: labels > area: a label is text, found a list",
        "checks/x.toml:10:8: rules 1: warn: '20%' is not a range; the unit goes into unit = \"%\"",
        "checks/x.toml:11:1: rules 1: unknown key 'owner'\n  hint: 'owner' goes to the top of the file",
        "checks/x.toml:13:11: rules 2: warn_if: '>' is not an operator here; write -gt 5",
        "checks/x.toml:14:1: rules 3: this rule has ranges, but no number",
        "checks/x.toml:16:1: rules 4: this rule mixes kinds",
        "checks/x.toml:20:1: rules 5: this rule never raises an alarm",
        "checks/x.toml:23:8: fleet 1: crit: '5' is not understood",
        "checks/x.toml:24:1: fleet 2: this rule never raises an alarm",
        "checks/x.toml:25:6: fleet 2: of: 'bad' is not a state",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
    }
    assert_eq!(found.len(), expected.len(), "{}", found.join("\n"));
}

#[test]
fn what_a_check_lacks_is_named() {
    let found = mistakes("title = 'x'\n").join("\n");
    assert!(found.contains("the check has no script") && found.contains("the check has no rules"), "{found}");
    assert_eq!(mistakes("title = 'x'\npester = 'x.Tests.ps1'\n"), [""; 0]);
    assert!(mistakes("title = 'x\n")[0].contains("a quote is never closed"));
    let both =
        mistakes("title = 'x'\ncode = 'x'\ninterval = '5m'\ncron = '* * * * *'\n[[rules]]\ncount = '*'\nwarn = 1\n");
    assert!(both[0].contains("checks/x.toml:4:1: a check has an interval or a cron line, not both"), "{both:?}");
    let same =
        "title = 'x'\ncode = 'x'\n[[rules]]\nname = 'a'\nproperty = 'A'\n[[rules]]\nname = 'a'\nproperty = 'B'\n";
    assert!(mistakes(same)[0].contains("another rule has the name 'a', too"), "{:?}", mistakes(same));
    for (rule, expected) in [
        ("count = '*'\nwarn = 1\ninstance = 'Name'", "'instance' has no meaning here"),
        ("warn_if = 'A'\nunit = 's'", "'unit' has no meaning here"),
        ("property = 'A'\nunit = '1s'", "'1s' is not a unit"),
        ("property = 'a..b'", "expected the name of a property"),
        ("property = 'A'\nmin = 'low'", "'low' is not a number"),
        ("property = 'A'\nmessage = '{A'", "a '{' has no name"),
        ("property = 'A'\nname = 'warn'", "'warn' cannot be the name of a rule"),
        ("property = 'A'\ncount = '*'\nwarn = 1", "'property' has no meaning beside 'count'"),
    ] {
        let found = mistakes(&format!("title = 'x'\ncode = 'x'\n[[rules]]\n{rule}\n")).join("\n");
        assert!(found.contains(expected), "{rule}: {found}");
    }
}

#[test]
fn no_tree_of_another_shape_panics() {
    for text in
        ["", "[]", "- a\n", "rules: 1\n", "rules: []\nfleet: {}\n", "rules: [1, {}]\n", "title: [1]\nlabels: 5\n"]
    {
        assert!(read(Path::new("x.yaml"), text).is_err(), "{text}");
        assert!(parse(Path::new("x.yaml"), text).is_ok(), "{text}");
    }
}
