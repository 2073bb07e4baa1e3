// An SMSC made of node-smpp; with CERT KEY CA over TLS, and only for ESMEs that show a certificate of that CA. It lets one ESME bind, plays a scenario to it and prints what it saw, a JSON
// object a line; the Rust test starts it and judges.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const smpp = createRequire(import.meta.url)("smpp");

const [cert, key, ca] = process.argv.slice(2).map((file) => readFileSync(file));
const tls = cert ? { cert, key, ca, requestCert: true, rejectUnauthorized: true } : {};
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const CODE = "120500-26-048193-7";
const ucs2 = (text) => Buffer.from(text, "utf16le").swap16();
const MOS = [
  { from: "85510000101", data_coding: 0, short_message: CODE },
  { from: "85510000102", data_coding: 8, short_message: ucs2("១២០៥០០-២៦-០៤៨១៩៣-៧") },
  { from: "85510000103", data_coding: 1, short_message: `STATUS ${CODE}` },
  { from: "85510000104", data_coding: 8, short_message: Buffer.from([0xd8, 0x00, 0x17]) },
  { from: "85510000105", data_coding: 4, short_message: Buffer.from([0, 1, 2, 255]) },
  { from: "85510000106", data_coding: 0, short_message: "" },
  { from: "85510000107", data_coding: 0, message_payload: `HELLO ${"x".repeat(300)}` },
];

const server = smpp.createServer(tls, (session) => {
  let messages = 0;
  session.on("error", (fault) => say({ event: "error", message: String(fault.message) }));
  session.on("close", () => say({ event: "close" }));
  session.on("unbind", (pdu) => {
    say({ event: "unbind" });
    session.send(pdu.response());
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("bind_transceiver", (pdu) => {
    const good = pdu.system_id === "chrak" && pdu.password === "secret";
    session.send(pdu.response({ command_status: good ? 0 : smpp.ESME_RINVPASWD, system_id: "node-smpp" }));
    say({ event: "bind", good, version: pdu.interface_version });
    if (good) play(session).catch((fault) => say({ event: "error", message: String(fault) }));
  });
  session.on("submit_sm", (pdu) => {
    messages += 1;
    const id = `node-${messages}`;
    session.send(pdu.response({ message_id: id }));
    const message = pdu.short_message.message;
    say({
      event: "submit_sm", id, to: pdu.destination_addr, from: pdu.source_addr, ton: pdu.dest_addr_ton,
      npi: pdu.dest_addr_npi, data_coding: pdu.data_coding, registered: pdu.registered_delivery,
      validity: pdu.validity_period, text: Buffer.isBuffer(message) ? message.toString("utf8") : message,
    });
    session.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
      receipted_message_id: id, message_state: 2,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2611230900 done date:2611230901 stat:DELIVRD err:000 text:`,
    }, (resp) => say({ event: "receipt_resp", id, status: resp.command_status }));
  });
});

async function play(session) {
  const ask = (name, fields) => new Promise((done) => session[name](fields, (resp) => done(resp)));
  const linked = await ask("enquire_link", {});
  say({ event: "enquire_link_resp", status: linked.command_status });
  for (const { from, ...rest } of MOS) {
    const resp = await ask("deliver_sm", { source_addr: from, source_addr_ton: 1, source_addr_npi: 1, destination_addr: "1212", ...rest });
    say({ event: "deliver_sm_resp", from, status: resp.command_status });
  }
  const odd = await ask("query_sm", { message_id: "1", source_addr: "1212" });
  say({ event: "odd_resp", command: odd.command, status: odd.command_status });
  const unbound = await ask("data_sm", { source_addr: "85510000108", destination_addr: "1212", message_payload: CODE });
  say({ event: "data_sm_resp", command: unbound.command, status: unbound.command_status });
  say({ event: "played" });
}

server.on("tlsClientError", (fault) => say({ event: "tls_refused", message: String(fault.message) }));
server.listen(0, "127.0.0.1", () => say({ event: "listening", port: server.address().port }));
