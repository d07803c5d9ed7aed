//! WSMan envelopes without I/O: requests from templates, responses and faults by a streaming parse (MS-WSMV).

pub mod names;
