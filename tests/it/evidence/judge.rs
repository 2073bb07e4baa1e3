//! The invariants, judged by what the telco and the portal have seen:
//!
//! | | |
//! |---|---|
//! | I1 | what was acknowledged is answered, and what was announced is told |
//! | I2 | one text has one answer |
//! | I3 | no more segments come twice than were in flight at all deaths together |
//! | I4 | texts of a number are answered in the order in which they came |
//! | I5 | booked and filed at most once, and told so only when it is true |
//! | I6 | nothing is sent after its validity |
//! | I7 | the database is whole (`site::after_death`, after each death) |
//! | I8 | memory, files, threads and the WAL are bounded |
use super::{
    load,
    site::{Site, onlooker},
};
use chrak::sandbox::telco::ledger::{MoState, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// What is said when the database cannot be asked.
const NOT_NOW: &str = "cannot check at the moment";

/// What a site came to.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sum {
    pub texts: u64,
    pub redelivered: u64,
    pub segments: u64,
    pub twice: u64,
    pub in_flight: u64,
    pub appointments: u64,
}

impl Sum {
    pub fn add(&mut self, other: Sum) {
        self.texts += other.texts;
        self.redelivered += other.redelivered;
        self.segments += other.segments;
        self.twice += other.twice;
        self.in_flight += other.in_flight;
        self.appointments += other.appointments;
    }
}

/// Whether everybody has heard something: the senders, and who was to be reminded.
pub fn is_all_heard(site: &Site) -> bool {
    let seen = site.telco.snapshot();
    let heard: BTreeSet<&str> = seen.mt.iter().map(|mt| mt.to.as_str()).collect();
    seen.mo.iter().all(|mo| heard.contains(mo.from.as_str()))
        && (0..site.rounds.len() as u64).all(|round| heard.contains(load::reminded(round).as_str()))
}

/// I8, while the program still runs.
pub fn bounds(site: &Site, process: u32) {
    let count = |what: &str| std::fs::read_dir(format!("/proc/{process}/{what}")).expect("it runs").count();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse().expect("a number");
    let wal = site.data().join("chrak.db-wal").metadata().map_or(0, |about| about.len());
    let (files, threads) = (count("fd"), count("task"));
    assert!(
        kib < 256 << 10 && files < 100 && threads < 100 && wal <= 64 << 20,
        "{kib} KiB, {files} files, {threads} threads, a WAL of {wal}\n{}",
        site.told()
    );
}

/// Holds what was seen against what is promised.
pub async fn judge(site: &Site) -> Sum {
    let seen = site.telco.snapshot();
    answered_once(site, &seen);
    in_order(site, &seen);
    let appointments = booked_once(site, &seen).await;
    within_validity(site).await;
    let sum = Sum { in_flight: site.in_flight, appointments, ..duplicates(site, &seen) };
    // a machine that is too busy to give the program its turn for ten seconds breaks no rule of SMPP
    let broken: Vec<_> = seen.violations.iter().filter(|what| !what.ends_with("too late for its request")).collect();
    assert_eq!((broken.len(), seen.counters.forgotten), (0, 0), "{broken:?}\n{}", site.told());
    let late = seen.violations.len() - broken.len();
    if late > 0 {
        println!("{late} responses came after ten seconds");
    }
    sum
}

fn answers<'a>(seen: &'a Snapshot, to: &str) -> Vec<&'a str> {
    seen.mt.iter().filter(|mt| mt.to == to).map(|mt| mt.text.as_str()).collect()
}

fn answered_once(site: &Site, seen: &Snapshot) {
    for mo in &seen.mo {
        assert_eq!(mo.state, MoState::Accepted, "MO {}\n{}", mo.id, site.told());
        assert!(!answers(seen, &mo.from).is_empty(), "MO {} was acknowledged, not answered\n{}", mo.id, site.told());
    }
    for round in 0..site.rounds.len() as u64 {
        let single = (0..load::questions().len()).map(|which| load::asks(round, which));
        for number in single.chain([load::complains(round), load::reminded(round)]) {
            let texts: BTreeSet<&str> = answers(seen, &number).into_iter().collect();
            assert_eq!(texts.len(), 1, "{number} got {texts:?}\n{}", site.told());
            // nobody ends the process by itself, so nobody is given up
            assert!(!texts.iter().any(|text| text.starts_with("សូមអភ័យទោស")), "{number} was given up\n{}", site.told());
        }
    }
}

