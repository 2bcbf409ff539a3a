"""A backend of SciPy's own dispatch, uarray: ``with scipy.fft.set_backend(polyarray.scipy_fft): scipy.fft.fft2(x)``.

Arrays of polyarray are transformed where they live. NumPy's arrays are taken where ``set_backend`` says ``coerce=True``, and
go where arrays are made (``POLYARRAY_DEFAULT_DEVICE``, ``polyarray.set_backend``). What is lacking here is declined, and
SciPy goes on to its next backend.
"""

import os

import numpy as np

from . import Array, asarray, fft

__ua_domain__ = "numpy.scipy.fft"

_ONE_AXIS = {"fft", "ifft", "rfft", "irfft", "hfft", "ihfft"}
_AXES = {"fft2", "ifft2", "fftn", "ifftn", "rfft2", "irfft2", "rfftn", "irfftn"}
_WAVES = {"dct", "idct", "dst", "idst"}
_WAVES_OF_AXES = {"dctn", "idctn", "dstn", "idstn"}


def __ua_convert__(dispatchables, coerce):
    """Our arrays as they are; others, where it is allowed, as ours."""
    converted = []
    for dispatchable in dispatchables:
        value = dispatchable.value
        if isinstance(value, Array):
            converted.append(value)
        elif coerce and dispatchable.coercible:
            try:
                converted.append(asarray(np.asarray(value)))
            except TypeError:
                # Of a dtype that there is none of here.
                return NotImplemented
        else:
            return NotImplemented
    return converted


def __ua_function__(method, args, kwargs):
    """The transform of that name; NotImplemented if there is none, or not with these arguments."""
    name = method.__name__
    waves = name in _WAVES or name in _WAVES_OF_AXES
    names = ["x", "type"] if waves else ["x"]
    names += ["n", "axis"] if name in _ONE_AXIS or name in _WAVES else ["s", "axes"]
    names += ["norm", "overwrite_x", "workers"] + (["orthogonalize"] if waves else ["plan"])
    if name not in _ONE_AXIS | _AXES | _WAVES | _WAVES_OF_AXES or len(args) > len(names):
        return NotImplemented
    given = dict(zip(names, args)) | kwargs
    if given.pop("plan", None) is not None or given.pop("orthogonalize", None) is not None:
        return NotImplemented
    # Nothing is overwritten, and threads are those of the process; their number is checked as SciPy checks it.
    given.pop("overwrite_x", None)
    workers = given.pop("workers", None)
    if workers == 0:
        raise ValueError("workers must not be zero; -1 stands for all processors")
    if workers is not None and workers < -(os.cpu_count() or 1):
        raise ValueError(f"workers value out of range; got {workers}, -1 stands for all processors")
    x = given.pop("x")
    if name in _WAVES:
        n, axis = given.pop("n", None), given.pop("axis", -1)
        given |= {"s": None if n is None else (n,), "axes": (axis,)}
    return getattr(fft, name)(x, **given)
