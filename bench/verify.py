"""Compares a peer's result with trendjob's: words, counts and order. Prints one JSON object.

Runs in a process of its own, because the memory of the benchmark's process would be the least
measurable peak of every program that it starts.
"""

import csv
import json
import sys


def read_trendjob(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {row["term"]: int(row["count"]) for row in rows if row["kind"].lower() == "word"}


def read_peer(path):
    with open(path, encoding="utf-8", newline="") as file:
        return {word: int(count) for word, count in csv.reader(file)}


def main():
    ours, theirs = read_trendjob(sys.argv[1]), read_peer(sys.argv[2])
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
