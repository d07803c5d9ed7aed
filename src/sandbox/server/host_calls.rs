//! Calls of the client's host, by which real servers send records a second time, for clients that look only at the
//! host.

use crate::clixml::Value;
use crate::psrp::CONSOLE_COLORS;
use crate::psrp::message::{build, host_method};
use crate::stream::Stream;

/// `ci` of a call that nobody answers.
const VOID: i64 = -100;

/// Colours of text where the script gives one of the two: those of the client's host data.
const COLORS: [i32; 2] = [7, 0];

/// PIPELINE_HOST_CALL of `exit N`.
pub(super) fn set_should_exit(code: i32) -> Value {
    call("SetShouldExit", i32::try_from(host_method::SET_SHOULD_EXIT).unwrap_or_default(), vec![Value::I32(code)])
}

/// PIPELINE_HOST_CALL of a line that is in no record.
pub(super) fn write_line(text: &str) -> Value {
    call("WriteLine2", 16, vec![Value::str(text)])
}

/// Whether INIT_RUNSPACEPOOL tells of a host that can be written to.
pub(super) fn has_interface(init: &Value) -> bool {
    let no = |name| {
        let absent = init.member("HostInfo").and_then(|host| host.member(name)).and_then(Value::as_bool);
        absent == Some(false)
    };
    no("_isHostNull") && no("_isHostUINull")
}

/// The call that follows a record; none where real servers send none.
pub(super) fn of_record(stream: Stream, record: &Value) -> Option<Value> {
    let text = || record.member("InformationalRecord_Message").cloned();
    match stream {
        Stream::Debug => Some(call("WriteDebugLine", 19, vec![text()?])),
        Stream::Verbose => Some(call("WriteVerboseLine", 21, vec![text()?])),
        Stream::Warning => Some(call("WriteWarningLine", 22, vec![text()?])),
        Stream::Information => written(record.member("MessageData")?),
        Stream::Output | Stream::Error | Stream::Progress => None,
    }
}

/// What Write-Host wrote.
fn written(message: &Value) -> Option<Value> {
    let text = message.member("Message")?.clone();
    let ends = message.member("NoNewLine").and_then(Value::as_bool) != Some(true);
    let colors = ["ForegroundColor", "BackgroundColor"].map(|name| color(message.member(name)?));
    if colors == [None, None] {
        return Some(if ends { call("WriteLine2", 16, vec![text]) } else { call("Write1", 13, vec![text]) });
    }
    let [foreground, background] = [0, 1].map(|place| Value::I32(colors[place].unwrap_or(COLORS[place])));
    let parameters = vec![foreground, background, text];
    Some(if ends { call("WriteLine3", 17, parameters) } else { call("Write2", 14, parameters) })
}

/// The number of a colour, which the record has as a name.
fn color(color: &Value) -> Option<i32> {
    let name = color.as_text()?;
    CONSOLE_COLORS.iter().position(|known| name == *known).and_then(|number| i32::try_from(number).ok())
}

fn call(name: &str, number: i32, parameters: Vec<Value>) -> Value {
    const METHOD: &str = "System.Management.Automation.Remoting.RemoteHostMethodId";
    build::bag([
        ("ci", Value::I64(VOID)),
        ("mi", build::enumeration(METHOD, name, number)),
        ("mp", build::array_list(parameters)),
    ])
}

#[cfg(test)]
mod tests {
    use super::of_record;
    use crate::clixml::Value;
    use crate::psrp::message::build;
    use crate::stream::Stream;

    /// What Write-Host wrote has its colours as names; its echo has them as numbers.
    #[test]
    fn echoes_have_the_colours_of_their_records() {
        let echo = |foreground: Value, ends: bool| {
            let message = build::bag([
                ("Message", Value::str("said")),
                ("NoNewLine", Value::Bool(!ends)),
                ("ForegroundColor", foreground),
                ("BackgroundColor", Value::Null),
            ]);
            let call = of_record(Stream::Information, &build::bag([("MessageData", message)])).expect("a call");
            let method = call.member("mi").and_then(Value::as_i64).expect("a method");
            (method, call.member("mp").and_then(Value::as_list).expect("parameters").to_vec())
        };
        let said = || Value::str("said");
        assert_eq!(echo(Value::Null, true), (16, vec![said()]));
        assert_eq!(echo(Value::str("Red"), true), (17, vec![Value::I32(12), Value::I32(0), said()]));
        assert_eq!(echo(Value::str("DarkBlue"), false), (14, vec![Value::I32(1), Value::I32(0), said()]));
    }
}
