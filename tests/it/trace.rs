//! What an engineer sees of a link: lines, and a capture that tshark, which nobody here wrote, reads without a complaint.
use crate::support::{
    app,
    doors::Doors,
    handset::Handset,
    program::{self, Program, client, run},
    smsc::{DATA_SM, DELIVER_SM, RawSmsc, data_sm, deliver_sm},
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig},
    telco::{Telco, fault::Faults},
};
use std::{net::SocketAddr, path::Path, process::Command, time::Duration};

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

fn table(name: &str, smsc: SocketAddr, more: &str) -> String {
    format!("[[smsc]]\nname = \"{name}\"\naddress = \"{smsc}\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n{more}\n")
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// A sandbox telco that throttles, shuffles, decorates and says how loaded it is: texts in both alphabets and in parts,
/// receipts, a USSD session.
async fn at_a_busy_telco(telco: &Telco) {
    telco.bound().await;
    let mut handset = Handset::new(telco, "85510000030");
    handset.dial("*1212#").await;
    handset.answer("1").await;
    telco.hang_up(&handset.number).expect("a session is open");
    let odd = ["odd-tlvs", "shuffle-parts", "congestion=50", "receipt-ids=decimal"];
    telco.set_faults(Faults::parse(&odd).expect("faults"));
    let long = format!("{}{CODE} {}", "hello ".repeat(24), "please ".repeat(20));
    for (n, text) in [CODE, "សួស្តី", &long, "HELP", "ជំនួយ"].into_iter().enumerate() {
        telco.send_mo(&format!("8551000002{n}"), "1212", text).expect("taken");
    }
    let done = app::eventually(Duration::from_secs(20), || {
        let answered = telco.snapshot().mt.iter().filter(|mt| mt.to.starts_with("8551000002")).count();
        (answered >= 5).then_some(())
    });
    done.await.unwrap_or_else(|| panic!("five answers: {:#?}", telco.snapshot()));
    // last, as a refusal slows what comes after it
    telco.set_faults(Faults::parse(&["throttle=100"]).expect("faults"));
    telco.send_mo("85510000025", "1212", CODE).expect("taken");
    tokio::time::sleep(Duration::from_secs(1)).await;
    telco.set_faults(Faults::default());
}

/// Whatever else a deliver_sm or data_sm may be, at an SMSC made of octets; then an answer that is longer than a segment.
async fn at_an_odd_smsc(smsc: &RawSmsc, long: usize) {
    smsc.bound(1).await;
    let sar = |number: &'static [u8]| -> [(u16, &[u8]); 3] { [(0x020C, &[0, 9]), (0x020E, &[2]), (0x020F, number)] };
    let halves = (utf16("ស្ថានភាព 1205002"), utf16("60481937"));
    let receipt = b"id:1 sub:001 dlvrd:001 submit date:2611230842 done date:2611230842 stat:DELIVRD err:000 text:";
    for (command, body) in [
        (DELIVER_SM, deliver_sm("85510000041", 0, 8, &halves.0, &sar(&[1]))),
        (DELIVER_SM, deliver_sm("85510000041", 0, 8, &halves.1, &sar(&[2]))),
        (DELIVER_SM, deliver_sm("85510000042", 0, 0, b"", &[(0x0424, CODE.as_bytes())])),
        (
            DELIVER_SM,
            deliver_sm("85510000043", 0x40, 0, &[&[6, 8, 4, 1, 9, 2, 2], &CODE.as_bytes()[7..]].concat(), &[]),
        ),
        (
            DELIVER_SM,
            deliver_sm("85510000043", 0x40, 0, &[&[6, 8, 4, 1, 9, 2, 1], &CODE.as_bytes()[..7]].concat(), &[]),
        ),
        (DELIVER_SM, deliver_sm("85510000044", 0, 3, b"STATUS", &[(0x0204, &[0, 7]), (0x1401, b"odd"), (0x4001, &[])])),
        (DATA_SM, data_sm("85510000045", 0, 0, &[(0x0424, CODE.as_bytes())])),
        (
            DELIVER_SM,
            deliver_sm("85510000041", 4, 0, receipt, &[(0x001E, b"1\0"), (0x0427, &[2]), (0x0423, &[3, 0, 0])]),
        ),
        (DATA_SM, data_sm("85510000042", 4, 0, &[(0x001E, b"2\0"), (0x0427, &[5])])),
        (DELIVER_SM, deliver_sm("85510000046", 0, 0, b"HELP", &[])),
    ] {
        assert_eq!(smsc.deliver(command, &body).await, 0);
    }
    for number in ["85510000041", "85510000042", "85510000043", "85510000045"] {
        smsc.submitted(number, 1).await;
    }
    smsc.submitted("85510000046", long).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_of_whatever_goes_over_a_link_is_read_by_tshark_field_by_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telco, sar, payload) = (app::telco().await, RawSmsc::start().await, RawSmsc::start().await);
    let listen = ([127, 0, 0, 1], 0).into();
    let portal = Portal::start(PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None });
    let portal = portal.await.expect("the sandbox portal starts");
    let more = [
        "ussd = { codes = [\"*1212#\"], profile = \"spec\" }\n",
        &table("sar", sar.addr, "concatenation = \"sar\"\nvalidity = \"absolute\""),
        &table("payload", payload.addr, "concatenation = \"payload\"\ninterface_version = \"5.0\""),
    ];
    let config = program::config(folder.path(), telco.addr(), portal.addr(), &more.concat());
    let (config, file) = (text(&config), folder.path().join("trace.log"));
    let words = ["serve", "--config", config, "--trace-file", text(&file), "--trace-unmasked"];
    let mut program = Program::start(&words, &[]);
    tokio::join!(at_a_busy_telco(&telco), at_an_odd_smsc(&sar, 2), at_an_odd_smsc(&payload, 1));
    // receipts are on their way
    tokio::time::sleep(Duration::from_millis(500)).await;
    program.signal("TERM");
    program.ended(Duration::from_secs(25));
    let capture = |name: &str| {
        let pcap = folder.path().join(format!("{name}.pcap"));
        let said = run(&[
            "trace",
            "export",
            "--config",
            config,
            "--smsc",
            name,
            "--pcap",
            text(&pcap),
            "--trace-file",
            text(&file),
        ]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
        assert_eq!(complaints(&pcap), "", "{name}");
        pcap
    };
    let (busy, sar, payload) = (capture("test"), capture("sar"), capture("payload"));
    judged(&busy, &sar, &payload);
    portal.stop().await;
}

