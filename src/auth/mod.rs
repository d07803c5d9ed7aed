//! Authentication of HTTP connections without I/O: token steps and message sealing.
