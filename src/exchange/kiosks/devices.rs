//! Devices: paired with an office, known by their token, told things at their next heartbeat. It must not know a page.
use super::{Kiosks, TEN_MINUTES};
use crate::{
    exchange::conversation::counts::hex,
    ports::{
        StoreFault,
        kiosks::{Command, Heartbeat, Kiosk, NewKiosk, Offer, Pairing},
        random::{self, new_id},
    },
    types::UnixMs,
};
use ring::digest::{SHA256, digest};
use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// How long the digits of an unpaired kiosk can be entered.
const PAIRING_FOR: Duration = Duration::from_secs(10 * 60);
/// Staff PINs that may be tried at a kiosk in ten minutes.
const STAFF_TRIES: u32 = 5;

/// What counts as one place: an IPv4 address, or an IPv6 network of 64 bits, which one household or one attacker has.
fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(long)) => Ipv6Addr::from(u128::from(long) >> 64 << 64).to_string(),
        Some(IpAddr::V4(short)) => short.to_string(),
        None => String::new(),
    }
}

pub(super) fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

impl Kiosks {
    /// The paired device with this token, with the last that it said of itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn device(&self, token: &str) -> Result<Option<Kiosk>, StoreFault> {
        let found = self.needs.store.kiosk(hash(token)).await?;
        if let Some(kiosk) = found.as_ref().filter(|kiosk| kiosk.fresh) {
            self.needs.store.pairing_taken(kiosk.id.clone()).await?;
        }
        Ok(found)
    }

    /// All devices that were ever paired, with the last that each said of itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn all(&self) -> Result<Vec<Kiosk>, StoreFault> {
        let mut all = self.needs.store.kiosks().await?;
        for kiosk in &mut all {
            // it may have spoken to another node since
            let here = self.heartbeats.of(&kiosk.id).into_iter();
            kiosk.heartbeat = here.chain(kiosk.heartbeat.take()).max_by_key(|heartbeat| heartbeat.at);
        }
        Ok(all)
    }

    /// How far the pairing of a device with this token is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn pairing(&self, token: &str) -> Result<Pairing, StoreFault> {
        self.needs.store.pairing(hash(token), self.needs.clock.now()).await
    }

    /// The eight digits that an unpaired device shows from now on, which asked for them from this address; `None` when
    /// they cannot be stored.
    pub async fn begin_pairing(&self, token: &str, from: Option<IpAddr>) -> Option<String> {
        let now = self.needs.clock.now();
        let code = format!("{:08}", u64::from_le_bytes(random::octets()) % 100_000_000);
        let until = now.plus_ms(PAIRING_FOR.as_millis() as i64);
        let place = self.needs.store.digest(&format!("address {}", network(from)));
        let offer = Offer { token: hash(token), code: code.clone(), place, until };
        self.needs.store.offer_pairing(offer, now).await.ok().map(|()| code)
    }

    /// Gives a device that was paired while it had the token `old` the token `new`. Whether it did.
    pub async fn take_pairing(&self, old: &str, new: &str) -> bool {
        self.needs.store.take_pairing(hash(old), hash(new), self.needs.clock.now()).await.unwrap_or(false)
    }

    /// Pairs the device that shows `code` with an office. Its name; `None` when no device shows that code.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn pair(&self, code: &str, office: &str, profile: &str) -> Result<Option<String>, StoreFault> {
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        let id = format!("k-{}", &hex(&random::octets::<4>()));
        let new = NewKiosk { code, id: id.clone(), office: office.to_owned(), profile: profile.to_owned() };
        let paired = self.needs.store.pair(new, self.needs.clock.now()).await?;
        Ok(paired.then_some(id))
    }

    /// Ends a device's pairing; whether there was one.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn revoke(&self, id: &str) -> Result<bool, StoreFault> {
        self.needs.store.revoke(id.to_owned(), self.needs.clock.now()).await
    }

    /// Tells a device something at its next heartbeat; whether there is such a device.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn tell(&self, id: &str, kind: &str, value: Option<String>) -> Result<bool, StoreFault> {
        let command =
            Command { id: format!("c-{}", new_id(self.needs.clock.now()).simple()), kind: kind.to_owned(), value };
        self.needs.store.tell_kiosk(id.to_owned(), command, self.needs.clock.now()).await
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
        let Some(kiosk) = self.needs.store.kiosk(hash(token)).await? else { return Ok(None) };
        let now = self.needs.clock.now();
        self.heartbeats.heard(&kiosk.id, Heartbeat { at: now, ..heartbeat });
        if !done.is_empty() {
            self.needs.store.commands_done(kiosk.id.clone(), done, now).await?;
        }
        self.needs.store.commands(kiosk.id, now.plus_ms(-(TEN_MINUTES.as_millis() as i64))).await.map(Some)
    }

    /// Whether another staff PIN may be tried at a device: five in ten minutes. It counts.
    pub async fn may_try_staff_pin(&self, device: &str) -> bool {
        self.needs.counts.tally(format!("staff:{device}"), TEN_MINUTES, STAFF_TRIES).await.unwrap_or(false)
    }

    /// A visitor at a device calls an officer.
    pub async fn call_staff(&self, device: &str) {
        self.staff_calls.called(device, &self.needs.counts, self.needs.clock.now()).await;
    }

    /// An officer is on the way to a device; whether one was called.
    pub async fn staff_comes(&self, device: &str) -> bool {
        self.staff_calls.answered(device, &self.needs.counts).await
    }

    /// Those of these devices, and of those that have called here, at which an officer is called, and since when.
    pub async fn staff_calls(&self, devices: &[String]) -> Vec<(String, UnixMs)> {
        self.staff_calls.all(devices, &self.needs.counts, self.needs.clock.now()).await
    }

    /// Seals what a visit carries through its pages, for one place only.
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        self.needs.store.seal("visit", place, plain)
    }

    /// Opens what [`Kiosks::seal`] made for that place.
    pub fn unseal(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.needs.store.unseal("visit", place, sealed)
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
