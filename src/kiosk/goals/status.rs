//! Where an application stands, by what was typed and what was proven. It must not know how a proof was given.
use super::login;
use crate::{
    kiosk::{
        backend::CheckAnswer,
        context::PageContext,
        parts::{
            facts::{Action, Does},
            frame::{Back, Frame},
            pad::pad_page,
            status_card::{StatusCard, status_card},
        },
        respond::{self, page},
        state::KioskState,
        texts::{Lang, Message, Notice},
        visit::{
            state::VisitState,
            typed::{Typed, most},
        },
    },
    types::{CodeVerdict, Pin, civic::Disclosure},
    web::filters,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    frame: Frame,
    card: StatusCard,
    actions: Vec<Action>,
    hide: &'static str,
    show: &'static str,
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct SorryPage {
    frame: Frame,
    code: String,
    icon: &'static str,
    message: Notice,
    steps: &'static [&'static str],
    /// Key and words of the button.
    button: (&'static str, &'static str),
    /// Words of a second one, that goes on with a number.
    number: Option<&'static str>,
}

/// Where the application stands, by what was typed and proven.
pub async fn answer(state: &KioskState, context: &PageContext, visit: &VisitState, mut typed: Typed) -> Response {
    let words = context.words;
    typed.at = None;
    let (whole, got) = (most(&state.groups), typed.digits.len());
    let letters = typed.digits.bytes().any(|octet| octet.is_ascii_uppercase());
    let short = !state.groups.is_empty() && got < whole && !letters;
    if got == 0 || short {
        let text =
            if state.groups.is_empty() { words.code_hint_free.to_owned() } else { (words.incomplete_text)(whole, got) };
        return pad_page(state, context, typed, "ok", Some((words.incomplete, text)));
    }
    if typed.visit.is_empty() {
        // what is wrong is counted for the visit, so the page must carry it
        typed.visit = visit.clone().seal(state, context);
    }
    let found = look_up(state, context, visit, &typed).await;
    message(state, context, visit.clone(), typed, found)
}

/// What the backend says of what was typed and proven.
pub async fn look_up(state: &KioskState, context: &PageContext, visit: &VisitState, typed: &Typed) -> CheckAnswer {
    let who = context.who_of(visit.name, visit.number());
    let token = visit.token(state.backend.now()).filter(|_| typed.pin.is_empty());
    if let (Some(token), CodeVerdict::Good(code)) = (token, state.codes.read(&typed.digits)) {
        return state.backend.check_signed(&who, code, token).await;
    }
    state.backend.check(&who, &typed.digits, Pin::parse(&typed.pin), context.lang.language()).await
}

