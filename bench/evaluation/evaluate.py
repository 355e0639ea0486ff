#!/usr/bin/env python3
"""Judges the top terms of each week by labels: bursts against counts, chi-square and df-idf_t.

    cargo build --release -p trendjob-cli
    python3 bench/evaluation/evaluate.py congress-tweets-2017.ndjson.zst

Runs `trendjob` on the posts, reads the published results, and writes 2017.md beside this file.
README.md defines a hit and gives the reasons. Posts of another year need labels, a source and an
output of their own. Needs Python 3.11 or later and its standard library.
"""

import argparse
import datetime
import fnmatch
import http.client
import json
import math
import os
import pathlib
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("word", "hashtag")
WINDOW_DAYS = 7
WEEK = f"{WINDOW_DAYS}d"
REFERENCE = 24  # the maximum number of weeks of a reference, as in the product
PLACES = 10
THRESHOLD = 5  # the minimum number of authors, as in Mastodon
RESAMPLES = 10_000
SEED = 2017
GRACE = datetime.timedelta(days=1)
BURSTS_READ = 200  # per kind and week, far more than a top 10 needs

# ------------------------------------------------------------------------------ published results


class Published:
    """The results of `trendjob run`, read through the command and its API.

    `source` has the weeks, `days` (another source of the same posts) the days.
    """

    def __init__(self, program, store, source):
        self.program, self.store = program, store
        self.source, self.days = source, f"{source}-days"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server = None

    def run(self, data):
        for source, window in ((self.source, WEEK), (self.days, "1d")):
            self.count(source, window, data, "--scores", "burst")

    def count(self, source, window, data, *more):
        """Counts posts under the name `source`, and returns the report of the run."""
        return self.command("run", "--quiet", "--source", source, "--profile", "social", "--kinds",
                            ",".join(KINDS), "--window", window, *more, *data)

    def command(self, *args):
        done = subprocess.run([self.program, *args, "--store", self.store, "--output", "json"],
                              check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def topics(self, kind):
        return self.command("top", self.source, "--kind", kind, "--limit", "0")["topics"]

    def bursts(self, kind, week):
        return self.command("top", self.source, "--kind", kind, "--score", "burst", "--window",
                            week.isoformat(), "--limit", str(BURSTS_READ))["topics"]

    def commonest(self, kind):
        return self.command("top", self.source, "--kind", kind, "--limit", "1")["topics"][0]["term"]

    def explanation(self, kind, week):
        """Returns the explanation of the commonest term's scores in a week."""
        return self.command("explain", self.source, self.commonest(kind), "--kind", kind,
                            "--window", week.isoformat())

    def documents(self, week):
        return self.explanation("word", week)["documents"]

    def __enter__(self):
        self.server = subprocess.Popen(
            [self.program, "serve", "--quiet", "--store", self.store, "--listen",
             f"127.0.0.1:{self.port}"], stdout=subprocess.DEVNULL)
        while True:
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
                self.connection.connect()
                return self
            except ConnectionRefusedError:
                if self.server.poll() is not None:
                    sys.exit("trendjob serve ended before it listened")
                time.sleep(0.05)

    def __exit__(self, *_):
        self.connection.close()
        self.server.terminate()
        self.server.wait()

    def history(self, kind, term, source=None):
        """Returns the windows of a term: {first day: (count, documents, authors)}."""
        return {
            datetime.date.fromisoformat(window["start"][:10]):
                (window["count"], window["documents"], window["authors"])
            for window in self.windows(kind, term, source)
        }

    def windows(self, kind, term, source=None):
        """Returns the windows of a term, as the API has them."""
        query = urllib.parse.urlencode(
            {"source": source or self.source, "kind": kind, "term": term})
        self.connection.request("GET", f"/api/v1/history?{query}")
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"history of {kind} {term!r}: {answer.status} {body.decode()}")
        return json.loads(body)["windows"]


# ----------------------------------------------------------------------------------- other methods

COUNT, DOCUMENTS, AUTHORS = range(3)


def chi_square(observed, expected):
    expected = max(1, expected)
    if observed < THRESHOLD or observed <= expected:
        return 0.0
    return (observed - expected) ** 2 / expected


def mean(values):
    return sum(values) / len(values) if values else 0.0


