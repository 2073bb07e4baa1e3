//! The end of a journey: what a visitor carries home. It is texted at once to a number that was proven in this visit; else it
//! can be sent to a telephone, and a code to be scanned holds it. It must not know how the journey went.
use super::{
    facts::{Action, Does, Fact, NotedLine},
    frame::{Back, Frame},
    listing::Section,
    phone::masked,
    qr::Qr,
};
use crate::{
    dialogue::{View, view::ServiceFacts},
    exchange::Receiver,
    kiosk::{
        context::PageContext,
        errors,
        respond::page,
        state::KioskState,
        texts::{Lang, Message, date_time, place_name, spans},
        visit::{
            state::{Came, Kept, VisitState},
            typed::Typed,
        },
    },
    render::{
        kiosk::{self, Keepsake, Outcome, Receipt},
        words as shared,
    },
    types::{
        Pin, UnixMs,
        civic::{Answer, Appointment, AppointmentStatus, Office, Query, Service, ServiceSearch},
        gazetteer,
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "kept.html")]
struct KeptPage {
    frame: Frame,
    class: &'static str,
    icon: &'static str,
    message: &'static Message,
    /// To which number it was texted, or that it could not be.
    told: Option<String>,
    facts: Vec<Fact>,
    sections: Vec<Section>,
    qr: Option<Qr>,
    to_keep: &'static str,
    actions: Vec<Action>,
}

/// What is known of a place and a service, for the details of a keepsake.
pub struct Around {
    /// Where.
    pub office: Option<Arc<Office>>,
    /// What for.
    pub service: Option<Arc<Service>>,
}

/// What is known of an appointment's place and service.
pub async fn around(state: &KioskState, one: &Appointment) -> Around {
    let service = match &one.service.id {
        Some(id) => service(state, id).await,
        None => None,
    };
    Around { office: state.backend.office(&one.office.id).await, service }
}

/// The service with this identifier, if it can be asked for.
pub async fn service(state: &KioskState, id: &str) -> Option<Arc<Service>> {
    let search = ServiceSearch { id: Some(id.to_owned()), ..ServiceSearch::default() };
    match state.backend.look_around(&Query::Services(search)).await {
        Answer::Services(Ok(found)) => found.items.first().cloned(),
        _ => None,
    }
}

/// The journey ends: what it came to is kept for the visit, and texted to the number that was proven. The page goes on with what
/// was `typed`; `intent` names the journey.
pub async fn arrived(
    state: &KioskState,
    context: &PageContext,
    mut visit: VisitState,
    typed: Typed,
    address: &'static str,
    came: Came,
    intent: Uuid,
) -> Response {
    let mut kept = Kept { came, told: None, failed: false };
    if let Some(number) = visit.number() {
        let keepsake = keepsake(state, &kept.came).await;
        let (who, language) = (context.who_of(visit.name, Some(number)), context.lang.language());
        let receiver = Receiver::Proven(number);
        match state.backend.send_keepsake(&who, receiver, &keepsake, language, intent).await {
            Ok(()) => kept.told = Some(masked(number.digits())),
            // the journey has come to its end all the same, and the page has the rest
            Err(_) => kept.failed = true,
        }
    }
    visit.kept = Some(kept);
    match kept_page(state, context, visit, typed, address).await {
        Some(page) => page,
        None => errors::no_such_page().await,
    }
}

/// The page of what there is to carry home, going on with what was `typed`; `None`: there is nothing.
pub async fn kept_page(
    state: &KioskState,
    context: &PageContext,
    visit: VisitState,
    typed: Typed,
    address: &'static str,
) -> Option<Response> {
    let kept = visit.kept.clone()?;
    let (visit_words, words) = (context.lang.visit(), context.lang.keep());
    let keepsake = keepsake(state, &kept.came).await;
    let proven = visit.number().is_some();
    let told = match (&kept.told, kept.failed) {
        (Some(number), _) => Some((words.sent_to)(number)),
        (None, true) => Some(words.not_sent.to_owned()),
        (None, false) => None,
    };
    let mut actions = Vec::new();
    if kept.told.is_none() {
        actions.push(Action::key("send", "keep", "phone", visit_words.send_to_phone));
    }
    actions.push(Action::print(visit_words.print));
    let scanned = kiosk::kept(&keepsake, false, context.lang.language(), &phnom_penh());
    let (class, icon, message) = face(context.lang, &kept.came);
    let (facts, sections) = details(state, context, &kept.came, &keepsake, proven).await;
    let back = match kept.came {
        Came::Complained { .. } | Came::Queued { .. } => Back::In("home".into()),
        Came::Booked { .. } | Came::Moved { .. } | Came::Cancelled { .. } => Back::KeyAt("appointments", "tasks"),
        Came::Paid { .. } => Back::KeyAt("check", "ok"),
        // its own page shows it
        Came::Read { .. } => return None,
    };
    let typed = Typed { visit: visit.seal(state, context), ..typed };
    let frame = context.frame(message.title, address, back).keeping(typed, "kept");
    let qr = Qr::of(&scanned);
    let to_keep = words.to_keep;
    let kept = KeptPage { frame, class, icon, message, told, facts, sections, qr, to_keep, actions };
    Some(page(StatusCode::OK, &kept))
}

