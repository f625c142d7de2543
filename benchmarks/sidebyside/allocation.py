"""Bytes allocated per request by a running JVM, whatever its collector and flags."""

import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from . import BenchmarkError

PROBE = Path(__file__).with_name("AllocatedBytes.java")

# The threads that the probe itself keeps busy in the JVM it reads.
OURS = ("RMI ", "JMX ", "Attach Listener")


class Probe:
    """Reads a JVM's count of allocated bytes, thread by thread.

    The JVM's own count (com.sun.management.ThreadMXBean) is exact to the byte: it includes what is used of the
    current thread-local buffer. Missing is only what threads that end between two readings have allocated: how many
    ended is told.
    """

    def __init__(self, pid, core):
        # The same JDK as the target's, so that one can attach to the other.
        java = os.readlink(f"/proc/{pid}/exe")
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), java, "-Xmx64m", str(PROBE), str(pid)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def read(self):
        """A Reading of what has been allocated so far."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise BenchmarkError(f"the allocation probe failed (a whole JDK is needed):\n{self.process.stderr.read()}")
        return parse(line)


@dataclass(frozen=True)
class Reading:
    """How many threads were started so far, and {(id, name): bytes allocated} of those alive."""

    started: int
    allocated: dict


def parse(line):
    started, *fields = line.strip().split("\t")
    threads = (field.split("=") for field in fields)
    return Reading(int(started), {(thread, name): int(count) for thread, name, count in threads})


def per_request(before, after, requests):
    """From two readings: bytes per request; the same by thread name, from one byte on; how many threads ended uncounted."""
    by_name = Counter()
    for thread, count in after.allocated.items():
        if not thread[1].startswith(OURS):
            by_name[thread[1]] += (count - before.allocated.get(thread, 0)) / requests
    gone = after.started - before.started - len(after.allocated) + len(before.allocated)
    return {
        "allocated_bytes": sum(by_name.values()),
        "allocated_by_thread": {name: round(count, 1) for name, count in by_name.most_common() if count >= 1},
        "allocated_threads_gone": gone,
    }
