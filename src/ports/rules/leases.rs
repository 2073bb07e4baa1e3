//! How the binds of a telco are shared among the nodes that want them. Every node computes the same from the same rows, so that
//! none need ask another.
use std::collections::{BTreeMap, BTreeSet};

/// What one node does about the binds of one telco.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Numbers of binds that nobody holds and this node is to take, in this order.
    pub take: Vec<u32>,
    /// Numbers of its binds that it is to give up, as others have too few.
    pub give: Vec<u32>,
}

/// The moves of node `me`. `binds`: how many there are; `held`: who holds which, as the leases say; `leaving`: those of `me`
/// that are being given up already; `seats`: the nodes that want some.
pub fn moves(
    me: &str,
    binds: u32,
    held: &BTreeMap<u32, String>,
    leaving: &BTreeSet<u32>,
    seats: &BTreeSet<String>,
) -> Moves {
    let Some((share, place)) = share(me, binds, held, seats) else { return Moves::default() };
    let mine: Vec<u32> = held.iter().filter(|(_, node)| *node == me).map(|(number, _)| *number).collect();
    let staying: Vec<u32> = mine.iter().copied().filter(|number| !leaving.contains(number)).collect();
    let surplus = staying.len().saturating_sub(share);
    let give = staying.iter().rev().take(surplus).copied().collect();
    let mut free: Vec<u32> = (1..=binds).filter(|number| !held.contains_key(number)).collect();
    if !free.is_empty() {
        // whoever begins at the same moment begins elsewhere
        let first = place * share % free.len();
        free.rotate_left(first);
    }
    free.truncate(share.saturating_sub(mine.len()));
    Moves { take: free, give }
}

/// How many binds are a node's, and its place among the nodes; `None`: it wants none. Where they cannot be shared evenly those who hold the
/// most now have one more, so that nothing moves without need.
fn share(me: &str, binds: u32, held: &BTreeMap<u32, String>, seats: &BTreeSet<String>) -> Option<(usize, usize)> {
    let holds = |node: &str| held.iter().filter(|(number, of)| **number <= binds && *of == node).count();
    let mut order: Vec<&String> = seats.iter().collect();
    order.sort_by_key(|node| (std::cmp::Reverse(holds(node)), (*node).clone()));
    let place = order.iter().position(|node| *node == me)?;
    let (binds, nodes) = (binds as usize, order.len());
    Some((binds / nodes + usize::from(place < binds % nodes), place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn held(of: &[(u32, &str)]) -> BTreeMap<u32, String> {
        of.iter().map(|(number, node)| (*number, (*node).to_owned())).collect()
    }

    fn seats(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(|node| (*node).to_owned()).collect()
    }

    fn told(take: &[u32], give: &[u32]) -> Moves {
        Moves { take: take.to_vec(), give: give.to_vec() }
    }

    #[test]
    fn a_node_that_is_alone_takes_all_and_one_that_joins_gets_its_share() {
        let none = BTreeSet::new();
        assert_eq!(moves("a", 4, &held(&[]), &none, &seats(&["a"])), told(&[1, 2, 3, 4], &[]));
        let all = held(&[(1, "a"), (2, "a"), (3, "a"), (4, "a")]);
        let both = seats(&["a", "b"]);
        assert_eq!(moves("a", 4, &all, &none, &both), told(&[], &[4, 3]));
        assert_eq!(moves("a", 4, &all, &BTreeSet::from([3, 4]), &both), told(&[], &[]), "they are leaving already");
        assert_eq!(moves("b", 4, &all, &none, &both), told(&[], &[]), "nothing is free yet");
        let half = held(&[(1, "a"), (2, "a")]);
        assert_eq!(moves("b", 4, &half, &none, &both), told(&[3, 4], &[]));
        assert_eq!(moves("c", 4, &half, &none, &both), told(&[], &[]), "it wants none");
    }

    #[test]
    fn one_bind_stays_where_it_is_and_moves_when_its_node_is_gone() {
        let none = BTreeSet::new();
        let (one, both) = (held(&[(1, "b")]), seats(&["a", "b"]));
        for node in ["a", "b"] {
            assert_eq!(moves(node, 1, &one, &none, &both), told(&[], &[]), "{node}");
        }
        assert_eq!(moves("a", 1, &held(&[]), &none, &seats(&["a"])), told(&[1], &[]));
    }

    #[test]
    fn where_it_does_not_come_out_even_only_what_must_moves() {
        let none = BTreeSet::new();
        let two = held(&[(1, "a"), (2, "a"), (3, "b"), (4, "b")]);
        let three = seats(&["a", "b", "c"]);
        let gives: usize = ["a", "b"].iter().map(|node| moves(node, 4, &two, &none, &three).give.len()).sum();
        assert_eq!(gives, 1);
    }

    proptest! {
        /// Whoever moves when, after enough rounds every bind is held, by who wants it, and evenly.
        #[test]
        fn rounds_end_with_even_shares(
            binds in 0u32..12,
            nodes in 1usize..5,
            first in prop::collection::vec(0usize..6, 12),
            turns in prop::collection::vec(0usize..5, 60),
        ) {
            let names: Vec<String> = (0..6).map(|nth| format!("node-{nth}")).collect();
            let seats: BTreeSet<String> = names[..nodes].iter().cloned().collect();
            // nodes beyond the seats have gone
            let mut held: BTreeMap<u32, String> = (1..=binds)
                .map(|number| (number, names[first[number as usize % 12]].clone()))
                .filter(|(_, node)| seats.contains(node))
                .collect();
            for turn in turns.into_iter().chain((0..12).flat_map(|_| 0..5)) {
                let Some(me) = names[..nodes].get(turn) else { continue };
                let moves = moves(me, binds, &held, &BTreeSet::new(), &seats);
                for number in moves.give {
                    held.remove(&number);
                }
                for number in moves.take {
                    prop_assert!(held.insert(number, me.clone()).is_none());
                }
            }
            prop_assert_eq!(held.len(), binds as usize);
            let counts: Vec<usize> =
                seats.iter().map(|node| held.values().filter(|of| *of == node).count()).collect();
            let (most, least) = (counts.iter().max().copied(), counts.iter().min().copied());
            prop_assert!(most.unwrap_or(0) - least.unwrap_or(0) <= 1, "{counts:?}");
        }
    }
}
