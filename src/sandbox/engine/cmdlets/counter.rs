//! Get-Counter: performance counters of processors, memory, disks, processes, the network.

use std::time::Duration;

use super::super::cim;
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Flow, Run, Sink};
use super::super::value::{Obj, Schema, Val};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Get-Counter",
    aliases: &[],
    params: &["Counter@0<", "SampleInterval", "MaxSamples", "ListSet", "Continuous!", "ComputerName|Cn"],
    make: |_, bound| {
        bound.refuse(&["Continuous"])?;
        PerInput::boxed(bound, get)
    },
}];

/// A set of counters: its name, the class that has them, and each counter with its property.
type Set = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const PROCESSOR: &[(&str, &str)] = &[
    ("% Processor Time", "PercentProcessorTime"),
    ("% User Time", "PercentUserTime"),
    ("% Privileged Time", "PercentPrivilegedTime"),
    ("% Idle Time", "PercentIdleTime"),
    ("Interrupts/sec", "InterruptsPersec"),
];

const DISK: &[(&str, &str)] = &[
    ("% Free Space", "PercentFreeSpace"),
    ("Free Megabytes", "FreeMegabytes"),
    ("% Disk Time", "PercentDiskTime"),
    ("% Idle Time", "PercentIdleTime"),
    ("Current Disk Queue Length", "CurrentDiskQueueLength"),
    ("Avg. Disk Queue Length", "AvgDiskQueueLength"),
    ("Disk Bytes/sec", "DiskBytesPersec"),
];

const SETS: [Set; 6] = [
    ("Processor", "Win32_PerfFormattedData_PerfOS_Processor", PROCESSOR),
    (
        "Memory",
        "Win32_PerfFormattedData_PerfOS_Memory",
        &[
            ("Available MBytes", "AvailableMBytes"),
            ("Available KBytes", "AvailableKBytes"),
            ("Available Bytes", "AvailableBytes"),
            ("% Committed Bytes In Use", "PercentCommittedBytesInUse"),
            ("Committed Bytes", "CommittedBytes"),
            ("Commit Limit", "CommitLimit"),
            ("Page Faults/sec", "PageFaultsPersec"),
            ("Pages/sec", "PagesPersec"),
            ("Cache Bytes", "CacheBytes"),
            ("Pool Nonpaged Bytes", "PoolNonpagedBytes"),
            ("Pool Paged Bytes", "PoolPagedBytes"),
        ],
    ),
    ("LogicalDisk", "Win32_PerfFormattedData_PerfDisk_LogicalDisk", DISK),
    ("PhysicalDisk", "Win32_PerfFormattedData_PerfDisk_LogicalDisk", DISK),
    (
        "System",
        "Win32_PerfFormattedData_PerfOS_System",
        &[
            ("Processor Queue Length", "ProcessorQueueLength"),
            ("System Up Time", "SystemUpTime"),
            ("Processes", "Processes"),
            ("Threads", "Threads"),
            ("Context Switches/sec", "ContextSwitchesPersec"),
        ],
    ),
    (
        "Process",
        "Win32_PerfFormattedData_PerfProc_Process",
        &[
            ("% Processor Time", "PercentProcessorTime"),
            ("Working Set", "WorkingSet"),
            ("Working Set - Private", "WorkingSetPrivate"),
            ("Private Bytes", "PrivateBytes"),
            ("Handle Count", "HandleCount"),
            ("Thread Count", "ThreadCount"),
            ("ID Process", "IDProcess"),
            ("Elapsed Time", "ElapsedTime"),
        ],
    ),
];

/// What Get-Counter reads when nobody says what.
const USUAL: [&str; 4] = [
    "\\Processor(_Total)\\% Processor Time",
    "\\Memory\\% Committed Bytes In Use",
    "\\PhysicalDisk(_Total)\\% Disk Time",
    "\\PhysicalDisk(_Total)\\Current Disk Queue Length",
];

/// Most samples of one call.
const MOST_SAMPLES: usize = 10_000;

/// One value: its path, the instance, the number.
struct Sample {
    path: String,
    instance: String,
    value: f64,
}

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    super::cim::refuse_others(evaluator, bound)?;
    if bound.get("ListSet").is_some() {
        return list_sets(evaluator, bound, out);
    }
    let mut paths = bound.texts("Counter");
    if paths.is_empty() {
        paths = USUAL.map(str::to_owned).into();
    }
    let interval = bound.count("SampleInterval")?.unwrap_or(1).clamp(1, 3600) as u64;
    let count = bound.count("MaxSamples")?.unwrap_or(1).clamp(1, MOST_SAMPLES);
    for _ in 0..count {
        // Rates need two looks at the counter.
        if evaluator.runtime.sleep(Duration::from_secs(interval)).is_break() {
            return Err(Flow::Stopped);
        }
        let mut samples = Vec::new();
        for path in &paths {
            match read(evaluator, path)? {
                Some(found) => samples.extend(found),
                None => evaluator.write_error(not_found(path))?,
            }
        }
        if !samples.is_empty() {
            let set = sample_set(evaluator, samples);
            out.put(evaluator, set)?;
        }
    }
    Ok(())
}

/// Source: public transcripts of Get-Counter with a path that is not there.
fn not_found(path: &str) -> ErrorRecord {
    let message = "The specified object was not found on the computer.";
    ErrorRecord::new("System.Exception", message, "CounterApiError", 8).with_target(Val::str(path))
}

