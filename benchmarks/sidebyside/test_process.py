import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from sidebyside import BenchmarkError, process

BUSY = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"


class ServerTest(unittest.TestCase):

    def start(self, command):
        log = tempfile.NamedTemporaryFile()
        self.addCleanup(log.close)
        server = process.Server("test", command, min(os.sched_getaffinity(0)), log.name)
        self.addCleanup(server.stop)
        return server

    def test_counts_the_cpu_time_of_children_and_of_ended_threads(self):
        threaded = "import threading, time\n" + "def f():\n" + "".join(f"  {line}\n" for line in BUSY.splitlines()) \
            + "t = threading.Thread(target=f); t.start(); t.join(); time.sleep(60)"
        server = self.start(["sh", "-c", f'"{sys.executable}" -c "$0"; true', threaded])
        before = server.cpu_ns()
        deadline = time.monotonic() + 10
        while sum(server.cpu_ns().values()) < 300_000_000 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertGreaterEqual(server.cpu_ns_since(before), 300_000_000 - sum(before.values()))
        self.assertEqual(2, len(server.cpu_ns()), "the shell and its child")

    def test_agrees_with_the_scheduler_statistics(self):
        subprocess_ = subprocess.Popen([sys.executable, "-c", BUSY + "time.sleep(60)"])
        self.addCleanup(subprocess_.wait)
        self.addCleanup(subprocess_.kill)
        time.sleep(1)
        schedstat = int(Path(f"/proc/{subprocess_.pid}/schedstat").read_text().split()[0])
        self.assertAlmostEqual(schedstat, process.cpu_ns(subprocess_.pid), delta=20_000_000)

    def test_stop_ends_the_whole_tree(self):
        server = self.start(["sh", "-c", "sleep 60 & trap '' TERM; sleep 60; sleep 60"])
        time.sleep(0.2)
        pids = process.tree(server.pid)
        self.assertGreaterEqual(len(pids), 2)
        server.stop()
        time.sleep(0.1)
        for pid in pids:
            self.assertFalse(Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3], pid)

    def test_an_end_is_reported_with_the_log(self):
        server = self.start(["sh", "-c", "echo port in use; exit 3"])
        server.process.wait()
        with self.assertRaisesRegex(BenchmarkError, r"(?s)exit code 3.*port in use"):
            server.check_alive()


if __name__ == "__main__":
    unittest.main()
