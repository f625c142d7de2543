import unittest

from sidebyside import BenchmarkError, load

OUTPUT = """Running 2s test @ http://127.0.0.1:8080/1k
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.02ms  400.00us   9.11ms   80.00%
  120000 requests in 2.00s, 150.00MB read
Requests/sec:  60000.00

summary {"requests":120000,"micros":2001000,"bytes":157286400,"errors":{"connect":0,"read":0,"write":0,"status":0,"timeout":0},"latency":{"p50":910,"p90":1200,"p99":1500,"max":9110}}
"""


def run_with(**changes):
    values = {"requests": 100, "seconds": 1.0, "bytes": 100 * (1024 + 250), "errors": {"status": 0}, "latency_us": {}}
    return load.Load(**{**values, **changes})


class ParseTest(unittest.TestCase):

    def test_reads_the_summary_that_the_script_writes(self):
        run = load.parse(OUTPUT)
        self.assertEqual(120_000, run.requests)
        self.assertEqual(2.001, run.seconds)
        self.assertEqual(157_286_400, run.bytes)
        self.assertEqual({"p50": 910, "p90": 1200, "p99": 1500, "max": 9110}, run.latency_us)
        self.assertEqual([], run.problems(1024, 64))

    def test_refuses_an_output_without_a_summary(self):
        with self.assertRaisesRegex(BenchmarkError, "0 summaries"):
            load.parse("unable to connect to 127.0.0.1:1 Connection refused")


class ProblemsTest(unittest.TestCase):

    def test_any_error_is_a_problem(self):
        self.assertEqual(["3 status errors"], run_with(errors={"status": 3, "read": 0}).problems(1024, 64))

    def test_no_answer_at_all_is_a_problem(self):
        self.assertIn("no request was answered", run_with(requests=0, bytes=0).problems(1024, 64))

    def test_bytes_must_match_the_bodies(self):
        self.assertIn("bytes received", run_with(bytes=100 * 1023).problems(1024, 64)[0])
        self.assertIn("bytes received", run_with(bytes=200 * 4096).problems(1024, 64)[0])

    def test_one_cut_off_answer_per_connection_is_no_problem(self):
        self.assertEqual([], run_with(bytes=(100 + 64) * (1024 + 250)).problems(1024, 64))


class ScriptTest(unittest.TestCase):

    def test_the_browser_request_has_fifteen_fields_and_is_about_900_bytes(self):
        fields = [line for line in load.SCRIPT.read_text().splitlines() if line.startswith('  "') or line.startswith("  '")]
        self.assertEqual(15, 1 + len(fields), "with Host")
        size = sum(len(line.strip().rstrip(",")) for line in load.SCRIPT.read_text().split("local browser = {")[1].split("}\n")[0].splitlines())
        self.assertTrue(850 <= size <= 1000, size)


if __name__ == "__main__":
    unittest.main()
