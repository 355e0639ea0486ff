#!/usr/bin/env python3
"""Ranks the terms of each week by OpenSearch's significant_terms, for evaluate.py to judge.

    export JAVA_HOME=/usr/lib/jvm/java-25
    python3 bench/evaluation/opensearch.py --output tops.json congress-tweets-2017.ndjson.zst
    python3 bench/evaluation/evaluate.py --peers tops.json congress-tweets-2017.ndjson.zst

Starts one node of OpenSearch on the loopback, indexes the terms that `trendjob` finds in each post,
and asks for the top terms of each week, from indices of several numbers of shards. README.md has
the reasons. Needs Maven, Java 21 or later, Python 3.11 or later and its standard library.
"""

import argparse
import array
import datetime
import http.client
import itertools
import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time

from evaluate import BURST, HERE, KINDS, PLACES, THRESHOLD, WEEK, WINDOW_DAYS
from evaluate import BURST, Published, best, mean, published_tops, weeks_of

SHARDS = (1, 2, 4, 8)
HEURISTICS = {
    "chi_square": {"include_negatives": False, "background_is_superset": True},
    "jlh": {},
    "gnd": {"background_is_superset": True},
}
# The numbers of terms that are asked for, per kind and week. The tops are of the first, which favours
# OpenSearch: its shards send more terms than are asked for. The last is what a top 10 needs.
SIZES = (200, PLACES)
HEAP = "1g"
PORTS = range(9221, 9300)  # the runner takes no others
BULK = 10_000  # documents in a request

# ------------------------------------------------------------------------------------------- posts

SLOT = datetime.timedelta(minutes=5)  # the shortest window of the product
FIRST_SLOT = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
CREATED = "%a %b %d %H:%M:%S %z %Y"


def lines_of(paths):
    for path in paths:
        if not path.endswith(".zst"):
            with open(path, "rb") as file:
                yield from file
            continue
        with subprocess.Popen(["zstd", "-dcq", "--long=27", path], stdout=subprocess.PIPE) as unpack:
            yield from unpack.stdout
        if unpack.returncode != 0:
            sys.exit(f"zstd can't decompress {path}: exit {unpack.returncode}")


def week_of(time):
    """Returns the first day of a week: windows are numbered from the epoch."""
    days = time.astimezone(datetime.UTC).date() - datetime.date(1970, 1, 1)
    return datetime.date(1970, 1, 1) + days // datetime.timedelta(WINDOW_DAYS) * datetime.timedelta(WINDOW_DAYS)


def author_of(record):
    user = record.get("user", {})
    return str(user.get("id_str") or user.get("id") or user["screen_name"])


def copy_posts(paths, plain, slotted):
    """Writes the posts to `plain`, and to `slotted` with a time of its own for each post.

    Returns the (author, week) of each post, in their order.
    """
    posts = []
    with open(plain, "wb") as as_read, open(slotted, "w", encoding="ascii") as apart:
        for line in lines_of(paths):
            record = json.loads(line)
            posts.append((author_of(record), week_of(datetime.datetime.strptime(record["created_at"], CREATED))))
            as_read.write(line)
            record["created_at"] = (FIRST_SLOT + (len(posts) - 1) * SLOT).strftime(CREATED)
            apart.write(json.dumps(record) + "\n")
    return posts


def post_of(window):
    """Returns the number of the only post in a window of the slotted posts."""
    return (datetime.datetime.fromisoformat(window["start"]) - FIRST_SLOT) // SLOT


def terms_of_posts(published, slots):
    """Returns the posts of each term: {(kind, term): numbers}, from windows of one post each."""
    return {
        (kind, topic["term"]): array.array(
            "I", map(post_of, published.windows(kind, topic["term"], slots)))
        for kind in KINDS for topic in published.topics(kind)
    }


def compare(published, posts, found):
    """Returns the share of terms and weeks that have as many posts and authors as published."""
    cells = same_documents = same_authors = 0
    for (kind, term), numbers in found.items():
        counted = {}
        for number in numbers:
            author, week = posts[number]
            counted.setdefault(week, []).append(author)
        read = published.history(kind, term)
        for week in read.keys() | counted.keys():
            _, documents, authors = read.get(week, (0, 0, 0))
            own = counted.get(week, [])
            cells += 1
            same_documents += documents == len(own)
            same_authors += authors == len(set(own))
    return {"cells": cells, "documents": same_documents / cells, "authors": same_authors / cells}


