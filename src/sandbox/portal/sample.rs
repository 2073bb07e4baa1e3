//! The invented applications: each status several times, private services among them, dated back from the
//! day on which the database is filled. Nobody real stands behind them.
use super::{
    kept::{Kept, office_ref},
    shelf::Directory,
};
use crate::types::{civic::ApplicationStatus, code::damm};
use anyhow::Context;
use jiff::{
    ToSpan, Zoned,
    civil::{Date, Weekday, time},
};
use serde_json::{Value, json};

/// One invented application.
struct Row {
    /// First six digits of the code.
    office6: &'static str,
    /// Sequence number of the code.
    sequence: &'static str,
    office: &'static str,
    service: &'static str,
    status: ApplicationStatus,
    /// Working days since the status was taken.
    age: i32,
    /// How often the fee is due: rooms, sheets, copies.
    units: u32,
    contacts: &'static [&'static str],
    pin: &'static str,
}

const YEAR: &str = "26";
const FIRST: &[&str] = &["+85510000001"];
const SECOND: &[&str] = &["+85512345678"];
const BOTH: &[&str] = &["+85512345678", "+85597123456"];

#[allow(clippy::too_many_arguments, reason = "a line of a table")]
const fn row(
    office6: &'static str,
    sequence: &'static str,
    office: &'static str,
    service: &'static str,
    status: ApplicationStatus,
    age: i32,
    units: u32,
    contacts: &'static [&'static str],
    pin: &'static str,
) -> Row {
    Row { office6, sequence, office, service, status, age, units, contacts, pin }
}

