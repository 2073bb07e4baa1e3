//! Free times, holds and appointments.
use super::{OfficeRef, ServiceRef};
use crate::types::UnixMs;

/// A time at an office for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The portal's identifier.
    pub id: String,
    /// When it begins.
    pub start: UnixMs,
    /// Places left.
    pub free: u32,
}

/// A place that is kept while the citizen thinks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The portal's identifier.
    pub id: String,
    /// The time that is held.
    pub slot: Slot,
    /// When the hold ends by itself; `None`: nothing is held, the portal keeps no places.
    pub expires_at: Option<UnixMs>,
}

/// Where an appointment stands; names as in HL7 FHIR. An unknown one is `Pending`: nothing is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum AppointmentStatus {
    /// Waits for the office to confirm.
    Pending,
    /// Certain.
    Booked,
    /// The citizen is there, or was.
    Arrived,
    /// Given up.
    Cancelled,
    /// Nobody came.
    NoShow,
    /// No place yet.
    WaitList,
}

impl AppointmentStatus {
    /// Reads the portal's word.
    pub fn from_wire(word: &str) -> Self {
        match word {
            "booked" => Self::Booked,
            "arrived" | "fulfilled" => Self::Arrived,
            "cancelled" => Self::Cancelled,
            "noshow" => Self::NoShow,
            "waitlist" => Self::WaitList,
            _ => Self::Pending,
        }
    }
}

/// An appointment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Appointment {
    /// By which citizen and office call it.
    pub reference: String,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Where.
    pub office: OfficeRef,
    /// What for.
    pub service: ServiceRef,
    /// When it begins.
    pub start: UnixMs,
    /// Told once, in the answer to its booking.
    #[serde(skip)]
    pub pin: Option<crate::types::Pin>,
}
