//! Texts that were given up, as the console shows them. It must not know what they say.
use super::{state::Room, words::Lang};
use crate::{
    ports::dead::{DeadLetter, Why},
    types::{UnixMs, time::phnom_penh},
};

/// Most that a page shows.
const SHOWN: usize = 20;

/// One as the console shows it.
pub(super) struct DeadRow {
    pub(super) id: String,
    pub(super) smsc: String,
    pub(super) at: String,
    pub(super) number: String,
    pub(super) attempts: u32,
    pub(super) why: &'static str,
}

/// Those that are kept; none where they cannot be read.
pub(super) async fn dead(room: &Room, lang: Lang) -> Vec<DeadRow> {
    let Some(letters) = &room.state.dead else { return Vec::new() };
    letters.dead(SHOWN).await.unwrap_or_default().into_iter().map(|letter| row(letter, lang)).collect()
}

fn row(letter: DeadLetter, lang: Lang) -> DeadRow {
    let DeadLetter { id, smsc, received_at, why, attempts, number, .. } = letter;
    DeadRow {
        id: id.0.as_hyphenated().to_string(),
        smsc,
        at: moment(received_at),
        number,
        attempts,
        why: words(why, lang),
    }
}

fn moment(at: UnixMs) -> String {
    at.civil(&phnom_penh()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn words(why: Why, lang: Lang) -> &'static str {
    let (km, en) = match why {
        Why::EndedTheServer => ("ម៉ាស៊ីនមេបានឈប់ពីរដងពេលកំពុងឆ្លើយសារនេះ", "The server ended twice with it in hand"),
        Why::TooManyTries => ("បានព្យាយាមឆ្លើយច្រើនដងពេក", "It was tried too often"),
        Why::Refused => ("មូលដ្ឋានទិន្នន័យមិនទទួលចម្លើយ", "The database refused its answer"),
    };
    if lang == Lang::Km { km } else { en }
}
