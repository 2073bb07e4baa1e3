//! A PDU with what is nobody's business covered in place: the password, the numbers of people, what they write. Every
//! length stays, so a masked PDU is still one that decoders read: `*` stands for each covered octet (`00 2A` for each unit
//! of UCS-2). What cannot be parsed is covered whole.
use super::{
    decode::may_be_tlvs,
    framer::HEADER_OCTETS,
    pdu::{RESPONSE, tag},
    receipt::{self, Kind},
};
use crate::types::limits::SOURCE_DIGITS_MIN;
use rusmpp_core::CommandId;

/// What stands for a covered octet.
const STAR: u8 = b'*';
/// Digits of a number that stay: country and network, as in a log.
const DIGITS_SHOWN: usize = 5;
/// Longest UDH that is met: parts and ports together.
const UDH_OCTETS_MAX: usize = 20;
/// TON of an address that is a name (§5.2.5).
const ALPHANUMERIC: u8 = 5;
/// TLVs that hold an address or a part of one (§5.3.2.15, .16, .36).
const OF_PEOPLE: [u16; 3] = [0x0202, 0x0203, 0x0381];

/// What is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// The password only.
    Password,
    /// Numbers and texts too.
    People,
}

/// Covers it in one whole PDU, header first.
pub fn mask(pdu: &mut [u8], cover: Cover) {
    let Some((head, body)) = pdu.split_at_mut_checked(HEADER_OCTETS) else { return pdu.fill(STAR) };
    let id = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
    let mut masker = Masker { body, at: 0 };
    if masker.command(id, cover).is_none() {
        masker.rest();
    }
}

struct Masker<'a> {
    body: &'a mut [u8],
    at: usize,
}

impl Masker<'_> {
    /// `None` when the body does not go on as it should: what is left is then covered.
    fn command(&mut self, id: u32, cover: Cover) -> Option<()> {
        let command = CommandId::from(id);
        match command {
            CommandId::BindReceiver | CommandId::BindTransmitter | CommandId::BindTransceiver | CommandId::Outbind => {
                self.string()?;
                self.string()?.fill(STAR);
                Some(())
            }
            _ if cover == Cover::Password || id & RESPONSE != 0 => Some(()),
            CommandId::SubmitSm | CommandId::DeliverSm => self.sm(),
            CommandId::DataSm => self.data_sm(),
            CommandId::AlertNotification => {
                self.address()?;
                self.address()?;
                self.tlvs(0, 0)
            }
            // a body that we do not know may hold anything
            _ => None,
        }
    }

    fn sm(&mut self) -> Option<()> {
        self.string()?;
        self.address()?;
        self.address()?;
        let esm_class = self.octet()?;
        self.skip(2)?;
        self.string()?;
        self.string()?;
        self.skip(2)?;
        let data_coding = self.octet()?;
        self.skip(1)?;
        let length = usize::from(self.octet()?);
        let end = self.at.checked_add(length).filter(|end| *end <= self.body.len())?;
        text(&mut self.body[self.at..end], esm_class, data_coding);
        self.at = end;
        may_be_tlvs(&self.body[end..]).then_some(())?;
        self.tlvs(esm_class, data_coding)
    }

    fn data_sm(&mut self) -> Option<()> {
        self.string()?;
        self.address()?;
        self.address()?;
        let esm_class = self.octet()?;
        self.skip(1)?;
        let data_coding = self.octet()?;
        self.tlvs(esm_class, data_coding)
    }

    fn octet(&mut self) -> Option<u8> {
        let octet = *self.body.get(self.at)?;
        self.at += 1;
        Some(octet)
    }

    fn skip(&mut self, octets: usize) -> Option<()> {
        self.at = self.at.checked_add(octets).filter(|at| *at <= self.body.len())?;
        Some(())
    }

    /// A C-octet string without its NUL.
    fn string(&mut self) -> Option<&mut [u8]> {
        let rest = &mut self.body[self.at..];
        let length = rest.iter().position(|octet| *octet == 0)?;
        self.at += length + 1;
        Some(&mut rest[..length])
    }

    fn address(&mut self) -> Option<()> {
        let ton = self.octet()?;
        self.octet()?;
        let digits = self.string()?;
        if ton != ALPHANUMERIC {
            number(digits);
        } else {
            runs(digits);
        }
        Some(())
    }

    fn tlvs(&mut self, esm_class: u8, data_coding: u8) -> Option<()> {
        // a pad of NULs says nothing; covered, it would be none any more
        while self.body[self.at..].iter().any(|octet| *octet != 0) || self.body.len() - self.at >= 4 {
            let head = self.body.get(self.at..self.at + 4)?;
            let tag = u16::from_be_bytes([head[0], head[1]]);
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let from = self.at + 4;
            let value = self.body.get_mut(from..from + length)?;
            match tag {
                tag::MESSAGE_PAYLOAD => text(value, esm_class, data_coding),
                // the telco's name of a message, which is no number of a person
                tag::RECEIPTED_MESSAGE_ID => {}
                tag if OF_PEOPLE.contains(&tag) => value.fill(STAR),
                _ => runs(value),
            }
            self.at = from + length;
        }
        Some(())
    }

    fn rest(&mut self) {
        self.body.iter_mut().skip(self.at).for_each(|octet| *octet = STAR);
    }
}

