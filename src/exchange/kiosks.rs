//! What kiosks need besides answers: to be paired and told things, to prove a visitor's number by a code that is
//! texted to it, and to send a visitor a text. It must not know a page.
use super::{Exchange, hold, new_id, push::Payload, random};
use crate::{
    dialogue::View,
    ports::{
        StoreFault,
        kiosks::{Beat, Command, Kiosk, NewKiosk},
        pushes::{NewPush, PushKind},
    },
    render::{agency, render_sms},
    types::{Language, MoId, Msisdn, UnixMs},
};
use ring::digest::{SHA256, digest};
use std::{collections::BTreeMap, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long the digits of an unpaired kiosk can be entered.
const PAIRING_FOR: Duration = Duration::from_secs(10 * 60);
/// How long a one-time code can be entered, and how often one may be tried.
const CODE_FOR: Duration = Duration::from_secs(10 * 60);
const CODE_TRIES: u32 = 5;
/// Texts that a kiosk sends for visitors in ten minutes.
const TEXTS_MOST: u32 = 3;
/// Staff PINs that may be tried at a kiosk in ten minutes.
const STAFF_TRIES: u32 = 5;
/// How long a text that a visitor sent to a telephone is of use.
const TEXT_USE: Duration = Duration::from_secs(30 * 60);
const TEN_MINUTES_MS: i64 = 10 * 60 * 1_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// What devices say is kept durably so often; until then in memory.
const BEATS_EVERY: Duration = Duration::from_secs(30);

/// Why a text was not sent to a number that a visitor typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRefusal {
    /// It is not a mobile number.
    NotANumber,
    /// No telco that we are bound to serves it.
    Unroutable,
    /// Too many were sent lately.
    TooMany,
    /// It could not be stored.
    Away,
}

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

fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

