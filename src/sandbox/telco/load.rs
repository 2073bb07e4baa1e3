//! Drives an ESME as a crowd of phones: closed loop (so many questions open) or open loop (so many a second).
//! Keeps only numbers and times; knows no socket, and takes `now` as an argument.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

use serde::Serialize;

use super::alphabet::{self, Alphabet, Encoded};

/// An answer later than this, or later than this after the end, counts as lost.
pub const GRACE: Duration = Duration::from_secs(30);
/// After this long without anything moving, a load that cannot end is ended.
const STALLED: Duration = Duration::from_secs(60);
/// After the last answer, wait this long for a second one that should not come.
const SETTLE: Duration = Duration::from_millis(300);

/// How fast to ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Closed loop: this many MOs open, each until its answer has come.
    Window(u32),
    /// Open loop: this many MOs a second.
    Rate(f64),
}

/// What to drive with.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How many MOs in all.
    pub count: u64,
    /// How fast.
    pub pace: Pace,
    /// What each says: one text, or scripts parted by `;` whose steps are parted by ` > `. Numbers take the
    /// scripts in turn, and a number its script's steps, over and over.
    pub text: String,
    /// The short code they go to.
    pub to: String,
    /// Whether the script is dialled and answered by USSD: its first step is a service code.
    pub ussd: bool,
    /// Distinct senders; `None` takes the larger of 10,000 and twice the window. At most 10 million.
    pub numbers: Option<u32>,
}

impl Plan {
    fn numbers(&self) -> u32 {
        let window = match self.pace {
            Pace::Window(w) => w,
            Pace::Rate(r) => r.clamp(0.0, 1e6) as u32,
        };
        let wanted = self.numbers.unwrap_or(window.saturating_mul(2).max(10_000));
        wanted.clamp(1, 10_000_000)
    }
}

/// Counts durations in buckets 1.6 % apart, from 1 µs up: small, and exact enough for a percentile.
#[derive(Debug)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; 64 * 40], count: 0, max: 0 }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn add(&mut self, d: Duration) {
        let us = u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
        let at = Self::bucket(us).min(self.buckets.len() - 1);
        self.buckets[at] += 1;
        self.count += 1;
        self.max = self.max.max(us);
    }

    fn bucket(us: u64) -> usize {
        if us < 64 {
            return us as usize;
        }
        let octave = 63 - us.leading_zeros() as usize; // at least 6
        let within = (us >> (octave - 6)) as usize & 63;
        (octave - 5) * 64 + within
    }

    fn lower_bound(bucket: usize) -> u64 {
        if bucket < 64 {
            return bucket as u64;
        }
        let octave = bucket / 64 + 5;
        (64 + bucket as u64 % 64) << (octave - 6)
    }

    /// The value below or at which this share (0 to 1) of all lies, in milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let rank = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (at, n) in self.buckets.iter().enumerate() {
            seen += n;
            if seen >= rank {
                // the bucket's far edge: never flattering
                return Self::lower_bound(at + 1).min(self.max) as f64 / 1_000.0;
            }
        }
        0.0
    }

    fn summary(&self) -> Latency {
        Latency {
            p50: self.quantile_ms(0.5),
            p90: self.quantile_ms(0.9),
            p99: self.quantile_ms(0.99),
            p999: self.quantile_ms(0.999),
            max: self.max as f64 / 1_000.0,
        }
    }
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    /// The slowest of all.
    pub max: f64,
}

