"""Methods beyond arithmetic: what NumPy's users call by name, in NumPy and, with all its workers, in SciPy."""

import numpy as np

MI = 1 << 20

# name, shape, dtype, tolerance (absolute plus relative)
CASES = (
    [(op, (16 * MI,), "float32", 0.0) for op in ("sort", "argsort", "unique", "histogram 64", "top 100", "boolean selection")]
    # NumPy sums in single precision, one after the other.
    + [("cumsum", (16 * MI,), "float32", 0.05)]
    + [("median", (16 * MI,), "float32", 1e-6), ("take", (16 * MI,), "float32", 0.0), ("random normal", (16 * MI,), "float32", 0.0)]
    + [("fft", (MI,), "complex64", 1e-2), ("fft rows", (1024, 1024), "complex64", 1e-3), ("fft2", (2048, 2048), "complex64", 1e-2)]
    + [(op, (n, n), "float64", 1e-8) for op in ("svd", "eigh", "qr", "cholesky", "solve") for n in (512, 1024)]
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
        a = symmetric(x) + np.eye(len(x)) * len(x)
        return [a] if op == "cholesky" else [a, given(1, (len(x), 16), dtype)]
    if op == "take":
        # An odd factor: every position once, far from the one before.
        n = len(x)
        return [x, (np.arange(n, dtype=np.int64) * 7368787) % n]
    if op.startswith("einsum"):
        return [given(k, shape, dtype) for k in range(op.split("->")[0].count(",") + 1)]
    return [x]


NUMPY = {
    "sort": np.sort,
    "argsort": lambda x: np.argsort(x, stable=True),
    "unique": np.unique,
    "histogram 64": lambda x: np.histogram(x, 64, (-1, 1))[0],
    "top 100": lambda x: np.sort(np.partition(x, len(x) - 100)[-100:])[::-1],
    "boolean selection": lambda x: x[x > 0.25],
    "cumsum": np.cumsum,
    "median": np.median,
    "take": np.take,
    "fft": np.fft.fft,
    "fft rows": np.fft.fft,
    "fft2": np.fft.fft2,
    "svd": lambda x: np.linalg.svd(x, full_matrices=False)[1],
    "eigh": lambda x: np.linalg.eigh(x)[0],
    "qr": lambda x: abs(np.linalg.qr(x)[1]),
    "cholesky": np.linalg.cholesky,
    "solve": np.linalg.solve,
}


def body(op):
    if op == "random normal":
        random = np.random.Generator(np.random.Philox(1))
        return lambda x: random.standard_normal(x.shape, dtype=x.dtype)
    if op.startswith("einsum"):
        subscripts = op.split(" ")[1]
        return lambda *xs: np.einsum(subscripts, *xs, optimize=True)
    return NUMPY.get(op)


def scipy_body(op):
    import scipy.fft

    if op in ("fft", "fft rows"):
        return lambda x: scipy.fft.fft(x, workers=-1)
    if op == "fft2":
        return lambda x: scipy.fft.fft2(x, workers=-1)
    return None
