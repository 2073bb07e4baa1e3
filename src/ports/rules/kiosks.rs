//! How a kiosk is paired, and which commands hold from then on. A device has one token while it waits and another one
//! from its pairing on: who saw or planted the first has nothing.
use crate::{
    ports::kiosks::{Command, PAIRING_TRIES, Pairing},
    types::UnixMs,
};

/// How long a device that was paired may take to fetch its new token, in milliseconds: as long as digits last.
pub const TAKE_WITHIN_MS: i64 = 10 * 60_000;

/// A device that showed digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The digits.
    pub code: String,
    /// An operator has entered them.
    pub paired: bool,
    /// Wrong digits that were entered while these could have been meant.
    pub tries: u32,
    /// When they end; of one that was paired: until when it can fetch its new token.
    pub until: UnixMs,
}

impl Offered {
    /// Whether its digits can be entered.
    fn can_be_entered(&self, now: UnixMs) -> bool {
        !self.paired && self.until > now && self.tries < PAIRING_TRIES
    }
}

/// How far the pairing of a device is.
pub fn stage(device: Option<Offered>, now: UnixMs) -> Pairing {
    match device {
        Some(device) if device.paired && device.until > now => Pairing::Done,
        Some(device) if device.can_be_entered(now) => Pairing::Shown(device.code),
        _ => Pairing::None,
    }
}

/// Which device is meant by digits that were entered, of those that show them. Of two that show the same neither can be
/// meant. `None` is a try against every device that shows digits.
pub fn meant<D>(devices: Vec<(D, Offered)>, now: UnixMs) -> Option<D> {
    let mut can_be = devices.into_iter().filter(|(_, device)| device.can_be_entered(now)).map(|(which, _)| which);
    let first = can_be.next()?;
    can_be.next().is_none().then_some(first)
}

/// What of a command holds until another one changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// What its closed screen says, as JSON; `None`: it is open.
    Closed(Option<String>),
    /// What its first page says, as JSON.
    Message(Option<String>),
    /// How loud it is.
    Volume(Option<u8>),
    /// The language in which it starts.
    Language(Option<String>),
}

/// What of a command holds; `None`: it is done once.
pub fn lasting(command: &Command) -> Option<Lasting> {
    let value = command.value.clone();
    match command.kind.as_str() {
        "closed" => Some(Lasting::Closed(Some(value.unwrap_or_else(|| "null".to_owned())))),
        "open" => Some(Lasting::Closed(None)),
        "message" => Some(Lasting::Message(value)),
        "volume" => Some(Lasting::Volume(value.and_then(|value| value.parse().ok()))),
        "language" => Some(Lasting::Language(value.map(|value| value.trim_matches('"').to_owned()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn shows(until: i64, tries: u32) -> Offered {
        Offered { code: "11111111".into(), paired: false, tries, until: NOW.plus_ms(until) }
    }

    #[test]
    fn a_device_shows_its_digits_until_they_end_or_were_guessed_at_too_often() {
        let shown = || Pairing::Shown("11111111".into());
        let paired = |until, tries| Offered { paired: true, ..shows(until, tries) };
        for (what, device, is) in [
            ("it never asked", None, Pairing::None),
            ("it shows them", Some(shows(1, 0)), shown()),
            ("a last guess is left", Some(shows(1, PAIRING_TRIES - 1)), shown()),
            ("none is left", Some(shows(1, PAIRING_TRIES)), Pairing::None),
            ("they end", Some(shows(0, 0)), Pairing::None),
            ("it is paired", Some(paired(1, 0)), Pairing::Done),
            ("whatever was guessed before", Some(paired(1, PAIRING_TRIES)), Pairing::Done),
            ("and has not come for its token", Some(paired(0, 0)), Pairing::None),
        ] {
            assert_eq!(stage(device, NOW), is, "{what}");
        }
    }

    #[test]
    fn digits_mean_one_device_or_none() {
        let paired = Offered { paired: true, ..shows(1, 0) };
        for (what, devices, is) in [
            ("nobody shows them", vec![], None),
            ("one does", vec![('a', shows(1, 0))], Some('a')),
            ("two do", vec![('a', shows(1, 0)), ('b', shows(1, 0))], None),
            ("three do", vec![('a', shows(1, 0)), ('b', shows(1, 0)), ('c', shows(1, 0))], None),
            ("one did", vec![('a', shows(0, 0)), ('b', shows(1, 0))], Some('b')),
            ("one was guessed at too often", vec![('a', shows(1, PAIRING_TRIES)), ('b', shows(1, 0))], Some('b')),
            ("one is paired", vec![('a', shows(1, 0)), ('b', paired.clone())], Some('a')),
            ("that one only", vec![('b', paired)], None),
        ] {
            assert_eq!(meant(devices, NOW), is, "{what}");
        }
    }

    #[test]
    fn some_commands_hold_and_the_others_are_done_once() {
        let told = |kind: &str, value: Option<&str>| {
            lasting(&Command { id: "c-1".into(), kind: kind.into(), value: value.map(str::to_owned) })
        };
        assert_eq!(told("closed", Some("{}")), Some(Lasting::Closed(Some("{}".into()))));
        assert_eq!(told("closed", None), Some(Lasting::Closed(Some("null".into()))), "closed without words");
        assert_eq!(told("open", Some("{}")), Some(Lasting::Closed(None)));
        assert_eq!(told("message", Some("{}")), Some(Lasting::Message(Some("{}".into()))));
        assert_eq!(told("message", None), Some(Lasting::Message(None)), "taken away");
        assert_eq!(told("volume", Some("20")), Some(Lasting::Volume(Some(20))));
        assert_eq!(told("volume", None), Some(Lasting::Volume(None)));
        assert_eq!(told("language", Some("\"km\"")), Some(Lasting::Language(Some("km".into()))));
        assert_eq!(told("language", Some("en")), Some(Lasting::Language(Some("en".into()))));
        assert_eq!((told("reload", None), told("dance", Some("1"))), (None, None));
    }
}
