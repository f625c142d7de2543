"""The failures: each is run through one proxy, by several clients at a time, and answers what they saw."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from sidebyside import BenchmarkError
from sidebyside.targets import free_port

from .client import Client

AT_A_TIME = 4
# (name, upstream, behaviour of the first request of each connection, behaviour of the one that counts)
SINGLE = [
    ("connection refused", "refused", None, "ok"),
    ("blackholed before connect", "blackhole", None, "ok"),
    ("accepts and closes", "closing", None, "ok"),
    ("resets after the request", "origin", None, "reset-before-head"),
    ("closes after the request", "origin", None, "close-before-head"),
    ("stalls before the head", "origin", None, "stall-before-head"),
    ("closes mid-head", "origin", None, "close-mid-head"),
    ("resets mid-head", "origin", None, "reset-mid-head"),
    ("stalls mid-head", "origin", None, "stall-mid-head"),
    ("closes mid-body", "origin", None, "close-mid-body"),
    ("resets mid-body", "origin", None, "reset-mid-body"),
    ("stalls mid-body", "origin", None, "stall-mid-body"),
    ("closes mid-chunk", "origin", None, "close-mid-chunk"),
    ("resets mid-chunk", "origin", None, "reset-mid-chunk"),
    ("closes between chunks", "origin", None, "close-between-chunks"),
    ("closes in the pool, unseen until the request", "origin", "ok", "second-dropped"),
    ("closes in the pool, 50 ms after its answer", "origin", "closes-idle", "ok"),
]


class Origin:
    """The process of origin.py, which can be stopped, killed and started again on its ports."""

    def __init__(self, directory):
        self.port, self.closing_port = free_port(), free_port()
        self.log_path = Path(directory, "asked")
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("origin.py")),
                                         str(self.port), str(self.closing_port), str(self.log_path)])
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise BenchmarkError("the origin did not start within 10 s")

    def signal(self, number):
        os.kill(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def asked(self):
        """Everything in the log so far: a list of (method, id, what)."""
        return [tuple(line.split(" ")) for line in self.log_path.read_text().splitlines()] if self.log_path.exists() else []


@contextmanager
def blackhole():
    """A port on which connections are never made: the queue of a listener that accepts nothing is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        try:
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
                fillers.append(filler)
            time.sleep(0.1)
            yield listener.getsockname()[1]
        finally:
            for filler in fillers:
                filler.close()


class Result:
    """What was seen in one scenario through one proxy, and what is wrong with that."""

    def __init__(self, name, seen, log):
        self.name, self.seen = name, seen
        ids = {each.request_id for each in seen}
        self.log = [line for line in log if line[1] in ids]
        self.accepts = sum(1 for line in log if line[2] == "closed")
        self.asked = Counter(line[1] for line in self.log if line[2] == "answered")

    def problems(self):
        found = [f"{each.method} {each.request_id}: {each.end} after {each.seconds:.1f} s" for each in self.seen if each.end.startswith(("hang", "garbage"))]
        found += [f"{each.method} {each.request_id}: {each.wrong}" for each in self.seen if each.wrong]
        posts = {each.request_id for each in self.seen if each.method == "POST"}
        arrived = Counter(line[1] for line in self.log if line[2] in ("answered", "dropped"))
        found += [f"POST {post} came to the origin {arrived[post]} times" for post in sorted(posts) if arrived[post] > 1]
        return [f"{self.name}: {problem}" for problem in found]

    def saw(self, method):
        """How often each kind of answer came, as in `502 (4)`; an answer from the origin that is whole is `200`."""
        counts = Counter(each.text() for each in self.seen if each.method == method)
        return "; ".join(f"{text} ({count})" for text, count in counts.most_common())

    def slowest(self):
        return max(each.seconds for each in self.seen)

    def asked_text(self):
        """How often the origin was asked, for a request: on average, and at most."""
        if self.accepts:
            return f"{self.accepts / len(self.seen):.2g} connections"
        arrived = Counter(line[1] for line in self.log if line[2] in ("answered", "dropped"))
        most = max(arrived.values(), default=0)
        mean = sum(arrived.values()) / len(self.seen)
        return f"{mean:.2f}, at most {most}"

    def left(self):
        return sum(1 for line in self.log if line[2] == "left")


def single(name, upstream, first, behaviour, proxy, port, origin):
    """Four GETs at a time, then four POSTs, each on a connection of its own."""
    before = len(origin.asked())
    seen = []
    for method in ("GET", "POST"):
        clients = [Client(port) for _ in range(AT_A_TIME)]
        tag = f"{proxy}-{upstream}-{behaviour}-{method}".lower() + f"-{before}"
        if first:
            in_parallel(clients, lambda c, i: c.ask("GET", f"/{upstream}/{first}", f"first-{tag}-{i}"))
            time.sleep(0.3)
        seen += in_parallel(clients, lambda c, i: c.ask(method, f"/{upstream}/{behaviour}", f"{tag}-{i}"))
        for client in clients:
            client.close()
    # What the origin still notices: that it was left.
    time.sleep(0.2)
    return Result(name, seen, origin.asked()[before:])


def in_parallel(clients, action):
    found = [None] * len(clients)

    def run(i):
        found[i] = action(clients[i], i)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def under_load(name, fail, mend, proxy, port, origin):
    """Clients that ask GET and POST in turn for 4 s; the origin fails after 1 s, and is well again after 2.5 s."""
    before = len(origin.asked())
    seen, lock = [], threading.Lock()
    end = time.monotonic() + 4

    def load(client, number):
        count = 0
        while time.monotonic() < end:
            count += 1
            method = "POST" if count % 2 else "GET"
            one = client.ask(method, "/origin/ok", f"{proxy}-{name.replace(' ', '-')}-{number}-{count}")
            with lock:
                seen.append(one)
            # Some hundred requests a second in all; more would measure this machine.
            time.sleep(0.01)

    def failure():
        time.sleep(1)
        fail()
        time.sleep(1.5)
        mend()
    failing = threading.Thread(target=failure)
    failing.start()
    clients = [Client(port) for _ in range(AT_A_TIME)]
    in_parallel(clients, load)
    failing.join()
    for client in clients:
        client.close()
    time.sleep(0.5)
    result = Result(name, seen, origin.asked()[before:])
    return result


def all_of(proxy, port, origin, progress):
    for name, upstream, first, behaviour in SINGLE:
        progress(f"{proxy}: {name}")
        yield single(name, upstream, first, behaviour, proxy, port, origin)
    progress(f"{proxy}: under load")
    yield under_load("killed under load", lambda: origin.signal(signal.SIGKILL), origin.start, proxy, port, origin)
    yield under_load("stopped under load", lambda: origin.signal(signal.SIGSTOP), lambda: origin.signal(signal.SIGCONT), proxy, port, origin)
