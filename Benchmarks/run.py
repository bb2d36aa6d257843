"""Measures Heed beside its peers and writes RESULTS.md; `make bench` starts it."""

import argparse
import datetime
import fnmatch
import importlib.metadata
import json
import platform
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import results
from cases import Case, Comparison, Mode, Settings, all_cases, batches_of_lengths
from processes import Figures, run

HERE = Path(__file__).parent
PEER_PACKAGES = ("torch", "ctranslate2", "llama-cpp-python", "tokenizers")


def main() -> int:
    options = parse()
    options.work.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        heed=options.heed,
        python=sys.executable,
        work=options.work,
        threads=options.threads,
        repeat=options.repeat,
        model=options.model,
        text=options.text,
        tokenizer=options.tokenizer,
        lengths=write_lengths(options),
    )
    cases = list(all_cases(settings))
    patterns = options.workloads or ["*"]
    chosen = [
        (order, case.with_modes(options.heed_modes, options.peer_modes))
        for order, case in enumerate(cases)
        if any(fnmatch.fnmatch(case.name, pattern) for pattern in patterns)
    ]
    chosen = [(order, case) for order, case in chosen if case.heed]
    if not chosen:
        names = " ".join(case.name for case in cases)
        print(f"no workload is called {' '.join(patterns)}; there are: {names}", file=sys.stderr)
        return 64
    if any(case.name == "translate" for _, case in chosen):
        convert_model(settings)
    machine = json.loads(output_of(settings.heed, "doctor", "--json"))
    records = options.work / "records"
    records.mkdir(exist_ok=True)
    for order, case in chosen:
        if case.prepare:
            # A file that could not be made shows in the modes that need it.
            subprocess.run(case.prepare, check=False)
        record = measure(case, options.rounds)
        record |= {"order": order, "machine": results.identity(machine)}
        (records / f"{case.name}.json").write_text(json.dumps(record, indent=1))
        results.write(records, machine, versions(settings), options.output)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", help="names or patterns, such as 'attention-*'")
    parser.add_argument("--heed", required=True, help="the program")
    parser.add_argument("--work", type=Path, required=True, help="a folder for what is made")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=5, help="runs that a process times")
    parser.add_argument("--rounds", type=int, default=5, help="turns of Heed and the peer's best")
    parser.add_argument("--heed-modes", default="*", help="a pattern; every mode by default")
    parser.add_argument("--peer-modes", default="*", help="the same for the peer")
    parser.add_argument("--model", help="a Marian folder for 'translate' and the real lengths")
    parser.add_argument("--text", type=Path, help="the text that 'translate' translates")
    parser.add_argument("--tokenizer", help="a tokenizer.json for 'tokenize-*', with --text")
    parser.add_argument("--source", type=Path, help="source sentences whose lengths are used")
    parser.add_argument("--target", type=Path, help="their targets")
    options = parser.parse_args()
    if (options.source is None) != (options.target is None):
        parser.error("--source and --target go together")
    return options


def write_lengths(options: argparse.Namespace) -> Path | None:
    """The lengths of real pairs, counted in pieces with the end mark, in batches."""
    if options.source is None:
        return None
    model = ["--model", options.model] if options.model else []

    def lengths(path: Path) -> list[int]:
        command = [options.heed, "tokenize", *model, "--ids", "--input", str(path)]
        return [len(line.split()) for line in output_of(*command).splitlines()]

    sides = zip(lengths(options.source), lengths(options.target), strict=True)
    path = options.work / "lengths"
    path.write_text(batches_of_lengths([pair for pair in sides if min(pair) > 0]))
    return path


def convert_model(settings: Settings) -> None:
    for compute_type in ("float32", "int8"):
        output = settings.work / f"ct2-{compute_type}"
        shutil.rmtree(output, ignore_errors=True)
        command = settings.script("ct2_convert.py", settings.model, str(output), compute_type)
        # A model that cannot be converted shows in the modes that need it.
        subprocess.run(command, check=False)


