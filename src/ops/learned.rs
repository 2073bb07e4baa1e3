//! What was found out about telcos, in words.
use super::words::Lang;
use crate::{
    smpp::message_id::{Fit, Learned},
    types::names::Family,
};

/// How receipts write ids, where that is another way than that of submit_sm_resp: a family's finding in a sentence.
pub(super) fn findings(lang: Lang, learned: Vec<(Family, Learned)>) -> Vec<(Family, String)> {
    let w = lang.words();
    let of = |(family, learned): (Family, Learned)| {
        let ways = [(Fit::ReceiptDecimal, w.receipts_decimal), (Fit::ReceiptHex, w.receipts_hex)];
        let seen = ways.into_iter().filter(move |(fit, _)| learned.count(*fit) > 0);
        seen.map(move |(fit, text)| (family.clone(), format!("{text} ({})", learned.count(fit))))
    };
    learned.into_iter().flat_map(of).collect()
}
