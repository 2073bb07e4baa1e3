#!/usr/bin/env python3
"""The doors beside SMS: USSD screens, kiosk pages and agencies' batches, each as fast as they go and at a steady rate.

Prints a table in Markdown: how many a second, latencies, the server's CPU time and its memory. Server, sandbox portal and telco
are of the release build, and share the machine with this script, which drives pages and batches itself. Standard library only.
`benches/doors.py --help`
"""

import argparse
import asyncio
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.request

CODE = "120500260481937"
ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
TOKEN = "agency-token-of-the-bench"
BATCH = 1000

CONFIG = """data_dir = "{folder}/data"
[http]
listen = "127.0.0.1:{http}"
[ops]
listen = "127.0.0.1:{ops}"
[portal]
url = "http://127.0.0.1:{portal}"
token = "t"
[kiosk]
pairing = "off"
[[smsc]]
name = "bench"
address = "127.0.0.1:{smsc}"
system_id = "x"
password = "x"
window = 100
max_tps = 0
ussd = {{ codes = ["*1212#"] }}
[[agency]]
name = "bench"
token = "{token}"
per_day = 1000000000
"""


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


class Server:
    """A server with its portal, and a telco's address where nobody is until `telco` is called."""

    def __init__(self, chrak, folder):
        self.chrak, self.folder = chrak, folder
        self.ports = {name: port() for name in ("http", "ops", "portal", "smsc")}
        config = pathlib.Path(folder, "chrak.toml")
        config.write_text(CONFIG.format(folder=folder, token=TOKEN, **self.ports))
        log = open(pathlib.Path(folder, "log"), "w")
        quiet = {"stdout": log, "stderr": log}
        self.portal = subprocess.Popen([chrak, "portal", "--token", "t", "--listen", self.at("portal")], **quiet)
        self.server = subprocess.Popen([chrak, "serve", "--config", str(config)], **quiet)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://{self.at('ops')}/healthz", timeout=1).read()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"the server did not start: {pathlib.Path(folder, 'log').read_text()}")

    def at(self, name):
        return f"127.0.0.1:{self.ports[name]}"

    def stop(self):
        for process in (self.server, self.portal):
            process.kill()
            process.wait()


class Asker(asyncio.Protocol):
    """One connection that sends requests one after the other."""

    def __init__(self):
        self.heard, self.answer = b"", None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.heard += data
        head, found, body = self.heard.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
        if len(body) >= length:
            self.heard = body[length:]
            self.answer.set_result(head)

    def connection_lost(self, _):
        if self.answer and not self.answer.done():
            self.answer.set_exception(ConnectionError("closed"))

    async def ask(self, request):
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


async def drive(host, requests, connections, rate, wanted):
    """Sends all requests; returns seconds and latencies. `rate`: so many a second over all connections, else a closed loop."""
    loop, took, waiting = asyncio.get_running_loop(), [], iter(enumerate(requests))
    begun = time.perf_counter()

    async def one():
        _, asker = await loop.create_connection(Asker, "127.0.0.1", int(host.rpartition(":")[2]))
        for number, request in waiting:
            due = begun + number / rate if rate else time.perf_counter()
            if rate and due > time.perf_counter():
                await asyncio.sleep(due - time.perf_counter())
            head = await asker.ask(request)
            if not head.startswith(b"HTTP/1.1 " + wanted):
                raise SystemExit(f"answered {head[:60]!r}")
            took.append(time.perf_counter() - due)

    await asyncio.gather(*(one() for _ in range(connections)))
    return time.perf_counter() - begun, sorted(took)


def post(host, path, kind, body, more=b""):
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + more + b"\r\n" + body


def row(what, each, count, seconds, took, used, server):
    at = lambda share: took[min(int(len(took) * share), len(took) - 1)] * 1000
    print(
        f"| {what} | {count * each / seconds:,.0f} | {at(0.5):.1f} / {at(0.99):.1f} / {took[-1] * 1000:.0f} "
        f"| {used / (count * each) * 1000:.3f} | {peak_mib(server.server.pid):.0f} |",
        flush=True,
    )


def over_http(server, what, each, requests, connections, rate, wanted):
    before = cpu(server.server.pid)
    seconds, took = asyncio.run(drive(server.at("http"), requests, connections, rate, wanted))
    row(what, each, len(requests), seconds, took, cpu(server.server.pid) - before, server)


def pages(server, count, rate):
    form = f"digits={CODE}&at=&pin=&phone=&once=&held=&key=ok".encode()
    page = post(server.at("http"), "/kiosk/km/check", "application/x-www-form-urlencoded", form)
    over_http(server, "kiosk: status pages, 20 connections", 1, [page] * count, 20, 0, b"200")
    over_http(server, f"kiosk: status pages at {rate}/s", 1, [page] * (rate * 10), 20, rate, b"200")


def batches(server, count):
    def batch(call):
        values = {"code": "120500-26-048193-7", "office": "OWSO Dangkao"}
        one = lambda n: {
            "to": f"+85510{(call * BATCH + n) % 1_000_000:06}",
            "client_reference": f"{call}-{n}",
            "template": "document-ready",
            "values": values,
        }
        return json.dumps({"messages": [one(n) for n in range(BATCH)]}).encode()

    bearer = f"Authorization: Bearer {TOKEN}\r\n".encode()
    calls = [post(server.at("http"), "/v1/messages", "application/json", batch(n), bearer) for n in range(count)]
    over_http(server, f"agency: recipients in batches of {BATCH:,}, 2 connections", BATCH, calls, 2, 0, b"202")


def screens(server, count, pace, what):
    script = f"*1212# > 1 > {CODE}"
    load = [server.chrak, "smsc", "--listen", server.at("smsc"), "--load", "--report", "json", "--ussd", script]
    before = cpu(server.server.pid)
    done = subprocess.run([*load, "--count", str(count), *pace], capture_output=True, text=True, check=True)
    report = json.loads(done.stdout[done.stdout.index("{") :])
    latency = report["latency_ms"]
    used = cpu(server.server.pid) - before
    print(
        f"| {what} | {report['answers_per_s']:,.0f} | {latency['p50']:.1f} / {latency['p99']:.1f} / {latency['max']:.0f} "
        f"| {used / report['answered'] * 1000:.3f} | {peak_mib(server.server.pid):.0f} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description="USSD screens, kiosk pages and agencies' batches")
    parser.add_argument("--chrak", default=str(ROOT / "target/release/chrak"))
    parser.add_argument("--screens", type=int, default=60_000)
    parser.add_argument("--pages", type=int, default=30_000)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--folder", help="where databases are made (default: the system's temporary folder)")
    asked = parser.parse_args()
    print("| what | a second | p50 / p99 / max ms | CPU s per 1,000 | peak MiB |\n|---|---|---|---|---|")
    for measure in (
        lambda server: screens(server, asked.screens, ["--window", "500"], "USSD: screens, 500 sessions at once"),
        lambda server: screens(server, 20_000, ["--rate", "2000"], "USSD: screens at 2,000/s"),
        lambda server: pages(server, asked.pages, 200),
        lambda server: batches(server, asked.batches),
    ):
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            server = Server(asked.chrak, folder)
            try:
                measure(server)
            finally:
                server.stop()


if __name__ == "__main__":
    main()
