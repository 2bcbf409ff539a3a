"""Methods, implementations, backends and interceptors in Python; functions of elements; random numbers."""

import numpy as np
import pytest

import polyarray as xp


def test_a_method_runs_where_its_arrays_live(device, values):
    @xp.multimethod(domain="numpy.sk_test")
    def ld(x, y, *, scale=1):
        "The default."
        return (x * y) * scale, scale

    ran = []

    @ld.register("gpu")
    def _(x, y, *, scale=1):
        ran.append("gpu")
        return NotImplemented if scale == 3 else (x * y * scale, scale)

    @ld.register("cpu")
    def _(x, y, *, scale=1):
        ran.append("cpu")
        return x * y * scale, scale

    x = xp.asarray([1.0, 2.0], device=device)
    product, scale = ld(x, x, scale=2)
    assert product.device == device and scale == 2 and ran == ["gpu" if device != "host" else "cpu"]
    np.testing.assert_array_equal(values(product), [2, 8])
    # One that declines leaves it to the default.
    np.testing.assert_array_equal(values(ld(x, y=x, scale=3)[0]), [3, 12])
    _, text = xp.explain(ld, x, x)
    assert "numpy.sk_test.ld" in text


def test_exceptions_keep_their_type():
    class Mine(Exception):
        pass

    @xp.multimethod(domain="numpy.sk_test")
    def fails(x):
        raise Mine("what it said")

    with pytest.raises(Mine, match="what it said"):
        fails(xp.ones(2))

    @xp.multimethod(domain="numpy.sk_test", has_default=False)
    def nothing(x): ...

    with pytest.raises(xp.BackendNotImplementedError, match="nothing"):
        nothing(xp.ones(2))


def test_arrays_in_lists_take_part(device):
    @xp.multimethod(domain="numpy.sk_test")
    def joined(parts, axis=0):
        return xp.concat(parts, axis=axis)

    parts = [xp.ones((2, 2), device=device), xp.zeros((2, 2), device=device)]
    assert joined(parts, axis=1).shape == (2, 4) and joined(parts).device == device


def test_an_interceptor_sees_every_call():
    xp.declare_backend("watch_test", ["numpy"])
    seen = []

    @xp.intercept("watch_test")
    def _(call):
        seen.append(f"{call.domain}.{call.method}")
        return call.run([x + 0 for x in call.arrays]) if call.method == "sum" else NotImplemented

    x = xp.asarray([1.0, 2.0, 3.0])
    with xp.set_backend("watch_test"):
        assert float(xp.sum(x)) == 6
        assert float(xp.linalg.norm(x)) == pytest.approx(14**0.5)
    assert "numpy.sum" in seen and any(name.startswith("numpy.linalg") for name in seen)
    count = len(seen)
    xp.sum(x)
    assert len(seen) == count


def test_functions_of_elements_run_fused(device, values):
    @xp.ufunc
    def softplus(x):
        return xp.log(xp.exp(x) + 1)

    data = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(values(softplus(xp.asarray(data, device=device))), np.log(np.exp(data) + 1), rtol=1e-12)

    larger = xp.ufunc(lambda a, b: xp.where(a > b, a, b), associative=True)
    x = xp.asarray([3.0, 1.0, 7.0, 5.0], device=device)
    assert float(larger.reduce(x)) == 7
    assert larger.accumulate(x).tolist() == [3, 3, 7, 7]
    assert larger.outer(x, x).shape == (4, 4)
    with pytest.raises(TypeError):
        softplus(x, x)
    with pytest.raises(ZeroDivisionError):
        xp.ufunc(lambda x: 1 / 0)(x)


def test_random_numbers_are_the_same_everywhere(device, values):
    rng, host = xp.random.default_rng(7, device=device), xp.random.default_rng(7, device="host")
    x = rng.random((3, 4))
    assert x.device == device and x.shape == (3, 4)
    np.testing.assert_array_equal(values(x), values(host.random((3, 4))))
    assert rng.integers(10, size=100).device == device
    assert sorted(rng.permutation(5).tolist()) == [0, 1, 2, 3, 4]
    state = rng.state
    again = xp.random.Generator.from_state(state)
    np.testing.assert_array_equal(values(again.random(5)), values(xp.random.Generator.from_state(state).random(5)))
    x = values(rng.normal(1.0, 2.0, size=20_000))
    assert abs(x.mean() - 1) < 0.06 and abs(x.std() - 2) < 0.06
    assert len(rng.bytes(5)) == 5 and rng.choice(10, 4, replace=False).shape == (4,)
    assert rng.normal(xp.asarray([0.0, 100.0], device=device)).shape == (2,)


def test_genetics(device, values):
    genotypes = np.array([[0, 1, 2, -1], [2, 2, 1, 0]], dtype=np.int8)
    x = xp.asarray(genotypes, device=device)
    counts = xp.genetics.count_alleles(x)
    assert counts.device == device
    assert values(counts).shape[0] == 2
