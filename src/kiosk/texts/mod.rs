//! What the screens say, in their two languages. It must not know markup or pages.
mod catalogue;
mod en;
mod keep;
mod km;
mod login;
mod phrases;
mod portal;

pub use catalogue::{DeviceWords, Message, Notice, VisitWords, Words};
pub use keep::KeepWords;
pub use login::LoginWords;
pub use phrases::{clock, counted, date_time, next_step, place_name, spans, status};

use crate::types::Language;

/// The languages of the screens; romanised Khmer is for telephones only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Khmer.
    Km,
    /// English.
    En,
}

impl Lang {
    /// Path segment and `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Km => "km",
            Lang::En => "en",
        }
    }

    /// Reads [`Lang::tag`].
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "km" => Some(Lang::Km),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// The language of the toggle.
    pub fn other(self) -> Self {
        match self {
            Lang::Km => Lang::En,
            Lang::En => Lang::Km,
        }
    }

    /// The same in the words of a conversation.
    pub fn language(self) -> Language {
        match self {
            Lang::Km => Language::Km,
            Lang::En => Language::En,
        }
    }

    /// Texts of looking.
    pub fn words(self) -> &'static Words {
        match self {
            Lang::Km => &km::WORDS,
            Lang::En => &en::WORDS,
        }
    }

    /// Texts of what a visitor does.
    pub fn visit(self) -> &'static VisitWords {
        match self {
            Lang::Km => &km::VISIT,
            Lang::En => &en::VISIT,
        }
    }

    /// Texts of the end of a journey.
    pub fn keep(self) -> &'static KeepWords {
        match self {
            Lang::Km => &keep::KM,
            Lang::En => &keep::EN,
        }
    }

    /// Texts of the device.
    pub fn device(self) -> &'static DeviceWords {
        match self {
            Lang::Km => &km::DEVICE,
            Lang::En => &en::DEVICE,
        }
    }
}
