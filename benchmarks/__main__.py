"""Measures the claims: `make bench`, or `python -m benchmarks --help`."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import (
    film_cpu,
    film_memory,
    kits_at_once,
    open_speed,
    recorder_times,
    scaling,
    seal_speed,
    server_memory,
    server_speed,
    stop_to_receipt,
    uplink_cost,
    uplink_outage,
    uplink_speed,
)
from benchmarks.claim import Benchmark, Entry, judge
from benchmarks.errors import BenchmarkError
from benchmarks.report import read_results, table, with_figures, write_results

BENCHMARKS = (
    film_cpu.BENCHMARK,
    film_memory.BENCHMARK,
    seal_speed.BENCHMARK,
    open_speed.BENCHMARK,
    server_speed.BENCHMARK,
    server_speed.ONE_AND_MANY,
    server_memory.BENCHMARK,
    kits_at_once.BENCHMARK,
    scaling.BENCHMARK,
    recorder_times.BENCHMARK,
    uplink_speed.BENCHMARK,
    uplink_outage.BENCHMARK,
    stop_to_receipt.BENCHMARK,
    uplink_cost.BENCHMARK,
)
NEEDS_ROOT = (recorder_times.BENCHMARK, uplink_speed.BENCHMARK, uplink_outage.BENCHMARK, stop_to_receipt.BENCHMARK)
NAMES = [claim.name for benchmark in BENCHMARKS for claim in benchmark.claims]
_HERE = Path(__file__).parent
OUT = _HERE / "out"
RESULTS = OUT / "results.json"
DOCUMENT = _HERE.parent / "docs" / "benchmarks.md"


def main() -> None:
    """Run what was asked for; exit code 0 only if every goal measured is met."""
    arguments = _parser().parse_args()
    try:
        if arguments.write_docs:
            DOCUMENT.write_text(with_figures(DOCUMENT.read_text("utf-8"), read_results(RESULTS)), "utf-8")
            _publish_pictures()
            return
        entries = _measure([arguments.only] if arguments.only else NAMES)
    except BenchmarkError as reason:
        sys.exit(f"{reason.code}: {reason}")
    write_results(entries, RESULTS)
    Console().print(table(entries))
    missed = [entry.name for entry in entries if entry.met is False]
    if missed:
        sys.exit(f"Goal missed: {', '.join(missed)}. Run again when the machine is idle, then look for the cause.")


def _measure(names: list[str]) -> list[Entry]:
    entries: list[Entry] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for benchmark in BENCHMARKS:
            wanted = [claim.name for claim in benchmark.claims if claim.name in names]
            if wanted and benchmark in NEEDS_ROOT and os.geteuid() != 0:
                progress.console.print(f"Left out, as they need root: {', '.join(wanted)}")
            elif wanted:
                measured = _run(benchmark, progress)
                entries += [entry for entry in measured if entry.name in wanted]
    return entries


def _run(benchmark: Benchmark, progress: Progress) -> list[Entry]:
    task = progress.add_task(benchmark.claims[0].name, total=benchmark.ticks)
    folder = OUT / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        samples = benchmark.measure(folder, lambda: progress.advance(task))
        for picture in benchmark.pictures:
            shutil.move(folder / picture, OUT / picture)
    finally:
        shutil.rmtree(folder)
    return [judge(claim, figures) for claim, figures in zip(benchmark.claims, samples, strict=True)]


def _publish_pictures() -> None:
    for picture in (OUT / name for benchmark in BENCHMARKS for name in benchmark.pictures):
        if picture.exists():  # else it was not measured
            shutil.copy(picture, DOCUMENT.parent)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the claims, ours and a peer in turn, and print their medians. Writes "
        "benchmarks/out/results.json; exit code 1 if a goal is missed or a peer is missing.",
        epilog="Needs ffmpeg, age, nginx, curl, rsync, Ceph and PostgreSQL (`make bench` installs them), 8 GiB of "
        "disk, and half an hour on a machine that is otherwise idle. See docs/benchmarks.md for what each entry "
        "measures and leaves out.",
    )
    parser.add_argument("--only", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument(
        "--write-docs", action="store_true", help="write figures and pictures of the last run into docs, and end"
    )
    return parser


if __name__ == "__main__":
    main()
