"""Processes under test: started on one core, accounted as a whole tree, ended by pid."""

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

from . import BenchmarkError


class Server:
    """A process, and all that descend from it, pinned to one core."""

    def __init__(self, name, command, core, log, env=None):
        self.name = name
        self.command = command
        self.log = Path(log)
        with open(self.log, "wb") as out:
            # A session of its own: an interrupt from the terminal reaches only the benchmark, which then ends it in order.
            self.process = subprocess.Popen(
                ["taskset", "--cpu-list", str(core), *command],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self.process.pid

    def check_alive(self):
        code = self.process.poll()
        if code is not None:
            raise BenchmarkError(f"{self.name} ended with exit code {code}: {shlex.join(self.command)}\n{self.log_tail()}")

    def log_tail(self, lines=15):
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join("  | " + line for line in text[-lines:])

    def java_pid(self):
        """The pid of the JVM in this tree, or None."""
        for pid in tree(self.pid):
            try:
                if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "java":
                    return pid
            except OSError:
                pass
        return None

    def cpu_ns(self):
        return {pid: cpu_ns(pid) for pid in tree(self.pid)}

    def cpu_ns_since(self, before):
        """CPU time of the tree since `before`, an earlier answer of cpu_ns()."""
        now = self.cpu_ns()
        gone = before.keys() - now.keys()
        if gone:
            raise BenchmarkError(f"{self.name}: processes ended while measured: {sorted(gone)}\n{self.log_tail()}")
        return sum(now.values()) - sum(before.values())

    def rss_bytes(self):
        return sum(rss_bytes(pid) for pid in tree(self.pid))

    def stop(self):
        """Asks for the end, then insists: the process itself first, then what is left of its session."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def tree(root):
    """The pids of `root` and of all its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        parent = int(stat.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(entry))
    pids, at = [root], 0
    while at < len(pids):
        pids += children.get(pids[at], [])
        at += 1
    return pids


def cpu_ns(pid):
    """CPU time of a process in nanoseconds, from its kernel clock.

    This is the sum of /proc/PID/task/*/schedstat, and also counts threads that have ended (a JVM's compiler
    threads come and go), which the files of living threads do not. The clock's number is CPUCLOCK_SCHED of
    clock_getcpuclockid(3), for which Python has no function.
    """
    try:
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError as e:
        raise BenchmarkError(f"no CPU clock for process {pid}: {e}") from e


def rss_bytes(pid):
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def core_ticks(core):
    """(busy, stolen by the host, total) clock ticks of one core since boot; busy includes stolen."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            # user nice system idle iowait irq softirq steal; guest time is already in user.
            ticks = [int(field) for field in fields[:8]]
            total = sum(ticks)
            return total - ticks[3] - ticks[4], ticks[7], total
    raise BenchmarkError(f"no core {core} in /proc/stat (this machine has {os.cpu_count()} cores)")
