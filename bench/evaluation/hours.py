#!/usr/bin/env python3
"""Compares two builds of trendjob by the hour: when they find sudden events, and their false alarms.

    python3 bench/evaluation/hours.py --program NEW --against OLD congress-tweets-2017.ndjson.zst

Each build counts the posts by the hour. An event of sudden.toml is found when one of its terms is
`trending` in one of the 12 hours after its own or in that one. Every pair of a term and an hour that
is `trending` in the 24 hours before is a false alarm, whatever it tells of. Prints a table. Needs
Python 3.11 or later and its standard library.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("word", "hashtag")
SOURCE = "hours"
HOUR = datetime.timedelta(hours=1)
BEFORE, AFTER = 24, 12
READ = 1000  # the most topics that a ranking of an earlier window holds


def trending(program, store, hour):
    """Returns the terms of all kinds that trend in an hour."""
    found = set()
    for kind in KINDS:
        done = subprocess.run(
            [program, "top", SOURCE, "--kind", kind, "--score", "burst", "--window",
             hour.strftime("%Y-%m-%dT%H:%M:%SZ"), "--limit", str(READ), "--store", store,
             "--output", "json"], check=True, capture_output=True, text=True)
        topics = json.loads(done.stdout)["topics"]
        found |= {(kind, topic["term"]) for topic in topics if topic["status"] == "trending"}
    return found


def judge(program, store, event):
    """Returns the delay in hours until an event is found, None if it isn't, and its false alarms."""
    alarms = sum(len(trending(program, store, event["hour"] - n * HOUR))
                 for n in range(1, BEFORE + 1))
    wanted = set(event["terms"].split())
    for delay in range(AFTER + 1):
        terms = {term for _, term in trending(program, store, event["hour"] + delay * HOUR)}
        if terms & wanted:
            return delay, alarms
    return None, alarms


def results(program, data, events):
    with tempfile.TemporaryDirectory() as store:
        subprocess.run(
            [program, "run", "--quiet", "--source", SOURCE, "--store", store, "--profile",
             "social", "--kinds", ",".join(KINDS), "--window", "1h", "--scores", "burst",
             "--output", "json", *data], check=True, stdout=subprocess.DEVNULL)
        return [judge(program, store, event) for event in events]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("data", nargs="+", help="posts as NDJSON, plain or compressed to .zst")
    parser.add_argument("--program", default=str(HERE.parents[1] / "target/release/trendjob"),
                        help="the trendjob command (target/release/trendjob)")
    parser.add_argument("--against", required=True, help="the build to compare with")
    parser.add_argument("--events", type=pathlib.Path, default=HERE / "sudden.toml",
                        help="the events (sudden.toml)")
    args = parser.parse_args()
    events = tomllib.loads(args.events.read_text(encoding="utf-8"))["event"]
    new, old = (results(program, args.data, events) for program in (args.program, args.against))
    print("| event | found after, hours | before | false alarms | before |")
    print("|---|---|---|---|---|")
    shown = lambda delay: "not found" if delay is None else delay
    for event, (delay, alarms), (old_delay, old_alarms) in zip(events, new, old, strict=True):
        print(f"| {event['name']} | {shown(delay)} | {shown(old_delay)} | {alarms} | {old_alarms} |")
    count = lambda found: sum(delay is not None for delay, _ in found)
    total = lambda found: sum(alarms for _, alarms in found)
    print(f"| all | {count(new)} found | {count(old)} found | {total(new)} | {total(old)} |")
    fewer = sum(a <= b for (_, a), (_, b) in zip(new, old, strict=True))
    print(f"\nNo more false alarms than before: {fewer} of {len(events)} events.")


if __name__ == "__main__":
    main()
