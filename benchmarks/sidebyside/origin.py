"""The origin: an nginx with bodies that no proxy can know beforehand, and the check of answers against them.

Small bodies are answered from memory, head and body in one segment: an origin that reads files and sends twice takes
so much of the load's core that the proxies wait for it, and what is compared then is how each of them waits.
"""

import hashlib
import http.client
import os
import re
import time
from pathlib import Path

from . import BenchmarkError, nginx
from .process import Server

BODIES = {"0": 0, "1k": 1024, "16k": 16 * 1024, "1m": 1024 * 1024}
# nginx takes no longer words in its configuration.
LARGEST_IN_MEMORY = 2048


class Origin:
    def __init__(self, directory, port, core, files=False):
        """`files`: all bodies are files, the small ones too."""
        self.port = port
        self.digests = {}
        root = Path(directory, "bodies")
        root.mkdir()
        for name, size in BODIES.items():
            content = os.urandom(size // 2).hex().encode()
            (root / name).write_bytes(content)
            self.digests[name] = hashlib.sha256(content).hexdigest()
        in_memory = "" if files else "\n".join(
            f'location = /{name} {{ default_type text/plain; return 200 "{(root / name).read_text()}"; }}'
            for name, size in BODIES.items() if size <= LARGEST_IN_MEMORY)
        self.server = Server("origin", nginx.command(directory, "origin", f"""
            open_file_cache max=16 inactive=1h;
            open_file_cache_valid 1h;
            server {{
                listen 127.0.0.1:{port} backlog=1024;
                root {root};
                {in_memory}
                location = /-/status {{ stub_status; }}
            }}"""), core, Path(directory, "origin.log"))

    def requests(self):
        """How many requests the origin has had so far, this one included."""
        status, _, body = fetch(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5), "/-/status")
        found = re.search(rb"requests\s+\d+ \d+ (\d+)", body)
        if status != 200 or not found:
            raise BenchmarkError(f"the origin's status page: {status} {body!r}")
        return int(found[1])

    def check(self, name, port, bodies):
        """Fetches each body twice on one connection, then its head; says what is wrong with the answers."""
        problems = []
        for body in bodies:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                for method in ("GET", "GET", "HEAD"):
                    expected = (200, str(BODIES[body]), self.digests[body] if method == "GET" else hashlib.sha256().hexdigest())
                    status, length, content = fetch(connection, f"/{body}", method)
                    got = (status, length, hashlib.sha256(content).hexdigest())
                    if got != expected:
                        problems.append(f"{name}: {method} /{body}: status, length, sha256: {got} (expected: {expected})")
            except (OSError, http.client.HTTPException) as e:
                problems.append(f"{name}: GET /{body}: {e!r}")
            finally:
                connection.close()
        return problems


def fetch(connection, path, method="GET"):
    connection.request(method, path)
    response = connection.getresponse()
    return response.status, response.getheader("Content-Length"), response.read()


def wait_until_ready(server, port, seconds):
    """Waits until the server answers 200; says what the log says if it never does."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        server.check_alive()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            last = fetch(connection, "/0")[0]
            if last == 200:
                return
        except (OSError, http.client.HTTPException) as e:
            last = e
        finally:
            connection.close()
        time.sleep(0.05)
    raise BenchmarkError(f"{server.name} did not answer 200 within {seconds} s (last: {last!r})\n{server.log_tail()}")
