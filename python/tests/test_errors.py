"""Bad input raises what NumPy's users expect, with a message that names function and argument."""

import numpy as np
import pytest

import polyarray as xp

CASES = {
    "shapes that do not broadcast": (ValueError, lambda x: x + xp.ones((7,), device=x.device)),
    "an axis that is not there": (ValueError, lambda x: xp.sum(x, axis=5)),
    "as an index error, too": (IndexError, lambda x: xp.sum(x, axis=5)),
    "a dtype without the function": (TypeError, lambda x: xp.bitwise_and(x, x)),
    "an unknown keyword": (TypeError, lambda x: xp.sum(x, axes=0)),
    "too many arguments": (TypeError, lambda x: xp.exp(x, 1, 2)),
    "too few": (TypeError, lambda x: xp.add(x)),
    "an argument given twice": (TypeError, lambda x: xp.median(x, 0, axis=0)),
    "a word that is none": (ValueError, lambda x: xp.searchsorted(x[0], x[0], side="middle")),
    "an object": (TypeError, lambda x: xp.exp(object())),
    "a device that is none": (ValueError, lambda x: x.to_device("tpu")),
    "a dtype that is none": (TypeError, lambda x: xp.zeros(3, dtype="S3")),
    "matrices that do not fit": (ValueError, lambda x: x @ x),
    "the truth of several": (ValueError, lambda x: bool(x)),
    "an integer of several": (TypeError, lambda x: int(x)),
    "an integer beyond 64 bits": (OverflowError, lambda x: x + 2**70),
    "a shape with too few elements": (ValueError, lambda x: xp.reshape(x, (4, 4))),
    "more memory than there is": (MemoryError, lambda x: xp.ones((1 << 50,), device=x.device).eval()),
    "a negative length": (ValueError, lambda x: xp.zeros((-3,))),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input(case, device):
    error, call = CASES[case]
    with pytest.raises(error) as raised:
        call(xp.ones((2, 3), device=device))
    assert str(raised.value)


def test_every_function_has_a_signature_and_documentation():
    import inspect

    for name in xp.__all__:
        function = getattr(xp, name)
        if isinstance(function, xp.Method):
            assert inspect.signature(function) is not None
            assert name in function.__doc__.split("(")[0] or function.__name__ in function.__doc__
            assert len(function.__doc__.splitlines()) > 1, name
            assert "```" not in function.__doc__ and "polyarray_core" not in function.__doc__, name


def test_promotion_of_python_s_numbers():
    x = xp.ones(2, dtype="float32")
    assert (x + 1).dtype == np.float32 and (x + 1.5).dtype == np.float32 and (x * 1j).dtype == np.complex64
    i = xp.ones(2, dtype="int8")
    assert (i + 1).dtype == np.int8 and (i + 1.0).dtype == np.float64
    assert xp.result_type(xp.float32, 1.0) == np.float32
    assert xp.result_type(xp.int8, xp.uint8) == np.int16
