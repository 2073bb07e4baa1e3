"""A registration system and a scheduler of GovStack that remember what they are told, and judge whoever asks them: every request
and every answer is validated by openapi-core against the official files (tests/data/govstack).

    govstack.py FILES DIRECTORY --today DAY --client I/C/M/S --requestor ID --token TOKEN [--limit N] [--faults PERCENT]
                [--private WORD …] [--applications JSON]

It prints {"event": "listening", "port": N}. GET /ledger tells what was done and what was wrong; it is of no standard.

What is read into the files, as they leave it open:
- `qry` is JSON in one parameter (the files say "form, exploded", which OpenAPI does not define for objects in objects);
- `json`, a media type that there is not, is application/json;
- an object holds no members but those that the files name.
"""
import argparse
import datetime
import http.server
import json
import random
import socket
import sys
import threading
import time
import urllib.parse

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

MEDIA = "application/json"
SCHEDULER = ("event", "appointment", "subscriber")
lock = threading.Lock()


def strict(schema):
    """The same with no members but those that are named."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)


def read(path, scheduler):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    spec["servers"] = [{"url": "/"}]
    if not scheduler:
        return OpenAPI.from_dict(spec)
    strict(spec["components"]["schemas"])
    for item in spec["paths"].values():
        for operation in item.values():
            for one in operation.get("parameters", []):
                if one["name"] == "qry":
                    schema = one.pop("schema")
                    one.pop("style", None)
                    one.pop("explode", None)
                    one["content"] = {MEDIA: {"schema": schema}}
            for answer in operation["responses"].values():
                if "json" in answer.get("content", {}):
                    answer["content"][MEDIA] = answer["content"].pop("json")
    return OpenAPI.from_dict(spec)


class Office:
    """All that both systems know."""

    def __init__(self, options):
        with open(options.directory, encoding="utf-8") as file:
            directory = json.load(file)
        self.services = [
            {"id": one["govstack"]["service_id"], "name": one["name"]["en"], "type": "Public", "version": "1"} for one in directory["services"]
        ]
        self.files = {one["fileId"]: one for one in json.loads(options.applications)}
        self.events, self.subscribers, self.appointments = {}, {}, {}
        self.calls, self.wrong, self.changes = 0, [], []
        codes = {one["id"]: one["code"] for one in directory["services"] if one["bookable"]}
        today = datetime.date.fromisoformat(options.today)
        for office in directory["offices"]:
            entity = office.get("govstack", {}).get("entity_id")
            for service in office["services"]:
                if entity is None or service not in codes:
                    continue
                for ahead in range(1, 12):
                    day = today + datetime.timedelta(days=ahead)
                    for half in range(8):
                        self.event(options, entity, codes[service], day, half)

    def event(self, options, entity, category, day, half):
        start = datetime.datetime.combine(day, datetime.time(8)) + datetime.timedelta(minutes=30 * half)
        written = lambda at: at.isoformat() + "+07:00"
        name = str(10_001 + len(self.events))
        self.events[name] = {
            "name": "Counter", "category": category, "host_entity_id": entity, "from": written(start), "to": written(start + datetime.timedelta(minutes=30)),
            "deadline": written(start - datetime.timedelta(hours=1)), "subscriber_limit": str(options.limit), "status": "open",
        }

    def taken(self, event):
        return sum(1 for one in self.appointments.values() if one["event_id"] == event)


class Refused(Exception):
    pass


def do(office, options, kind, what, args):
    """What a call of the scheduler comes to; a change is carried out here."""
    qry = json.loads(args["qry"]) if "qry" in args else {}
    if args.get("requestor_id") != options.requestor or args.get("request_token") != options.token:
        raise Refused(403)
    if (kind, what) == ("event", "list_details"):
        wanted = qry.get("event_filter", {})
        fits = lambda name, one: (
            name in wanted.get("event_id", [name])
            and all(one[key] == wanted[key] for key in ("host_entity_id", "category") if key in wanted)
            and one["from"] >= wanted.get("from", "") and one["from"] <= wanted.get("to", "9")
        )
        return [[{"event_id": name, "details": one} for name, one in office.events.items() if fits(name, one)]]
    if (kind, what) == ("subscriber", "list_details"):
        name = qry["subscriber_filter"].get("name")
        return [[{"subscriber_id": key, "details": one} for key, one in office.subscribers.items() if one["name"] == name]]
    if (kind, what) == ("subscriber", "new"):
        name = str(501 + len(office.subscribers))
        office.subscribers[name] = qry["subscriber_details"]
        return f"subscriber_name:{name},subscriber_id:{name}"
    if (kind, what) == ("appointment", "list_details"):
        wanted = qry["appointment_filter"]
        fits = lambda one: one["participant_id"] == wanted.get("participant_id", one["participant_id"])
        return [[{"appointment_id": key, "details": one} for key, one in office.appointments.items() if fits(one)]]
    if (kind, what) == ("appointment", "new"):
        details = qry["appointment_details"]
        event, participant = details["event_ids"][0], details["participant_id"]
        if event not in office.events or participant not in office.subscribers:
            raise Refused(404)
        if office.taken(event) >= options.limit:
            raise Refused(400)
        name = str(900_001 + len([one for one in office.changes if one[0] == "new"]))
        office.changes.append(("new", name, event, participant))
        office.appointments[name] = {
            "exclusive": details["exclusive"], "event_id": event, "participant_type": details["participant_type"], "participant_id": participant,
            "status_id": "confirmed", "participant_entity_id": details["participant_entity_id"],
        }
        return f"[Event_id:{event},appointment_id:{name}]"
    name = args["appointment_id"]
    if name not in office.appointments:
        raise Refused(404)
    if (kind, what) == ("appointment", "modifications"):
        event = qry["details"]["event_id"]
        if event not in office.events or office.taken(event) >= options.limit:
            raise Refused(400)
        office.changes.append(("move", name, event, office.appointments[name]["participant_id"]))
        office.appointments[name] |= qry["details"]
        return ""
    office.changes.append(("cancel", name, "", office.appointments.pop(name)["participant_id"]))
    return ""


FAULTS = ("lost", "dropped", "late", "failed after", "failed before", "slow")


class Systems(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = office = registration = scheduler = dice = None

    def log_message(self, *_):
        pass

    def say_wrong(self, what):
        with lock:
            self.office.wrong.append(f"{self.command} {urllib.parse.urlsplit(self.path).path}: {what}")

    def answer(self):
        address = urllib.parse.urlsplit(self.path)
        if address.path == "/ledger":
            with lock:
                body = {
                    "calls": self.office.calls, "wrong": self.office.wrong, "appointments": self.office.appointments,
                    "subscribers": self.office.subscribers, "changes": self.office.changes,
                }
            return self.send(200, json.dumps(body).encode())
        args = dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True))
        with lock:
            self.office.calls += 1
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        told = f"{self.requestline}\n{self.headers}\n{body!r}"
        for word in self.options.private:
            if word in told:
                self.say_wrong("tells of a citizen")
        parts = [urllib.parse.unquote(part) for part in address.path.strip("/").split("/")]
        spec = self.scheduler if parts[0] in SCHEDULER else self.registration
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = MockRequest("http://localhost", self.command.lower(), address.path, args=args, headers=headers, data=body or None, content_type=MEDIA)
        try:
            spec.validate_request(request)
        except Exception as fault:
            self.say_wrong(f"request: {fault!r} {fault.__cause__!r}")
        if spec is self.registration:
            return self.registered(spec, request, parts)
        fault = None
        if self.command != "GET" and self.dice.random() * 100 < self.options.faults:
            fault = self.dice.choice(FAULTS)
        if fault == "late":
            threading.Timer(0.4, self.carry_out, [parts, args]).start()
        if fault in ("dropped", "late"):
            return self.hang_up()
        if fault == "failed before":
            return self.reply(spec, request, 500, b"")
        status, said = self.carry_out(parts, args)
        if fault == "lost":
            return self.hang_up()
        if fault == "failed after":
            return self.reply(spec, request, 503, b"<html>busy</html>")
        if fault == "slow":
            time.sleep(0.7)
        return self.reply(spec, request, status, b"" if said is None else json.dumps(said).encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def carry_out(self, parts, args):
        with lock:
            try:
                return 200, do(self.office, self.options, parts[0], (parts + [""])[1], args)
            except Refused as refused:
                return refused.args[0], None

    def registered(self, spec, request, parts):
        if parts == ["services"]:
            return self.reply(spec, request, 200, json.dumps(self.office.services).encode())
        if self.headers.get("information-mediator-client") != self.options.client:
            self.say_wrong("another Information-Mediator-Client")
        found = self.office.files.get(parts[1]) if len(parts) == 2 and parts[0] == "applications" else None
        if found is None:
            return self.reply(spec, request, 404, b"")
        return self.reply(spec, request, 200, json.dumps(found).encode())

    def reply(self, spec, request, status, body):
        try:
            spec.validate_response(request, MockResponse(body, status_code=status, content_type=MEDIA))
        except Exception as fault:
            if status < 500:
                self.say_wrong(f"answer: {fault!r} {fault.__cause__!r}")
        self.send(status, body)

    def hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def send(self, status, body):
        self.send_response_only(status)
        self.send_header("content-type", MEDIA)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError, OSError)):
            super().handle_error(request, client_address)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("files")
    words.add_argument("directory")
    for name in ("today", "client", "requestor", "token"):
        words.add_argument(f"--{name}", required=True)
    words.add_argument("--limit", type=int, default=1)
    words.add_argument("--faults", type=float, default=0)
    words.add_argument("--private", nargs="*", default=[])
    words.add_argument("--applications", default="[]")
    options = words.parse_args()
    Systems.options, Systems.office, Systems.dice = options, Office(options), random.Random(20)
    Systems.registration = read(f"{options.files}/GovStack_Registration_BB_API.json", scheduler=False)
    Systems.scheduler = read(f"{options.files}/Govstack_scheduler_BB_APIs.json", scheduler=True)
    server = Server(("127.0.0.1", 0), Systems)
    print(json.dumps({"event": "listening", "port": server.server_address[1]}), flush=True)
    server.serve_forever()


main()
