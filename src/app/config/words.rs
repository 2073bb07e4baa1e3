//! The words that the file has for what the rooms below know as an enum: read, written and listed from one line each.
use super::key::{Kind, Value};
use crate::{
    link::{NumberFormat, Validity},
    smpp::{
        dialect::{CodeAt, UssdPdu},
        message_id::Rule,
        text::DefaultAlphabet,
    },
    types::code::CheckDigit,
};

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl Value for $name {
            const KIND: Kind = Kind::Word(&[$($word),*]);
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let word = String::deserialize(from)?;
                match word.as_str() {
                    $($word => Ok($name::$variant),)*
                    _ => Err(serde::de::Error::custom(none_of(&word, &[$($word),*]))),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(match self { $($name::$variant => $word),* })
            }
        }
    )*};
}

/// What is wrong with a word, and the words there are.
pub fn none_of(word: &str, words: &[&str]) -> String {
    format!("\"{word}\" is none of {}", words.join(", "))
}

macro_rules! own {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal),* $(,)? })*) => {
        $($(#[$doc])* #[derive(Clone, Copy, Debug, PartialEq, Eq)] pub enum $name { $($(#[$of])* $variant),* })*
        words! { $($name { $($variant = $word),* })* }
    };
}

words! {
    NumberFormat { International = "international", National = "national", Plus = "plus" }
    DefaultAlphabet { Gsm7 = "gsm7", Latin1 = "latin1", Ascii = "ascii" }
    Validity { Relative = "relative", Absolute = "absolute", None = "none" }
    Rule { Auto = "auto", Exact = "exact", Hex = "hex", Decimal = "decimal" }
    CheckDigit { None = "none", Luhn = "luhn", Damm = "damm" }
    CodeAt { Destination = "destination", Text = "text" }
    UssdPdu { SubmitSm = "submit_sm", DataSm = "data_sm" }
}

own! {
    /// By which way the portal is reached.
    Mode {
        /// At its address.
        Direct = "direct",
        /// Through a security server of X-Road.
        Xroad = "xroad",
        /// Systems of GovStack in its place.
        Govstack = "govstack",
    }
    /// Who lets visitors sign in at a kiosk.
    LoginMode {
        /// Nobody.
        Off = "off",
        /// The portal.
        Portal = "portal",
        /// A provider of OpenID.
        Oidc = "oidc",
    }
    /// How the portal's events come.
    Events {
        /// We ask.
        Poll = "poll",
        /// It tells.
        Webhook = "webhook",
    }
    /// Whether kiosks must be paired.
    Pairing {
        /// They must.
        Required = "required",
        /// Any browser may show the pages.
        Off = "off",
    }
    /// interface_version of a bind (SMPP 3.4 §5.2.4).
    Version {
        /// 0x33.
        V33 = "3.3",
        /// 0x34.
        V34 = "3.4",
        /// 0x50.
        V50 = "5.0",
    }
    /// What a bind is.
    Binding {
        /// One transceiver.
        Transceiver = "transceiver",
        /// A transmitter and a receiver.
        Pair = "pair",
    }
    /// How septets stand in octets.
    Packing {
        /// One an octet.
        Unpacked = "unpacked",
        /// Eight in seven octets.
        Packed = "packed",
    }
    /// How a text of several segments is marked.
    Concatenation {
        /// By a UDH with a reference of eight bits.
        Udh8 = "udh8",
        /// By a UDH with a reference of sixteen.
        Udh16 = "udh16",
        /// By the TLVs sar_*.
        Sar = "sar",
        /// It goes whole, in message_payload.
        Payload = "payload",
    }
}
