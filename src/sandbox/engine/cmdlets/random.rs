//! Get-Random and New-Guid: chance, as the host's seed has it.

use super::super::convert::{self, text};
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::value::Val;
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Get-Random",
        aliases: &[],
        params: &["InputObject@0<", "Minimum", "Maximum|Max@1", "Count", "SetSeed", "Shuffle!"],
        make: |_, bound| Ok(Box::new(Random { items: bound.items("InputObject"), expects_input: false, bound })),
    },
    Spec {
        name: "New-Guid",
        aliases: &[],
        params: &["Empty!", "InputObject"],
        make: |_, bound| {
            bound.refuse(&["InputObject"])?;
            Ok(Box::new(Guid { is_empty: bound.switch("Empty") }))
        },
    },
];

struct Random {
    bound: Bound,
    items: Vec<Val>,
    expects_input: bool,
}

impl Cmdlet for Random {
    fn expect_input(&mut self) {
        self.expects_input = true;
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        self.items.push(input);
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let count = self.bound.count("Count")?;
        let only = match self.items.as_slice() {
            [only] if !self.expects_input && self.bound.get("Maximum").is_none() && only.as_float().is_some() => {
                Some(only.clone())
            }
            _ => None,
        };
        if self.items.is_empty() || only.is_some() {
            for _ in 0..count.unwrap_or(1) {
                let number = self.number(evaluator, only.as_ref())?;
                out.put(evaluator, number)?;
            }
            return Ok(());
        }
        let wanted = if self.bound.switch("Shuffle") { self.items.len() } else { count.unwrap_or(1) };
        let mut items = std::mem::take(&mut self.items);
        for _ in 0..wanted.min(items.len()) {
            let place = (evaluator.random() % items.len() as u64) as usize;
            let item = items.swap_remove(place);
            out.put(evaluator, item)?;
        }
        Ok(())
    }
}

impl Random {
    /// A whole number, or a float if one of the ends is one; the upper end is not among them.
    fn number(&self, evaluator: &mut Evaluator<'_>, maximum: Option<&Val>) -> Run<Val> {
        let end = |name: &str| -> Run<Option<Val>> {
            let Some(value) = self.bound.get(name) else { return Ok(None) };
            convert::number(value).map(Some).ok_or_else(|| {
                let message = format!("Cannot bind parameter '{name}'. Cannot convert value \"{}\".", text(value));
                let kind = "System.Management.Automation.ParameterBindingException";
                ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into()
            })
        };
        let (low, high) = (end("Minimum")?, end("Maximum")?.or_else(|| maximum.cloned()));
        let low = low.unwrap_or(Val::I32(0));
        let high = high.unwrap_or(Val::I32(i32::MAX));
        let bits = evaluator.random();
        let (floor, ceiling) = (low.as_float().unwrap_or(0.0), high.as_float().unwrap_or(0.0));
        if floor >= ceiling {
            let message = format!(
                "The Minimum value ({}) cannot be greater than or equal to the Maximum value ({}).",
                text(&low),
                text(&high)
            );
            let kind = "System.ArgumentException";
            return Err(ErrorRecord::new(kind, message, "MinGreaterThanOrEqualMax", 5).into());
        }
        let (Some(from), Some(to)) = (low.as_int(), high.as_int()) else {
            let part = (bits >> 11) as f64 / (1_u64 << 53) as f64;
            return Ok(Val::F64(floor + part * (ceiling - floor)));
        };
        let number = from + i128::from(bits) % (to - from);
        let is_long = [&low, &high].iter().any(|end| matches!(end, Val::I64(_) | Val::U64(_) | Val::U32(_)));
        Ok(if is_long { Val::I64(number as i64) } else { Val::I32(number as i32) })
    }
}

struct Guid {
    is_empty: bool,
}

impl Cmdlet for Guid {
    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let guid = if self.is_empty { uuid::Uuid::nil() } else { evaluator.new_guid() };
        out.put(evaluator, Val::Guid(guid))
    }
}
