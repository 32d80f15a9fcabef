"""A server on this machine that takes the place of the CDN.

Chromium resolves the name of the CDN to it and trusts its certificate. Intercepting requests would
turn off the browser's cache, so that every page would load all files again.
"""

import base64
import hashlib
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

HOST = "cdn.jsdelivr.net"
_LIMIT_S = 60

Files = Mapping[str, tuple[bytes, str]]
"""Address -> (bytes, content type)."""


@contextmanager
def serving_cdn(files: Files) -> Iterator[list[str]]:
    """Serve the files, and yield the arguments with which Chromium finds them."""
    with TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "30", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"),
            *("-keyout", key, "-out", certificate),
        )
        public = _openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    server = _Server(files, context)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    digest = base64.b64encode(hashlib.sha256(public).digest()).decode()
    try:
        yield [
            f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{server.server_port}",
            f"--ignore-certificate-errors-spki-list={digest}",
        ]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_LIMIT_S)


def _openssl(*arguments: str | Path) -> bytes:
    done = subprocess.run(["openssl", *arguments], capture_output=True, timeout=_LIMIT_S)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, files: Files, context: ssl.SSLContext) -> None:
        self.files = files
        super().__init__(("127.0.0.1", 0), _Answers)
        # in the thread of the request: a silent client would block all others
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore connections that the browser ends."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        body, content_type = self.server.files.get(f"https://{HOST}{self.path}", (b"", ""))
        self.send_response(200 if content_type else 404)
        self.send_header("Content-Type", content_type or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""
