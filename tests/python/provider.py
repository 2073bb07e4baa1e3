"""A provider of sign-ins that nobody here wrote: Authlib's server with its device grant (RFC 8628), revocation (RFC 7009) and
introspection (RFC 7662). What it keeps and its page are this file's. Prints what it is asked, a JSON object a line.

    provider.py CLIENT SECRET [no-complete] [jwt] [short] [strict]

no-complete: no verification_uri_complete; jwt: tokens of 3 KB; short: a sign-in lives 12 seconds; strict: who asks before its
time is told slow_down.
"""
import base64
import json
import os
import sys
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer  # noqa: E402
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin  # noqa: E402
from authlib.oauth2.rfc7009 import RevocationEndpoint  # noqa: E402
from authlib.oauth2.rfc7662 import IntrospectionEndpoint  # noqa: E402
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialMixin  # noqa: E402
from flask import Flask, jsonify, request  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

CLIENT, SECRET, WISHES = sys.argv[1], sys.argv[2], set(sys.argv[3:])
INTERVAL = 2


def tell(event, **more):
    print(json.dumps({"event": event, "at": time.time(), **more}), flush=True)


class Client(ClientMixin):
    def get_client_id(self):
        return CLIENT

    def check_client_secret(self, secret):
        return secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_grant_type(self, grant):
        return grant == DeviceCodeGrant.GRANT_TYPE

    def get_allowed_scope(self, scope):
        return scope


class Credential(dict, DeviceCredentialMixin):
    def get_client_id(self):
        return CLIENT

    def get_scope(self):
        return self["scope"]

    def get_user_code(self):
        return self["user_code"]

    def is_expired(self):
        return time.time() >= self["ends"]


class Token(TokenMixin):
    def __init__(self, text, who, lives):
        self.text, self.who, self.ends = text, who, time.time() + lives

    def check_client(self, client):
        return True

    def is_expired(self):
        return time.time() >= self.ends

    def is_revoked(self):
        return self.text not in tokens


credentials, grants, tokens = {}, {}, {}
asked_at = {}


def save(token, asked):
    tokens[token["access_token"]] = Token(token["access_token"], asked.user, token["expires_in"])
    tell("granted", length=len(token["access_token"]))


def make_token(*_, **__):
    text = base64.urlsafe_b64encode(os.urandom(24)).decode().rstrip("=")
    return "eyJhbGciOiJFUzI1NiJ9." + "x" * 2900 + "." + text * 3 if "jwt" in WISHES else text


app = Flask(__name__)
app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = make_token
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {DeviceCodeGrant.GRANT_TYPE: 600}
server = AuthorizationServer(app, query_client=lambda name: Client() if name == CLIENT else None, save_token=save)


class Device(DeviceAuthorizationEndpoint):
    INTERVAL = INTERVAL
    EXPIRES_IN = 12 if "short" in WISHES else 600

    def get_verification_uri(self):
        return request.host_url + "device"

    def create_endpoint_response(self, asked):
        status, data, headers = super().create_endpoint_response(asked)
        if "no-complete" in WISHES:
            del data["verification_uri_complete"]
        return status, data, headers

    def save_device_credential(self, client_id, scope, data):
        credentials[data["device_code"]] = Credential(data, scope=scope, ends=time.time() + self.EXPIRES_IN)
        tell("begun", user_code=data["user_code"])


class Grant(DeviceCodeGrant):
    def query_device_credential(self, device_code):
        return credentials.get(device_code)

    def query_user_grant(self, user_code):
        return grants.get(user_code)

    def should_slow_down(self, credential):
        now, code = time.time(), credential["device_code"]
        before, asked_at[code] = asked_at.get(code), now
        early = before is not None and now - before < INTERVAL
        # who keeps the time is told to slow down once all the same
        told = "strict" in WISHES and not credential.get("told")
        credential["told"] = True
        tell("polled", early=early, slow_down=early or told)
        return early or told


class Revocation(RevocationEndpoint):
    def query_token(self, text, hint):
        return tokens.get(text)

    def revoke_token(self, token, asked):
        tokens.pop(token.text, None)
        tell("revoked")


class Introspection(IntrospectionEndpoint):
    def query_token(self, text, hint):
        return tokens.get(text)

    def check_permission(self, token, client, asked):
        return True

    def introspect_token(self, token):
        return {"active": True, "sub": token.who, "exp": int(token.ends)}


server.register_grant(Grant)
for endpoint in (Device, Revocation, Introspection):
    server.register_endpoint(endpoint)


@app.get("/.well-known/openid-configuration")
def describe():
    base = request.host_url
    return jsonify(
        issuer=base.rstrip("/"),
        device_authorization_endpoint=base + "device_authorization",
        token_endpoint=base + "token",
        revocation_endpoint=base + "revoke",
        introspection_endpoint=base + "introspect",
        token_endpoint_auth_methods_supported=["client_secret_basic"],
    )


@app.post("/device_authorization")
def begin():
    return server.create_endpoint_response("device_authorization")


@app.post("/token")
def token():
    return server.create_token_response()


@app.post("/revoke")
def revoke():
    return server.create_endpoint_response("revocation")


@app.post("/introspect")
def introspect():
    return server.create_endpoint_response("introspection")


@app.route("/device", methods=["GET", "POST"])
def device():
    if request.method == "POST":
        grants[request.form["user_code"]] = (request.form["who"], request.form["allow"] == "yes")
        return "done"
    return "<form method=post><input name=user_code><input name=who><input name=allow><button>go</button></form>"


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
tell("listening", port=http.port)
http.serve_forever()
