//! Peers that nobody here wrote check the machine API: schemathesis reads its document and tries what it
//! promises, and the Standard Webhooks library signs an event.
use crate::api::{NO_QUIET, Served, TOKEN};
use std::{path::PathBuf, process::Command};

/// A program of the locked Python set.
fn python(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python/.venv/bin").join(name);
    assert!(path.exists(), "{} is missing; tests/run installs it", path.display());
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_against_the_document() {
    let served = Served::start(NO_QUIET, "events = \"webhook\"\nwebhook_secret_files = [\"a.whsec\"]").await;
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(python("schemathesis"))
        .current_dir(folder.path())
        .args(["run", &format!("{}/v1/openapi.json", served.http), "--url", &served.http])
        .args(["-H", &format!("Authorization: Bearer {TOKEN}"), "--no-color"])
        // what is valid by its shape may still be refused: a key that named another call, base64 of no list
        .args(["--exclude-checks", "positive_data_acceptance", "--max-examples", "15"])
        .output();
    let output = output.expect("schemathesis can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("10 selected / 10 total"), "{said}");
    served.stop().await;
}

const SIGN: &str = r#"
import datetime, sys, standardwebhooks
secret, identifier, body = sys.argv[1:]
now = datetime.datetime.now(tz=datetime.timezone.utc)
print(int(now.timestamp()), standardwebhooks.Webhook(secret).sign(identifier, now, body))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_standard_webhooks_library_signs_what_is_taken() {
    let served = Served::start(NO_QUIET, "events = \"webhook\"\nwebhook_secret_files = [\"a.whsec\"]").await;
    let event = crate::api::ready("evt-signed-elsewhere", "+85510000001").to_string();
    let secret = std::fs::read_to_string(served.folder().join("a.whsec")).expect("the secret");
    let output = Command::new(python("python")).args(["-c", SIGN, &secret, "evt-signed-elsewhere", &event]).output();
    let output = output.expect("python can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    let (stamp, signature) = said.trim().split_once(' ').unwrap_or_else(|| panic!("{output:?}"));
    let answer = served.post_signed(&event, "evt-signed-elsewhere", stamp, signature).await;
    assert_eq!(answer, 204);
    assert!(served.text("+85510000001", 1).await.starts_with("120500-26-051267-5"));
    served.stop().await;
}
