"""Compares the languages that TrendJob guesses with those that records name; see language.md.

Owns the bands and shares; crates/trends/examples/language.rs guesses. Uses the standard library
only, except that --oracle needs fasttext-predict.
"""

import argparse
import ast
import collections
import json
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LANGUAGE = TOP / "crates/trends/src/social/language"
# The numbers of letters of a text, from the first to the second.
BANDS = [(1, 10), (11, 20), (21, 40), (41, 80), (81, 10**9)]
# One code for each language: old codes, and forms of one language that records don't distinguish.
SAME = {"in": "id", "iw": "he", "ji": "yi", "nb": "no", "nn": "no", "fil": "tl"}


def one_code(code):
    primary = re.split("[-_]", code)[0].lower()
    return SAME.get(primary, primary)


def lines(path):
    if path.suffix == ".zst":
        data = subprocess.run(["zstd", "-dc", "--long=27", path], check=True, capture_output=True)
        return data.stdout.decode().split("\n")
    return path.read_text().split("\n")


def labelled(path):
    """Returns pairs of language and text: of a table of both, or of statuses of Twitter's API v1.1
    or interactions of DataSift, one a line. Leaves out posts of no named language."""
    found = []
    for line in filter(None, lines(path)):
        if path.suffix == ".tsv":
            language, text = line.split("\t", 1)
        else:
            record = json.loads(line)
            tweet = record.get("twitter", record)
            language = tweet.get("lang")
            text = record.get("interaction", {}).get("content", record.get("text"))
        if language and language != "und" and text:
            found.append((one_code(language), " ".join(text.split())))
    return found


def guesses(texts):
    command = ["cargo", "run", "--quiet", "--release", "-p", "trends", "--example", "language"]
    done = subprocess.run(command, cwd=TOP, input="\n".join(texts) + "\n", check=True, text=True,
                          stdout=subprocess.PIPE)
    return done.stdout.splitlines()


def report(name, posts):
    """Prints, for each band, the share of posts with a guess and the share of right guesses."""
    counts = collections.defaultdict(lambda: [0, 0, 0])
    wrong = collections.Counter()
    for (language, text), guess in zip(posts, guesses([text for _, text in posts]), strict=True):
        letters = sum(map(str.isalpha, text))
        band = next((band for band in BANDS if band[0] <= letters <= band[1]), None)
        answered, right = guess != "-", one_code(guess) == language
        for key in filter(None, [band, "all", language]):
            counts[key][0] += 1
            counts[key][1] += answered
            counts[key][2] += right
        if answered and not right:
            wrong[language, guess] += 1
    print(f"\n{name}: {len(posts)} texts\n\n| letters | texts | guessed % | right % of guesses |\n|---|---|---|---|")
    for band in [*BANDS, "all"]:
        texts, answered, right = counts[band]
        label = band if band == "all" else f"{band[0]} to {band[1]}" if band[1] < 10**9 else f"{band[0]} on"
        if texts:
            print(f"| {label} | {texts} | {100 * answered / texts:.1f} | {100 * right / max(answered, 1):.1f} |")
    shares = [right / texts for key, (texts, _, right) in counts.items() if isinstance(key, str) and key != "all"]
    print(f"\nmean over {len(shares)} languages of right guesses among texts: {100 * sum(shares) / len(shares):.1f} %")
    print("named, guessed, times:", ", ".join(f"{a} {b} {n}" for (a, b), n in wrong.most_common(12)))


def oracle():
    """Compares the table of tests.rs with fastText itself."""
    import fasttext
    model = fasttext.load_model(str(LANGUAGE / "lid.176.ftz"))
    rows = re.findall(r'^ +(\(".*", "\w+", [\d.]+\)),$', (LANGUAGE / "tests.rs").read_text(), re.MULTILINE)
    different = 0
    for text, language, probability in map(ast.literal_eval, rows):
        labels, probabilities = model.predict(text)
        if labels[0] != f"__label__{language}" or abs(probabilities[0] - probability) > 2e-4:
            different += 1
            print(f"{text}: {labels[0]} {probabilities[0]:.4f}, not {language} {probability}")
    print(f"{len(rows)} texts compared with fastText, {different} differ")
    return different or not rows


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", type=Path, help=".ndjson or .ndjson.zst of records, .tsv of language and text")
    options.add_argument("--oracle", action="store_true", help="compare the table of the tests with fastText")
    args = options.parse_args()
    for path in args.files:
        report(path.name, labelled(path))
    if args.oracle and oracle():
        sys.exit(1)


if __name__ == "__main__":
    main()
