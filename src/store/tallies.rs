//! Which windows there may be, so that most are not looked for. It must not know the database.
use crate::types::lock;
use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasher,
    sync::Mutex,
};

/// Fingerprints of the windows that there may be. Each look-up by code asks for two windows of its number, and hardly any
/// number has them: without this it cost every answer two statements. It may hold too much, never
/// too little: whoever writes a window notes it here first, and nobody else writes this file.
#[derive(Default)]
pub struct TallyNames {
    hasher: RandomState,
    known: Mutex<HashSet<u64>>,
    /// Other nodes write windows, too.
    shared: bool,
}

impl TallyNames {
    /// Of a database that other nodes write, too: there may be any.
    pub fn shared() -> Self {
        TallyNames { shared: true, ..Self::default() }
    }

    /// Before a window is written.
    pub fn note(&self, name: &str) {
        if !self.shared {
            lock(&self.known).insert(self.hasher.hash_one(name));
        }
    }

    /// Whether there may be one of this name.
    pub fn may_hold(&self, name: &str) -> bool {
        self.shared || lock(&self.known).contains(&self.hasher.hash_one(name))
    }

    /// These, and no others.
    pub fn replace(&self, names: Vec<String>) {
        if self.shared {
            return;
        }
        *lock(&self.known) = names.iter().map(|name| self.hasher.hash_one(name)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_may_be_there_until_others_are_named() {
        let names = TallyNames::default();
        assert!(!names.may_hold("a"));
        names.note("a");
        names.note("a");
        assert!(names.may_hold("a") && !names.may_hold("b"));
        names.replace(vec!["b".to_owned()]);
        assert!(!names.may_hold("a") && names.may_hold("b"));
    }
}