use ApplicationStatus as S;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("120500", "048193", "owso-1205", "rental-room-licence", S::InReview, 1, 4, FIRST, "4821"),
    row("120500", "051267", "owso-1205", "legalise-copy", S::ReadyForCollection, 0, 3, SECOND, "1935"),
    row("120501", "003318", "commune-120501", "birth-certificate", S::ReadyForCollection, 1, 1, BOTH, "7702"),
    row("120500", "050020", "owso-1205", "barber-licence", S::Registered, 0, 1, FIRST, "2048"),
    row("120500", "050144", "owso-1205", "construction-permit-small", S::AwaitingPayment, 1, 1, SECOND, "5513"),
    row("120500", "049871", "owso-1205", "restaurant-licence", S::Paid, 2, 1, FIRST, "6091"),
    row("120500", "047702", "owso-1205", "occupation-transfer-small", S::Forwarded, 4, 1, SECOND, "3377"),
    row("120500", "047015", "owso-1205", "rental-room-licence", S::ReturnedForCorrection, 2, 6, FIRST, "8264"),
    row("120500", "046388", "owso-1205", "barber-licence", S::Approved, 1, 1, BOTH, "9150"),
    row("120500", "044904", "owso-1205", "legalise-copy", S::Collected, 6, 2, FIRST, "4417"),
    row("120500", "043251", "owso-1205", "construction-permit-small", S::Rejected, 8, 1, SECOND, "7036"),
    row("120500", "042660", "owso-1205", "restaurant-licence", S::Cancelled, 12, 1, FIRST, "1582"),
    row("120500", "038117", "owso-1205", "rental-room-licence", S::Expired, 40, 3, SECOND, "6640"),
    row("120800", "061033", "owso-1208", "occupation-transfer-large", S::InReview, 5, 1, FIRST, "2295"),
    row("120800", "061490", "owso-1208", "legalise-copy", S::Registered, 0, 10, SECOND, "8803"),
    row("120800", "060218", "owso-1208", "rental-room-licence", S::AwaitingPayment, 3, 8, BOTH, "5176"),
    row("120800", "059847", "owso-1208", "barber-licence", S::ReadyForCollection, 4, 1, FIRST, "3921"),
    row("120800", "058322", "owso-1208", "construction-permit-small", S::ReturnedForCorrection, 5, 1, SECOND, "7458"),
    row("120100", "072514", "owso-1201", "restaurant-licence", S::Approved, 2, 1, FIRST, "6027"),
    row("120100", "072009", "owso-1201", "legalise-copy", S::Paid, 0, 5, SECOND, "1846"),
    row("120501", "003290", "commune-120501", "residence-certificate", S::ReadyForCollection, 2, 1, FIRST, "5309"),
    row("120501", "003274", "commune-120501", "marriage-certificate", S::InReview, 3, 1, SECOND, "4470"),
    row("120501", "003155", "commune-120501", "death-certificate", S::Collected, 9, 1, FIRST, "9912"),
    row("120501", "003342", "commune-120501", "single-status-certificate", S::AwaitingPayment, 0, 1, BOTH, "2763"),
    row("120510", "001877", "commune-120510", "birth-certificate", S::ReturnedForCorrection, 1, 1, SECOND, "6385"),
    row("120515", "002046", "commune-120515", "residence-certificate", S::Registered, 0, 1, FIRST, "3318"),
    row("120801", "004420", "commune-120801", "equity-card", S::Forwarded, 7, 1, SECOND, "8094"),
    row("120801", "004417", "commune-120801", "disability-card", S::Approved, 3, 1, FIRST, "1257"),
    row("120802", "005560", "commune-120802", "marriage-certificate", S::Cancelled, 15, 1, SECOND, "7741"),
    row("120000", "015508", "owsu-12", "guesthouse-licence", S::Forwarded, 3, 1, FIRST, "5862"),
    row("120000", "015611", "owsu-12", "cadastral-information", S::Paid, 1, 1, SECOND, "4039"),
    row("120000", "014973", "moj-record", "criminal-record", S::ReadyForCollection, 3, 1, FIRST, "9607"),
    row("120000", "014811", "moj-record", "criminal-record", S::Rejected, 10, 1, SECOND, "2184"),
    row("120000", "013340", "moi-identity", "identity-card", S::InReview, 9, 1, BOTH, "3750"),
    row("120000", "013027", "mpwt-licence", "driving-licence-duplicate", S::Collected, 20, 1, FIRST, "6418"),
    row("020000", "008841", "owsu-02", "certified-permit-copy", S::Registered, 1, 2, SECOND, "5291"),
    row("020300", "026175", "owso-0203", "rental-room-licence", S::InReview, 11, 12, FIRST, "8846"),
    row("020310", "001209", "commune-020310", "birth-certificate", S::Registered, 0, 1, SECOND, "7120"),
    row("171000", "033986", "owso-1710", "restaurant-licence", S::ReadyForCollection, 6, 1, FIRST, "1473"),
    row("170000", "011754", "owsu-17", "guesthouse-licence", S::Rejected, 4, 1, SECOND, "9368"),
    row("171001", "002518", "commune-171001", "equity-card", S::Expired, 60, 1, FIRST, "4582"),
];

/// Canonical codes to try: a document that is ready, one in review, one of a private service.
pub fn sample_codes() -> [&'static str; 3] {
    ["120500260512675", "120500260481937", "120501260033184"]
}

/// An application to try: its canonical code, a number on file, and the PIN on its receipt.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Canonical code.
    pub code: String,
    /// E.164.
    pub contact: String,
    /// PIN on the receipt.
    pub pin: String,
}

/// What is needed to ask about each of them.
pub fn sample_applications() -> Vec<Sample> {
    ROWS.iter()
        .map(|row| {
            let body = format!("{}{YEAR}{}", row.office6, row.sequence);
            let check = damm(&body).expect("a sample's code is digits");
            let contact = (*row.contacts.first().expect("a sample has a number on file")).to_owned();
            Sample { code: format!("{body}{check}"), contact, pin: row.pin.to_owned() }
        })
        .collect()
}

/// All of them, as of `now`.
///
/// # Errors
/// When a line names an office or a service that the directory does not have.
pub fn applications(directory: &Directory, now: &Zoned) -> anyhow::Result<Vec<Kept>> {
    ROWS.iter().map(|row| application(row, directory, now)).collect()
}