/// What `chrak smsc --load --report json` prints.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// MOs asked for on the command line.
    pub count: u64,
    /// `window` or `rate` and its value.
    pub pace: BTreeMap<&'static str, f64>,
    /// Distinct senders available.
    pub numbers: u32,
    /// MOs written at least once.
    pub sent: u64,
    /// MOs acknowledged with ESME_ROK.
    pub acked: u64,
    /// MOs answered by a whole MT.
    pub answered: u64,
    /// From the first MO written to the last answer, in seconds.
    pub seconds: f64,
    /// `answered` by `seconds`.
    pub answers_per_s: f64,
    /// From an MO written to the last segment of its answer received.
    pub latency_ms: Latency,
    /// From an MO written to its deliver_sm_resp.
    pub ack_ms: Latency,
    /// Acknowledged and not answered.
    pub losses: u64,
    /// Written and never acknowledged with ESME_ROK.
    pub unacked: u64,
    /// MTs to a number that was not (or no longer) waiting for one.
    pub duplicates: u64,
    /// MTs to numbers that are none of the load's.
    pub strays: u64,
    /// deliver_sm written again after a lost session, a silence or a refusal.
    pub redelivered: u64,
    /// Error responses to MOs by status.
    pub errors: BTreeMap<String, u64>,
    /// Rules of SMPP or GSM the ESME broke.
    pub violations: Vec<String>,
    /// Ended because nothing moved any more, or by a signal, before all was sent and settled.
    pub cut_short: bool,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (l, a) = (&self.latency_ms, &self.ack_ms);
        writeln!(
            f,
            "{} sent, {} acknowledged, {} answered in {:.1} s: {:.0} answers/s",
            self.sent, self.acked, self.answered, self.seconds, self.answers_per_s
        )?;
        writeln!(
            f,
            "answer ms  p50 {:.1}  p90 {:.1}  p99 {:.1}  p99.9 {:.1}  max {:.1}",
            l.p50, l.p90, l.p99, l.p999, l.max
        )?;
        writeln!(f, "ack ms     p50 {:.1}  p99 {:.1}  max {:.1}", a.p50, a.p99, a.max)?;
        write!(
            f,
            "{} lost, {} duplicates, {} strays, {} redelivered, errors {:?}",
            self.losses, self.duplicates, self.strays, self.redelivered, self.errors
        )
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct SenderState {
    written: Option<Instant>,
    acked: bool,
    answered: bool,
    /// Issued and not yet free for another question.
    busy: bool,
    /// No longer counted as open.
    released: bool,
}

/// The state of a running load.
#[derive(Debug)]
pub struct Load {
    plan: Plan,
    /// Every script's steps, encoded once.
    scripts: Vec<Vec<Encoded>>,
    /// And as they are written.
    words: Vec<Vec<String>>,
    /// How many texts each number has sent.
    told: Vec<u32>,
    senders: Vec<SenderState>,
    free: VecDeque<u32>,
    started: Option<Instant>,
    issued: u64,
    open: u64,
    sent: u64,
    acked: u64,
    answered: u64,
    duplicates: u64,
    strays: u64,
    first_written: Option<Instant>,
    last_answer: Option<Instant>,
    moved: Instant,
    latency: Histogram,
    ack: Histogram,
}

impl Load {
    /// A load not yet started.
    ///
    /// A text too long for 255 segments is sent empty: the command line has refused it before.
    pub fn new(plan: Plan, now: Instant) -> Self {
        let numbers = plan.numbers();
        let empty = || Encoded { alphabet: Alphabet::Gsm7, data_coding: 0, segments: vec![Vec::new()], units: 0 };
        let step = |text: &str| alphabet::encode(text.trim(), 1).unwrap_or_else(empty);
        let script = |text: &str| text.split(" > ").map(step).collect();
        Self {
            scripts: plan.text.split(';').map(script).collect(),
            words: plan
                .text
                .split(';')
                .map(|one| one.split(" > ").map(|step| step.trim().to_owned()).collect())
                .collect(),
            told: vec![0; numbers as usize],
            senders: vec![SenderState::default(); numbers as usize],
            free: (0..numbers).collect(),
            plan,
            started: None,
            issued: 0,
            open: 0,
            sent: 0,
            acked: 0,
            answered: 0,
            duplicates: 0,
            strays: 0,
            first_written: None,
            last_answer: None,
            moved: now,
            latency: Histogram::default(),
            ack: Histogram::default(),
        }
    }

    /// Somebody is bound: begin.
    pub fn start(&mut self, now: Instant) {
        self.started.get_or_insert(now);
        self.moved = now;
    }

