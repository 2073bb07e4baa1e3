//! Bounds of what is configured.
use super::ConfigFault;
use std::{fmt::Display, ops::RangeInclusive};

/// Longest interval or timer that can be asked for, in seconds: a day.
pub(super) const SECONDS_MAX: u32 = 86_400;

/// A key that nothing acts on yet: whoever writes it must not believe that it works.
pub(super) fn refuse_later(given: bool, key: &str) -> Result<(), ConfigFault> {
    if given { Err(ConfigFault::new(format!("{key}: not in this version; take the key out"))) } else { Ok(()) }
}

/// A number that is used as it is written, or refused: never another one in its place.
pub(super) fn within<T: PartialOrd + Display>(
    key: &str,
    given: Option<T>,
    default: T,
    allowed: RangeInclusive<T>,
) -> Result<T, ConfigFault> {
    let value = given.unwrap_or(default);
    if allowed.contains(&value) {
        return Ok(value);
    }
    let (from, to) = (allowed.start(), allowed.end());
    Err(ConfigFault::new(format!("{key}: {value} is not between {from} and {to}")))
}
