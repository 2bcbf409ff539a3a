"""Writes arrays and what NumPy prints of them, the cases of printing.rs: python printing.py CASES SEED LONGEST > printing.txt

A line is: dtype, shape, options, the elements' bits (repeated over the shape), and the text, separated by tabs.
"""
import random
import sys

import numpy as np

FLOATS = {"float16": ("<u2", 16, 10, 15), "float32": ("<u4", 32, 23, 127), "float64": ("<u8", 64, 52, 1023)}
PARTS = {"complex64": "float32", "complex128": "float64"}
INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
SHAPES = [(), (1,), (1,), (2,), (3,), (7,), (12,), (40,), (2, 3), (4, 1), (3, 4), (2, 2, 2), (1, 5, 1), (2, 1, 3, 2)]
LONG = [(1001,), (1001,), (40, 30), (3, 400), (400, 3), (11, 10, 10), (2, 600, 1), (1, 1, 1001), (7, 7, 7, 7)]
EMPTY = [(0,), (2, 0, 3)]


def real(rng, dtype, family):
    """One number's bits: of any magnitude, decimal, whole, around 10^k, special, or random bits."""
    unsigned, bits, mantissa, bias = FLOATS[dtype]
    as_bits = lambda v: int(np.array(v, dtype).view(unsigned))
    sign = rng.random() < 0.4
    if family == "mixed":
        family = rng.choice(["bits", "power", "decimal", "whole", "near", "special", "tie"])
    if family == "bits":
        return rng.getrandbits(bits)
    if family == "power":
        return rng.randint(1, 2 * bias) << mantissa | sign << (bits - 1)
    if family == "special":
        return as_bits(rng.choice([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0]))
    if family == "decimal":
        value = rng.randint(0, 10 ** rng.randint(1, 8)) / 10 ** rng.randint(0, 10)
    elif family == "whole":
        value = rng.randint(0, 10 ** rng.randint(1, 18))
    elif family == "near":
        value = 10.0 ** rng.randint(-6, 17) * rng.choice([1, 1, 0.99999999, 1.0000001, 0.5, 5])
    elif family == "tie":
        value = rng.randint(0, 4000) / 2 ** rng.randint(0, 12)
    else:
        value = rng.gauss(0, 1)
    with np.errstate(over="ignore"):
        return as_bits(-value if sign else value)


def elements(rng, dtype, count):
    if dtype == "bool":
        return np.array([rng.random() < 0.5 for _ in range(count)])
    if dtype in INTS:
        info = np.iinfo(dtype)
        few = rng.random() < 0.5
        low, high = (max(info.min, -20), 120) if few else (info.min, info.max)
        return np.array([rng.randint(low, high) for _ in range(count)], dtype)
    families = ["mixed", "bits", "power", "decimal", "whole", "near", "special", "tie", "normal", "normal"]
    part = PARTS.get(dtype, dtype)
    count *= 1 + (dtype in PARTS)
    family = rng.choice(families)
    return np.array([real(rng, part, family) for _ in range(count)], FLOATS[part][0]).view(dtype)


def case(rng, longest):
    dtype = rng.choice(["bool", *INTS[::3], *FLOATS, *FLOATS, *PARTS, *PARTS])
    shape = rng.choice(rng.choice([SHAPES] * 12 + [LONG] * 3 + [EMPTY]))
    size = int(np.prod(shape, dtype=int))
    some = elements(rng, dtype, max(1, min(size, rng.randint(1, 24))))
    array = np.resize(some, shape)
    options, how = "", {}
    if rng.random() < 0.2:
        how["sign"] = "+"
        options += "+"
    if rng.random() < 0.1 and size <= 1201:
        how["threshold"] = sys.maxsize
        options += "#"
    if rng.random() < 0.3:
        how.update(precision=rng.choice([0, 1, 2, 3, 5, 9, 12, 17]), floatmode="fixed")
        options += f".{how['precision']}"
    if shape != () and how:
        text = np.array2string(array, **how)
    elif "precision" in how and array.dtype.kind in "fc":
        text = format(array.item(), how.get("sign", "") + f".{how['precision']}f")  # a number, not a column
    else:
        text = str(array)
        if "sign" in how and array.dtype.kind != "b":
            text = text.replace("(", "(+", 1).replace("+-", "-") if text[0] == "(" else f"+{text}".replace("+-", "-")
    bits = some.tobytes().hex()
    line = "\t".join([dtype, ",".join(map(str, shape)), options, bits, text.replace("\n", "\\n")])
    if len(line) <= longest:
        print(line)


def main():
    cases, seed, longest = map(int, sys.argv[1:])
    print("#", "NumPy", np.__version__)
    rng = random.Random(seed)
    with np.errstate(all="ignore"):
        for _ in range(cases):
            case(rng, longest)


main()
