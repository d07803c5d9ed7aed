//! HostInfo (MS-PSRP 2.2.3.14): what the server may ask of the client's host.

use crate::clixml::Value;

use super::build;

/// The screen that scripts find in `$Host.UI.RawUI`. Servers answer such questions from here without asking us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostInfo {
    /// Columns of buffer and window; what formats text on the server fills them.
    pub width: u16,
    /// Lines of the window.
    pub height: u16,
    /// The window's title.
    pub title: Box<str>,
}

impl Default for HostInfo {
    /// The window of a run that nobody looks at: the same for all, so that the same script gives the same text.
    fn default() -> Self {
        Self { width: 120, height: 50, title: "psfleet".into() }
    }
}

impl HostInfo {
    /// A host with a user interface: what scripts write to it arrives as host calls.
    pub(super) fn to_value(&self) -> Value {
        const COLOR: &str = "System.ConsoleColor";
        const COORDINATES: &str = "System.Management.Automation.Host.Coordinates";
        const SIZE: &str = "System.Management.Automation.Host.Size";
        let origin = || build::bag([("x", Value::I32(0)), ("y", Value::I32(0))]);
        let size =
            || build::bag([("width", Value::I32(self.width.into())), ("height", Value::I32(self.height.into()))]);
        let data = [
            (COLOR, Value::I32(7)),
            (COLOR, Value::I32(0)),
            (COORDINATES, origin()),
            (COORDINATES, origin()),
            ("System.Int32", Value::I32(25)),
            (SIZE, size()),
            (SIZE, size()),
            (SIZE, size()),
            (SIZE, size()),
            ("System.String", Value::str(&*self.title)),
        ];
        let entry =
            |(key, (type_name, value))| (Value::I32(key), build::bag([("T", Value::str(type_name)), ("V", value)]));
        let data = build::hashtable((0..).zip(data).map(entry).collect());
        build::bag([
            ("_hostDefaultData", build::bag([("data", data)])),
            ("_isHostNull", Value::Bool(false)),
            ("_isHostUINull", Value::Bool(false)),
            ("_isHostRawUINull", Value::Bool(false)),
            ("_useRunspaceHost", Value::Bool(false)),
        ])
    }
}

/// The host of a pipeline: that of its pool.
///
/// The property names are those of private fields in PowerShell and must be exact.
pub(super) fn of_the_pool() -> Value {
    build::bag([
        ("_isHostNull", Value::Bool(true)),
        ("_isHostUINull", Value::Bool(true)),
        ("_isHostRawUINull", Value::Bool(true)),
        ("_useRunspaceHost", Value::Bool(true)),
    ])
}
