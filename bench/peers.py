"""Compares `trendjob run` with DuckDB, chdb and Polars on the same files; see README.md.

Owns rounds, measuring and ratios; peer.py has the work of the peers. Uses the standard library only:
this process stays small, because the measured peak memory of a child is at least its parent's.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
STOP_WORDS = ROOT / "crates/trends/src/seed/stopwords.txt"
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
# The mean of `trendjob generate`; turns a size into a number of records.
BYTES_PER_RECORD = 440


class ProgramError(Exception):
    """A program ended with an error."""


def run(command, output=None, env=None):
    """Runs a program; returns seconds of wall time, peak memory in bytes and its standard output."""
    with tempfile.TemporaryFile() as captured, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output or captured,
            stderr=errors,
            env={**os.environ, **(env or {})},
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        captured.seek(0)
        text = captured.read().decode(errors="replace")
        if child.returncode != 0:
            errors.seek(0)
            lines = (text + errors.read().decode(errors="replace")).strip().splitlines()
            # The last line that names an error, else the last line with words.
            named = [line for line in lines if re.search(r"(Error|Exception):", line)]
            words = [line for line in lines if re.search(r"\w{3}", line)]
            message = (named or words or ["no message"])[-1]
            raise ProgramError(f"exit {child.returncode}: {message.strip()[:160]}")
    # Linux counts kilobytes, macOS bytes.
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024), text


class Trendjob:
    """trendjob, measured from the start to the end of its process."""

    name = "trendjob"
    forms = ["run"]
    form = "run"

    def __init__(self, args, folder):
        self.args, self.store = args, folder / "store"

    def measure(self, path, form):
        # Every run has a new store; the removal of the old one isn't measured.
        shutil.rmtree(self.store, ignore_errors=True)
        command = [self.args.trendjob, "run", "--source", "bench", "--store", self.store, "--threads",
                   self.args.threads, "--output", "json", "-q", path]
        seconds, memory, _ = run(command)
        return seconds, memory

    def dump(self, path):
        """Writes the result of the last run as CSV."""
        with open(path, "wb") as file:
            run([self.args.trendjob, "top", "bench", "--limit", "0", "--output", "csv",
                 "--store", self.store], output=file)


class Peer:
    """A peer, measured in a process of its own from after its imports."""

    def __init__(self, name, forms, args, folder):
        self.name, self.forms, self.form = name, forms, None
        self.args, self.output = args, folder / f"{name}.csv"

    def measure(self, path, form):
        self.output.unlink(missing_ok=True)
        command = [sys.executable, HERE / "peer.py", self.name, form, path, self.output,
                   "--threads", self.args.threads, "--stop-words", STOP_WORDS]
        _, memory, text = run(command, env={"POLARS_MAX_THREADS": str(self.args.threads)})
        # The last line is from peer.py; libraries may print others before it.
        measured = json.loads(text.strip().splitlines()[-1])
        return measured["seconds"], memory + measured["elsewhere"]


def choose_forms(peer, path, ours, calibration):
    """Verifies every form of a peer on this input, chooses the fastest and returns its verdict."""
    print(f"  {peer.name}: forms, best of {calibration}")
    times, verdicts, failures = {form: [] for form in peer.forms}, {}, {}
    # The runs of a form are apart, so that a slow moment of the machine doesn't hit all of them.
    for _ in range(calibration):
        for form in [form for form in peer.forms if form not in failures]:
            try:
                times[form].append(peer.measure(path, form)[0])
                if form not in verdicts:
                    verdicts[form] = verify(ours, peer.output)
            except ProgramError as error:
                failures[form] = error
    best = {form: min(taken) for form, taken in times.items() if form not in failures}
    for form in peer.forms:
        if form in best:
            print(f"    {form:20} {best[form]:8.3f} s  {agreement(verdicts[form])}")
        else:
            print(f"    {form:20} {failures[form]}")
    if not best:
        print(f"    {peer.name} is skipped: all of its forms failed")
        return None
    # A form with another result does other work; it is used only if no form agrees.
    exact = [form for form in best if verdicts[form]["differ"] == 0]
    peer.form = min(exact or best, key=best.get)
    return verdicts[peer.form]


def verify(ours, theirs):
    _, _, text = run([sys.executable, HERE / "verify.py", ours, theirs])
    return json.loads(text)


def agreement(verdict):
    if verdict["differ"] == 0:
        order = "" if verdict["sorted"] else ", but in another order"
        return f"agrees in all {verdict['words']:,} words and {verdict['tokens']:,} tokens{order}"
    return (f"DIFFERS in {verdict['differ']:,} of {verdict['words']:,} words, "
            f"{verdict['tokens_differ']:,} of {verdict['tokens']:,} tokens "
            f"({'; '.join(verdict['examples'])})")


def compare(path, args, folder):
    """Runs all rounds on one input and returns the report."""
    size = path.stat().st_size
    print(f"\n{path.name}: {size / 1e6:,.1f} MB, {args.threads} threads, {args.rounds} rounds")
    trendjob = Trendjob(args, folder)
    # The first run isn't measured; it brings the input into the page cache.
    trendjob.measure(path, "run")
    ours = folder / "trendjob.csv"
    trendjob.dump(ours)
    programs, verdicts = [trendjob], {}
    for name, forms in args.forms.items():
        peer = Peer(name, forms, args, folder)
        verdict = choose_forms(peer, path, ours, args.calibration)
        if verdict:
            programs.append(peer)
            verdicts[name] = verdict
    measured = {program.name: [] for program in programs}
    for number in range(args.rounds):
        # The order rotates, so that no program always follows the same one.
        turn = number % len(programs)
        for program in programs[turn:] + programs[:turn]:
            measured[program.name].append(program.measure(path, program.form))
    return report(path, size, programs, measured, verdicts)


def report(path, size, programs, measured, verdicts):
    seconds = {name: [run[0] for run in runs] for name, runs in measured.items()}
    print(f"  {'program':10} {'form':20} {'median':>9} {'MB/s':>7} {'peak':>8}   "
          f"its time / trendjob's: median [min .. max]")
    rows = []
    for program in programs:
        mine = seconds[program.name]
        ratios = [theirs / ours for theirs, ours in zip(mine, seconds["trendjob"])]
        median, peak = statistics.median(mine), max(run[1] for run in measured[program.name])
        row = {
            "program": program.name,
            "form": program.form,
            "seconds": mine,
            "peak_bytes": peak,
            "ratio": {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)},
            "verdict": verdicts.get(program.name),
        }
        rows.append(row)
        print(f"  {program.name:10} {program.form:20} {median:7.3f} s {size / median / 1e6:7,.0f} "
              f"{peak / 2**20:5,.0f} MiB   {row['ratio']['median']:.2f} "
              f"[{min(ratios):.2f} .. {max(ratios):.2f}]")
    return {"input": path.name, "bytes": size, "programs": rows}


def size(text):
    """Parses a size into bytes; requires a unit, so that `--synthetic 1` isn't one byte."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)", text.strip())
    if not match or match[2].upper() not in UNITS:
        raise argparse.ArgumentTypeError(f"not a size: {text}; write it as 1GB or 512MiB")
    return int(float(match[1]) * UNITS[match[2].upper()])


