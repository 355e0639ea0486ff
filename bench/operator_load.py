#!/usr/bin/env python3
"""What the operator costs: how soon it acts, how much it does, how much memory it holds.

Pods are played by this script: it registers a node of its own, and pods on it report what a worker would and are
done at once. So what is measured is the operator, the API server and the Job controller, not the counting.

    python bench/operator_load.py --operator target/release/trendjob-operator --queued 100 --finished 10000

It isn't called operator.py, which every script beside it would import for Python's own module of that name.
Needs KUBECONFIG (of a cluster for tests: a namespace and a node are made and removed) and kubectl.
"""

import argparse
import collections
import json
import os
import queue
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

NAMESPACE = "trendjob-bench"
NODE = "trendjob-bench"
GROUP = "/apis/trendjob.dev/v1alpha1"
ASKED_FOR = ("configmaps", "events", "jobs", "pods", "trendjobs")


class Api:
    """The API server, through `kubectl proxy`."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"

    def ask(self, method, path, body=None, kind="application/json"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code in (404, 409):
                return None
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:300]}") from error

    def patch(self, path, body):
        return self.ask("PATCH", path, body, "application/merge-patch+json")

    def watch(self, path, seen):
        """Calls seen(kind, object, time) for whatever happens from now on."""

        def follow():
            version = self.ask("GET", f"{path}?limit=1")["metadata"]["resourceVersion"]
            while True:
                try:
                    url = f"{self.base}{path}?watch=true&resourceVersion={version}"
                    with urllib.request.urlopen(url, timeout=600) as lines:
                        for line in lines:
                            event = json.loads(line)
                            if event["type"] in ("ADDED", "MODIFIED"):
                                version = event["object"]["metadata"]["resourceVersion"]
                                seen(event["type"], event["object"], time.monotonic())
                except (OSError, ValueError):
                    time.sleep(0.1)

        threading.Thread(target=follow, daemon=True).start()


def message(stage, shards):
    """What a worker of a stage reports."""
    told = {"format": 1, "stage": stage, "index": 0, "outcome": "done"}
    if stage == "plan":
        told["plan"] = {"hash": "a" * 64, "startNumber": 1, "shards": shards, "partitions": 1, "objects": 1,
                        "compressed": 0, "bytes": 1}
    if stage == "publish" or (stage == "plan" and shards == 1):
        told["result"] = {"database": "trends", "generation": 1, "digest": "d" * 64, "topics": 1, "incomplete": False}
        told["records"] = {"read": 1, "counted": 1, "empty": 0, "malformed": 0}
    return json.dumps(told)


class Kubelet:
    """Ends the pods of its node, some threads at once."""

    def __init__(self, api):
        self.api = api
        self.pods = queue.Queue()
        self.taken = set()
        self.shards = {}
        api.ask("POST", "/api/v1/nodes", {
            "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE, "trendjob-bench": "yes"}},
            "spec": {"taints": [{"key": "trendjob-bench", "effect": "NoSchedule"}]},
        })
        self.beat()
        threading.Thread(target=self.beats, daemon=True).start()
        api.watch(f"/api/v1/namespaces/{NAMESPACE}/pods", self.seen)
        for _ in range(8):
            threading.Thread(target=self.work, daemon=True).start()

    def beat(self):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        condition = {"type": "Ready", "status": "True", "reason": "Bench", "lastHeartbeatTime": now}
        room = {"cpu": "10000", "memory": "10000Gi", "pods": "20000", "ephemeral-storage": "10000Gi"}
        self.api.patch(f"/api/v1/nodes/{NODE}/status",
                       {"status": {"conditions": [condition], "capacity": room, "allocatable": room}})

    def beats(self):
        while True:
            time.sleep(10)
            self.beat()

    def seen(self, _, pod, __):
        name = pod["metadata"]["name"]
        if pod["spec"].get("nodeName") == NODE and name not in self.taken:
            self.taken.add(name)
            self.pods.put(pod)

    def work(self):
        while True:
            pod = self.pods.get()
            labels = pod["metadata"]["labels"]
            stage = labels["trendjob.dev/stage"]
            told = message(stage, self.shards.get(labels["trendjob.dev/name"], 1))
            ended = {"exitCode": 0, "reason": "Completed", "message": told,
                     "finishedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
            status = {"phase": "Succeeded", "containerStatuses": [{
                "name": "worker", "image": "x", "imageID": "x", "ready": False, "restartCount": 0,
                "state": {"terminated": ended}}]}
            self.api.patch(f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}/status", {"status": status})


def trendjob(name):
    parts = {"nodeSelector": {"trendjob-bench": "yes"}, "tolerations": [{"key": "trendjob-bench", "operator": "Exists"}]}
    return {
        "apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"source": name, "input": {"uris": ["http://nowhere/x.ndjson"]},
                 "sharding": {"partitions": 1}, "plan": parts, "etl": parts, "aggregate": parts},
    }


def percentiles(what, seconds, goal):
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{what}: p50 {statistics.median(ordered):.3f} s, p99 {p99:.3f} s, of {len(ordered)} (goal {goal})")


class Record:
    """When what was first seen."""

    def __init__(self, api):
        self.first = {}
        self.kept = threading.Condition()
        api.watch(f"{GROUP}/namespaces/{NAMESPACE}/trendjobs", self.trendjob)
        api.watch(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", self.job)

    def note(self, key, at):
        with self.kept:
            self.first.setdefault(key, at)
            self.kept.notify_all()

    def trendjob(self, _, seen, at):
        name = seen["metadata"]["name"]
        self.note(("accepted", name), at)
        for one in seen.get("status", {}).get("conditions", []):
            if one["type"] in ("Complete", "Failed") and one["status"] == "True":
                self.note((one["type"], name), at)

    def job(self, _, seen, at):
        labels = seen["metadata"]["labels"]
        name, stage = labels["trendjob.dev/name"], labels["trendjob.dev/stage"]
        self.note((stage, name), at)
        for one in seen.get("status", {}).get("conditions", []):
            if one["type"] == "Complete":
                self.note((stage + "-done", name), at)

    def wait(self, keys, patience=900):
        until = time.monotonic() + patience
        with self.kept:
            while not all(key in self.first for key in keys):
                if not self.kept.wait(timeout=1) and time.monotonic() > until:
                    missing = [key for key in keys if key not in self.first]
                    sys.exit(f"did not come about: {missing[:5]} and {len(missing)} in all")

    def between(self, one, other, names):
        return [max(0.0, self.first[(other, name)] - self.first[(one, name)]) for name in names]


def create(api, names):
    with ThreadPoolExecutor(16) as pool:
        path = f"{GROUP}/namespaces/{NAMESPACE}/trendjobs"
        list(pool.map(lambda name: api.ask("POST", path, trendjob(name)), names))


def resident(process):
    text = open(f"/proc/{process.pid}/status", encoding="utf-8").read()
    return {name: int(re.search(name + r":\s+(\d+)", text).group(1)) / 1024 for name in ("VmRSS", "VmHWM")}


def cpu(process):
    """CPU time it has used, in seconds."""
    fields = open(f"/proc/{process.pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def finish(api, names, jobs_each):
    """Makes finished TrendJobs, with as many finished Jobs as each left behind, without running them."""
    template = api.ask("GET", f"{GROUP}/namespaces/{NAMESPACE}/trendjobs/alone")["status"]
    stages = ["plan", "etl", "aggregate", "publish"][:jobs_each]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    done = {"startTime": now, "completionTime": now, "succeeded": 1, "ready": 0, "uncountedTerminatedPods": {},
            "conditions": [{"type": kind, "status": "True", "reason": "CompletionsReached",
                            "message": "Reached expected number of succeeded pods",
                            "lastProbeTime": now, "lastTransitionTime": now}
                           for kind in ("SuccessCriteriaMet", "Complete")]}

    def one(name):
        made = api.ask("POST", f"{GROUP}/namespaces/{NAMESPACE}/trendjobs", trendjob(name))
        uid = made["metadata"]["uid"]
        status = dict(template, runUID=uid + "-0")
        api.patch(f"{GROUP}/namespaces/{NAMESPACE}/trendjobs/{name}/status", {"status": status})
        for stage in stages:
            job = f"{name}-{uid[:8]}-0-{stage}"
            labels = {"app.kubernetes.io/managed-by": "trendjob-operator", "trendjob.dev/name": name,
                      "trendjob.dev/stage": stage, "trendjob.dev/uid": uid}
            notes = {"trendjob.dev/pod-parts": "0123456789abcdef"}
            if stage != "plan":
                notes["trendjob.dev/plan-hash"] = "0123456789abcdef" * 4
            api.ask("POST", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", {
                "metadata": {"name": job, "labels": labels, "annotations": notes, "ownerReferences": [{
                    "apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob", "name": name, "uid": uid,
                    "controller": True, "blockOwnerDeletion": True}]},
                # The Job controller leaves it alone, so no pod is made.
                "spec": {"managedBy": "trendjob.dev/bench", "template": {"spec": {
                    "restartPolicy": "Never", "containers": [{"name": "worker", "image": "x"}]}}},
            })
            api.patch(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{job}/status", {"status": done})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, names))


def operator(path, log):
    command = [path, "run", "--namespace", NAMESPACE, "--no-leader-election", "--metrics-listen", "127.0.0.1:9292"]
    process = subprocess.Popen(command, stderr=open(log, "w", encoding="utf-8"))
    return process


def metric(name):
    """The value of a metric with its labels, 0 if there is none."""
    with urllib.request.urlopen("http://127.0.0.1:9292/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    found = [line.rsplit(" ", 1)[1] for line in lines if line.rsplit(" ", 1)[0] == name]
    return float(found[0]) if found else 0.0


def until_up(name, least):
    """Waits until the operator is up and a metric has at least this value."""
    while True:
        try:
            if metric(name) >= least:
                return
        except OSError:
            pass
        time.sleep(0.2)


def until_quiet():
    """Waits until nothing happens any more: the Job controller takes its time to look at thousands of new Jobs."""
    before = -1.0
    while (passes := metric("trendjob_operator_reconciles_total")) != before:
        before = passes
        time.sleep(20)


def latency(api, kubelet, record, count):
    """How soon Jobs follow when this many TrendJobs come at once."""
    names = [f"latency-{number}" for number in range(count)]
    for name in names:
        kubelet.shards[name] = 2
    create(api, names)
    record.wait([("plan", name) for name in names])
    percentiles("TrendJob accepted to plan Job created", record.between("accepted", "plan", names), "1 s")
    record.wait([("Complete", name) for name in names])
    percentiles("plan finished to etl Job created", record.between("plan-done", "etl", names), "1 s")
    percentiles("apply to Complete, all stages", record.between("accepted", "Complete", names), "none")


def requests(api):
    """What the API server was asked for, by resource."""
    with urllib.request.urlopen(f"{api.base}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    counted = collections.Counter()
    for line in lines:
        if line.startswith("apiserver_request_total{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            # Leases, nodes and the like are asked for by themselves.
            if labels["verb"] != "WATCH" and labels["resource"] in ASKED_FOR:
                kind = "read" if labels["verb"] in ("GET", "LIST") else "written"
                of = "/".join(filter(None, (labels["resource"], labels["subresource"])))
                counted[f"{of} {kind}"] += float(line.rsplit(" ", 1)[1])
    return counted


def told_requests(what, before, after, count):
    each = {of: (after[of] - before[of]) / count for of in sorted(after)}
    parts = ", ".join(f"{of} {number:.1f}" for of, number in each.items() if number >= 0.05)
    print(f"requests for each {what}: {sum(each.values()):.1f} ({parts})")


def bare_jobs(api, record, count):
    """How many Jobs of one such pod begin and end a second with nobody above them: what the cluster can do."""
    names = [f"bare-{number}" for number in range(count)]
    before = requests(api)
    began = time.monotonic()

    def one(name):
        parts = trendjob(name)["spec"]["plan"]
        labels = {"trendjob.dev/name": name, "trendjob.dev/stage": "plan"}
        api.ask("POST", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", {
            "metadata": {"name": name, "labels": labels},
            "spec": {"template": {"metadata": {"labels": labels}, "spec": {
                "restartPolicy": "Never", "containers": [{"name": "worker", "image": "x"}], **parts}}}})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, names))
    record.wait([("plan-done", name) for name in names])
    ended = max(record.first[("plan-done", name)] for name in names) - began
    print(f"bare Jobs of one pod a second: {count / ended:.1f} complete")
    told_requests("bare Job", before, requests(api), count)
    return count / ended


def throughput(api, record, process, count):
    """How many TrendJobs of one pod begin and end a second, and what of the operator each takes."""
    bare = bare_jobs(api, record, count)
    before, written = cpu(process), requests(api)
    names = [f"small-{number}" for number in range(count)]
    began = time.monotonic()
    create(api, names)
    record.wait([("plan", name) for name in names])
    begun = max(record.first[("plan", name)] for name in names) - began
    record.wait([("Complete", name) for name in names])
    ended = max(record.first[("Complete", name)] for name in names) - began
    print(f"small TrendJobs a second: {count / begun:.1f} begun, {count / ended:.1f} complete (goal 10), "
          f"{count / ended / bare:.2f} times the bare Jobs")
    told_requests("TrendJob", written, requests(api), count)
    used = (cpu(process) - before) / count
    print(f"operator's CPU time for each: {used * 1000:.1f} ms, so one core is enough for {1 / used:.0f} a second")
    percentiles("Job finished to TrendJob complete", record.between("plan-done", "Complete", names), "none")


def memory(process, count):
    """What the operator holds."""
    until_up('trendjob_operator_trendjobs{stage="Complete"}', count)
    until_quiet()
    held = resident(process)
    print(f"{count} finished TrendJobs: {held['VmRSS']:.0f} MiB resident, {held['VmHWM']:.0f} MiB at most "
          "(goal 128)")


def prepare(api):
    """Waits for the API server and for what an earlier run left to be gone, and makes the namespace."""
    while True:
        try:
            api.ask("DELETE", f"/api/v1/nodes/{NODE}")
            break
        except OSError:
            time.sleep(0.1)
    if api.ask("GET", f"{GROUP}/trendjobs?limit=1") is None:
        sys.exit("the cluster doesn't know TrendJobs: kubectl apply --server-side -f manifests/crd/trendjobs.yaml")
    while (left := api.ask("GET", f"/api/v1/namespaces/{NAMESPACE}")) is not None:
        if "deletionTimestamp" not in left["metadata"]:
            api.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
        time.sleep(0.5)
    api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    secret = {"metadata": {"name": "trendjob-mongodb"}, "stringData": {"uri": "mongodb://nowhere/"}}
    api.ask("POST", f"/api/v1/namespaces/{NAMESPACE}/secrets", secret)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operator", default="target/release/trendjob-operator")
    parser.add_argument("--queued", type=int, default=100, help="TrendJobs applied at once; 0 to leave it out")
    parser.add_argument("--small", type=int, default=200, help="small TrendJobs for the throughput; 0 to leave it out")
    parser.add_argument("--finished", type=int, default=10_000,
                        help="finished TrendJobs for the memory; 0 to leave it out")
    parser.add_argument("--jobs-each", type=int, default=1, choices=(1, 2, 3, 4),
                        help="Jobs that each of them left: 1 of a small one, 4 of a large one")
    parser.add_argument("--log", default="/tmp/trendjob-operator-bench.log", help="where the operator's log goes")
    args = parser.parse_args()
    proxy = subprocess.Popen(["kubectl", "proxy", "--port=8991"], stdout=subprocess.DEVNULL)
    process = None
    api = Api(8991)
    try:
        prepare(api)
        kubelet = Kubelet(api)
        record = Record(api)
        time.sleep(1)
        process = operator(args.operator, args.log)
        until_up("trendjob_operator_queue_depth", 0)
        create(api, ["alone"])
        record.wait([("Complete", "alone")])
        took = record.between("accepted", "Complete", ["alone"])[0]
        print(f"one small TrendJob with a pod that is done at once, apply to Complete: {took:.2f} s")
        if args.queued:
            latency(api, kubelet, record, args.queued)
        if args.small:
            throughput(api, record, process, args.small)
        if args.finished:
            process.terminate()
            process.wait()
            finish(api, [f"finished-{number}" for number in range(args.finished)], args.jobs_each)
            process = operator(args.operator, args.log)
            memory(process, args.finished)
            before = metric("trendjob_operator_reconciles_total")
            time.sleep(60)
            passes = metric("trendjob_operator_reconciles_total") - before
            print(f"passes over them in an idle minute: {passes:.0f}")
    finally:
        if process:
            process.kill()
        try:
            api.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
            api.ask("DELETE", f"/api/v1/nodes/{NODE}")
        finally:
            proxy.kill()


if __name__ == "__main__":
    if "KUBECONFIG" not in os.environ:
        sys.exit("KUBECONFIG is not set: this needs a cluster for tests")
    main()