fn application(row: &Row, directory: &Directory, now: &Zoned) -> anyhow::Result<Kept> {
    let office = directory.office(row.office).with_context(|| format!("office {}", row.office))?;
    let service = directory.service(row.service).with_context(|| format!("service {}", row.service))?;
    let body = format!("{}{YEAR}{}", row.office6, row.sequence);
    let check = damm(&body).context("a code of digits")?;
    let code = format!("{body}{check}");
    let amount = service["fees"][0]["amount_khr"].as_u64().unwrap_or(0) * u64::from(row.units);
    let timeline = timeline(row, directory, amount > 0, now)?;
    let place = office_ref(office);
    let mut whole = json!({
        "code": code,
        "service": { "id": row.service, "name": service["name"], "sensitive": service["sensitive"] },
        "office": place,
        "status": row.status.as_str(),
        "status_at": timeline.last().map(|entry| entry["at"].clone()),
        "timeline": timeline,
        "fee": {
            "amount_khr": amount,
            "paid": amount == 0 || timeline.iter().any(|entry| entry["status"] == "paid"),
            "bill_number": format!("B{YEAR}{}{}", row.office6, row.sequence),
        },
    });
    if amount == 0 {
        whole["fee"] = json!({ "amount_khr": 0, "paid": true });
    }
    if let Some(days) = days_left(row.status) {
        whole["expected_by"] = json!(working_days(now.date(), days).to_string());
    }
    if row.status == S::ReadyForCollection {
        whole["ready"] = json!({ "office": place, "until": working_days(now.date(), 60).to_string() });
    }
    if let Some((km, en, latin)) = next_action(row.status) {
        whole["next_action"] = json!({ "km": km, "en": en, "km-Latn": latin });
    }
    if row.status == S::ReturnedForCorrection {
        whole["returned_documents"] = returned(row, service);
    }
    Ok(Kept {
        code,
        whole,
        contacts: row.contacts.iter().map(|&number| number.to_owned()).collect(),
        pin: row.pin.into(),
    })
}

/// The statuses that an application goes through to its own, oldest first.
fn path(status: ApplicationStatus, paid_for: bool) -> Vec<ApplicationStatus> {
    let mut path = vec![S::Registered];
    let paying: &[ApplicationStatus] = if paid_for { &[S::AwaitingPayment, S::Paid] } else { &[] };
    let rest: &[ApplicationStatus] = match status {
        S::Registered => return path,
        S::Cancelled => &[],
        S::AwaitingPayment | S::Paid => {
            path.extend(paying.iter().take_while(|step| **step != status));
            path.push(status);
            return path;
        }
        S::Expired => {
            path.extend(paying.first());
            path.push(status);
            return path;
        }
        S::InReview => &[],
        S::Forwarded | S::ReturnedForCorrection | S::Approved | S::Rejected => &[S::InReview],
        S::ReadyForCollection => &[S::InReview, S::Approved],
        S::Collected => &[S::InReview, S::Approved, S::ReadyForCollection],
    };
    if status != S::Cancelled {
        path.extend(paying);
    }
    path.extend(rest);
    path.push(status);
    path
}

fn timeline(row: &Row, directory: &Directory, paid_for: bool, now: &Zoned) -> anyhow::Result<Vec<Value>> {
    let path = path(row.status, paid_for);
    let mut day = working_days(now.date(), -row.age);
    let mut entries = Vec::with_capacity(path.len());
    for (back, status) in path.iter().rev().enumerate() {
        // Paying follows registering within the day, the other steps take a day or two.
        let hour = match status {
            S::Registered => time(8, 30, 0, 0),
            S::AwaitingPayment => time(8, 50, 0, 0),
            S::Paid => time(9, 40, 0, 0),
            _ => time(14, 5, 0, 0),
        };
        let mut at = day.to_datetime(hour).to_zoned(now.time_zone().clone())?;
        if at > *now {
            // What happened this morning did not happen later than now.
            at = now.checked_sub((i64::try_from(back)? + 1).minutes())?;
        }
        let mut entry = json!({ "status": status.as_str(), "at": at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string() });
        if *status == S::Registered {
            entry["office"] = office_ref(directory.office(row.office).context("its office")?);
        }
        if *status == S::Forwarded
            && let Some(above) = directory.office("owsu-12")
        {
            entry["office"] = office_ref(above);
        }
        if *status == S::ReturnedForCorrection {
            entry["comment"] = json!({ "km": "រូបថតមិនច្បាស់", "en": "The photograph is not clear" });
        }
        entries.push(entry);
        if !matches!(status, S::AwaitingPayment | S::Paid) {
            day = working_days(day, -2);
        }
    }
    entries.reverse();
    Ok(entries)
}

