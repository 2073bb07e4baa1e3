//! The Scheduler API's JSON, in and out. Its lists are lists of lists in the standard and plain ones in the field: both are read.
//! Ids are texts in the standard and numbers in the field: both are texts here.
use crate::{
    portal::wire::id,
    types::{UnixMs, civic::AppointmentStatus, time::phnom_penh},
};
use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

/// An event: a time at an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: String,
    /// The office that has it, as the scheduler calls it.
    pub(super) entity: String,
    /// The service's four digits.
    pub(super) category: String,
    pub(super) start: UnixMs,
    deadline: Option<UnixMs>,
    is_open: bool,
}

impl Event {
    /// Whether it can be booked now.
    pub(super) fn takes_bookings(&self, now: UnixMs) -> bool {
        self.is_open && self.start > now && self.deadline.is_none_or(|deadline| now < deadline)
    }
}

/// An appointment, which names its event only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) status: AppointmentStatus,
    /// As it is written.
    pub(super) status_id: Option<String>,
}

impl Listed {
    /// Whether its place is taken by it.
    pub(super) fn stands(&self) -> bool {
        !matches!(self.status, AppointmentStatus::Cancelled | AppointmentStatus::NoShow)
    }
}

/// A time with an offset; without one it is the offices' own.
pub(super) fn time(text: &str) -> Option<UnixMs> {
    if let Some(at) = UnixMs::from_rfc3339(text) {
        return Some(at);
    }
    let civil: DateTime = text.trim().trim_end_matches('Z').parse().ok()?;
    let at = civil.to_zoned(phnom_penh()).ok()?;
    Some(UnixMs(at.timestamp().as_millisecond()))
}

/// The entries of a list, however deep it is nested.
fn entries(value: Value, deep: u8, found: &mut Vec<Value>) {
    match value {
        Value::Array(items) if deep > 0 => items.into_iter().for_each(|item| entries(item, deep - 1, found)),
        Value::Object(_) => found.push(value),
        _ => {}
    }
}