/// A person's number but for its first digits; short codes are ours and stay.
fn number(digits: &mut [u8]) {
    if digits.len() >= SOURCE_DIGITS_MIN {
        digits[DIGITS_SHOWN..].fill(STAR);
    }
}

/// Whatever looks like a number in octets that mean something else.
fn runs(octets: &mut [u8]) {
    for run in octets.chunk_by_mut(|one, next| one.is_ascii_digit() && next.is_ascii_digit()) {
        number(run);
    }
}

/// A text: its UDH stays, and of a receipt what is not the text that it is about.
fn text(body: &mut [u8], esm_class: u8, data_coding: u8) {
    let header = if esm_class & 0x40 != 0 { header_octets(body) } else { 0 };
    let body = &mut body[header..];
    let from = match receipt::of_type(esm_class) {
        Kind::Receipt => receipt_end(body),
        Kind::Message | Kind::Other => 0,
    };
    let wide = matches!(data_coding, 0x08 | 0x18..=0x1B | 0x48..=0x4B | 0xE0..=0xEF) && from == 0;
    let body = &mut body[from..];
    if wide {
        body.chunks_mut(2).for_each(|unit| {
            unit.fill(0);
            if let Some(last) = unit.last_mut() {
                *last = STAR;
            }
        });
    } else {
        body.fill(STAR);
    }
}

/// Octets of a UDH whose elements fill it exactly (3GPP 23.040 §9.2.3.24) and that is no longer than those that are met; 0
/// for what only says that it is one, or is empty: that is a text, and what covers a text begins with a 0.
fn header_octets(body: &[u8]) -> usize {
    let Some((&length, rest)) = body.split_first() else { return 0 };
    let length = usize::from(length);
    let Some(mut elements) = rest.get(..length).filter(|_| (1..=UDH_OCTETS_MAX).contains(&length)) else { return 0 };
    while let [_, octets, value @ ..] = elements {
        let Some(next) = value.get(usize::from(*octets)..) else { return 0 };
        elements = next;
    }
    if elements.is_empty() { 1 + length } else { 0 }
}

/// Where the words of Appendix B end and the text begins that the receipt is about; 0 where there are no such words.
fn receipt_end(body: &[u8]) -> usize {
    let find = |word: &[u8]| body.windows(word.len()).position(|window| window.eq_ignore_ascii_case(word));
    if find(b"id:").is_none() || find(b"stat:").is_none() {
        return 0;
    }
    // without it everything is words
    find(b"text:").map_or(body.len(), |at| at + b"text:".len())
}

#[cfg(test)]
#[path = "mask_tests.rs"]
mod tests;
