//! What is not well with the server, its telcos and the portal, in a sentence each. It must not know a kiosk.
use super::{ordered, state::Room, words::Lang};
use crate::ports::status::BindStatus;

/// What is not well with the server, its telcos and the portal.
pub(super) fn troubles(room: &Room, lang: Lang, binds: &[BindStatus]) -> Vec<String> {
    let (board, w) = (&room.state.board, lang.words());
    let is_up = |bind: &&BindStatus| bind.state.is_up();
    let up = binds.iter().filter(is_up).count();
    let holds = [
        (board.draining(), w.draining),
        (!board.store_ok(), w.database_bad),
        (binds.is_empty(), w.no_telcos),
        (!binds.is_empty() && up == 0, w.no_binds_up),
        (up > 0 && up < binds.len(), w.some_binds_down),
        (board.breaker_open(), w.portal_bad),
    ];
    let mut troubles: Vec<String> =
        holds.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text.to_owned()).collect();
    troubles.extend(board.alarms().into_iter().map(|alarm| if lang == Lang::Km { alarm.km } else { alarm.en }));
    let mut cut: Vec<&str> = binds.iter().map(|bind| bind.smsc.as_str()).collect();
    cut.dedup();
    cut.retain(|telco| !binds.iter().filter(is_up).any(|bind| bind.smsc.as_str() == *telco));
    cut.sort_unstable();
    cut.dedup();
    if up > 0 && !cut.is_empty() {
        troubles.push(format!("{} {}", w.telcos_cut, cut.join(", ")));
    }
    troubles.extend(ordered::troubles(board, lang));
    troubles
}
