//! Kiosk devices: how they are paired, what they say of themselves, what they are told, and what is counted for
//! them. Each method is one transaction.
use super::{PortFuture, StoreFault};
use crate::types::UnixMs;

/// SHA-256 of a device's token.
pub type TokenHash = [u8; 32];

/// What a device last said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// When.
    pub at: UnixMs,
    /// Name of the page it shows.
    pub page: String,
    /// Version of the assets it has.
    pub build: String,
    /// `ok`, `out`, `error` or `none`.
    pub printer: String,
    /// Milliseconds of the heartbeat before.
    pub network_ms: u32,
    /// Charge in percent.
    pub battery: Option<u8>,
}

/// A paired device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kiosk {
    /// Its name.
    pub id: String,
    /// Where it stands: the portal's identifier of the office.
    pub office: String,
    /// How its screen is laid out.
    pub profile: String,
    /// When it was paired.
    pub paired_at: UnixMs,
    /// When it was revoked.
    pub revoked_at: Option<UnixMs>,
    /// What an operator says on its closed screen, as JSON; `None`: it is open.
    pub closed: Option<String>,
    /// What an operator says on its first page, as JSON.
    pub message: Option<String>,
    /// How loud it is, 0 to 100.
    pub volume: Option<u8>,
    /// The language in which it starts.
    pub language: Option<String>,
    /// Its last heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// It was just paired: the token that it had before can still be exchanged, in case that the new one was lost on its
    /// way.
    pub fresh: bool,
}

/// A device that wants to be paired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Of the token that it has until it is paired.
    pub token: TokenHash,
    /// The digits that it shows.
    pub code: String,
    /// What stands for the address from which it asked.
    pub place: [u8; 32],
    /// Until when the digits can be entered.
    pub until: UnixMs,
}

/// How far a device's pairing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// It has not asked for digits, or their time is over.
    None,
    /// It shows these digits.
    Shown(String),
    /// It is paired, and takes a new token.
    Done,
}

/// Something a kiosk is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name, by which the device says that it is done.
    pub id: String,
    /// `reload`, `message`, `volume`, `closed`, `open` or `language`.
    pub kind: String,
    /// JSON.
    pub value: Option<String>,
}

/// A device to be paired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKiosk {
    /// The digits that it shows.
    pub code: String,
    /// Its name from now on.
    pub id: String,
    /// Where it stands.
    pub office: String,
    /// How its screen is laid out.
    pub profile: String,
}

/// Devices of one address that may wait at once; the oldest makes room. A whole hall is set up behind one address.
pub const WAITING_AT_ONE_PLACE: i64 = 32;
/// Devices of all addresses that may wait at once.
pub const WAITING_MAX: i64 = 500;
/// Most wrong codes that may be entered while a code can be used.
pub const PAIRING_TRIES: u32 = 5;

/// The port.
pub trait Kiosks: Send + Sync {
    /// The paired device with this token; `None` when there is none, or it was revoked.
    fn kiosk(&self, token: TokenHash) -> PortFuture<'_, Result<Option<Kiosk>, StoreFault>>;
    /// All devices that were ever paired, the oldest first.
    fn kiosks(&self) -> PortFuture<'_, Result<Vec<Kiosk>, StoreFault>>;
    /// How far the pairing of the device with this token is. Writes nothing.
    fn pairing(&self, token: TokenHash, now: UnixMs) -> PortFuture<'_, Result<Pairing, StoreFault>>;
    /// A device shows digits from now on. Where too many wait, of its address or of all, the oldest makes room.
    fn offer_pairing(&self, offer: Offer, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Pairs the device that shows the code. `false`: none does; that is a try against every code shown now.
    fn pair(&self, new: NewKiosk, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// Gives the device that was paired while it had the token `old` the token `new`, by which alone it is known. Whether
    /// there is one.
    fn take_pairing(&self, old: TokenHash, new: TokenHash, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// A device has used its new token: the old one is of no use any more.
    fn pairing_taken(&self, id: String) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Ends a device's pairing. Whether there was one.
    fn revoke(&self, id: String, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// Keeps what devices said.
    fn keep_heartbeats(&self, heartbeats: Vec<(String, Heartbeat)>) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Tells a device something; `closed` and `open` hold from now on. Whether there is such a device.
    fn tell_kiosk(&self, id: String, command: Command, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// What a device was told since `since` and is still to do, in order; at most 16.
    fn commands(&self, id: String, since: UnixMs) -> PortFuture<'_, Result<Vec<Command>, StoreFault>>;
    /// These are done.
    fn commands_done(&self, id: String, done: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Events in the running windows of these names.
    fn tallied(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<Vec<u32>, StoreFault>>;
    /// When the running windows of these names end; the time itself for one that does not run.
    fn tally_ends(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<Vec<UnixMs>, StoreFault>>;
    /// Counts one event in all these windows (name, length in milliseconds, most), or in none of them when one
    /// is full. Whether it was counted.
    fn tally(&self, windows: Vec<(String, i64, u32)>, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// Takes one event out of each of these windows that still runs.
    fn untally(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Makes something that only this database opens, under this name and in this place.
    fn seal(&self, name: &'static str, place: &[u8], plain: &[u8]) -> Option<Vec<u8>>;
    /// Opens what [`Kiosks::seal`] made under this name and in this place.
    fn unseal(&self, name: &'static str, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>>;
    /// What stands for something in counts and codes: a keyed digest.
    fn digest(&self, of: &str) -> [u8; 32];
}
