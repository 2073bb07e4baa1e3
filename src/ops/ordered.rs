//! What operators have ordered of telcos and of the configuration, and what came of it, as the console shows it. It must not know how an
//! order comes.
use super::words::Lang;
use crate::{
    ports::{
        orders::Order,
        reload::{Changes, Reloaded},
        status::Board,
    },
    types::{names::SmscName, time::phnom_penh},
};

/// A telco, and what is ordered of it.
struct Ordered {
    smsc: String,
    paused: bool,
    drained: bool,
}

/// All telcos, by name.
fn telcos(board: &Board) -> Vec<Ordered> {
    let row = |(smsc, order): (SmscName, Order)| Ordered {
        smsc: smsc.as_str().to_owned(),
        paused: order.paused,
        drained: order.drained,
    };
    board.orders.all().into_iter().map(row).collect()
}

/// What nobody should forget of it.
pub(super) fn troubles(board: &Board, lang: Lang) -> Vec<String> {
    kept_away(board, lang).into_iter().chain(refused(board, lang)).collect()
}

/// The telcos that somebody has paused or drained.
fn kept_away(board: &Board, lang: Lang) -> Vec<String> {
    let (all, w) = (telcos(board), lang.words());
    let told = |text: &str, which: &dyn Fn(&Ordered) -> bool| {
        let names: Vec<&str> = all.iter().filter(|telco| which(telco)).map(|telco| telco.smsc.as_str()).collect();
        (!names.is_empty()).then(|| format!("{text} {}", names.join(", ")))
    };
    let drained = told(w.telcos_drained, &|telco| telco.drained);
    told(w.telcos_paused, &|telco| telco.paused).into_iter().chain(drained).collect()
}

/// The button, and what came of the last time.
pub(super) struct Reload {
    pub button: &'static str,
    pub last: Option<String>,
}

/// What the console shows; `None` where there is nothing to read.
pub(super) fn reload(board: &Board, lang: Lang) -> Option<Reload> {
    let button = lang.pick("អានការកំណត់រចនាសម្ព័ន្ធម្តងទៀត", "Read configuration again");
    let last = board.reloads.last().borrow().as_ref().map(|last| line(last, lang));
    board.reloads.can_be().then_some(Reload { button, last })
}

/// A configuration that is of no use is not forgotten: the next start would end with it.
fn refused(board: &Board, lang: Lang) -> Option<String> {
    board.reloads.last().borrow().as_ref().filter(|last| last.outcome.is_err()).map(|last| line(last, lang))
}

fn line(last: &Reloaded, lang: Lang) -> String {
    let at = last.at.civil(&phnom_penh());
    let at = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    match &last.outcome {
        Ok(changes) => {
            let read = lang.pick("បានអានការកំណត់រចនាសម្ព័ន្ធនៅម៉ោង", "Configuration read at");
            format!("{read} {at}{} {}", lang.pick("៖", ":"), changed(changes, lang))
        }
        Err(why) => {
            let read = lang.pick(
                "ការកំណត់រចនាសម្ព័ន្ធថ្មីប្រើមិនបាន គ្មានអ្វីផ្លាស់ប្តូរទេ ម៉ោង",
                "The new configuration cannot be used, nothing was changed, at",
            );
            format!("{read} {at}{} {why}", lang.pick("៖", ":"))
        }
    }
}

fn changed(changes: &Changes, lang: Lang) -> String {
    let all = [
        (lang.pick("បណ្តាញថ្មី៖", "new telcos:"), &changes.added),
        (lang.pick("បណ្តាញដែលបានកែ៖", "changed telcos:"), &changes.changed),
        (lang.pick("បណ្តាញដែលបានដកចេញ៖", "removed telcos:"), &changes.removed),
        (lang.pick("ត្រូវចាប់ផ្តើមម៉ាស៊ីនបម្រើឡើងវិញសម្រាប់៖", "the server must be restarted for:"), &changes.restart),
    ];
    let some = all.into_iter().filter(|(_, names)| !names.is_empty());
    let told: Vec<String> = some.map(|(what, names)| format!("{what} {}", names.join(", "))).collect();
    if told.is_empty() {
        lang.pick("គ្មានអ្វីផ្លាស់ប្តូរ", "nothing is other than before").to_owned()
    } else {
        told.join("; ")
    }
}