/// Of texts that came twice over a dead session, only the program knows the order in which they came.
fn in_order(site: &Site, seen: &Snapshot) {
    for round in 0..site.rounds.len() as u64 {
        let number = load::twice(round);
        let sent: Vec<_> = seen.mo.iter().filter(|mo| mo.from == number).collect();
        let [first, second] = sent[..] else { panic!("{} texts of {number}", sent.len()) };
        let mut texts = answers(seen, &number);
        texts.dedup();
        let all: BTreeSet<&str> = texts.iter().copied().collect();
        assert_eq!(all.len(), 2, "{number} got {all:?}\n{}", site.told());
        if first.times_sent == 1 && second.times_sent == 1 {
            let help = answers(seen, &load::asks(round, 1));
            assert_eq!(texts.first(), help.first(), "{number} was answered out of order\n{}", site.told());
        }
    }
}

async fn booked_once(site: &Site, seen: &Snapshot) -> u64 {
    let booked = site.portal.booked().await.expect("the portal's appointments");
    let filed = site.portal.complained().await.expect("the portal's complaints");
    for round in 0..site.rounds.len() as u64 {
        let number = load::booker(round);
        let there = booked.iter().filter(|(whose, _)| *whose == format!("+{number}")).count();
        let told = answers(seen, &number).iter().any(|text| text.contains(load::BOOKED));
        assert!(there <= 1, "{number} was booked {there} times\n{}", site.told());
        assert!(!told || there == 1, "{number} was told of an appointment that there is not\n{}", site.told());
        let said = load::complaint(round);
        let heard = filed.iter().filter(|what| **what == said).count();
        let told = answers(seen, &load::complains(round));
        let honest = heard == 1 || (heard == 0 && site.failing && told.iter().all(|text| text.contains(NOT_NOW)));
        assert!(honest, "the complaint of round {round} was filed {heard} times, told {told:?}\n{}", site.told());
    }
    booked.len() as u64
}

async fn within_validity(site: &Site) {
    let mut conn = onlooker(&site.database()).await.expect("it is there");
    let late: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE sent_at > not_after")
        .fetch_one(&mut conn)
        .await
        .expect("counts");
    assert_eq!(late, 0, "sent after their validity\n{}", site.told());
}

fn duplicates(site: &Site, seen: &Snapshot) -> Sum {
    let mut segments = BTreeMap::new();
    for mt in &seen.mt {
        segments.insert((mt.to.as_str(), mt.text.as_str()), u64::from(mt.segments));
    }
    let mut wanted: u64 = segments.values().sum();
    if site.failing {
        // a conversation may hear the same words twice there
        let speaks = |to: &str| (0..site.rounds.len() as u64).any(|round| to == load::booker(round));
        let once: u64 = segments.iter().filter(|((to, _), _)| speaks(to)).map(|(_, count)| count).sum();
        wanted -= once;
        wanted += seen.mt.iter().filter(|mt| speaks(&mt.to)).map(|mt| u64::from(mt.segments)).sum::<u64>();
    }
    let twice = seen.counters.mt_segments - wanted;
    // the second copy of one segment of two stays alone at the telco
    assert!(seen.incomplete as u64 <= twice, "{} answers are incomplete\n{}", seen.incomplete, site.told());
    assert!(twice <= site.in_flight, "{twice} segments came twice, {} were in flight\n{}", site.in_flight, site.told());
    Sum {
        texts: seen.mo.len() as u64,
        redelivered: seen.counters.mo_redelivered,
        segments: seen.counters.mt_segments,
        twice,
        ..Sum::default()
    }
}
