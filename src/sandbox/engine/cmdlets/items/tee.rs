//! Tee-Object: what passes goes to a file or a variable too.

use super::super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::super::provider::resolve;
use super::super::super::text_file::Encoding;
use super::super::super::value::Val;
use super::content::{FileWrite, keep, write_file};
use super::{Bound, Spec};

pub(in super::super) static SPECS: [Spec; 1] = [Spec {
    name: "Tee-Object",
    aliases: &["tee"],
    params: &["FilePath|Path@0+", "LiteralPath|PSPath|LP/", "Variable/", "Append!", "Encoding", "InputObject<"],
    make: |_, bound| {
        if let Some(name) = bound.missing() {
            return Err(super::super::binding::missing(name).into());
        }
        Ok(Box::new(Tee { bound, values: Vec::new() }))
    },
}];

struct Tee {
    bound: Bound,
    values: Vec<Val>,
}

impl Cmdlet for Tee {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        keep(&mut self.values, input.clone())?;
        out.put(evaluator, input)
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        for value in self.bound.items("InputObject") {
            self.process(evaluator, value, out)?;
        }
        let values = std::mem::take(&mut self.values);
        let append = self.bound.switch("Append");
        if let Some(name) = self.bound.text("Variable") {
            let before = evaluator.lookup(&name.to_lowercase()).filter(|_| append);
            let all = before.map_or_else(Vec::new, Val::into_items).into_iter().chain(values).collect();
            evaluator.set_local(&name.to_lowercase(), Val::of_outputs(all).stored());
            return Ok(());
        }
        let path = self.bound.text("LiteralPath").or_else(|| self.bound.text("FilePath")).unwrap_or_default();
        let encoding = self.bound.text("Encoding").map(|name| Encoding::named(&name)).transpose()?;
        let how = FileWrite { encoding, append, force: false, no_clobber: false, newline: true, width: None };
        let path = resolve(evaluator, &path)?;
        write_file(evaluator, &path, &values, &how)
    }
}