def df_idf(now, mean_before):
    return (now + 1) / (math.log(mean_before + 1) + 1)


class Series:
    """The counts of a term by week and by day, and the source's documents of all its weeks."""

    def __init__(self, kind, counts, source, days):
        self.kind, self.counts, self.source, self.days = kind, counts, source, days
        self.weeks = source.weeks

    def at(self, week, number):
        return self.counts.get(week, (0, 0, 0))[number]

    def before(self, week, number, most=None):
        earlier = self.weeks[: self.weeks.index(week)]
        return [self.at(other, number) for other in (earlier[-most:] if most else earlier)]

    def reference(self, week):
        """Returns the pairs of authors and documents of the weeks that a burst is compared with."""
        earlier = self.weeks[: self.weeks.index(week)][-REFERENCE:]
        return [(self.at(other, AUTHORS), self.source.documents[other]) for other in earlier]

    def scaled(self, week):
        """Returns the authors of those weeks, each as if it had the documents of this one."""
        now = self.source.documents[week]
        return [authors * now / documents for authors, documents in self.reference(week)]

    def day_scores(self, week):
        """Returns Mastodon's score of each day of a week: its authors against those of the day before."""
        days = [week + datetime.timedelta(days=n) for n in range(-1, WINDOW_DAYS)]
        authors = [self.days.get(day, (0, 0, 0))[AUTHORS] for day in days]
        return [chi_square(now, before) for before, now in zip(authors, authors[1:])]


def at_week_end(scores):
    """Returns Mastodon's score at the end of the last day: halved every 4 hours, for two days."""
    return max(score * 0.5 ** (24 / 4 * age) for age, score in enumerate(reversed(scores[-2:])))


def above(observed, typical):
    """Returns the burst of a measure above a typical one: the second formula with any M."""
    if observed < THRESHOLD or observed <= typical:
        return 0.0
    return (observed - typical) / math.sqrt(typical + 0.5)


def root_of_deviance(series, week):
    """Returns the root of the Poisson deviance from the mean of the reference: phi is 1."""
    reference = series.reference(week)
    now, share = series.at(week, AUTHORS), sum(n for _, n in reference)
    expected = (sum(x for x, _ in reference) + 0.5) * series.source.documents[week] / share
    if now < THRESHOLD or now <= expected:
        return 0.0
    return math.sqrt(2 * (now * math.log(now / expected) - (now - expected)))


def first_formula(series, week):
    """Returns the first burst score, as docs/scores.md has it."""
    reference, now = series.reference(week), series.at(week, AUTHORS)
    if now < THRESHOLD:
        return 0.0
    documents, freedom = sum(n for _, n in reference), len(reference) - 1
    pooled = series.source.pooled[series.kind]
    is_common = sum(x for x, _ in reference) >= THRESHOLD * len(reference)
    prior = pooled if is_common else min(pooled, 4.0)

    def dispersion(values):
        total = sum(values)
        if total == 0:
            return total, prior
        squares = sum(x * x / n for x, (_, n) in zip(values, reference, strict=True))
        own = (documents / total * squares - total) / freedom
        return total, max(1.0, (own * freedom + 4 * prior) / (freedom + 4))

    total, phi = dispersion([x for x, _ in reference])
    limits = [(total * n / documents, n) for _, n in reference]
    total, phi = dispersion([min(x, e + 3 * math.sqrt(phi * e))
                             for (x, _), (e, _) in zip(reference, limits, strict=True)])
    share = series.source.documents[week] / documents
    expected = (total + 0.5) * share
    z = 2 * (math.sqrt(now + 0.375) - math.sqrt(expected + 0.375)) / math.sqrt(phi * (1 + share))
    return max(0.0, z)


