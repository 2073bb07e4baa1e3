//! The acceptance script that an engineer would run by hand with a telco, step by step, each with its verdict, what was
//! found, how long it took and its PDUs. It must not know who reads it.
use super::{
    hand::{Hand, Happened},
    steps::{self, Found, Message, StepFault},
    telco::Telco,
};
use crate::{
    ports::clock::Clock,
    smpp::{
        concat::Cut,
        dialect::Signal,
        esme::{Effect, Outcome, ScreenFate},
        mask::{Cover, mask},
        status::name,
        text,
        trace::Seen,
    },
    types::{Msisdn, UnixMs},
};
use bytes::Bytes;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::Instant;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// Not so.
    Failed,
    /// Nothing went wrong, and what was to be seen did not happen.
    NotSeen,
    /// It was not tried.
    Skipped,
}

/// One step of the script.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was tried.
    pub name: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found, a line each.
    pub lines: Vec<String>,
    /// When it began.
    pub begun: UnixMs,
    /// How long it took.
    pub took: Duration,
    /// What went over the binds meanwhile, numbers and texts covered.
    pub pdus: Vec<Seen>,
}

/// What the script is to do.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// The telephone of the test.
    pub to: Msisdn,
    /// How parts are told to belong together at this telco.
    pub cut: Cut,
    /// Somebody sits at that telephone.
    pub attended: bool,
}

/// What somebody is told while the script runs.
pub enum Told<'a> {
    /// What to do now.
    Do(String),
    /// A step is over.
    Over(&'a Step),
}

/// Words with characters of the extension table and of the first rows of GSM 7-bit, which show a wrong alphabet at once.
const LATIN: &str = "Chrak test 1: @ $ [] {} ~ ABC abc 0123";
/// Words that need UCS-2.
const KHMER: &str = "ច្រក សារសាកល្បងទី ២";
/// Words that need two parts.
const TWO_PARTS: &str = "ច្រក សារសាកល្បងទី ៣៖ សារនេះវែងជាងមួយផ្នែក ហើយត្រូវបង្ហាញជាសារតែមួយនៅលើទូរស័ព្ទ។ លេខ ០១២៣៤៥៦៧៨៩។ ចប់";
/// Texts sent at once to see what the telco makes of it.
const BURST: u16 = 10;
/// Wait for what a person is to do.
const PERSON_WAIT: Duration = Duration::from_secs(180);
/// What the person is to text.
const TYPED: &str = "CHRAK 123";
/// And as one long text.
const TYPED_LONG: &str = "CHRAK 1 abcdefghijklmnopqrstuvwxyz CHRAK 2 abcdefghijklmnopqrstuvwxyz CHRAK 3 abcdefghijklmnopqrstuvwxyz \
    CHRAK 4 abcdefghijklmnopqrstuvwxyz CHRAK 5 abcdefghijklmnopqrstuvwxyz END";

/// Runs the script and returns its steps; `tell` hears of each as it ends.
pub async fn certify(
    telco: &Telco,
    script: Script,
    clock: Arc<dyn Clock>,
    tell: &mut (dyn FnMut(Told<'_>) + Send),
) -> Vec<Step> {
    let mut run = Run { telco, script, clock, steps: Vec::new(), tell, reference: 0 };
    if let Some(mut hand) = run.bind("bind").await {
        run.texts(&mut hand).await;
        run.person(&mut hand).await;
        run.asked_by_telco(&hand);
        let (mark, begun) = run.begin(&hand);
        let found = steps::unbind(&mut hand).await;
        run.end("unbind", &hand, mark, begun, found);
        hand.end().await;
        if let Some(mut again) = run.bind("bind again at once").await {
            let (mark, begun) = run.begin(&again);
            let found = steps::unbind(&mut again).await;
            run.end("unbind again", &again, mark, begun, found);
            again.end().await;
        }
    }
    run.steps
}

struct Run<'a> {
    telco: &'a Telco,
    script: Script,
    clock: Arc<dyn Clock>,
    steps: Vec<Step>,
    tell: &'a mut (dyn FnMut(Told<'_>) + Send),
    reference: u16,
}

