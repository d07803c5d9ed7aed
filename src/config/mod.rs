//! Settings: flags, environment, configuration files; each value remembers where it came from.
