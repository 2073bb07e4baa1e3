//! The fee is paid by KHQR: the portal's string is checked before it is drawn, and the portal is asked until it says
//! what became of it. It must not know how a bank is paid.
use super::{
    KioskState,
    at::Here,
    check,
    door::CheckAnswer,
    frame::{Back, Frame, page},
    pages::ToldPage,
    views::{Action, Fact},
    visit::{Held, Sent, Typed},
    words::Told,
    words_visit::VisitWords,
};
use crate::{
    khqr,
    render::words as shared,
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
/// Light modules around the code (ISO/IEC 18004).
const QUIET: usize = 4;

#[derive(Template)]
#[template(path = "pay.html")]
struct PayPage {
    f: Frame,
    v: &'static VisitWords,
    amount: String,
    bill: String,
    until: String,
    until_ms: i64,
    poll_s: u32,
    /// Modules on a side, with their light margin, and the dark ones as a path.
    side: usize,
    path: String,
}

/// `POST /kiosk/{lang}/pay`: `begin` gets a code, `look` asks what became of it, `new` gets another.
pub async fn pay(State(state): State<KioskState>, here: Here, Sent(form): Sent) -> Response {
    let typed = form.typed(check::most(&state));
    let mut held = Held::open(&state, &here, &typed.held);
    if form.key == "new" {
        held.renew();
    }
    let query = match (&held.payment, form.key.as_str()) {
        (Some((id, code)), "look" | "poll" | "stay") if *code == typed.digits => Query::Payment { id: id.clone() },
        _ => {
            let CodeVerdict::Good(code) = state.codes.read(&typed.digits) else {
                return check::answer(&state, &here, typed).await;
            };
            // what may not be seen cannot be paid: whether there is a fee is told by the same answer as everywhere
            match check::look_up(&state, &here, &typed).await {
                CheckAnswer::Status(facts) if check::is_due(&facts) => {}
                other => return check::told(&state, &here, typed, other),
            }
            let what = ChangeKind::Pay {
                application: code.canonical().to_owned(),
                office: here.device.office.clone(),
                pin: Pin::parse(&typed.pin),
            };
            Query::Change(Change { what, attempt: 0 })
        }
    };
    let asked = match &query {
        Query::Payment { id } => Some(id.clone()),
        _ => None,
    };
    let answer = state.door.ask(&here.who(held.number()), &query, Some(held.id)).await;
    match answer {
        Err(_) => say(&here, typed, "your-turn", "clock", &here.w.paused, Vec::new()),
        Ok(Answer::Payment(Ok(payment))) => {
            // one payment is one bill and one amount, whatever the portal says the second time
            let same = held.due.as_ref().is_none_or(|due| *due == (payment.amount.0, payment.bill.clone()));
            if asked.is_some_and(|id| id != payment.id || !same) {
                tracing::error!("the portal's payment is another than before; it is not shown");
                return say(&here, typed, "ended", "alert", &here.lang.visit().pay_bad, Vec::new());
            }
            held.payment = Some((payment.id.clone(), typed.digits.clone()));
            held.due = Some((payment.amount.0, payment.bill.clone()));
            let typed = Typed { held: held.seal(&state, &here), ..typed };
            standing(&state, &here, typed, &payment)
        }
        Ok(Answer::Payment(Err(fault))) => {
            let v = here.lang.visit();
            let told = match fault {
                PortalFault::TooLate | PortalFault::NotFound => &v.pay_not_due,
                _ => &v.pay_away,
            };
            say(&here, typed, "your-turn", "cloud", told, vec![Action::key("pay", "stay", "coins", here.w.again)])
        }
        Ok(_) => say(&here, typed, "your-turn", "cloud", &here.lang.visit().pay_away, Vec::new()),
    }
}

fn say(
    here: &Here,
    typed: Typed,
    class: &'static str,
    icon: &'static str,
    told: &'static Told,
    actions: Vec<Action>,
) -> Response {
    let f = here.frame(told.title, "pay", Back::KeyAt("check", "ok")).keeping(typed, "stay");
    page(StatusCode::OK, &ToldPage { f, class, icon, told, facts: Vec::new(), actions })
}

fn standing(state: &KioskState, here: &Here, typed: Typed, payment: &Payment) -> Response {
    let v = here.lang.visit();
    let left_ms = payment.expires_at.since_ms(state.door.now());
    let late = left_ms <= 0;
    match payment.status {
        PaymentStatus::Paid => paid(here, typed, payment),
        PaymentStatus::Failed => {
            let new = Action::key("pay", "new", "qr", v.pay_new).strong();
            say(here, typed, "ended", "cross", &v.pay_failed, vec![new])
        }
        PaymentStatus::Expired => expired(here, typed),
        PaymentStatus::Pending if late => expired(here, typed),
        PaymentStatus::Pending if left_ms > PAYMENT_SHOWN_MAX.as_millis() as i64 => {
            tracing::error!("the portal's payment ends too far ahead of our clock; its code is not shown");
            say(here, typed, "ended", "alert", &v.pay_bad, Vec::new())
        }
        PaymentStatus::Pending => code(state, here, typed, payment),
    }
}

/// What was paid, to be printed.
fn paid(here: &Here, typed: Typed, payment: &Payment) -> Response {
    let v = here.lang.visit();
    let fact = |icon, label, value| Fact { icon, label, value, note: None };
    let facts = vec![
        fact("coins", v.amount, shared::money(payment.amount, here.lang.language())),
        fact("receipt", here.w.bill, payment.bill.clone()),
    ];
    let f = here.frame(v.paid.title, "pay", Back::KeyAt("check", "ok")).keeping(typed, "stay");
    let actions = vec![Action::print(v.print)];
    page(StatusCode::OK, &ToldPage { f, class: "good", icon: "check", told: &v.paid, facts, actions })
}

/// The code has ended; it is asked once more, by itself where there is script.
fn expired(here: &Here, typed: Typed) -> Response {
    let v = here.lang.visit();
    let look = Action::key("pay", "look", "clock", v.pay_look);
    let new = Action::key("pay", "new", "qr", v.pay_new).strong();
    let mut f = here.frame(v.pay_expired.title, "pay", Back::KeyAt("check", "ok")).keeping(typed, "stay");
    f.poll_s = Some(LATE_S);
    let (told, actions) = (&v.pay_expired, vec![look, new]);
    page(StatusCode::OK, &ToldPage { f, class: "your-turn", icon: "clock", told, facts: Vec::new(), actions })
}

fn code(state: &KioskState, here: &Here, typed: Typed, payment: &Payment) -> Response {
    let v = here.lang.visit();
    let bad = |typed| say(here, typed, "ended", "alert", &v.pay_bad, Vec::new());
    let due = khqr::Due {
        riel: payment.amount.0,
        bill: &payment.bill,
        expires_ms: payment.expires_at.0,
        accounts: &state.khqr_accounts,
    };
    if let Err(broken) = khqr::verify(&payment.khqr, &due) {
        tracing::error!(?broken, "the portal's KHQR does not match its payment; it is not shown");
        return bad(typed);
    }
    let Ok(qr) = qrcode::QrCode::with_error_correction_level(payment.khqr.as_bytes(), qrcode::EcLevel::M) else {
        return bad(typed);
    };
    let side = qr.width();
    let until = payment.expires_at.civil(&phnom_penh());
    let mut f = here.frame(v.pay_title, "pay", Back::KeyAt("check", "ok")).keeping(typed, "stay");
    f.poll_s = Some(POLL_S);
    let template = PayPage {
        f,
        v,
        amount: shared::money(payment.amount, here.lang.language()),
        bill: payment.bill.clone(),
        until: format!("{:02}:{:02}", until.hour(), until.minute()),
        until_ms: payment.expires_at.0,
        poll_s: POLL_S,
        side: side + 2 * QUIET,
        path: path(&qr.to_colors(), side),
    };
    page(StatusCode::OK, &template)
}

/// The dark modules, each run of a row as one rectangle.
fn path(colors: &[qrcode::Color], side: usize) -> String {
    let mut path = String::new();
    for (y, row) in colors.chunks(side).enumerate() {
        let mut x = 0;
        while x < side {
            let run = row[x..].iter().take_while(|color| **color == qrcode::Color::Dark).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use qrcode::Color::{Dark, Light};

    #[test]
    fn dark_runs_become_rectangles() {
        assert_eq!(path(&[Dark, Dark, Light, Dark], 2), "M4 4h2v1h-2zM5 5h1v1h-1z");
    }
}