impl Exchange {
    /// The paired device with this token, with the last that it said of itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn kiosk(&self, token: &str) -> Result<Option<Kiosk>, StoreFault> {
        self.core.store.kiosk(hash(token)).await
    }

    /// All devices that were ever paired, with the last that each said of itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn kiosks(&self) -> Result<Vec<Kiosk>, StoreFault> {
        let mut all = self.core.store.kiosks().await?;
        let beats = hold(&self.core.beats);
        for kiosk in &mut all {
            if let Some(beat) = beats.get(&kiosk.id) {
                kiosk.beat = Some(beat.clone());
            }
        }
        Ok(all)
    }

    /// The eight digits that an unpaired device shows; `None` when it must wait.
    pub async fn pairing_code(&self, token: &str) -> Option<String> {
        let now = self.now();
        let code = format!("{:08}", u64::from_le_bytes(random()) % 100_000_000);
        let until = now.plus_ms(PAIRING_FOR.as_millis() as i64);
        self.core.store.offer_pairing(hash(token), code, until, now).await.ok().flatten()
    }

    /// Pairs the device that shows `code` with an office. Its name; `None` when no device shows that code.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn pair_kiosk(&self, code: &str, office: &str, profile: &str) -> Result<Option<String>, StoreFault> {
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        let id = format!("k-{}", &hex(&random::<4>()));
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
    pub async fn beat(&self, token: &str, beat: Beat, done: Vec<String>) -> Result<Option<Vec<Command>>, StoreFault> {
        let Some(kiosk) = self.core.store.kiosk(hash(token)).await? else { return Ok(None) };
        let now = self.now();
        hold(&self.core.beats).insert(kiosk.id.clone(), Beat { at: now, ..beat });
        hold(&self.core.fresh_beats).insert(kiosk.id.clone());
        if !done.is_empty() {
            self.core.store.commands_done(kiosk.id.clone(), done, now).await?;
        }
        self.core.store.commands(kiosk.id, UnixMs(now.0 - TEN_MINUTES_MS)).await.map(Some)
    }

    /// Keeps what devices said, many in one commit.
    pub(super) async fn keep_beats(self, stop: CancellationToken) {
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(BEATS_EVERY) => false,
            };
            let fresh: Vec<String> = hold(&self.core.fresh_beats).drain().collect();
            let beats: Vec<(String, Beat)> = {
                let all = hold(&self.core.beats);
                fresh.into_iter().filter_map(|id| all.get(&id).cloned().map(|beat| (id, beat))).collect()
            };
            if !beats.is_empty() && self.core.store.keep_beats(beats).await.is_err() {
                tracing::warn!("what kiosks said of themselves could not be kept; it is said again soon");
            }
            if ended {
                return;
            }
        }
    }

    /// Counts look-ups that told nothing in the budget of all, as texts and screens do.
    pub(super) async fn keep_failures(&self, failures: u32) {
        if failures > 0 {
            let hour = self.now().0.div_euclid(HOUR_MS);
            let _ = self.core.store.count_failures(hour, failures).await;
        }
    }

    /// A number as a visitor typed it, if a text can be sent to it.
    fn reachable(&self, typed: &str) -> Result<Msisdn, TextRefusal> {
        let number = Msisdn::parse_cambodian(typed).filter(Msisdn::can_be_mobile).ok_or(TextRefusal::NotANumber)?;
        self.route(number).map(|_| number).ok_or(TextRefusal::Unroutable)
    }

    /// Texts a one-time code to the number that was typed. What names the code in [`Exchange::try_code`].
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_code(&self, typed: &str, language: Language) -> Result<(Msisdn, String), TextRefusal> {
        let number = self.reachable(typed)?;
        let rules = self.core.settings.rules;
        let who = hex(&self.core.store.digest(number.digits())[..16]);
        let windows = vec![
            (format!("codes-hour:{who}"), HOUR_MS, rules.codes_hour),
            (format!("codes-day:{who}"), DAY_MS, rules.codes_day),
        ];
        match self.core.store.tally(windows, self.now()).await {
            Ok(true) => {}
            Ok(false) => return Err(TextRefusal::TooMany),
            Err(_) => return Err(TextRefusal::Away),
        }
        let name = hex(&random::<16>());
        let values = BTreeMap::from([("code".to_owned(), self.code_of(&name, number))]);
        let language = self.readable(number, language).await;
        let text = agency::filled("one-time-code", &values, language).map_err(|_| TextRefusal::Away)?;
        self.send_text(&format!("code-{name}"), number, text, CODE_FOR).await?;
        Ok((number, name))
    }

    /// Judges a typed one-time code; each try counts.
    pub async fn try_code(&self, name: &str, number: Msisdn, typed: &str) -> CodeTried {
        let window = (format!("code-tries:{name}"), CODE_FOR.as_millis() as i64, CODE_TRIES);
        if !self.core.store.tally(vec![window], self.now()).await.unwrap_or(false) {
            return CodeTried::Over;
        }
        let (given, wanted) = (self.core.store.digest(typed), self.core.store.digest(&self.code_of(name, number)));
        if given == wanted { CodeTried::Right } else { CodeTried::Wrong }
    }

    /// The code of a name and number: nobody without the key file can tell it.
    fn code_of(&self, name: &str, number: Msisdn) -> String {
        let digest = self.core.store.digest(&format!("one-time code {name} {}", number.digits()));
        let value = u64::from_le_bytes(digest[..8].try_into().unwrap_or_default());
        format!("{:06}", value % 1_000_000)
    }

    /// Romanised Khmer for a number that asked for it: its telephone may have no Khmer letters.
    async fn readable(&self, number: Msisdn, language: Language) -> Language {
        let known = self.core.store.citizen(number).await.ok().and_then(|citizen| citizen.language);
        match (language, known) {
            (Language::Km, Some(Language::KmLatn)) => Language::KmLatn,
            _ => language,
        }
    }

    /// Sends what a visitor sees to a telephone; three from a kiosk in ten minutes. `intent`: pressed again, it is
    /// the same text.
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_view(
        &self,
        device: &str,
        typed: &str,
        view: &View,
        language: Language,
        intent: uuid::Uuid,
    ) -> Result<(), TextRefusal> {
        let number = self.reachable(typed)?;
        // one text to one number, however often it is pressed: only the first press counts
        let to = hex(&self.core.store.digest(number.digits())[..8]);
        let name = format!("kiosk-{}-{to}", intent.simple());
        let windows =
            [(name.clone(), TEN_MINUTES_MS, 1), (format!("kiosk-texts:{device}"), TEN_MINUTES_MS, TEXTS_MOST)];
        let counted = self.core.store.tally(windows.to_vec(), self.now()).await.map_err(|_| TextRefusal::Away)?;
        if !counted {
            let pressed = self.core.store.tallied(vec![name.clone()], self.now()).await;
            if !pressed.map_err(|_| TextRefusal::Away)?.contains(&1) {
                return Err(TextRefusal::TooMany);
            }
        }
        let language = self.readable(number, language).await;
        let text = render_sms(view, language, &self.core.settings.zone).text;
        self.send_text(&name, number, text, TEXT_USE).await
    }

    /// Stores a text durably, once under its name; it goes out like every other.
    async fn send_text(&self, name: &str, number: Msisdn, text: String, of_use: Duration) -> Result<(), TextRefusal> {
        let now = self.now();
        let push = NewPush {
            id: MoId(new_id(now)),
            kind: PushKind::Message,
            number,
            payload: serde_json::to_vec(&Payload::Message { text, notice: false }).unwrap_or_default(),
            due: now,
            not_after: now.plus_ms(of_use.as_millis() as i64),
        };
        match self.core.store.take_event(name.to_owned(), Some(push), now).await {
            Ok(_) => {
                self.core.pushes.notify_one();
                Ok(())
            }
            Err(_) => {
                self.core.health.failed();
                Err(TextRefusal::Away)
            }
        }
    }

    /// Whether another staff PIN may be tried at a device: five in ten minutes. It counts.
    pub async fn may_try_staff_pin(&self, device: &str) -> bool {
        let window = (format!("staff:{device}"), TEN_MINUTES_MS, STAFF_TRIES);
        self.core.store.tally(vec![window], self.now()).await.unwrap_or(false)
    }

    /// Seals what a visit carries through its pages.
    pub fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.core.store.seal("visit", plain)
    }

    /// Opens what [`Exchange::seal`] made.
    pub fn unseal(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        self.core.store.unseal("visit", sealed)
    }

    /// Now, by the server's clock.
    pub fn clock(&self) -> UnixMs {
        self.now()
    }
}
