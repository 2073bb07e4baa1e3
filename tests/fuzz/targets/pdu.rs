//! Any body of any command: what is read is read the same when it is written anew, by the standard's layout and by our
//! own writers; explaining, covering and tracing take anything.
use super::{Input, body_of};
use bytes::{Bytes, BytesMut};
use chrak::{
    smpp::{
        capture::capture,
        decode::{self, Deliver, data_sm, deliver_sm},
        dialect::Dialect,
        explain::explain,
        framer::Framer,
        mask::{Cover, mask},
        pdu::{SHORT_OCTETS_MAX, SubmitSm, UssdSubmit},
        receipt,
        trace::Seen,
    },
    types::UnixMs,
};

/// command_ids that are tried.
const COMMANDS: [u32; 20] = [
    0x05,
    0x103,
    0x04,
    0x8000_0004,
    0x8000_0005,
    0x8000_0103,
    0x01,
    0x02,
    0x09,
    0x8000_0009,
    0x0B,
    0x03,
    0x8000_0003,
    0x07,
    0x08,
    0x15,
    0x06,
    0x102,
    0x8000_0000,
    0x21,
];

/// The first octet names the command, the second is a little of its status; the rest is the body. And the whole is an
/// input of its own.
pub fn run(octets: &[u8]) {
    drop(explain(octets).to_string());
    let mut input = Input(octets);
    let command = COMMANDS[usize::from(input.octet()) % COMMANDS.len()];
    let status = u32::from(input.octet() & 1) * 0x58;
    let body = Bytes::copy_from_slice(input.0);
    let whole = super::pdu(command, status, 7, &body);
    shown(&whole);
    drop((decode::bind_resp(body.clone()), decode::message_id(body.clone()), decode::outbind(body.clone()).is_ok()));
    for read in [deliver_sm(7, body.clone()), data_sm(7, body.clone())].into_iter().flatten() {
        same_again(&read);
        ours(&read);
        drop((receipt::kind(&read), receipt::read(&read)));
        for name in ["standard", "its_session_info", "user_message_reference"] {
            if let Some(dialect) = Dialect::built_in(name) {
                dialect.read(&read);
            }
        }
    }
}

fn shown(whole: &[u8]) {
    assert!(explain(whole).to_string().contains("command_id"));
    for cover in [Cover::Password, Cover::People] {
        let mut covered = whole.to_vec();
        mask(&mut covered, cover);
        assert_eq!((covered.len(), &covered[..16]), (whole.len(), &whole[..16]), "the head and all lengths stay");
        let once = covered.clone();
        mask(&mut covered, cover);
        let stays = |(twice, once): (&u8, &u8)| twice == once || matches!(twice, 0 | b'*');
        assert!(covered.iter().zip(&once).all(stays), "covered again, nothing comes out");
    }
    let seen =
        Seen { at: UnixMs(1_795_400_100_000), link: "a/trx-1".into(), sent: false, octets: whole.to_vec().into() };
    let line = seen.line();
    assert!(!line.contains(['\n', '\r']), "one line");
    assert_eq!(Seen::parse(&line), Ok(seen.clone()));
    assert!(capture(&[seen]).len() > whole.len());
}

fn same_again(read: &Deliver) {
    let body = body_of(read);
    let again = if read.is_data_sm { data_sm(7, body) } else { deliver_sm(7, body) };
    assert_eq!(again.as_ref(), Ok(read));
}

/// What our writers make of the same fields is read back by the standard's layout, whole and alone.
fn ours(read: &Deliver) {
    let (mut out, sequence) = (BytesMut::new(), 0x0102_0304);
    let submit = SubmitSm {
        source: read.source.clone(),
        destination: read.destination.clone(),
        esm_class: read.esm_class,
        validity_period: "000000010000000R".to_owned(),
        registered_delivery: 1,
        data_coding: read.data_coding,
        short_message: read.body.clone(),
        sar: None,
        reference: Some(0xBEEF),
    };
    submit.write(&mut out, sequence);
    let back = deliver_sm(sequence, alone(&out)).expect("our own submit_sm");
    assert_eq!((&back.source, &back.destination, &back.body), (&read.source, &read.destination, &read.body));
    assert_eq!((back.esm_class, back.data_coding), (read.esm_class, read.data_coding));
    assert_eq!(back.tlv(0x0204).map(|value| &value[..]), Some(&b"\xBE\xEF"[..]));
    for as_data_sm in [false, true] {
        out.clear();
        let screen = UssdSubmit {
            as_data_sm,
            service_type: "USSD".to_owned(),
            source: read.source.clone(),
            destination: read.destination.clone(),
            data_coding: read.data_coding,
            body: read.body.slice(..read.body.len().min(SHORT_OCTETS_MAX)),
            tlvs: read.tlvs.iter().filter(|tlv| tlv.tag != 0x0424).take(60).cloned().collect(),
        };
        screen.write(&mut out, sequence);
        let body = alone(&out);
        let back = if as_data_sm { data_sm(sequence, body) } else { deliver_sm(sequence, body) };
        let back = back.expect("our own screen");
        assert_eq!((&back.body, &back.source, back.data_coding), (&screen.body, &read.source, read.data_coding));
        assert!(back.tlvs.starts_with(&screen.tlvs));
    }
}

fn alone(octets: &[u8]) -> Bytes {
    let mut framer = Framer::new(1 << 20);
    framer.push(octets);
    let pdu = framer.next_pdu().expect("our own framing").expect("a whole one");
    assert!(!framer.is_partial() && pdu.header.sequence == 0x0102_0304);
    pdu.body
}
