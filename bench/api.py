"""The HTTP API against a bare axum handler that returns the same bytes. Prints ratios of requests per
second within each round, and how long answers take at half of the most; see README.md."""

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(command, port, path, log):
    """A server, once it answers."""
    server = subprocess.Popen(command, stderr=log)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").read()
            return server
        except OSError:
            if server.poll() is not None:
                raise SystemExit(f"{command[0]} ended with {server.returncode}")
            time.sleep(0.05)


def wrk(port, path, seconds, connections, headers=()):
    """Requests per second of all connections, as fast as they can."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for header in headers:
        command += ["-H", header]
    told = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
    for bad in "Non-2xx", "Socket errors":
        if bad in told:
            raise SystemExit(told)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])


# wrk asks as fast as it can; so that half of the most is asked for, each connection waits between
# requests. It counts no time of that wait.
PACED = """
function delay() return %d end
"""


def latencies(port, path, seconds, connections, rate):
    """Percentiles in milliseconds while about `rate` requests per second are asked for."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(PACED % max(1, round(connections / rate * 1000)))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name]
        told = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
    found = {}
    for percent, value, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", told):
        found[int(percent)] = float(value) * UNITS[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="a folder with results, as trendjob demo --no-serve --store makes one")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--topic", default="love")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--target", default="target/dist")
    parser.add_argument("--json", help="where to write all that was measured")
    args = parser.parse_args()
    paths = {
        "compatible": f"/api/trends?source={args.source}&topic={args.topic}",
        "10 topics": f"/api/v1/trends?source={args.source}",
        "100 topics": f"/api/v1/trends?source={args.source}&limit=100",
    }
    folder = tempfile.mkdtemp()
    quiet, logged = open(os.path.join(folder, "log"), "w"), open(os.path.join(folder, "access"), "w")

    def api(port, *flags, log):
        probes = free_port()
        command = [os.path.join(args.target, "trendjob-api"), "serve", "--store", args.store, "--drain-delay", "0"]
        command += ["--listen", f"127.0.0.1:{port}", "--metrics-listen", f"127.0.0.1:{probes}", *flags]
        return start(command, port, "/", log)

    ports = {name: free_port() for name in ("failures logged", "every request logged")}
    servers = [
        api(ports["failures logged"], log=quiet),
        api(ports["every request logged"], "--log", "info", log=logged),
    ]
    measured = {}
    try:
        for name, path in paths.items():
            body = urllib.request.urlopen(f"http://127.0.0.1:{ports['failures logged']}{path}").read()
            file = os.path.join(folder, "body")
            with open(file, "wb") as bytes_of:
                bytes_of.write(body)
            ports["bare"] = free_port()
            route = path.split("?")[0]
            bare = start([os.path.join(args.target, "examples", "bare"), f"127.0.0.1:{ports['bare']}", route, file], ports["bare"], path, quiet)
            servers.append(bare)
            rates = {server: [] for server in ports}
            order = list(ports)
            for _ in range(args.rounds):
                for server in order:
                    rates[server].append(wrk(ports[server], path, args.seconds, args.connections))
                order = order[1:] + order[:1]
            print(f"{name}: {len(body)} bytes, bare axum {statistics.median(rates['bare']):,.0f} requests/s")
            for server in ports:
                if server == "bare":
                    continue
                ratios = [ours / bare for ours, bare in zip(rates[server], rates["bare"])]
                median, least, most = statistics.median(ratios), min(ratios), max(ratios)
                print(f"  {server:21} {median:.2f} of it ({least:.2f} to {most:.2f})")
                # Half of the most of this server, in the middle round.
                rate = statistics.median(rates[server]) / 2
                reached, times = latencies(ports[server], path, args.seconds, args.connections, rate)
                print(f"  {'':21} at {reached:,.0f} requests/s p50 {times[50]:.2f} ms, p99 {times[99]:.2f} ms")
                measured.setdefault(name, {})[server] = {"rates": rates[server], "ratios": ratios, "paced": reached, "latencies": times}
            measured[name]["bare"] = rates["bare"]
            bare.terminate()
    finally:
        for server in servers:
            server.terminate()
    if args.json:
        with open(args.json, "w") as file:
            json.dump(measured, file, indent=1)


if __name__ == "__main__":
    main()
