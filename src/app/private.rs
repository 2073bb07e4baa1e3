//! What this process keeps in memory stays there: no core dump holds keys, numbers or texts.
use super::Fault;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Switches core dumps off, for this process and whatever it starts. A process that is not dumpable also cannot be traced
/// by others of the same user, and its memory in `/proc` belongs to root.
///
/// # Errors
/// When the system refuses that.
pub fn no_core_dumps() -> Result<(), Fault> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(|fault| Fault::Run(format!("core dumps cannot be switched off: {fault}")))
}
