//! What kiosks need besides answers: to be paired and told things. What they have texted is `asked`. It must not know
//! a page.
use super::{Exchange, hex, new_id, random};
use crate::types::lock;
use crate::{
    ports::{
        StoreFault,
        kiosks::{Command, Heartbeat, Kiosk, NewKiosk, Offer, Pairing},
    },
    types::UnixMs,
};
use ring::digest::{SHA256, digest};
use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long the digits of an unpaired kiosk can be entered.
const PAIRING_FOR: Duration = Duration::from_secs(10 * 60);
/// Staff PINs that may be tried at a kiosk in ten minutes.
const STAFF_TRIES: u32 = 5;
pub(super) const TEN_MINUTES_MS: i64 = 10 * 60 * 1_000;
/// What devices say is kept durably so often; until then in memory.
const BEATS_EVERY: Duration = Duration::from_secs(30);

/// What came of a typed one-time code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeTried {
    /// The number is the visitor's.
    Right,
    /// It is another one.
    Wrong,
    /// It was tried too often, or its time is over.
    Over,
}

/// What counts as one place: an IPv4 address, or an IPv6 network of 64 bits, which one household or one attacker has.
fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(long)) => Ipv6Addr::from(u128::from(long) >> 64 << 64).to_string(),
        Some(IpAddr::V4(short)) => short.to_string(),
        None => String::new(),
    }
}

fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

impl Exchange {
    /// The paired device with this token, with the last that it said of itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn kiosk(&self, token: &str) -> Result<Option<Kiosk>, StoreFault> {
        let found = self.core.store.kiosk(hash(token)).await?;
        if let Some(kiosk) = found.as_ref().filter(|kiosk| kiosk.fresh) {
            self.core.store.pairing_taken(kiosk.id.clone()).await?;
        }
        Ok(found)
    }

    /// All devices that were ever paired, with the last that each said of itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn kiosks(&self) -> Result<Vec<Kiosk>, StoreFault> {
        let mut all = self.core.store.kiosks().await?;
        let heartbeats = lock(&self.core.heartbeats);
        for kiosk in &mut all {
            if let Some(heartbeat) = heartbeats.get(&kiosk.id) {
                kiosk.heartbeat = Some(heartbeat.clone());
            }
        }
        Ok(all)
    }

    /// How far the pairing of a device with this token is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn pairing(&self, token: &str) -> Result<Pairing, StoreFault> {
        self.core.store.pairing(hash(token), self.now()).await
    }

    /// The eight digits that an unpaired device shows from now on, which asked for them from this address; `None` when
    /// they cannot be stored.
    pub async fn begin_pairing(&self, token: &str, from: Option<IpAddr>) -> Option<String> {
        let now = self.now();
        let code = format!("{:08}", u64::from_le_bytes(random::octets()) % 100_000_000);
        let until = now.plus_ms(PAIRING_FOR.as_millis() as i64);
        let place = self.core.store.digest(&format!("address {}", network(from)));
        let offer = Offer { token: hash(token), code: code.clone(), place, until };
        self.core.store.offer_pairing(offer, now).await.ok().map(|()| code)
    }

    /// Gives a device that was paired while it had the token `old` the token `new`. Whether it did.
    pub async fn take_pairing(&self, old: &str, new: &str) -> bool {
        self.core.store.take_pairing(hash(old), hash(new), self.now()).await.unwrap_or(false)
    }

    /// Pairs the device that shows `code` with an office. Its name; `None` when no device shows that code.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn pair_kiosk(&self, code: &str, office: &str, profile: &str) -> Result<Option<String>, StoreFault> {
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        let id = format!("k-{}", &hex(&random::octets::<4>()));
        let new = NewKiosk { code, id: id.clone(), office: office.to_owned(), profile: profile.to_owned() };
        let paired = self.core.store.pair(new, self.now()).await?;
        Ok(paired.then_some(id))
    }

    /// Ends a device's pairing; whether there was one.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn revoke_kiosk(&self, id: &str) -> Result<bool, StoreFault> {
        self.core.store.revoke(id.to_owned(), self.now()).await
    }

    /// Tells a device something at its next heartbeat; whether there is such a device.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn tell_kiosk(&self, id: &str, kind: &str, value: Option<String>) -> Result<bool, StoreFault> {
        let command = Command { id: format!("c-{}", new_id(self.now()).simple()), kind: kind.to_owned(), value };
        self.core.store.tell_kiosk(id.to_owned(), command, self.now()).await
    }

    /// A heartbeat: what the device says, and what it has done. What it is still to do; `None`: it is not paired.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn heartbeat(
        &self,
        token: &str,
        heartbeat: Heartbeat,
        done: Vec<String>,
    ) -> Result<Option<Vec<Command>>, StoreFault> {
        let Some(kiosk) = self.core.store.kiosk(hash(token)).await? else { return Ok(None) };
        let now = self.now();
        lock(&self.core.heartbeats).insert(kiosk.id.clone(), Heartbeat { at: now, ..heartbeat });
        lock(&self.core.fresh_heartbeats).insert(kiosk.id.clone());
        if !done.is_empty() {
            self.core.store.commands_done(kiosk.id.clone(), done, now).await?;
        }
        self.core.store.commands(kiosk.id, UnixMs(now.0 - TEN_MINUTES_MS)).await.map(Some)
    }

    /// Keeps what devices said, many in one commit.
    pub(super) async fn keep_heartbeats(self, stop: CancellationToken) {
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(BEATS_EVERY) => false,
            };
            let fresh: Vec<String> = lock(&self.core.fresh_heartbeats).drain().collect();
            let heartbeats: Vec<(String, Heartbeat)> = {
                let all = lock(&self.core.heartbeats);
                fresh.iter().filter_map(|id| all.get(id).cloned().map(|heartbeat| (id.clone(), heartbeat))).collect()
            };
            if !heartbeats.is_empty() && self.core.store.keep_heartbeats(heartbeats).await.is_err() {
                tracing::warn!("what kiosks said of themselves could not be kept; it is tried again soon");
                lock(&self.core.fresh_heartbeats).extend(fresh);
            }
            if ended {
                return;
            }
        }
    }

    /// Whether another staff PIN may be tried at a device: five in ten minutes. It counts.
    pub async fn may_try_staff_pin(&self, device: &str) -> bool {
        let window = (format!("staff:{device}"), TEN_MINUTES_MS, STAFF_TRIES);
        self.core.store.tally(vec![window], self.now()).await.unwrap_or(false)
    }

    /// Seals what a visit carries through its pages, for one place only.
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        self.core.store.seal("visit", place, plain)
    }

    /// Opens what [`Exchange::seal`] made for that place.
    pub fn unseal(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.core.store.unseal("visit", place, sealed)
    }

    /// Now, by the server's clock.
    pub fn clock(&self) -> UnixMs {
        self.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_64_bits_is_one_place_and_so_is_an_ipv4_address_however_it_is_written() {
        let of = |text: &str| network(Some(text.parse().expect(text)));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
