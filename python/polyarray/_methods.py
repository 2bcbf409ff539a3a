"""The methods of arrays: every function whose first argument is an array, and NumPy's methods that are called otherwise."""

import builtins
import types

import numpy as np

import polyarray as xp


def _takes_an_array_first(function):
    """Whether the first parameter is an array, by the function's declaration."""
    first = function._stub().split("(", 1)[1].split(",")[0].split(")")[0]
    return first.endswith(": ArrayLike") and not first.startswith("*")


# NumPy 2 has ptp as a function alone; `complex` is the name of a type.
methods = {
    name: getattr(xp, name)
    for name, function in xp._domains["numpy"].items()
    if name not in ("ptp", "complex") and _takes_an_array_first(function)
}
methods |= {name: function for name, function in xp._forms.functions.items() if name in dir(np.ndarray)}
methods["conjugate"] = methods["conj"]


def _method(function):
    methods[function.__name__] = function
    return function


def _one_or_several(given):
    """`(2, 3)` and `((2, 3),)` are the same; so is `(None,)` to none."""
    return given[0] if builtins.len(given) == 1 and (given[0] is None or not isinstance(given[0], int)) else given


@_method
def reshape(x, *shape, order="C", copy=None):
    """The same elements under another shape, given as one tuple or as integers."""
    return xp.reshape(x, _one_or_several(shape), order=order, copy=copy)


@_method
def transpose(x, *axes):
    """The axes in another order, by default reversed."""
    axes = _one_or_several(axes)
    return x.T if axes is None or axes == () else xp.permute_dims(x, tuple(axes))


@_method
def flatten(x, order="C"):
    """All elements along one axis, a copy."""
    return xp.copy(ravel(x, order))


@_method
def ravel(x, order="C"):
    """All elements along one axis."""
    return xp.reshape(x, (-1,), order="F" if order == "F" else "C")


@_method
def copy(x, order="C"):
    """A copy."""
    return xp.copy(x)


@_method
def sort(x, axis=-1, kind=None, *, stable=None):
    """Sorts the array itself, as NumPy's method does; the function `sort` returns another one."""
    x[...] = xp.sort(x, axis=axis)


@_method
def clip(x, min=None, max=None, out=None):
    """The elements, none below `min` or above `max`."""
    if out is not None:
        raise TypeError("arrays are not written to by out=; assign the result")
    return xp.clip(x, min, max)


@_method
def take(x, indices, axis=None, out=None, mode="raise"):
    """Elements at indices along an axis, of the flattened array if it is None."""
    if out is not None:
        raise TypeError("arrays are not written to by out=; assign the result")
    indices = indices if isinstance(indices, xp.Array) else xp.asarray(indices, device=x.device)
    if axis is None and x.ndim != 1:
        x, axis = xp.reshape(x, (-1,)), 0
    flat = xp.take(x, xp.reshape(indices, (-1,)), axis=0 if axis is None else axis, mode=mode)
    at = 0 if axis is None else axis % x.ndim
    return xp.reshape(flat, x.shape[:at] + indices.shape + x.shape[at + 1 :])


@_method
def compress(x, condition, axis=None):
    """The slices along an axis for which a condition is true."""
    kept = np.flatnonzero(np.asarray(condition.to_device("host") if isinstance(condition, xp.Array) else condition))
    return take(x, kept, axis)


@_method
def repeat(x, repeats, axis=None):
    """Each element several times along an axis."""
    return xp.repeat(x, repeats, axis=axis)


@_method
def fill(x, value):
    """Every element becomes a value."""
    x[...] = value


@_method
def tobytes(x, order="C"):
    """The bytes of the elements, from wherever they live."""
    return np.asarray(x.to_device("host")).tobytes(order)


@_method
def squeeze(x, axis=None):
    """Without axes of length 1."""
    return xp.squeeze(x, axis)


@_method
def dot(x, other):
    """The dot product, as NumPy has it."""
    return xp.dot(x, other)


class _Bound:
    """A function that is no Python function as a method of objects."""

    __slots__ = ("function",)

    def __init__(self, function):
        self.function = function

    def __get__(self, x, kind=None):
        return self.function if x is None else types.MethodType(self.function, x)


def install():
    """Puts the methods into the class, beside those that it has of its own."""
    own = builtins.set(vars(xp.Array))
    for name, function in methods.items():
        if name not in own:
            setattr(xp.Array, name, function if isinstance(function, types.FunctionType) else _Bound(function))
