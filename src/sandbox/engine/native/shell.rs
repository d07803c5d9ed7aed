//! cmd: its shortest answers.

use super::super::eval::{Evaluator, Run};
use super::{Said, refuse, switch};

pub(super) fn cmd(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let [first, rest @ ..] = args else { return refuse("cmd", args) };
    if !matches!(switch(first).as_deref(), Some("c")) || rest.is_empty() {
        return refuse("cmd", args);
    }
    let line = rest.join(" ");
    let (verb, tail) = line.split_once(' ').unwrap_or((&line, ""));
    let verb = verb.to_ascii_lowercase();
    match verb.trim_end_matches(".exe") {
        _ if line.contains(['|', '&', '>', '<']) => refuse("cmd", args),
        "ver" => {
            let system = evaluator.host.operating_system();
            Ok(Said::lines([
                String::new(),
                format!("Microsoft Windows [Version {}.{}]", system.version, system.revision),
            ]))
        }
        "echo" if !tail.contains('%') => Ok(Said::lines([tail])),
        "hostname" => Ok(Said::lines([evaluator.host.name().to_uppercase()])),
        "exit" => Ok(Said::default().failed(tail.trim_start_matches("/b ").parse().unwrap_or(0))),
        "cmd" => refuse("cmd", args),
        program => {
            let tail: Vec<String> = tail.split_whitespace().map(str::to_owned).collect();
            match super::PROGRAMS.iter().find(|(name, _)| *name == program) {
                Some((_, run)) => run(evaluator, &tail),
                None if program == "sc" => super::services::sc(evaluator, &tail),
                None => refuse("cmd", args),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::engine::eval::RawArg;
    use crate::sandbox::engine::native::written;
    use crate::sandbox::engine::value::Val;

    #[test]
    fn arguments_are_as_written() {
        let parameter = |value| RawArg::Parameter("filter".into(), value);
        assert_eq!(written(&parameter(None)), ["-filter"]);
        assert_eq!(written(&parameter(Some(Val::I32(1)))), ["-filter:1"]);
        assert_eq!(written(&RawArg::Value(Val::array(vec![Val::str("/a"), Val::I32(2)]))), ["/a", "2"]);
    }
}
