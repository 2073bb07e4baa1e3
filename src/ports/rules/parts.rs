//! Which text a part is of, when that is whole, and when it has waited long enough.
use crate::{
    ports::parts::{Part, PartWay},
    types::{
        CauseId,
        limits::{PART_OCTETS_MAX_ALL, PARTS_MAX, PARTS_MAX_ALL, TEXTS_OPEN_MAX},
        names::Family,
    },
};
use std::collections::BTreeSet;

/// What parts of one text have in common, beside their sender. References are a telephone's own, so that those of two
/// senders say nothing about each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextKey {
    /// Of the telco.
    pub family: Family,
    /// The short code that was texted.
    pub destination: String,
    /// How the parts are told.
    pub way: PartWay,
    /// What they share.
    pub reference: u16,
    /// How many there are.
    pub total: u8,
}

impl TextKey {
    /// Of a part.
    pub fn of(family: &Family, destination: &str, part: Part) -> Self {
        let Part { way, reference, total, .. } = part;
        TextKey { family: family.clone(), destination: destination.to_owned(), way, reference, total }
    }
}

/// A part of the same sender that is here.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its text. Ids grow with time.
    pub text: CauseId,
    /// What it has in common with others.
    pub key: TextKey,
    /// Which it is.
    pub number: u8,
    /// Its redelivery key.
    pub digest: [u8; 32],
    /// Its text is to be joined as it is.
    pub ended: bool,
}

/// What is done with a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is there already.
    Again {
        /// In this text.
        of: CauseId,
    },
    /// Its text has as many parts as are read.
    Beyond,
    /// It is kept.
    Kept {
        /// In this text; `None`: it begins one.
        text: Option<CauseId>,
        /// Which is whole with it.
        whole: bool,
        /// A text that is over now: a new one has its reference, or its sender has begun too many.
        over: Option<CauseId>,
    },
}

/// How many parts a text of so many has here.
pub fn wanted(total: u8) -> u8 {
    total.min(PARTS_MAX)
}

/// Where a part belongs among those of its sender.
///
/// Parts come in any order and more than once. One whose place is taken by other words begins a new text: references come
/// round, and some telephones have only one. Whatever comes later is of the newest text of that reference.
pub fn place(key: &TextKey, number: u8, digest: &[u8; 32], known: &[Known]) -> Placed {
    let alike = || known.iter().filter(|one| one.key == *key);
    if let Some(same) = alike().find(|one| one.number == number && one.digest == *digest) {
        return Placed::Again { of: same.text };
    }
    let newest = alike().map(|one| one.text).max();
    let Some(newest) = newest else {
        return Placed::Kept { text: None, whole: false, over: one_too_many(known) };
    };
    let mut here: BTreeSet<u8> = alike().filter(|one| one.text == newest).map(|one| one.number).collect();
    if !here.insert(number) {
        return Placed::Kept { text: None, whole: false, over: Some(newest) };
    }
    if number > PARTS_MAX {
        return Placed::Beyond;
    }
    let whole = (1..=wanted(key.total)).all(|number| here.contains(&number));
    Placed::Kept { text: Some(newest), whole, over: None }
}

/// The oldest open text of a sender who has as many as there may be.
fn one_too_many(known: &[Known]) -> Option<CauseId> {
    let open: BTreeSet<CauseId> = known.iter().filter(|one| !one.ended).map(|one| one.text).collect();
    (open.len() >= TEXTS_OPEN_MAX).then(|| open.first().copied()).flatten()
}

/// What is stored of all senders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Parts.
    pub parts: u64,
    /// Their octets.
    pub octets: u64,
}

impl Stored {
    /// The oldest text is over, so that there is room for others.
    pub fn is_much(self) -> bool {
        self.parts > PARTS_MAX_ALL || self.octets > PART_OCTETS_MAX_ALL
    }

    /// What ends cannot be answered as fast as others begin: the telco keeps them.
    pub fn is_full(self) -> bool {
        self.parts >= 2 * PARTS_MAX_ALL || self.octets >= 2 * PART_OCTETS_MAX_ALL
    }
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;