# --------------------------------------------------------------------------------------- documents


def by_post(posts, found):
    """Returns one document a post: {id: document}."""
    documents = {str(n): {"week": week.isoformat()} for n, (_, week) in enumerate(posts)}
    for (kind, term), numbers in found.items():
        for number in numbers:
            documents[str(number)].setdefault(kind, []).append(term)
    return documents


def by_author(posts, found):
    """Returns one document per author and week, with the terms of all posts: {id: document}."""
    documents = {f"{author} {week}": {"week": week.isoformat()} for author, week in posts}
    for (kind, term), numbers in found.items():
        for author, week in {posts[number] for number in numbers}:
            documents[f"{author} {week}"].setdefault(kind, []).append(term)
    return documents


FORMS = {"by post": by_post, "by author and week": by_author}

# -------------------------------------------------------------------------------------- OpenSearch


def class_path(scratch):
    """Returns the class path of the jars in opensearch/pom.xml, which Maven downloads."""
    listed = pathlib.Path(scratch, "class-path")
    subprocess.run(["mvn", "-q", "-B", "-f", HERE / "opensearch/pom.xml", "dependency:build-classpath",
                    f"-Dmdep.outputFile={listed}"], check=True, stdout=sys.stderr)
    return listed.read_text(encoding="utf-8")


