//! Kiosk devices: how they are paired, what they say of themselves, what they are told, and what is counted for
//! them. Each method is one transaction.
use super::{PortFuture, StoreFault};
use crate::types::UnixMs;

/// SHA-256 of a device's token.
pub type TokenHash = [u8; 32];

/// What a device last said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat {
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
    pub beat: Option<Beat>,
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

/// Most wrong codes that may be entered while a code can be used.
pub const PAIRING_TRIES: u32 = 5;

/// The port.
pub trait Kiosks: Send + Sync {
    /// The paired device with this token; `None` when there is none, or it was revoked.
    fn kiosk(&self, token: TokenHash) -> PortFuture<'_, Result<Option<Kiosk>, StoreFault>>;
    /// All devices that were ever paired, the oldest first.
    fn kiosks(&self) -> PortFuture<'_, Result<Vec<Kiosk>, StoreFault>>;
    /// The code that this device shows: the one that it has while that can be used, else `code` until `until`.
    /// `None` when too many devices are waiting.
    fn offer_pairing(
        &self,
        token: TokenHash,
        code: String,
        until: UnixMs,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Option<String>, StoreFault>>;
    /// Pairs the device that shows the code. `false`: none does; that is a try against every code shown now.
    fn pair(&self, new: NewKiosk, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// Ends a device's pairing. Whether there was one.
    fn revoke(&self, id: String, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// Keeps what devices said.
    fn keep_beats(&self, beats: Vec<(String, Beat)>) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Tells a device something; `closed` and `open` hold from now on. Whether there is such a device.
    fn tell_kiosk(&self, id: String, command: Command, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// What a device was told since `since` and is still to do, in order; at most 16.
    fn commands(&self, id: String, since: UnixMs) -> PortFuture<'_, Result<Vec<Command>, StoreFault>>;
    /// These are done.
    fn commands_done(&self, id: String, done: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Events in the running windows of these names.
    fn tallied(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<Vec<u32>, StoreFault>>;
    /// Counts one event in all these windows (name, length in milliseconds, most), or in none of them when one
    /// is full. Whether it was counted.
    fn tally(&self, windows: Vec<(String, i64, u32)>, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>>;
    /// Takes one event out of each of these windows that still runs.
    fn untally(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Adds to the failed look-ups of all numbers in a clock hour (hours since 1970).
    fn count_failures(&self, hour: i64, count: u32) -> PortFuture<'_, Result<(), StoreFault>>;
    /// Makes something that only this database opens, under this name.
    fn seal(&self, name: &'static str, plain: &[u8]) -> Option<Vec<u8>>;
    /// Opens what [`Kiosks::seal`] made under this name.
    fn unseal(&self, name: &'static str, sealed: &[u8]) -> Option<Vec<u8>>;
    /// What stands for something in counts and codes: a keyed digest.
    fn digest(&self, of: &str) -> [u8; 32];
}
