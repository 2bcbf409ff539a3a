"""Indexing, read and written, beside NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyarray as xp


@st.composite
def keys(draw, shape):
    """A key of an array of this shape: integers, slices, new axes, an ellipsis, index arrays and masks, mixed."""
    parts, axis, ellipsis = [], 0, False
    lengths = draw(st.sampled_from([(), (1,), (3,), (2, 3), (2, 1)]))
    while axis < len(shape) and draw(st.integers(0, 4)):
        n = shape[axis]
        kind = draw(st.sampled_from(["int", "slice", "new", "dots", "array", "mask"]))
        if kind == "int" and n:
            parts.append(draw(st.integers(-n, n - 1)))
            axis += 1
        elif kind == "slice":
            ends = st.none() | st.integers(-n - 2, n + 2)
            parts.append(slice(draw(ends), draw(ends), draw(st.sampled_from([None, 1, 2, -1, -2]))))
            axis += 1
        elif kind == "new":
            parts.append(None)
        elif kind == "dots" and not ellipsis:
            parts.append(...)
            ellipsis = True
            axis = min(len(shape), axis + draw(st.integers(0, 2)))
        elif kind == "array" and n:
            size = int(np.prod(lengths))
            flat = draw(st.lists(st.integers(-n, n - 1), min_size=size, max_size=size))
            parts.append(np.array(flat, dtype=np.int64).reshape(lengths))
            axis += 1
        elif kind == "mask" and not parts and not ellipsis:
            parts.append(np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=bool))
            axis += 1
    return tuple(parts)


SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def ours(key):
    return tuple(xp.asarray(part) if isinstance(part, np.ndarray) else part for part in key)


@settings(max_examples=400, deadline=None)
@given(data=st.data(), shape=SHAPES)
def test_reading(data, shape):
    key = data.draw(keys(shape))
    n = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    x = xp.asarray(n)
    try:
        want = n[key]
    except IndexError:
        with pytest.raises(IndexError):
            x[ours(key)]
        return
    got = np.asarray(x[ours(key)])
    assert got.shape == np.shape(want)
    np.testing.assert_array_equal(got, want)


@settings(max_examples=400, deadline=None)
@given(data=st.data(), shape=SHAPES, one=st.booleans())
def test_writing(data, shape, one):
    key = data.draw(keys(shape))
    n = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    x = xp.asarray(n, copy=True)
    try:
        part = n[key]
    except IndexError:
        return
    value = -1 if one else -np.arange(1, part.size + 1).reshape(part.shape)
    n[key] = value
    x[ours(key)] = value if one else xp.asarray(value)
    np.testing.assert_array_equal(np.asarray(x), n)


def test_on_devices(device, values):
    n = np.arange(24.0).reshape(2, 3, 4)
    x = xp.asarray(n, device=device)
    np.testing.assert_array_equal(values(x[:, [0, 2], 1:]), n[:, [0, 2], 1:])
    np.testing.assert_array_equal(values(x[x > 5]), n[n > 5])
    x[x > 5] = 0
    n[n > 5] = 0
    x[:, 1, [0, 3]] = 7
    n[:, 1, [0, 3]] = 7
    np.testing.assert_array_equal(values(x), n)
    # NumPy's numbers are values, and go where the array is.
    for key in (0, x > 6, ([0, 1], [1, 2])):
        x[key] = np.float64(4)
        n[values(key) if isinstance(key, xp.Array) else key] = 4
    np.testing.assert_array_equal(values(x), n)


@pytest.mark.parametrize("key", [5, (0, 9), (slice(None), 0, 0, 0), "a", 1.5, (..., ...), ([7],)])
def test_bad_keys(key, device):
    with pytest.raises(IndexError):
        xp.zeros((2, 3), device=device)[key]


def test_values_that_do_not_fit(device):
    x = xp.zeros((2, 3), dtype="int64", device=device)
    with pytest.raises(TypeError):
        x[0] = xp.asarray(1.5, device=device)
    with pytest.raises(ValueError):
        x[0] = xp.asarray([1, 2], device=device)
    assert x.tolist() == [[0] * 3] * 2
