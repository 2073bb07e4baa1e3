//! One bind made by hand: connect, bind, ask, perhaps send a text and wait for its receipt, unbind. For
//! `chrak check --bind`.
use super::{
    hand::Hand,
    steps::{self, Found, Message, StepFault},
    telco::Telco,
};
use crate::{ports::clock::Clock, smpp::concat::Cut, types::Msisdn};
use std::sync::Arc;

/// What the text says.
const TEXT: &str = "Chrak: test";

/// What was found at a telco.
#[derive(Debug, Default)]
pub struct Probed {
    /// What the telco said and did, one line each.
    pub findings: Vec<String>,
    /// What is out of spec in it, or worth knowing.
    pub notes: Vec<String>,
    /// What ended it before all was done.
    pub fault: Option<StepFault>,
}

/// Binds to a telco, asks whether it is there, texts `send` where it is given, and unbinds.
pub async fn probe(telco: &Telco, send: Option<Msisdn>, clock: Arc<dyn Clock>) -> Probed {
    match Hand::connect(telco, &clock, None).await {
        Ok(hand) => probe_on(hand, telco, send, &*clock).await,
        Err(fault) => Probed { fault: Some(fault.into()), ..Probed::default() },
    }
}

/// The probe on connections that are made.
pub(super) async fn probe_on(mut hand: Hand, telco: &Telco, send: Option<Msisdn>, clock: &dyn Clock) -> Probed {
    let mut probed = Probed::default();
    let fault = script(&mut hand, telco, send, clock, &mut probed.findings).await.err();
    probed.notes = steps::out_of_spec(&hand, 0).into_iter().map(|what| format!("out of spec: {what}")).collect();
    if steps::tells_no_version(&hand) {
        let note = "the bind_resp holds no sc_interface_version: it is sent no TLVs (SMPP 3.4 §3.3.2)";
        probed.notes.push(note.to_owned());
    }
    hand.end().await;
    probed.fault = fault;
    probed
}

async fn script(
    hand: &mut Hand,
    telco: &Telco,
    send: Option<Msisdn>,
    clock: &dyn Clock,
    findings: &mut Vec<String>,
) -> Result<(), StepFault> {
    let mut add = |found: Found| found.map(|lines| findings.extend(lines));
    add(steps::bind(hand, telco).await)?;
    add(steps::enquire(hand).await)?;
    if let Some(to) = send {
        let message = Message { to, text: TEXT, reference: 1, cut: Cut::Udh8 };
        add(steps::text(hand, telco, clock, message).await)?;
    }
    add(steps::unbind(hand).await)
}
