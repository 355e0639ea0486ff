"""Measures a run in a MongoDB: time, documents, bytes, memory of its pods, and look-ups beside one plain
document per term. Prints numbers and ratios; see README.md."""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import pymongo

SOURCE = "bench"


def word(number):
    """Returns a distinct word of six letters for each number; successive numbers have unrelated words."""
    number = (number * 2_654_435_761) % 308_915_776
    letters = ""
    for _ in range(6):
        letters += chr(97 + number % 26)
        number //= 26
    return letters


def make_input(folder, shards, terms):
    """Writes one file per shard; every term is in four of them."""
    dice = random.Random(1)
    files = [open(os.path.join(folder, f"{shard:04}.ndjson"), "w") for shard in range(shards)]
    lines = [[] for _ in files]
    for number in range(terms):
        for shard in dice.sample(range(shards), min(4, shards)):
            lines[shard].append(word(number))
    for file, words in zip(files, lines):
        for start in range(0, len(words), 10):
            file.write(json.dumps({"text": " ".join(words[start : start + 10])}) + "\n")
        file.close()


class Pods:
    """Runs stages as a cluster would, one after the other, and keeps the time and memory of each pod."""

    def __init__(self, worker, uri, folder, config, extra):
        self.worker, self.uri, self.folder, self.extra = worker, uri, folder, extra
        self.config = os.path.join(folder, "run.json")
        with open(self.config, "w") as file:
            json.dump(config, file)
        self.costs = {}

    def run(self, stage, *args):
        termination_log = os.path.join(self.folder, "termination")
        command = [self.worker, stage, "--run-config", self.config, "--termination-log", termination_log]
        command += ["--data", os.path.join(self.folder, "data"), "--threads", "2", "--log", "trendjob_worker=info"]
        command += [*self.extra, *args]
        started = time.perf_counter()
        pod = subprocess.run(command, env={**os.environ, "MONGODB_URI": self.uri}, stderr=subprocess.PIPE, text=True)
        seconds = time.perf_counter() - started
        if pod.returncode:
            sys.exit(f"{stage} {args} ended with {pod.returncode}: {pod.stderr}")
        # As the pod reports it: the kernel's number for a child process is at least that of its parent.
        peak = json.loads(pod.stderr.splitlines()[-1])["peak_memory"]
        self.costs.setdefault(stage, []).append((seconds, peak))
        with open(termination_log) as file:
            return json.load(file)


def timed(work, times):
    """Returns the first time and the median of the others, in milliseconds."""
    measured = []
    for attempt in range(times):
        started = time.perf_counter()
        work(attempt)
        measured.append((time.perf_counter() - started) * 1000)
    return measured[0], statistics.median(measured[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mongodb", default=os.environ.get("MONGODB_URI", "mongodb://127.0.0.1:27017"))
    parser.add_argument("--terms", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=64)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--memory", default="32Mi", help="budget of a pod for counting and sorting; more is spilled")
    parser.add_argument("--target", default="target/dist")
    args = parser.parse_args()
    client = pymongo.MongoClient(args.mongodb)
    database = client[f"bench-{os.getpid()}"]
    folder = tempfile.mkdtemp()
    try:
        os.mkdir(os.path.join(folder, "data"))
        make_input(os.path.join(folder, "data"), args.shards, args.terms)
        spec = {
            "source": SOURCE,
            "input": {"uris": ["file:///data/*.ndjson"], "volume": {"persistentVolumeClaim": {"claimName": "x"}}},
            "sharding": {"chunkSize": "1Mi", "maxShards": args.shards, "partitions": args.partitions},
            "sink": {"mongodb": {"uriSecretRef": {"name": "x", "key": "uri"}, "database": database.name, "documents": 0}},
        }
        config = {"format": 1, "namespace": "x", "name": "x", "uid": "x", "restart": 0, "workerImage": "x", "spec": spec}
        pods = Pods(os.path.join(args.target, "trendjob-worker"), args.mongodb, folder, config, ["--memory", args.memory])
        plan = pods.run("plan")["plan"]
        for stage, count in ("etl", plan["shards"]), ("aggregate", plan["partitions"]):
            for index in range(count):
                pods.run(stage, "--plan-hash", plan["hash"], "--index", str(index))
        result = pods.run("publish", "--plan-hash", plan["hash"])["result"]
        print(f"{result['topics']:,} terms in {plan['shards']} shards and {plan['partitions']} partitions")
        for stage, costs in pods.costs.items():
            seconds, peaks = zip(*costs)
            peak = max(peaks) / 2**20
            print(f"  {stage:9} {len(costs):3} pods  {sum(seconds):7.2f} s in all  {peak:6.1f} MiB at most")
        after_etl = sum(seconds for stage in ("aggregate", "publish") for seconds, _ in pods.costs[stage])
        print(f"  {result['topics'] / after_etl:,.0f} terms aggregated and published per second")
        documents = size = 0
        for name in database.list_collection_names():
            for document in database[name].find():
                documents += 1
                size += len(document.get("value", b""))
        million = result["topics"] / 1e6
        print(f"  {documents / million:,.0f} documents and {size / million / 2**20:.1f} MiB stored per million terms")

        plain = database["plain"]
        started = time.perf_counter()
        plain.create_index("word")
        for start in range(0, args.terms, 10_000):
            numbers = range(start, min(start + 10_000, args.terms))
            plain.insert_many([{"word": word(number), "count": 4} for number in numbers], ordered=False)
        seconds = time.perf_counter() - started
        print(f"one plain document per term: {args.terms / seconds:,.0f} terms inserted per second")

        api = subprocess.Popen(
            [os.path.join(args.target, "trendjob-api"), "serve", "--listen", "127.0.0.1:8399", "--metrics-listen", "127.0.0.1:9399",
             "--database", database.name, "--log", "error"],
            env={**os.environ, "MONGODB_URI": args.mongodb},
        )
        try:
            url = "http://127.0.0.1:8399"

            def fetch(path):
                return urllib.request.urlopen(url + path).read()

            for _ in range(600):
                try:
                    fetch("/api/v1/sources")
                    break
                except OSError:
                    time.sleep(0.1)
            topic, page = f"/api/trends?source={SOURCE}&topic={word(4711)}", f"/api/v1/trends?source={SOURCE}&limit=100"
            rows = [
                ("term look-up", timed(lambda _: fetch(topic), 50), timed(lambda _: plain.find_one({"word": word(4711)}), 5)),
                ("ranking page of 100", timed(lambda _: fetch(page), 50),
                 timed(lambda _: list(plain.find().sort([("count", -1), ("word", 1)]).limit(100)), 2)),
            ]
            for name, (cold, cached), (_, other) in rows:
                print(f"{name}: {cold:.1f} ms cold, {cached:.2f} ms cached; plain documents {other:.1f} ms, {other / cached:,.0f} x")
        finally:
            api.terminate()
            api.wait()
    finally:
        client.drop_database(database.name)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
