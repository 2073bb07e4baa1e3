"""The pet store of the message protocol for REST 1.0.4 (PR-REST, chapter 6), as a service behind a security server: written from the
specification with the standard library alone.

    petstore.py SERVICE

It prints a JSON object a line: {"event": "listening", "port": N}, then {"event": "request", ...} for each request, with its headers as they
came, and with the hash that section 4.3 has for it when it was asked for at /r1/SERVICE.
"""
import base64
import hashlib
import http.server
import json
import sys

PET = {"id": 1124, "name": "Siddu", "photoUrls": [], "tags": [], "status": "Offline"}
OF_THE_HOP = {"host", "content-length"}


def digest(method, asked, headers, body):
    """Section 4.3: base64 of SHA512(SHA512(headers) + SHA512(body)), without a body of SHA512(headers). The headers are what X-Road 7 takes: method,
    path and each header, a line each."""
    kept = [f"{name}:{value}" for name, value in headers if name.lower() not in OF_THE_HOP]
    head = hashlib.sha512("".join(line + "\r\n" for line in [method, asked, *kept]).encode()).digest()
    whole = hashlib.sha512(head + hashlib.sha512(body).digest()).digest() if body else head
    return base64.b64encode(whole).decode()


class PetStore(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = self.headers.items()
        told = {"event": "request", "method": self.command, "path": self.path, "headers": headers, "octets": len(body)}
        told["digest"] = digest(self.command, f"/r1/{sys.argv[1]}{self.path}", headers, body)
        print(json.dumps(told), flush=True)
        status, more, answer = self.store(body)
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer if status != 204 else b"")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def store(self, body):
        """Status, headers and body of an answer; some headers are those that a security server overwrites or drops (4.3)."""
        more = {"Content-Type": "application/json;charset=utf-8", "Cache-Control": "no-store", "X-Powered-By": "PHP/5.2.17"}
        more |= {"X-Road-Request-Hash": "forged", "X-Road-Error": "Client.Forged", "X-Road-Id": "forged", "Keep-Alive": "timeout=5"}
        path = self.path.partition("?")[0]
        if path.endswith("/images"):
            return 200, more, json.dumps({"code": 200, "type": None, "message": f"{len(body)} bytes"}).encode()
        if path == "/v2/pets/moved":
            return 302, more | {"Location": "https://elsewhere.example/"}, b""
        if path == "/v3/pet/findByStatus":
            return 405, more, json.dumps({"status": 405, "error": "Method Not Allowed", "path": path}).encode()
        if self.command == "DELETE":
            return 204, more, b""
        if self.command == "GET":
            return 200, more, json.dumps(PET).encode()
        return 201 if self.command == "POST" else 200, more, body


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), PetStore)
print(json.dumps({"event": "listening", "port": server.server_address[1]}), flush=True)
server.serve_forever()
