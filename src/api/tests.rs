//! What is refused before anything is stored; what is stored and sent is shown over real sockets in `tests/it`.
use super::request;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Small {
    #[allow(dead_code, reason = "only its reading is of interest")]
    to: String,
    #[allow(dead_code, reason = "only its reading is of interest")]
    list: Option<Vec<u8>>,
}

fn refused(value: serde_json::Value) -> String {
    let problem = request::read::<Small>(&value, "/messages/3").expect_err("refused");
    format!("{problem:?}")
}

#[test]
fn what_is_wrong_is_pointed_at_and_never_repeated() {
    let unknown = refused(json!({ "to": "x", "secret-482193": 1 }));
    assert!(unknown.contains("/messages/3") && unknown.contains("unknown field"), "{unknown}");
    let wrong = refused(json!({ "to": 482_193 }));
    assert!(wrong.contains("/messages/3/to") && wrong.contains("must be"), "{wrong}");
    assert!(!wrong.contains("482193"), "{wrong}");
    let deep = refused(json!({ "to": "x", "list": [1, "482193"] }));
    assert!(deep.contains("/messages/3/list/1") && !deep.contains("482193"), "{deep}");
    assert!(refused(json!({})).contains("missing field"));
}

#[test]
fn the_document_is_the_one_that_is_served() {
    let document: serde_json::Value = serde_json::from_str(super::DOCUMENT).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    for path in ["/v1/messages", "/v1/messages/{id}", "/v1/notifications", "/send/sms/batch", "/status/sms"] {
        assert!(paths.contains_key(path), "{path}");
    }
}

#[test]
fn times_are_told_with_their_offset() {
    assert_eq!(request::time(crate::types::UnixMs(1_795_400_100_000)), "2026-11-23T09:15:00+07:00");
}
