//! Kiosks as the console shows them: how each does, who calls an officer, what is not well.
use super::{state::Room, words::Lang};
use crate::{
    ports::kiosks::Kiosk,
    types::{
        UnixMs,
        civic::{Answer, Localized, OfficeSearch, Query as Question},
    },
};
use std::{collections::HashMap, time::Duration};

/// How long the console waits for the names of offices, which it can do without.
const PATIENCE: Duration = Duration::from_millis(150);

/// Three heartbeats missed: nobody can use this kiosk, or its line is down.
const SILENT_MS: i64 = 100_000;

/// One kiosk.
pub(super) struct KioskRow {
    pub(super) id: String,
    pub(super) office: String,
    /// The office's name.
    pub(super) office_name: Option<String>,
    pub(super) profile: String,
    pub(super) tone: &'static str,
    pub(super) state: &'static str,
    pub(super) silent: bool,
    pub(super) paper: Paper,
    pub(super) seen: Option<String>,
    pub(super) page: String,
    pub(super) build: String,
    pub(super) printer: String,
    pub(super) network: Option<u32>,
    pub(super) battery: Option<u8>,
    pub(super) open: bool,
    pub(super) revoked: bool,
}

/// An officer is called.
pub(super) struct Call {
    /// The kiosk's name.
    pub(super) id: String,
    /// Where it stands.
    pub(super) place: String,
    /// How long ago.
    pub(super) since: String,
}

/// What a device says of its printer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Paper {
    /// It prints, or has none.
    Well,
    Out,
    Broken,
}

/// Who calls an officer.
pub(super) async fn calls(room: &Room, lang: Lang, now: UnixMs, kiosks: &[KioskRow]) -> Vec<Call> {
    let Some(exchange) = &room.state.exchange else { return Vec::new() };
    let devices: Vec<String> = kiosks.iter().map(|kiosk| kiosk.id.clone()).collect();
    let calls = exchange.kiosks.staff_calls(&devices).await;
    let call = |(id, since): (String, UnixMs)| {
        let kiosk = kiosks.iter().find(|kiosk| kiosk.id == id);
        let place = kiosk.map(|kiosk| kiosk.place().to_owned()).unwrap_or_default();
        Call { id, place, since: lang.duration(now.since_ms(since)) }
    };
    calls.into_iter().map(call).collect()
}

/// What is not well at the kiosks; who is called to one comes first.
pub(super) fn troubles_of_kiosks(lang: Lang, calls: &[Call], kiosks: &[KioskRow]) -> Vec<String> {
    let w = lang.words();
    let called = calls.iter().map(|call| format!("{} {} ({}) · {}", w.kiosk_calls, call.place, call.id, call.since));
    let named = |text: &str, which: &dyn Fn(&KioskRow) -> bool| {
        let names: Vec<&str> =
            kiosks.iter().filter(|kiosk| !kiosk.revoked && which(kiosk)).map(|kiosk| kiosk.id.as_str()).collect();
        (!names.is_empty()).then(|| format!("{text} {}", names.join(", ")))
    };
    let of_devices = [
        named(w.kiosks_silent, &|kiosk| kiosk.silent),
        named(w.kiosks_out_of_paper, &|kiosk| !kiosk.silent && kiosk.paper == Paper::Out),
        named(w.kiosks_printer_broken, &|kiosk| !kiosk.silent && kiosk.paper == Paper::Broken),
    ];
    called.chain(of_devices.into_iter().flatten()).collect()
}

pub(super) async fn kiosks(room: &Room, lang: Lang, now: UnixMs) -> Vec<KioskRow> {
    let Some(exchange) = &room.state.exchange else { return Vec::new() };
    let mut all = exchange.kiosks.all().await.unwrap_or_default();
    // revoked ones stand last: nothing is to be done about them
    all.sort_by_key(|kiosk| kiosk.revoked_at.is_some());
    let names = if all.is_empty() { HashMap::new() } else { office_names(room).await };
    let row = |kiosk: Kiosk| {
        let name = names.get(&kiosk.office).map(|name| name.get(lang.language()).to_owned());
        KioskRow { office_name: name, ..kiosk_row(kiosk, lang, now) }
    };
    all.into_iter().map(row).collect()
}

/// Names of offices by their identifiers, as far as they are known.
async fn office_names(room: &Room) -> HashMap<String, Localized> {
    let Some(exchange) = &room.state.exchange else { return HashMap::new() };
    let everywhere = Question::Offices(OfficeSearch { within: Some(String::new()), ..OfficeSearch::default() });
    match tokio::time::timeout(PATIENCE, exchange.conversation.look_around(&everywhere, PATIENCE)).await {
        Ok(Answer::Offices(Ok(found))) => {
            found.items.into_iter().map(|hit| (hit.office.id.clone(), hit.office.name.clone())).collect()
        }
        _ => HashMap::new(),
    }
}

impl KioskRow {
    /// Where it stands, for people.
    pub(super) fn place(&self) -> &str {
        self.office_name.as_deref().unwrap_or(&self.office)
    }
}

