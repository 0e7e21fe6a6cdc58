"""The TAM of tam.py, over HTTP as the drafts have it: none of our code on the server's side.

usage: http_tam.py PORT_FILE PREFIX OCSP_LEAF OCSP_CA SPCERT PACKAGE TAID [CERT KEY]
Serves POST /tam on a free port of 127.0.0.1, which it writes to PORT_FILE; with CERT and KEY by TLS.
Wants on every device what the file `want.is` says, if there is one, when a session begins: ta; nothing;
or update, which sends an update of the TA, too. POST /tam?want=nothing comes before that. One line on
stdout for each message; `end` after a session that came to what was wanted. Tells /aik/TID what it
would sign.
"""
import http.server
import json
import os
import ssl
import sys
import threading
import urllib.parse
import uuid

import tam

MEDIA = "application/otrp+json"
port_file, prefix, ocsp_leaf, ocsp_ca, spcert, package, taid = sys.argv[1:8]
sessions, lock = {}, threading.Lock()


def say(*words):
    print(*words, flush=True)


def wanted():
    return tam.read("want.is").decode().strip() if os.path.exists("want.is") else "ta"


class Conversation:
    """What is wanted, session by session; begins anew with the device's state after a failure."""

    def __init__(self, wanted):
        self.wanted, self.attempts, self.updated = wanted, 0, False
        self.session = tam.Session(prefix, (ocsp_leaf, ocsp_ca), spcert, package, taid,
                                   tid=str(uuid.uuid4()))

    def state(self):
        self.attempts += 1
        return self.session.state() if self.attempts <= 4 else None

    def plan(self):
        tee = self.session.dsi["tee"]
        domains = tee["sdlist"]["sd"]
        installed = [ta["taid"] for sd in domains for ta in sd["talist"]]
        if self.wanted != "nothing":
            if not domains:
                return self.session.create()
            if taid not in installed:
                return self.session.install()
            if self.wanted == "update" and not self.updated:
                self.updated = True
                return self.session.install(update=True)
            return None
        if installed:
            return self.session.delete_ta()
        return self.session.delete_sd() if domains else None

    def answered(self, body):
        try:
            message = json.loads(body)
            if "GetDeviceStateResponse" in message:
                # Each entry for itself; the first that is an answer to what was asked counts.
                failure = ValueError("no entry is an answer")
                for entry in message["GetDeviceStateResponse"]:
                    try:
                        self.session.answer(entry)
                        break
                    except tam.Refused:
                        raise
                    except Exception as error:
                        failure = error
                else:
                    raise failure
            else:
                self.session.answer(message)
        except tam.Refused as refused:
            say("refused", self.session.command, refused)
            return self.state()
        except Exception as error:
            say("dropped", self.session.command, type(error).__name__)
            return self.state()
        say("pass", self.session.command)
        following = self.plan()
        if following is None:
            say("end")
        return following


def tid_of(body):
    """The session that an answer belongs to, by what is in it and not yet believed."""
    import base64
    try:
        message = json.loads(body)
        first = next(iter(message.values()))
        entries = [next(iter(entry.values())) for entry in first] if isinstance(first, list) else [first]
        for entry in entries:
            raw = entry["payload"]
            payload = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
            found = next(iter(payload.values()))["tid"]
            if found in sessions:
                return found
    except Exception:
        pass
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", tid=None):
        self.send_response(status)
        if body:
            self.send_header("Content-Type", MEDIA)
        if tid:
            self.send_header("TAM-Session", tid)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        target = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if target.path == "/elsewhere":
            self.send_response(307)
            self.send_header("Location", "/tam")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if target.path != "/tam":
            return self.answer(404)
        if self.headers.get("Accept") != MEDIA:
            return self.answer(406)
        if not body:
            query = urllib.parse.parse_qs(target.query)
            assert "Content-Type" not in self.headers
            conversation = Conversation(query.get("want", [wanted()])[0])
            with lock:
                sessions[conversation.session.tid] = conversation
            say("connect", *query.get("ta", []))
            return self.answer(200, conversation.state(), conversation.session.tid)
        if self.headers.get("Content-Type") != MEDIA:
            return self.answer(415)
        tid = tid_of(body)
        if tid is None:
            # Nobody's: whoever tells a state unasked may say who it is; all else is not for us.
            say("stray", body[:60].decode(errors="replace"))
            if b"GetDeviceStateResponse" not in body[:40]:
                return self.answer(204)
            conversation = Conversation(wanted())
            with lock:
                sessions[conversation.session.tid] = conversation
            return self.answer(200, conversation.state(), conversation.session.tid)
        following = sessions[tid].answered(body)
        return self.answer(200 if following else 204, following or b"", tid)

    def do_GET(self):
        tid = self.path.rsplit("/", 1)[-1]
        if not self.path.startswith("/tam/aik/") or tid not in sessions:
            return self.answer(404)
        session = sessions[tid].session
        keys = json.dumps({"aiks": session.dsi["tee"]["teeaiklist"]}).encode()
        return self.answer(200, keys)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 8:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[8], sys.argv[9])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(port_file + ".new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