/// What is texted, and what the code holds.
pub async fn keepsake(state: &KioskState, came: &Came) -> Keepsake {
    let appointment = |one: &Appointment, pin: &Option<String>| {
        let pin = pin.as_deref().and_then(Pin::parse);
        Appointment { pin, ..one.clone() }
    };
    let (view, one) = match came {
        Came::Booked { one, pin } => (View::Booked(appointment(one, pin)), one),
        Came::Moved { one } => (View::Moved(one.clone()), one),
        Came::Cancelled { one } => return plain(View::Cancelled(one.clone())),
        Came::Complained { reference } => return plain(View::ComplaintFiled { reference: reference.clone() }),
        Came::Queued { ticket, .. } => {
            return Keepsake { outcome: Outcome::Ticket(ticket.clone()), place: None, bring: Vec::new() };
        }
        Came::Read { id, .. } => {
            let sheet = service(state, id).await.map(|service| ServiceFacts { service, as_of: None });
            return plain(sheet.map_or(View::NoSuchService, |facts| View::Service(Box::new(facts))));
        }
        Came::Paid { receipt } => {
            return Keepsake { outcome: Outcome::Paid(receipt.clone()), place: None, bring: Vec::new() };
        }
    };
    let around = around(state, one).await;
    // what a private service asks for would tell which it is
    let bring = around.service.filter(|service| !service.sensitive && !one.service.sensitive);
    let bring = bring.map(|service| service.documents.iter().map(|document| document.name.clone()).collect());
    Keepsake {
        outcome: Outcome::View(view),
        place: around.office.map(|office| (office, one.start)),
        bring: bring.unwrap_or_default(),
    }
}

fn plain(view: View) -> Keepsake {
    Keepsake { outcome: Outcome::View(view), place: None, bring: Vec::new() }
}

/// Class, icon and words of the verdict.
fn face(lang: Lang, came: &Came) -> (&'static str, &'static str, &'static Message) {
    let words = lang.visit();
    match came {
        Came::Booked { one, .. } if one.status == AppointmentStatus::Booked => ("good", "check", &words.booked),
        Came::Booked { .. } => ("good", "check", &words.pending),
        Came::Moved { .. } => ("good", "check", &words.moved),
        Came::Cancelled { .. } => ("good", "check", &words.cancelled),
        Came::Complained { .. } => ("good", "check", &words.complained),
        Came::Queued { .. } => ("good ticket", "check", &words.ticket_taken),
        Came::Paid { .. } => ("good", "check", &words.paid),
        Came::Read { .. } => ("good", "check", &words.sent),
    }
}

async fn details(
    state: &KioskState,
    context: &PageContext,
    came: &Came,
    keepsake: &Keepsake,
    proven: bool,
) -> (Vec<Fact>, Vec<Section>) {
    let (lang, words) = (context.lang, context.lang.keep());
    match came {
        Came::Booked { one, .. } | Came::Moved { one } => {
            let pin = match &keepsake.outcome {
                Outcome::View(View::Booked(told)) => told.pin.clone(),
                _ => None,
            };
            let around = around(state, one).await;
            let facts = appointment_facts(lang, one, pin.as_ref(), around.office.as_deref());
            let bring = around.service.as_deref().map(|service| bring(lang, service));
            let change = Section { title: words.change, lines: ways(state, lang, proven), numbered: false };
            (facts, bring.into_iter().chain(Some(change)).collect())
        }
        Came::Cancelled { one } => (appointment_facts(lang, one, None, None), Vec::new()),
        Came::Complained { reference } => {
            let fact =
                Fact { icon: "receipt", label: lang.visit().ticket_number, value: reference.clone(), note: None };
            let by_text = state.reach.now().text.map(|code| (words.follow_text)(reference, &code));
            let lines = by_text.into_iter().chain(Some(words.follow_counter.to_owned())).map(line).collect();
            (vec![fact], vec![Section { title: words.follow, lines, numbered: false }])
        }
        Came::Queued { ticket, service, minutes, counter } => {
            let (visit_words, language) = (lang.visit(), lang.language());
            let fact = |icon, label, value| Fact { icon, label, value, note: None };
            let mut facts = vec![
                fact("receipt", visit_words.ticket_number, ticket.number.clone()),
                fact("inbox", visit_words.ticket_before, (visit_words.people)(ticket.people)),
                fact("clock", visit_words.ticket_wait, (visit_words.minutes)(*minutes)),
            ];
            facts.extend(counter.iter().map(|counter| fact("place", visit_words.ticket_counter, counter.clone())));
            let service = service.as_ref().map(|name| name.get(language).to_owned());
            facts.extend(service.map(|name| fact("paper", lang.words().service, name)));
            facts.push(fact("office", lang.words().office, ticket.office.name.get(language).to_owned()));
            facts.push(fact("calendar", words.given_at, date_time(lang, ticket.at.civil(&phnom_penh()))));
            (facts, Vec::new())
        }
        Came::Paid { receipt } => (receipt_facts(lang, receipt), Vec::new()),
        Came::Read { .. } => (Vec::new(), Vec::new()),
    }
}

