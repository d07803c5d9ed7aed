//! Performance counters, already computed. The machine moves a little from minute to minute.

use super::super::super::eval::Evaluator;
use super::{Row, number, s};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "Win32_PerfFormattedData_PerfOS_Processor" => processors(evaluator),
        "Win32_PerfFormattedData_PerfOS_Memory" => vec![memory(evaluator)],
        "Win32_PerfFormattedData_PerfOS_System" => vec![system(evaluator)],
        "Win32_PerfFormattedData_PerfDisk_LogicalDisk" => disks(evaluator),
        "Win32_PerfFormattedData_PerfProc_Process" => processes(evaluator),
        _ => return None,
    })
}

/// Percent of the processors that are busy now.
pub(in super::super::super) fn processor_load(evaluator: &Evaluator<'_>) -> u64 {
    evaluator.host.processor_load(evaluator.host_time())
}

fn processors(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let total = processor_load(evaluator);
    let count = u64::from(evaluator.host.processors());
    let row = |name: String, busy: u64| {
        vec![
            ("Name", s(name)),
            ("DPCRate", number(0)),
            ("DPCsQueuedPersec", number(busy * 7)),
            ("InterruptsPersec", number(900 + busy * 40)),
            ("PercentDPCTime", number(0)),
            ("PercentIdleTime", number(100 - busy)),
            ("PercentInterruptTime", number(0)),
            ("PercentPrivilegedTime", number(busy / 3)),
            ("PercentProcessorTime", number(busy)),
            ("PercentUserTime", number(busy - busy / 3)),
        ]
    };
    // The processors lie around the mean.
    let one = |place: u64| {
        if place.is_multiple_of(2) { total + total.min(100 - total) / 4 } else { total - total.min(100 - total) / 4 }
    };
    (0..count).map(|place| row(place.to_string(), one(place))).chain([row("_Total".into(), total)]).collect()
}

fn memory(evaluator: &Evaluator<'_>) -> Row {
    let (all, free) = (evaluator.host.memory_bytes(), evaluator.host.free_memory_bytes());
    let (limit, committed) = (evaluator.host.commit_limit_bytes(), evaluator.host.committed_bytes());
    // What does not fit is read from the page file and written to it.
    let is_short = committed * 10 > limit * 9;
    let paged = if is_short { 200 + processor_load(evaluator) * 5 } else { 0 };
    vec![
        ("AvailableBytes", number(free)),
        ("AvailableKBytes", number(free >> 10)),
        ("AvailableMBytes", number(free >> 20)),
        ("CacheBytes", number(all / 40)),
        ("CacheBytesPeak", number(all / 30)),
        ("CommitLimit", number(limit)),
        ("CommittedBytes", number(committed)),
        ("FreeAndZeroPageListBytes", number(free / 3)),
        ("ModifiedPageListBytes", number(all / 200)),
        ("PageFaultsPersec", number(processor_load(evaluator) * 60)),
        ("PagesInputPersec", number(paged / 2)),
        ("PagesOutputPersec", number(paged - paged / 2)),
        ("PagesPersec", number(paged)),
        ("PercentCommittedBytesInUse", number(committed * 100 / limit)),
        ("PoolNonpagedBytes", number(all / 90)),
        ("PoolPagedBytes", number(all / 60)),
        ("StandbyCacheNormalPriorityBytes", number(free / 2)),
    ]
}

fn system(evaluator: &Evaluator<'_>) -> Row {
    let processes = evaluator.machine.processes(evaluator.host_time());
    let threads: u64 = processes.iter().map(|process| u64::from(process.threads)).sum();
    vec![
        ("ContextSwitchesPersec", number(600 + processor_load(evaluator) * 90)),
        ("Processes", number(processes.len() as i64)),
        ("ProcessorQueueLength", number(processor_load(evaluator) / 60)),
        ("SystemCallsPersec", number(3000 + processor_load(evaluator) * 400)),
        ("SystemUpTime", number(evaluator.machine.uptime(evaluator.host_time()).as_secs())),
        ("Threads", number(threads)),
    ]
}

fn disks(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let row = |name: &str, free: u64, size: u64| {
        vec![
            ("Name", s(name)),
            ("AvgDiskQueueLength", number(0)),
            ("CurrentDiskQueueLength", number(0)),
            ("DiskBytesPersec", number(processor_load(evaluator) * 4096)),
            ("FreeMegabytes", number(free >> 20)),
            ("PercentDiskTime", number(processor_load(evaluator) / 10)),
            ("PercentFreeSpace", number(free * 100 / size.max(1))),
            ("PercentIdleTime", number(100 - processor_load(evaluator) / 10)),
        ]
    };
    let drives = super::disks::local(evaluator);
    let sum = |part: fn(&super::super::super::machine::Disk) -> u64| drives.iter().map(part).sum::<u64>();
    let total = row("_Total", sum(|disk| disk.free_bytes), sum(|disk| disk.size_bytes));
    drives.iter().map(|disk| row(disk.id, disk.free_bytes, disk.size_bytes)).chain([total]).collect()
}

fn processes(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let mut seen: Vec<String> = Vec::new();
    let processes = evaluator.machine.processes(evaluator.host_time());
    let mut rows: Vec<Row> = Vec::with_capacity(processes.len());
    for process in &processes {
        // The second of a name is name#1.
        let before = seen.iter().filter(|name| name.eq_ignore_ascii_case(&process.name)).count();
        let name = if before == 0 { process.name.to_string() } else { format!("{}#{before}", process.name) };
        seen.push(process.name.to_string());
        let busy = process.cpu.as_secs_f64() / process.age.as_secs_f64().max(1.0) * 100.0;
        rows.push(vec![
            ("Name", s(name)),
            ("CreatingProcessID", number(process.parent_id)),
            ("ElapsedTime", number(process.age.as_secs())),
            ("HandleCount", number(process.handles)),
            ("IDProcess", number(process.id)),
            ("PercentProcessorTime", number(busy.round() as i64)),
            ("PriorityBase", number(8)),
            ("PrivateBytes", number(process.private_bytes)),
            ("ThreadCount", number(process.threads)),
            ("WorkingSet", number(process.working_set)),
            ("WorkingSetPrivate", number(process.private_bytes / 10 * 8)),
        ]);
    }
    rows
}
