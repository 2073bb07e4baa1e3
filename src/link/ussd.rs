//! USSD on a bind: an input is acknowledged at once and answered by the exchange, and its screen comes back to the bind
//! that read it, or to another of its telco.
use super::{
    shared::Shared,
    telco::Telco,
    ussd_senders::{Shown, What},
};
use crate::{
    exchange::{UssdCall, UssdSignal},
    render::ussd::Size,
    smpp::{
        decode::Deliver,
        dialect::{Signal, UssdInput},
        pdu::UssdSubmit,
    },
    types::{Msisdn, SessionId},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A notice that no bind could send for so long is not sent: its text goes instead.
const NOTICE_WITHIN: Duration = Duration::from_secs(5);

/// Hands the notices of a telco to its binds, until its link ends.
pub(super) async fn send_notices(shared: Arc<Shared>) {
    loop {
        let notice = tokio::select! {
            notice = shared.exchange.notifications.next_ussd_notice(&shared.telco.name) => notice,
            () = shared.over() => return,
        };
        let (Some(notice), Ok(room)) = (notice, Arc::clone(&shared.ussd_senders.room).acquire_owned().await) else {
            return;
        };
        let now = tokio::time::Instant::now().into_std();
        let shown = Shown { what: What::Notice(notice), read_at: now, until: now + NOTICE_WITHIN, _room: room };
        if let Some(sender) = shared.ussd_senders.any() {
            drop(sender.try_send(shown));
        }
    }
}

/// Takes an input; `false` when too many are in hand.
pub(super) fn take(shared: &Arc<Shared>, connection: SessionId, deliver: &Deliver, read_at: Instant) -> bool {
    let Ok(room) = Arc::clone(&shared.ussd_senders.room).try_acquire_owned() else {
        return false;
    };
    let telco = &shared.telco;
    let input = telco.ussd.dialect.read(deliver);
    let Some(number) = Msisdn::from_telco(deliver.source.ton, &deliver.source.text()) else {
        tracing::debug!(smsc = %telco.name, "a USSD input from nobody");
        return true;
    };
    let back = input.back.clone();
    let call = call(telco, connection, number, input, read_at);
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let until = read_at + shared.telco.ussd.deadline;
        let Some(screen) = shared.exchange.ussd.answer(call).await else { return };
        let shown = Shown { what: What::Screen { back, screen }, read_at, until, _room: room };
        if let Some(sender) = shared.ussd_senders.sender(connection) {
            // Every screen has its place: no more are in hand than it holds.
            drop(sender.try_send(shown));
        }
    });
    true
}

fn call(telco: &Telco, connection: SessionId, number: Msisdn, input: UssdInput, read_at: Instant) -> UssdCall {
    let ussd = &telco.ussd;
    let code = ussd.dialect.service(&input, &ussd.codes).unwrap_or_default().to_owned();
    let signal = match input.signal {
        Signal::Start => UssdSignal::Start(ussd.dialect.dialled(&input, &ussd.codes)),
        Signal::Next => UssdSignal::Next(input.text),
        Signal::Unknown => UssdSignal::Unknown(input.text),
        Signal::Abort => UssdSignal::Abort,
        Signal::Confirmed => UssdSignal::Confirmed,
    };
    UssdCall {
        smsc: telco.name.clone(),
        family: telco.family.clone(),
        connection,
        number,
        name: input.session,
        code,
        signal,
        short_code: telco.short_codes.first().cloned().unwrap_or_default(),
        size: Size { gsm7: ussd.max_gsm7, ucs2: ussd.max_ucs2 },
        read_at: read_at.into(),
        deadline: ussd.deadline,
    }
}

/// What is sent to show it; `None` where the gateway takes no notices.
pub(super) fn screen(telco: &Telco, what: &What) -> Option<UssdSubmit> {
    let dialect = &telco.ussd.dialect;
    match what {
        What::Screen { back, screen } => {
            let code = telco.ussd.codes.first().map_or("", String::as_str);
            Some(dialect.reply(back, code, &screen.text, screen.end))
        }
        What::Notice(notice) => {
            let (source, subscriber) = telco.style().addresses(None, &notice.number);
            dialect.notice(source, subscriber, &notice.text)
        }
    }
}