/// Where the log of a hand ended when a step began, and when that was.
type Begun = (UnixMs, Instant);

impl Run<'_> {
    fn begin(&self, hand: &Hand) -> (usize, Begun) {
        (hand.mark(), (self.clock.now(), Instant::now()))
    }

    fn add(&mut self, step: Step) {
        self.steps.push(step);
        if let Some(step) = self.steps.last() {
            (self.tell)(Told::Over(step));
        }
    }

    fn end(&mut self, name: &'static str, hand: &Hand, mark: usize, begun: Begun, found: Found) {
        self.end_as(name, hand, mark, begun, found, Verdict::Passed);
    }

    /// `good`: the verdict where nothing went wrong.
    fn end_as(&mut self, name: &'static str, hand: &Hand, mark: usize, begun: Begun, found: Found, good: Verdict) {
        let (verdict, mut lines) = match found {
            Ok(lines) => (good, lines),
            Err(fault) => (Verdict::Failed, vec![fault.to_string()]),
        };
        lines.extend(steps::out_of_spec(hand, mark).into_iter().map(|what| format!("out of spec: {what}")));
        let pdus = hand.pdus(mark).map(covered).collect();
        let (begun, since) = begun;
        self.add(Step { name, verdict, lines, begun, took: since.elapsed(), pdus });
    }

    fn skip(&mut self, name: &'static str, verdict: Verdict, why: &str) {
        let (begun, took) = (self.clock.now(), Duration::ZERO);
        self.add(Step { name, verdict, lines: vec![why.to_owned()], begun, took, pdus: Vec::new() });
    }

    /// Connects and binds; `None` where that failed, which is a step too.
    async fn bind(&mut self, name: &'static str) -> Option<Hand> {
        let begun = (self.clock.now(), Instant::now());
        let mut hand = match Hand::connect(self.telco, &self.clock, Some(self.script.to)).await {
            Ok(hand) => hand,
            Err(fault) => {
                let ((begun, since), lines) = (begun, vec![fault.to_string()]);
                let verdict = Verdict::Failed;
                self.add(Step { name, verdict, lines, begun, took: since.elapsed(), pdus: Vec::new() });
                return None;
            }
        };
        let found = steps::bind(&mut hand, self.telco).await;
        let bound = found.is_ok();
        self.end(name, &hand, 0, begun, found);
        if bound {
            return Some(hand);
        }
        hand.end().await;
        None
    }

    /// What goes out: an enquire_link, texts in each alphabet and in parts, and many at once.
    async fn texts(&mut self, hand: &mut Hand) {
        let (mark, begun) = self.begin(hand);
        let found = steps::enquire(hand).await;
        self.end("enquire_link, asked by us", hand, mark, begun, found);
        for (name, words) in [
            ("text in GSM 7-bit, with its receipt", LATIN),
            ("text in Khmer (UCS-2), with its receipt", KHMER),
            ("text in two parts, with a receipt for each", TWO_PARTS),
        ] {
            let (mark, begun) = self.begin(hand);
            let message = self.message(words);
            let mut found = steps::text(hand, self.telco, &*self.clock, message).await;
            if let Ok(lines) = &mut found {
                lines.push(format!("to be compared on the telephone: {words}"));
            }
            self.end(name, hand, mark, begun, found);
        }
        let (mark, begun) = self.begin(hand);
        let found = self.burst(hand).await;
        let good = if matches!(&found, Ok((_, true))) { Verdict::Passed } else { Verdict::NotSeen };
        let found = found.map(|(lines, _)| lines);
        self.end_as("ten texts at once: is there a limit?", hand, mark, begun, found, good);
    }

    fn message<'w>(&mut self, words: &'w str) -> Message<'w> {
        self.reference += 16;
        Message { to: self.script.to, text: words, reference: self.reference, cut: self.script.cut }
    }

    /// Sends texts as fast as the window lets them go; whether one was throttled.
    async fn burst(&mut self, hand: &mut Hand) -> Result<(Vec<String>, bool), StepFault> {
        let (mark, begun) = (hand.mark(), Instant::now());
        for number in 1..=BURST {
            let words = format!("Chrak test 4: {number} of {BURST}");
            let message = self.message(&words);
            steps::submit(hand, self.telco, &*self.clock, &message);
        }
        let (mut taken, mut throttled, mut left) = (0, None, BURST);
        let within = self.telco.response_timeout + Duration::from_secs(10);
        let all = hand.wait(mark, within, |happened| {
            match happened {
                Happened::Effect(Effect::Settle { outcome, .. }) => {
                    left -= 1;
                    match outcome {
                        Outcome::Sent { .. } => taken += 1,
                        Outcome::Throttled { status } => throttled = Some(*status),
                        Outcome::Retry { status, .. } | Outcome::Failed { status } => {
                            return Some(Err(StepFault::TextRefused(*status)));
                        }
                        Outcome::Unknown | Outcome::Unwritten => {}
                    }
                }
                Happened::Effect(_) | Happened::Pdu(_) | Happened::Over(_) => {}
            }
            (left == 0).then_some(Ok(()))
        });
        all.await.unwrap_or(Err(StepFault::NoResp))?;
        let mut lines = vec![format!("{taken} of {BURST} taken within {} ms", begun.elapsed().as_millis())];
        match throttled {
            Some(status) => lines.push(format!("then refused with {}: Chrak slows down and sends again", name(status))),
            None => lines.push("none was refused: ask the telco for its limit, for `max_tps`".to_owned()),
        }
        Ok((lines, throttled.is_some()))
    }

    /// What comes in, from the person at the telephone.
    async fn person(&mut self, hand: &mut Hand) {
        const STEPS: [&str; 3] = ["text from the telephone", "long text from the telephone", "USSD from the telephone"];
        if !self.script.attended {
            let why = "a person with the telephone is needed: run it without --unattended";
            STEPS.into_iter().for_each(|name| self.skip(name, Verdict::Skipped, why));
            return;
        }
        let code = self.telco.short_codes.first().cloned().unwrap_or_default();
        for (name, words) in [(STEPS[0], TYPED), (STEPS[1], TYPED_LONG)] {
            let (mark, begun) = self.begin(hand);
            (self.tell)(Told::Do(format!("text this to {code} now, as one message: {words}")));
            let found = self.typed(hand, mark, words).await;
            self.end(name, hand, mark, begun, found);
        }
        let Some(dialled) = self.telco.ussd.codes.first().cloned() else {
            return self.skip(STEPS[2], Verdict::Skipped, "no USSD code is configured at this telco");
        };
        let (mark, begun) = self.begin(hand);
        (self.tell)(Told::Do(format!("dial {dialled} now; one screen comes and ends it")));
        let found = self.dialled(hand, mark).await;
        self.end(STEPS[2], hand, mark, begun, found);
    }

    /// Waits for a text of these words, in however many parts.
    async fn typed(&self, hand: &mut Hand, mark: usize, words: &str) -> Found {
        let (telco, mut parts) = (self.telco, BTreeMap::new());
        let mut lines = Vec::new();
        let whole = hand.wait(mark, PERSON_WAIT, |happened| {
            let Happened::Effect(Effect::Text { deliver, .. }) = happened else { return None };
            if Msisdn::from_telco(deliver.source.ton, &deliver.source.text()) != Some(self.script.to) {
                return None;
            }
            let (piece, part) = text::piece(deliver, telco.default_alphabet, telco.packed);
            let (number, total) = part.map_or((1, 1), |part| (part.number, part.total));
            lines.push(format!("part {number} of {total}, data_coding 0x{:02X}", deliver.data_coding));
            parts.insert(number, piece);
            (parts.len() >= usize::from(total)).then(|| text::text_of(&parts.values().collect::<Vec<_>>()))
        });
        match whole.await {
            None => Err(StepFault::NothingCame(PERSON_WAIT.as_secs())),
            Some(whole) if whole.trim().eq_ignore_ascii_case(words) => Ok(lines),
            Some(whole) => Err(StepFault::AnotherText(whole.chars().count())),
        }
    }

    /// Waits for a USSD session to begin, and ends it with a screen.
    async fn dialled(&self, hand: &mut Hand, mark: usize) -> Found {
        let dialect = &self.telco.ussd.dialect;
        let input = hand.wait(mark, PERSON_WAIT, |happened| {
            let Happened::Effect(Effect::Ussd { deliver, .. }) = happened else { return None };
            let from = Msisdn::from_telco(deliver.source.ton, &deliver.source.text());
            (from == Some(self.script.to)).then(|| dialect.read(deliver))
        });
        let input = input.await.ok_or(StepFault::NothingCame(PERSON_WAIT.as_secs()))?;
        let read = match input.signal {
            Signal::Start => None,
            Signal::Next => Some("an answer"),
            Signal::Abort => Some("an end"),
            Signal::Confirmed => Some("a confirmation"),
            Signal::Unknown => Some("an unknown operation"),
        };
        if let Some(read) = read {
            return Err(StepFault::NoBeginning(read));
        }
        let mut lines = vec!["a session began, as this profile has it".to_owned()];
        let code = self.telco.ussd.codes.first().map_or("", String::as_str);
        let mark = hand.mark();
        hand.screen(dialect.reply(&input.back, code, "Chrak test 5", true));
        let refused = hand.wait(mark, Duration::from_secs(5), |happened| match happened {
            Happened::Effect(Effect::Screen { fate: ScreenFate::Refused { status }, .. }) => Some(*status),
            _ => None,
        });
        match refused.await {
            Some(status) => Err(StepFault::TextRefused(status)),
            None => {
                lines.push(
                    "the screen was sent and not refused; to be compared on the telephone: Chrak test 5".to_owned(),
                );
                Ok(lines)
            }
        }
    }

    /// Whether the telco asked in all this time whether we are there.
    fn asked_by_telco(&mut self, hand: &Hand) {
        const NAME: &str = "enquire_link, asked by the telco";
        let asked: Vec<Seen> = hand.pdus(0).filter(|seen| steps::is_enquire_link(seen)).map(covered).collect();
        if asked.iter().all(|seen| seen.sent) {
            let why = "none came in the time of this script; Chrak answers them at once";
            return self.skip(NAME, Verdict::NotSeen, why);
        }
        let lines = vec![format!("it came {} times", asked.iter().filter(|seen| !seen.sent).count())];
        let (begun, took) = (self.clock.now(), Duration::ZERO);
        self.add(Step { name: NAME, verdict: Verdict::Passed, lines, begun, took, pdus: asked });
    }
}

/// A PDU as it may stand in a report.
fn covered(seen: &Seen) -> Seen {
    let mut octets = seen.octets.to_vec();
    mask(&mut octets, Cover::People);
    Seen { octets: Bytes::from(octets), ..seen.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::segment::{Alphabet, plan};

    #[test]
    fn the_words_of_the_script_need_what_they_are_to_show() {
        for (words, alphabet, parts) in [
            (LATIN, Alphabet::Gsm7, 1),
            (KHMER, Alphabet::Ucs2, 1),
            (TWO_PARTS, Alphabet::Ucs2, 2),
            (TYPED, Alphabet::Gsm7, 1),
            (TYPED_LONG, Alphabet::Gsm7, 2),
        ] {
            let plan = plan(words);
            assert_eq!((plan.alphabet, plan.segments.len()), (alphabet, parts), "{words}: {} units", plan.units);
        }
    }
}
