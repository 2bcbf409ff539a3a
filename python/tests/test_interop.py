"""Memory and calls shared with other libraries."""

import copy
import pickle

import numpy as np
import pytest

import polyarray as xp


def pointer(x):
    return x.__array_interface__["data"][0]


def test_large_arrays_are_not_copied_on_the_way_in_or_out():
    given = np.arange(1_000_000, dtype=np.float64).reshape(1000, 1000)
    x = xp.asarray(given)
    assert pointer(np.asarray(x)) == pointer(given)
    assert pointer(np.from_dlpack(x)) == pointer(given)
    assert pointer(np.asarray(xp.from_dlpack(given))) == pointer(given)
    assert pointer(np.asarray(xp.asarray(given.T))) == pointer(given)
    assert pointer(np.asarray(xp.asarray(given, copy=True))) != pointer(given)


def test_exported_memory_is_only_read():
    x = xp.asarray(np.arange(100_000.0))
    view = np.asarray(x)
    with pytest.raises(ValueError):
        view[0] = 1
    # An assignment goes to a copy while somebody looks on.
    x[0] = 7.0
    assert view[0] == 0 and float(x[0]) == 7


@pytest.mark.parametrize("dtype", "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split())
def test_every_dtype_goes_through_the_buffer_protocol(dtype, device):
    given = np.arange(6).reshape(2, 3).astype(dtype)
    x = xp.asarray(given, device=device)
    assert x.dtype == given.dtype and x.device == device
    back = np.asarray(x.to_device("host"))
    assert back.dtype == given.dtype
    np.testing.assert_array_equal(back, given)
    strided = np.asarray(x.to_device("host")[:, ::-1])
    np.testing.assert_array_equal(strided, given[:, ::-1])


def test_an_array_on_a_device_becomes_none_of_numpy_s():
    if "gpu:0" not in xp.__array_namespace_info__().devices():
        pytest.skip("there is no GPU")
    x = xp.ones(3, device="gpu:0")
    with pytest.raises(TypeError, match=r"\.to_device\(\"host\"\)"):
        np.asarray(x)
    with pytest.raises(BufferError, match="lives on gpu:0"):
        np.from_dlpack(x)
    with pytest.raises(BufferError):
        memoryview(x)


def test_numpy_s_functions_call_ours(device):
    x = xp.asarray([1.0, 4.0, 9.0], device=device)
    for result in (np.sqrt(x), np.add(x, 1), np.concatenate([x, x]), np.mean(x), np.sum(x, axis=0), np.fft.fft(x), np.linalg.norm(x)):
        assert isinstance(result, xp.Array) and result.device == device
    assert np.add.reduce(x).item() == 14
    assert np.multiply.outer(x, x).shape == (3, 3)


def test_operators_with_numpy_s_arrays():
    x, n = xp.asarray([1.0, 2.0]), np.asarray([10.0, 20.0])
    assert isinstance(x + n, xp.Array) and isinstance(n + x, xp.Array)
    assert (n - x).tolist() == [9.0, 18.0]
    assert (np.float64(2) * x).tolist() == [2.0, 4.0]


def test_copies_and_pickles(device, values):
    x = xp.asarray([[1, 2], [3, 4]], device=device)
    for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert y.device == device and y.dtype == x.dtype
        y[0, 0] = 9
        assert int(x[0, 0]) == 1
        np.testing.assert_array_equal(values(y), [[9, 2], [3, 4]])


def test_what_is_read_by_threads_is_right():
    from concurrent.futures import ThreadPoolExecutor

    x = xp.asarray(np.arange(10_000.0))

    def work(n):
        return float(xp.sum(x * n + 1))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(64)))
    assert results == [49_995_000.0 * n + 10_000 for n in range(64)]
