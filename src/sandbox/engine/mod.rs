//! The sandbox's built-in engine: a documented subset of PowerShell over hosts drawn from a seed.
