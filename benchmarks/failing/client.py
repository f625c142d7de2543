"""A client that sees exactly how an answer ends."""

import re
import socket
import time
from dataclasses import dataclass

from .bodies import BODY_BYTES, body

# Above every deadline of the proxies, one after the other: what takes longer hangs.
HANG_SECONDS = 7
POST_BYTES = 1024


@dataclass(frozen=True)
class Seen:
    """What one request got. `end`: whole, closed (truncated), reset, hang, garbage; status 0: no response head."""

    method: str
    request_id: str
    status: int
    body_bytes: int
    end: str
    seconds: float
    wrong: str = ""

    def text(self):
        """As in the table: the status, and what is special about the end."""
        if self.end == "whole":
            return str(self.status)
        what = f"{self.status}, {self.body_bytes // 1024}K" if self.status else "nothing"
        return f"{what}, {self.end}"


class Client:
    """One connection to a proxy, which is made again when it has ended. Not thread-safe."""

    def __init__(self, port):
        self.port = port
        self.sock = None
        self.buffer = b""

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock, self.buffer = None, b""

    def ask(self, method, path, request_id):
        """Sends one request; answers what was seen."""
        start = time.monotonic()
        status, content, end = 0, bytearray(), "whole"
        try:
            if not self.sock:
                self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=HANG_SECONDS)
            self.deadline = start + HANG_SECONDS
            sent = b"" if method == "GET" else body(request_id, POST_BYTES)
            length = f"Content-Length: {len(sent)}\r\n" if sent else ""
            self.sock.sendall(f"{method} {path}/{request_id} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n".encode() + sent)
            while b"\r\n\r\n" not in self.buffer:
                self.more()
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            status = int(re.match(rb"HTTP/1\.1 (\d{3}) ", head)[1])
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
            if length:
                self.take(int(length[1]), content)
            elif re.search(rb"\r\ntransfer-encoding: *chunked", head, re.I):
                self.chunks(content)
            else:
                raise ValueError("a body without a length")
            if re.search(rb"\r\nconnection: *close", head, re.I):
                self.close()
        except socket.timeout:
            end = "hang"
        except ConnectionResetError:
            end = "reset"
        except (EOFError, BrokenPipeError):
            end = "closed"
        except (OSError, TypeError, ValueError) as e:
            end = f"garbage ({e})"
        if end != "whole":
            self.close()
        return Seen(method, request_id, status, len(content), end, time.monotonic() - start,
                    wrong(request_id, status, content, end))

    def take(self, size, content):
        """Moves the next bytes of the connection to the content as they come."""
        while size > 0:
            if not self.buffer:
                self.more()
            piece = self.buffer[:size]
            content += piece
            size, self.buffer = size - len(piece), self.buffer[len(piece):]

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def chunks(self, content):
        while True:
            size = int(self.line(), 16)
            self.take(size, content)
            if self.line():
                raise ValueError("no line break behind a chunk")
            if size == 0:
                return

    def more(self):
        self.sock.settimeout(max(0.001, self.deadline - time.monotonic()))
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data


def wrong(request_id, status, content, end):
    """What is wrong with the body of an answer from the origin; nothing if it is right as far as it came."""
    if status != 200:
        return ""
    expected = body(request_id)
    if bytes(content) != expected[:len(content)] or len(content) > BODY_BYTES:
        return "bytes that are not this request's"
    if end == "whole" and len(content) != BODY_BYTES:
        return f"{len(content)} bytes look whole (expected: {BODY_BYTES})"
    return ""
