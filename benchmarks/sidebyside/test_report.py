import unittest

from sidebyside import allocation, report
from sidebyside.load import Load


def round_of(target, proxy_us, origin_us=5, requests=1000, busy=0.99):
    load = Load(requests, 2.0, 0, {}, {"p50": 700, "p90": 900, "p99": 1600, "max": 9000})
    return report.Round(target, "1k", load, proxy_us * 1000 * requests, origin_us * 1000 * requests,
                        wall_ns=2_000_000_000, core_busy=busy, core_stolen=0.0, rss_bytes=20_000_000)


class RatioTest(unittest.TestCase):

    def test_is_the_median_of_the_ratios_within_each_round(self):
        # The second round was slow for both: compared across rounds, the ratio would be 2 or 0.5.
        baseline = [round_of("nginx", us) for us in (10, 20, 10)]
        other = [round_of("lawu", us) for us in (9, 18, 11)]
        found = report.ratio(other, baseline, lambda r: r.cpu_us)
        self.assertEqual((0.9, 0.9, 1.1), (found.median, found.low, found.high))
        self.assertEqual("0.90 [0.90-1.10]", str(found))

    def test_needs_as_many_rounds_as_the_baseline(self):
        with self.assertRaisesRegex(ValueError, r"rounds: 1 \(expected: 2"):
            report.ratio([round_of("lawu", 9)], [round_of("nginx", 9)] * 2, lambda r: r.cpu_us)


class SummaryTest(unittest.TestCase):

    def test_divides_by_requests_and_adds_the_origin(self):
        row = report.summary([round_of("lawu", 12, 4)], [round_of("nginx", 10, 6)])
        self.assertEqual(12, row["cpu_us"])
        self.assertEqual(1.2, row["cpu_ratio"]["median"])
        self.assertEqual(16, row["cpu_with_origin_us"])
        self.assertEqual(1.0, row["cpu_with_origin_ratio"]["median"])
        self.assertEqual(500, row["rps"])
        self.assertEqual(1.6, row["p99_ms"])

    def test_an_idle_or_shared_core_is_remarked(self):
        # 1000 requests of 12 us in 2 s of wall time: 0.6 % of the core.
        found = report.remarks([report.summary([round_of("lawu", 12, busy=0.5)], [round_of("nginx", 10)])])
        self.assertEqual(2, len(found))
        self.assertIn("49% of the proxy's core went to others", found[0])
        self.assertIn("the load was the limit", found[1])

    def test_the_table_has_a_line_for_each_row(self):
        rows = [report.summary([round_of(name, 10)], [round_of("nginx", 10)]) for name in ("nginx", "lawu")]
        rows[1]["allocated_bytes"] = 123.4
        lines = report.table(rows, "nginx").splitlines()
        self.assertEqual(4, len(lines))
        self.assertIn("x nginx [min-max]", lines[0])
        self.assertIn("| 123 ", lines[3])
        self.assertEqual(1, len({len(line) for line in lines}))


class AllocationTest(unittest.TestCase):

    def test_counts_new_threads_whole_and_leaves_out_the_probes_own(self):
        before = allocation.parse("7\t1=main=1000\t2=RMI TCP Connection(1)-127.0.0.1=5\n")
        after = allocation.parse("8\t1=main=1000\t2=RMI TCP Connection(1)-127.0.0.1=900\t3=loop=5000\n")
        found = allocation.per_request(before, after, 100)
        self.assertEqual({"allocated_bytes": 50, "allocated_by_thread": {"loop": 50}, "allocated_threads_gone": 0}, found)

    def test_tells_how_many_threads_ended_uncounted(self):
        # Four were started, one of them still lives; of the two before, one is gone.
        before = allocation.parse("7\t1=main=1000\t2=worker=10\n")
        after = allocation.parse("11\t1=main=1000\t3=worker=20\n")
        self.assertEqual(4, allocation.per_request(before, after, 100)["allocated_threads_gone"])



if __name__ == "__main__":
    unittest.main()
