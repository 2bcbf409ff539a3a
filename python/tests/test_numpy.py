"""NumPy's forms of functions: the same call on NumPy and on ours gives the same."""

import numpy as np
import pytest

import polyarray as xp

X = np.array([[3.0, -1.0, 2.5], [0.5, 4.0, -2.0]])
I = np.array([3, 1, 2, 3, 0, 1])
MASK = X > 0

CALLS = [
    lambda m, a: m.sum(a(X), axis=1, keepdims=True),
    lambda m, a: m.sum(a(X), where=a(MASK), initial=10.0),
    lambda m, a: m.max(a(X), axis=0, where=a(MASK), initial=-5.0),
    lambda m, a: m.sum(a(I), dtype="uint8"),
    lambda m, a: m.prod(a(X), axis=0, initial=2.0),
    lambda m, a: m.mean(a(X), axis=(0, 1)),
    lambda m, a: m.std(a(X), axis=0, ddof=1),
    lambda m, a: m.any(a(MASK), axis=0),
    lambda m, a: m.clip(a(X), None, 1.0),
    lambda m, a: m.where(a(MASK), a(X), 0.0),
    lambda m, a: m.concatenate([a(X), a(X)], axis=1),
    lambda m, a: m.quantile(a(X), [0.25, 0.5], axis=1, method="hazen"),
    lambda m, a: m.median(a(X), axis=0),
    lambda m, a: m.histogram(a(X), bins=3, range=(-3, 4))[0],
    lambda m, a: m.histogram2d(a(X)[0], a(X)[1], bins=[2, 3])[0],
    lambda m, a: m.bincount(a(I), minlength=7),
    lambda m, a: m.bincount(a(I), weights=a(np.arange(6.0))),
    lambda m, a: m.unique(a(I)),
    lambda m, a: m.unique(a(I), return_counts=True)[1],
    lambda m, a: m.unique(a(I), return_inverse=True)[1],
    lambda m, a: m.searchsorted(a(np.array([1.0, 2.0, 3.0])), a(np.array([0.5, 2.0])), side="right"),
    lambda m, a: m.diff(a(X), axis=0, prepend=0),
    lambda m, a: m.diff(a(X), 2),
    lambda m, a: m.diff(a(X), 1, 0),
    lambda m, a: m.cumsum(a(X)),
    lambda m, a: m.argsort(a(X), 0, "stable"),
    lambda m, a: m.sort(a(X), axis=None),
    lambda m, a: m.cov(a(X), bias=True),
    lambda m, a: m.cov(a(X), rowvar=False),
    lambda m, a: m.repeat(a(I), 2),
    lambda m, a: m.tile(a(X), (2, 1)),
    lambda m, a: m.roll(a(X), 1, axis=1),
    lambda m, a: m.pad(a(X), ((1, 0), (0, 2)), mode="reflect"),
    lambda m, a: m.gradient(a(X), axis=1),
    lambda m, a: m.trapezoid(a(X), dx=0.5),
    lambda m, a: m.interp(a(np.array([0.5, 1.5])), a(np.array([0.0, 1.0, 2.0])), a(np.array([1.0, 3.0, 2.0]))),
    lambda m, a: m.einsum("ij,kj->ik", a(X), a(X)),
    lambda m, a: m.tensordot(a(X), a(X), axes=([1], [1])),
    lambda m, a: m.meshgrid(a(I), a(X)[0], indexing="ij")[1],
    lambda m, a: m.take(a(X), a(np.array([0, 2])), axis=1),
    lambda m, a: m.select([a(X) > 1, a(X) < 0], [a(X), -a(X)], 7.0),
    lambda m, a: m.average(a(X), axis=1, weights=a(np.array([1.0, 2.0, 3.0]))),
    lambda m, a: m.cumsum(a(X), axis=1),
    lambda m, a: m.round(a(X * 1.2345), 2),
    lambda m, a: m.reshape(a(X), (3, 2), order="F"),
    lambda m, a: m.linspace(0, 1, 5, endpoint=False),
    lambda m, a: m.logspace(0, 2, 3),
    lambda m, a: m.arange(5, 0, -2),
    lambda m, a: m.zeros_like(a(X), shape=(4,)),
    lambda m, a: m.linalg.norm(a(X), axis=1),
    lambda m, a: m.linalg.solve(a(X[:, :2]), a(X[:, 2])),
    lambda m, a: m.linalg.svd(a(X), full_matrices=False)[1],
    lambda m, a: m.linalg.eigvalsh(a(X @ X.T)),
    lambda m, a: m.fft.rfft(a(X), axis=0, norm="ortho"),
    lambda m, a: m.fft.fftfreq(7, d=0.1),
    lambda m, a: a(X).T @ a(X),
    lambda m, a: a(X).sum(axis=0),
    lambda m, a: a(X).reshape((3, 2)),
    lambda m, a: a(I).argsort(stable=True),
    lambda m, a: 2 ** a(X) // 3 % 2,
    lambda m, a: np.add.reduce(a(X), axis=1),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_the_same_call(number, device, values):
    call = CALLS[number]
    want = call(np, np.asarray)
    with xp.set_backend("cpu" if device == "host" else "gpu"):
        got = call(xp, lambda value: xp.asarray(value, device=device))
    assert isinstance(got, xp.Array) and got.device == device
    assert got.dtype == want.dtype or want.dtype == np.int32, (got.dtype, want.dtype)
    np.testing.assert_allclose(values(got), want, rtol=1e-12, atol=1e-12)
