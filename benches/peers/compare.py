"""polyarray compared with other libraries: one command, one run, one machine. See README.md."""

import argparse
import importlib.util
import json
import platform
import statistics
import subprocess
import sys
import threading
from pathlib import Path

import cases

HERE = Path(__file__).parent
RUST = ["ours-host", "ours-gpu", "burn-flex", "burn-wgpu", "numr-wgpu", "ndarray"]
PYTHON = ["numpy", "scipy", "jax", "cupy"]
# The libraries with which each of our backends is compared; the factor is their time over ours.
BESIDE = {"ours-host": ["numpy", "scipy", "jax", "burn-flex", "ndarray"], "ours-gpu": ["burn-wgpu", "numr-wgpu", "numpy", "cupy"]}


def processor():
    names = [line.split(":")[1] for line in open("/proc/cpuinfo") if line.startswith("model name")] if Path("/proc/cpuinfo").exists() else []
    return f"{(names or [platform.processor()])[0].strip()}, {len(names) or '?'} threads"


class Worker:
    def __init__(self, name):
        command = [str(HERE / "rust/target/release/polyarray-peers"), name]
        if name in PYTHON:
            command = [sys.executable, str(HERE / "worker.py"), name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)

    def ask(self, request, limit):
        """The answer, or after `limit` seconds that there is none: nothing else ends an operation on a device."""
        late = threading.Event()
        timer = threading.Timer(limit, lambda: (late.set(), self.process.kill()))
        timer.start()
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        timer.cancel()
        if line:
            return json.loads(line)
        why = f"longer than {limit:g} s" if late.is_set() else "the worker ended"
        return {"status": "failed", "why": why, "times": []}

    def end(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # It ended before it read everything.
        self.process.wait()


def summary(times):
    quartiles = statistics.quantiles(times, n=4) if len(times) > 1 else [times[0]] * 3
    return {"median_s": quartiles[1], "q1_s": quartiles[0], "q3_s": quartiles[2], "rounds": len(times)}


def measure(libraries, chosen, rounds, seconds, limit=60.0):
    """Rounds over all libraries in turn, so that a disturbance of the machine affects all of them."""
    records = []
    for op, shape, dtype, tolerance in chosen:
        request = {"op": op, "shape": shape, "dtype": dtype, "tolerance": tolerance, "seconds": seconds, "expect": cases.truth(op, shape, dtype)}
        # One process for each library and operation: no shared memory pools, and a crash loses one row.
        workers = {name: Worker(name) for name in libraries}
        times, status = {}, {}
        for _ in range(rounds):
            for name, worker in workers.items():
                if status.get(name, "ok") == "ok":
                    answer = worker.ask(request, limit)
                    status[name] = answer["status"] if answer["status"] in ("ok", "absent") else f"{answer['status']}: {answer.get('why', '')}"
                    times.setdefault(name, []).extend(answer["times"])
        for worker in workers.values():
            worker.end()
        row = {}
        for name in libraries:
            row[name] = {"library": name, "op": op, "shape": list(shape), "dtype": dtype, "status": status[name]}
            if times.get(name) and status[name] == "ok":
                row[name] |= summary(times[name])
        records += row.values()
        show(op, shape, dtype, row)
    return records


def show(op, shape, dtype, row):
    print(f"\n{op}, {' x '.join(map(str, shape))}, {dtype}", flush=True)
    for name, record in row.items():
        if "median_s" in record:
            beside = []
            for side, others in BESIDE.items():
                ours = row.get(side, {}).get("median_s")
                if ours and name in others:
                    beside.append(f"{side} x {record['median_s'] / ours:.2f}")
            spread = f"{record['q1_s'] * 1e3:.3f} to {record['q3_s'] * 1e3:.3f}"
            print(f"  {name:12} {record['median_s'] * 1e3:10.3f} ms  ({spread})  {'  '.join(beside)}", flush=True)
        elif record["status"] != "absent":
            print(f"  {name:12} {record['status']}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", help="only operations whose names contain one of these, separated by commas")
    parser.add_argument("--libraries", help="only these, separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.4, help="per library, operation and round")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for an answer, which takes six runs at least; a worker without one is killed")
    parser.add_argument("--longest", type=int, help="no axis longer than this, where a library ends before the sizes of the table")
    parser.add_argument("--dtypes", help="only these, separated by commas")
    parser.add_argument("--json", help="write the records here")
    options = parser.parse_args()
    libraries = options.libraries.split(",") if options.libraries else RUST + [n for n in PYTHON if importlib.util.find_spec(n)]
    wanted = options.ops.split(",") if options.ops else [""]
    dtypes = options.dtypes.split(",") if options.dtypes else None
    chosen = [
        (op, tuple(min(n, options.longest or n) for n in shape), dtype, tolerance)
        for op, shape, dtype, tolerance in cases.CASES
        if any(part in op for part in wanted) and (dtypes is None or dtype in dtypes)
    ]
    print(f"{processor()}; times are medians, wall clock to the synchronised result, data in place")
    print("a factor is that library's time over ours: above 1, ours is faster")
    chosen = list(dict.fromkeys(chosen))
    records = measure(libraries, chosen, options.rounds, options.seconds, options.limit)
    if options.json:
        Path(options.json).write_text(json.dumps({"machine": processor(), "records": records}, indent=1) + "\n")


if __name__ == "__main__":
    main()
