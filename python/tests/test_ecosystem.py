"""Other libraries on our arrays: SciPy's transforms, einops, Dask and xarray."""

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
