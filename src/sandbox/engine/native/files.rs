//! fsutil.

use super::super::eval::{Evaluator, Run};
use super::{Said, grouped, refuse};

pub(super) fn fsutil(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let words: Vec<String> = args.iter().map(|arg| arg.to_ascii_lowercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["volume", "diskfree", drive] => {
            let disks = evaluator.machine.disks();
            let found = disks.iter().find(|disk| disk.id.eq_ignore_ascii_case(drive.trim_end_matches('\\')));
            Ok(match found.filter(|disk| disk.size_bytes > 0) {
                Some(disk) => Said::lines([
                    format!("Total free bytes        : {:>15}", grouped(disk.free_bytes)),
                    format!("Total bytes             : {:>15}", grouped(disk.size_bytes)),
                    format!("Total quota free bytes  : {:>15}", grouped(disk.free_bytes)),
                ]),
                None => Said::lines(["Error:  The system cannot find the path specified."]).failed(1),
            })
        }
        ["dirty", "query", drive] => {
            let disks = evaluator.machine.disks();
            let found = disks.iter().find(|disk| disk.id.eq_ignore_ascii_case(drive.trim_end_matches('\\')));
            Ok(match found.filter(|disk| disk.size_bytes > 0) {
                Some(disk) => {
                    let not = if disk.is_dirty { "" } else { "NOT " };
                    Said::lines([format!("Volume - {} is {not}Dirty", disk.id.to_lowercase())])
                }
                None => Said::lines(["Error:  The system cannot find the path specified."]).failed(1),
            })
        }
        ["fsinfo", "drives"] => {
            let drives: Vec<String> = evaluator.machine.disks().iter().map(|disk| format!("{}\\", disk.id)).collect();
            Ok(Said::lines([String::new(), format!("Drives: {}", drives.join(" "))]))
        }
        _ => refuse("fsutil", args),
    }
}