/// The page of it.
pub fn message(
    state: &KioskState,
    context: &PageContext,
    visit: VisitState,
    typed: Typed,
    found: CheckAnswer,
) -> Response {
    let words = context.words;
    let message = |message: &'static Message| Some((message.title, message.text.to_owned()));
    let printed = typed.printed(&state.groups);
    // who has signed in came from a list
    let back = || if visit.signed().is_some() { Back::KeyAt("mine", "list") } else { Back::Key("stay") };
    let frame = |title, typed| context.frame(title, "check", back()).keeping(typed, "ok");
    let sorry = |icon, message: &'static Message, steps, button| {
        let page = SorryPage {
            frame: frame(message.title, typed.clone()),
            code: printed.clone(),
            icon,
            message: message.into(),
            steps,
            button,
            number: None,
        };
        respond::page(StatusCode::OK, &page)
    };
    let pin_given = Pin::parse(&typed.pin).is_some();
    match found {
        CheckAnswer::Status(answer) => {
            let card = status_card(context.lang, &answer);
            let public = answer.disclosure == Disclosure::Public;
            let asked_at = answer.code.asked_at();
            // fees are paid at the portal, whatever another place says of them
            let pays = state.backend.abilities().payment && asked_at.source.is_none();
            let due = pays && answer.next_step().pays_here();
            let more = public && asked_at.takes_factors;
            let actions = actions(context.lang, more && !pin_given, more && visit.number().is_none(), due);
            let (hide, show) = (context.lang.device().hide, context.lang.device().show);
            page(StatusCode::OK, &StatusPage { frame: frame(words.status, typed), card, actions, hide, show })
        }
        CheckAnswer::Unknown if pin_given => {
            // made again in the other language without trying the PIN once more
            let typed = Typed { pin: String::new(), ..typed };
            let frame = context.frame(words.unknown_pin.title, "check", Back::Key("stay")).keeping(typed, "pin");
            let (message, steps, button) = ((&words.unknown_pin).into(), &words.unknown_steps, ("pin", words.again));
            let number = None;
            page(StatusCode::OK, &SorryPage { frame, code: printed, icon: "search", message, steps, button, number })
        }
        CheckAnswer::Mistyped => pad_page(state, context, typed.clone(), "ok", message(&words.mistyped)),
        CheckAnswer::NotACode => pad_page(state, context, typed.clone(), "ok", message(&words.not_a_code)),
        CheckAnswer::Unknown => sorry("search", &words.unknown, &words.unknown_steps, ("stay", words.correct_code)),
        CheckAnswer::Busy => sorry("cloud", &words.busy, &words.busy_steps, ("ok", words.again)),
        CheckAnswer::SignedOut => match visit.signed().cloned() {
            Some(signed) => login::over(state, context, visit, signed),
            None => sorry("cloud", &words.busy, &words.busy_steps, ("ok", words.again)),
        },
        CheckAnswer::Paused { minutes } => paused(context, &visit, typed, printed, minutes),
        CheckAnswer::PinLocked => {
            // without the PIN there is still what the code alone tells
            let typed = Typed { pin: String::new(), ..typed };
            let frame = context.frame(words.pin_locked.title, "check", Back::Key("stay")).keeping(typed, "ok");
            let (message, button) = ((&words.pin_locked).into(), ("ok", words.ok));
            let (icon, steps, number) = ("clock", &[], None);
            page(StatusCode::OK, &SorryPage { frame, code: printed, icon, message, steps, button, number })
        }
    }
}

/// How long to wait. Who proves a number goes on at once where others have filled the kiosk's own window.
fn paused(context: &PageContext, visit: &VisitState, typed: Typed, code: String, minutes: Option<u32>) -> Response {
    let (words, visit_words) = (context.words, context.lang.visit());
    let message = match minutes {
        Some(minutes) => {
            let text = (words.paused_for)(&(visit_words.minutes)(minutes));
            Notice { title: words.paused.title, text: text.into() }
        }
        None => (&words.paused).into(),
    };
    let frame = context.frame(message.title, "check", Back::Key("stay")).keeping(typed, "ok");
    let number = visit.number().is_none().then_some(visit_words.number_more);
    let (icon, steps, button) = ("clock", &[], ("ok", words.again));
    page(StatusCode::OK, &SorryPage { frame, code, icon, message, steps, button, number })
}

