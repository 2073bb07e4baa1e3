//! What a portal has: not every system that an office runs knows all that the portal contract does.

/// What can be asked of a place. What it lacks is not offered at a kiosk; a telephone that asks for it is told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// A PIN or the number that asks earns more than what is public.
    pub factors: bool,
    /// Appointments are made, moved and cancelled.
    pub appointments: bool,
    /// A time is kept while the citizen thinks; else it is booked by a yes or not at all.
    pub holds: bool,
    /// Fees are paid by KHQR.
    pub payment: bool,
    /// Numbers of a queue are drawn.
    pub tickets: bool,
    /// Ratings are taken.
    pub feedback: bool,
    /// Complaints are taken, and can be asked about.
    pub complaints: bool,
    /// It tells of what happened.
    pub events: bool,
}

impl Abilities {
    /// All of the portal contract.
    pub const ALL: Abilities = Abilities {
        factors: true,
        appointments: true,
        holds: true,
        payment: true,
        tickets: true,
        feedback: true,
        complaints: true,
        events: true,
    };
}
