//! What an engineer sees of a link: lines, and a capture that tshark, which nobody here wrote, reads without a complaint.
use crate::support::{
    app,
    program::{self, Program, run},
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig},
    telco::Telco,
};
use std::{path::Path, process::Command, time::Duration};

const NUMBER: &str = "85510000001";
const CODE: &str = "120500260481937";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// One line a frame: these fields of it.
fn tshark(pcap: &Path, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command.args(["-r", text(pcap), "-T", "fields", "-E", "occurrence=f", "-E", "separator=|"]);
    fields.iter().for_each(|field| {
        command.args(["-e", field]);
    });
    let done = command.output().expect("tshark can be run; apt-get install tshark");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// What tshark holds for broken.
fn complaints(pcap: &Path) -> String {
    let broken =
        "_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.expert.severity >= 0x600000";
    let options = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    let done = Command::new("tshark").args(["-r", text(pcap), "-Y", broken]).args(options).output();
    String::from_utf8(done.expect("tshark can be run; apt-get install tshark").stdout).expect("UTF-8")
}

async fn conversation(telco: &Telco) {
    telco.bound().await;
    telco.send_mo(NUMBER, "1212", CODE).expect("taken");
    telco.send_mo(NUMBER, "1212", "សួស្តី").expect("taken");
    let said = app::eventually(Duration::from_secs(10), || {
        (telco.snapshot().mt.iter().filter(|mt| mt.to == NUMBER).count() >= 2).then_some(())
    });
    said.await.expect("two answers");
    // the receipts are on their way
    tokio::time::sleep(Duration::from_millis(500)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_link_is_read_by_tshark_and_shows_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telco, listen) = (app::telco().await, ([127, 0, 0, 1], 0).into());
    let portal = Portal::start(PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None });
    let portal = portal.await.expect("the sandbox portal starts");
    let config = program::config(folder.path(), telco.addr(), portal.addr(), "");
    let ops = std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a free port");
    let written = std::fs::read_to_string(&config).expect("read");
    std::fs::write(&config, written.replace("[ops]\nlisten = \"127.0.0.1:0\"", &format!("[ops]\nlisten = \"{ops}\"")))
        .expect("written");
    let file = folder.path().join("trace.log");
    let (config, pcap) = (text(&config), folder.path().join("ring.pcap"));
    let mut program = Program::start(&["serve", "--config", config, "--trace-file", text(&file)], &[]);
    conversation(&telco).await;

    let export = ["trace", "export", "--config", config, "--smsc", "test", "--pcap"];
    let said = run(&[&export[..], &[text(&pcap)]].concat());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    program.signal("TERM");
    program.ended(Duration::from_secs(25));
    let of_file = folder.path().join("file.pcap");
    let said = run(&[&export[..], &[text(&of_file), "--trace-file", text(&file)]].concat());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);

    for pcap in [&pcap, &of_file] {
        assert_eq!(complaints(pcap), "");
        let names = tshark(pcap, &["smpp.command_id", "smpp.command_status", "smpp.system_id", "smpp.password"]);
        assert_eq!(names[0], "0x00000009||chrak|******", "a bind_transceiver without its password");
        for command in
            ["0x80000009|0x00000000|", "0x00000005||", "0x80000005|0x00000000", "0x00000004||", "0x80000004|0x00000000"]
        {
            assert!(names.iter().any(|line| line.starts_with(command)), "{command}: {names:#?}");
        }
        let submits =
            tshark(pcap, &["smpp.command_id", "smpp.source_addr", "smpp.destination_addr", "smpp.data_coding"]);
        assert!(submits.contains(&"0x00000004|1212|85510******|0x08".to_owned()), "{submits:#?}");
    }
    assert!(tshark(&of_file, &["smpp.command_id"]).iter().any(|line| line == "0x00000006"), "also how it left");
    for path in [&file, &pcap, &of_file] {
        let octets = std::fs::read(path).expect("a file");
        let all = String::from_utf8_lossy(&octets);
        let hex = |word: &str| word.bytes().map(|octet| format!("{octet:02x}")).collect::<String>();
        let wide = |word: &str| word.bytes().map(|octet| format!("00{octet:02x}")).collect::<String>();
        for secret in [NUMBER, "secret", CODE] {
            let all = all.as_ref();
            assert!(!all.contains(secret) && !all.contains(&hex(secret)), "{secret} stands in {}", path.display());
            assert!(!all.contains(&wide(secret)), "{secret} in UCS-2 stands in {}", path.display());
        }
    }
    let lines = std::fs::read_to_string(&file).expect("lines");
    assert!(
        lines.lines().any(|line| line.contains(" test/trx-1 -> submit_sm ") && line.contains("source_addr: \"1212\""))
    );
    portal.stop().await;
}

#[test]
fn a_telco_that_is_not_there_and_a_server_that_is_away_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let nobody = ([127, 0, 0, 1], 9).into();
    let config = program::config(folder.path(), nobody, nobody, "");
    let written = std::fs::read_to_string(&config).expect("read");
    std::fs::write(&config, written.replace("[ops]\nlisten = \"127.0.0.1:0\"", "[ops]\nlisten = \"127.0.0.1:9\""))
        .expect("written");
    let (config, pcap) = (text(&config), folder.path().join("x.pcap"));
    let export = |smsc| run(&["trace", "export", "--config", config, "--smsc", smsc, "--pcap", text(&pcap)]);
    let said = export("smart");
    assert_eq!(said.code, Some(78), "{}", said.err);
    assert!(said.err.contains("--smsc smart: no [[smsc]] has this name; there are: test"), "{}", said.err);
    let said = export("test");
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("no server answers at 127.0.0.1:9"), "{}", said.err);
    assert!(!pcap.exists());
}
