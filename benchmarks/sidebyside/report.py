"""Ratios and tables from measured rounds."""

from dataclasses import dataclass
from statistics import median

from .load import Load


@dataclass(frozen=True)
class Round:
    """One target under load once. CPU times are of whole process trees."""

    target: str
    body: str
    load: Load
    proxy_ns: int
    origin_ns: int
    wall_ns: int
    core_busy: float
    core_stolen: float
    rss_bytes: int

    @property
    def rps(self):
        return self.load.requests / self.load.seconds

    @property
    def cpu_us(self):
        return self.proxy_ns / self.load.requests / 1e3

    @property
    def cpu_with_origin_us(self):
        return (self.proxy_ns + self.origin_ns) / self.load.requests / 1e3

    @property
    def core_foreign(self):
        """The share of the proxy's core that went to anything else: other programs, or the host."""
        return max(0.0, self.core_busy - self.proxy_ns / self.wall_ns)


@dataclass(frozen=True)
class Ratio:
    """The median of a target's per-round ratios to the baseline, and their range: the noise band."""

    median: float
    low: float
    high: float

    def __str__(self):
        return f"{self.median:.2f} [{self.low:.2f}-{self.high:.2f}]"


def ratio(rounds, baseline, cost):
    """Compares rounds with the baseline's rounds, each with the one that ran beside it."""
    if len(rounds) != len(baseline):
        raise ValueError(f"rounds: {len(rounds)} (expected: {len(baseline)}, as the baseline)")
    ratios = [cost(a) / cost(b) for a, b in zip(rounds, baseline)]
    return Ratio(median(ratios), min(ratios), max(ratios))


def summary(rounds, baseline):
    """The numbers of one row: one target, one body."""
    def mid(value):
        return median(value(r) for r in rounds)
    return {
        "target": rounds[0].target,
        "body": rounds[0].body,
        "rounds": len(rounds),
        "rps": mid(lambda r: r.rps),
        "cpu_us": mid(lambda r: r.cpu_us),
        "cpu_ratio": vars(ratio(rounds, baseline, lambda r: r.cpu_us)),
        "cpu_with_origin_us": mid(lambda r: r.cpu_with_origin_us),
        "cpu_with_origin_ratio": vars(ratio(rounds, baseline, lambda r: r.cpu_with_origin_us)),
        "p50_ms": mid(lambda r: r.load.latency_us["p50"]) / 1e3,
        "p99_ms": mid(lambda r: r.load.latency_us["p99"]) / 1e3,
        "core_busy": mid(lambda r: r.core_busy),
        "core_stolen": mid(lambda r: r.core_stolen),
        "core_foreign": mid(lambda r: r.core_foreign),
        "rss_mb": mid(lambda r: r.rss_bytes) / 1e6,
    }


HEAD = ("target", "rps", "CPU us/rq", "x {0} [min-max]", "with origin us/rq", "x {0} [min-max]", "p50 ms", "p99 ms",
        "core busy", "RSS MB", "alloc B/rq")


def table(rows, baseline):
    """A Markdown table of summaries, aligned for reading as text too."""
    lines = [[cell.format(baseline) for cell in HEAD]]
    for row in rows:
        allocated = row.get("allocated_bytes")
        lines.append([
            row["target"],
            f"{row['rps'] / 1e3:.1f}k",
            f"{row['cpu_us']:.2f}",
            str(Ratio(**row["cpu_ratio"])),
            f"{row['cpu_with_origin_us']:.2f}",
            str(Ratio(**row["cpu_with_origin_ratio"])),
            f"{row['p50_ms']:.2f}",
            f"{row['p99_ms']:.2f}",
            f"{row['core_busy']:.2f}",
            f"{row['rss_mb']:.0f}",
            "-" if allocated is None else f"{allocated:.0f}",
        ])
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)


def remarks(rows):
    """What a reader must know before believing the rows."""
    found = []
    for row in rows:
        # Time that the host takes from a guest is partly charged to the guest's processes: it counts too.
        elsewhere = max(row["core_foreign"], row["core_stolen"])
        if elsewhere > 0.05:
            found.append(f"{row['target']}, {row['body']}: {elsewhere:.0%} of the proxy's core went to others; repeat on a quiet machine")
        if row["core_busy"] < 0.95:
            found.append(f"{row['target']}, {row['body']}: the load was the limit (core busy {row['core_busy']:.2f}); read CPU per request, not rps")
        if row.get("allocated_threads_gone"):
            found.append(f"{row['target']}, {row['body']}: allocation lacks {row['allocated_threads_gone']} threads that ended meanwhile")
    return found
