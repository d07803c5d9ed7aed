"""An HTTP server that accepts CredSSP logons by pyspnego, before a WinRM that takes Basic.

What it unseals it sends on to that WinRM, with the user and password that CredSSP handed over: a client that gets an
answer has delegated them. Without `upstream` it answers with the text that it was sent. Usage:

    front.py JSON

with `user`, `password`, and maybe `upstream` (HOST:PORT), `tls` ("1.3": the only version of CredSSP's own TLS),
`version` (of CredSSP, 6 if not given), `lies` (proves another TLS key than its own), `offers` (mechanisms instead of
CredSSP), `refuses` (the status by which it refuses the credentials themselves), `protocol` (of the logon inside:
negotiate, ntlm, kerberos). The port stands in the first line of its output; a line of JSON follows for each step.
"""

import base64
import http.client
import http.server
import json
import os
import re
import ssl
import sys
import tempfile
import threading

import spnego
import spnego._credssp
from spnego.tls import default_tls_context, generate_tls_certificate

SEALED = "application/HTTP-CredSSP-session-encrypted"
SOAP = "application/soap+xml;charset=UTF-8"
CHUNK = 16384
HEAD = re.compile(
    rb"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-CredSSP-session-encrypted\r\n"
    rb"\tOriginalContent: type=application/soap\+xml;charset=UTF-8;Length=(\d+)\r\n"
    rb"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
)


def unseal(context, body, media):
    """Takes a sealed body apart; strict, as it checks what the client writes."""
    text, parts = b"", 0
    while body != b"--Encrypted Boundary--\r\n":
        head = HEAD.match(body)
        if not head:
            raise ValueError("not in the form of a sealed body")
        length, rest = int(head.group(1)), body[head.end() :]
        if int.from_bytes(rest[:4], "little") != 16:
            raise ValueError("the record is cut elsewhere than before the size of its trailer")
        record = 5 + int.from_bytes(rest[4 + 3 : 4 + 5], "big")
        plain = context.unwrap_winrm(rest[4:20], rest[20 : 4 + record])
        if len(plain) != length or length > CHUNK:
            raise ValueError("another length than it says")
        text, body, parts = text + plain, rest[4 + record :], parts + 1
    kind = "multipart/encrypted;" if parts == 1 else "multipart/x-multi-encrypted;"
    if not media.startswith(kind):
        raise ValueError(f"{parts} parts as {media}")
    return text


def seal(context, text):
    """A sealed body, with its content type."""
    body, chunks = b"", [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)]
    for chunk in chunks:
        signature, ciphertext, padding = context.wrap_winrm(chunk)
        body += b"--Encrypted Boundary\r\n\tContent-Type: " + SEALED.encode() + b"\r\n"
        body += b"\tOriginalContent: type=%s;Length=%d\r\n" % (SOAP.encode(), len(chunk) + padding)
        body += b"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
        body += len(signature).to_bytes(4, "little") + signature + ciphertext
    kind = "multipart/encrypted" if len(chunks) == 1 else "multipart/x-multi-encrypted"
    return f'{kind};protocol="{SEALED}";boundary="Encrypted Boundary"', body + b"--Encrypted Boundary--\r\n"


