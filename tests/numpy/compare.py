#!/usr/bin/env python3
"""Compares calls of the conformance suite with NumPy itself.

    compare.py PROGRAM [--kind cpu] [--calls 24] [--seed 1] [--minutes 0] [METHOD ...]

PROGRAM is the built example `numpy_cases`. Floats are compared with NumPy's result in the next wider format. With
--minutes it goes on with other samples until the time is over. Ends with status 1 if anything differs.
"""

import argparse
import json
import re
import subprocess
import sys
import time
import warnings
from types import SimpleNamespace

import numpy as np

import surface
import transforms

# --- Values ---------------------------------------------------------------------------------------------------------


def array(data):
    return np.frombuffer(bytes.fromhex(data["hex"]), data["dtype"]).reshape(data["shape"])


TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|-?[0-9][0-9.e+-]*|[A-Za-z_][A-Za-z0-9_]*|-inf|[][(){},:])')


def option(text):
    """What Rust's `Debug` prints, as Python values: structs are namespaces, tuples of one are what they hold."""
    tokens = TOKEN.findall(text)
    at = 0

    def peek():
        return tokens[at] if at < len(tokens) else None

    def take(wanted=None):
        nonlocal at
        token = tokens[at]
        assert wanted is None or token == wanted, (text, token, wanted)
        at += 1
        return token

    def items(end):
        out = []
        while peek() != end:
            out.append(value())
            if peek() == ",":
                take()
        take(end)
        return out

    def value():
        token = take()
        if token == "[":
            return items("]")
        if token == "(":
            return tuple(items(")"))
        if token[0] == '"':
            return json.loads(token)
        if re.match(r"-?[0-9]", token):
            return float(token) if re.search("[.e]", token) else int(token)
        if token in ("inf", "-inf", "NaN"):
            return float(token.lower())
        if token in ("true", "false"):
            return token == "true"
        if token == "None":
            return None
        if peek() == "(":
            take()
            inner = items(")")
            return inner[0] if len(inner) == 1 else tuple(inner)
        if peek() == "{":
            take()
            fields = {}
            while peek() != "}":
                name = take()
                take(":")
                fields[name] = value()
                if peek() == ",":
                    take()
            take("}")
            return SimpleNamespace(**fields)
        return DTYPES.get(token, token)

    return value()


DTYPES = {
    "Bool": np.bool_, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64, "U8": np.uint8,
    "U16": np.uint16, "U32": np.uint32, "U64": np.uint64, "F16": np.float16, "F32": np.float32, "F64": np.float64,
    "C64": np.complex64, "C128": np.complex128,
}

WIDER = {
    np.dtype(np.float16): np.float64, np.dtype(np.float32): np.float64, np.dtype(np.float64): np.longdouble,
    np.dtype(np.complex64): np.complex128, np.dtype(np.complex128): np.clongdouble,
}


def wide(x):
    if isinstance(x, list):
        return [wide(part) for part in x]
    return x.astype(WIDER[x.dtype]) if isinstance(x, np.ndarray) and x.dtype in WIDER else x


# --- What NumPy calls it --------------------------------------------------------------------------------------------


def axes(over):
    return None if over.axes is None else tuple(over.axes)


def over(f):
    return lambda x, o: f(x, axis=axes(o), keepdims=o.keepdims)


def arg(f):
    """Several axes at once: of them flattened, in their order."""

    def run(x, o):
        reduced = sorted(range(x.ndim) if o.axes is None else [a % x.ndim for a in o.axes])
        kept = [a for a in range(x.ndim) if a not in reduced]
        count = int(np.prod([x.shape[a] for a in reduced]))
        flat = np.transpose(x, kept + reduced).reshape([x.shape[a] for a in kept] + [count])
        if count == 0 and flat.size == 0 and 0 not in flat.shape[:-1]:
            raise ValueError("empty")
        out = f(flat, axis=-1)
        return out.reshape([1 if a in reduced else n for a, n in enumerate(x.shape)]) if o.keepdims else out

    return run


def spread(f):
    return lambda x, v: f(x, axis=axes(v.axes), keepdims=v.axes.keepdims, ddof=v.ddof)


def sort(x, o):
    if x.ndim == 0:
        return x.copy()
    if x.dtype.kind == "c" and o.descending:
        return None
    if not o.descending:
        return np.sort(x, axis=o.axis, stable=True)
    return np.take_along_axis(x, argsort(x, o), o.axis)


