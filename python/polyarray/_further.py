"""Functions of NumPy that are Python around others: functions along axes, nested blocks, indices, dtypes, files."""

import builtins

import numpy as np

import polyarray as xp
from polyarray import _native
from polyarray._forms import _form as _put

functions = {}


def _form(function):
    return _put(functions)(function)


def _array(x):
    return x if isinstance(x, xp.Array) else xp.asarray(x)


def _host(x):
    return np.asarray(xp.asarray(x, device="host") if isinstance(x, xp.Array) else x)


@_form
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """What a function makes of each part along an axis, in that axis's place. It is called once for each part."""
    arr = _array(arr)
    rows = xp.moveaxis(arr, axis, -1)
    axis = axis % arr.ndim
    lead = rows.shape[:-1]
    if 0 in lead:
        raise ValueError("apply_along_axis: there is no part along the axis")
    results = [_array(func1d(row, *args, **kwargs)) for row in xp.reshape(rows, (-1, arr.shape[axis]))]
    stacked = xp.reshape(xp.stack(results), lead + results[0].shape)
    own = list(range(len(lead), stacked.ndim))
    return xp.permute_dims(stacked, [*range(axis), *own, *range(axis, len(lead))])


@_form
def apply_over_axes(func, a, axes):
    """What a function of an array and an axis makes of one axis after the other."""
    a = _array(a)
    for axis in [axes] if np.isscalar(axes) else axes:
        axis = axis % a.ndim
        result = func(a, axis)
        a = result if result.ndim == a.ndim else xp.expand_dims(result, axis=axis)
    return a


@_form
def block(arrays):
    """Arrays from nested lists: the innermost are joined along the last axis, those around them along the one before it."""

    def depth(x):
        if not isinstance(x, list):
            return 0
        if not x:
            raise ValueError("block: a list is empty")
        depths = {depth(part) for part in x}
        if len(depths) > 1:
            raise ValueError("block: lists are nested to different depths")
        return 1 + depths.pop()

    def leaves(x):
        return [leaf for part in x for leaf in leaves(part)] if isinstance(x, list) else [_array(x)]

    levels = depth(arrays)
    ndim = builtins.max(levels, *(leaf.ndim for leaf in leaves(arrays)))

    def joined(x, level):
        if level == 0:
            x = _array(x)
            return xp.reshape(x, (1,) * (ndim - x.ndim) + x.shape)
        return xp.concat([joined(part, level - 1) for part in x], axis=-level)

    return joined(arrays, levels)


@_form
def piecewise(x, condlist, funclist, *args, **kw):
    """Of each function what it makes of the elements under its condition, or a number there; of one more the rest."""
    x = _array(x)
    if not isinstance(condlist, (list, tuple)) or (x.ndim > 0 and np.isscalar(condlist[0])):
        condlist = [condlist]
    conditions = [_array(condition) for condition in condlist]
    if len(funclist) == len(conditions) + 1:
        rest = conditions[0]
        for condition in conditions[1:]:
            rest = rest | condition
        conditions.append(~rest)
    if len(funclist) != len(conditions):
        raise ValueError(f"piecewise: {len(conditions)} conditions take as many functions, or one more; {len(funclist)} are given")
    result = xp.zeros_like(x)
    for condition, function in zip(conditions, funclist):
        if not callable(function):
            result = xp.where(condition, xp.asarray(function, dtype=x.dtype, device=x.device), result)
        elif xp.any(condition):
            result[condition] = xp.astype(_array(function(x[condition], *args, **kw)), x.dtype)
    return result


@_form
def copyto(dst, src, casting="same_kind", where=True):
    """Puts values into an array, where a mask is true."""
    src = src if isinstance(src, xp.Array) else xp.asarray(src, device=dst.device)
    if not np.can_cast(src.dtype, dst.dtype, casting):
        raise TypeError(f"copyto: {src.dtype} is not cast to {dst.dtype} by casting={casting!r}")
    src = xp.broadcast_to(xp.astype(src, dst.dtype), dst.shape)
    dst[...] = src if where is True else xp.where(where, src, dst)


@_form
def fromfunction(function, shape, *, dtype="float64", device=None, **kwargs):
    """What a function makes of the indices of a shape, an array for each axis."""
    axes = [xp.arange(n, dtype=dtype, device=device) for n in ([shape] if np.isscalar(shape) else shape)]
    return function(*(xp.meshgrid(*axes, indexing="ij") if len(axes) > 1 else axes), **kwargs)


@_form
def fromiter(iter, dtype, count=-1, *, device=None):
    """An array of an iterator's numbers."""
    return xp.asarray(np.fromiter(iter, dtype, count), device=device)


@_form
def frombuffer(buffer, dtype="float64", count=-1, offset=0, *, device=None):
    """An array of the bytes of a buffer, which is shared on the host where it may be written."""
    return xp.asarray(np.frombuffer(buffer, dtype, count, offset), device=device)


@_form
def rollaxis(a, axis, start=0):
    """An axis moved before another one."""
    axis, n = axis % a.ndim, a.ndim
    if not -n <= start <= n:
        raise np.exceptions.AxisError(start, n, "start")
    start = start + n if start < 0 else start
    return xp.moveaxis(a, axis, start - 1 if axis < start else start)


