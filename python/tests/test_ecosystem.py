"""Other libraries on our arrays: SciPy's transforms, scikit-learn, einops, Dask and xarray."""

import numpy as np
import pytest

import polyarray as xp

scipy_fft = pytest.importorskip("scipy.fft")


@pytest.mark.parametrize("name", "fft ifft rfft hfft ihfft fft2 ifft2 fftn rfftn rfft2 dct idct dst idst dctn idctn dstn idstn".split())
def test_scipy_s_transforms_run_where_the_array_lives(name, device, values):
    from polyarray import scipy_fft as backend

    data = np.random.default_rng(0).normal(size=(6, 8))
    x = xp.asarray(data, device=device)
    want = getattr(scipy_fft, name)(data)
    with scipy_fft.set_backend(backend):
        got = getattr(scipy_fft, name)(x)
    assert isinstance(got, xp.Array) and got.device == device
    np.testing.assert_allclose(values(got), want, atol=1e-12)


def test_scipy_goes_on_where_numpy_s_arrays_are_not_taken():
    from polyarray import scipy_fft as backend

    data = np.arange(8.0)
    with scipy_fft.set_backend(backend):
        assert isinstance(scipy_fft.fft(data), np.ndarray)
    with scipy_fft.set_backend(backend, coerce=True):
        assert isinstance(scipy_fft.fft(data), xp.Array)
        with pytest.raises(Exception):
            scipy_fft.fft(data.astype("longdouble"))


def test_einops(device, values):
    einops = pytest.importorskip("einops.array_api")
    data = np.arange(24.0).reshape(2, 3, 4)
    x = xp.asarray(data, device=device)
    np.testing.assert_array_equal(values(einops.rearrange(x, "a b c -> (c a) b")), data.transpose(2, 0, 1).reshape(8, 3))
    np.testing.assert_array_equal(values(einops.reduce(x, "a b c -> b", "sum")), data.sum(axis=(0, 2)))
    np.testing.assert_array_equal(values(einops.repeat(x, "a b c -> a 2 b c")), np.repeat(data[:, None], 2, axis=1))


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 5)) * [5, 3, 2, 1, 0.5]
    return x, x @ [1.0, -2, 0.5, 0, 3] + 0.1 * rng.normal(size=60), (x[:, 0] > 0).astype(np.int64)


@pytest.mark.parametrize("solver", ["full", "randomized"])
def test_pca(problem, device, values, solver):
    sklearn = pytest.importorskip("sklearn")
    from sklearn.decomposition import PCA

    x = problem[0]
    options = dict(n_components=3, svd_solver=solver, random_state=0, power_iteration_normalizer="QR")
    want = PCA(**options).fit(x)
    with sklearn.config_context(array_api_dispatch=True):
        got = PCA(**options).fit(xp.asarray(x, device=device))
        moved = got.transform(xp.asarray(x, device=device))
    assert isinstance(got.components_, xp.Array) and got.components_.device == device
    np.testing.assert_allclose(values(got.explained_variance_), want.explained_variance_, rtol=1e-8)
    np.testing.assert_allclose(np.abs(values(moved)), np.abs(want.transform(x)), atol=1e-7)


def test_ridge(problem, device, values):
    sklearn = pytest.importorskip("sklearn")
    from sklearn.linear_model import Ridge

    x, y, _ = problem
    want = Ridge(solver="svd").fit(x, y)
    with sklearn.config_context(array_api_dispatch=True):
        got = Ridge(solver="svd").fit(xp.asarray(x, device=device), xp.asarray(y, device=device))
    np.testing.assert_allclose(values(got.coef_), want.coef_, rtol=1e-8)


def test_discriminant_analysis(problem, device, values):
    sklearn = pytest.importorskip("sklearn")
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    x, _, label = problem
    want = LinearDiscriminantAnalysis().fit(x, label).predict(x)
    with sklearn.config_context(array_api_dispatch=True):
        model = LinearDiscriminantAnalysis().fit(xp.asarray(x, device=device), xp.asarray(label, device=device))
        got = model.predict(xp.asarray(x, device=device))
    np.testing.assert_array_equal(values(got), want)


@pytest.mark.parametrize("name", "mean_squared_error mean_absolute_error r2_score accuracy_score".split())
def test_metrics(problem, device, name):
    sklearn = pytest.importorskip("sklearn")
    from sklearn import metrics

    _, y, label = problem
    a, b = (label, label[::-1].copy()) if name == "accuracy_score" else (y, y + 0.5)
    with sklearn.config_context(array_api_dispatch=True):
        got = getattr(metrics, name)(xp.asarray(a, device=device), xp.asarray(b, device=device))
    np.testing.assert_allclose(float(got), getattr(metrics, name)(a, b), rtol=1e-12)


def test_dask(device, values):
    dask_array = pytest.importorskip("dask.array")
    data = np.random.default_rng(0).normal(size=(40, 30))
    blocks = dask_array.from_array(xp.asarray(data, device=device), chunks=(10, 15), asarray=False)

    def check(lazy, want):
        got = lazy.compute(scheduler="threads")
        assert isinstance(got, xp.Array) and got.device == device, type(got)
        np.testing.assert_allclose(values(got), want, rtol=1e-12, atol=1e-12)

    check(np.exp(blocks) * 2 + blocks, np.exp(data) * 2 + data)
    check(blocks.sum(axis=0), data.sum(axis=0))
    check(blocks.mean(), data.mean())
    check(blocks[5:25:2, ::-1], data[5:25:2, ::-1])
    check(blocks.rechunk((20, 30)), data)
    check(blocks @ blocks.T, data @ data.T)
    smooth = blocks.map_overlap(lambda b: b[1:-1] if False else b * 0.5, depth=1, boundary="reflect")
    check(smooth, data * 0.5)


def test_xarray(device, values):
    xarray = pytest.importorskip("xarray")
    data = np.arange(12.0).reshape(3, 4)
    table = xarray.Dataset({"t": (("x", "y"), xp.asarray(data, device=device))}, coords={"x": [10, 20, 30]})
    for result, want in [
        ((table * 2 + 1)["t"], data * 2 + 1),
        (table.mean("x")["t"], data.mean(axis=0)),
        (table.sel(x=20)["t"], data[1]),
        (table.isel(y=slice(1, 3))["t"], data[:, 1:3]),
    ]:
        assert isinstance(result.data, xp.Array) and result.data.device == device
        np.testing.assert_array_equal(values(result.data), want)
