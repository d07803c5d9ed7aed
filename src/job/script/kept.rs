//! A script with what it was given, as the store keeps it: what was read of files and stdin is in it, secrets are not.

use std::sync::Arc;

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{Call, ScriptArgument, Scripts, named_variables};
use crate::clixml::{self, Content, Decoder, Document, Value};
use crate::config::System;
use crate::psrp::Input;
use crate::script::{ArgumentValue, Parameters, Source};

/// A call that can be made again later, and elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptCall {
    place: String,
    text: String,
    #[serde(default)]
    arguments: Vec<KeptArgument>,
    #[serde(default)]
    using: Vec<KeptArgument>,
    #[serde(default)]
    lenient: bool,
    /// Each object in the form in which it travels.
    #[serde(default)]
    input: Option<Vec<String>>,
    #[serde(default)]
    depth: Option<u32>,
    /// Scripts that follow it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    then: Vec<KeptCall>,
}

/// An argument or a using value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptArgument {
    #[serde(default)]
    name: Option<String>,
    value: KeptValue,
    #[serde(default)]
    bare: bool,
    origin: String,
}

/// The value of an argument, or what names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeptValue {
    Clixml(String),
    Host(String),
    Secret(String),
    Credential(String),
}

impl From<&Call> for KeptCall {
    fn from(call: &Call) -> Self {
        let kept = |arguments: &[ScriptArgument]| arguments.iter().map(KeptArgument::from).collect();
        let input = call.input.as_ref().map(|input| input.messages().map(text).collect());
        Self {
            place: call.place.clone(),
            text: call.source.text().to_owned(),
            arguments: kept(&call.arguments),
            using: kept(&call.using),
            lenient: call.lenient,
            input,
            depth: call.depth,
            then: Vec::new(),
        }
    }
}

impl From<&Scripts> for KeptCall {
    fn from(scripts: &Scripts) -> Self {
        Self { then: scripts.then().iter().map(Self::from).collect(), ..Self::from(scripts.first()) }
    }
}

/// What is CLIXML is UTF-8.
fn text(message: &[u8]) -> String {
    String::from_utf8_lossy(message).into_owned()
}

impl From<&ScriptArgument> for KeptArgument {
    fn from(argument: &ScriptArgument) -> Self {
        let value = match &argument.value {
            ArgumentValue::Literal(value) => KeptValue::Clixml(clixml::encode(&Document::new(value.clone()))),
            ArgumentValue::Host(name) => KeptValue::Host(name.clone()),
            ArgumentValue::Secret(name) => KeptValue::Secret(name.clone()),
            ArgumentValue::Credential(name) => KeptValue::Credential(name.clone()),
        };
        Self { name: argument.name.clone(), value, bare: argument.bare, origin: argument.origin.clone() }
    }
}

impl KeptValue {
    /// As it would be written.
    fn shown(&self) -> String {
        match self {
            Self::Clixml(xml) => match Decoder::default().decode(xml.as_bytes()) {
                Ok(value) => {
                    let mut json = Vec::new();
                    clixml::write_plain(&value, &mut json);
                    text(&json)
                }
                Err(_) => "(damaged)".to_owned(),
            },
            Self::Host(name) => format!("host.{name}"),
            Self::Secret(name) => format!("secret:{name}"),
            Self::Credential(name) => format!("credential:{name}"),
        }
    }
}

impl KeptArgument {
    fn argument(self) -> anyhow::Result<ScriptArgument> {
        let value = match self.value {
            KeptValue::Clixml(xml) => {
                let mut value = Decoder::default().decode(xml.as_bytes())?.root;
                forget_ids(&mut value);
                ArgumentValue::Literal(value)
            }
            KeptValue::Host(name) => ArgumentValue::Host(name),
            KeptValue::Secret(name) => ArgumentValue::Secret(name),
            KeptValue::Credential(name) => ArgumentValue::Credential(name),
        };
        let (name, bare, origin) = (self.name, self.bare, self.origin);
        // The type of its parameter has had its effect on the value.
        Ok(ScriptArgument { name, value, written: None, declared: None, bare, origin })
    }
}

/// Several values become one document later, which numbers its objects anew. Nothing that is written as JSON refers to
/// another place; as deep as the decoder lets it be.
fn forget_ids(value: &mut Value) {
    let Value::Object(object) = value else { return };
    object.id = None;
    match &mut object.content {
        Content::None => {}
        Content::Value(value) => forget_ids(value),
        Content::List(_, values) => values.iter_mut().for_each(forget_ids),
        Content::Dict(entries) => entries.iter_mut().for_each(|(key, value)| {
            forget_ids(key);
            forget_ids(value);
        }),
    }
    object.props.iter_mut().chain(&mut object.notes).for_each(|(_, value)| forget_ids(value));
}

impl KeptCall {
    /// The call again, with those that follow it.
    ///
    /// # Errors
    /// It is damaged.
    pub fn scripts(mut self, around: &mut dyn System) -> anyhow::Result<Scripts> {
        let then = std::mem::take(&mut self.then);
        let then = then.into_iter().map(|kept| kept.call(around)).collect::<anyhow::Result<_>>()?;
        Ok(Scripts::new(self.call(around)?, then))
    }

    /// The call again. What it takes of the environment is what that holds now.
    fn call(self, around: &mut dyn System) -> anyhow::Result<Call> {
        let damaged = "what the store keeps of the script is damaged";
        let source = Source::new(self.text).context(damaged)?;
        let again =
            |kept: Vec<KeptArgument>| kept.into_iter().map(KeptArgument::argument).collect::<anyhow::Result<_>>();
        let input =
            self.input.map(|messages| Arc::new(messages.into_iter().map(String::into_bytes).collect::<Input>()));
        Ok(Call {
            place: self.place,
            parameters: Parameters::read(&source).context(damaged)?,
            arguments: again(self.arguments).context(damaged)?,
            using: again(self.using).context(damaged)?,
            environment: named_variables(&source, around),
            source,
            lenient: self.lenient,
            input,
            depth: self.depth,
            // What is kept is the body.
            is_body: false,
        })
    }

