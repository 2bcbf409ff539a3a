"""The methods and attributes of arrays beside those of NumPy's."""

import numpy as np
import pytest

import polyarray as xp

X = np.array([[3.0, -1.0, 2.5], [0.5, 4.0, -2.0]])
I = np.array([[3, 1, 2], [3, 0, 1]])
B = X > 0
Z = np.array([1 + 2j, 3 - 1j])
S = np.arange(24.0).reshape(2, 1, 3, 4)

CALLS = [
    lambda a: a(X).sum(), lambda a: a(X).sum(axis=1, keepdims=True), lambda a: a(X).sum(0), lambda a: a(I).sum(axis=(0, 1)),
    lambda a: a(X).mean(), lambda a: a(X).mean(axis=0), lambda a: a(I).mean(1), lambda a: a(X).std(axis=0, ddof=1), lambda a: a(X).var(1),
    lambda a: a(X).prod(axis=0), lambda a: a(I).prod(), lambda a: a(X).max(axis=1), lambda a: a(X).min(), lambda a: a(X).argmax(),
    lambda a: a(X).argmin(axis=1), lambda a: a(B).any(axis=0), lambda a: a(B).all(), lambda a: a(X).all(axis=1),
    lambda a: a(X).cumsum(), lambda a: a(X).cumsum(axis=1), lambda a: a(I).cumprod(axis=0), lambda a: a(X).argsort(), lambda a: a(X).argsort(axis=0),
    lambda a: a(X).argsort(axis=None), lambda a: a(I).argsort(kind="stable"), lambda a: a(X).clip(0, 2), lambda a: a(X).clip(max=1.0), lambda a: a(X).clip(min=0),
    lambda a: a(X).round(), lambda a: a(X * 1.2345).round(2), lambda a: a(X).astype("float32"), lambda a: a(I).astype(np.float64),
    lambda a: a(X).reshape(3, 2), lambda a: a(X).reshape((3, -1)), lambda a: a(X).reshape(-1), lambda a: a(X).reshape(3, 2, order="F"), lambda a: a(X).reshape(6),
    lambda a: a(X).transpose(), lambda a: a(X).transpose(1, 0), lambda a: a(S).transpose((3, 0, 2, 1)), lambda a: a(S).transpose(None), lambda a: a(S).swapaxes(0, 2),
    lambda a: a(X).ravel(), lambda a: a(X).ravel("F"), lambda a: a(X).flatten(), lambda a: a(X).flatten("F"), lambda a: a(X).copy(),
    lambda a: a(S).squeeze(), lambda a: a(S).squeeze(1), lambda a: a(S).squeeze(axis=(1,)), lambda a: a(X).take([0, 2], axis=1), lambda a: a(X).take(a(np.array([5, 0]))),
    lambda a: a(X).take([[0, 1], [2, 3]]), lambda a: a(S).take([[0, 1], [2, 0]], axis=-2), lambda a: a(X).take([7, -9], mode="clip"), lambda a: a(X).repeat(2), lambda a: a(X).repeat(2, axis=0),
    lambda a: a(X).repeat([1, 0, 2], axis=1), lambda a: a(X).dot(a(X.T)), lambda a: a(X[0]).dot(a(X[1])), lambda a: a(Z).conj(), lambda a: a(Z).conjugate(),
    lambda a: a(Z).real, lambda a: a(Z).imag, lambda a: a(X).imag, lambda a: a(X).T, lambda a: a(S).mT, lambda a: a(X).trace(), lambda a: a(X).diagonal(), lambda a: a(X).diagonal(1),
    lambda a: a(X).compress([False, True], axis=0), lambda a: a(X).compress([True, False, True]), lambda a: a(np.array([1.0, 2.0, 3.0])).searchsorted(a(np.array([0.5, 2.0]))),
    lambda a: a(np.array([1.0, 2.0, 3.0])).searchsorted(2.0, side="right"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_the_same_method(number, device, values):
    call = CALLS[number]
    want = call(np.asarray)
    got = call(lambda value: xp.asarray(value, device=device))
    assert isinstance(got, xp.Array) and got.device == device
    assert got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_allclose(values(got), want, rtol=1e-12)


PLAIN = [
    lambda x: x.tolist(), lambda x: x[1, 2].item(), lambda x: x.nbytes, lambda x: x.itemsize, lambda x: x.size, lambda x: x.ndim, lambda x: x.shape,
    lambda x: x.strides, lambda x: x.T.strides, lambda x: x[:, ::-2].strides, lambda x: x.tobytes(), lambda x: x.T.tobytes(), lambda x: list(x.flat), lambda x: len(x),
    lambda x: [part.tolist() for part in x.nonzero()], lambda x: [row.tolist() for row in x], lambda x: hasattr(x, "ptp"), lambda x: hasattr(x, "_none"), lambda x: hasattr(x, "none"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(PLAIN)))
def test_the_same_object(number, device):
    assert PLAIN[number](xp.asarray(X, device=device)) == PLAIN[number](X)


def test_methods_that_change_the_array(device, values):
    n, x = X.copy(), xp.asarray(X, device=device, copy=True)
    for a in (n, x):
        assert a.sort() is None
    np.testing.assert_array_equal(values(x), n)
    for a in (n, x):
        assert a.sort(axis=0) is None
        assert a.fill(2.5) is None
    np.testing.assert_array_equal(values(x), n)
    assert X[0, 0] == 3


def test_methods_are_functions_of_an_object():
    x = xp.asarray(X)
    assert x.sum.__self__ is x and "axis" in x.sum.__doc__
    assert x.exp().tolist() == xp.exp(x).tolist()
    with pytest.raises(TypeError):
        x.clip(0, 1, out=x)
    with pytest.raises(AttributeError, match="no attribute 'ptp'"):
        x.ptp()


def test_limits_and_casts_are_numpy_s():
    for dtype in xp._DTYPES:
        kind = np.dtype(dtype).kind
        if kind in "fc":
            ours, theirs = xp.finfo(dtype), np.finfo(dtype)
            for name in ("bits", "eps", "max", "min", "smallest_normal", "smallest_subnormal", "tiny"):
                assert getattr(ours, name) == getattr(theirs, name), (dtype, name)
            assert ours.dtype == theirs.dtype
            assert xp.finfo(xp.ones(1, dtype=dtype)).eps == ours.eps
        elif kind in "iu":
            ours, theirs = xp.iinfo(dtype), np.iinfo(dtype)
            assert (ours.bits, ours.max, ours.min, ours.dtype) == (theirs.bits, theirs.max, theirs.min, theirs.dtype)
        if dtype == "float16":
            continue
        for other in xp._DTYPES:
            assert xp.result_type(dtype, other) == np.result_type(dtype, other), (dtype, other)
            # Promotion does not see that a cast loses digits of large integers.
            if not (kind in "iu" and np.dtype(other).kind in "fc"):
                assert xp.can_cast(dtype, other) == np.can_cast(dtype, other), (dtype, other)
    for wrong in (lambda: xp.finfo("int8"), lambda: xp.iinfo("float32"), lambda: xp.iinfo(xp.ones(1, dtype="bool"))):
        with pytest.raises(TypeError):
            wrong()