METHODS = {
    "count": lambda s, w: s.at(w, COUNT),
    "count of authors": lambda s, w: s.at(w, AUTHORS),
    "chi-square": lambda s, w: chi_square(s.at(w, AUTHORS), s.before(w, AUTHORS)[-1]),
    "chi-square, mean of the reference":
        lambda s, w: chi_square(s.at(w, AUTHORS), mean(s.before(w, AUTHORS, REFERENCE))),
    "chi-square of days, as at the week's end":
        lambda s, w: at_week_end(s.day_scores(w)),
    "chi-square of days, the greatest": lambda s, w: max(s.day_scores(w)),
    "df-idf_t": lambda s, w: df_idf(s.at(w, DOCUMENTS), mean(s.before(w, DOCUMENTS))),
    "df-idf_t, mean of the reference":
        lambda s, w: df_idf(s.at(w, DOCUMENTS), mean(s.before(w, DOCUMENTS, REFERENCE))),
    "burst, first formula": first_formula,
    "root of the deviance, phi = 1": root_of_deviance,
    "burst with M = E": lambda s, w: above(s.at(w, AUTHORS), mean(s.scaled(w))),
    "burst with the median as M": lambda s, w: above(s.at(w, AUTHORS), statistics.median(s.scaled(w))),
    "burst with the upper quartile as M":
        lambda s, w: above(s.at(w, AUTHORS), statistics.quantiles(s.scaled(w), n=4, method="inclusive")[2]),
    "burst with fourth roots in M":
        lambda s, w: above(s.at(w, AUTHORS), mean([x ** 0.25 for x in s.scaled(w)]) ** 4),
}
ENTRIES = ("count", "chi-square", "df-idf_t")
BURST = "burst"
SIGNIFICANCE = "significance"

# A term with fewer documents and fewer occurrences than these is in no top 10, as `tops_of_others`
# checks.
LEAST_DOCUMENTS = 5
LEAST_COUNT = 15  # fewer in weeks of a few hundred posts: --least-count


def best(scored):
    """Returns the top places among (score, kind, term): one per term, ties in the order of terms."""
    keys = {}
    for score, kind, term in scored:
        if score > 0 and (term not in keys or keys[term][0] < score):
            keys[term] = (score, kind)
    ranked = sorted(keys.items(), key=lambda item: (-item[1][0], item[0].encode()))
    return [(kind, term, score) for term, (score, kind) in ranked[:PLACES]]


def published_tops(published, number, weeks):
    """Returns the top terms by a published number of every week that has any: {week: top}."""
    tops = {week: best((topic[number] or 0, kind, topic["term"])
                       for kind in KINDS for topic in published.bursts(kind, week))
            for week in weeks}
    return {week: top for week, top in tops.items() if top}


class Source:
    """The weeks of the posts with their documents, and the dispersion pooled by kind."""

    def __init__(self, published, weeks, judged):
        self.weeks = weeks[: weeks.index(judged[-1]) + 1]
        self.documents = {week: published.documents(week) for week in self.weeks}
        self.pooled = {kind: published.explanation(kind, judged[-1])["pooledDispersion"]
                       for kind in KINDS}


def candidates(published, source, least_count):
    """Returns every term that may be in a top 10: (kind, term, series)."""
    found = []
    for kind in KINDS:
        topics = published.topics(kind)
        kept = [t for t in topics if t["documents"] >= LEAST_DOCUMENTS or t["count"] >= least_count]
        print(f"{kind}: {len(kept)} of {len(topics)} terms may be in a top 10", file=sys.stderr)
        for term in (topic["term"] for topic in kept):
            days = published.history(kind, term, published.days)
            found.append((kind, term, Series(kind, published.history(kind, term), source, days)))
    return found


def tops_of_others(terms, judged, least_count):
    scored = {method: {week: [] for week in judged} for method in METHODS}
    for kind, term, series in terms:
        for week in judged:
            if week in series.counts:
                for method, score in METHODS.items():
                    scored[method][week].append((score(series, week), kind, term))
    tops = {m: {week: best(of_week) for week, of_week in s.items()} for m, s in scored.items()}
    most_skipped = {  # the greatest score of a term below both limits
        "count": least_count - 1, "count of authors": LEAST_DOCUMENTS - 1,
        "chi-square": 0, "chi-square, mean of the reference": 0,
        "chi-square of days, as at the week's end": 0, "chi-square of days, the greatest": 0,
        "df-idf_t": LEAST_DOCUMENTS, "df-idf_t, mean of the reference": LEAST_DOCUMENTS,
    }
    for method in most_skipped:
        of_weeks = tops[method]
        for week, top in of_weeks.items():
            if len(top) == PLACES and top[-1][2] <= most_skipped[method]:
                sys.exit(f"{method}, {week}: a skipped term may be in the top 10")
    return tops


