#!/usr/bin/env python3
"""Measures the operator: its delays, its throughput and its memory.

This script acts as a kubelet: it registers a node of its own, and pods on the node report a worker's result and finish
at once. So it measures the operator, the API server and the Job controller, not the counting.

    python bench/operator_load.py --operator target/release/trendjob-operator --queued 100 --finished 10000

The file isn't named operator.py, because every script beside it would import it instead of Python's own module.
Needs kubectl, and KUBECONFIG for a test cluster: the script creates and removes a namespace and a node.
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
COUNTED_RESOURCES = ("configmaps", "events", "jobs", "pods", "trendjobs")


class Api:
    """The API server, through `kubectl proxy`."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"

    def request(self, method, path, body=None, kind="application/json"):
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
        return self.request("PATCH", path, body, "application/merge-patch+json")

    def watch(self, path, on_change):
        """Calls on_change(kind, object, time) for every later addition and modification."""

        def follow():
            version = self.request("GET", f"{path}?limit=1")["metadata"]["resourceVersion"]
            while True:
                try:
                    url = f"{self.base}{path}?watch=true&resourceVersion={version}"
                    with urllib.request.urlopen(url, timeout=600) as lines:
                        for line in lines:
                            event = json.loads(line)
                            if event["type"] in ("ADDED", "MODIFIED"):
                                version = event["object"]["metadata"]["resourceVersion"]
                                on_change(event["type"], event["object"], time.monotonic())
                except (OSError, ValueError):
                    time.sleep(0.1)

        threading.Thread(target=follow, daemon=True).start()


def message(stage, shards):
    """Returns the termination message of a stage's worker."""
    report = {"format": 1, "stage": stage, "index": 0, "outcome": "done"}
    if stage == "plan":
        report["plan"] = {"hash": "a" * 64, "startNumber": 1, "shards": shards, "partitions": 1, "objects": 1,
                        "compressed": 0, "bytes": 1}
    if stage == "publish" or (stage == "plan" and shards == 1):
        report["result"] = {"database": "trends", "generation": 1, "digest": "d" * 64, "topics": 1, "incomplete": False}
        report["records"] = {"read": 1, "counted": 1, "empty": 0, "malformed": 0}
    return json.dumps(report)


