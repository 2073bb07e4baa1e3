//! Sign-ins that wait for the telephone's page, in memory. It must not know HTTP.
use crate::{ports::random, types::lock};
use std::{collections::HashMap, sync::Mutex, time::Duration};
use tokio::time::Instant;

/// How long a sign-in can be answered.
pub const OPEN_FOR: Duration = Duration::from_secs(180);
/// How long a token is told again after it was told first.
pub const TOLD_FOR: Duration = Duration::from_secs(60);
/// Sign-ins that are kept at a time; more makes the oldest end.
const OPEN_MAX: usize = 1_000;

/// The sign-ins that there are.
#[derive(Default)]
pub struct SignIns {
    /// By their ids.
    pub all: Mutex<HashMap<String, SignIn>>,
}

/// One that was begun.
pub struct SignIn {
    /// What the kiosk shows.
    pub check: String,
    /// The other digits that the page offers.
    pub others: [String; 2],
    /// Whose kiosk asks.
    pub office: Option<String>,
    /// When.
    pub begun: Instant,
    /// How it stands.
    pub state: Stands,
}

/// How one stands.
#[derive(Clone)]
pub enum Stands {
    /// Nobody has said anything yet.
    Pending,
    /// Somebody has signed in.
    Done {
        /// Stands for them.
        token: String,
        /// When it ends.
        ends: String,
        /// When it was told first.
        told: Option<Instant>,
    },
    /// Somebody has said no.
    Denied,
}

impl SignIns {
    /// The one that was begun last and waits for an answer.
    pub fn last(&self) -> Option<String> {
        let all = lock(&self.all);
        let waits = all.iter().filter(|(_, one)| one.waits());
        waits.max_by_key(|(_, one)| one.begun).map(|(id, _)| id.clone())
    }

    /// Begins one for a kiosk of this office: its id, and the digits that the kiosk shows.
    pub fn begin(&self, office: Option<String>) -> (String, String) {
        let id = random::unordered_id().simple().to_string();
        let [first, second, third] = three_pairs();
        let mut all = lock(&self.all);
        let now = Instant::now();
        all.retain(|_, one| now < one.begun + OPEN_FOR + TOLD_FOR);
        if all.len() >= OPEN_MAX
            && let Some(oldest) = all.iter().min_by_key(|(_, one)| one.begun).map(|(id, _)| id.clone())
        {
            all.remove(&oldest);
        }
        let check = first.clone();
        all.insert(
            id.clone(),
            SignIn { check: first, others: [second, third], office, begun: now, state: Stands::Pending },
        );
        (id, check)
    }
}

impl SignIn {
    /// Whether it can be answered.
    pub fn waits(&self) -> bool {
        matches!(self.state, Stands::Pending) && self.begun.elapsed() < OPEN_FOR
    }
}

/// Three different pairs of digits.
fn three_pairs() -> [String; 3] {
    let first = u32::from_le_bytes(random::octets()) % 100;
    let [step, more] = random::octets::<2>().map(u32::from);
    let (second, third) = (first + 1 + step % 49, first + 50 + more % 50);
    [first, second, third].map(|pair| format!("{:02}", pair % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_offers_three_different_pairs() {
        for _ in 0..2_000 {
            let [a, b, c] = three_pairs();
            assert!(a != b && b != c && a != c, "{a} {b} {c}");
            assert!([a, b, c].iter().all(|pair| pair.len() == 2));
        }
    }
}
