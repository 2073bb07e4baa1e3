//! Floor 6: the only place where the adapters meet. Configuration in, objects, tasks, shutdown in reverse.
pub mod config;
