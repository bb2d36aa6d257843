"""What all peers share: timing, memory, sizes of models, and how a result is printed."""

import json
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

WARMUP_SECONDS = 0.3


@dataclass(frozen=True)
class Preset:
    """The sizes that `heed` knows by name."""

    width: int
    layers: int
    inner: int
    heads: int


PRESETS = {
    "tiny": Preset(width=128, layers=4, inner=256, heads=4),
    "small": Preset(width=256, layers=3, inner=512, heads=8),
    "base": Preset(width=512, layers=6, inner=2048, heads=8),
    "big": Preset(width=1024, layers=6, inner=4096, heads=16),
}


def measure(run: Callable[[], None], repeat: int) -> list[float]:
    """Warms up as `heed bench` does, and returns the seconds of each run after that."""
    start = time.perf_counter()
    runs = 0
    while runs < 2 or time.perf_counter() - start < WARMUP_SECONDS:
        run()
        runs += 1
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


def report(times: list[float], items: int) -> None:
    """Prints a result as one JSON object with the names that `heed bench --json` has."""
    median = statistics.median(times)
    print(
        json.dumps(
            {
                "median_s": median,
                "min_s": min(times),
                "max_s": max(times),
                "items_per_s": items / median,
                "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "repeat": len(times),
            }
        )
    )
