"""Methods beyond arithmetic: what NumPy's users call by name, in NumPy, CuPy and, with all its workers, in SciPy."""

import numpy as np

MI = 1 << 20

# name, shape, dtype, tolerance (absolute plus relative)
CASES = (
    [(op, (16 * MI,), "float32", 0.0) for op in ("sort", "argsort", "unique", "histogram 64", "top 100", "boolean selection", "nonzero")]
    # NumPy sums in single precision, one after the other.
    + [("cumsum", (16 * MI,), "float32", 0.05)]
    + [("median", (16 * MI,), "float32", 1e-6), ("take", (16 * MI,), "float32", 0.0), ("random normal", (16 * MI,), "float32", 0.0)]
    + [("fft", (MI,), "complex64", 1e-2), ("fft rows", (1024, 1024), "complex64", 1e-3), ("fft2", (2048, 2048), "complex64", 1e-2)]
    + [(op, (n, n), "float64", 1e-8) for op in ("svd", "eigh", "qr", "cholesky", "solve") for n in (512, 1024)]
    # Singular values and the last rows of R lose most: as far as LAPACK's own single precision does.
    + [
        (op, (n, n), "float32", tolerance)
        for op, tolerance in (("svd", 1e-4), ("eigh", 1e-4), ("qr", 1e-3), ("cholesky", 1e-5), ("solve", 1e-6))
        for n in (512, 1024)
    ]
    + [("einsum bij,bjk->bik", (64, 128, 128), "float32", 1e-3), ("einsum ij,jk,kl->il", (512, 512), "float32", 1e-2)]
)


def symmetric(x):
    return (x + x.T) / 2


def operands(op, given, shape, dtype):
    """The inputs, where they are not one array of uniform numbers."""
    if dtype == "complex64":
        return [given(0, shape, "float32") + np.complex64(1j) * given(1, shape, "float32")]
    x = given(0, shape, dtype)
    if op == "eigh":
        return [symmetric(x)]
    if op in ("cholesky", "solve"):
        a = symmetric(x) + np.eye(len(x), dtype=x.dtype) * len(x)
        return [a] if op == "cholesky" else [a, given(1, (len(x), 16), dtype)]
    if op == "take":
        # An odd factor: every position once, far from the one before.
        n = len(x)
        return [x, (np.arange(n, dtype=np.int64) * 7368787) % n]
    if op.startswith("einsum"):
        return [given(k, shape, dtype) for k in range(op.split("->")[0].count(",") + 1)]
    return [x]


# As functions of the library, numpy or cupy.
METHODS = {
    "copy": lambda xp, x: x.copy(),
    "sort": lambda xp, x: xp.sort(x),
    # CuPy's is stable in any case.
    "argsort": lambda xp, x: xp.argsort(x, kind="stable"),
    "unique": lambda xp, x: xp.unique(x),
    "histogram 64": lambda xp, x: xp.histogram(x, 64, (-1, 1))[0],
    "top 100": lambda xp, x: xp.sort(xp.partition(x, len(x) - 100)[-100:])[::-1],
    "boolean selection": lambda xp, x: x[x > 0.25],
    "nonzero": lambda xp, x: xp.nonzero(x > 0.25)[0],
    "cumsum": lambda xp, x: xp.cumsum(x),
    "median": lambda xp, x: xp.median(x),
    "take": lambda xp, x, at: xp.take(x, at),
    "fft": lambda xp, x: xp.fft.fft(x),
    "fft rows": lambda xp, x: xp.fft.fft(x),
    "fft2": lambda xp, x: xp.fft.fft2(x),
    "svd": lambda xp, x: xp.linalg.svd(x, full_matrices=False)[1],
    "eigh": lambda xp, x: xp.linalg.eigh(x)[0],
    "qr": lambda xp, x: abs(xp.linalg.qr(x)[1]),
    "cholesky": lambda xp, x: xp.linalg.cholesky(x),
    "solve": lambda xp, a, b: xp.linalg.solve(a, b),
}


def body(op, xp=np):
    if op == "random normal":
        philox = xp.random.Philox if xp is np else xp.random.Philox4x3210
        random = xp.random.Generator(philox(1))
        return lambda x: random.standard_normal(x.shape, dtype=x.dtype)
    if op.startswith("einsum"):
        subscripts = op.split(" ")[1]
        return lambda *xs: xp.einsum(subscripts, *xs, optimize=True)
    return METHODS.get(op) and (lambda *xs: METHODS[op](xp, *xs))


def scipy_body(op):
    import scipy.fft

    if op in ("fft", "fft rows"):
        return lambda x: scipy.fft.fft(x, workers=-1)
    if op == "fft2":
        return lambda x: scipy.fft.fft2(x, workers=-1)
    return None
