// A USSD gateway made of node-smpp: it opens a session in one dialect (spec or mica), answers every screen with
// its first choice until the session has an appointment, hangs up, and prints what it saw, a JSON object a line.
import { createRequire } from "node:module";
const smpp = createRequire(import.meta.url)("smpp");

const dialect = process.argv[2];
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const SESSION = 0x1a2c;
const NUMBER = dialect === "mica" ? "85510000202" : "85510000201";
const its = (over) => Buffer.from([SESSION >> 8, (SESSION & 0xff) | (over ? 1 : 0)]);

const server = smpp.createServer((session) => {
  let answered = false;
  let steps = 0;
  const input = (op, text, over) => {
    answered = false;
    const fields = {
      service_type: "USSD", source_addr: NUMBER, source_addr_ton: 1, source_addr_npi: 1,
      destination_addr: dialect === "mica" ? "" : "1212", data_coding: dialect === "mica" ? 0 : 15,
      short_message: Buffer.from(text), ussd_service_op: op,
    };
    if (dialect === "mica") fields.user_message_reference = SESSION;
    else fields.its_session_info = its(over);
    session.deliver_sm(fields, (resp) => {
      answered = true;
      say({ event: "deliver_sm_resp", status: resp.command_status });
    });
  };
  session.on("error", (fault) => say({ event: "error", message: String(fault.message) }));
  session.on("unbind", (pdu) => session.send(pdu.response()));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("bind_transceiver", (pdu) => {
    session.send(pdu.response({ system_id: "node-ussd" }));
    input(1, "*1212*9*3#");
  });
  session.on("submit_sm", (pdu) => {
    steps += 1;
    session.send(pdu.response({ message_id: `n${steps}` }));
    const message = pdu.short_message.message;
    const text = Buffer.isBuffer(message) ? message.toString("latin1") : message;
    const reference = pdu.user_message_reference ?? null;
    const session_info = pdu.its_session_info ? Buffer.from(pdu.its_session_info).toString("hex") : null;
    say({
      event: "screen", after_resp: answered, to: pdu.destination_addr, from: pdu.source_addr, op: pdu.ussd_service_op,
      session_info, reference, service_type: pdu.service_type, data_coding: pdu.data_coding, esm_class: pdu.esm_class,
      registered: pdu.registered_delivery, text,
    });
    if (text.startsWith("Booked")) {
      input(129, "", true);
      say({ event: "done" });
    } else if (steps < 20) {
      input(18, text.startsWith("Public services") ? "2" : "1");
    }
  });
});
server.listen(0, "127.0.0.1", () => say({ event: "listening", port: server.address().port }));
