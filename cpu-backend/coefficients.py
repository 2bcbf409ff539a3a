"""Derives the polynomials of src/functions.rs: minimax in the relative error of the whole function, by Remez'
exchange in 60 digits, then rounded. Needs Python with mpmath."""

import struct
from mpmath import mp, mpf, lu_solve, matrix, exp, sin, sqrt, log, cos, pi

mp.dps = 60


def rounded(x, bits):
    if bits == 24:
        return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])
    return mpf(float(x))


def shortest(x, bits):
    """The fewest digits that read back as this number."""
    return next(t for t in (f"{float(x):.{d}g}" for d in range(1, 18)) if rounded(mpf(t), bits) == x)


def remez(target, weight, powers, low, high, rounds=12):
    """Coefficients c of sum c_i x^powers_i next to target(x), the error measured in 1 / weight(x)."""
    n = len(powers)
    xs = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * (n + 1))) for i in range(n + 1)]
    xs.sort()
    grid = [low + (high - low) * (mpf(i) + mpf("0.37")) / 600 for i in range(600)]
    for _ in range(rounds):
        a = matrix(n + 1, n + 1)
        b = matrix(n + 1, 1)
        for i, x in enumerate(xs):
            for j, p in enumerate(powers):
                a[i, j] = x**p
            a[i, n] = (-1) ** i * weight(x)
            b[i] = target(x)
        s = lu_solve(a, b)
        c = [s[j] for j in range(n)]

        def error(x):
            return (sum(k * x**p for k, p in zip(c, powers)) - target(x)) / weight(x)

        es = [(error(x), x) for x in [low] + grid + [high]]
        runs = []
        for e, x in es:
            if runs and (runs[-1][0] > 0) == (e > 0):
                if abs(e) > abs(runs[-1][0]):
                    runs[-1] = (e, x)
            else:
                runs.append((e, x))
        if len(runs) < n + 1:
            break
        while len(runs) > n + 1:
            runs.pop(0 if abs(runs[0][0]) < abs(runs[-1][0]) else -1)
        xs = [x for _, x in runs]
    return c, max(abs(e) for e, _ in es)


def fit(name, target, weight, count, low, high, bits):
    low, high = mpf(low), mpf(high)
    exact, best = remez(target, weight, range(count), low, high)
    fixed = [rounded(k, bits) for k in exact]
    worst = max(
        abs((sum(k * x**p for p, k in enumerate(fixed)) - target(x)) / weight(x))
        for x in [low + (high - low) * (mpf(i) + mpf("0.37")) / 2000 for i in range(2000)]
    )
    print(f"{name}: error 2^{float(log(best, 2)):.1f} before, 2^{float(log(worst, 2)):.1f} after rounding")
    for k in fixed:
        print(f"    {shortest(k, bits)},")


half_ln2 = log(2) / 2 * mpf("1.001")
tiny = mpf(10) ** -12


def exp_tail(x):
    """(e^x - 1 - x) / x^2"""
    if abs(x) < mpf("1e-8"):
        return mpf(1) / 2 + x / 6 + x**2 / 24 + x**3 / 120
    return (exp(x) - 1 - x) / x**2


def sin_tail(z):
    """(sin x - x) / x^3 of z = x^2"""
    if z < mpf("1e-10"):
        return -mpf(1) / 6 + z / 120 - z**2 / 5040
    x = sqrt(z)
    return (sin(x) - x) / x**3


def cos_tail(z):
    """(cos x - 1 + x^2 / 2) / x^4 of z = x^2"""
    if z < mpf("1e-10"):
        return mpf(1) / 24 - z / 720 + z**2 / 40320
    return (cos(sqrt(z)) - 1 + z / 2) / z**2


def exp_weight(x):
    """An error e of the tail is x^2 e of e^x; measured against e^x - 1 too, for tanh."""
    return 1 / max(abs(x), tiny)


def sin_weight(z):
    x = sqrt(z)
    return sin(x) / x**3 if x > tiny else mpf(10) ** 24


def cos_weight(z):
    return cos(sqrt(z)) / z**2


if __name__ == "__main__":
    low, angle = mpf("1e-8"), (pi / 4 * mpf("1.02")) ** 2
    for name, bits, e, s, c in (("f32", 24, 5, 3, 3), ("f64", 53, 10, 6, 6)):
        fit(f"exp {name}", exp_tail, exp_weight, e, -half_ln2, half_ln2, bits)
        fit(f"sin {name}", sin_tail, sin_weight, s, low, angle, bits)
        fit(f"cos {name}", cos_tail, cos_weight, c, low, angle, bits)
    for bits, name in ((24, "f32"), (53, "f64")):
        rest = +log(2)
        a = rounded(rest, bits)
        b = rounded(rest - a, bits)
        print(name, "ln2", shortest(a, bits), shortest(b, bits))
        parts, rest = [], pi / 2
        for _ in range(3):
            parts.append(rounded(rest, bits))
            rest -= parts[-1]
        print(name, "pi/2", [shortest(p, bits) for p in parts])
