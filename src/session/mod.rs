//! Sessions: one runspace pool joined to one carrier; open, run, stop, close.
