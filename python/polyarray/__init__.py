"""Write array code once; it runs where the data lives.

The functions are those of the Python array API and of NumPy. Which implementation runs is decided by where the arrays live
(``x.device``), and by the scopes that the caller has entered (``set_backend``). ``x.to_device("gpu:0")`` moves an array.
"""

import sys as _sys
import types as _types

import numpy as _numpy

from . import _native

__array_api_version__ = "2025.12"
_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")

e = _numpy.e
pi = _numpy.pi
inf = _numpy.inf
nan = _numpy.nan
newaxis = None

_DTYPES = (
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()
)
for _name in _DTYPES:
    globals()[_name] = _numpy.dtype(_name)


def _module(name, functions):
    module = _types.ModuleType(f"{__name__}.{name}", f"The functions of the domain numpy.{name}.")
    vars(module).update(functions)
    module.__all__ = sorted(functions)
    _sys.modules[module.__name__] = module
    return module


_domains = _native.functions()
globals().update(_domains["numpy"])
from ._native import *  # noqa: E402, F403
linalg = _module("linalg", _domains["numpy.linalg"])
fft = _module("fft", _domains["numpy.fft"])
random = _module("random", {name: getattr(_native, name) for name in ("Generator", "default_rng")})
genetics = _module("genetics", _domains["numpy.sk_allel"] | _native._genetics)

from . import _forms, _forms_linalg_fft  # noqa: E402
from ._declare import implementation, intercept, multimethod  # noqa: E402
from ._info import (  # noqa: E402
    __array_namespace_info__,
    _check_version,
    broadcast_shapes,
    can_cast,
    finfo,
    iinfo,
    isdtype,
    result_type,
)

globals().update(_forms.functions)
from . import _further, _methods  # noqa: E402

globals().update(_further.functions)
_methods.install()
for _name, _functions in (("linalg", _forms_linalg_fft.linalg), ("fft", _forms_linalg_fft.fft)):
    vars(globals()[_name]).update(_functions)

__all__ = [name for name in dir() if not name.startswith("_")] + ["__array_namespace_info__", "__array_api_version__"]