def argsort(x, o):
    if x.ndim == 0:
        return np.zeros((), np.int64)
    if x.dtype.kind == "c" and o.descending:
        return None
    if not o.descending:
        return np.argsort(x, axis=o.axis, stable=True)
    # Stable and NaN last in either direction: by rank, negated.
    flat = np.unique(x[~np.isnan(x)] if x.dtype.kind == "f" else x)
    rank = -np.searchsorted(flat, x)
    if x.dtype.kind == "f":
        rank = np.where(np.isnan(x), 1, rank)
    return np.argsort(rank, axis=o.axis, stable=True)


def scan(f):
    def run(x, s):
        if x.ndim == 0:
            return f(x.reshape(1), axis=0, dtype=s.dtype).reshape(())
        return f(x, axis=s.axis if s.axis is not None else 0, dtype=s.dtype, include_initial=s.include_initial)

    return run


def shift(f, beyond):
    """C leaves counts beyond the number of bits open, and negative ones."""

    def run(a, b):
        dtype = np.result_type(a, b)
        a, b = np.broadcast_arrays(np.asarray(a, dtype), np.asarray(b, dtype))
        inside = (b >= 0) & (b < dtype.itemsize * 8)
        return np.where(inside, f(a, np.where(inside, b, 0).astype(dtype)), np.asarray(beyond(a)).astype(dtype))

    return run


def integer_power(a, b):
    dtype = np.result_type(a, b)
    a, b = (np.asarray(x, dtype) for x in (a, b))
    if dtype.kind not in "iu":
        # NumPy takes the square root for the power 0.5, which of minus infinity is NaN, and not C's infinity.
        root = np.isneginf(a) & (b == 0.5) if dtype.kind == "f" else False
        return np.where(root, np.inf, np.power(a, b)).astype(dtype)
    powers = np.power(a, np.where(b < 0, 0, b))
    unit = np.where(a == 1, 1, np.where(a == -1 if dtype.kind == "i" else False, np.where(b % 2 == 0, 1, -1), 0)).astype(dtype)
    return np.where(b < 0, unit, powers).astype(dtype)


def complex_of(a, b):
    if all_whole([a, b]):
        a = default_float(a)
    out = np.empty(np.broadcast(a, b).shape, np.result_type(a, b, np.complex64))
    out.real, out.imag = a, b
    return out


def default_float(x):
    return x if np.asarray(x).dtype.kind in "fc" else np.asarray(x).astype(np.float64)


def astype(x, dtype):
    """What is no value of an integer dtype, NumPy leaves to the processor: here it saturates, and NaN is 0."""
    if np.dtype(dtype).kind in "iu" and x.dtype.kind in "fc":
        info, x = np.iinfo(dtype), np.trunc(x.real)
        out = np.where(np.isnan(x) | (np.abs(x) >= 2.0**62), 0, x).astype(np.int64)
        low = x <= float(info.min)
        high = x >= float(info.max)
        if np.dtype(dtype) == np.uint64:
            between = (x >= 2.0**62) & ~high
            out = np.where(between, np.where(between, x, 0).astype(np.uint64), np.maximum(out, 0).astype(np.uint64))
        elif np.dtype(dtype) == np.int64:
            between = (np.abs(x) >= 2.0**62) & ~high & ~low
            out = np.where(between, np.where(between, x, 0).astype(np.int64), out)
        out = np.where(high | low, 0, out).astype(dtype)
        return np.where(high, dtype(info.max), np.where(low, dtype(info.min), out))
    return x.real.astype(dtype) if x.dtype.kind == "c" and np.dtype(dtype).kind in "f" else x.astype(dtype)


def sinc(x):
    x = default_float(x)
    return np.where(np.isfinite(x) & (x == np.floor(x)) & (x != 0), 0, np.sinc(x)).astype(x.dtype)


def matmul_bits(a, b):
    rows = np.unpackbits(np.ascontiguousarray(a).view(np.uint8).reshape(*a.shape, 4), axis=-1)
    columns = np.unpackbits(np.ascontiguousarray(b).view(np.uint8).reshape(*b.shape, 4), axis=-1)
    rows, columns = rows.astype(np.int32), columns.astype(np.int32)
    if a.ndim == 1 or b.ndim == 1:
        return None
    return sum(np.matmul(rows[..., bit], columns[..., bit]) for bit in range(32))


