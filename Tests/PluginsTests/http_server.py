"""A server that answers as tests need it: http_server.py FOLDER ADDRESS [CERTIFICATE KEY]

Writes its port to FOLDER/port, and a line "METHOD PATH" to FOLDER/log for each request that it read.
"""

import gzip
import http.server
import json
import os
import ssl
import sys
import threading
import time

folder, address = sys.argv[1:3]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def act(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        with open(os.path.join(folder, "log"), "a") as log:
            log.write(f"{self.command} {self.path}\n")
        word, _, rest = self.path.lstrip("/").partition("/")
        if word == "echo":
            self.answer(200, json.dumps({
                "method": self.command, "path": self.path, "body": body.decode("latin-1"),
                "headers": {name: value for name, value in self.headers.items()},
            }).encode(), Content_Type="application/json")
        elif word == "node":
            self.answer(200, b'{"node": {"state": "drained", "sessions": 3, "ok": true, "of": [1]}}')
        elif word == "status":
            self.answer(int(rest), b"told so")
        elif word == "redirect":
            self.answer(302, b"", Location="file:///etc/passwd")
        elif word == "big":
            self.send_response(200)
            self.send_header("Content-Length", rest)
            self.end_headers()
            left = int(rest)
            while left:
                left -= self.wfile.write(b"x" * min(left, 65536))
        elif word == "gzip":
            self.answer(200, gzip.compress(b"0" * 10_000_000), Content_Encoding="gzip")
        elif word == "binary":
            self.answer(200, bytes(range(256)))
        elif word == "half":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif word == "drop":
            self.close_connection = True
        elif word == "slow":
            time.sleep(60)
        else:
            self.answer(404, b"nothing here")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = act


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


# Whoever forgets it is not left with it.
forgotten = threading.Timer(900, os._exit, [1])
forgotten.daemon = True
forgotten.start()
server = Server((address, 0), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(os.path.join(folder, "port.new"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
