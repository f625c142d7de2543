"""An origin that fails on request, as a process of its own, so that it can be stopped and killed.

The path of a request, /BEHAVIOUR/ID, says how it is answered. What it is asked goes to a log, a line each and written
at once, so that it survives kill -9: "METHOD ID answered|dropped", "connection - closed", "METHOD ID left" when the
other side went away during a stall.
"""

import os
import select
import socket
import struct
import sys
import threading
import time
from pathlib import Path

if __package__:
    from .bodies import BODY_BYTES, body
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from failing.bodies import BODY_BYTES, body

STALL_SECONDS = 8
IDLE_SECONDS = 0.05
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % BODY_BYTES
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


class Gone(Exception):
    """The connection is at its end."""


class Connection:
    def __init__(self, sock, log):
        self.sock, self.log = sock, log
        self.buffer = b""
        self.served = 0

    def run(self):
        try:
            self.sock.settimeout(120)
            while True:
                method, behaviour, request_id = self.read_request()
                if behaviour == "second-dropped" and self.served:
                    # A connection that the origin ended just before the request came.
                    self.log(method, request_id, "dropped")
                    return
                self.log(method, request_id, "answered")
                self.answer(behaviour, method, request_id)
                self.served += 1
        except (Gone, OSError, ValueError):
            pass
        finally:
            self.sock.close()

    def read_request(self):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        _, behaviour, request_id = target.split("/")
        values = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        left = int(values.get("content-length", "0"))
        while left > 0:
            if not self.buffer:
                self.more()
            taken = min(left, len(self.buffer))
            left, self.buffer = left - taken, self.buffer[taken:]
        return method, behaviour, request_id

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.buffer += data

    def answer(self, behaviour, method, request_id):
        content = body(request_id)
        half = content[:BODY_BYTES // 2]
        mid_chunk = CHUNKED + b"%x\r\n" % BODY_BYTES + half
        between_chunks = CHUNKED + b"%x\r\n" % len(half) + half + b"\r\n"
        if behaviour in ("ok", "second-dropped"):
            self.sock.sendall(WHOLE + content)
            return
        if behaviour == "closes-idle":
            self.sock.sendall(WHOLE + content)
            time.sleep(IDLE_SECONDS)
            raise Gone
        how, _, where = behaviour.partition("-")
        sent = {"before-head": b"", "mid-head": HEAD[:30], "mid-body": WHOLE + half, "mid-chunk": mid_chunk,
                "between-chunks": between_chunks}[where]
        if sent:
            self.sock.sendall(sent)
        if how == "stall":
            # What is left in the buffer is nothing: these clients do not pipeline.
            readable, _, _ = select.select([self.sock], [], [], STALL_SECONDS)
            if readable:
                self.log(method, request_id, "left")
        elif how == "reset":
            # So that the proxy reads what was sent: a reset throws away what the other side has not read.
            time.sleep(0.1)
            reset_on_close(self.sock)
        raise Gone


def reset_on_close(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def listen(port, serve):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(2048)

    def accept():
        while True:
            sock, _ = server.accept()
            serve(sock)
    threading.Thread(target=accept, daemon=True).start()
    return server


def log_to(path):
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def log(*words):
        os.write(descriptor, (" ".join(words) + "\n").encode())
    return log


def main(port, closing_port, log_path):
    threading.stack_size(256 * 1024)
    log = log_to(log_path)

    def close_at_once(sock):
        log("connection", "-", "closed")
        sock.close()
    listen(closing_port, close_at_once)
    listen(port, lambda sock: threading.Thread(target=Connection(sock, log).run, daemon=True).start())
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