    /// The scripts in one line: of each its file, or its first line that says something.
    pub fn title(&self) -> String {
        let all = std::iter::once(self).chain(&self.then).map(Self::own_title);
        all.collect::<Vec<_>>().join(" | then ")
    }

    fn own_title(&self) -> String {
        if !super::text::is_typed(&self.place) {
            return self.place.clone();
        }
        let says_something = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let mut lines = self.text.lines().map(str::trim).filter(says_something);
        let first = lines.next().unwrap_or_default();
        if lines.next().is_some() { format!("{first} ...") } else { first.to_owned() }
    }

    /// The hash of the scripts' texts, whatever they are given: SHA-256 in hexadecimal digits.
    pub fn hash(&self) -> String {
        // No script holds a byte 0.
        let texts: Vec<&str> = std::iter::once(self).chain(&self.then).map(|kept| &*kept.text).collect();
        digest(&SHA256, texts.join("\0").as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The script's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The scripts that follow it.
    pub fn then(&self) -> &[KeptCall] {
        &self.then
    }

    /// What it is given, each in a line: arguments, values for `$using:`, and how much input. Secrets by their names.
    pub fn given(&self) -> Vec<String> {
        let arguments = self.arguments.iter().map(|argument| match &argument.name {
            Some(name) if argument.bare => format!("-{name}"),
            Some(name) => format!("-{name} {}", argument.value.shown()),
            None => argument.value.shown(),
        });
        let using = self.using.iter().map(|entry| {
            let name = entry.name.as_deref().unwrap_or_default();
            format!("$using:{name} = {}", entry.value.shown())
        });
        let input = self.input.iter().map(|input| match input.len() {
            1 => "1 object of input".to_owned(),
            count => format!("{count} objects of input"),
        });
        arguments.chain(using).chain(input).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Machine;
    use crate::job::script::ScriptInput;

    fn call(given: &ScriptInput) -> Call {
        Call::read(given, &mut Machine::default()).expect("a call")
    }

    #[test]
    fn a_call_comes_back_as_it_was() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path.to_str().expect("text").to_owned()
        };
        let given = ScriptInput {
            code: Some("# what it is\nparam([string]$Name, [switch]$Force, $Key, $Site)\n$Using:limit + 1".to_owned()),
            argument_list: vec!["007".to_owned()],
            param: vec!["Force".to_owned(), "Key=secret:db".to_owned(), "Site=host.site".to_owned()],
            args_file: None,
            using: vec![format!("limit=@{}", file("limit.json", "[1, {\"a\": 1.50}]"))],
            using_lenient: false,
            input: Some(file("in.txt", "a\n\nb<&>\n")),
            input_format: None,
            depth: Some(3),
        };
        let first = call(&given);
        let json = serde_json::to_string(&KeptCall::from(&first)).expect("plain data");
        // What it was read from may be gone.
        drop(folder);
        let kept: KeptCall = serde_json::from_str(&json).expect("what was written");
        let shown = [
            "\"007\"",
            "-Force",
            "-Key secret:db",
            "-Site host.site",
            "$using:limit = [1,{\"a\":1.5}]",
            "3 objects of input",
        ];
        assert_eq!(kept.given(), shown);
        assert_eq!(kept.title(), "param([string]$Name, [switch]$Force, $Key, $Site) ...");
        let again = kept.clone().call(&mut Machine::default()).expect("a call");
        let values = |call: &Call| -> Vec<_> {
            let all = call.arguments.iter().chain(&call.using);
            all.map(|entry| (entry.name.clone(), entry.value.clone(), entry.bare)).collect()
        };
        assert_eq!(values(&again), values(&first));
        let input = |call: &Call| -> Vec<Vec<u8>> {
            call.input.iter().flat_map(|input| input.messages()).map(<[u8]>::to_vec).collect()
        };
        assert_eq!((input(&again).len(), input(&again)), (3, input(&first)));
        assert_eq!((again.source.text(), again.depth, &again.place), (first.source.text(), Some(3), &first.place));
        assert_eq!(KeptCall::from(&again), kept, "and is kept as it was");
    }

    #[test]
    fn a_body_stays_a_body() {
        let first = call(&ScriptInput { code: Some("{ param($a) $a }".to_owned()), ..ScriptInput::default() });
        let again = KeptCall::from(&first).call(&mut Machine::default()).expect("a call");
        assert_eq!(again.source.text(), first.source.text());
        assert!(again.note().is_none(), "that was said when it was typed");
        let braces = call(&ScriptInput { code: Some("{ { 1 } }".to_owned()), ..ScriptInput::default() });
        let kept = KeptCall::from(&braces);
        assert_eq!(
            kept.call(&mut Machine::default()).expect("a call").source.text(),
            braces.source.text(),
            "only once"
        );
    }

    #[test]
    fn equal_scripts_have_equal_hashes() {
        let of = |code: &str, value: &str| {
            let given = ScriptInput {
                code: Some(code.to_owned()),
                argument_list: vec![value.to_owned()],
                ..ScriptInput::default()
            };
            KeptCall::from(&call(&given)).hash()
        };
        assert_eq!(of("$args[0]", "1"), of("$args[0]", "2"));
        assert_ne!(of("$args[0]", "1"), of("$args[1]", "1"));
        assert_eq!(of("$args[0]", "1").len(), 64);
    }
}
