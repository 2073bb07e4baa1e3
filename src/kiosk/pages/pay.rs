//! The fee is paid by KHQR: the portal's string is checked before it is drawn, and the portal is asked until it says
//! what became of it. It must not know how a bank is paid.
use crate::{
    khqr,
    kiosk::{
        backend::CheckAnswer,
        context::PageContext,
        goals::status,
        parts::{
            facts::Action,
            frame::{Back, Frame},
            keepsake::{arrived, kept_page},
            message::MessagePage,
            qr::{QUIET, path},
        },
        respond::page,
        state::KioskState,
        texts::{Message, VisitWords},
        visit::{
            form::Sent,
            state::{Came, Goal, VisitState},
            typed::{Typed, most},
        },
    },
    render::{kiosk::Receipt, words as shared},
    text,
    types::{
        CodeVerdict, Pin,
        civic::{Answer, Change, ChangeKind, Payment, PaymentStatus, PortalFault, Query},
        limits::PAYMENT_SHOWN_MAX,
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

/// Seconds between two questions to the portal.
const POLL_S: u32 = 3;
/// Seconds after the end of a code at which it is asked once more: money may have been sent at the last moment.
const LATE_S: u32 = 60;

#[derive(Template)]
#[template(path = "pay.html")]
struct PayPage {
    frame: Frame,
    visit_words: &'static VisitWords,
    /// Who is paid, as the code itself says.
    payee: String,
    amount: String,
    bill: String,
    until: String,
    until_ms: i64,
    /// Minutes and seconds from now until then.
    left: String,
    /// Modules on a side, with their light margin, and the dark ones as a path.
    side: usize,
    path: String,
}

/// `POST /kiosk/{lang}/pay`: `begin` gets a code, `look` asks what became of it, `new` gets another.
pub async fn pay(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let typed = form.typed(most(&state.groups));
    let mut visit = VisitState::open(&state, &context, &typed.visit);
    if form.key == "new" {
        visit.renew(state.backend.now());
    }
    if form.key == "kept"
        && let Some(page) = kept_page(&state, &context, visit.clone(), typed.clone(), "pay").await
    {
        return page;
    }
    let query = match (&visit.payment, form.key.as_str()) {
        (Some((id, code)), "look" | "poll" | "stay") if *code == typed.digits => Query::Payment { id: id.clone() },
        _ => {
            let CodeVerdict::Good(code) = state.codes.read(&typed.digits) else {
                return Goal::Status.resume(&state, &context, visit, typed).await;
            };
            // what may not be seen cannot be paid: whether there is a fee is told by the same answer as everywhere
            match status::look_up(&state, &context, &visit, &typed).await {
                CheckAnswer::Status(facts) if facts.next_step().pays_here() => {}
                other => return status::message(&state, &context, visit, typed, other),
            }
            let what = ChangeKind::Pay {
                application: code.canonical().to_owned(),
                office: context.device.office.clone(),
                pin: Pin::parse(&typed.pin),
                token: visit.token(state.backend.now()),
            };
            Query::Change(Change { what, attempt: 0 })
        }
    };
    let asked = match &query {
        Query::Payment { id } => Some(id.clone()),
        _ => None,
    };
    let answer = state.backend.ask(&context.who(visit.number()), &query, Some(visit.id)).await;
    match answer {
        Err(_) => say(&context, typed, "your-turn", "clock", &context.words.paused, Vec::new()),
        Ok(Answer::Payment(Ok(payment))) => {
            // one payment is one bill and one amount, whatever the portal says the second time
            let same = visit.due.as_ref().is_none_or(|due| *due == (payment.amount.0, payment.bill.clone()));
            if asked.is_some_and(|id| id != payment.id || !same) {
                tracing::error!("the portal's payment is another than before; it is not shown");
                return say(&context, typed, "ended", "alert", &context.lang.visit().pay_bad, Vec::new());
            }
            visit.payment = Some((payment.id.clone(), typed.digits.clone()));
            visit.due = Some((payment.amount.0, payment.bill.clone()));
            standing(&state, &context, visit, typed, &payment).await
        }
        Ok(Answer::Payment(Err(fault))) => {
            let visit_words = context.lang.visit();
            let message = match fault {
                PortalFault::TooLate | PortalFault::NotFound => &visit_words.pay_not_due,
                _ => &visit_words.pay_away,
            };
            say(
                &context,
                typed,
                "your-turn",
                "cloud",
                message,
                vec![Action::key("pay", "stay", "coins", context.words.again)],
            )
        }
        Ok(_) => say(&context, typed, "your-turn", "cloud", &context.lang.visit().pay_away, Vec::new()),
    }
}

fn say(
    context: &PageContext,
    typed: Typed,
    class: &'static str,
    icon: &'static str,
    message: &'static Message,
    actions: Vec<Action>,
) -> Response {
    let frame = context.frame(message.title, "pay", Back::KeyAt("check", "ok")).keeping(typed, "stay");
    page(StatusCode::OK, &MessagePage { frame, class, icon, message, facts: Vec::new(), actions })
}

async fn standing(
    state: &KioskState,
    context: &PageContext,
    visit: VisitState,
    typed: Typed,
    payment: &Payment,
) -> Response {
    if payment.status == PaymentStatus::Paid {
        return paid(state, context, visit, typed, payment).await;
    }
    let typed = Typed { visit: visit.seal(state, context), ..typed };
    let visit_words = context.lang.visit();
    let left_ms = payment.expires_at.since_ms(state.backend.now());
    let late = left_ms <= 0;
    match payment.status {
        PaymentStatus::Failed => {
            let new = Action::key("pay", "new", "qr", visit_words.pay_new).strong();
            say(context, typed, "ended", "cross", &visit_words.pay_failed, vec![new])
        }
        PaymentStatus::Expired => expired(context, typed),
        _ if late => expired(context, typed),
        _ if left_ms > PAYMENT_SHOWN_MAX.as_millis() as i64 => {
            tracing::error!("the portal's payment ends too far ahead of our clock; its code is not shown");
            say(context, typed, "ended", "alert", &visit_words.pay_bad, Vec::new())
        }
        _ => code(state, context, typed, payment),
    }
}

/// The journey ends with its receipt.
async fn paid(
    state: &KioskState,
    context: &PageContext,
    mut visit: VisitState,
    typed: Typed,
    payment: &Payment,
) -> Response {
    let receipt = Receipt {
        amount: payment.amount,
        bill: payment.bill.clone(),
        code: typed.printed(&state.groups),
        payee: khqr::read(&payment.khqr).ok().map(|read| visible(&read.name)),
        at: state.backend.now(),
    };
    let intent = visit.id;
    visit.renew(state.backend.now());
    arrived(state, context, visit, typed, "pay", Came::Paid { receipt }, intent).await
}

/// The code has ended; it is asked once more, by itself where there is script.
fn expired(context: &PageContext, typed: Typed) -> Response {
    let visit_words = context.lang.visit();
    let look = Action::key("pay", "look", "clock", visit_words.pay_look);
    let new = Action::key("pay", "new", "qr", visit_words.pay_new).strong();
    let mut frame =
        context.frame(visit_words.pay_expired.title, "pay", Back::KeyAt("check", "ok")).keeping(typed, "stay");
    frame.poll_s = Some(LATE_S);
    let (message, actions) = (&visit_words.pay_expired, vec![look, new]);
    page(StatusCode::OK, &MessagePage { frame, class: "your-turn", icon: "clock", message, facts: Vec::new(), actions })
}

fn code(state: &KioskState, context: &PageContext, typed: Typed, payment: &Payment) -> Response {
    let visit_words = context.lang.visit();
    let bad = |typed| say(context, typed, "ended", "alert", &visit_words.pay_bad, Vec::new());
    let due = khqr::Due {
        riel: payment.amount.0,
        bill: &payment.bill,
        expires_ms: payment.expires_at.0,
        accounts: &state.khqr_accounts,
    };
    let read = match khqr::verify(&payment.khqr, &due) {
        Ok(read) => read,
        Err(broken) => {
            tracing::error!(?broken, "the portal's KHQR does not match its payment; it is not shown");
            return bad(typed);
        }
    };
    let Ok(qr) = qrcode::QrCode::with_error_correction_level(payment.khqr.as_bytes(), qrcode::EcLevel::M) else {
        return bad(typed);
    };
    let side = qr.width();
    let until = payment.expires_at.civil(&phnom_penh());
    let mut frame = context.frame(visit_words.pay_title, "pay", Back::KeyAt("check", "ok")).keeping(typed, "stay");
    frame.poll_s = Some(POLL_S);
    let template = PayPage {
        frame,
        visit_words,
        payee: visible(&read.name),
        amount: shared::money(payment.amount, context.lang.language()),
        bill: payment.bill.clone(),
        until: format!("{:02}:{:02}", until.hour(), until.minute()),
        until_ms: payment.expires_at.0,
        left: left(payment.expires_at.since_ms(state.backend.now())),
        side: side + 2 * QUIET,
        path: path(&qr.to_colors(), side),
    };
    page(StatusCode::OK, &template)
}

/// A name in a code is the portal's to write: what cannot be seen is left out.
fn visible(name: &str) -> String {
    text::visible::shown(name).into_owned()
}

/// Minutes and seconds, as the page counts them down.
fn left(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_minutes_and_seconds() {
        for (ms, told) in [(598_000, "9:58"), (60_999, "1:00"), (59_999, "0:59"), (-4, "0:00"), (3_600_000, "60:00")] {
            assert_eq!(left(ms), told, "{ms}");
        }
    }
}
