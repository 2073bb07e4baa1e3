//! A public service as its sheet describes it.
use super::Localized;
use crate::types::Riel;

/// One line of the published fee table. The amount means nothing without its kind and unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// Whether it is the most, exactly this, or reduced.
    pub kind: FeeKind,
    /// How much.
    pub amount: Riel,
    /// For what.
    pub per: FeeUnit,
    /// For whom, or what the unit is.
    pub note: Option<Localized>,
}

/// What the amount of a fee means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeKind {
    /// At most this.
    Maximum,
    /// Exactly this.
    Fixed,
    /// Reduced for some, as the note says.
    Preferential,
}

/// What a fee is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FeeUnit {
    Application,
    Copy,
    Sheet,
    Time,
    Room,
    Chair,
    Person,
    Vehicle,
    Hectare,
    Month,
    Year,
    Other,
}

impl FeeUnit {
    /// Reads the portal's word; an unknown one is `Other`.
    pub fn from_wire(word: &str) -> Self {
        match word {
            "application" => Self::Application,
            "copy" => Self::Copy,
            "sheet" => Self::Sheet,
            "time" => Self::Time,
            "room" => Self::Room,
            "chair" => Self::Chair,
            "person" => Self::Person,
            "vehicle" => Self::Vehicle,
            "hectare" => Self::Hectare,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => Self::Other,
        }
    }
}

/// What to bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredDocument {
    /// Which.
    pub name: Localized,
    /// Copies to hand in.
    pub copies: u32,
    /// Whether the original must be shown or handed in.
    pub original: bool,
}

/// For whom a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Audience {
    Citizen,
    Business,
    Foreigner,
    Visitor,
}

impl Audience {
    /// All, in the order in which they are offered.
    pub const ALL: [Audience; 4] = [Self::Citizen, Self::Business, Self::Foreigner, Self::Visitor];

    /// Reads the portal's word; an unknown one is nobody known.
    pub fn from_wire(word: &str) -> Option<Self> {
        Some(match word {
            "citizen" => Self::Citizen,
            "business" => Self::Business,
            "foreigner" => Self::Foreigner,
            "visitor" => Self::Visitor,
            _ => return None,
        })
    }
}

impl Service {
    /// Its place among what these people want most, the lowest first; `None`: it is not among it.
    pub fn rank_for(&self, audience: Audience) -> Option<u32> {
        let told = self.popular_for.iter().find(|(whom, _)| *whom == audience).map(|(_, rank)| *rank);
        // a portal that tells no ranks tells what is popular at all
        let popular = self.popular_for.is_empty() && self.popular && self.audiences.contains(&audience);
        told.or(popular.then_some(u32::MAX))
    }
}

/// Who answers for services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ministry {
    /// The portal's identifier.
    pub id: String,
    /// Its name.
    pub name: Localized,
}

/// What services are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The portal's identifier.
    pub id: String,
    /// Its name.
    pub name: Localized,
}

/// Services that are alike in what they give: licences, legal copies.
pub type Group = Topic;

/// One service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The portal's identifier.
    pub id: String,
    /// Four digits by which citizens call it.
    pub code: String,
    /// Its name.
    pub name: Localized,
    /// What it is for.
    pub purpose: Localized,
    /// Published fees; empty when none is published, one fixed fee of 0 when it is free.
    pub fees: Vec<Fee>,
    /// Longest time to completion in working days; 0 is the same day.
    pub max_working_days: Option<u32>,
    /// What to bring.
    pub documents: Vec<RequiredDocument>,
    /// Whether using it tells something private.
    pub sensitive: bool,
    /// Whether appointments can be made.
    pub bookable: bool,
    /// Whether to show it first.
    pub popular: bool,
    /// For whom it is.
    pub audiences: Vec<Audience>,
    /// Id of the ministry that answers for it.
    pub ministry: String,
    /// Ids of what it is about.
    pub topics: Vec<String>,
    /// How it goes, in order.
    pub steps: Vec<Localized>,
    /// The texts it rests on.
    pub legal_basis: Vec<Localized>,
    /// Ids of the groups in which it stands.
    pub groups: Vec<String>,
    /// For whom it is among the most wanted, and its place among them, the lowest first.
    pub popular_for: Vec<(Audience, u32)>,
    /// The portal says that fees, days or papers are made up, for trying.
    pub sample: bool,
}