/// What can be done with an answer.
fn actions(lang: Lang, pin: bool, number: bool, due: bool) -> Vec<Action> {
    let (words, visit_words) = (lang.words(), lang.visit());
    let mut actions = Vec::new();
    if due {
        actions.push(Action::key("pay", "begin", "qr", visit_words.pay).strong());
    }
    if pin {
        actions.push(Action::key("check", "pin", "receipt", words.pin_more));
    }
    if number {
        actions.push(Action::key("number", "begin", "phone", visit_words.number_more));
    }
    actions.push(Action::key("send", "begin", "phone", visit_words.send_to_phone));
    actions.push(Action::print(visit_words.print));
    actions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dialogue::{FeeSeen, NextStep, StatusFacts},
        kiosk::{parts::facts::Does, texts},
        types::{
            CodeRules, CodeVerdict, Riel, UnixMs,
            civic::{ApplicationFee, ApplicationStatus, Localized, OfficeRef},
        },
    };

    fn facts(status: ApplicationStatus, fee: FeeSeen, level: Disclosure, fresh: bool) -> StatusFacts {
        let CodeVerdict::Good(code) = CodeRules::recommended().read("120500260481937") else { panic!("a good code") };
        let name = Localized { km: "ច្រក".to_owned(), en: "OWSO".to_owned(), km_latn: None };
        let amount = Riel(if fee == FeeSeen::Free { 0 } else { 20_000 });
        let paid = fee == FeeSeen::Paid;
        let bill_number = Some("B26120500048193".to_owned());
        StatusFacts {
            code,
            status,
            status_at: Some(UnixMs(1_795_399_200_000)),
            registered_at: None,
            office: OfficeRef { id: "owso-1205".to_owned(), name, short: None },
            expected_by: None,
            ready: None,
            next_action: None,
            service: None,
            fee: (fee != FeeSeen::Unseen).then_some(ApplicationFee { amount, paid, bill_number }),
            timeline: Vec::new(),
            returned_documents: Vec::new(),
            disclosure: level,
            as_of: (!fresh).then_some(UnixMs(1_795_399_200_000)),
            hours_today: None,
        }
    }

    fn every_case() -> impl Iterator<Item = StatusFacts> {
        let levels = [Disclosure::Public, Disclosure::Contact, Disclosure::Verified];
        ApplicationStatus::ALL.into_iter().flat_map(move |status| {
            FeeSeen::ALL.into_iter().flat_map(move |fee| {
                levels.into_iter().flat_map(move |level| [true, false].map(|fresh| facts(status, fee, level, fresh)))
            })
        })
    }

    #[test]
    fn no_button_offers_what_the_sentence_denies_and_none_is_missing() {
        for known in every_case() {
            for (lang, here, cashier) in [(Lang::Km, "នៅទីនេះ", "បេឡា"), (Lang::En, " here", "cashier")]
            {
                let (what, card) =
                    (format!("{:?} {:?} {:?}", known.status, known.fee, known.disclosure), status_card(lang, &known));
                let public = known.disclosure == Disclosure::Public;
                let step = known.next_step();
                let actions = actions(lang, public, public, step.pays_here());
                let offers = |page| actions.iter().any(|one| matches!(one.does, Does::Key(of, _) if of == page));
                let with_pin = card.next.contains("PIN");
                assert_eq!(offers("pay"), card.next.contains(here) && !with_pin, "{what}: {}", card.next);
                assert!(!with_pin || offers("check"), "{what}: the PIN has its button");
                // where it can be paid here it can be paid at the cashier too, and one sentence says both
                assert!(!card.next.contains(here) || card.next.contains(cashier), "{what}: {}", card.next);
                let words = lang.words();
                let unpaid = card.facts.iter().any(|fact| fact.value.contains(words.fee_due));
                assert_eq!(unpaid, step.pays() && known.fee.is_some(), "{what}: who is not to pay is told of no debt");
                assert_eq!(card.to_do, texts::next_step(lang, step).is_some(), "{what}");
            }
        }
    }

    #[test]
    fn nothing_is_to_be_paid_for_what_has_ended_has_not_begun_or_is_free() {
        use ApplicationStatus as S;
        for known in every_case() {
            let ended = matches!(known.status, S::Registered | S::Cancelled | S::Expired | S::Collected | S::Rejected);
            let free = known.fee.as_ref().is_some_and(|fee| fee.amount.0 == 0 || fee.paid);
            assert!(!(ended || free) || !known.next_step().pays(), "{:?} {:?}", known.status, known.fee);
        }
        let due = facts(S::AwaitingPayment, FeeSeen::Due, Disclosure::Verified, true);
        assert!(due.next_step() != NextStep::Wait && due.next_step().pays_here());
    }
}
