import os

import pytest

# Where scikit-learn and SciPy ask for it, they take arrays of the array API.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import polyarray as xp  # noqa: E402


@pytest.fixture(params=["host", "gpu:0"])
def device(request):
    """Every test that takes it runs on the host and on the first GPU."""
    if request.param not in xp.__array_namespace_info__().devices():
        pytest.skip(f"there is no {request.param}")
    return request.param


def values(x):
    """The elements as a NumPy array, from wherever they live."""
    import numpy as np

    return np.asarray(x.to_device("host") if isinstance(x, xp.Array) else x)


@pytest.fixture(name="values")
def values_fixture():
    return values
