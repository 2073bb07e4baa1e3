//! The acceptance script, run unattended against the sandbox telco, as a telco's engineer would see it.
use crate::support::program::{self, Program, Said, run};
use chrak::sandbox::telco::{Telco, TelcoConfig, fault::Faults};
use std::{path::Path, time::Duration};

const NUMBER: &str = "85510000001";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

async fn telco(faults: &[&str]) -> Telco {
    let config = TelcoConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        system_id: Some("chrak".to_owned()),
        password: Some("secret".to_owned()),
        faults: Faults::parse(faults).expect("faults"),
        ..TelcoConfig::default()
    };
    Telco::start(config).await.expect("the sandbox telco starts")
}

/// What it says, and the report.
fn certify(folder: &Path, telco: &Telco, more: &str) -> (Said, String) {
    let config = program::config(folder, telco.addr(), ([127, 0, 0, 1], 9).into(), more);
    let reports = folder.join("reports");
    let words =
        ["certify", "--config", text(&config), "--smsc", "test", "--to", "010 000 001", "--unattended", "--report"];
    let said = run(&[&words[..], &[text(&reports)]].concat());
    let file = said.out.lines().find_map(|line| line.strip_prefix("report: ")).expect("a report").to_owned();
    (said, std::fs::read_to_string(file).expect("a page"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_acceptance_script_passes_unattended_at_the_sandbox_telco() {
    let folder = tempfile::tempdir().expect("a folder");
    for more in ["", "bind = \"pair\"\n", "window = 1\n"] {
        let telco = telco(&[]).await;
        let (said, page) = certify(folder.path(), &telco, more);
        assert_eq!(said.code, Some(0), "{more}{}{}", said.out, said.err);
        for line in [
            "ok    bind",
            "ok    enquire_link, asked by us",
            "ok    text in GSM 7-bit, with its receipt",
            "ok    text in Khmer (UCS-2), with its receipt",
            "ok    text in two parts, with a receipt for each",
            "note  ten texts at once: is there a limit?",
            "skip  long text from the telephone",
            "ok    unbind",
            "ok    bind again at once",
            "ok    unbind again",
        ] {
            assert!(said.out.lines().any(|said| said == line), "{line}: {}", said.out);
        }
        let seen = telco.snapshot();
        let texts: Vec<&str> = seen.mt.iter().map(|mt| mt.text.as_str()).collect();
        assert_eq!(seen.mt.iter().filter(|mt| mt.to == NUMBER).count(), 13, "{texts:?}");
        assert!(texts.contains(&"Chrak test 1: @ $ [] {} ~ ABC abc 0123"), "{texts:?}");
        assert_eq!(seen.violations, Vec::<String>::new());
        assert!(page.contains("submit_sm_resp") && page.contains("submit_sm (0x00000004)") && page.contains("ជោគជ័យ"));
        for outside in ["http:", "https:", "src=", NUMBER, "secret", "<script"] {
            assert!(!page.contains(outside), "{outside} stands in the report");
        }
        telco.stop().await;
    }
}

/// The person at the telephone does what is said.
#[tokio::test(flavor = "multi_thread")]
async fn the_person_at_the_telephone_is_told_what_to_do_and_what_came_is_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let telco = telco(&[]).await;
    let config = program::config(folder.path(), telco.addr(), ([127, 0, 0, 1], 9).into(), "");
    let reports = folder.path().join("reports");
    let words = ["certify", "--config", text(&config), "--smsc", "test", "--to", NUMBER, "--report", text(&reports)];
    let mut program = Program::start(&words, &[]);
    for _ in 0..2 {
        let told = program.said("NOW   text this to 1212 now, as one message: ");
        let typed = told.split("message: ").nth(1).expect("what to type").to_owned();
        // a stranger's text is none of the script's, and stays with the telco
        telco.send_mo("85510000009", "1212", "somebody else").expect("taken");
        telco.send_mo(NUMBER, "1212", &typed).expect("taken");
    }
    program.said("NOW   dial *1212# now");
    telco.dial(NUMBER, "*1212#").expect("dialled");
    assert_eq!(program.ended(Duration::from_secs(30)).code(), Some(0), "{}", program.log);
    for line in ["ok    text from the telephone", "ok    long text from the telephone", "ok    USSD from the telephone"]
    {
        assert!(program.log.lines().any(|said| said == line), "{line}: {}", program.log);
    }
    assert!(program.log.contains("part 2 of 2"), "{}", program.log);
    telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_telco_does_wrong_fails_its_step_and_the_rest_is_tried() {
    let folder = tempfile::tempdir().expect("a folder");
    let throttles = telco(&["throttle=40"]).await;
    let (said, page) = certify(folder.path(), &throttles, "receipts = false\n");
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.out.contains("ESME_RTHROTTLED (0x58)") && page.contains("ESME_RTHROTTLED"), "{}", said.out);
    assert!(said.out.contains("ok    unbind again"), "{}", said.out);
    throttles.stop().await;
    let refuses = telco(&["refuse-bind=0x0d"]).await;
    let (said, _) = certify(folder.path(), &refuses, "");
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.out.starts_with("FAIL  bind\n") && said.out.contains("ESME_RBINDFAIL (0x0D)"), "{}", said.out);
    refuses.stop().await;
}