class Kubelet:
    """Finishes the pods of its node, with several threads."""

    def __init__(self, api):
        self.api = api
        self.pods = queue.Queue()
        self.taken = set()
        self.shards = {}
        api.request("POST", "/api/v1/nodes", {
            "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE, "trendjob-bench": "yes"}},
            "spec": {"taints": [{"key": "trendjob-bench", "effect": "NoSchedule"}]},
        })
        self.beat()
        threading.Thread(target=self.beats, daemon=True).start()
        api.watch(f"/api/v1/namespaces/{NAMESPACE}/pods", self.take)
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

    def take(self, _, pod, __):
        name = pod["metadata"]["name"]
        if pod["spec"].get("nodeName") == NODE and name not in self.taken:
            self.taken.add(name)
            self.pods.put(pod)

    def work(self):
        while True:
            pod = self.pods.get()
            labels = pod["metadata"]["labels"]
            stage = labels["trendjob.dev/stage"]
            report = message(stage, self.shards.get(labels["trendjob.dev/name"], 1))
            ended = {"exitCode": 0, "reason": "Completed", "message": report,
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


def print_percentiles(what, seconds, goal):
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{what}: p50 {statistics.median(ordered):.3f} s, p99 {p99:.3f} s, of {len(ordered)} (goal {goal})")


class Timeline:
    """The times of first events, by (event, name)."""

    def __init__(self, api):
        self.first = {}
        self.changed = threading.Condition()
        api.watch(f"{GROUP}/namespaces/{NAMESPACE}/trendjobs", self.trendjob)
        api.watch(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", self.job)

    def note(self, key, at):
        with self.changed:
            self.first.setdefault(key, at)
            self.changed.notify_all()

    def trendjob(self, _, trendjob, at):
        name = trendjob["metadata"]["name"]
        self.note(("accepted", name), at)
        for one in trendjob.get("status", {}).get("conditions", []):
            if one["type"] in ("Complete", "Failed") and one["status"] == "True":
                self.note((one["type"], name), at)

    def job(self, _, job, at):
        labels = job["metadata"]["labels"]
        name, stage = labels["trendjob.dev/name"], labels["trendjob.dev/stage"]
        self.note((stage, name), at)
        for one in job.get("status", {}).get("conditions", []):
            if one["type"] == "Complete":
                self.note((stage + "-done", name), at)

    def wait(self, keys, patience=900):
        until = time.monotonic() + patience
        with self.changed:
            while not all(key in self.first for key in keys):
                if not self.changed.wait(timeout=1) and time.monotonic() > until:
                    missing = [key for key in keys if key not in self.first]
                    sys.exit(f"timed out: {len(missing)} events are missing, such as {missing[:5]}")

    def between(self, one, other, names):
        return [max(0.0, self.first[(other, name)] - self.first[(one, name)]) for name in names]


def create(api, names):
    with ThreadPoolExecutor(16) as pool:
        path = f"{GROUP}/namespaces/{NAMESPACE}/trendjobs"
        list(pool.map(lambda name: api.request("POST", path, trendjob(name)), names))


def resident(process):
    text = open(f"/proc/{process.pid}/status", encoding="utf-8").read()
    return {name: int(re.search(name + r":\s+(\d+)", text).group(1)) / 1024 for name in ("VmRSS", "VmHWM")}


def cpu(process):
    """Returns the used CPU time in seconds."""
    fields = open(f"/proc/{process.pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def finish(api, names, jobs_each):
    """Creates finished TrendJobs with this many finished Jobs each, without running them."""
    template = api.request("GET", f"{GROUP}/namespaces/{NAMESPACE}/trendjobs/alone")["status"]
    stages = ["plan", "etl", "aggregate", "publish"][:jobs_each]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    done = {"startTime": now, "completionTime": now, "succeeded": 1, "ready": 0, "uncountedTerminatedPods": {},
            "conditions": [{"type": kind, "status": "True", "reason": "CompletionsReached",
                            "message": "Reached expected number of succeeded pods",
                            "lastProbeTime": now, "lastTransitionTime": now}
                           for kind in ("SuccessCriteriaMet", "Complete")]}

    def one(name):
        made = api.request("POST", f"{GROUP}/namespaces/{NAMESPACE}/trendjobs", trendjob(name))
        uid = made["metadata"]["uid"]
        status = dict(template, runUID=uid + "-0")
        api.patch(f"{GROUP}/namespaces/{NAMESPACE}/trendjobs/{name}/status", {"status": status})
        for stage in stages:
            job = f"{name}-{uid[:8]}-0-{stage}"
            labels = {"app.kubernetes.io/managed-by": "trendjob-operator", "trendjob.dev/name": name,
                      "trendjob.dev/stage": stage, "trendjob.dev/uid": uid}
            notes = {"trendjob.dev/pod-settings-hash": "0123456789abcdef"}
            if stage != "plan":
                notes["trendjob.dev/plan-hash"] = "0123456789abcdef" * 4
            api.request("POST", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", {
                "metadata": {"name": job, "labels": labels, "annotations": notes, "ownerReferences": [{
                    "apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob", "name": name, "uid": uid,
                    "controller": True, "blockOwnerDeletion": True}]},
                # The Job controller ignores a Job with another manager, so it creates no pod.
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
    """Returns the value of a metric with its labels, 0 if it is missing."""
    with urllib.request.urlopen("http://127.0.0.1:9292/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    found = [line.rsplit(" ", 1)[1] for line in lines if line.rsplit(" ", 1)[0] == name]
    return float(found[0]) if found else 0.0


def until_up(name, least):
    """Waits until the operator is up and the metric is at least `least`."""
    while True:
        try:
            if metric(name) >= least:
                return
        except OSError:
            pass
        time.sleep(0.2)


def until_quiet():
    """Waits until the operator makes no more passes; the Job controller needs time for thousands of new Jobs."""
    before = -1.0
    while (passes := metric("trendjob_operator_reconciles_total")) != before:
        before = passes
        time.sleep(20)


def latency(api, kubelet, timeline, count):
    """Measures how soon Jobs follow `count` TrendJobs that are created at once."""
    names = [f"latency-{number}" for number in range(count)]
    for name in names:
        kubelet.shards[name] = 2
    create(api, names)
    timeline.wait([("plan", name) for name in names])
    print_percentiles("TrendJob accepted to plan Job created", timeline.between("accepted", "plan", names), "1 s")
    timeline.wait([("Complete", name) for name in names])
    print_percentiles("plan finished to etl Job created", timeline.between("plan-done", "etl", names), "1 s")
    print_percentiles("apply to Complete, all stages", timeline.between("accepted", "Complete", names), "none")


def requests(api):
    """Returns the number of requests to the API server by resource and kind."""
    with urllib.request.urlopen(f"{api.base}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    counted = collections.Counter()
    for line in lines:
        if line.startswith("apiserver_request_total{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            # Other resources, such as leases and nodes, are requested without any TrendJob.
            if labels["verb"] != "WATCH" and labels["resource"] in COUNTED_RESOURCES:
                kind = "read" if labels["verb"] in ("GET", "LIST") else "written"
                of = "/".join(filter(None, (labels["resource"], labels["subresource"])))
                counted[f"{of} {kind}"] += float(line.rsplit(" ", 1)[1])
    return counted


def print_requests(what, before, after, count):
    each = {of: (after[of] - before[of]) / count for of in sorted(after)}
    parts = ", ".join(f"{of} {number:.1f}" for of, number in each.items() if number >= 0.05)
    print(f"requests for each {what}: {sum(each.values()):.1f} ({parts})")


def bare_jobs(api, timeline, count):
    """Measures the cluster's limit: the number of one-pod Jobs per second that it completes without the operator."""
    names = [f"bare-{number}" for number in range(count)]
    before = requests(api)
    began = time.monotonic()

    def one(name):
        parts = trendjob(name)["spec"]["plan"]
        labels = {"trendjob.dev/name": name, "trendjob.dev/stage": "plan"}
        api.request("POST", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", {
            "metadata": {"name": name, "labels": labels},
            "spec": {"template": {"metadata": {"labels": labels}, "spec": {
                "restartPolicy": "Never", "containers": [{"name": "worker", "image": "x"}], **parts}}}})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, names))
    timeline.wait([("plan-done", name) for name in names])
    ended = max(timeline.first[("plan-done", name)] for name in names) - began
    print(f"bare one-pod Jobs per second: {count / ended:.1f} complete")
    print_requests("bare Job", before, requests(api), count)
    return count / ended


def throughput(api, timeline, process, count):
    """Measures the one-pod TrendJobs that begin and end per second, and the operator's CPU time for each."""
    bare = bare_jobs(api, timeline, count)
    before, written = cpu(process), requests(api)
    names = [f"small-{number}" for number in range(count)]
    began = time.monotonic()
    create(api, names)
    timeline.wait([("plan", name) for name in names])
    all_begun = max(timeline.first[("plan", name)] for name in names) - began
    timeline.wait([("Complete", name) for name in names])
    ended = max(timeline.first[("Complete", name)] for name in names) - began
    print(f"small TrendJobs per second: {count / all_begun:.1f} begun, {count / ended:.1f} complete (goal 10), "
          f"{count / ended / bare:.2f} times the bare Jobs")
    print_requests("TrendJob", written, requests(api), count)
    used = (cpu(process) - before) / count
    print(f"operator's CPU time for each: {used * 1000:.1f} ms, so one core can run {1 / used:.0f} a second")
    print_percentiles("Job finished to TrendJob complete", timeline.between("plan-done", "Complete", names), "none")


def memory(process, count):
    """Measures the memory of the operator."""
    until_up('trendjob_operator_trendjobs{stage="Complete"}', count)
    until_quiet()
    used = resident(process)
    print(f"{count} finished TrendJobs: {used['VmRSS']:.0f} MiB resident, {used['VmHWM']:.0f} MiB at most "
          "(goal 128)")


def prepare(api):
    """Waits for the API server, removes the leftovers of an earlier run, and creates the namespace."""
    while True:
        try:
            api.request("DELETE", f"/api/v1/nodes/{NODE}")
            break
        except OSError:
            time.sleep(0.1)
    if api.request("GET", f"{GROUP}/trendjobs?limit=1") is None:
        sys.exit("the cluster has no TrendJobs; run kubectl apply --server-side -f manifests/crd/trendjobs.yaml")
    while (left := api.request("GET", f"/api/v1/namespaces/{NAMESPACE}")) is not None:
        if "deletionTimestamp" not in left["metadata"]:
            api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
        time.sleep(0.5)
    api.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    secret = {"metadata": {"name": "trendjob-mongodb"}, "stringData": {"uri": "mongodb://nowhere/"}}
    api.request("POST", f"/api/v1/namespaces/{NAMESPACE}/secrets", secret)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operator", default="target/release/trendjob-operator")
    parser.add_argument("--queued", type=int, default=100, help="number of TrendJobs created at once; 0 to skip")
    parser.add_argument("--small", type=int, default=200, help="number of small TrendJobs for the throughput; 0 to skip")
    parser.add_argument("--finished", type=int, default=10_000,
                        help="number of finished TrendJobs for the memory; 0 to skip")
    parser.add_argument("--jobs-each", type=int, default=1, choices=(1, 2, 3, 4),
                        help="number of Jobs of each: 1 for a small one, 4 for a large one")
    parser.add_argument("--log", default="/tmp/trendjob-operator-bench.log", help="file for the operator's log")
    args = parser.parse_args()
    proxy = subprocess.Popen(["kubectl", "proxy", "--port=8991"], stdout=subprocess.DEVNULL)
    process = None
    api = Api(8991)
    try:
        prepare(api)
        kubelet = Kubelet(api)
        timeline = Timeline(api)
        time.sleep(1)
        process = operator(args.operator, args.log)
        until_up("trendjob_operator_queue_depth", 0)
        create(api, ["alone"])
        timeline.wait([("Complete", "alone")])
        took = timeline.between("accepted", "Complete", ["alone"])[0]
        print(f"one small TrendJob whose pod finishes at once, apply to Complete: {took:.2f} s")
        if args.queued:
            latency(api, kubelet, timeline, args.queued)
        if args.small:
            throughput(api, timeline, process, args.small)
        if args.finished:
            process.terminate()
            process.wait()
            finish(api, [f"finished-{number}" for number in range(args.finished)], args.jobs_each)
            process = operator(args.operator, args.log)
            memory(process, args.finished)
            before = metric("trendjob_operator_reconciles_total")
            time.sleep(60)
            passes = metric("trendjob_operator_reconciles_total") - before
            print(f"passes over the finished TrendJobs in an idle minute: {passes:.0f}")
    finally:
        if process:
            process.kill()
        try:
            api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
            api.request("DELETE", f"/api/v1/nodes/{NODE}")
        finally:
            proxy.kill()


if __name__ == "__main__":
    if "KUBECONFIG" not in os.environ:
        sys.exit("KUBECONFIG is not set: let it name the configuration of a test cluster")
    main()