/// A frame of it has these fields.
fn holds(pcap: &Path, fields: &[&str], line: &str) {
    let lines = tshark(pcap, fields);
    assert!(lines.iter().any(|found| found == line), "{line} of {fields:?}: {lines:#?}");
}

fn judged(busy: &Path, sar: &Path, payload: &Path) {
    let id = "smpp.command_id";
    // a throttled submit_sm, the load, a receipt, the steps of a USSD session, and TLVs that nobody knows
    holds(busy, &[id, "smpp.command_status"], "0x80000004|0x00000058");
    holds(busy, &[id, "smpp.congestion_state"], "0x80000004|50");
    holds(busy, &[id, "smpp.esm.submit.msg_type", "smpp.message_state"], "0x00000005|0x01|2");
    holds(
        busy,
        &[id, "smpp.service_type", "smpp.ussd_service_op", "smpp.destination_addr"],
        "0x00000004|USSD|2|85510000030",
    );
    holds(busy, &[id, "smpp.data_coding", "smpp.esm.submit.features"], "0x00000004|0x08|0x01");
    holds(busy, &[id, "smpp.source_addr", "smpp.message_text"], "0x00000005|85510000021|សួស្តី");
    // parts told by TLVs, both ways; a payload, both ways; receipts with TLVs; data_sm
    let by_tlvs = [id, "smpp.sar_msg_ref_num", "smpp.sar_total_segments", "smpp.sar_segment_seqnum"];
    holds(sar, &by_tlvs, "0x00000005|9|2|1");
    let parts = tshark(sar, &by_tlvs);
    for number in [1, 2] {
        let ours = |line: &&String| line.starts_with("0x00000004|") && line.ends_with(&format!("|2|{number}"));
        assert!(parts.iter().any(|line| ours(&line)), "{number}: {parts:#?}");
    }
    holds(sar, &[id, "smpp.receipted_message_id", "smpp.message_state", "smpp.network_error.type"], "0x00000005|1|2|3");
    holds(sar, &["smpp.opt_param_tag", "smpp.user_message_reference"], "0x0204|0x0007");
    let lengths = [id, "smpp.sm_length", "smpp.destination_addr", "smpp.opt_param_tag"];
    holds(payload, &lengths, "0x00000004|0|85510000046|0x0424");
    holds(payload, &[id, "smpp.message_payload"], &format!("0x00000103|{}", hex(CODE)));
    holds(payload, &["smpp.command_id", "smpp.interface_version"], "0x00000009|80");
    for pcap in [busy, sar, payload] {
        let commands = tshark(pcap, &[id]);
        for command in ["0x00000009", "0x80000009", "0x00000006", "0x80000006", "0x80000005"] {
            assert!(commands.iter().any(|found| found == command), "{command}: {commands:?}");
        }
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|octet| format!("{octet:02x}")).collect()
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

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_file_is_begun_and_ended_while_the_server_runs_and_shows_nobody() {
    let doors = Doors::open(&[]).await;
    let at = format!("http://{}/trace/file", doors.ops);
    let post = async |form: &[(&str, &str)]| {
        let answer = client().post(&at).form(form).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("text"))
    };
    doors.telco.bound().await;
    let (status, told) = post(&[("order", "begin"), ("minutes", "15")]).await;
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((status, &told["running"], &told["unmasked"]), (200, &true.into(), &false.into()), "{told}");
    let file = std::path::PathBuf::from(told["file"].as_str().expect("a path"));
    assert_eq!(post(&[("order", "begin")]).await.0, 409);
    doors.telco.send_mo(NUMBER, "1212", "a secret of mine").expect("taken");
    let said = app::eventually(Duration::from_secs(10), || (doors.telco.snapshot().counters.mt > 0).then_some(()));
    said.await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let page = client().get(format!("http://{}/trace/live?lang=en", doors.ops)).send().await.expect("a page");
    let page = page.text().await.expect("text");
    assert!(page.contains(&format!("Written to {}", file.display())) && page.contains("Stop writing"), "{page}");
    assert_eq!(post(&[("order", "end")]).await.0, 200);
    let ended = std::fs::read_to_string(&file).expect("a file");
    doors.telco.send_mo(NUMBER, "1212", "HELP").expect("taken");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), ended, "nothing after its end");
    assert!(ended.contains(" test/trx-1 -> submit_sm ") && ended.contains(" <- deliver_sm "), "{ended}");
    let hex = |word: &str| word.bytes().map(|octet| format!("{octet:02x}")).collect::<String>();
    for word in [NUMBER, "secret"] {
        assert!(!ended.contains(word) && !ended.contains(&hex(word)), "{word}");
    }
    doors.close().await;
}
