//! The kiosks port.
use crate::{
    ports::{
        PortFuture, StoreFault,
        kiosks::{Command, Heartbeat, Kiosk, Kiosks, NewKiosk, Offer, Pairing, TokenHash},
    },
    store::{
        ops::Single,
        sql::{kiosks, pairing, windows},
        store::DbStore,
    },
    types::UnixMs,
};

impl Kiosks for DbStore {
    fn kiosk(&self, token: TokenHash) -> PortFuture<'_, Result<Option<Kiosk>, StoreFault>> {
        Box::pin(async move { self.read(move |conn| kiosks::by_token(conn, &token)).await })
    }

    fn kiosks(&self) -> PortFuture<'_, Result<Vec<Kiosk>, StoreFault>> {
        Box::pin(self.read(kiosks::all))
    }

    fn pairing(&self, token: TokenHash, now: UnixMs) -> PortFuture<'_, Result<Pairing, StoreFault>> {
        Box::pin(async move { self.read(move |conn| pairing::of_device(conn, &token, now)).await })
    }

    fn offer_pairing(&self, offer: Offer, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Single::OfferPairing, (offer, now)))
    }

    fn pair(&self, new: NewKiosk, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.submit(Single::Pair, (new, now)))
    }

    fn take_pairing(&self, old: TokenHash, new: TokenHash, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.submit(Single::TakePairing, (old, new, now)))
    }

    fn pairing_taken(&self, id: String) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Single::PairingTaken, id))
    }

    fn revoke(&self, id: String, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.submit(Single::Revoke, (id, now)))
    }

    fn keep_heartbeats(&self, heartbeats: Vec<(String, Heartbeat)>) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Single::KeepHeartbeats, heartbeats))
    }

    fn tell_kiosk(&self, id: String, command: Command, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.submit(Single::TellKiosk, (id, command, now)))
    }

    fn commands(&self, id: String, since: UnixMs) -> PortFuture<'_, Result<Vec<Command>, StoreFault>> {
        Box::pin(async move { self.read(move |conn| kiosks::commands(conn, &id, since)).await })
    }

    fn commands_done(&self, id: String, done: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Single::CommandsDone, (id, done, now)))
    }

    fn tallied(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<Vec<u32>, StoreFault>> {
        Box::pin(async move {
            if names.iter().any(|name| self.tallies.may_hold(name)) {
                return self.read(move |conn| windows::counts(conn, &names, now)).await;
            }
            Ok(vec![0; names.len()])
        })
    }

    fn tally_ends(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<Vec<UnixMs>, StoreFault>> {
        Box::pin(async move { self.read(move |conn| windows::ends(conn, &names, now)).await })
    }

    fn tally(&self, windows: Vec<(String, i64, u32)>, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.submit(Single::Tally, (windows, now)))
    }

    fn untally(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(self.submit(Single::Untally, (names, now)))
    }

    fn seal(&self, name: &'static str, place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        self.keys.seal(place, name, plain).ok()
    }

    fn unseal(&self, name: &'static str, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.keys.open(place, name, sealed).ok()
    }

    fn digest(&self, of: &str) -> [u8; 32] {
        self.keys.number_mac(of)
    }
}
