"""Bytes allocated per request by a running JVM, whatever its collector and flags."""

import os
import subprocess
from collections import Counter
from pathlib import Path

from . import BenchmarkError

PROBE = Path(__file__).with_name("AllocatedBytes.java")

# The threads that the probe itself keeps busy in the JVM it reads.
OURS = ("RMI ", "JMX ", "Attach Listener")


class Probe:
    """Reads a JVM's count of allocated bytes, thread by thread.

    The JVM's own count (com.sun.management.ThreadMXBean) is exact to the byte: it includes what is used of the
    current thread-local buffer. Missing is only what threads that end between two readings have allocated.
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
        """Bytes allocated so far: {(id, name): bytes}, without the probe's own threads."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise BenchmarkError(f"the allocation probe failed (a whole JDK is needed):\n{self.process.stderr.read()}")
        return parse(line)


def parse(line):
    fields = (field.split("=") for field in line.strip().split("\t"))
    return {(thread, name): int(count) for thread, name, count in fields if not name.startswith(OURS)}


def per_request(before, after, requests):
    """(bytes per request, the same by thread name for threads with at least a byte), from two readings."""
    by_name = Counter()
    for thread, count in after.items():
        by_name[thread[1]] += (count - before.get(thread, 0)) / requests
    busy = {name: round(count, 1) for name, count in by_name.most_common() if count >= 1}
    return sum(by_name.values()), busy