def free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class OpenSearch:
    """A node of OpenSearch on the loopback, stopped at the end; its data is in `scratch`."""

    def __init__(self, java, classes, scratch):
        self.name, self.log = f"bench-{secrets.token_hex(8)}", pathlib.Path(scratch, "opensearch.log")
        self.port = next(filter(free, PORTS))
        base = pathlib.Path(scratch, "opensearch")
        # The runner adds 1, the number of the node, to the port.
        self.command = [java, f"-Xmx{HEAP}", "-cp", classes, "org.codelibs.opensearch.runner.OpenSearchRunner",
                        "-basePath", base, "-numOfNode", "1", "-baseHttpPort", str(self.port - 1), "-clusterName",
                        self.name]

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.server = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 600  # a busy machine
        while not self.listens():
            if self.server.poll() is not None or time.monotonic() > deadline:
                last = self.log.read_text(errors="replace")[-2000:]
                self.__exit__()
                sys.exit(f"OpenSearch doesn't answer at port {self.port}; the end of its log:\n{last}")
            time.sleep(0.5)
        return self

    def __exit__(self, *_):
        self.server.terminate()
        try:
            self.server.wait(60)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()

    def listens(self):
        try:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
            return self.ask("GET", "/")["cluster_name"] == self.name
        except OSError:
            return False

    def ask(self, method, path, body=None):
        """Sends JSON, or the lines of a bulk request, and returns the answer."""
        sent = body if isinstance(body, (str, type(None))) else json.dumps(body)
        self.connection.request(method, path, sent and sent.encode(), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        read = json.loads(answer.read())
        if answer.status != 200 or read.get("errors"):
            sys.exit(f"OpenSearch answers {method} {path} with {answer.status}: {json.dumps(read)[:2000]}")
        return read

    def index(self, name, shards, documents):
        self.ask("PUT", f"/{name}", {
            "settings": {"index": {
                "number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": "-1",
                # Slices of a shard cut the lists of terms as shards do.
                "search.concurrent_segment_search.mode": "none"}},
            "mappings": {"dynamic": "strict", "properties": {
                "week": {"type": "date", "format": "strict_date"},
                **{kind: {"type": "keyword"} for kind in KINDS}}},
        })
        items = list(documents.items())
        for at in range(0, len(items), BULK):
            lines = []
            for key, document in items[at: at + BULK]:
                lines += [json.dumps({"index": {"_id": key}}), json.dumps(document)]
            self.ask("POST", f"/{name}/_bulk", "\n".join(lines) + "\n")
        self.ask("POST", f"/{name}/_refresh")

    def top(self, name, week, heuristic, size):
        """Returns the top places of a week; its background ends with it."""
        until = {"range": {"week": {"lte": week.isoformat()}}}
        answer = self.ask("POST", f"/{name}/_search", {
            "size": 0,
            "query": {"term": {"week": week.isoformat()}},
            "aggs": {kind: {"significant_terms": {
                "field": kind, "size": size, "min_doc_count": THRESHOLD, "background_filter": until,
                heuristic: HEURISTICS[heuristic]}} for kind in KINDS},
        })
        if answer["_shards"]["failed"]:
            sys.exit(f"OpenSearch left out shards of {name}, week {week}")
        return best((bucket["score"], kind, bucket["key"])
                    for kind in KINDS for bucket in answer["aggregations"][kind]["buckets"])


def tops_of_opensearch(node, documents, form, weeks):
    """Returns the tops of a form of documents: {(heuristic, size, shards): {week: top}}."""
    tops = {}
    for shards in SHARDS:
        print(f"OpenSearch {form}: {len(documents)} documents, {shards} shards", file=sys.stderr)
        node.index("posts", shards, documents)
        for heuristic, size in itertools.product(HEURISTICS, SIZES):
            tops[heuristic, size, shards] = {
                week: node.top("posts", week, heuristic, size) for week in weeks}
        node.ask("DELETE", "/posts")
    return tops


# --------------------------------------------------------------------------------------- published


def tops_of_product(program, source, plain):
    """Returns the tops of the product for each number of shards: {shards: {week: top}}."""
    tops = {}
    for shards in SHARDS:
        with tempfile.TemporaryDirectory() as store:
            published = Published(program, store, source)
            number = str(shards)
            report = published.count(source, WEEK, [plain], "--scores", "burst", "--shards", number,
                                     "--threads", number, "--partitions", number)
            if report["shards"] != shards:
                sys.exit(f"trendjob cut the posts into {report['shards']} shards instead of {shards}")
            with published:
                tops[shards] = published_tops(published, BURST, weeks_of(published))
    return tops


def changed(tops):
    """Returns how many terms leave the top with more shards, the mean of the weeks: {shards: mean}.

    `tops` has the form {shards: {week: top}}.
    """
    def terms(top):
        return {term for _, term, _ in top}

    return {
        shards: mean([len(terms(tops[1][week]) - terms(top)) for week, top in tops[shards].items()])
        for shards in SHARDS if shards != 1
    }


def describe(theirs, form):
    """Returns the tops and the changes of a form of documents, both by the name of the method."""
    tops, changes = {}, {}
    for heuristic, size in itertools.product(HEURISTICS, SIZES):
        method = f"OpenSearch {heuristic}, {form}"
        by_shards = {shards: theirs[heuristic, size, shards] for shards in SHARDS}
        tops.setdefault(method, {week.isoformat(): top for week, top in by_shards[1].items()})
        changes[f"{method}, {size} terms asked for"] = changed(by_shards)
    return tops, changes


def measure(args, java, scratch):
    """Returns what evaluate.py reads."""
    classes = class_path(scratch)
    plain, slotted = f"{scratch}/plain.ndjson", f"{scratch}/slotted.ndjson"
    posts = copy_posts(args.data, plain, slotted)
    ours = tops_of_product(args.program, args.source, plain)
    published = Published(args.program, f"{scratch}/store", args.source)
    published.count(args.source, WEEK, [plain])
    slots = f"{args.source}-slots"
    published.count(slots, "5m", [slotted])
    with published:
        found = terms_of_posts(published, slots)
        alike = compare(published, posts, found)
    print(f"counts that agree with the published ones: {alike}", file=sys.stderr)
    tops, changes = {}, {BURST: changed(ours)}
    with OpenSearch(java, classes, scratch) as node:
        for form, documents_of in FORMS.items():
            theirs = tops_of_opensearch(node, documents_of(posts, found), form, list(ours[1]))
            for into, more in zip((tops, changes), describe(theirs, form), strict=True):
                into.update(more)
    return {"tops": tops, "changed": changes, "alike": alike}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("data", nargs="+", help="tweets as NDJSON, plain or compressed to .zst")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="the file for evaluate.py --peers")
    parser.add_argument("--source", default="congress-2017", help="the name of the results (congress-2017)")
    parser.add_argument("--program", default=str(HERE.parents[1] / "target/release/trendjob"),
                        help="the trendjob command (target/release/trendjob)")
    args = parser.parse_args()
    java = os.path.join(os.environ["JAVA_HOME"], "bin/java") if "JAVA_HOME" in os.environ else "java"

    with tempfile.TemporaryDirectory() as scratch:
        measured = measure(args, java, scratch)
    args.output.write_text(json.dumps(measured), encoding="utf-8")
    print(json.dumps(measured["changed"], indent=1))


if __name__ == "__main__":
    main()