@_form
def real_if_close(a, tol=100):
    """The real parts, if all imaginary ones are below `tol` roundings of 1 (a number itself, if it is at most 1)."""
    a = _array(a)
    if not xp.isdtype(a.dtype, "complex floating"):
        return a
    if tol > 1:
        tol = tol * xp.finfo(a.dtype).eps
    return xp.real(a) if xp.all(abs(xp.imag(a)) < tol) else a


@_form
def sort_complex(a):
    """In order along the last axis, as complex numbers."""
    a = _array(a)
    return xp.sort(a if xp.isdtype(a.dtype, "complex floating") else xp.astype(a, np.result_type(a.dtype, np.complex64)))


@_form
def asarray_chkfinite(a, dtype=None, *, device=None):
    """An array, which may hold neither NaN nor infinities."""
    a = xp.asarray(a, dtype=dtype, device=device)
    if a.dtype.kind in "fc" and not xp.all(xp.isfinite(a)):
        raise ValueError("asarray_chkfinite: the array holds infs or NaNs")
    return a


@_form
def ascontiguousarray(a, dtype=None, *, device=None):
    """An array of one axis at least, its elements one behind the other."""
    a = xp.asarray(a, dtype=dtype, device=device)
    return xp.reshape(xp.copy(a), a.shape or (1,))


@_form
def tril_indices_from(arr, k=0):
    """The indices of a matrix's elements on and below a diagonal."""
    return tuple(xp.tril_indices(arr.shape[0], k, arr.shape[1], device=arr.device))


@_form
def triu_indices_from(arr, k=0):
    """The indices of a matrix's elements on and above a diagonal."""
    return tuple(xp.triu_indices(arr.shape[0], k, arr.shape[1], device=arr.device))


@_form
def diag_indices_from(arr):
    """The indices of the main diagonal of an array whose axes are of one length, two at least."""
    if arr.ndim < 2 or len(set(arr.shape)) > 1:
        raise ValueError(f"diag_indices_from: axes of one length, two at least; the array has {arr.shape}")
    return xp.diag_indices(arr.shape[0], arr.ndim, device=arr.device)


@_form
def mask_indices(n, mask_func, k=0, *, device=None):
    """The indices of an n × n matrix that a function of a matrix and a diagonal, such as `triu`, leaves."""
    return xp.nonzero(mask_func(xp.ones((n, n), dtype="int64", device=device), k))


@_form
def promote_types(type1, type2):
    """The dtype that holds the values of both."""
    return xp.result_type(np.dtype(type1), np.dtype(type2))


@_form
def common_type(*arrays):
    """The float or complex dtype that arrays of numbers have in common."""
    return np.common_type(*(np.empty(0, a.dtype) for a in arrays))


@_form
def min_scalar_type(a):
    """The smallest dtype that holds a number; that of an array."""
    return a.dtype if isinstance(a, xp.Array) else np.min_scalar_type(a)


@_form
def iscomplexobj(x):
    """Whether it has a complex dtype."""
    return np.iscomplexobj(np.empty(0, x.dtype) if isinstance(x, xp.Array) else x)


@_form
def isrealobj(x):
    """Whether it has no complex dtype."""
    return not iscomplexobj(x)


@_form
def isscalar(element):
    """Whether it is a number, and no array."""
    return not isinstance(element, xp.Array) and np.isscalar(element)


@_form
def issubdtype(arg1, arg2):
    """Whether a dtype is of a kind, as NumPy's classes of dtypes have them."""
    return np.issubdtype(arg1, arg2)


@_form
def einsum_path(subscripts, *operands, optimize="greedy"):
    """NumPy's order of products for `einsum`, and its description; `xp.einsum` chooses its own."""
    operands = [np.broadcast_to(np.empty((), x.dtype), x.shape) if isinstance(x, xp.Array) else x for x in operands]
    return np.einsum_path(subscripts, *operands, optimize=optimize)


@_form
def load(file, mmap_mode=None, *, device=None):
    """The array of a .npy file, mapped where `mmap_mode` says so; of a .npz file a dict of its arrays."""
    loaded = np.load(file, mmap_mode=mmap_mode)
    if isinstance(loaded, np.ndarray):
        return xp.asarray(loaded, device=device)
    with loaded:
        return {name: xp.asarray(loaded[name], device=device) for name in loaded.files}


@_form
def save(file, arr):
    """Writes an array to a .npy file."""
    np.save(file, _host(arr))


@_form
def savez(file, *args, **kwds):
    """Writes arrays to a .npz file, by their names or as arr_0, arr_1, …"""
    np.savez(file, *map(_host, args), **{name: _host(x) for name, x in kwds.items()})


@_form
def savez_compressed(file, *args, **kwds):
    """Writes arrays to a compressed .npz file."""
    np.savez_compressed(file, *map(_host, args), **{name: _host(x) for name, x in kwds.items()})


functions |= {name: xp._domains["numpy.linalg"][name] for name in ("polyfit", "roots")}
functions["row_stack"] = xp.vstack
for _name in "tril_indices triu_indices diag_indices geomspace bartlett blackman hamming hanning kaiser".split():
    functions[_name] = getattr(_native, _name)