fn kiosk_row(kiosk: Kiosk, lang: Lang, now: UnixMs) -> KioskRow {
    let w = lang.words();
    let silent = kiosk.heartbeat.as_ref().is_none_or(|heartbeat| now.since_ms(heartbeat.at) > SILENT_MS);
    let (revoked, open) = (kiosk.revoked_at.is_some(), kiosk.closed.is_none());
    let paper = match kiosk.heartbeat.as_ref().map(|heartbeat| heartbeat.printer.as_str()) {
        Some("out") => Paper::Out,
        Some("error") => Paper::Broken,
        _ => Paper::Well,
    };
    let (tone, state) = match (revoked, silent, paper, open) {
        (true, ..) => ("bad", w.kiosk_revoked),
        (_, true, ..) => ("bad", w.kiosk_silent),
        (_, _, Paper::Out, _) => ("bad", w.kiosk_out_of_paper),
        (_, _, Paper::Broken, _) => ("bad", w.kiosk_printer_broken),
        (.., false) => ("busy", w.kiosk_closed),
        _ => ("good", w.good),
    };
    let heartbeat = kiosk.heartbeat;
    KioskRow {
        id: kiosk.id,
        office: kiosk.office,
        office_name: None,
        profile: kiosk.profile,
        tone,
        state,
        silent,
        paper,
        seen: heartbeat.as_ref().map(|heartbeat| lang.duration(now.since_ms(heartbeat.at))),
        page: heartbeat.as_ref().map(|heartbeat| heartbeat.page.clone()).unwrap_or_default(),
        build: heartbeat.as_ref().map(|heartbeat| heartbeat.build.clone()).unwrap_or_default(),
        printer: heartbeat.as_ref().map(|heartbeat| lang.printer(&heartbeat.printer).to_owned()).unwrap_or_default(),
        network: heartbeat.as_ref().map(|heartbeat| heartbeat.network_ms),
        battery: heartbeat.and_then(|heartbeat| heartbeat.battery),
        open,
        revoked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::kiosks::Heartbeat;

    const NOW: UnixMs = UnixMs(1_795_400_000_000);

    fn kiosk(id: &str, silent_s: Option<i64>, printer: &str) -> Kiosk {
        Kiosk {
            id: id.to_owned(),
            office: "owso-1205".to_owned(),
            profile: "kiosk-22".to_owned(),
            paired_at: UnixMs(0),
            revoked_at: None,
            closed: None,
            message: None,
            volume: None,
            language: None,
            fresh: false,
            heartbeat: silent_s.map(|seconds| Heartbeat {
                at: NOW.plus_ms(-seconds * 1_000),
                page: "home".to_owned(),
                build: "1".to_owned(),
                printer: printer.to_owned(),
                network_ms: 20,
                battery: None,
            }),
        }
    }

    fn told(kiosks: Vec<Kiosk>, called: Option<&str>) -> Vec<String> {
        let rows: Vec<KioskRow> = kiosks.into_iter().map(|kiosk| kiosk_row(kiosk, Lang::En, NOW)).collect();
        let call = |id: &str| Call { id: id.to_owned(), place: "OWSO Dangkao".to_owned(), since: "2 min".to_owned() };
        let calls: Vec<Call> = called.into_iter().map(call).collect();
        troubles_of_kiosks(Lang::En, &calls, &rows)
    }

    #[test]
    fn all_is_well_only_when_every_kiosk_is_heard_and_prints() {
        let well = |id: &str| kiosk(id, Some(30), "ok");
        assert_eq!(told(vec![well("k-1"), kiosk("k-2", Some(100), "none")], None), Vec::<String>::new());
        for (bad, said) in [
            (kiosk("k-2", Some(101), "ok"), "Silent kiosks: k-2"),
            (kiosk("k-2", None, ""), "Silent kiosks: k-2"),
            (kiosk("k-2", Some(1), "out"), "Kiosks out of paper: k-2"),
            (kiosk("k-2", Some(1), "error"), "Kiosks with a broken printer: k-2"),
        ] {
            assert_eq!(told(vec![well("k-1"), bad], None), [said]);
        }
        let revoked = Kiosk { revoked_at: Some(NOW), ..kiosk("k-3", None, "out") };
        assert_eq!(told(vec![revoked], None), Vec::<String>::new(), "nobody waits for one that was revoked");
        let closed = Kiosk { closed: Some("{}".to_owned()), ..well("k-4") };
        assert_eq!(told(vec![closed], None), Vec::<String>::new(), "somebody closed it");
    }

    #[test]
    fn who_calls_an_officer_is_told_first() {
        let all = vec![kiosk("k-1", None, ""), kiosk("k-2", Some(5), "ok")];
        assert_eq!(
            told(all, Some("k-2")),
            ["An officer is called to OWSO Dangkao (k-2) · 2 min", "Silent kiosks: k-1"]
        );
    }
}
