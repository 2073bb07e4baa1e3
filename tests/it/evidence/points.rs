//! Which calls are met, and in which order: the N of each walk over the whole run of the program. It must not know what
//! happens there.
use super::strace::Injection;
use std::collections::BTreeMap;

/// A call and what may befall it.
pub type Kind = (&'static str, &'static str);

/// How far each call's N reaches: in a start on nothing, and on a database that is there.
pub struct Reach {
    pub fresh: BTreeMap<String, u64>,
    pub again: BTreeMap<String, u64>,
}

/// A number from the environment.
pub fn number(name: &str, other: u64) -> u64 {
    std::env::var(name).ok().map_or(other, |text| text.parse().unwrap_or_else(|_| panic!("{name}: a number")))
}

/// A seed to repeat a run by.
pub fn seed() -> u64 {
    number("CHRAK_SEED", u64::from(std::process::id()))
}

/// A small generator (SplitMix64), so that a run can be repeated.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// So many points in chains of `length`, the first of each for a start on nothing. Every kind gets its share, and its N go
/// evenly over what can be reached: all of them where there are points enough.
pub fn chains(count: u64, length: usize, kinds: &[Kind], reach: &Reach, dice: &mut Dice) -> Vec<Vec<Injection>> {
    let firsts = count.div_ceil(length as u64);
    let mut later = spread(count - firsts, kinds, &reach.again, dice).into_iter();
    let chain = |first| std::iter::once(first).chain(later.by_ref().take(length - 1)).collect();
    spread(firsts, kinds, &reach.fresh, dice).into_iter().map(chain).collect()
}

/// Points over the kinds that can be reached, in any order.
fn spread(count: u64, kinds: &[Kind], reach: &BTreeMap<String, u64>, dice: &mut Dice) -> Vec<Injection> {
    let kinds: Vec<(Kind, u64)> = kinds.iter().filter_map(|kind| Some((*kind, *reach.get(kind.0)?))).collect();
    let (many, offset) = (kinds.len() as u64, dice.below(1 << 20));
    let point = |turn: u64| {
        let ((call, effect), most) = kinds[(turn % many) as usize];
        let step = (most * many / count).max(1);
        Injection { call, effect, nth: 1 + (offset + turn / many * step) % most, on: false }
    };
    let mut points: Vec<Injection> = (0..count).map(point).collect();
    for at in (1..points.len()).rev() {
        points.swap(at, dice.below(at as u64 + 1) as usize);
    }
    points
}

#[test]
fn where_there_are_points_enough_every_n_is_met_and_else_they_are_spread() {
    let reach = |most: u64| BTreeMap::from([("read".to_owned(), most), ("close".to_owned(), 3)]);
    let kinds = [("read", "signal=KILL"), ("close", "signal=KILL")];
    let met = |count: u64, most: u64| {
        let reach = Reach { fresh: reach(most), again: reach(most) };
        let chains = chains(count, 10, &kinds, &reach, &mut Dice(7));
        assert_eq!(chains.iter().map(Vec::len).sum::<usize>() as u64, count);
        let reads = chains.into_iter().flatten().filter(|point| point.call == "read");
        reads.map(|point| point.nth).collect::<std::collections::BTreeSet<u64>>()
    };
    assert_eq!(met(240, 100), (1..=100).collect(), "all of them");
    let spread = met(20, 100);
    assert!((8..=10).contains(&spread.len()), "{spread:?}");
    assert!(spread.iter().all(|nth| (1..=100).contains(nth)));
    let last = spread.last().expect("some");
    assert!(last - spread.first().expect("some") > 50, "{spread:?}");
}
