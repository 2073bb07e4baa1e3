//! KHQR against the strings that the National Bank's own library wrote, and against corruption.
use super::*;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/data/khqr-vectors.json")).expect("JSON")
}

fn written(input: &Value, kind: &str, now: i64) -> Result<String, Refused> {
    let text = |name: &str| input[name].as_str();
    let (bank, mid) = (text("bank"), text("mid"));
    let payee = match kind {
        "merchant" => Payee::Merchant { id: mid.expect("mid"), bank: bank.expect("bank") },
        _ => Payee::Individual { information: text("accountInformation"), bank: text("acquiringBank") },
    };
    let amount = input.get("amount").map(Value::to_string);
    let other = text("languagePreference");
    let request = Request {
        account: text("id").expect("id"),
        payee,
        currency: input["currency"].as_u64().expect("currency") as u16,
        amount: amount.as_deref(),
        name: text("name").expect("name"),
        city: text("city").expect("city"),
        category: text("merchantCategoryCode").unwrap_or("5999"),
        union_pay: text("upiMerchantAccount"),
        bill: text("billNumber"),
        mobile: text("mobileNumber"),
        store: text("storeLabel"),
        terminal: text("terminalLabel"),
        purpose: text("purposeOfTransaction"),
        other_language: other
            .map(|tag| (tag, text("merchantNameAlternateLanguage"), text("merchantCityAlternateLanguage"))),
        expires_ms: input["expirationTimestamp"].as_i64(),
    };
    write(&request, now)
}

#[test]
fn checksums_are_those_of_the_standard() {
    for case in vectors()["crc16_ccitt_false"].as_array().expect("a list") {
        let (input, crc) = (case["input"].as_str().expect("text"), case["crc"].as_str().expect("hex"));
        assert_eq!(format!("{:04X}", crc16(input.as_bytes())), crc, "{input}");
    }
}

#[test]
fn all_vectors_are_written_byte_for_byte_or_refused_with_the_same_number() {
    let all = vectors();
    let now = all["frozen_now_ms"].as_i64().expect("a time");
    let list = all["vectors"].as_array().expect("a list");
    assert_eq!(list.len(), 23);
    for case in list {
        let name = case["name"].as_str().expect("a name");
        let done = written(&case["input"], case["type"].as_str().expect("a type"), now);
        match case["qr"].as_str() {
            Some(qr) => {
                assert_eq!(done.as_deref(), Ok(qr), "{name}");
                let read = read(qr).unwrap_or_else(|why| panic!("{name}: {why}"));
                assert_eq!(read.account, case["input"]["id"], "{name}");
                assert_eq!(read.bill.as_deref(), case["input"]["billNumber"].as_str(), "{name}");
                assert_eq!(read.expires_ms.is_some(), read.dynamic, "{name}");
            }
            None => {
                let code = case["status"]["errorCode"].as_u64().expect("a code");
                assert_eq!(done.map_err(|refused| u64::from(refused.code())), Err(code), "{name}");
            }
        }
    }
}

#[test]
fn any_one_changed_character_is_found() {
    for case in vectors()["vectors"].as_array().expect("a list") {
        let Some(qr) = case["qr"].as_str() else { continue };
        let chars: Vec<char> = qr.chars().collect();
        for at in 0..chars.len() {
            for other in ['0', '7', 'x', 'ក'] {
                let mut changed = chars.clone();
                changed[at] = other;
                let changed: String = changed.iter().collect();
                // the case of the checksum's own letters means nothing
                if changed != qr {
                    assert!(read(&changed).is_err(), "{at} {other}: {changed}");
                }
            }
        }
        for end in 0..qr.len() {
            assert!(!qr.is_char_boundary(end) || read(&qr[..end]).is_err());
        }
    }
}

#[test]
fn only_what_is_due_is_taken() {
    let list = vectors();
    let case = list["vectors"].as_array().expect("a list").iter().find(|case| case["input"]["billNumber"] == "R-78");
    let qr = case.and_then(|case| case["qr"].as_str()).expect("a code");
    let expires_ms = 1_767_225_900_000;
    let account = read(qr).expect("a code").account;
    let (ours, others) = ([account], ["else@bank".to_owned()]);
    let due = Due { riel: 20_000, bill: "R-78", expires_ms, accounts: &[] };
    assert!(verify(qr, &due).is_ok());
    assert!(verify(qr, &Due { accounts: &ours, ..due }).is_ok());
    for wrong in [
        Due { riel: 20_001, ..due },
        Due { bill: "R-77", ..due },
        Due { expires_ms: expires_ms + 1, ..due },
        Due { accounts: &others, ..due },
    ] {
        assert_eq!(verify(qr, &wrong), Err(Broken::Other), "{wrong:?}");
    }
}

#[test]
fn a_code_that_names_a_second_payee_is_not_taken() {
    let list = vectors();
    let case = list["vectors"].as_array().expect("a list").iter().find(|case| case["input"]["billNumber"] == "R-78");
    let qr = case.and_then(|case| case["qr"].as_str()).expect("a code");
    let due = Due { riel: 20_000, bill: "R-78", expires_ms: 1_767_225_900_000, accounts: &[] };
    let at = qr.find("5204").expect("tag 52");
    for second in ["29130009evil@bank", "26130009evil@bank", "02099evil4321"] {
        let mut forged = format!("{}{second}{}", &qr[..at], &qr[at..qr.len() - 4]);
        let crc = crc16(forged.as_bytes());
        forged.push_str(&format!("{crc:04X}"));
        assert!(read(&forged).is_ok_and(|khqr| khqr.others), "{second}");
        assert_eq!(verify(&forged, &due), Err(Broken::Other), "{second}");
    }
}

proptest::proptest! {
    #[test]
    fn garbage_is_refused_without_a_panic(text in "\\PC{0,80}") {
        let _ = read(&text);
        let signed = format!("{text}6304");
        let _ = read(&format!("{signed}{:04X}", crc16(signed.as_bytes())));
    }
}