/// What was paid, for what, to whom and when.
fn receipt_facts(lang: Lang, receipt: &Receipt) -> Vec<Fact> {
    let (words, visit_words) = (lang.words(), lang.visit());
    let fact = |icon, label, value| Fact { icon, label, value, note: None };
    let mut facts = vec![
        fact("coins", visit_words.amount, shared::money(receipt.amount, lang.language())),
        fact("receipt", words.bill, receipt.bill.clone()),
        fact("paper", words.code, receipt.code.clone()),
    ];
    facts.extend(receipt.payee.clone().map(|payee| fact("office", visit_words.pay_to, payee)));
    facts.push(fact("clock", visit_words.when, date_time(lang, receipt.at.civil(&phnom_penh()))));
    facts
}

fn line(what: String) -> NotedLine {
    NotedLine { what, note: None }
}

/// When, where and by which number; with its PIN and the place as far as they are known.
pub fn appointment_facts(lang: Lang, one: &Appointment, pin: Option<&Pin>, office: Option<&Office>) -> Vec<Fact> {
    let (words, visit_words, keep, language) = (lang.words(), lang.visit(), lang.keep(), lang.language());
    let at = one.start.civil(&phnom_penh());
    let fact = |icon, label, value| Fact { icon, label, value, note: None };
    let mut facts = vec![
        fact("calendar", visit_words.when, date_time(lang, at)),
        fact("receipt", visit_words.reference, one.reference.clone()),
        fact("office", words.office, one.office.name.get(language).to_owned()),
    ];
    if let Some(office) = office {
        let place = places(lang, &office.division);
        let note = (!place.is_empty()).then_some(place);
        let address = office.address.get(language).to_owned();
        facts.push(Fact { icon: "place", label: keep.place, value: address, note });
        facts.push(fact("clock", keep.open_then, open_on(lang, office, one.start)));
        let phones: Vec<String> = office.phones.iter().map(|phone| shared::phone_grouped(phone)).collect();
        if !phones.is_empty() {
            facts.push(fact("phone", words.phone, phones.join(" · ")));
        }
    }
    if let Some(service) = &one.service.name {
        facts.push(fact("paper", words.service, service.get(language).to_owned()));
    }
    if let Some(pin) = pin {
        let note = Some(visit_words.pin_note.to_owned());
        facts.push(Fact { icon: "link", label: visit_words.pin, value: pin.digits().to_owned(), note });
    }
    facts
}

/// The commune, the district and what they lie in.
fn places(lang: Lang, division: &str) -> String {
    let mut names = Vec::new();
    let mut at = gazetteer::by_code(division);
    while let Some(one) = at {
        names.push(place_name(lang, one.code));
        at = one.parent();
    }
    names.join(if lang == Lang::Km { " " } else { ", " })
}

fn open_on(lang: Lang, office: &Office, at: UnixMs) -> String {
    let hours = office.hours_on(at.civil(&phnom_penh()).date());
    if hours.is_empty() { lang.words().closed.to_owned() } else { spans(lang, &hours) }
}

/// What to bring for a service.
pub fn bring(lang: Lang, service: &Service) -> Section {
    let (words, keep, language) = (lang.words(), lang.keep(), lang.language());
    let mut lines: Vec<NotedLine> = service
        .documents
        .iter()
        .map(|document| {
            let copies = (document.copies > 0).then(|| (words.copies)(document.copies));
            let original = document.original.then(|| words.original.to_owned());
            let note: Vec<String> = original.into_iter().chain(copies).collect();
            let note = (!note.is_empty()).then(|| note.join(" · "));
            NotedLine { what: document.name.get(language).to_owned(), note }
        })
        .collect();
    if lines.is_empty() {
        lines.push(line(keep.bring_known.to_owned()));
    }
    Section { title: keep.bring, lines, numbered: false }
}

/// How an appointment is changed: from the telephone that was proven, and here; else at the counter.
fn ways(state: &KioskState, lang: Lang, proven: bool) -> Vec<NotedLine> {
    let words = lang.keep();
    if !proven {
        return vec![line(words.change_counter.to_owned())];
    }
    let reach = state.reach.now();
    let text = reach.text.map(|code| (words.change_text)(&code));
    let dial = reach.dial.map(|code| (words.change_dial)(&code));
    text.into_iter().chain(dial).chain(Some(words.change_here.to_owned())).map(line).collect()
}
