"""Functions of NumPy that are Python around others: the same call on NumPy and on ours gives the same."""

import numpy as np
import pytest

import polyarray as xp

X = np.array([[3.0, -1.0, 2.5], [0.5, 4.0, -2.0]])
CUBE = np.arange(24.0).reshape(2, 3, 4)
Z = np.array([1 + 1e-15j, 2 - 1e-15j])

CALLS = [
    lambda m, a: m.apply_along_axis(lambda row: m.sum(row), 1, a(CUBE)),
    lambda m, a: m.apply_along_axis(lambda row: m.outer(row, row), 1, a(CUBE)),
    lambda m, a: m.apply_along_axis(lambda row: m.flip(row), -1, a(CUBE)),
    lambda m, a: m.apply_along_axis(lambda row, by: row * by, 0, a(X), 3.0),
    lambda m, a: m.apply_over_axes(m.sum, a(CUBE), [0, 2]),
    lambda m, a: m.block([[a(X), a(X)], [a(X) * 2, a(X)]]),
    lambda m, a: m.block([a(X[0]), a(X[1])]),
    lambda m, a: m.block([[a(CUBE)], [a(CUBE)]]),
    lambda m, a: m.piecewise(a(X), [a(X) < 0, a(X) > 2], [lambda v: -v, 7.0]),
    lambda m, a: m.piecewise(a(X[0]), a(X[0]) < 0, [-1.0, lambda v: v * 10]),
    lambda m, a: m.fromfunction(lambda i, j: i * 10 + j, (2, 3)),
    lambda m, a: m.fromiter(iter([1, 2, 3]), "int64"),
    lambda m, a: m.frombuffer(b"\x01\x02\x03\x04", "uint8", offset=1),
    lambda m, a: m.rollaxis(a(CUBE), 2),
    lambda m, a: m.rollaxis(a(CUBE), 0, 3),
    lambda m, a: m.rollaxis(a(CUBE), 2, -1),
    lambda m, a: m.real_if_close(a(Z)),
    lambda m, a: m.real_if_close(a(Z), tol=1e-18),
    lambda m, a: m.sort_complex(a(np.array([2 + 1j, 1 - 1j, 2 - 1j]))),
    lambda m, a: m.asarray_chkfinite(a(X)),
    lambda m, a: m.ascontiguousarray(a(X).T),
    lambda m, a: m.tril_indices(3, -1, 4)[1],
    lambda m, a: m.triu_indices(3, 1)[0],
    lambda m, a: a(X @ X.T)[m.tril_indices_from(a(X @ X.T))],
    lambda m, a: a(X)[m.triu_indices_from(a(X), 1)],
    lambda m, a: m.diag_indices(3)[1],
    lambda m, a: a(X @ X.T)[m.diag_indices_from(a(X @ X.T))],
    lambda m, a: m.mask_indices(3, m.triu, 1)[0],
    lambda m, a: m.row_stack([a(X), a(X)]) if hasattr(m, "row_stack") else m.vstack([a(X), a(X)]),
    lambda m, a: m.geomspace(1.0, 256.0, 9),
    lambda m, a: m.bartlett(6),
    lambda m, a: m.blackman(6),
    lambda m, a: m.hamming(6),
    lambda m, a: m.hanning(6),
    lambda m, a: m.kaiser(6, 8.6),
    lambda m, a: m.polyfit(a(np.arange(5.0)), a(np.arange(5.0) ** 2), 2),
    lambda m, a: m.sort(m.roots(a(np.array([1.0, -3.0, 2.0])))),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
@pytest.mark.filterwarnings("ignore:.*row_stack.*")
def test_the_same_call(number, device, values):
    want = CALLS[number](np, np.asarray)
    with xp.set_backend("cpu" if device == "host" else "gpu"):
        got = CALLS[number](xp, lambda value: xp.asarray(value, device=device))
    assert isinstance(got, xp.Array) and got.device == device
    kinds = (want.dtype.kind, got.dtype.kind)
    assert got.dtype == want.dtype or kinds == ("f", "c"), (got.dtype, want.dtype)
    np.testing.assert_allclose(values(got), want, rtol=1e-12, atol=1e-12)


def test_values_are_put_into_an_array(device, values):
    x = xp.asarray(X, device=device)
    xp.copyto(x, -1.0, where=x > 2)
    np.testing.assert_array_equal(values(x), np.where(X > 2, -1.0, X))
    xp.copyto(x, xp.asarray(X[0], device=device))
    np.testing.assert_array_equal(values(x), np.stack([X[0], X[0]]))
    with pytest.raises(TypeError, match="copyto"):
        xp.copyto(xp.asarray([1, 2], device=device), xp.asarray([1.5, 2.5], device=device))


def test_dtypes():
    x, i = xp.asarray(X, dtype="float32"), xp.asarray([1, 2], dtype="uint8")
    assert xp.promote_types("int8", "uint8") == np.int16
    assert xp.common_type(x, i) is np.common_type(np.zeros(1, "f4"), np.zeros(1, "u1"))
    assert xp.min_scalar_type(300) == np.uint16 and xp.min_scalar_type(i) == np.uint8
    assert xp.iscomplexobj(xp.asarray([1j])) and not xp.iscomplexobj(x) and xp.isrealobj(x)
    assert xp.isscalar(3.0) and not xp.isscalar(x)
    assert xp.issubdtype(x.dtype, np.floating)
    path, text = xp.einsum_path("ij,jk,kl->il", x, x.T, x)
    assert path[0] == "einsum_path" and "FLOP" in text


def test_files(device, values, tmp_path):
    x, i = xp.asarray(X, device=device), xp.asarray([1, 2, 3], dtype="int16", device=device)
    xp.save(tmp_path / "x.npy", x)
    assert xp.load(tmp_path / "x.npy", device=device).device == device
    np.testing.assert_array_equal(values(xp.load(tmp_path / "x.npy", mmap_mode="r")), X)
    for write in (xp.savez, xp.savez_compressed):
        write(tmp_path / "all.npz", x, i=i)
        back = xp.load(tmp_path / "all.npz", device=device)
        assert sorted(back) == ["arr_0", "i"] and back["i"].dtype == np.int16
        np.testing.assert_array_equal(values(back["arr_0"]), X)


def test_what_does_not_fit_is_an_error():
    x = xp.asarray(X)
    with pytest.raises(ValueError, match="depths"):
        xp.block([[x], x])
    with pytest.raises(ValueError, match="empty"):
        xp.block([])
    with pytest.raises(ValueError, match="piecewise"):
        xp.piecewise(x, [x > 0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="apply_along_axis"):
        xp.apply_along_axis(xp.sum, 0, xp.zeros((3, 0)))
    with pytest.raises(ValueError, match="diag_indices_from"):
        xp.diag_indices_from(x)
    with pytest.raises(ValueError, match="infs"):
        xp.asarray_chkfinite([1.0, np.nan])


def test_generators_draw_what_numpy_s_do(device, values):
    rng = xp.random.default_rng(5, device=device)
    x = xp.asarray(np.arange(12).reshape(3, 4), device=device)
    rows = values(rng.permuted(x, axis=1))
    np.testing.assert_array_equal(np.sort(rows, axis=1), values(x))
    np.testing.assert_array_equal(np.sort(values(rng.permuted(x)), axis=None), np.arange(12))
    mean, cov = (xp.asarray(x, device=device) for x in ([1.0, -2.0], [[2.0, 0.5], [0.5, 1.0]]))
    drawn = values(rng.multivariate_normal(mean, cov, size=20_000))
    np.testing.assert_allclose(drawn.mean(axis=0), [1.0, -2.0], atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), [[2.0, 0.5], [0.5, 1.0]], atol=0.08)
    shares = np.bincount(values(rng.choice(3, size=10_000, p=[0.2, 0.0, 0.8])), minlength=3) / 10_000
    np.testing.assert_allclose(shares, [0.2, 0.0, 0.8], atol=0.02)
    assert sorted(values(rng.choice(3, size=2, replace=False, p=[0.5, 0.0, 0.5]))) == [0, 2]
    colours = values(rng.multivariate_hypergeometric([5, 3, 2], 4, size=100))
    assert colours.shape == (100, 3) and (colours.sum(axis=1) == 4).all() and (colours <= [5, 3, 2]).all()
    # The mean of Fisher's noncentral F: d2 (d1 + nonc) / (d1 (d2 - 2)).
    np.testing.assert_allclose(values(rng.noncentral_f(4.0, 12.0, 2.0, size=40_000)).mean(), 1.8, atol=0.06)