# ------------------------------------------------------------------------------------------- peers


def read_peers(path, judged):
    """Returns what opensearch.py wrote, with the weeks as dates; nothing without a file."""
    if path is None:
        return {"tops": {}}
    read = json.loads(path.read_text(encoding="utf-8"))
    read["tops"] = {
        method: {datetime.date.fromisoformat(week): top for week, top in of_weeks.items()}
        for method, of_weeks in read["tops"].items()
    }
    for method, of_weeks in read["tops"].items():
        if not set(judged) <= set(of_weeks):
            sys.exit(f"{path}: {method} lacks weeks with bursts; was it written for other posts?")
        read["tops"][method] = {week: of_weeks[week] for week in judged}
    return read


def peers_section(peers):
    """Returns the section on the tops that change with the number of shards, and on equal counts."""
    if not peers["tops"]:
        return []
    cuts = list(peers["changed"][BURST])
    lines = [
        f"## Terms of the top {PLACES} that change with the number of shards",
        "",
        "The mean number of terms, by week, that leave the top when the same posts are cut into several shards",
        "instead of one. Bursts are those of `trendjob run --shards N --threads N --partitions N`.",
        "",
        "| method | " + " | ".join(f"{shards} shards" for shards in cuts) + " |",
        "|---" * (len(cuts) + 1) + "|",
    ]
    for method, changed in peers["changed"].items():
        lines.append(f"| {method} | " + " | ".join(f"{changed[n]:.2f}" for n in cuts) + " |")
    alike = peers["alike"]
    return lines + [
        "",
        f"OpenSearch's documents agree with the published counts: of {alike['cells']} pairs of a term and a week,",
        f"{100 * alike['documents']:.3f} % have as many posts, and {100 * alike['authors']:.3f} % as many authors. "
        "Published",
        "numbers of authors are exact up to 32 and estimated above.",
        "",
    ]


# -------------------------------------------------------------------------------------- dispersion


def dispersions(terms, documents):
    """Returns the median of Pearson's dispersion by kind and octave of the mean.

    The spans have the length of a reference, as in the product's pool, but every term with 5 authors
    in a span is included. The result has the form {kind: {octave: (median, number of terms)}}.
    """
    weeks = sorted(documents)
    spans = [weeks[at: at + REFERENCE] for at in range(0, len(weeks) - 1, REFERENCE)]
    found = {kind: {} for kind in KINDS}
    for kind, _, series in terms:
        for span in spans:
            values = [series.at(week, AUTHORS) for week in span]
            if sum(values) < THRESHOLD:
                continue
            rate = sum(values) / sum(documents[week] for week in span)
            expected = [rate * documents[week] for week in span]
            own = sum((x - e) ** 2 / e for x, e in zip(values, expected, strict=True))
            octave = math.floor(math.log2(mean(values)))
            found[kind].setdefault(octave, []).append(own / (len(span) - 1))
    return {
        kind: {octave: (statistics.median(own), len(own)) for octave, own in sorted(of.items())}
        for kind, of in found.items()
    }


def dispersion_table(found):
    lines = ["| authors a week, mean | " + " | ".join(f"{kind}s (terms)" for kind in KINDS) + " |",
             "|---" * (len(KINDS) + 1) + "|"]
    for octave in sorted(set().union(*found.values())):
        cells = [f"{2.0 ** octave:g} to {2.0 ** (octave + 1):g}"]
        for kind in KINDS:
            median, terms = found[kind].get(octave, (None, 0))
            cells.append(f"{median:.1f} ({terms})" if terms else "")
        lines.append(f"| {' | '.join(cells)} |")
    return lines


# ------------------------------------------------------------------------------------------- labels


class Labels:
    def __init__(self, path):
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        self.standing = set(read["standing"].split())
        self.events = [
            {**event, "strict": pattern(event["terms"]),
             "lenient": pattern(event["terms"] + " " + event.get("context", ""))}
            for event in read["event"]
        ]

    def matching(self, term, week, reading="strict"):
        if reading == "strict" and term in self.standing:
            return []
        last = week + datetime.timedelta(days=WINDOW_DAYS - 1)
        return [
            event for event in self.events
            if event["from"] - GRACE <= last and event["to"] + GRACE >= week
            and event[reading].fullmatch(term)
        ]


