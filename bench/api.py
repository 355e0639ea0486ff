#!/usr/bin/env python3
"""Measures the API: one replica against a bare axum handler that returns the same bytes, and replicas under load.

    cargo build --profile dist && cargo build --profile dist -p trendjob-api --features serve
    cargo build --profile dist -p trendjob-e2e --examples
    python bench/api.py                                       # one replica, over a folder
    python bench/api.py --service trendjob/trendjob-api       # and the replicas of that Service, over time

Server and clients share this machine, so absolute numbers mean little. The ratio of the two servers counts; it is taken
within each round, in alternating order. The second part needs kubectl, a Service that is reachable from this machine and
has a HorizontalPodAutoscaler of the same name, and a source with results (--source). The script uses no other machine.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def first_answer(url, server):
    """Returns the first answer of a server that is starting."""
    while server.poll() is None:
        try:
            return get(url)
        except OSError:
            time.sleep(0.05)
    sys.exit(f"the server of {url} ended with {server.returncode}")


def load(binaries, address, path, clients, seconds, rest=0):
    command = [f"{binaries}/examples/load", address, path, str(clients), str(seconds), str(rest)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def one_replica(arguments, folder):
    binaries = arguments.binaries
    store = f"{folder}/store"
    subprocess.run([f"{binaries}/trendjob", "-q", "demo", "--no-serve", "--store", store], check=True,
                   stdout=subprocess.DEVNULL)
    path = "/api/v1/trends?source=demo&limit=10"
    api, bare, metrics = (f"127.0.0.1:{free_port()}" for _ in range(3))
    servers = []
    try:
        servers.append(subprocess.Popen([f"{binaries}/trendjob-api", "serve", "--store", store, "--listen", api,
                                         "--metrics-listen", metrics, "--log", "warn"]))
        body = first_answer(f"http://{api}{path}", servers[-1])
        answer = f"{folder}/answer.json"
        with open(answer, "wb") as file:
            file.write(body)
        servers.append(subprocess.Popen([f"{binaries}/examples/bare", bare, answer]))
        assert first_answer(f"http://{bare}{path}", servers[-1]) == body
        rounds = []
        for number in range(arguments.rounds):
            order = [("api", api), ("bare", bare)]
            found = {}
            for name, address in order if number % 2 else reversed(order):
                load(binaries, address, path, arguments.clients, 1)
                found[name] = load(binaries, address, path, arguments.clients, arguments.seconds)
            rounds.append(found)
            print(f"round {number + 1}: " + "; ".join(
                f"{name} {one['per_second']}/s, p50 {one['p50']} us, p99 {one['p99']} us, {one['failed']} failed"
                for name, one in sorted(found.items())), flush=True)
    finally:
        for server in servers:
            server.terminate()
            server.wait()
    ratios = [one["api"]["per_second"] / one["bare"]["per_second"] for one in rounds]
    middle = {name: {field: statistics.median(one[name][field] for one in rounds) for field in ("per_second", "p50", "p99")}
              for name in ("api", "bare")}
    print(f"one replica answers {statistics.median(ratios):.2f} times the requests of a bare handler ({min(ratios):.2f} to "
          f"{max(ratios):.2f}), for {len(body)} bytes, {arguments.clients} clients")
    return {"bytes": len(body), "clients": arguments.clients, "ratios": ratios, "median": middle}


def kubectl(*words):
    printed = subprocess.run(["kubectl", *words, "--output", "json"], check=True, capture_output=True, text=True).stdout
    return json.loads(printed)


def replicas(arguments):
    """Puts load on a Service, stops it, and records the number of ready pods until it is at its minimum again."""
    namespace, name = arguments.service.split("/")
    service = kubectl("get", "service", name, "--namespace", namespace)
    address = f"{service['spec']['clusterIP']}:{service['spec']['ports'][0]['port']}"
    path = f"/api/v1/trends?source={arguments.source}&limit=10"
    command = [f"{arguments.binaries}/examples/load", address, path, str(arguments.clients), str(arguments.load),
               str(arguments.rest)]
    began, changes = time.monotonic(), []
    loading = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while True:
        at = time.monotonic() - began
        status = kubectl("get", "deployment", name, "--namespace", namespace)["status"]
        ready = status.get("readyReplicas", 0)
        if not changes or changes[-1][1] != ready:
            changes.append((round(at), ready))
            print(f"{at:5.0f} s: {ready} ready, {'under load' if loading.poll() is None else 'without load'}", flush=True)
        fewest = kubectl("get", "hpa", name, "--namespace", namespace)["spec"]["minReplicas"]
        if loading.poll() is not None and (ready == fewest or at > arguments.load + arguments.patience):
            break
        time.sleep(1)
    outcome = json.loads(loading.communicate()[0])
    print(f"{outcome['requests']} requests, {outcome['failed']} failed, {outcome['per_second']}/s, p50 {outcome['p50']} us, "
          f"p99 {outcome['p99']} us")
    return {"replicas": changes, **outcome}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--binaries", default=f"{top}/target/dist", help="folder of the binaries")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="seconds of one measurement")
    parser.add_argument("--service", metavar="NAMESPACE/NAME", help="also put load on this Service of a cluster")
    parser.add_argument("--source", default="quickstart")
    parser.add_argument("--load", type=int, default=90, help="seconds of load on the Service")
    parser.add_argument("--rest", type=int, default=10, help="milliseconds between two requests of a client to the Service")
    parser.add_argument("--patience", type=int, default=600, help="seconds to wait for the minimum of replicas afterwards")
    parser.add_argument("--json", help="also write the results to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = {"one": one_replica(arguments, folder)}
    if arguments.service:
        results["cluster"] = replicas(arguments)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()
