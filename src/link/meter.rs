//! What a bind counts for the operators: added up without a lock, told once a round. It must not know who looks.
use crate::{
    ports::{figures::Tally, telcos::TelcoBoard},
    smpp::esme::Outcome,
    types::UnixMs,
};
use std::{sync::Arc, time::Duration};

/// The counting of one connection.
pub(super) struct Meter {
    telco: Arc<TelcoBoard>,
    bind: String,
    round: Tally,
}

impl Meter {
    /// Of a bind of that name.
    pub(super) fn new(telco: Arc<TelcoBoard>, bind: &str) -> Self {
        Meter { telco, bind: bind.to_owned(), round: Tally::default() }
    }

    /// A text or an input of USSD came.
    pub(super) fn came(&mut self) {
        self.round.came += 1;
    }

    /// A screen of USSD was written.
    pub(super) fn screen(&mut self) {
        self.round.went += 1;
    }

    /// What became of a segment, and how long its resp took.
    pub(super) fn settled(&mut self, outcome: &Outcome, after: Option<Duration>) {
        match outcome {
            Outcome::Sent { .. } => self.round.went += 1,
            Outcome::Throttled { status } | Outcome::Retry { status, .. } | Outcome::Failed { status } => {
                self.refused(*status);
            }
            Outcome::Unknown | Outcome::Unwritten => {}
        }
        if let Some(after) = after {
            self.round.trips.add(after);
        }
    }

    /// The telco refused something.
    pub(super) fn refused(&mut self, status: u32) {
        *self.round.refused.entry(status).or_default() += 1;
    }

    /// Tells what came together since the last round.
    pub(super) fn tell(&mut self, now: UnixMs) {
        if !self.round.is_empty() {
            self.telco.figures.add(&self.bind, &self.round, now);
            self.round.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::{esme::Pace, status::ESME_RTHROTTLED};

    #[test]
    fn what_a_telco_took_refused_and_left_open_is_told_once() {
        let telco = Arc::new(TelcoBoard {
            family: "smart".into(),
            settings: Vec::new(),
            pace: Arc::new(Pace::new(0)),
            figures: Arc::default(),
        });
        let mut meter = Meter::new(Arc::clone(&telco), "trx-1");
        let resp = Some(Duration::from_millis(8));
        meter.came();
        meter.settled(&Outcome::Sent { message_id: None }, resp);
        meter.settled(&Outcome::Throttled { status: ESME_RTHROTTLED }, resp);
        meter.settled(&Outcome::Failed { status: 0x0B }, resp);
        meter.settled(&Outcome::Unknown, None);
        meter.settled(&Outcome::Unwritten, None);
        meter.screen();
        let now = UnixMs(1_795_400_000_000);
        for _ in 0..2 {
            meter.tell(now);
            let told = telco.figures.minute_of("trx-1", now).tally;
            assert_eq!((told.came, told.went, told.refusals()), (1, 2, 2));
            assert!(told.trips.quantile(1.0).expect("three") < Duration::from_millis(9));
        }
        let statuses: Vec<u32> = telco.figures.refusals().iter().map(|refusal| refusal.status).collect();
        assert_eq!(statuses, [0x0B, ESME_RTHROTTLED]);
    }
}