CALLS = {
    "diagonal": lambda x, d: np.diagonal(x, d.offset, *(d.axes or (0, 1))),
    "trace": lambda x, t: np.asarray(np.trace(x, t.of.offset, *(t.of.axes or (0, 1)), dtype=t.dtype)),
    "einsum": lambda subscripts, operands: np.einsum(subscripts, *operands),
    "vecdot": lambda a, b, axis: np.vecdot(a, b, axis=axis),
    "where_": np.where,
    "complex": complex_of,
    "pow": integer_power,
    "bitwise_left_shift": shift(np.left_shift, lambda a: 0),
    "bitwise_right_shift": shift(np.right_shift, lambda a: np.where(a < 0, -1 if a.dtype.kind == "i" else 0, 0)),
    "astype": astype,
    "sinc": sinc,
    "round": lambda x: x if x.dtype == bool else np.round(x),
    "reciprocal": lambda x: np.reciprocal(default_float(x)),
    "concat": lambda parts, axis: np.concatenate(parts, axis=axis),
    "stack": lambda parts, axis: np.stack(parts, axis=axis),
    "full": lambda shape, value, dtype, device: None,
    "indices": lambda n, device: np.arange(n),
    "select": lambda x, mask: x[mask],
    "flat_nonzero": np.flatnonzero,
    "matmul_as": lambda a, b, dtype: np.matmul(a.astype(dtype), b.astype(dtype)),
    "matmul_bits": matmul_bits,
    "sort": sort,
    "argsort": argsort,
    "cumulative_sum": scan(np.cumulative_sum),
    "cumulative_prod": scan(np.cumulative_prod),
    "sum": over(np.sum), "prod": over(np.prod), "min": over(np.min), "max": over(np.max),
    "any": over(np.any), "all": over(np.all), "mean": over(np.mean),
    "argmin": arg(np.argmin), "argmax": arg(np.argmax),
    "var": spread(np.var), "std": spread(np.std),
    "count_nonzero": lambda x, o: np.asarray(np.count_nonzero(x, axis=axes(o), keepdims=o.keepdims)),
    "nan_to_num": lambda x, w: np.nan_to_num(x, nan=w.nan, posinf=w.posinf, neginf=w.neginf),
    "isclose": lambda a, b, c: np.isclose(a, b, rtol=c.rtol, atol=c.atol, equal_nan=c.equal_nan),
    "allclose": lambda a, b, c: np.allclose(a, b, rtol=c.rtol, atol=c.atol, equal_nan=c.equal_nan),
}



def floor_divide(a, b):
    """NumPy's, but with infinite numbers as the array API has it: the floor of the quotient, where NumPy has NaN and -1."""
    quotient = np.floor_divide(a, b)
    if quotient.dtype.kind != "f":
        return quotient
    return np.where(np.isinf(a) | np.isinf(b), np.divide(a, b, dtype=quotient.dtype), quotient)


def cumulative_sum(x, o):
    """NumPy's; sums in float16 are accumulated in float32, and so don't overflow on the way."""
    if o.dtype is np.float16:
        o = SimpleNamespace(**{**vars(o), "dtype": np.float32})
        return scan(np.cumulative_sum)(x, o).astype(np.float16)
    return scan(np.cumulative_sum)(x, o)


CALLS["cumulative_sum"] = cumulative_sum
CALLS["floor_divide"] = floor_divide
CALLS["divmod"] = lambda a, b: (floor_divide(a, b), np.remainder(a, b))
CALLS |= surface.CALLS

# --- How near -------------------------------------------------------------------------------------------------------

# Results in the format of the arguments: what NumPy computes in a wider one is another function.
SAME_FORMAT = {
    "astype", "floor_divide", "remainder", "divmod", "fmod", "nan_to_num", "isclose", "allclose", "bitwise_count",
    "indices", "full", "matmul_bits", "argsort", "argmin", "argmax",
} | surface.SAME_FORMAT
# Sums: the room is that of a sum of magnitudes.
SUMS = {"trace", "einsum", "vecdot", "sinc", "logaddexp", "logaddexp2", "sum", "mean", "var", "std", "cumulative_sum", "matmul", "matmul_as", "cross"} | surface.SUMS
PRODUCTS = {"prod", "cumulative_prod"} | surface.PRODUCTS
# NumPy gives another dtype, or has no function of complex numbers.
OTHER_DTYPE = {"matmul_as", "matmul_bits", "float_power", "heaviside"} | surface.OTHER_DTYPE
ROUGHER = {"i0": 3} | surface.ROUGHER
ULPS = {"float16": 1.01, "float32": 4.01, "float64": 8.01, "complex64": 16.0, "complex128": 64.0}


