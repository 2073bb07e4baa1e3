//! Slots, holds, appointments and complaints as the contract's JSON has them, in and out.
use super::{WireOffice, WireService, WireText, id, localized, number, office, past};
use crate::types::{
    Msisdn, Pin, UnixMs,
    civic::{Appointment, AppointmentStatus, ChangeKind, Complaint, ComplaintStatus, Hold, ServiceRef, Slot},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct WireSlot {
    id: String,
    start: String,
    free: u32,
}

#[derive(Deserialize)]
struct WireHold {
    id: String,
    slot: WireSlot,
    expires_at: String,
}

#[derive(Deserialize)]
struct WireAppointment {
    reference: String,
    status: String,
    office: WireOffice,
    service: WireService,
    start: String,
    pin: Option<String>,
}

#[derive(Deserialize)]
struct WireComplaint {
    reference: String,
    status: String,
    status_at: String,
    answer: Option<WireText>,
}

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8], what: &str) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|fault| format!("not {what}: {:?}", fault.classify()))
}

/// # Errors
/// Why it cannot be used.
pub fn slots(body: &[u8]) -> Result<Vec<Slot>, String> {
    let list: Items<WireSlot> = read(body, "a SlotList")?;
    list.items.into_iter().take(1_000).map(|one| slot(one).ok_or_else(|| "a slot without a time".to_owned())).collect()
}

fn slot(wire: WireSlot) -> Option<Slot> {
    Some(Slot { id: id(&wire.id), start: UnixMs::from_rfc3339(&wire.start)?, free: wire.free })
}

/// # Errors
/// Why it cannot be used.
pub fn hold(body: &[u8]) -> Result<Hold, String> {
    let wire: WireHold = read(body, "a Hold")?;
    let times = slot(wire.slot).zip(UnixMs::from_rfc3339(&wire.expires_at));
    let (slot, expires_at) = times.ok_or("a hold without a time")?;
    Ok(Hold { id: id(&wire.id), slot, expires_at: Some(expires_at) })
}

/// # Errors
/// Why it cannot be used.
pub fn appointment(body: &[u8]) -> Result<Appointment, String> {
    from_wire(read(body, "an Appointment")?)
}

/// Appointments, and where the list goes on.
///
/// # Errors
/// Why it cannot be used.
pub fn appointments(body: &[u8]) -> Result<(Vec<Appointment>, Option<String>), String> {
    let list: Items<WireAppointment> = read(body, "an AppointmentPage")?;
    let all = list.items.into_iter().take(100).map(from_wire).collect::<Result<_, _>>()?;
    Ok((all, list.next_cursor))
}

fn from_wire(wire: WireAppointment) -> Result<Appointment, String> {
    if !(6..=20).contains(&wire.reference.len()) || !wire.reference.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err("the reference of an appointment is none".to_owned());
    }
    Ok(Appointment {
        reference: wire.reference,
        status: AppointmentStatus::from_wire(&wire.status),
        office: office(wire.office),
        service: ServiceRef {
            id: wire.service.id.map(|name| id(&name)),
            name: wire.service.name.map(localized),
            sensitive: wire.service.sensitive,
        },
        start: UnixMs::from_rfc3339(&wire.start).ok_or("an appointment without a time")?,
        pin: wire.pin.as_deref().and_then(Pin::parse),
    })
}

/// # Errors
/// Why it cannot be used.
pub fn complaint(body: &[u8], now: UnixMs) -> Result<Complaint, String> {
    let wire: WireComplaint = read(body, "a Complaint")?;
    Ok(Complaint {
        reference: number(&wire.reference),
        status: match wire.status.as_str() {
            "open" => ComplaintStatus::Open,
            "closed" => ComplaintStatus::Closed,
            _ => ComplaintStatus::InReview,
        },
        status_at: past(&wire.status_at, now).ok_or("a complaint without a time")?,
        answer: wire.answer.map(localized),
    })
}

/// The reference of a complaint that was filed.
///
/// # Errors
/// Why it cannot be used.
pub fn complaint_reference(body: &[u8]) -> Result<String, String> {
    let receipt: Value = read(body, "a ComplaintReceipt")?;
    let reference = receipt["reference"].as_str().map(number);
    reference.filter(|text| (4..=20).contains(&text.len())).ok_or_else(|| "a complaint without a reference".to_owned())
}

/// The body of a change; `None` where it has none.
pub fn body(change: &ChangeKind, number: Option<Msisdn>) -> Option<Value> {
    let mut body = match change {
        ChangeKind::Hold { slot } => json!({ "slot_id": slot }),
        ChangeKind::Book { hold, service, application, language } => {
            let mut body = json!({ "hold_id": hold, "service_id": service, "language": language.tag() });
            if let Some(code) = application {
                body["application_code"] = json!(code);
            }
            body
        }
        ChangeKind::Move { hold, .. } => json!({ "hold_id": hold }),
        ChangeKind::Cancel { .. } => return None,
        ChangeKind::Feedback { rating, text } => {
            let mut body = json!({ "rating": rating, "category": "other" });
            if let Some(text) = text {
                body["text"] = json!(text);
            }
            body
        }
        ChangeKind::Pay { application, office, .. } => {
            let mut body = json!({ "application_code": application });
            if let Some(office) = office {
                body["office_id"] = json!(office);
            }
            body
        }
        ChangeKind::Ticket { office, service, appointment } => {
            let mut body = json!({ "office_id": office });
            match (service, appointment) {
                (_, Some(reference)) => body["appointment_reference"] = json!(reference),
                (Some(service), None) => body["service_id"] = json!(service),
                (None, None) => {}
            }
            body
        }
        ChangeKind::Complain { text, language } => json!({ "text": text, "language": language.tag() }),
    };
    if let (ChangeKind::Book { .. } | ChangeKind::Complain { .. }, Some(number)) = (change, number) {
        body["msisdn"] = json!(number.e164());
    }
    Some(body)
}
