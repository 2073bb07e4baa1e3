"""A security server of X-Road that judges its client: written from the message protocol for REST 1.0.4 (PR-REST) and the
service metadata protocol for REST (PR-MREST), with the standard library alone.

    road.py PROVIDER --client I/C/M/S --service I/C/M/S/CODE [--cert F --key F --client-cert F] [--endpoints]

It prints a JSON object a line: {"event": "listening", "port": N}, then {"event": "call", "wrong": [...], ...} for each call with
what breaks the protocol in it. A call that breaks it is refused as a security server refuses it, and passed on else.
"""
import argparse
import base64
import hashlib
import http.client
import http.server
import json
import re
import ssl
import sys
import threading
import urllib.parse
import uuid

PART = re.compile(r"[A-Za-z0-9'()+,\-.=?]+\Z")
UNRESERVED = re.compile(r"(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})+\Z")
HOP = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"}
FILTERED = HOP | {"host", "user-agent", "server", "content-length", "date"}
MAY_BE_SENT = {"x-road-client", "x-road-id", "x-road-userid", "x-road-represented-party", "x-road-security-server"}
PRIVATE = ["x-citizen-msisdn", "x-citizen-pin", "x-citizen-token", "authorization", "idempotency-key"]
LINE_MAX = 2000

seen_ids, lock = set(), threading.Lock()


def say(**line):
    with lock:
        print(json.dumps(line), flush=True)


def identifier(text, counts):
    parts = [urllib.parse.unquote(part) for part in text.split("/")]
    good = len(parts) in counts and all(PART.match(part) for part in parts)
    return "/".join(parts) if good and all(UNRESERVED.match(part) for part in text.split("/")) else None