/// # Errors
/// Why it is no list.
fn list(body: &[u8]) -> Result<Vec<Value>, String> {
    let value: Value = serde_json::from_slice(body).map_err(|fault| format!("no list: {:?}", fault.classify()))?;
    if !value.is_array() {
        return Err("no list".to_owned());
    }
    let mut found = Vec::new();
    entries(value, 3, &mut found);
    Ok(found)
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => id(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Those that can be read.
///
/// # Errors
/// Why it is no list.
pub(super) fn events(body: &[u8]) -> Result<Vec<Event>, String> {
    let read = |item: &Value| {
        let details = &item["details"];
        Some(Event {
            id: text(&item["event_id"])?,
            entity: text(&details["host_entity_id"])?,
            category: text(&details["category"]).unwrap_or_default(),
            start: time(details["from"].as_str()?)?,
            deadline: match details["deadline"].as_str() {
                None => None,
                Some(written) => Some(time(written)?),
            },
            is_open: details["status"].as_str().is_some_and(|status| status.eq_ignore_ascii_case("open")),
        })
    };
    readable(&list(body)?, read, "events")
}

/// Those that can be read.
///
/// # Errors
/// Why it is no list.
pub(super) fn appointments(body: &[u8]) -> Result<Vec<Listed>, String> {
    let read = |item: &Value| {
        let details = &item["details"];
        let status_id = text(&details["status_id"]);
        Some(Listed {
            id: text(&item["appointment_id"])?,
            event: text(&details["event_id"])?,
            status: status(status_id.as_deref().unwrap_or("confirmed")),
            status_id,
        })
    };
    readable(&list(body)?, read, "appointments")
}

/// Ids of those that have this name, the lowest first.
///
/// # Errors
/// Why it is no list.
pub(super) fn subscribers(body: &[u8], name: &str) -> Result<Vec<String>, String> {
    let items = list(body)?;
    // a scheduler that does not filter must not give one citizen the appointments of another
    let named = items.iter().filter(|item| item["details"]["name"].as_str() == Some(name));
    let mut ids: Vec<String> = named.filter_map(|item| text(&item["subscriber_id"])).collect();
    ids.sort_by_key(|id| (id.len(), id.clone()));
    Ok(ids)
}

fn readable<T>(items: &[Value], read: impl Fn(&Value) -> Option<T>, what: &str) -> Result<Vec<T>, String> {
    let all: Vec<T> = items.iter().filter_map(read).collect();
    if all.len() < items.len() {
        tracing::warn!(left_out = items.len() - all.len(), "{what} of the scheduler cannot be used");
    }
    Ok(all)
}

/// A word that is not known promises nothing.
fn status(word: &str) -> AppointmentStatus {
    match word.to_ascii_lowercase().as_str() {
        "confirmed" | "booked" => AppointmentStatus::Booked,
        "cancelled" | "canceled" => AppointmentStatus::Cancelled,
        "arrived" | "attended" | "completed" => AppointmentStatus::Arrived,
        "noshow" | "no_show" => AppointmentStatus::NoShow,
        _ => AppointmentStatus::Pending,
    }
}

/// All that an event has and is looked at.
fn event_details() -> Value {
    json!({ "event_id": true, "category": true, "host_entity_id": true, "period": true, "deadline": true, "status": true })
}

/// Of a day's first moment, or its last.
fn edge(day: Date, hour: i8, minute: i8, second: i8) -> String {
    format!("{day}T{hour:02}:{minute:02}:{second:02}+07:00")
}

/// Events of an office for a service, from one day to another.
pub(super) fn ask_slots(entity: &str, category: &str, (from, to): (Date, Date)) -> Value {
    let filter = json!({
        "host_entity_id": entity, "category": category, "from": edge(from, 0, 0, 0), "to": edge(to, 23, 59, 59)
    });
    json!({ "event_filter": filter, "event_details_required": event_details() })
}

/// Events by their ids.
pub(super) fn ask_events(ids: &[&str]) -> Value {
    json!({ "event_filter": { "event_id": ids }, "event_details_required": event_details() })
}

/// Appointments of a subscriber.
pub(super) fn ask_appointments(subscriber: &str) -> Value {
    json!({
        "appointment_filter": { "participant_type": "subscriber", "participant_id": subscriber },
        "appointment_details_required": { "appointment_id": true, "event_details": true, "status": true, "participant_id": true }
    })
}

/// Subscribers of a name.
pub(super) fn ask_subscriber(name: &str) -> Value {
    json!({ "subscriber_filter": { "name": name }, "subscriber_details_required": { "subscriber_id": true, "name": true } })
}

/// A subscriber: a name that means nothing to anybody else, and nothing besides.
pub(super) fn new_subscriber(name: &str) -> Value {
    json!({ "subscriber_details": { "name": name, "category": "citizen" } })
}

/// An appointment.
pub(super) fn new_appointment(event: &Event, subscriber: &str) -> Value {
    json!({ "appointment_details": {
        "exclusive": true, "event_ids": [event.id], "participant_type": "subscriber", "participant_id": subscriber,
        "participant_entity_id": event.entity
    } })
}

/// The same appointment at another time.
pub(super) fn moved(one: &Listed, event: &Event, subscriber: &str) -> Value {
    let mut details = json!({
        "exclusive": true, "event_id": event.id, "participant_type": "subscriber", "participant_id": subscriber,
        "participant_entity_id": event.entity
    });
    if let Some(status) = &one.status_id {
        details["status_id"] = json!(status);
    }
    json!({ "details": details })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_nested_as_in_the_standard_and_plain_as_in_the_field() {
        let one = r#"{"event_id":"12345","details":{"host_entity_id":67890,"category":"1002","from":"2026-11-24T08:00:00",
            "deadline":"2026-11-24T00:00:00+07:00","status":"Open"}}"#;
        let start = UnixMs::from_rfc3339("2026-11-24T08:00:00+07:00").expect("a time");
        for body in [format!("[{one}]"), format!("[[{one}]]"), format!("[[[{one}]],[]]")] {
            let all = events(body.as_bytes()).expect("a list");
            assert_eq!(
                (all.len(), all[0].id.as_str(), all[0].entity.as_str(), all[0].start),
                (1, "12345", "67890", start)
            );
            let deadline = UnixMs::from_rfc3339("2026-11-24T00:00:00+07:00").expect("a time");
            assert!(
                all[0].takes_bookings(deadline.plus_ms(-1)) && !all[0].takes_bookings(deadline),
                "until its deadline"
            );
        }
        let closed = one.replace("Open", "closed");
        let closed = events(format!("[{closed}]").as_bytes()).expect("a list");
        assert!(!closed[0].takes_bookings(UnixMs(0)));
        for none in ["{}", "<html>", "\"event_id:1\"", "", "null"] {
            assert!(events(none.as_bytes()).is_err(), "{none}");
        }
        let broken = r#"[{"event_id":"1","details":{}},{"event_id":"2"},{"details":{}},7]"#;
        assert_eq!(events(broken.as_bytes()), Ok(Vec::new()), "what cannot be read costs its entry only");
    }

    #[test]
    fn of_subscribers_only_those_of_the_name_count() {
        let body = r#"[[{"subscriber_id":"12","details":{"name":"b"}},{"subscriber_id":"9","details":{"name":"b"}},
            {"subscriber_id":"1","details":{"name":"a"}},{"subscriber_id":"2"}]]"#;
        assert_eq!(subscribers(body.as_bytes(), "b"), Ok(vec!["9".to_owned(), "12".to_owned()]));
        assert_eq!(subscribers(b"[]", "b"), Ok(Vec::new()));
    }

    #[test]
    fn an_appointment_without_a_state_stands_and_a_strange_one_promises_nothing() {
        let body = |status: &str| format!(r#"[[{{"appointment_id":1,"details":{{"event_id":"e"{status}}}}}]]"#);
        for (status, meant) in [
            ("", AppointmentStatus::Booked),
            (r#","status_id":"Confirmed""#, AppointmentStatus::Booked),
            (r#","status_id":"CANCELED""#, AppointmentStatus::Cancelled),
            (r#","status_id":"odd""#, AppointmentStatus::Pending),
        ] {
            let all = appointments(body(status).as_bytes()).expect("a list");
            assert_eq!((all[0].id.as_str(), all[0].status), ("1", meant), "{status}");
        }
    }
}
