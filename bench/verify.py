"""Compares a peer's result with trendjob's: word for word, count for count, and the order.

A process of its own: what the benchmark's own process holds in memory would show up as the least
peak memory of every program that it starts. Prints one JSON object.
"""

import csv
import json
import sys


def trendjob(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {row["term"]: int(row["count"]) for row in rows if row["kind"].lower() == "word"}


def peer(path):
    with open(path, encoding="utf-8", newline="") as file:
        return {word: int(count) for word, count in csv.reader(file)}


def main():
    ours, theirs = trendjob(sys.argv[1]), peer(sys.argv[2])
    words = sorted(ours.keys() | theirs.keys())
    differ = [word for word in words if ours.get(word) != theirs.get(word)]
    examples = [f"{word}: {theirs.get(word, 0)}, trendjob {ours.get(word, 0)}" for word in differ[:5]]
    ranked = sorted(theirs, key=lambda word: (-theirs[word], word))
    report = {
        "words": len(ours),
        "tokens": sum(ours.values()),
        "differ": len(differ),
        "tokens_differ": sum(abs(ours.get(word, 0) - theirs.get(word, 0)) for word in differ),
        "examples": examples,
        "sorted": ranked == list(theirs),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
