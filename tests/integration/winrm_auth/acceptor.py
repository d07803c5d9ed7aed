"""An HTTP server that accepts NTLM and SPNEGO logons and sealed WinRM bodies, all by pyspnego.

It answers every request with the SOAP text that it was sent, so that a client proves both directions of sealing. It
knows nothing of WSMan, unless UPSTREAM names one that takes Basic (HOST:PORT USER PASSWORD), whose answers it hands on.
Usage:

    acceptor.py PROTOCOL USER PASSWORD [CERT_PEM KEY_PEM]

PROTOCOL is negotiate or ntlm; with a certificate it speaks HTTPS and insists on channel binding to it. The port stands
in the first line of its output; a line of JSON for each request follows. The path of a request asks for faults:

    /plain    answers in plain text where it should seal
    /bare     refuses a request that rides on the last leg of the logon
    /forget   forgets the logon after every second request
    /close    closes the connection after every request, without saying so
    /basic    offers Basic only
    /tamper   flips a bit of the sealed answer
"""

import base64
import hashlib
import http.client
import http.server
import json
import os
import socket
import re
import ssl
import sys
import tempfile
import threading

import spnego
from spnego.channel_bindings import GssChannelBindings

SEALED = "application/HTTP-SPNEGO-session-encrypted"
BOUNDARY = b"--Encrypted Boundary"
SOAP = "application/soap+xml;charset=UTF-8"


def unseal(context, body):
    """Takes a sealed body apart; strict, as it checks what the client writes."""
    head = re.match(
        rb"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
        rb"\tOriginalContent: type=application/soap\+xml;charset=UTF-8;Length=(\d+)\r\n"
        rb"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n",
        body,
    )
    if not head:
        raise ValueError("not in the form of a sealed body")
    length, rest = int(head.group(1)), body[head.end() :]
    size = int.from_bytes(rest[:4], "little")
    signature, rest = rest[4 : 4 + size], rest[4 + size :]
    ciphertext, tail = rest[:length], rest[length:]
    if tail != b"--Encrypted Boundary--\r\n":
        raise ValueError("wrong end of a sealed body")
    return context.unwrap_winrm(signature, ciphertext)


def seal(context, text):
    signature, ciphertext, padding = context.wrap_winrm(text)
    return b"".join(
        [
            BOUNDARY + b"\r\n\tContent-Type: " + SEALED.encode() + b"\r\n",
            b"\tOriginalContent: type=%s;Length=%d\r\n" % (SOAP.encode(), len(text) + padding),
            BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n",
            len(signature).to_bytes(4, "little") + signature + ciphertext,
            BOUNDARY + b"--\r\n",
        ]
    )


class Handler(http.server.BaseHTTPRequestHandler):
    """One per connection: the security context lives and dies with it."""

    protocol_version = "HTTP/1.1"
    connections = 0
    lock = threading.Lock()

    def setup(self):
        super().setup()
        with Handler.lock:
            Handler.connections += 1
            self.connection_number = Handler.connections
        self.context = None
        self.established = False
        self.answered = 0
        self.upstream = None

    def log_message(self, *_):
        pass

    def tell(self, **event):
        event.update(connection=self.connection_number, path=self.path)
        with Handler.lock:
            print(json.dumps(event), flush=True)

    def answer(self, status, body=b"", media=None, token=None, challenge=None):
        self.send_response(status)
        if token is not None:
            self.send_header("WWW-Authenticate", "Negotiate " + base64.b64encode(token).decode())
        if challenge is not None:
            for scheme in challenge:
                self.send_header("WWW-Authenticate", scheme)
        if media is not None:
            self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/basic":
            self.tell(event="refused")
            return self.answer(401, challenge=['Basic realm="WSMAN"'])
        authorization = self.headers.get("Authorization")
        if authorization is None:
            return self.echo(body) if self.established else self.answer(401, challenge=["Negotiate"])
        self.log_on(base64.b64decode(authorization.split(" ", 1)[1]), body)

    def log_on(self, token, body):
        if self.context is None:
            self.context = spnego.server(
                protocol=self.server.protocol,
                options=spnego.NegotiateOptions.use_negotiate
                if self.server.protocol == "negotiate"
                else spnego.NegotiateOptions.use_ntlm,
                channel_bindings=self.server.bindings,
            )
        try:
            answer = self.context.step(token)
        except Exception as error:
            self.tell(event="denied", cause=type(error).__name__)
            self.context = None
            return self.answer(401, challenge=["Negotiate", 'Basic realm="WSMAN"'])
        if not self.context.complete:
            self.tell(event="challenge", body=len(body))
            return self.answer(401, token=answer)
        self.established = True
        self.tell(event="logon", body=len(body), user=self.context.client_principal, final=len(answer or b""))
        if not body:
            return self.answer(200, token=answer)
        if self.path == "/bare":
            self.established = False
            return self.answer(500)
        self.echo(body, answer)

    def forward(self, text):
        address, logon = os.environ["UPSTREAM"].split(" ", 1)
        basic = "Basic " + base64.b64encode(logon.replace(" ", ":").encode()).decode()
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection(address)
        self.upstream.request("POST", self.path, text, {"Content-Type": SOAP, "Authorization": basic})
        answer = self.upstream.getresponse()
        return answer.status, answer.read()

    def echo(self, body, token=None):
        sealed = self.headers.get("Content-Type", "").startswith("multipart/encrypted")
        if sealed == self.server.tls:
            self.tell(event="wrong form", sealed=sealed)
            return self.answer(500)
        self.answered += 1
        if self.path == "/forget" and self.answered % 2 == 0:
            self.tell(event="forgot")
            self.established = False
            return self.answer(401, challenge=["Negotiate"])
        text = unseal(self.context, body) if sealed else body
        self.tell(event="request", size=len(text))
        status, text = self.forward(text) if "UPSTREAM" in os.environ else (200, text)
        media = 'multipart/encrypted;protocol="%s";boundary="Encrypted Boundary"' % SEALED
        if not sealed or self.path == "/plain":
            media = SOAP
        else:
            text = seal(self.context, text)
            if self.path == "/tamper":
                text = text[:-30] + bytes([text[-30] ^ 1]) + text[-29:]
        if self.path == "/close":
            # The end of the connection leaves in the packet that ends the answer: no request can come in between.
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self.answer(status, text, media, token)
        if self.path == "/close":
            self.connection.shutdown(socket.SHUT_WR)
            self.close_connection = True


def main():
    protocol, user, password, *certificate = sys.argv[1:]
    with tempfile.NamedTemporaryFile("w", delete=False) as users:
        users.writelines(f"{domain}:{user}:{password}\n" for domain in ("", "DOM", "CONTOSO.COM"))
    os.environ["NTLM_USER_FILE"] = users.name
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.protocol, server.tls, server.bindings = protocol, bool(certificate), None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        der = ssl.PEM_cert_to_DER_cert(open(certificate[0]).read())
        digest = hashlib.sha256(der).digest()
        server.bindings = GssChannelBindings(application_data=b"tls-server-end-point:" + digest)
    print(server.server_address[1], flush=True)
    try:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()  # whoever started us holds the other end, and closes it when done
    finally:
        os.unlink(users.name)


if __name__ == "__main__":
    main()
