"""Runs a mode in a process of its own."""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass

from cases import Mode

TIMEOUT_SECONDS = 1800


@dataclass
class Figures:
    """What a process measured, or why it failed."""

    seconds: float = 0.0
    items_per_s: float | None = None
    peak_rss_bytes: int | None = None
    gflops: float | None = None
    limit_share: float | None = None
    error: str | None = None

    as_json = asdict


def run(mode: Mode, whole_process: bool) -> Figures:
    """Runs once. `whole_process` takes the time from the start of the process to its end."""
    environment = {**os.environ, **mode.environment}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(
                mode.command, stdout=output, stderr=errors, env=environment
            )
        except OSError as error:
            return Figures(error=str(error))
        try:
            status = wait(process, start + TIMEOUT_SECONDS)
        except TimeoutError as error:
            return Figures(error=str(error))
        seconds = time.perf_counter() - start
        if process.returncode != 0:
            return Figures(error=last_line(errors) or f"ended with {process.returncode}")
        if whole_process and not mode.reports:
            return Figures(seconds=seconds, peak_rss_bytes=status.ru_maxrss * 1024)
        output.seek(0)
        return from_report(output.read().decode(), mode.figure)


def wait(process: subprocess.Popen, deadline: float):
    """Waits for the end, and returns what the process used."""
    # Whole processes that are timed end within seconds: their end is seen at once.
    while True:
        child, status, usage = os.wait4(process.pid, os.WNOHANG)
        if child:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        if time.perf_counter() > deadline:
            process.kill()
            process.wait()
            raise TimeoutError(f"took longer than {TIMEOUT_SECONDS} s")
        time.sleep(0.002)


def from_report(text: str, figure: str) -> Figures:
    try:
        report = json.loads(text.splitlines()[-1])
        if figure != "median_s":
            return Figures(
                seconds=1 / report[figure],
                items_per_s=report[figure],
                peak_rss_bytes=report["peak_rss_bytes"],
            )
        return Figures(
            seconds=report["median_s"],
            items_per_s=report["items_per_s"],
            peak_rss_bytes=report["peak_rss_bytes"],
            gflops=report.get("gflops"),
            limit_share=report.get("limit_share"),
        )
    except (ValueError, KeyError, IndexError, ZeroDivisionError) as error:
        return Figures(error=f"no result: {error!r}")


def last_line(stream) -> str:
    stream.seek(0)
    lines = stream.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