/// `\\host\set(instance)\counter` taken apart: set, instance, counter.
fn parts(path: &str) -> Option<(&str, Option<&str>, &str)> {
    let path = match path.strip_prefix("\\\\") {
        Some(with_host) => with_host.split_once('\\')?.1,
        None => path.strip_prefix('\\').unwrap_or(path),
    };
    let (object, counter) = path.rsplit_once('\\')?;
    match object.strip_suffix(')') {
        Some(object) => {
            let (set, instance) = object.split_once('(')?;
            Some((set, Some(instance), counter))
        }
        None => Some((object, None, counter)),
    }
}

/// The host that a path names, if it is not this one.
fn other_host<'a>(evaluator: &Evaluator<'_>, path: &'a str) -> Option<&'a str> {
    let (name, _) = path.strip_prefix("\\\\")?.split_once('\\')?;
    (!evaluator.host.is_named(name)).then_some(name)
}

fn read(evaluator: &mut Evaluator<'_>, path: &str) -> Run<Option<Vec<Sample>>> {
    if let Some(name) = other_host(evaluator, path) {
        return Err(ErrorRecord::unsupported(&format!("a way from one host to another ({name})")).into());
    }
    let Some((set, instance, counter)) = parts(path) else { return Ok(None) };
    let set = if set.eq_ignore_ascii_case("Processor Information") { "Processor" } else { set };
    let Some((name, class, counters)) = SETS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(set)) else {
        return Ok(None);
    };
    let rows = cim::all_of(evaluator, class);
    let mut samples = Vec::new();
    for row in &rows {
        let own = evaluator.member(row, "Name").map_or_else(String::new, |name| text(&name));
        let own = if own == "_Total" { "_total".to_owned() } else { own.to_lowercase() };
        let fits = match instance {
            Some(wanted) => evaluator.patterns.like(&own, wanted, false)?,
            None => own.is_empty(),
        };
        for (shown, property) in counters.iter().filter(|_| fits) {
            if !evaluator.patterns.like(shown, counter, false)? {
                continue;
            }
            let value = evaluator.member(row, property).and_then(|value| value.as_float()).unwrap_or(0.0);
            let host = evaluator.host.name();
            let object = if own.is_empty() { name.to_lowercase() } else { format!("{}({own})", name.to_lowercase()) };
            let path = format!("\\\\{host}\\{object}\\{}", shown.to_lowercase());
            samples.push(Sample { path, instance: own.clone(), value });
        }
    }
    Ok((!samples.is_empty()).then_some(samples))
}

/// Source: learn.microsoft.com, Get-Counter (Microsoft.PowerShell.Diagnostics).
fn sample_set(evaluator: &Evaluator<'_>, samples: Vec<Sample>) -> Val {
    let now = Val::DateTime(evaluator.now());
    let one = Schema::new(
        &["Microsoft.PowerShell.Commands.GetCounter.PerformanceCounterSample", "System.Object"],
        &["Path", "InstanceName", "CookedValue", "RawValue", "SecondValue", "MultipleCount", "Timestamp", "Status"],
    );
    // As the type's own script property writes them.
    let readings: String = samples.iter().map(|sample| format!("{} :\n{}\n\n", sample.path, sample.value)).collect();
    let samples = samples.into_iter().map(|sample| {
        let values = vec![
            Val::str(sample.path.as_str()),
            Val::str(sample.instance),
            Val::F64(sample.value),
            Val::U64(sample.value as u64),
            Val::U64(0),
            Val::U32(1),
            now.clone(),
            Val::U32(0),
        ];
        Obj::typed(&one, sample.path, values)
    });
    let samples = Val::list("Microsoft.PowerShell.Commands.GetCounter.PerformanceCounterSample[]", samples.collect());
    let kind = "Microsoft.PowerShell.Commands.GetCounter.PerformanceCounterSampleSet";
    let schema = Schema::new(&[kind, "System.Object"], &["Timestamp", "CounterSamples", "Readings"]);
    Obj::typed(&schema, kind, vec![now, samples, Val::str(readings)])
}

fn list_sets(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let kind = "Microsoft.PowerShell.Commands.GetCounter.CounterSet";
    let schema = Schema::new(
        &[kind, "System.Object"],
        &["CounterSetName", "MachineName", "CounterSetType", "Description", "Paths", "Counter"],
    );
    for pattern in bound.texts("ListSet") {
        let mut found = false;
        for (name, _, counters) in &SETS {
            if !evaluator.patterns.like(name, &pattern, false)? {
                continue;
            }
            found = true;
            let is_single = matches!(*name, "Memory" | "System");
            let object = if is_single { (*name).to_owned() } else { format!("{name}(*)") };
            let paths = cim::texts(counters.iter().map(|(counter, _)| format!("\\{object}\\{counter}")));
            let set_type = if is_single { ("SingleInstance", 0) } else { ("MultiInstance", 1) };
            let values = vec![
                Val::str(*name),
                Val::str("."),
                Val::of_enum("System.Diagnostics.PerformanceCounterCategoryType", set_type.0, set_type.1),
                Val::str(format!("The {name} performance object.")),
                paths.clone(),
                paths,
            ];
            out.put(evaluator, Obj::typed(&schema, kind, values))?;
        }
        if !found {
            let message = format!(
                "Cannot find any performance counter sets on the localhost computer that match the following: {pattern}."
            );
            let record = ErrorRecord::new("System.Exception", message, "NoMatchingCounterSetsFound", 13);
            evaluator.write_error(record)?;
        }
    }
    Ok(())
}
