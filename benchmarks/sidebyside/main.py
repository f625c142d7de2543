"""The command line: starts everything, runs the rounds in turn, reports, and ends everything."""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from . import BenchmarkError, allocation, load, report, targets
from .origin import BODIES, Origin, wait_until_ready
from .process import Server, core_ticks

# Debian's package of each tool.
TOOLS = {"nginx": "nginx", "haproxy": "haproxy", "wrk": "wrk", "taskset": "util-linux"}
GATEWAY = Path(__file__).resolve().parents[2] / "examples" / "bin" / "gateway"
ALLOCATION_SECONDS = 3
# What a proxy may need after a load to notice that its clients have left.
SETTLE_SECONDS = 0.3


def bounded(low, high):
    def parse(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} (expected: {low} to {high})")
        return value
    return parse


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="side-by-side", description="Compares reverse proxies side by side, on loopback. See docs/performance.md.")
    add = parser.add_argument
    add("--targets", default="nginx,haproxy,lawu", metavar="NAMES",
        help="what to compare, in turn; the first is the baseline (default: %(default)s)")
    add("--also", action="append", default=[], metavar="NAME=COMMAND",
        help="one more target: a command that runs in the foreground and proxies 127.0.0.1:{port} to 127.0.0.1:{origin}")
    add("--bodies", default="0,1k,16k,1m", metavar="SIZES", help="of 0, 1k, 16k and 1m (default: all)")
    add("--plain", action="store_true", help="send a bare request rather than one with 15 browser headers")
    add("--own-fields", action="store_true",
        help="nginx and HAProxy tell the origin X-Forwarded-For alone, not all that Lawu tells it")
    add("--file-origin", action="store_true", help="the origin reads the small bodies from files, too")
    add("--rounds", type=bounded(1, 20), default=5, help="rounds per body (default: %(default)s)")
    add("--seconds", type=bounded(1, 30), default=4, help="seconds per target in each round (default: %(default)s)")
    add("--warmup", type=bounded(0, 60), default=8, metavar="SECONDS",
        help="load before the first round of a body, for JVMs; others get one second (default: %(default)s)")
    add("--connections", type=bounded(1, 512), default=64, help="keep-alive connections (default: %(default)s)")
    add("--gateway", type=Path, default=GATEWAY, help="Lawu's gateway (default: examples/bin/gateway)")
    add("--java-opts", metavar="OPTIONS", help="JAVA_OPTS in the gateway's environment")
    add("--alloc", action="store_true", help=f"also measure bytes allocated per request by JVMs ({ALLOCATION_SECONDS} s for each body, after its rounds)")
    add("--load-core", type=int, default=0, metavar="N", help="core of wrk and the origin (default: %(default)s)")
    add("--proxy-core", type=int, default=1, metavar="N", help="core of the proxies (default: %(default)s)")
    add("--start-timeout", type=bounded(1, 600), default=120, metavar="SECONDS", help="for a target to answer (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="write every round and the summaries to this file")
    options = parser.parse_args(argv)

    options.bodies = options.bodies.split(",")
    for body in options.bodies:
        if body not in BODIES:
            parser.error(f"--bodies: {body!r} (expected: of {', '.join(BODIES)})")
    options.targets = options.targets.split(",")
    for name in options.targets:
        if name not in targets.KNOWN:
            parser.error(f"--targets: {name!r} (expected: of {', '.join(targets.KNOWN)})")
    also = {}
    for text in options.also:
        name, equals, command = text.partition("=")
        if not (name and equals and command) or name in (*options.targets, *also):
            parser.error(f"--also: {text!r} (expected: NAME=COMMAND, with a new name)")
        also[name] = command
    options.also = also
    options.targets += also
    if options.load_core == options.proxy_core:
        parser.error(f"--proxy-core: {options.proxy_core} (expected: another than the load's)")
    missing_cores = {options.load_core, options.proxy_core} - os.sched_getaffinity(0)
    if missing_cores:
        parser.error(f"no such core here: {sorted(missing_cores)} (available: {sorted(os.sched_getaffinity(0))})")
    return options


def check_tools(names):
    # Debian keeps servers where a plain user's PATH does not look.
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    wanted = {"nginx", "wrk", "taskset"} | (names & TOOLS.keys())
    missing = sorted(tool for tool in wanted if shutil.which(tool) is None)
    if missing:
        raise BenchmarkError(f"not found: {', '.join(missing)}. On Debian: "
                             f"sudo apt-get install -y {' '.join(TOOLS[tool] for tool in missing)}")


class Benchmark:
    """The origin and all targets, running; each is idle unless it is its turn."""

    def __init__(self, options, directory, stack):
        self.options = options
        self.request = "plain" if options.plain else "browser"
        self.ports = {}
        self.servers = {}
        self.origin = Origin(directory, targets.free_port(), options.load_core, options.file_origin)
        stack.callback(self.origin.server.stop)
        wait_until_ready(self.origin.server, self.origin.port, 10)
        env = {} if options.java_opts is None else {"JAVA_OPTS": options.java_opts}
        for name in options.targets:
            port = targets.free_port()
            command = targets.command(name, directory, port, self.origin.port, options.gateway.resolve(), options.also, not options.own_fields)
            server = Server(name, command, options.proxy_core, Path(directory, f"{name}.log"), env)
            stack.callback(server.stop)
            wait_until_ready(server, port, options.start_timeout)
            self.ports[name], self.servers[name] = port, server

    def check_answers(self):
        problems = [problem for name, port in self.ports.items() for problem in self.origin.check(name, port, self.options.bodies)]
        if problems:
            raise BenchmarkError("wrong answers:\n" + "\n".join(problems))

    def load(self, target, body, seconds):
        """Loads a target; fails unless every answer was good and came from the origin, asked once."""
        before = self.origin.requests()
        url = f"http://127.0.0.1:{self.ports[target]}/{body}"
        run = load.run(url, self.options.load_core, self.options.connections, seconds, self.request)
        self.servers[target].check_alive()
        problems = run.problems(BODIES[body], self.options.connections)
        forwarded = self.origin.requests() - before - 1
        most = run.requests + self.options.connections
        if not run.requests <= forwarded <= most:
            problems.append(f"requests at the origin: {forwarded} (expected: {run.requests} to {most})")
        if problems:
            raise BenchmarkError(f"{target}, body {body}: {'; '.join(problems)}\n{self.servers[target].log_tail()}")
        return run

    def warm_up(self, target, body):
        seconds = self.options.warmup if self.servers[target].java_pid() else min(1, self.options.warmup)
        if seconds:
            self.load(target, body, seconds)
            time.sleep(SETTLE_SECONDS)

    def round(self, target, body):
        server, origin = self.servers[target], self.origin.server
        ticks = core_ticks(self.options.proxy_core)
        origin_before, before, start = origin.cpu_ns(), server.cpu_ns(), time.monotonic_ns()
        run = self.load(target, body, self.options.seconds)
        proxy_ns, origin_ns = server.cpu_ns_since(before), origin.cpu_ns_since(origin_before)
        wall_ns = time.monotonic_ns() - start
        busy, stolen, total = (now - then for now, then in zip(core_ticks(self.options.proxy_core), ticks))
        rss_bytes = server.rss_bytes()
        time.sleep(SETTLE_SECONDS)
        return report.Round(target, body, run, proxy_ns, origin_ns, wall_ns, busy / total, stolen / total, rss_bytes)

    def allocation(self, target, body):
        """What the target allocates per request, as a part of its summary; nothing if it is no JVM."""
        pid = self.servers[target].java_pid()
        if pid is None:
            return {}
        with allocation.Probe(pid, self.options.load_core) as probe:
            # The first reading is dropped: it also loads classes in the target.
            probe.read()
            before = probe.read()
            run = self.load(target, body, ALLOCATION_SECONDS)
            return allocation.per_request(before, probe.read(), run.requests)


def measure(benchmark, options):
    """Runs everything; prints as it goes; answers the rounds and the summaries."""
    rounds, rows = [], []
    for body in options.bodies:
        for target in options.targets:
            progress(f"{body}: warming up {target}")
            benchmark.warm_up(target, body)
        by_target = {target: [] for target in options.targets}
        for number in range(1, options.rounds + 1):
            for target in options.targets:
                progress(f"{body}: round {number} of {options.rounds}, {target}")
                by_target[target].append(benchmark.round(target, body))
        body_rows = [report.summary(of_target, by_target[options.targets[0]]) for of_target in by_target.values()]
        if options.alloc:
            for row in body_rows:
                progress(f"{body}: allocation, {row['target']}")
                row.update(benchmark.allocation(row["target"], body))
        progress("")
        print(f"\nBody {body}, {benchmark.request} request, {options.connections} connections, "
              f"{options.rounds} rounds of {options.seconds} s\n", flush=True)
        print(report.table(body_rows, options.targets[0]), flush=True)
        rounds += [r for of_target in by_target.values() for r in of_target]
        rows += body_rows
    return rounds, rows


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def machine(names):
    """What the numbers were measured on."""
    def first_line(*command):
        lines = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout.splitlines()
        return lines[0] if lines else "?"
    cpu = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    found = {"cpus": os.cpu_count(), "cpu": cpu[0] if cpu else platform.machine(), "kernel": platform.release(),
             "nginx": first_line("nginx", "-v")}
    if "haproxy" in names:
        found["haproxy"] = first_line("haproxy", "-v")
    return found


def to_json(options, about, rounds, rows):
    settings = {name: getattr(options, name) for name in ("targets", "bodies", "rounds", "seconds", "warmup", "connections", "plain", "own_fields", "file_origin", "java_opts")}
    each = [{"target": r.target, "body": r.body, **vars(r.load), "proxy_ns": r.proxy_ns, "origin_ns": r.origin_ns,
             "core_busy": r.core_busy, "core_stolen": r.core_stolen, "core_foreign": r.core_foreign, "rss_bytes": r.rss_bytes} for r in rounds]
    return json.dumps({"machine": about, "settings": settings, "summaries": rows, "rounds": each}, indent=2) + "\n"


def main(argv=None):
    options = arguments(argv)
    # An end that is asked for still ends what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        check_tools(set(options.targets))
        about = machine(options.targets)
        print("; ".join(f"{name}: {value}" for name, value in about.items()), flush=True)
        with ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="side-by-side-"))
            # nginx's worker runs as another user when started by root.
            os.chmod(directory, 0o755)
            benchmark = Benchmark(options, directory, stack)
            benchmark.check_answers()
            rounds, rows = measure(benchmark, options)
            benchmark.check_answers()
        if options.json:
            options.json.write_text(to_json(options, about, rounds, rows))
        for remark in report.remarks(rows):
            print(f"Note: {remark}")
        return 0
    except BenchmarkError as e:
        print(f"\nside-by-side: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