/// The day `days` working days after (before, if negative) `day`; from a weekend on, the Friday before counts.
fn working_days(day: Date, days: i32) -> Date {
    let weekend = |day: Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let step = |day: Date, by: i32| day.checked_add(by.days()).unwrap_or(day);
    let mut day = day;
    while weekend(day) {
        day = step(day, -1);
    }
    for _ in 0..days.abs() {
        day = step(day, days.signum());
        while weekend(day) {
            day = step(day, days.signum());
        }
    }
    day
}

/// Working days until the office means to be done; none when it is done, or waits for the citizen.
fn days_left(status: ApplicationStatus) -> Option<i32> {
    match status {
        S::Registered => Some(14),
        S::Paid => Some(10),
        S::InReview => Some(5),
        S::Forwarded => Some(7),
        S::Approved => Some(2),
        _ => None,
    }
}

/// What the citizen should do now; says nothing of the service.
fn next_action(status: ApplicationStatus) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match status {
        S::AwaitingPayment => {
            ("សូមបង់ប្រាក់នៅបេឡាការិយាល័យ។", "Please pay at the cashier of the office.", "Som bong prak nov bela kariyalay.")
        }
        S::ReturnedForCorrection => (
            "សូមយកឯកសារដែលបានកែ មកការិយាល័យវិញ។",
            "Please bring the corrected documents back to the office.",
            "Som yok ekasar del ban kae mok kariyalay vinh.",
        ),
        S::ReadyForCollection => (
            "សូមយកបង្កាន់ដៃមកទទួលឯកសារ។",
            "Please collect the document with your receipt.",
            "Som yok bangkan dai mok totuol ekasar.",
        ),
        S::Rejected => {
            ("សូមសួរព័ត៌មាននៅការិយាល័យ។", "Please ask the office about the reasons.", "Som suor porkmean nov kariyalay.")
        }
        S::Expired => (
            "សូមដាក់ពាក្យម្តងទៀត បើនៅត្រូវការ។",
            "Please apply again if you still need it.",
            "Som dak peak mdong tiet beu nov trov kar.",
        ),
        _ => return None,
    })
}

fn returned(row: &Row, service: &Value) -> Value {
    let photo = json!({
        "name": { "km": "រូបថត 4x6", "en": "Photograph 4x6", "km-Latn": "Rup thot 4x6" },
        "reason": { "km": "មិនច្បាស់", "en": "Not clear", "km-Latn": "min chbas" },
    });
    // Every second one also misses the first document of the service's list.
    match row.units.is_multiple_of(2) {
        true => json!([photo]),
        false => json!([photo, {
            "name": service["documents"][0]["name"],
            "reason": { "km": "ខ្វះហត្ថលេខា", "en": "The signature is missing", "km-Latn": "khvah hatthalekha" },
        }]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_takes_its_steps_in_order() {
        assert_eq!(path(S::Paid, true), [S::Registered, S::AwaitingPayment, S::Paid]);
        assert_eq!(path(S::Rejected, false), [S::Registered, S::InReview, S::Rejected]);
        assert_eq!(path(S::Cancelled, true), [S::Registered, S::Cancelled]);
        assert_eq!(path(S::Expired, true), [S::Registered, S::AwaitingPayment, S::Expired]);
        assert_eq!(path(S::Collected, true).len(), 7);
    }

    #[test]
    fn weekends_are_left_out() {
        let friday: Date = "2026-11-27".parse().expect("a day");
        assert_eq!(working_days(friday, 1).to_string(), "2026-11-30");
        assert_eq!(working_days("2026-11-29".parse().expect("a day"), 0), friday);
        assert_eq!(working_days(friday, -5).to_string(), "2026-11-20");
    }
}
