#!/usr/bin/env python3
"""Texts straight to the portal beside the same texts through a sandbox security server of X-Road, in turn on this machine.

Prints a table in Markdown: answers a second, latencies, Chrak's CPU time for 1,000 answers beside the straight way of the same run, and
memory; then a line for each bound, and exit code 1 if one does not hold. Server, sandbox portal, security server (`chrak road`) and telco
are of the release build and share the machine. Needs python3, openssl and a release build of Chrak: `benches/road.py --help`.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

CODE = "120500260481937"
CLIENT = "CAMBODIA/GOV/CAMDX-1/CHRAK"
SERVICE = "CAMBODIA/GOV/CAMDX-2/PORTAL/portal"
ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
WAYS = {"straight": "straight", "http": "through chrak road, HTTP", "https": "through chrak road, TLS on both sides"}
# of the way with TLS: milliseconds, and CPU as a multiple of the straight way's
P50_MAX, P99_MAX, CPU_MAX = 4.0, 20.0, 1.15

CONFIG = """data_dir = "{folder}/data"
[http]
listen = "127.0.0.1:0"
[ops]
listen = "127.0.0.1:{ops}"
[[smsc]]
name = "bench"
address = "127.0.0.1:{smsc}"
system_id = "x"
password = "x"
window = 100
max_tps = 0
reconnect_max_s = 1
[portal]
token = "t"
"""

XROAD = """mode = "xroad"
[portal.xroad]
client = "{client}"
service = "{service}"
"""

FILES = """cert_file = "{folder}/is.pem"
key_file = "{folder}/is.key"
server_cert_file = "{folder}/ss.pem"
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


class Stand:
    """A portal, a way to it, and a server; the telco comes with the load."""

    def __init__(self, args, folder, way):
        self.args, self.folder, self.way, self.running = args, pathlib.Path(folder), way, []
        self.ports = {name: free_port() for name in ("portal", "road", "ops", "smsc")}

    def at(self, name):
        return f"127.0.0.1:{self.ports[name]}"

    def start(self, *command):
        log = open(self.folder / f"{len(self.running)}.log", "w")
        self.running.append(subprocess.Popen([str(part) for part in command], stdout=log, stderr=log))
        return self.running[-1]

    def certificate(self, name):
        words = ["req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        words += ["-keyout", f"{self.folder}/{name}.key", "-out", f"{self.folder}/{name}.pem"]
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    def road(self):
        words = ["--client", CLIENT, "--service", f"{SERVICE}=http://{self.at('portal')}"]
        if self.way == "https":
            self.certificate("is")
            self.certificate("ss")
            words += ["--cert", self.folder / "ss.pem", "--key", self.folder / "ss.key", "--client-cert", self.folder / "is.pem"]
        self.start(self.args.chrak, "road", "--listen", self.at("road"), *words)

    def serve(self):
        config = CONFIG.format(folder=self.folder, **self.ports)
        if self.way == "straight":
            config += f'url = "http://{self.at("portal")}"\n'
        else:
            config += f'url = "{self.way}://{self.at("road")}"\n' + XROAD.format(client=CLIENT, service=SERVICE)
        if self.way == "https":
            config += FILES.format(folder=self.folder)
        path = self.folder / "chrak.toml"
        path.write_text(config)
        server = self.start(self.args.chrak, "serve", "--config", path)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://{self.at('ops')}/healthz", timeout=1).read()
                return server
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"the server did not start; see what it said:\n{(self.folder / 'chrak.toml').read_text()}")

    def measure(self):
        self.start(self.args.chrak, "portal", "--token", "t", "--listen", self.at("portal"))
        if self.way != "straight":
            self.road()
        time.sleep(0.5)
        server = self.serve()
        # the start reads the directory, which is no part of an answer
        time.sleep(2)
        before = cpu_seconds(server.pid)
        load = [self.args.chrak, "smsc", "--listen", self.at("smsc"), "--load", "--report", "json", "--rate", str(self.args.rate)]
        load += ["--count", str(self.args.rate * self.args.seconds), "--text", CODE]
        done = subprocess.run([str(part) for part in load], capture_output=True, text=True, check=True)
        report = json.loads(done.stdout[done.stdout.index("{"):])
        used = cpu_seconds(server.pid) - before
        latency = report["latency_ms"]
        return {
            "rate": report["answers_per_s"],
            "p50": latency["p50"],
            "p99": latency["p99"],
            "max": latency["max"],
            "cpu": used / max(report["answered"], 1) * 1_000,
            "rss": peak_mib(server.pid),
            "lost": report["losses"],
        }

    def stop(self):
        for process in self.running:
            process.kill()
            process.wait()


def measured(args, way):
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        stand = Stand(args, folder, way)
        try:
            return stand.measure()
        finally:
            stand.stop()


def row(way, runs, straight):
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    ratio = middle["cpu"] / straight if straight else 1.0
    lost = sum(run["lost"] for run in runs)
    print(
        f"| {WAYS[way]} | {middle['rate']:,.0f} | {middle['p50']:.1f} / {middle['p99']:.1f} / {middle['max']:.0f} "
        f"| {middle['cpu']:.3f} | {ratio:.2f} | {middle['rss']:.0f} | {lost} |",
        flush=True,
    )
    return middle, ratio, lost


def judged(middle, ratio, lost):
    """Each bound with whether it holds; whether all do."""
    bounds = [("p50 ms", middle["p50"], P50_MAX), ("p99 ms", middle["p99"], P99_MAX)]
    bounds += [("CPU beside straight", round(ratio, 3), CPU_MAX), ("lost", lost, 0)]
    for what, came, most in bounds:
        print(f"{'holds' if came <= most else 'FAILS'}: {what} {came:g}, at most {most:g}")
    return all(came <= most for _, came, most in bounds)


def main():
    parser = argparse.ArgumentParser(description="Texts straight and through a security server of X-Road, in turn")
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    parser.add_argument("--chrak", default=pathlib.Path(target) / "release" / "chrak", type=pathlib.Path)
    parser.add_argument("--runs", default=3, type=int, help="of each, the median is told (default 3)")
    parser.add_argument("--rate", default=500, type=int, help="texts a second (default 500)")
    parser.add_argument("--seconds", default=20, type=int, help="of each run (default 20)")
    parser.add_argument("--folder", help="where databases are made (default: the system's temporary folder)")
    args = parser.parse_args()
    if not args.chrak.exists():
        sys.exit(f"{args.chrak} is not there: cargo build --release, or --chrak FILE")
    args.chrak = args.chrak.resolve()
    runs = {way: [] for way in WAYS}
    for _ in range(args.runs):
        for way, all_runs in runs.items():
            all_runs.append(measured(args, way))
    print("| way to the portal | answers/s | p50 / p99 / max ms | CPU s per 1,000 | × straight | peak MiB | lost |")
    print("|---|---|---|---|---|---|---|")
    straight, ended = None, None
    for way, all_runs in runs.items():
        ended = row(way, all_runs, straight)
        straight = straight or ended[0]["cpu"]
    sys.exit(0 if judged(*ended) else 1)


if __name__ == "__main__":
    main()