def measure(case: Case, rounds: int) -> dict:
    """All modes once, Heed's between the peer's; then turns of the best ones."""
    figures: dict[str, dict[Mode, Figures]] = {"heed": {}, "peer": {}}

    def once(program: str, mode: Mode) -> Figures:
        found = run(mode, case.whole_process)
        print(f"{case.name}: {program} {mode.name}: {found.error or found.seconds}", flush=True)
        return found

    for index in range(max(len(case.heed), len(case.peers))):
        heed = case.heed[index % len(case.heed)]
        earlier = figures["heed"].get(heed)
        if earlier is None or not earlier.error:
            again = once("heed", heed)
            figures["heed"][heed] = middle([again, earlier]) if earlier else again
        if index < len(case.peers):
            figures["peer"][case.peers[index]] = once("peer", case.peers[index])

    turns: dict[tuple[Mode | None, Mode | None], tuple[Figures | None, Figures | None]] = {}
    comparisons = []
    for comparison in case.comparisons:
        pair = (
            best(figures["heed"], comparison.heed),
            best(figures["peer"], comparison.peer),
        )
        if pair not in turns:
            turns[pair] = take_turns(pair, rounds, once)
        comparisons.append(compared(comparison, pair, turns[pair]))
    return {
        "name": case.name,
        "peer_name": case.peer_name,
        "day": datetime.date.today().isoformat(),
        "comparisons": comparisons,
        "modes": [
            {"program": "Heed" if program == "heed" else case.peer_name, "mode": mode.name}
            | found.as_json()
            for program, modes in figures.items()
            for mode, found in modes.items()
        ],
        "notes": notes(case, comparisons),
    }


def best(figures: dict[Mode, Figures], precisions: frozenset[str] | None) -> Mode | None:
    able = [
        mode
        for mode, found in figures.items()
        if not found.error and (precisions is None or mode.precision in precisions)
    ]
    return min(able, key=lambda mode: figures[mode].seconds, default=None)


def take_turns(pair, rounds: int, once) -> tuple[Figures | None, Figures | None]:
    """The medians of each side over rounds in which both ran."""
    found: tuple[list[Figures], list[Figures]] = ([], [])
    for _ in range(rounds):
        for side, program in enumerate(("heed", "peer")):
            if pair[side]:
                found[side].append(once(program, pair[side]))
    return middle(found[0]), middle(found[1])


def middle(rounds: list[Figures]) -> Figures | None:
    """The round of the median time, with the largest memory of all rounds."""
    rounds = sorted((figures for figures in rounds if not figures.error), key=lambda f: f.seconds)
    if not rounds:
        return None
    median = statistics.median_low(figures.seconds for figures in rounds)
    result = next(figures for figures in rounds if figures.seconds == median)
    result.peak_rss_bytes = max(figures.peak_rss_bytes or 0 for figures in rounds) or None
    return result


def compared(comparison: Comparison, pair, turns) -> dict:
    heed, peer = (
        {"mode": mode.name, **found.as_json()} if mode and found else None
        for mode, found in zip(pair, turns, strict=True)
    )
    return {"name": comparison.name, "bar": comparison.bar, "heed": heed, "peer": peer}


def notes(case: Case, comparisons: list[dict]) -> list[str]:
    """How many lines of the outputs of two programs are the same."""
    outputs = {mode.name: mode.output for mode in [*case.heed, *case.peers] if mode.output}
    lines = []
    for comparison in comparisons:
        sides = [comparison["heed"], comparison["peer"]]
        if not all(sides) or not outputs:
            continue
        texts = [outputs[side["mode"]].read_text().splitlines() for side in sides]
        same = sum(a == b for a, b in zip(*texts, strict=False))
        lines.append(f"{comparison['name']}: {same} of {len(texts[0])} lines are the same.")
    return lines


def versions(settings: Settings) -> dict[str, str]:
    found = {"heed": output_of(settings.heed, "--version").strip()}
    found["python"] = platform.python_version()
    for package in PEER_PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "missing"
    return found


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
