"""Compares the profiles Social and Seed of `trendjob run` on the same files; see README.md.

Owns the compared settings, rounds and ratios; peers.py makes the inputs. Uses the standard library
only: this process stays small, because the measured peak memory of a child is at least its parent's.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from peers import inputs, parsed, parser  # noqa: E402

SOCIAL = ["--profile", "social", "--kinds", "word,hashtag"]
# Every setting counts authors, because the records have one.
SETTINGS = {
    "seed": [],
    "social": SOCIAL,
    "seed 1h": ["--window", "1h"],
    "social 1h": [*SOCIAL, "--window", "1h"],
}


def measure(args, path, settings, store):
    """Runs one process; returns seconds of wall time and of CPU time, and peak memory in bytes."""
    # Every run has a new store; the removal of the old one isn't measured.
    shutil.rmtree(store, ignore_errors=True)
    command = [args.trendjob, "run", "--source", "bench", "--store", store, "--output", "json", "-q",
               "--threads", str(args.threads), *args.limits, *settings, path]
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            errors.seek(0)
            sys.exit(f"social.py: exit {child.returncode}: {errors.read().decode(errors='replace')}")
    # Linux counts kilobytes, macOS bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak}


def compare(path, args, folder):
    """Runs all rounds on one input and returns the report."""
    size = path.stat().st_size
    print(f"\n{path.name}: {size / 1e6:,.1f} MB, {args.threads} threads, {args.rounds} rounds")
    # The first run isn't measured; it brings the input into the page cache.
    measure(args, path, SETTINGS["seed"], folder / "store")
    measured = {name: [] for name in args.settings}
    for number in range(args.rounds):
        # The order rotates, so that no setting always follows the same one.
        turn = number % len(args.settings)
        for name in args.settings[turn:] + args.settings[:turn]:
            measured[name].append(measure(args, path, SETTINGS[name], folder / "store"))
    print(f"  {'':10} {'median':>9} {'MB/s':>7} {'CPU':>8} {'peak':>9}   "
          f"time / seed's: median [min .. max]   CPU / seed's")
    return {"input": path.name, "bytes": size,
            "settings": [row(name, runs, measured["seed"], size) for name, runs in measured.items()]}


def row(name, runs, seed, size):
    ratios = {kind: [ours[kind] / theirs[kind] for ours, theirs in zip(runs, seed)]
              for kind in ("seconds", "cpu")}
    of = {kind: {"median": statistics.median(all), "min": min(all), "max": max(all)}
          for kind, all in ratios.items()}
    median = statistics.median(run["seconds"] for run in runs)
    cpu, peak = statistics.median(run["cpu"] for run in runs), max(run["peak"] for run in runs)
    spread = [f"{r['median']:5.2f} [{r['min']:.2f} .. {r['max']:.2f}]" for r in of.values()]
    print(f"  {name:10} {median:7.3f} s {size / median / 1e6:7,.0f} {cpu:6.2f} s {peak / 2**20:5,.0f} MiB   "
          f"{spread[0]:28}   {spread[1]}")
    return {"name": name, "runs": runs, "ratio": of}


def arguments():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--memory", metavar="SIZE", help="memory budget of every run, such as 256MiB")
    options.add_argument("--settings", default=",".join(SETTINGS),
                       help=f"any of {', '.join(SETTINGS)}; seed is always included")
    args = parsed(options)
    wanted = {name.strip() for name in args.settings.split(",")} | {"seed"}
    if unknown := wanted - SETTINGS.keys():
        options.error(f"unknown settings {', '.join(sorted(unknown))}; choose among {', '.join(SETTINGS)}")
    args.settings = [name for name in SETTINGS if name in wanted]
    args.limits = ["--memory", args.memory] if args.memory else []
    return args


def main():
    # Lines are printed at once, before the last program has run.
    sys.stdout.reconfigure(line_buffering=True)
    args = arguments()
    files = inputs(args)
    with tempfile.TemporaryDirectory(dir=args.data, prefix="run-") as folder:
        reports = [compare(path, args, Path(folder)) for path in files]
    if args.json:
        args.json.write_text(json.dumps(reports, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
