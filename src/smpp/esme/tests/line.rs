//! A connection in virtual time: octets arrive in order, cut into pieces, later; or not at all. And the dice.
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

pub const SECOND: Duration = Duration::from_secs(1);

/// SplitMix64: the same seed throws the same.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// Any time up to `longest`, in ms.
    pub fn up_to(&mut self, longest: Duration) -> Duration {
        Duration::from_millis(self.below(longest.as_millis() as u64 + 1))
    }
}

/// One direction.
#[derive(Default)]
pub struct Line {
    pieces: VecDeque<(Instant, Vec<u8>)>,
}

impl Line {
    /// Takes octets, which arrive in pieces of any length, none before `latency`.
    pub fn carry(&mut self, octets: &[u8], now: Instant, latency: Duration, dice: &mut Dice) {
        let mut rest = octets;
        let mut at = self.pieces.back().map_or(now, |(at, _)| *at).max(now + latency);
        while !rest.is_empty() {
            let length = if dice.percent(70) { rest.len() } else { 1 + dice.below(rest.len() as u64) as usize };
            let (piece, after) = rest.split_at(length);
            self.pieces.push_back((at, piece.to_vec()));
            at += Duration::from_millis(dice.below(20));
            rest = after;
        }
    }

    pub fn due(&self) -> Option<Instant> {
        self.pieces.front().map(|(at, _)| *at)
    }

    pub fn arrives(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.pieces.pop_front_if(|(at, _)| *at <= now).map(|(_, piece)| piece)
    }

    pub fn lose(&mut self) {
        self.pieces.clear();
    }
}
