//! The messages that open a pool (MS-PSRP 2.2.2.1, 2.2.2.2), serialized once for all pools that open alike.

use std::sync::LazyLock;

use super::message::host_info::HostInfo;
use super::message::{capability, init_pool};
use crate::clixml::{self, Document, Value};

/// The data of SESSION_CAPABILITY and INIT_RUNSPACEPOOL, for one runspace.
#[derive(Debug)]
pub struct Opening {
    pub(super) capability: Box<[u8]>,
    pub(super) init: Box<[u8]>,
}

impl Opening {
    /// For a host of the caller's own.
    pub fn new(host: &HostInfo) -> Self {
        let encode = |value| clixml::encode(&Document::new(value)).as_bytes().into();
        Self {
            capability: encode(capability::session_capability()),
            init: encode(init_pool::init_runspace_pool(1, 1, host)),
        }
    }

    /// The data of CONNECT_RUNSPACEPOOL: a pool that is attached to keeps its numbers of runspaces.
    pub(super) fn of_an_attachment() -> String {
        clixml::encode(&Document::new(Value::str("")))
    }

    /// For the host of all runs.
    pub fn of_a_run() -> &'static Self {
        static OF_A_RUN: LazyLock<Opening> = LazyLock::new(|| Opening::new(&HostInfo::default()));
        &OF_A_RUN
    }
}
