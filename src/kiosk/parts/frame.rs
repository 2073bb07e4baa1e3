//! What stands around every page of a visit. It must not know what a page says.
use crate::{
    kiosk::{
        audio,
        authority::Signs,
        context::PageContext,
        texts::{Lang, Words},
        visit::typed::Typed,
    },
    render::words as shared,
    types::{UnixMs, limits::SIGNED_IN_IDLE_S},
};
use std::borrow::Cow;

/// Where "back" leads.
pub enum Back {
    /// To an address.
    To(&'static str),
    /// Below the language.
    In(Cow<'static, str>),
    /// To the page that this key of the visit's form makes.
    Key(&'static str),
    /// As `Key`, sent to another page below the language.
    KeyAt(&'static str, &'static str),
}

/// What stands around every page of a visit.
pub struct Frame {
    pub lang: Lang,
    pub words: &'static Words,
    pub other: &'static Words,
    pub title: Cow<'static, str>,
    /// Address of this page below the language, for the toggle.
    pub address: Cow<'static, str>,
    /// What was typed, if this page keeps it, and the key that makes this page again.
    pub typed: Option<(Typed, &'static str)>,
    /// Identifier of a form of the page itself, whose fields go along to the other language with the key `stay`.
    pub form: Option<&'static str>,
    pub back: Back,
    /// Classes of the document.
    pub class: String,
    /// Seconds of silence before the warning, and of the warning; of a page with what is one's own.
    pub idle: ((u32, u32), (u32, u32)),
    /// Now.
    pub now: UnixMs,
    /// Whether guidance is spoken.
    pub sound: bool,
    /// How loud, 0 to 100.
    pub volume: u8,
    /// Seconds after which the page is asked for again with the key `poll`.
    pub poll_s: Option<u32>,
    /// Whether the same key pressed twice within half a second counts once.
    pub slow: bool,
    /// Version of the pages, for heartbeats; empty where nobody is to hear them.
    pub build: String,
    /// Whether an officer of the office can be called to it.
    pub can_call: bool,
    /// Whose screen it is.
    pub signs: Signs,
    /// Name of the office at which it stands.
    pub office: Option<String>,
    /// Today, in words.
    pub today: String,
}

impl PageContext {
    /// The frame of a page with this title at this address below the language.
    pub fn frame(&self, title: impl Into<Cow<'static, str>>, at: impl Into<Cow<'static, str>>, back: Back) -> Frame {
        let more = if self.display.time { 2 } else { 1 };
        Frame {
            lang: self.lang,
            words: self.words,
            other: self.lang.other().words(),
            title: title.into(),
            address: at.into(),
            typed: self.carried.as_ref().map(|visit| (Typed::carrying(&visit.0), "carry")),
            form: None,
            back,
            class: self.class(),
            idle: ((self.idle.0 * more, self.idle.1 * more), (SIGNED_IN_IDLE_S.0 * more, SIGNED_IN_IDLE_S.1 * more)),
            now: self.now,
            sound: self.display.sound,
            volume: self.display.loudness.of(self.device.volume),
            poll_s: None,
            slow: self.display.time,
            build: self.device.build(),
            can_call: self.device.office.is_some(),
            signs: self.signs.clone(),
            office: self.office.as_ref().map(|office| office.name.get(self.lang.language()).to_owned()),
            today: shared::date_long(self.today, self.lang.language()),
        }
    }
}

impl Frame {
    /// A page that keeps what was typed; `replay` is the key that makes it again.
    pub fn keeping(self, typed: Typed, replay: &'static str) -> Self {
        Frame { typed: Some((typed, replay)), ..self }
    }

    /// A page with a form of its own, whose fields the other language keeps.
    pub fn keeping_form(self, id: &'static str) -> Self {
        Frame { form: Some(id), ..self }
    }

    /// Name of the page, for heartbeats: the first part of its address.
    pub fn page(&self) -> &str {
        self.address.split(['/', '?']).next().unwrap_or("other")
    }

    /// What the head of the page says first: whose screen it is.
    pub fn owner(&self) -> &str {
        self.signs.name(self.lang).unwrap_or(self.words.product)
    }

    /// What it says below: the office, and where none is known, what the screen is for.
    pub fn place(&self) -> &str {
        self.office.as_deref().unwrap_or(self.words.tagline)
    }

    /// What is spoken on this page, if somebody recorded it.
    pub fn clip(&self) -> Option<String> {
        audio::clip(self.lang, &self.title)
    }

    /// What the device's own voice may speak on this page, if nobody recorded it.
    pub fn say(&self) -> Option<String> {
        audio::unrecorded(self.lang, &self.title)
    }

    /// Seconds of silence before the warning, and of the warning: fewer where somebody has signed in.
    pub fn idle(&self) -> (u32, u32) {
        let (usual, signed) = self.idle;
        if self.ends_s().is_some() { (usual.0.min(signed.0), usual.1.min(signed.1)) } else { usual }
    }

    /// Seconds after which the page closes whatever is touched, where somebody has signed in.
    pub fn ends_s(&self) -> Option<i64> {
        let closes = self.typed.as_ref()?.0.closes()?;
        Some(closes.since_ms(self.now).max(0) / 1_000)
    }

    /// Seconds of silence after which a visit ends.
    pub fn leave_s(&self) -> u32 {
        let (before, warning) = self.idle();
        before + warning
    }
}
