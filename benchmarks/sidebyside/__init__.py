"""Side-by-side benchmark of reverse proxies: see docs/performance.md."""


class BenchmarkError(Exception):
    """The benchmark cannot go on, or its result must not be believed."""