class Road(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = None

    def log_message(self, *_):
        pass

    def judge(self, body):
        """What breaks the protocol, and the error that a security server answers it with."""
        wrong, headers = [], self.headers
        if self.request_version != "HTTP/1.1":
            wrong.append(f"speaks {self.request_version}")
        line = f"{self.command} {self.path} {self.request_version}"
        if len(line.encode()) >= LINE_MAX:
            wrong.append("the request line is too long")
        clients = headers.get_all("x-road-client", [])
        if len(clients) != 1:
            wrong.append(f"{len(clients)} X-Road-Client")
        if clients and identifier(clients[-1], (3, 4)) is None:
            wrong.append("X-Road-Client is no identifier, percent-encoded part by part")
        ids = headers.get_all("x-road-id", [])
        try:
            good = len(ids) == 1 and str(uuid.UUID(ids[0])) == ids[0]
        except ValueError:
            good = False
        if not good:
            wrong.append("X-Road-Id is not one UUID")
        else:
            with lock:
                if ids[0] in seen_ids:
                    wrong.append("X-Road-Id came before")
                seen_ids.add(ids[0])
            if headers.get("x-request-id") != ids[0]:
                wrong.append("X-Request-Id is another")
        road = {name.lower(): value for name, value in headers.items() if name.lower().startswith("x-road-")}
        wrong += [f"{name} is not to be sent" for name in road.keys() - MAY_BE_SENT]
        private = [headers[name].removeprefix("Bearer ") for name in PRIVATE if headers.get(name)]
        private += [word for word in re.findall(r"[0-9]{6,}", self.path)]
        constant = {name: value for name, value in road.items() if name != "x-road-id"}
        wrong += [f"{name} tells of a citizen" for name, value in constant.items() if any(one.lstrip("+") in value for one in private)]
        if self.command != "GET" and not headers.get("idempotency-key"):
            wrong.append("a change without Idempotency-Key")
        if "close" in (headers.get("connection") or "").lower():
            wrong.append("the connection is not kept alive")
        if not headers.get("host"):
            wrong.append("no Host")
        path, _, _ = self.path.partition("?")
        parts = path.split("/", 7)
        service = identifier("/".join(parts[2:7]), (5,)) if len(parts) >= 7 and parts[:2] == ["", "r1"] else None
        error = None
        if service is None:
            wrong.append("the path is no service's, percent-encoded part by part")
            error = "Client.BadRequest"
        elif not clients or identifier(clients[-1], (3, 4)) is None:
            error = "Client.BadRequest"
        elif identifier(clients[-1], (3, 4)) != self.options.client:
            error = "Server.ClientProxy.UnknownMember"
        elif self.options.client_der is not None and self.connection.getpeercert(True) != self.options.client_der:
            wrong.append("another certificate, or none")
            error = "Server.ClientProxy.SslAuthenticationFailed"
        return wrong, error, service, parts

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        wrong, error, service, parts = self.judge(body)
        call = {"event": "call", "method": self.command, "wrong": wrong, "error": error}
        call["road"] = {name.lower(): value for name, value in self.headers.items() if name.lower().startswith("x-road-")}
        if error is not None:
            self.fail(error)
        elif service == self.options.service:
            self.pass_on(body, parts[7] if len(parts) > 7 else "")
        elif service.rsplit("/", 1)[0] == self.options.service.rsplit("/", 1)[0] and service.endswith("/allowedMethods"):
            self.allowed(service)
        else:
            self.fail("Server.ServerProxy.UnknownService")
        say(**call)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = answer

    def fail(self, kind):
        body = json.dumps({"type": kind, "message": "refused", "detail": str(uuid.uuid4())}).encode()
        self.send(400 if kind.startswith("Client.") else 500, {"x-road-error": kind, "content-type": "application/json;charset=utf-8"}, body)

    def named(self, service, digest=None):
        headers = {"x-road-client": self.options.client, "x-road-service": service, "x-road-request-id": str(uuid.uuid4())}
        headers["x-road-id"] = self.headers.get("x-road-id") or str(uuid.uuid4())
        return headers | ({"x-road-request-hash": digest} if digest else {})

    def allowed(self, service):
        instance, member_class, member, subsystem, code = self.options.service.split("/")
        one = {"object_type": "SERVICE", "service_type": "OPENAPI", "xroad_instance": instance, "member_class": member_class}
        one |= {"member_code": member, "subsystem_code": subsystem, "service_code": code}
        one["endpoint_list"] = [{"method": "GET", "path": "/v1/ministries"}] if self.options.endpoints else []
        body = json.dumps({"service": [one]}).encode()
        self.send(200, self.named(service) | {"content-type": "application/json;charset=utf-8"}, body)

    def pass_on(self, body, rest):
        host, _, port = self.options.provider.removeprefix("http://").partition(":")
        path = "/" + rest + ("?" + self.path.partition("?")[2] if "?" in self.path else "")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in FILTERED}
        head = "".join(f"{name}:{value}\r\n" for name, value in headers.items()).encode()
        both = hashlib.sha512(head).digest()
        digest = hashlib.sha512(both + hashlib.sha512(body).digest()).digest() if body else both
        provider = http.client.HTTPConnection(host, int(port), timeout=30)
        try:
            provider.request(self.command, path, body or None, headers)
            reply = provider.getresponse()
            content = reply.read()
        except OSError:
            return self.fail("Server.ServerProxy.NetworkError")
        finally:
            provider.close()
        kept = {name: value for name, value in reply.getheaders() if name.lower() not in FILTERED}
        self.send(reply.status, kept | self.named(self.options.service, base64.b64encode(digest).decode()), content)

    def send(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if status != 204 else b"")
        self.wfile.flush()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        fault = sys.exc_info()[1]
        if not isinstance(fault, (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("provider")
    for name in ["client", "service"]:
        words.add_argument(f"--{name}", required=True)
    for name in ["cert", "key", "client-cert"]:
        words.add_argument(f"--{name}")
    words.add_argument("--endpoints", action="store_true")
    options = words.parse_args()
    options.client_der = None
    Road.options = options
    server = Server(("127.0.0.1", 0), Road)
    if options.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.cert, options.key)
        tls.set_alpn_protocols(["http/1.1"])
        if options.client_cert:
            with open(options.client_cert, encoding="ascii") as pem:
                options.client_der = ssl.PEM_cert_to_DER_cert(pem.read())
            tls.load_verify_locations(options.client_cert)
            tls.verify_mode = ssl.CERT_REQUIRED
        # the handshake goes with the first octets that a connection's own thread reads
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    say(event="listening", port=server.server_address[1])
    server.serve_forever()


main()
