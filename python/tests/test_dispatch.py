"""Scopes, states and the process's backends."""

import threading

import numpy as np
import pytest

import polyarray as xp


@pytest.fixture
def x():
    return xp.asarray([1.0, 2.0, 3.0])


@pytest.fixture(autouse=True)
def gpu():
    if "gpu:0" not in xp.__array_namespace_info__().devices():
        pytest.skip("there is no GPU")


def test_scopes(x):
    assert xp.exp(x).device == "host"
    with xp.set_backend("gpu", coerce=True):
        assert xp.exp(x).device == "gpu:0"
        with xp.set_backend("cpu"):
            assert xp.exp(x).device == "host"
        with xp.skip_backend("cpu"):
            assert xp.exp(x).device == "gpu:0"
    assert xp.exp(x).device == "host"


def test_arrays_of_two_places_are_refused_with_the_reasons_and_the_fix(x):
    with pytest.raises(xp.BackendNotImplementedError) as error:
        x + x.to_device("gpu:0")
    assert "nothing allows to copy it" in str(error.value)


def test_a_scope_ends_with_an_exception(x):
    scope = xp.set_backend("gpu", coerce=True)
    with pytest.raises(ZeroDivisionError):
        with scope:
            1 / 0
    assert xp.exp(x).device == "host"
    with scope, scope:
        assert xp.exp(x).device == "gpu:0"
    assert xp.exp(x).device == "host"


def test_scopes_left_in_another_order_are_told():
    one, two = xp.set_backend("gpu"), xp.set_backend("cpu")
    one.__enter__()
    two.__enter__()
    with pytest.raises(RuntimeError, match="another order"):
        one.__exit__(None, None, None)
    two.__exit__(None, None, None)
    one.__exit__(None, None, None)


def test_states_go_to_other_threads(x):
    with xp.set_backend("gpu", coerce=True):
        state = xp.get_state()
    seen = []

    def work():
        seen.append(xp.exp(x).device)
        with xp.set_state(state):
            seen.append(xp.exp(x).device)
        seen.append(xp.exp(x).device)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["host", "gpu:0", "host"]
    assert state == state and state != xp.get_state()


def test_explain(x):
    result, text = xp.explain(xp.sum, x)
    assert float(result) == 6
    assert "numpy.sum" in text and "ran" in text


def test_determine_backend(x):
    assert xp.determine_backend(x).startswith("cpu")
    assert xp.determine_backend(x.to_device("gpu:0")) == "gpu:0"


def test_unknown_backends_are_told(x):
    with xp.set_backend("no_such"):
        with pytest.raises((xp.BackendNotImplementedError, ValueError), match="no_such"):
            xp.exp(x)
    with pytest.raises((xp.BackendNotImplementedError, ValueError)):
        xp.set_global_backend("no_such")


def test_globals(x):
    xp.set_global_backend("gpu", coerce=True)
    try:
        assert xp.exp(x).device == "gpu:0"
    finally:
        for domain in ("numpy", "numpy.linalg", "numpy.fft", "numpy.random"):
            xp.clear_backends(domain, registered=False, globals=True)
    assert xp.exp(x).device == "host"
    np.testing.assert_allclose(np.asarray(xp.exp(x)), np.exp([1.0, 2, 3]))