    /// The plan it follows.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What a sender says now, encoded.
    pub fn encoded(&self, sender: u32) -> &Encoded {
        let script = &self.scripts[sender as usize % self.scripts.len()];
        // the text was counted when it was issued
        let step = self.told[sender as usize].saturating_sub(1) as usize;
        &script[step % script.len()]
    }

    /// The first step of a sender's script, and the one it is at.
    pub fn step(&self, sender: u32) -> (&str, &str) {
        let script = &self.words[sender as usize % self.words.len()];
        let step = self.told[sender as usize].saturating_sub(1) as usize;
        (&script[0], &script[step % script.len()])
    }

    /// The next sender to ask now, if pace, count and free numbers allow.
    pub fn next(&mut self, now: Instant) -> Option<u32> {
        let started = self.started?;
        let due = match self.plan.pace {
            Pace::Window(w) => self.open < u64::from(w),
            Pace::Rate(r) => (self.issued as f64) < (now - started).as_secs_f64() * r,
        };
        if !due || self.issued >= self.plan.count {
            return None;
        }
        let sender = self.free.pop_front()?;
        self.senders[sender as usize] = SenderState { busy: true, ..SenderState::default() };
        self.told[sender as usize] += 1;
        self.issued += 1;
        self.open += 1;
        Some(sender)
    }

    /// The number of a sender.
    pub fn msisdn(sender: u32) -> String {
        format!("85510{sender:07}")
    }

    fn sender(&self, number: &str) -> Option<u32> {
        let digits = number.strip_prefix("85510").filter(|d| d.len() == 7)?;
        let sender: u32 = digits.parse().ok()?;
        ((sender as usize) < self.senders.len()).then_some(sender)
    }

    /// The MO's first segment was written for the first time.
    pub fn written(&mut self, sender: u32, now: Instant) {
        let state = &mut self.senders[sender as usize];
        if state.written.is_none() {
            state.written = Some(now);
            self.sent += 1;
            self.first_written.get_or_insert(now);
            self.moved = now;
        }
    }

    /// Every segment of the MO was answered with ESME_ROK.
    pub fn acked(&mut self, sender: u32, now: Instant) {
        let state = &mut self.senders[sender as usize];
        if state.busy && !state.acked {
            state.acked = true;
            self.acked += 1;
            self.moved = now;
            if let Some(written) = state.written {
                self.ack.add(now - written);
            }
            self.settle(sender);
        }
    }

    /// A whole MT arrived for this number.
    pub fn answered(&mut self, number: &str, now: Instant) {
        let Some(sender) = self.sender(number) else {
            self.strays += 1;
            return;
        };
        let state = &mut self.senders[sender as usize];
        let Some(written) = state.written.filter(|_| state.busy && !state.answered) else {
            self.duplicates += 1;
            return;
        };
        state.answered = true;
        if !state.released {
            state.released = true;
            self.open -= 1;
        }
        self.answered += 1;
        self.latency.add(now - written);
        self.last_answer = Some(now);
        self.moved = now;
        self.settle(sender);
    }

    /// A number that has its answer and whose MO is done with may ask again.
    fn settle(&mut self, sender: u32) {
        let state = &mut self.senders[sender as usize];
        if state.acked && state.answered {
            state.busy = false;
            self.free.push_back(sender);
        }
    }

    /// Gives up the places of MOs that have waited too long; the numbers stay taken. Call about once a second.
    pub fn expire(&mut self, now: Instant) {
        for state in &mut self.senders {
            let late = state.written.is_some_and(|w| now - w >= GRACE);
            if state.busy && late && !state.released {
                state.released = true;
                self.open -= 1;
            }
        }
    }

    /// Whether all is sent and answered (or given up), or nothing moves any more.
    pub fn done(&self, now: Instant) -> bool {
        if self.started.is_none() {
            return false;
        }
        let quiet = now - self.moved;
        quiet >= STALLED || (self.issued >= self.plan.count && self.open == 0 && quiet >= SETTLE)
    }

