"""The load: wrk on its own core, with a fixed request and a bounded time."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import BenchmarkError

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Load:
    """What wrk saw in one run. `latency_us` has p50, p90, p99 and max."""

    requests: int
    seconds: float
    bytes: int
    errors: dict
    latency_us: dict

    def problems(self, body_bytes, connections):
        """Why this run's answers must not be believed; empty if they may."""
        found = [f"{count} {kind} errors" for kind, count in self.errors.items() if count]
        if self.requests == 0:
            found.append("no request was answered")
        # Heads are under 2 KiB; an answer on each connection may be cut off at the end.
        least = self.requests * body_bytes
        most = (self.requests + connections) * (body_bytes + 2048)
        if not least <= self.bytes <= most:
            found.append(f"bytes received: {self.bytes} (expected: {least} to {most})")
        return found


def parse(output):
    """The Load in wrk's output: the line that load.lua writes at the end."""
    lines = [line for line in output.splitlines() if line.startswith("summary {")]
    if len(lines) != 1:
        raise BenchmarkError(f"wrk wrote {len(lines)} summaries (expected: 1):\n{output}")
    found = json.loads(lines[0].removeprefix("summary "))
    return Load(found["requests"], found["micros"] / 1e6, found["bytes"], found["errors"], found["latency"])


def run(url, core, connections, seconds, request):
    command = ["taskset", "--cpu-list", str(core),
               "wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s",
               "--timeout", "5s", "--script", str(SCRIPT), url, "--", request]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=seconds + 30, check=False)
    except subprocess.TimeoutExpired as e:
        raise BenchmarkError(f"wrk did not end: {url}") from e
    if done.returncode != 0:
        raise BenchmarkError(f"wrk failed with exit code {done.returncode}:\n{done.stdout}")
    return parse(done.stdout)
