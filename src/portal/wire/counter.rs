//! Payments and queue tickets as the contract's JSON has them.
use super::{clean, number};
use crate::types::{
    Riel, UnixMs,
    civic::{Payment, PaymentStatus, Ticket},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct WirePayment {
    id: String,
    status: String,
    amount_khr: u32,
    bill_number: String,
    khqr: String,
    expires_at: String,
}

#[derive(Deserialize)]
struct WireTicket {
    number: String,
    position: u32,
    estimated_wait_minutes: u32,
    counter: Option<String>,
}

/// # Errors
/// Why it cannot be used.
pub fn payment(body: &[u8]) -> Result<Payment, String> {
    let wire: WirePayment = serde_json::from_slice(body).map_err(|f| format!("not a Payment: {:?}", f.classify()))?;
    if wire.khqr.len() > 512 || wire.id.len() > 64 || wire.bill_number.chars().count() > 25 {
        return Err("a payment with a member that is too long".to_owned());
    }
    Ok(Payment {
        id: wire.id,
        status: match wire.status.as_str() {
            "paid" => PaymentStatus::Paid,
            "failed" => PaymentStatus::Failed,
            "expired" => PaymentStatus::Expired,
            _ => PaymentStatus::Pending,
        },
        amount: Riel(wire.amount_khr),
        bill: number(&wire.bill_number),
        // checked before it is drawn, and never changed
        khqr: wire.khqr,
        expires_at: UnixMs::from_rfc3339(&wire.expires_at).ok_or("a payment without its end")?,
    })
}

/// # Errors
/// Why it cannot be used.
pub fn ticket(body: &[u8]) -> Result<Ticket, String> {
    let wire: WireTicket =
        serde_json::from_slice(body).map_err(|f| format!("not a QueueTicket: {:?}", f.classify()))?;
    let number = number(&wire.number);
    if number.is_empty() || number.chars().count() > 6 {
        return Err("a ticket without a number".to_owned());
    }
    Ok(Ticket {
        number,
        position: wire.position.min(10_000),
        wait_minutes: wire.estimated_wait_minutes.min(1_440),
        counter: wire.counter.map(|text| clean(&text)),
    })
}