def unit(x, dtype):
    """The unit in the last place of a format at x."""
    info = np.finfo(dtype)
    size = np.maximum(np.abs(x), info.smallest_normal)
    return np.exp2(np.floor(np.log2(size))) * info.eps


def left_open(method, got, want, args):
    """Where standards leave a complex result open: the sign of an infinity beside NaN (C), and quotients of what is not
    finite (Array API), in which C is followed here and Smith's formula by NumPy."""
    if got.dtype.kind != "c":
        return np.zeros(got.shape, bool)
    if method == "divide":
        a, b = np.broadcast_arrays(*args)
        return ~(np.isfinite(a) & np.isfinite(b))

    def infinite(x):
        return (np.isinf(x.real) & np.isnan(x.imag)) | (np.isnan(x.real) & np.isinf(x.imag))

    return infinite(got) & infinite(want)


def differs(method, got, want, args):
    """The first place where they differ, and how; or None."""
    if got.shape != want.shape:
        return f"shape {got.shape} instead of {want.shape}"
    if got.dtype.kind not in "fc":
        bad = got != want
        if not np.any(bad):
            return None
        at = tuple(np.argwhere(bad)[0])
        return f"at {at} {got[at]} instead of {want[at]}"
    ulps = ULPS[got.dtype.name] * ROUGHER.get(method, 1)
    real = np.finfo(got.dtype).dtype
    size = np.abs(want)
    room = ulps * unit(np.where(np.isfinite(size), size, 1), real)
    if method in ("pow", "float_power") and got.dtype.kind == "c":
        # e to the power b ln a: the rounding of the exponent is one of the result.
        with np.errstate(all="ignore"):
            exponent = np.abs(args[1] * np.log(np.asarray(args[0], want.dtype)))
        room = room * np.maximum(1, np.where(np.isfinite(exponent), exponent, 1) / 8)
    if method in SUMS or method in PRODUCTS:
        x = first([x for x in args if isinstance(x, (np.ndarray, list, float, int, complex))])
        x = np.asarray(first(x))
        terms = max(x.shape[-1] if x.ndim else 1, x.size // max(got.size, 1), 1)
        magnitude = np.max(np.abs(np.where(np.isfinite(x), x, 1)).astype(np.longdouble), initial=0)
        if method in PRODUCTS:
            room = room + (2 * terms + 4) * np.finfo(real).eps * np.where(np.isfinite(size), size, 1)
        else:
            power = {"var": 2, "matmul": 2, "matmul_as": 2}.get(method, 1)
            room = room + (terms * 2 + 8) * np.finfo(real).eps * np.maximum(magnitude, 1) ** power * max(
                1, 1 if method in ("mean", "var", "std") else terms / 4
            )
    rounded = want.astype(got.dtype)

    def parts(x):
        return (x.real, x.imag) if x.dtype.kind == "c" else (x,)

    fine = np.ones(got.shape, bool)
    for g, r in zip(parts(got), parts(rounded)):
        same = (g == r) | (np.isnan(g) & np.isnan(r))
        largest = np.finfo(real).max
        edge = np.isinf(g) != np.isinf(r)
        near_edge = edge & (np.minimum(np.abs(g), np.abs(r)) >= largest * (1 - 4 * ulps * np.finfo(real).eps))
        fine &= same | near_edge | (np.isfinite(g) & np.isfinite(r))
    if method in PRODUCTS and got.dtype.kind == "c":
        # Beyond the format, the order of the factors decides which part is infinite and which is NaN.
        fine |= ~np.isfinite(rounded) & ~np.isfinite(got)
    far = np.abs(got.astype(want.dtype) - want) > room
    finite = np.isfinite(np.abs(got)) & np.isfinite(np.abs(rounded))
    bad = (~fine | (finite & far)) & ~left_open(method, got, rounded, args)
    if not np.any(bad):
        return None
    at = tuple(np.argwhere(bad)[0])
    return f"at {at} {got[at]!r} instead of {want[at]!r}"


# --- The run --------------------------------------------------------------------------------------------------------


def argument(given):
    (kind, value), = given.items()
    if kind == "array":
        return array(value)
    if kind == "arrays":
        return [array(part) for part in value]
    if kind == "scalar":
        return array(value)[()].item()
    return option(value) if kind == "option" else None


def first(result):
    return result[0] if isinstance(result, (tuple, list)) else result


def all_whole(args):
    arrays = [x for x in args if isinstance(x, (np.ndarray, int, float, complex))]
    return bool(arrays) and all(np.asarray(x).dtype.kind in "biu" for x in arrays)


def check(call):
    """How a call differs from NumPy's; None where it does not, "skipped" where NumPy has no such call."""
    method, args = call["method"], [argument(given) for given in call["args"]]
    if call["domain"] == "numpy.linalg":
        # Factorisations are no one's but for signs and phases.
        return "skipped"
    transform = call["domain"] == "numpy.fft"
    f = transforms.CALLS[method] if transform else CALLS.get(method) or getattr(np, method, None)
    if f is None:
        return "skipped"
    try:
        plain = f(*args)
        if all_whole(args) and np.asarray(first(plain)).dtype.kind == "f" and method not in OTHER_DTYPE:
            # NumPy takes small integers as small floats; here they become the default float.
            args = [default_float(x) if isinstance(x, np.ndarray) else x for x in args]
            plain = f(*args)
        # An integer beside floats is first rounded to their format.
        dtype = np.asarray(first(plain)).dtype
        mixed = method == "pow" and dtype.kind in "fc"
        rounded = [x.astype(dtype) if mixed and isinstance(x, np.ndarray) and x.dtype.kind in "iu" else x for x in args]
        want = plain if method in SAME_FORMAT else f(*map(wide, rounded))
    except (TypeError, ValueError, OverflowError) as error:
        # NumPy refuses; so must we, or the case is one that we define and it does not.
        return "skipped" if call["error"] or method in OTHER_DTYPE or "not supported" in str(error) else f"NumPy: {error}"
    if plain is None:
        return "skipped"
    if call["error"]:
        return f"error: {call['error']}"
    got = [array(result) for result in call["results"]]
    plain, want = (list(x) if isinstance(x, (tuple, list)) else [x] for x in (plain, want))
    if len(got) != len(want):
        return f"{len(got)} results instead of {len(want)}"
    for g, p, w in zip(got, map(np.asarray, plain), map(np.asarray, want)):
        # NumPy rounds what it transforms from float16 to real numbers; here it is computed in float32, and is.
        halves = transform and p.dtype == np.float16
        if g.dtype != p.dtype and method not in OTHER_DTYPE and not halves:
            return f"dtype {g.dtype} instead of {p.dtype}"
        if g.dtype == p.dtype and np.array_equal(g, p, equal_nan=g.dtype.kind in "fc"):
            continue
        whole = transform and method in transforms.SPECTRA and g.shape == w.shape
        how = transforms.differs(g, w, args) if whole else differs(method, g, w if g.dtype.kind in "fc" else p, args)
        if how:
            return how
    return None


def describe(given):
    (kind, value), = given.items()
    if kind == "array":
        return f"{value['dtype']}{value['shape']}"
    if kind == "arrays":
        return str([f"{part['dtype']}{part['shape']}" for part in value])
    return str(argument(given))


def main():
    np.seterr(all="ignore")
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--kind", default="cpu")
    parser.add_argument("--calls", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("methods", nargs="*")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    seed, counts, failures, skipped = options.seed, {}, {}, {}
    while True:
        command = [options.program, options.kind, str(seed), str(options.calls), *options.methods]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cases:
            for line in cases.stdout:
                call = json.loads(line)
                method = call["method"]
                how = check(call)
                counts[method] = counts.get(method, 0) + (how != "skipped")
                if how == "skipped":
                    skipped[method] = skipped.get(method, 0) + 1
                elif how:
                    failures.setdefault(method, []).append(
                        f"{method}({', '.join(map(describe, call['args']))}), seed {seed}: {how}"
                    )
        if cases.returncode:
            sys.exit(f"{options.program} ended with status {cases.returncode}")
        seed += 1
        if time.monotonic() >= end:
            break
    for told in failures.values():
        for failure in told[:3]:
            print(failure)
        if len(told) > 3:
            print(f"  {len(told) - 3} more")
    none = sorted(method for method, count in counts.items() if count == 0)
    differing = sum(map(len, failures.values()))
    print(
        f"NumPy {np.__version__}, {options.kind}: {sum(counts.values())} calls of {len(counts) - len(none)} methods "
        f"compared, {differing} differ; without a counterpart: {' '.join(none) or 'none'}"
    )
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