    /// What came of it.
    pub fn report(&self) -> Report {
        let seconds = match (self.first_written, self.last_answer) {
            (Some(first), Some(last)) => (last - first).as_secs_f64(),
            _ => 0.0,
        };
        let lost = |s: &&SenderState| s.busy && s.acked && !s.answered;
        let pace = match self.plan.pace {
            Pace::Window(w) => ("window", f64::from(w)),
            Pace::Rate(r) => ("rate", r),
        };
        Report {
            count: self.plan.count,
            pace: BTreeMap::from([pace]),
            numbers: self.senders.len() as u32,
            sent: self.sent,
            acked: self.acked,
            answered: self.answered,
            seconds,
            answers_per_s: if seconds > 0.0 { self.answered as f64 / seconds } else { 0.0 },
            latency_ms: self.latency.summary(),
            ack_ms: self.ack.summary(),
            losses: self.senders.iter().filter(lost).count() as u64,
            unacked: self.sent - self.acked,
            duplicates: self.duplicates,
            strays: self.strays,
            redelivered: 0,
            errors: BTreeMap::new(),
            violations: Vec::new(),
            cut_short: self.issued < self.plan.count || self.open > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_scripts_in_turn_and_go_through_their_steps() {
        let now = Instant::now();
        let text = "status; book > 1 > 1".to_owned();
        let plan = Plan { count: 10, pace: Pace::Rate(1e6), text, to: "1212".into(), ussd: false, numbers: Some(2) };
        let mut load = Load::new(plan, now);
        load.start(now);
        let later = now + Duration::from_secs(1);
        let mut said = Vec::new();
        for _ in 0..6 {
            let sender = load.next(later).expect("due");
            said.push((sender, load.encoded(sender).units));
            load.written(sender, later);
            load.acked(sender, later);
            load.answered(&Load::msisdn(sender), later);
        }
        assert_eq!(said, [(0, 6), (1, 4), (0, 6), (1, 1), (0, 6), (1, 1)]);
    }

    fn load(pace: Pace, count: u64, numbers: u32) -> (Load, Instant) {
        let now = Instant::now();
        let plan = Plan { count, pace, text: "x".into(), to: "1212".into(), ussd: false, numbers: Some(numbers) };
        let mut load = Load::new(plan, now);
        load.start(now);
        (load, now)
    }

    #[test]
    fn a_closed_loop_keeps_its_window_until_answers_come() {
        let (mut l, t) = load(Pace::Window(2), 3, 10);
        assert_eq!((l.next(t), l.next(t), l.next(t)), (Some(0), Some(1), None));
        l.written(0, t);
        l.acked(0, t);
        assert_eq!(l.next(t), None, "an ack is no answer");
        l.answered("855100000000", t + Duration::from_millis(5));
        assert_eq!(l.next(t), Some(2));
        l.answered("855100000000", t);
        l.answered("1234", t);
        let r = l.report();
        assert_eq!((r.answered, r.duplicates, r.strays), (1, 1, 1));
        assert!(r.latency_ms.p50 >= 4.9 && r.latency_ms.p50 <= 5.2, "{r:?}");
    }

    #[test]
    fn a_loss_is_acked_and_unanswered_and_its_number_stays_taken() {
        let (mut l, t) = load(Pace::Window(1), 2, 1);
        assert_eq!(l.next(t), Some(0));
        l.written(0, t);
        l.acked(0, t);
        let late = t + GRACE;
        l.expire(late);
        assert_eq!(l.next(late), None, "the only number still waits");
        assert_eq!(l.report().losses, 1);
        assert!(l.done(t + STALLED) && l.report().cut_short);
    }

    #[test]
    fn an_open_loop_follows_the_clock() {
        let (mut l, t) = load(Pace::Rate(100.0), 1_000, 1_000);
        let at = t + Duration::from_millis(105);
        let n = std::iter::from_fn(|| l.next(at)).count();
        assert_eq!(n, 11);
    }

    #[test]
    fn buckets_meet_without_gaps() {
        for us in [0, 1, 63, 64, 127, 128, 1_000, 123_456, 30_000_000] {
            let b = Histogram::bucket(us);
            assert!(Histogram::lower_bound(b) <= us && us < Histogram::lower_bound(b + 1), "{us}");
        }
    }
}