def decompressed(path, data):
    """Returns the decompressed copy of a .zst file, made again if the file is newer; returns any other
    file unchanged."""
    if path.suffix != ".zst":
        return path
    target = data / path.stem
    if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
        partial = target.with_suffix(".partial")
        # The file may need a larger window than zstd allows by default.
        run(["zstd", "-d", "-q", "-f", "--long=27", path, "-o", partial])
        # zstd copies the time of the source.
        partial.touch()
        partial.rename(target)
    return target


def repeated(path, wanted, data):
    """Returns a file of at most the wanted size that repeats `path` and ends at a line."""
    target = data / f"{path.stem}-{wanted}.ndjson"
    if not target.exists():
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            content += b"\n"
        partial = target.with_suffix(".partial")
        with open(partial, "wb") as file:
            whole, rest = divmod(wanted, len(content))
            for _ in range(whole):
                file.write(content)
            file.write(content[: content.rfind(b"\n", 0, rest) + 1])
        partial.rename(target)
    return target


def synthetic(wanted, args, data):
    target = data / f"synthetic-{wanted}.ndjson"
    if not target.exists():
        partial = target.with_suffix(".partial")
        records = max(1, wanted // BYTES_PER_RECORD)
        run([args.trendjob, "generate", "--records", records, "--seed", 1, "-o", partial])
        partial.rename(target)
    return target


def inputs(args):
    """Returns the input files. A child process makes the repeated ones, so that this one stays small."""
    args.data.mkdir(parents=True, exist_ok=True)
    files = [decompressed(file.resolve(), args.data) for file in args.files]
    if args.repeat_to:
        made = []
        for file in files:
            child = os.fork()
            if child == 0:
                repeated(file, args.repeat_to, args.data)
                os._exit(0)
            if os.waitpid(child, 0)[1] != 0:
                sys.exit(f"{file} can't be repeated")
            made.append(args.data / f"{file.stem}-{args.repeat_to}.ndjson")
        files = made
    return files + [synthetic(wanted, args, args.data) for wanted in args.synthetic]


def parser(description):
    """Returns a parser with the options of every comparison over inputs."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("files", nargs="*", type=Path, help="NDJSON files, plain or compressed to .zst")
    parser.add_argument("--synthetic", type=size, action="append", default=[], metavar="SIZE",
                        help="add an input of about this size, such as 1GB, from `trendjob generate`")
    parser.add_argument("--repeat-to", type=size, metavar="SIZE",
                        help="repeat every file to this size, such as 1GB")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trendjob", type=Path, default=ROOT / "target/dist/trendjob")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="folder for inputs and results")
    parser.add_argument("--json", type=Path, help="write all measurements to this file")
    return parser


def parsed(parser):
    """Returns the arguments. Fails without an input or without the program."""
    args = parser.parse_args()
    if not args.files and not args.synthetic:
        parser.error("name files or use --synthetic SIZE")
    if not args.trendjob.exists():
        parser.error(f"{args.trendjob} doesn't exist; build it with `cargo build --profile dist`")
    args.trendjob, args.data = args.trendjob.resolve(), args.data.resolve()
    return args


def arguments():
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--calibration", type=int, default=2, metavar="N",
                       help="runs of every form of a peer before the rounds (default: 2)")
    options.add_argument("--peers", default="duckdb,chdb,polars", help="any of duckdb, chdb, polars")
    options.add_argument("--spark", action="store_true", help="add pyspark; needs Java")
    options.add_argument("--form", action="append", default=[], metavar="PEER=FORM",
                       help="use only this form of a peer")
    args = parsed(options)
    # peer.py imports the library of a peer only when that peer runs.
    sys.dont_write_bytecode = True
    from peer import FORMS

    wanted = [name for name in args.peers.split(",") if name] + (["spark"] if args.spark else [])
    only = dict(form.split("=", 1) for form in args.form)
    args.forms = {name: [only[name]] if name in only else FORMS[name] for name in wanted}
    return args


def main():
    # Lines are printed at once, before the last program has run.
    sys.stdout.reconfigure(line_buffering=True)
    args = arguments()
    files = inputs(args)
    args.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.data, prefix="run-") as folder:
        reports = [compare(path, args, Path(folder)) for path in files]
    _, floor, _ = run([shutil.which("true")])
    print(f"\nSmallest measurable peak: {floor / 2**20:.0f} MiB (a program that does nothing).")
    if args.json:
        args.json.write_text(json.dumps(reports, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except ProgramError as error:
        sys.exit(f"peers.py: {error}")
