"""One GPU in one command: right first, then beside CuPy, into a page of results.

    gpu.py [--quick] [--out ../results]

Builds what it needs, runs the conformance suite on the first GPU, measures, and writes DATE-ADAPTER.md with adapter, driver
and commit. Without CuPy the factors are left out. --quick takes a 64th of the elements, to try the script on a software
adapter. On 16 cores with a warm registry it takes about eight minutes, half of which is building.
"""

import argparse
import datetime
import importlib.util
import re
import subprocess
from pathlib import Path

import compare

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MI = 1 << 20

# name, shape, dtype, tolerance, and what share of the other's speed is wanted: CuPy's, or that of a copy
CASES = [
    ("copy", (64 * MI,), "float32", 0.0, None),
    ("chain of 10", (64 * MI,), "float32", 1e-5, ("a copy", 0.85)),
    ("matmul", (4096, 4096, 4096), "float32", 1e-2, ("CuPy", 0.65)),
    ("sort", (64 * MI,), "uint32", 0.0, ("CuPy", 0.40)),
    ("cumsum", (256 * MI,), "float32", 0.2, ("CuPy", 0.65)),
    ("fft", (16 * MI,), "complex64", 5e-2, ("CuPy", 0.50)),
]
CASES += [
    (op, (16 * MI,), "float32", tolerance, None)
    for op, tolerance in [("argsort", 0.0), ("unique", 0.0), ("histogram 64", 0.0), ("boolean selection", 0.0), ("median", 1e-6), ("take", 0.0), ("random normal", 0.0)]
]
CASES += [("fft rows", (1024, 1024), "complex64", 1e-3, None), ("fft2", (2048, 2048), "complex64", 1e-2, None)]
CASES += [("softmax rows", (4096, 4096), "float32", 1e-5, None), ("sum rows", (4096, 4096), "float32", 1e-3, None)]
CASES += [(op, (1024, 1024), "float32", 1e-2, None) for op in ("cholesky", "solve", "qr")]


def run(*command, **options):
    print("$", " ".join(map(str, command)), flush=True)
    return subprocess.run(command, cwd=ROOT, text=True, **options)


def smaller(shape):
    return (shape[0] // 64,) if len(shape) == 1 else tuple(max(n // 8, 64) for n in shape)


def table(records):
    """A line for each case: ours, CuPy's, and the share of what it is compared with."""
    found = {(r["op"], tuple(r["shape"]), r["library"]): r for r in records}
    copy = next((r.get("median_s") for (op, _, library), r in found.items() if (op, library) == ("copy", "ours-gpu")), None)
    lines = ["| what | ours, ms | CuPy, ms | share | wanted |", "|---|---|---|---|---|"]
    for (op, shape, library), ours in found.items():
        if library != "ours-gpu":
            continue
        other = found.get((op, shape, "cupy"), {})
        wanted = next(case[4] for case in CASES if case[0] == op)
        base = copy if wanted and wanted[0] == "a copy" else other.get("median_s")
        mine = ours.get("median_s")
        ms = lambda seconds, status: f"{seconds * 1e3:.3f}" if seconds else status
        share = f"{100 * base / mine:.0f} %" if base and mine else ""
        goal = f"{100 * wanted[1]:.0f} % of {wanted[0]}" if wanted else ""
        name = f"{op}, {' x '.join(map(str, shape))}, {ours['dtype']}"
        lines.append(f"| {name} | {ms(mine, ours['status'])} | {ms(other.get('median_s'), other.get('status', ''))} | {share} | {goal} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE.parent / "results")
    options = parser.parse_args()
    manifest = HERE / "rust/Cargo.toml"
    run("cargo", "build", "--release", "--locked", "--manifest-path", manifest, "--no-default-features", "--features", "gpu", check=True)
    identity = run(HERE / "rust/target/release/polyarray-peers", "identity", check=True, capture_output=True).stdout.strip()
    commit = run("git", "rev-parse", "--short", "HEAD", capture_output=True).stdout.strip() or "unknown"
    suite = run("cargo", "test", "--locked", "--workspace", "--test", "conformance", "gpu", capture_output=True)
    result = re.findall(r"test result: .*", suite.stdout)
    print("\n".join(result), flush=True)
    libraries = ["ours-gpu"] + ["cupy"] * bool(importlib.util.find_spec("cupy"))
    chosen = [(op, smaller(shape) if options.quick else shape, dtype, tolerance) for op, shape, dtype, tolerance, _ in CASES]
    records = compare.measure(libraries, chosen, rounds=3, seconds=0.5)
    options.out.mkdir(parents=True, exist_ok=True)
    day = datetime.date.today().isoformat()
    slug = re.sub(r"[^a-z0-9]+", "-", identity.lower())[:40].strip("-")
    page = options.out / f"{day}-{slug}{'-quick' if options.quick else ''}.md"
    conformance = result[-1] if result else "it did not run"
    page.write_text(
        f"# {identity}\n\nCommit {commit}, {day}; `benches/peers/gpu.py{' --quick' if options.quick else ''}`. Medians of three rounds, "
        f"wall clock to the synchronised result, data in place.\n\nConformance suite: {conformance}\n\n{table(records)}\n"
    )
    print(f"\n{page}")


main()
