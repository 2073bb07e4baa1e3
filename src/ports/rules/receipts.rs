//! Whose a receipt is. How two ids are one is `smpp::message_id`'s; here is what a store does with its answer.
use crate::{
    ports::outbox::Receipted,
    smpp::message_id::{Fit, Learned, Pair, Rule, choose},
};

/// One side of what may belong together: an id, and what stands for the number that it is about, where that is known.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a, N> {
    /// message_id, as its side writes it.
    pub message_id: &'a str,
    /// What stands for the number.
    pub number: Option<N>,
}

/// Two that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which of those that were looked at.
    pub which: usize,
    /// How the ids are one.
    pub fit: Fit,
    /// The numbers are one too, so that the family's way of writing ids is proven.
    pub proven: bool,
}

impl Match {
    /// What the receipt is, then.
    pub fn receipted(&self) -> Receipted {
        match self.fit {
            Fit::Exact => Receipted::Exact,
            Fit::Alike => Receipted::Alike,
            Fit::ReceiptDecimal | Fit::ReceiptHex => Receipted::Converted,
        }
    }
}

/// Whose a receipt is, of those that it may be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of that segment.
    Of(Match),
    /// Its id was given twice, and nothing tells which is meant. Those that waited for exactly this id have got theirs
    /// before it is asked whose it is, so all have their last word.
    Repeated,
    /// Of nobody known: it is kept.
    Nobody,
}

fn chosen<N: Eq + Copy>(pairs: &[(Named<'_, N>, Named<'_, N>, Rule)], learned: Learned) -> Option<Match> {
    let same = |one: Option<N>, other: Option<N>| one.zip(other).map(|(one, other)| one == other);
    let pairs: Vec<Pair<'_>> = pairs
        .iter()
        .map(|(resp, receipt, rule)| Pair {
            resp: resp.message_id,
            receipt: receipt.message_id,
            rule: *rule,
            same_number: same(resp.number, receipt.number),
        })
        .collect();
    let (which, fit) = choose(&pairs, learned)?;
    Some(Match { which, fit, proven: pairs[which].same_number == Some(true) })
}

/// Which of these segments a receipt is of.
pub fn whose<N: Eq + Copy>(receipt: Named<'_, N>, rule: Rule, segments: &[Named<'_, N>], learned: Learned) -> Whose {
    let pairs: Vec<_> = segments.iter().map(|segment| (*segment, receipt, rule)).collect();
    match chosen(&pairs, learned) {
        Some(found) => Whose::Of(found),
        None if segments.iter().any(|segment| segment.message_id == receipt.message_id) => Whose::Repeated,
        None => Whose::Nobody,
    }
}

/// Which of these receipts, that came early, is a segment's.
pub fn waited_for<N: Eq + Copy>(
    segment: Named<'_, N>,
    receipts: &[(Named<'_, N>, Rule)],
    learned: Learned,
) -> Option<Match> {
    let pairs: Vec<_> = receipts.iter().map(|(receipt, rule)| (segment, *receipt, *rule)).collect();
    chosen(&pairs, learned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Learned = Learned { receipt_decimal: 0, receipt_hex: 0 };

    fn named(message_id: &str, number: Option<u8>) -> Named<'_, u8> {
        Named { message_id, number }
    }

    #[test]
    fn a_receipt_is_somebodys_or_kept_or_of_no_use() {
        let found = |which, fit, proven| Whose::Of(Match { which, fit, proven });
        for (what, receipt, segments, whose_it_is) in [
            ("its id", named("a1", None), vec![named("a1", Some(1))], found(0, Fit::Exact, false)),
            ("its id and number", named("a1", Some(1)), vec![named("a1", Some(1))], found(0, Fit::Exact, true)),
            ("another spelling", named("A1", None), vec![named("00a1", None)], found(0, Fit::Alike, false)),
            (
                "another radix, and the number agrees",
                named("31", Some(1)),
                vec![named("99", Some(1)), named("1f", Some(1))],
                found(1, Fit::ReceiptDecimal, true),
            ),
            ("another radix, and nothing agrees", named("31", None), vec![named("1f", Some(1))], Whose::Nobody),
            (
                "an id that was given twice",
                named("a1", None),
                vec![named("a1", None), named("a1", None)],
                Whose::Repeated,
            ),
            ("two spellings of it", named("a1", None), vec![named("A1", None), named("0a1", None)], Whose::Nobody),
            ("nobody", named("a1", None), vec![], Whose::Nobody),
        ] {
            assert_eq!(whose(receipt, Rule::Auto, &segments, NOTHING), whose_it_is, "{what}");
        }
    }

    #[test]
    fn a_segment_finds_the_receipt_that_came_before_its_id() {
        let receipts = [(named("77", Some(1)), Rule::Auto), (named("31", Some(1)), Rule::Auto)];
        let found = waited_for(named("1f", Some(1)), &receipts, NOTHING);
        assert_eq!(found, Some(Match { which: 1, fit: Fit::ReceiptDecimal, proven: true }));
        // each is judged by the rule of the telco that it came from
        let exact = [(named("31", Some(1)), Rule::Exact)];
        assert_eq!(waited_for(named("1f", Some(1)), &exact, NOTHING), None);
        assert_eq!(waited_for(named("1f", Some(1)), &[], NOTHING), None);
    }

    #[test]
    fn how_ids_are_one_is_told_in_the_words_of_the_metrics() {
        let of = |fit| Match { which: 0, fit, proven: false }.receipted();
        assert_eq!((of(Fit::Exact), of(Fit::Alike)), (Receipted::Exact, Receipted::Alike));
        assert_eq!((of(Fit::ReceiptHex), of(Fit::ReceiptDecimal)), (Receipted::Converted, Receipted::Converted));
    }
}