def pattern(terms):
    return re.compile("|".join(fnmatch.translate(term) for term in terms.split()))


# -------------------------------------------------------------------------------------- comparisons


def interval(values):
    """Returns the mean and its 95% percentile interval over resampled weeks."""
    dice = random.Random(SEED)
    means = sorted(mean(dice.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return mean(values), means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def precisions(labels, top_of_weeks, reading):
    return [
        sum(bool(labels.matching(term, week, reading)) for _, term, _ in top) / PLACES
        for week, top in top_of_weeks.items()
    ]


# ----------------------------------------------------------------------------------------- document


def shown(kind, term):
    return f"#{term}" if kind == "hashtag" else term


def span(week):
    last = week + datetime.timedelta(days=WINDOW_DAYS - 1)
    begin = f"{week.day}" if week.month == last.month else f"{week.day} {week:%B}"
    return f"{begin} to {last.day} {last:%B}"


def source(event):
    kind, _, name = event["source"].partition(": ")
    if kind != "W":
        return ""
    link = "https://en.wikipedia.org/wiki/" + urllib.parse.quote(name.replace(" ", "_"), safe="_(),–")
    return f" ([Wikipedia](<{link}>))"


def week_section(labels, week, top):
    """Returns the section of a week: its bursts, grouped by their event."""
    events = {term: labels.matching(term, week) for _, term, _ in top}
    weight = {}
    for of_term in events.values():
        for event in of_term:
            weight[event["name"]] = weight.get(event["name"], 0) + 1
    groups = {}
    for kind, term, score in top:
        event = max(events[term], key=lambda e: weight[e["name"]], default=None)
        name = event["name"] + source(event) if event else "-"
        groups.setdefault(name, []).append(f"{shown(kind, term)} {score:.1f}")
    hits = sum(map(bool, events.values()))
    lines = [f"### {span(week)}: {hits} of {PLACES}", "", "| bursts | event |", "|---|---|"]
    missed = groups.pop("-", None)
    lines += [f"| {', '.join(terms)} | {name} |" for name, terms in groups.items()]
    if missed:
        lines.append(f"| {', '.join(missed)} | none in the labels |")
    return lines + [""]


def percent(fraction):
    return f"{100 * fraction:.1f}"


def precision_table(labels, tops):
    lines = [
        "| method | strict, % | burst ahead by, points | lenient, % | burst ahead by, points | hashtags, % |",
        "|---|---|---|---|---|---|",
    ]
    ours = {r: precisions(labels, tops[BURST], r) for r in ("strict", "lenient")}
    for method in tops:
        cells = [f"**{method}**" if method in (BURST, *ENTRIES) else method]
        for reading in ("strict", "lenient"):
            values = precisions(labels, tops[method], reading)
            middle, low, high = interval(values)
            cells.append(f"{percent(middle)} ({percent(low)} to {percent(high)})")
            if method == BURST:
                cells.append("")
            else:
                apart = [a - b for a, b in zip(ours[reading], values, strict=True)]
                middle, low, high = interval(apart)
                cells.append(f"{percent(middle)} ({percent(low)} to {percent(high)})")
        places = [kind for top in tops[method].values() for kind, _, _ in top]
        cells.append(percent(places.count("hashtag") / len(places)))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def per_week_table(labels, tops, judged):
    methods = [BURST, *ENTRIES, "chi-square, mean of the reference"]
    lines = ["| week | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    columns = {m: precisions(labels, tops[m], "strict") for m in methods}
    for at, week in enumerate(judged):
        hits = [str(round(PLACES * columns[m][at])) for m in methods]
        lines.append(f"| {span(week)} | {' | '.join(hits)} |")
    return lines


def tops_table(labels, tops, judged):
    """Returns the table of the other methods' top terms, misses in italics."""
    lines = ["| week | " + " | ".join(ENTRIES) + " |", "|---" * (len(ENTRIES) + 1) + "|"]
    for week in judged:
        cells = []
        for method in ENTRIES:
            cells.append(", ".join(
                shown(kind, term) if labels.matching(term, week) else f"*{shown(kind, term)}*"
                for kind, term, _ in tops[method][week]))
        lines.append(f"| {span(week)} | {' | '.join(cells)} |")
    return lines


def years(judged):
    return " and ".join(str(year) for year in sorted({week.year for week in judged}))


def document(labels, labels_link, tops, pooled, varying, peers):
    judged = list(tops[BURST])
    lines = [
        f"# The bursts of {years(judged)}",
        "",
        "Written by `evaluate.py`. The protocol and the results are in [README.md](README.md), the labels in",
        f"[{labels_link}]({labels_link}).",
        "",
        f"## Precision of the top {PLACES}, {len(judged)} weeks",
        "",
        *precision_table(labels, tops),
        "",
        "Numbers have their 95% interval; hashtags are a share of the places. The entries are bold; the others are",
        "further forms of the same methods. The dispersion pooled over terms: " + ", ".join(
            f"{dispersion:.1f} for {kind}s" for kind, dispersion in pooled.items()
        ) + ".",
        "",
        "## The top bursts of each week, beside their events",
        "",
        "The number after a term is its burst score. A term of several events is listed under the event with the most terms.",
        "",
    ]
    for week in judged:
        lines += week_section(labels, week, tops[BURST][week])
    lines += [f"## Hits of {PLACES}, by week, in the strict reading", "",
              *per_week_table(labels, tops, judged), "",
              "## The top terms of the other methods", "", "Misses are in italics.", "",
              *tops_table(labels, tops, judged), "",
              *peers_section(peers),
              "## The dispersion of terms", "",
              "The median of the terms' own dispersion over a reference, by their mean.", "",
              *dispersion_table(varying), ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("data", nargs="+", help="tweets as NDJSON, plain or compressed to .zst")
    parser.add_argument("--labels", type=pathlib.Path, default=HERE / "labels.toml",
                        help="the events and their terms (labels.toml)")
    parser.add_argument("--source", default="congress-2017", help="the name of the results (congress-2017)")
    parser.add_argument("--weeks", metavar="FROM..TO", default="0001-01-01..9999-12-31",
                        help="judge only weeks within these days, such as 2015-07-01..2015-12-31")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "2017.md",
                        help="the page to write (2017.md)")
    parser.add_argument("--program", default=str(HERE.parents[1] / "target/release/trendjob"),
                        help="the trendjob command (target/release/trendjob)")
    parser.add_argument("--least-count", type=int, default=LEAST_COUNT,
                        help="the occurrences that bring a term of fewer than 5 documents into a top 10 (15)")
    parser.add_argument("--store", help="keep the results in this folder, and reuse those of an earlier evaluation")
    parser.add_argument("--peers", type=pathlib.Path, metavar="JSON",
                        help="what opensearch.py wrote for the same posts; judged beside the rest")
    args = parser.parse_args()

    labels = Labels(args.labels)
    labels_link = os.path.relpath(args.labels, args.output.parent)
    with tempfile.TemporaryDirectory() as scratch:
        published = Published(args.program, args.store or scratch, args.source)
        if not args.store or not pathlib.Path(args.store).exists():
            published.run(args.data)
        with published:
            weeks = weeks_of(published)
            wanted = within(weeks, args.weeks)
            bursts = published_tops(published, BURST, wanted)
            judged = list(bursts)
            peers = read_peers(args.peers, judged)
            source = Source(published, weeks, judged)
            terms = candidates(published, source, args.least_count)
            tops = {BURST: bursts, SIGNIFICANCE: published_tops(published, SIGNIFICANCE, judged),
                    **tops_of_others(terms, judged, args.least_count), **peers["tops"]}
            varying = dispersions(terms, source.documents)
    args.output.write_text(document(labels, labels_link, tops, source.pooled, varying, peers),
                           encoding="utf-8")
    print("\n".join(precision_table(labels, tops)))


def within(weeks, days):
    """Returns the weeks that lie within days of the form FROM..TO."""
    first, last = map(datetime.date.fromisoformat, days.split(".."))
    length = datetime.timedelta(days=WINDOW_DAYS - 1)
    return [week for week in weeks if first <= week and week + length <= last]


def weeks_of(published):
    """Returns the first days of all weeks with posts: the weeks of the commonest word."""
    return sorted(published.history("word", published.commonest("word")))


if __name__ == "__main__":
    main()
