"""Writes RESULTS.md from the records of all cases that were measured on this machine."""

import json
from collections.abc import Iterable
from pathlib import Path

INTRODUCTION = """\
# Results

Written by `make bench`; [README.md](README.md) says what is measured. The time is that of one step, token,
batch or process: the median over rounds in which Heed and the peer took turns, each time in a
process of its own that gives the median of its runs. Ratio = the peer's time over Heed's; share =
the matrix products' part of what this machine reaches in one large product of the same type.
"""


def write(records: Path, machine: dict, versions: dict[str, str], output: Path) -> None:
    """Renders every record in the folder that was measured on the same machine."""
    cases = [json.loads(file.read_text()) for file in sorted(records.glob("*.json"))]
    cases = [case for case in cases if case["machine"] == identity(machine)]
    cases.sort(key=lambda case: case["order"])
    sections = [INTRODUCTION, machine_section(machine, versions), summary_section(cases)]
    sections += [modes_section(case) for case in cases]
    output.write_text("\n".join(sections))


def identity(machine: dict) -> dict:
    """What makes figures comparable."""
    names = ("processor", "threads", "cores", "instruction_set", "onednn")
    return {name: machine.get(name) for name in names}


def machine_section(machine: dict, versions: dict[str, str]) -> str:
    facts = {**identity(machine), **versions}
    for name in ("memory_bytes", "huge_pages", "gflops_float32", "gflops_bfloat16"):
        facts[name] = machine.get(name)
    facts["read_gb_per_second"] = machine.get("read_gb_per_second")
    rows = [[name.replace("_", " "), str(value)] for name, value in facts.items()]
    return "## Machine and versions\n\n" + table(["what", "value"], rows)


def summary_section(cases: list[dict]) -> str:
    header = ["case", "compared", "Heed", "peer", "ratio", "bar", "share", "peak memory", "day"]
    rows = []
    for case in cases:
        for comparison in case["comparisons"]:
            heed, peer = comparison["heed"], comparison["peer"]
            rows.append(
                [
                    case["name"],
                    comparison["name"],
                    named_time(heed),
                    f"{case['peer_name']} {named_time(peer)}" if case["peer_name"] else "",
                    ratio(peer, heed, "seconds", "{:.2f} ×"),
                    comparison["bar"],
                    percent((heed or {}).get("limit_share")),
                    memory(heed, peer),
                    case["day"],
                ]
            )
    return "## Heed and its peers\n\n" + table(header, rows)


def modes_section(case: dict) -> str:
    header = ["mode", "time", "per second", "GFLOP/s", "share", "peak memory"]
    rows = [
        [
            f"{mode['program']}: {mode['mode']}",
            mode["error"] and f"failed: {mode['error']}" or time(mode["seconds"]),
            number(mode["items_per_s"], "{:.1f}"),
            number(mode["gflops"], "{:.0f}"),
            percent(mode["limit_share"]),
            number(mode["peak_rss_bytes"] and mode["peak_rss_bytes"] / 1e6, "{:.0f} MB"),
        ]
        for mode in case["modes"]
    ]
    notes = "".join(f"\n{note}\n" for note in case["notes"])
    return f"## {case['name']}: every mode\n\n" + table(header, rows) + notes


def table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def named_time(figures: dict | None) -> str:
    return f"{time(figures['seconds'])} ({figures['mode']})" if figures else "failed"


def time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.2f} ms"


def ratio(upper: dict | None, lower: dict | None, name: str, form: str) -> str:
    if not upper or not lower or not upper[name] or not lower[name]:
        return ""
    return form.format(upper[name] / lower[name])


def memory(heed: dict | None, peer: dict | None) -> str:
    """Heed's peak and what part of the peer's it is."""
    if not heed or not heed["peak_rss_bytes"]:
        return ""
    part = ratio(heed, peer, "peak_rss_bytes", ", {:.0%}")
    return f"{heed['peak_rss_bytes'] / 1e6:.0f} MB{part}"


def percent(value: float | None) -> str:
    return number(value, "{:.0%}")


def number(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)
