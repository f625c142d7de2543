"""The command line of benchmarks/failures."""

import argparse
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from sidebyside import BenchmarkError
from sidebyside.main import GATEWAY, check_tools
from sidebyside.targets import free_port

from . import proxies, scenarios


def arguments(argv):
    parser = argparse.ArgumentParser(prog="failures", description="Lets origins fail behind Lawu and nginx, and says what was seen.")
    parser.add_argument("--gateway", type=Path, default=GATEWAY, help="Lawu's gateway (default: examples/bin/gateway)")
    return parser.parse_args(argv)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def failures(options, directory, stack):
    """Prints the table; answers what is wrong with Lawu's part of it."""
    origin = scenarios.Origin(directory)
    stack.callback(origin.stop)
    black = stack.enter_context(scenarios.blackhole())
    upstreams = {"origin": origin.port, "closing": origin.closing_port, "refused": free_port(), "blackhole": black}
    results, problems = {}, []
    for name in ("lawu", "nginx"):
        port, server = proxies.start(stack, name, directory, upstreams, options.gateway.resolve())
        results[name] = list(scenarios.all_of(name, port, origin, progress))
        server.check_alive()
        found = [problem for result in results[name] for problem in result.problems()]
        left = proxies.open_connections(port)
        if left:
            found.append(f"{left} clients' connections are still open (expected: 0)")
        if name == "lawu":
            problems = found
        else:
            for problem in found:
                print(f"nginx: {problem}")
    progress("")
    print(table(results))
    return problems


def table(results):
    lines = ["| the origin | | GET saw | POST saw | slowest, s | origin asked per request | stalled origins told |", "|---|---|---|---|---|---|---|"]
    for pair in zip(*results.values()):
        for name, result in zip(results, pair):
            lines.append(f"| {result.name if result is pair[0] else ''} | {name} | {result.saw('GET')} | {result.saw('POST')} | "
                         f"{result.slowest():.2f} | {result.asked_text()} | {result.left() or ''} |")
    return "\n".join(lines)


def main(argv=None):
    options = arguments(argv)
    # An end that is asked for still ends what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        check_tools({"nginx"})
        with ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="failures-"))
            # nginx's worker runs as another user when started by root.
            os.chmod(directory, 0o755)
            problems = failures(options, directory, stack)
    except BenchmarkError as e:
        print(f"\nfailures: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for problem in problems:
        print(f"failures: {problem}", file=sys.stderr)
    return 1 if problems else 0
