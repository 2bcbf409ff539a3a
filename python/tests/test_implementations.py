"""Implementations in Python of methods that the package has."""

import numpy as np
import pytest

import polyarray as xp


def kind(device):
    return "cpu" if device == "host" else "gpu"


def test_one_in_a_block(device, values):
    x = xp.asarray([3.0, 1.0, 2.0], device=device)
    seen = []

    def median(x, axis, keepdims):
        seen.append((x.device, axis, keepdims))
        return xp.max(x, axis=axis, keepdims=keepdims)

    with xp.implementation(xp.median, kind(device), median):
        assert float(xp.median(x)) == 3
        assert xp.median(x, axis=0, keepdims=True).shape == (1,)
        _, text = xp.explain(xp.median, x)
        assert f"{kind(device)}" in text and "ran" in text
    assert seen == [(device, None, False), (device, 0, True), (device, None, False)]
    assert float(xp.median(x)) == 2


def test_the_last_one_is_in_force_until_it_is_undone():
    x = xp.asarray([1.0, 2.0])
    first = xp.implementation("numpy.exp", "cpu", lambda x: x + 10)
    second = xp.implementation(xp.exp, "cpu", lambda x: x + 20)
    assert xp.exp(x).tolist() == [21, 22]
    first.undo()
    assert xp.exp(x).tolist() == [21, 22]
    second.undo()
    second.undo()
    np.testing.assert_allclose(np.asarray(xp.exp(x)), np.exp([1.0, 2.0]))


def test_a_decorator(device):
    x = xp.asarray([1.0, 2.0], device=device)

    @xp.median.register(kind(device))
    def median(x, axis, keepdims):
        return xp.min(x, axis=axis, keepdims=keepdims)

    assert float(xp.median(x)) == 1
    xp.median.unregister(kind(device))
    assert float(xp.median(x)) == 1.5
    with pytest.raises(ValueError, match="was registered"):
        xp.median.unregister(kind(device))


def test_one_that_declines_leaves_it_to_the_default(device):
    x = xp.asarray([1.0, 2.0], device=device)
    with xp.implementation(xp.median, kind(device), lambda x, **_: NotImplemented):
        assert float(xp.median(x)) == 1.5
    with xp.implementation(xp.sin, "cpu", lambda x: NotImplemented):
        with pytest.raises(xp.BackendNotImplementedError, match="NotImplemented"):
            xp.sin(xp.ones(2))


def test_what_numpy_computes_goes_where_the_call_is(device, values):
    x = xp.asarray([[2.0, 1.0], [1.0, 3.0]], device=device)

    def svd(x, full_matrices):
        return np.linalg.svd(values(x), full_matrices=full_matrices)

    with xp.implementation(xp.linalg.svd, kind(device), lambda x, _value=True, **k: tuple(svd(x, k.get("full_matrices", _value)))):
        u, s, vh = xp.linalg.svd(x)
        assert {u.device, s.device, vh.device} == {device}
        np.testing.assert_allclose(values(u) * values(s) @ values(vh), values(x), atol=1e-12)


def test_sequences_of_arrays_and_several_results(device):
    parts = [xp.asarray([1.0], device=device), xp.asarray([2.0], device=device)]
    with xp.implementation(xp.concat, kind(device), lambda arrays, axis: arrays[1]):
        assert xp.concat(parts).tolist() == [2]
    with xp.implementation("numpy.unstack", kind(device), lambda x, **_: [x[1], x[0]]):
        assert [part.tolist() for part in xp.unstack(xp.asarray([1.0, 2.0], device=device))] == [2, 1]


xp.declare_backend("implementing_test", ["numpy"])


def test_for_a_backend_of_python_s(device):
    x = xp.asarray([1.0, 4.0], device=device)
    # In its own function a call goes where the arrays live.
    with xp.implementation(xp.sqrt, "implementing_test", lambda x: xp.sqrt(x) * 100):
        with xp.set_backend("implementing_test"):
            assert xp.sqrt(x).tolist() == [100, 200]
            assert xp.exp(x * 0).tolist() == [1, 1]
        assert xp.sqrt(x).tolist() == [1, 2]


def test_exceptions_and_endless_recursion():
    x = xp.asarray([1.0, 2.0])
    with xp.implementation(xp.median, "cpu", lambda x, **_: 1 / 0), pytest.raises(ZeroDivisionError):
        xp.median(x)
    with xp.implementation(xp.median, "cpu", lambda x, **_: xp.median(x)):
        with pytest.raises((RecursionError, xp.BackendNotImplementedError)):
            xp.median(x)
    with xp.implementation(xp.median, "cpu", lambda x, **_: "no array"), pytest.raises(ValueError):
        xp.median(x)
    assert float(xp.median(x)) == 1.5


def test_what_can_not_be_implemented_is_told():
    with pytest.raises(ValueError, match="no_such"):
        xp.implementation("numpy.no_such", "cpu", len)
    with pytest.raises((ValueError, xp.BackendNotImplementedError), match="no_such"):
        xp.implementation(xp.median, "no_such", len)
    with pytest.raises(TypeError, match="intercept"):
        xp.implementation(xp.pad, "cpu", len)


def test_a_method_declared_in_python():
    @xp.multimethod(domain="numpy.sk_test")
    def two(x):
        return x * 2

    x = xp.asarray([1.0])
    with xp.implementation(two, "cpu", lambda x: x * 3):
        assert two(x).tolist() == [3]
    assert two(x).tolist() == [2]
    two.register("cpu")(lambda x: x * 4)
    assert two(x).tolist() == [4]
    two.unregister("cpu")
    assert two(x).tolist() == [2]
