//! Servers that answer only once their reports of the pool have been received.

mod fleet;
mod scripted;