class Handler(http.server.BaseHTTPRequestHandler):
    """One per connection: the security context lives and dies with it."""

    protocol_version = "HTTP/1.1"
    connections = 0
    lock = threading.Lock()

    def setup(self):
        super().setup()
        with Handler.lock:
            Handler.connections += 1
            self.number = Handler.connections
        self.context = None
        self.upstream = None

    def log_message(self, *_):
        pass

    def tell(self, event, **more):
        with Handler.lock:
            print(json.dumps({"event": event, "connection": self.number, **more}), flush=True)

    def answer(self, status, body=b"", media=None, challenges=()):
        self.send_response(status)
        for challenge in challenges:
            self.send_header("WWW-Authenticate", challenge)
        if media is not None:
            self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        offers = self.server.job.get("offers") or ["CredSSP", "Negotiate"]
        authorization = self.headers.get("Authorization", "")
        if "CredSSP" not in offers:
            self.tell("refused")
            return self.answer(401, challenges=offers)
        if authorization.startswith("CredSSP "):
            return self.log_on(base64.b64decode(authorization.split(" ", 1)[1]), body, offers)
        if self.context is None or not self.context.complete:
            return self.answer(401, challenges=offers)
        text = unseal(self.context, body, self.headers.get("Content-Type", ""))
        status, text = self.forward(text)
        self.tell("request", size=len(text))
        media, sealed = seal(self.context, text)
        self.answer(status, sealed, media)

    def log_on(self, token, body, offers):
        if self.context is None:
            inner = spnego.server(protocol=self.server.job.get("protocol", "negotiate"), hostname="127.0.0.1")
            self.context = spnego.server(
                protocol="credssp", credssp_negotiate_context=inner, credssp_tls_context=self.server.tls_context
            )
        stage = self.context.get_extra_info("auth_stage")
        try:
            if body:
                raise ValueError("a leg of the logon with a body")
            answer = self.context.step(token)
        except Exception as error:
            self.tell("failed", stage=stage, cause=type(error).__name__, text=str(error))
            self.context = None
            return self.answer(401, challenges=offers)
        if self.context.complete and self.server.job.get("refuses"):
            refusal = spnego._credssp.TSRequest(6, error_code=self.server.job["refuses"]).pack()
            token = base64.b64encode(self.context.wrap(refusal).data).decode()
            return self.answer(401, challenges=["CredSSP " + token])
        if self.context.complete:
            given = self.context.get_extra_info("client_credential")
            self.tell("logon", user=given.username, domain=given.domain_name, by=self.context.negotiated_protocol)
            return self.answer(200)
        stage = self.context.get_extra_info("auth_stage")
        # Where the version has no status, it ends without a word.
        self.tell("denied" if stage == "Authentication failure" or not answer else "leg", stage=stage)
        self.answer(401, challenges=["CredSSP " + base64.b64encode(answer).decode()] if answer else offers)

    def forward(self, text):
        if not self.server.job.get("upstream"):
            return 200, text
        given = self.context.get_extra_info("client_credential")
        user = given.username.split("@")[0]
        basic = base64.b64encode(f"{user}:{given.password}".encode()).decode()
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection(self.server.job["upstream"])
        self.upstream.request("POST", self.path, text, {"Content-Type": SOAP, "Authorization": "Basic " + basic})
        answer = self.upstream.getresponse()
        return answer.status, answer.read()


def tls_context(job):
    made = default_tls_context(usage="accept")
    certificate, key, made.public_key = generate_tls_certificate()
    if job.get("tls") == "1.3":
        made.context.minimum_version = ssl.TLSVersion.TLSv1_3
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate + key)
        file.flush()
        made.context.load_cert_chain(file.name)
    return made


def main():
    job = json.loads(sys.argv[1])
    spnego._credssp._CREDSSP_VERSION = job.get("version", 6)
    if job.get("lies"):
        honest = spnego._credssp._get_pub_key_auth

        def lie(key, usage, nonce=None):
            return honest(key[::-1] if usage == "accept" else key, usage, nonce)

        spnego._credssp._get_pub_key_auth = lie
    with tempfile.NamedTemporaryFile("w", delete=False) as users:
        users.write(f":{job['user']}:{job['password']}\nDOM:{job['user']}:{job['password']}\n")
    os.environ["NTLM_USER_FILE"] = users.name
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.job, server.tls_context = job, tls_context(job)
    print(server.server_address[1], flush=True)
    try:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()  # whoever started us holds the other end, and closes it when done
    finally:
        os.unlink(users.name)


if __name__ == "__main__":
    main()
