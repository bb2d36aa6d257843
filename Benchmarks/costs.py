"""How the time of an update grows with length, batch, vocabulary, width and threads; `make costs` starts it.

Prints tables for docs/performance.md. Each row is measured in a process of its own, in turns.
"""

import argparse
import statistics
import sys

from cases import Mode
from processes import run

TOKENS = 4096  # of a side of the usual batch
USUAL = {"preset": "tiny", "vocabulary": 10_000, "pairs": 128, "length": 32, "threads": 2}


def batch_of(length: int) -> dict:
    return {"length": length, "pairs": max(TOKENS // length, 1)}


TABLES = {
    "length": [batch_of(length) for length in (8, 16, 32, 64, 128, 256, 512)],
    "pairs": [{"pairs": pairs} for pairs in (1, 8, 32, 128, 512)],
    "vocabulary": [{"vocabulary": size} for size in (1_000, 10_000, 32_000, 64_000)],
    "preset": [{"preset": preset} for preset in ("tiny", "small", "base", "big")],
    "threads": [{"preset": "base", "threads": count} for count in (1, 2, 8)],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"of {', '.join(TABLES)}; all by default")
    parser.add_argument("--heed", required=True, help="the program")
    parser.add_argument("--repeat", type=int, default=5, help="updates that a process times")
    parser.add_argument("--rounds", type=int, default=3, help="turns of the rows of a table")
    options = parser.parse_args()
    unknown = set(options.tables) - set(TABLES)
    if unknown:
        parser.error(f"no table is called {' '.join(sorted(unknown))}")
    for name in options.tables or TABLES:
        print_table(name, TABLES[name], options)
    return 0


def print_table(name: str, rows: list[dict], options: argparse.Namespace) -> None:
    precisions = ("bfloat16", "float32")
    seconds = {(row, precision): [] for row in range(len(rows)) for precision in precisions}
    for _ in range(options.rounds):
        for row, precision in seconds:
            figures = run(mode(USUAL | rows[row], precision, options), whole_process=False)
            if figures.error:
                sys.exit(f"{name} {rows[row]}: {figures.error}")
            seconds[row, precision].append(figures.seconds)
    print(f"\n| {name} | batch | {' | '.join(f'{p}: ms | tokens/s' for p in precisions)} |")
    print("|---" * (2 + 2 * len(precisions)) + "|")
    for row, sizes in enumerate(USUAL | sizes for sizes in rows):
        cells = [sizes[name], f"{sizes['pairs']} × 2 × {sizes['length']}"]
        for precision in precisions:
            median = statistics.median(seconds[row, precision])
            tokens = 2 * sizes["pairs"] * sizes["length"] / median
            cells += [f"{median * 1e3:.1f}", f"{tokens:,.0f}"]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def mode(sizes: dict, precision: str, options: argparse.Namespace) -> Mode:
    length = str(sizes["length"])
    command = (
        *(options.heed, "bench", "train-translation", "--json", "--precision", precision),
        *("--preset", sizes["preset"], "--vocabulary", str(sizes["vocabulary"])),
        *("--pairs", str(sizes["pairs"]), "--source-length", length, "--target-length", length),
        *("--threads", str(sizes["threads"]), "--repeat", str(options.repeat)),
    )
    return Mode(precision, precision, command)


if __name__ == "__main__":
    sys.exit(main())
