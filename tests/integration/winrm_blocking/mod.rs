//! Servers that answer only once their reports of the pool are taken.

mod fleet;
mod scripted;
