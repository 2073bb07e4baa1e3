#!/usr/bin/env python3
"""Chrak beside Kannel: the same load, the same portal, in turn on this machine.

Prints a table in Markdown: answers a second of a closed loop, latencies of an open one, CPU time and memory. Kannel keeps its
messages in memory and never syncs a file; Chrak has every text on the disk before it is acknowledged. Needs python3, Debian's
package kannel and a release build of Chrak: `benches/beside/run.py --help`.
"""

import argparse
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CODE = "120500260481937"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")

CHRAK = """data_dir = "{folder}/data"
[http]
listen = "127.0.0.1:0"
[ops]
listen = "127.0.0.1:0"
[database]
url = "sqlite:{folder}/data/chrak.db"
[portal]
url = "http://127.0.0.1:{portal}"
token = "t"
[[smsc]]
name = "bench"
address = "127.0.0.1:{smsc}"
system_id = "x"
password = "x"
window = {window}
max_tps = 0
"""

KANNEL = """group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {box}
log-level = 4
dlr-storage = internal
sms-incoming-queue-limit = -1

group = smsc
smsc = smpp
smsc-id = bench
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = "x"
smsc-password = "x"
system-type = ""
max-pending-submits = {window}
source-addr-ton = 0
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}
log-level = 4
max-pending-requests = 512

group = sms-service
keyword = default
catch-all = true
get-url = "http://127.0.0.1:{portal}/v1/applications/%k"
max-messages = 1
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


class Bench:
    """One measurement: a portal, a telco that drives, and a server between them."""

    def __init__(self, args, folder):
        self.args, self.folder, self.running = args, folder, []
        names = ("portal", "smsc", "admin", "box", "send")
        self.ports = {name: free_port() for name in names}

    def start(self, *command):
        log = open(self.folder / f"{len(self.running)}.log", "w")
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, cwd=self.folder)
        self.running.append(process)
        return process

    def configured(self, name, text, window):
        path = self.folder / name
        path.write_text(text.format(folder=self.folder, window=window, **self.ports))
        return path

    def servers(self, who, window):
        if who == "kannel":
            config = self.configured("kannel.conf", KANNEL, window)
            bearerbox = self.start("bearerbox", config)
            time.sleep(1)
            return [bearerbox, self.start("smsbox", config)]
        config = self.configured("chrak.toml", CHRAK, window)
        return [self.start(self.args.chrak, "serve", "--config", config)]

    def measure(self, who, window, pace, count):
        token = [] if who == "kannel" else ["--token", "t"]
        self.start(self.args.chrak, "portal", *token, "--listen", f"127.0.0.1:{self.ports['portal']}")
        load = subprocess.Popen(
            [self.args.chrak, "smsc", "--listen", f"127.0.0.1:{self.ports['smsc']}", "--load", "--report", "json",
             *pace, "--count", str(count), "--text", CODE],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.running.append(load)
        time.sleep(0.5)
        servers = self.servers(who, window)
        said, _ = load.communicate()
        report = json.loads(said[said.index("{"):])
        spent = sum(cpu_seconds(server.pid) for server in servers)
        return {
            "rate": report["answers_per_s"],
            "p50": report["latency_ms"]["p50"],
            "p99": report["latency_ms"]["p99"],
            "max": report["latency_ms"]["max"],
            "cpu": spent / max(report["answered"], 1) * 1_000,
            "rss": sum(peak_mib(server.pid) for server in servers),
            "lost": report["losses"],
        }

    def stop(self):
        for process in self.running:
            process.kill()
            process.wait()


def measured(args, who, window, pace, count):
    folder = pathlib.Path(tempfile.mkdtemp(dir=args.folder))
    bench = Bench(args, folder)
    try:
        return bench.measure(who, window, pace, count)
    finally:
        bench.stop()
        shutil.rmtree(folder)


def row(what, runs, beside):
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    rates = [run["rate"] for run in runs]
    ratio = f"{middle['rate'] / beside:.2f}" if beside else "–"
    print(
        f"| {what} | {middle['rate']:,.0f} ({min(rates):,.0f}–{max(rates):,.0f}) | {ratio} | {middle['p50']:.1f} / "
        f"{middle['p99']:.1f} / {middle['max']:.0f} | {middle['cpu']:.3f} | {middle['rss']:.0f} | "
        f"{sum(run['lost'] for run in runs)} |",
        flush=True,
    )
    return middle["rate"]


def main():
    parser = argparse.ArgumentParser(description="Chrak beside Kannel, in turn")
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    parser.add_argument("--chrak", default=pathlib.Path(target) / "release" / "chrak", type=pathlib.Path)
    parser.add_argument("--runs", default=3, type=int, help="of each, the median is told (default 3)")
    parser.add_argument("--count", default=20_000, type=int, help="texts of a closed loop (default 20,000)")
    parser.add_argument("--windows", default="500,100,10", help="windows of Chrak's bind (default 500,100,10)")
    parser.add_argument("--rate", default=500, type=int, help="texts a second of the open loop (default 500)")
    parser.add_argument("--folder", help="where databases are made (default: the system's temporary folder)")
    args = parser.parse_args()
    if not args.chrak.exists():
        sys.exit(f"{args.chrak} is not there: cargo build --release, or --chrak FILE")
    if not shutil.which("bearerbox"):
        sys.exit("bearerbox is not there: apt-get install kannel")
    args.chrak = args.chrak.resolve()
    print("| what | answers/s (spread) | × Kannel | p50 / p99 / max ms | CPU s per 1,000 | peak MiB | lost |")
    print("|---|---|---|---|---|---|---|", flush=True)
    windows = [int(window) for window in args.windows.split(",")]
    closed, open_loop = ["--window", "500"], ["--rate", str(args.rate)]
    runs = {(who, window): [] for who, window in [("kannel", 500), *(("chrak", window) for window in windows)]}
    for _ in range(args.runs):
        for (who, window), all_runs in runs.items():
            all_runs.append(measured(args, who, window, closed, args.count))
    beside = None
    for (who, window), all_runs in runs.items():
        what = "Kannel, memory only" if who == "kannel" else f"Chrak, window {window}"
        rate = row(f"500 in flight: {what}", all_runs, beside)
        beside = beside or rate
    for who, window in [("kannel", 500), ("chrak", windows[0]), ("chrak", windows[-1])]:
        slow = [measured(args, who, window, open_loop, args.rate * 20) for _ in range(args.runs)]
        what = "Kannel" if who == "kannel" else f"Chrak, window {window}"
        row(f"{args.rate}/s for 20 s: {what}", slow, None)


if __name__ == "__main__":
    main()
