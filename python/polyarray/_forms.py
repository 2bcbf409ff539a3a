"""Forms of NumPy's functions that several methods serve, chosen by which arguments are given."""

import builtins

import polyarray as xp
from polyarray import _native

_own = xp._domains
_numpy = _own["numpy"]

functions = {}


def _form(of=functions):
    def put(function):
        of[function.__name__] = function
        return function

    return put


def _reduction(name):
    """Reductions with NumPy's options: elements are cast first, left out where a mask is false, and begun with."""
    own, masked = _numpy[name], _numpy.get(f"{name}_where")
    extreme = name in ("min", "max")

    def reduction(x, /, axis=None, dtype=None, keepdims=False, *, initial=None, where=None, **options):
        if dtype is None and initial is None and where is None and not options:
            return own(x, axis, keepdims)
        if dtype is not None:
            x = astype(x, dtype, copy=False)
        options |= {"axis": axis, "keepdims": keepdims}
        if where is None or where is True:
            total = own(x, **options)
        elif masked is None:
            raise TypeError(f"{name} takes no mask")
        elif extreme:
            if initial is None:
                raise ValueError(f"{name} of the elements under a mask needs a value to begin with: initial=")
            return masked(x, where, initial, **options)
        else:
            total = masked(x, where, **options)
        if initial is not None:
            total = _BEGUN[name](total, initial)
        # Small integers are summed in 64 bits; their sum modulo 2^n is the same.
        return total if dtype is None else astype(total, dtype, copy=False)

    reduction.__name__ = reduction.__qualname__ = name
    reduction.__doc__ = own.__doc__
    return reduction


_BEGUN = {"sum": _numpy["add"], "prod": _numpy["multiply"], "min": _numpy["minimum"], "max": _numpy["maximum"]}
for _name in "sum prod mean min max any all nansum nanprod nanmean".split():
    functions[_name] = _reduction(_name)


def _spread(name):
    """Variances: what is subtracted from the number of elements is `correction` to the standard, `ddof` to NumPy."""
    reduction = _reduction(name)

    def spread(x, /, axis=None, dtype=None, ddof=0.0, keepdims=False, *, correction=0.0, where=None):
        return reduction(x, axis, dtype, keepdims, where=where, correction=correction + ddof)

    spread.__name__ = spread.__qualname__ = name
    spread.__doc__ = reduction.__doc__
    return spread


for _name in ("var", "std"):
    functions[_name] = _spread(_name)


def _like(name):
    """`zeros_like` and its kin with NumPy's option of another shape."""
    own, plain = getattr(_native, f"{name}_like"), getattr(_native, name)

    def like(x, /, *value, dtype=None, shape=None, device=None):
        if shape is None:
            return own(x, *value, dtype=dtype, device=device)
        return plain(shape, *value, dtype=dtype or x.dtype, device=device or x.device)

    like.__name__ = like.__qualname__ = f"{name}_like"
    like.__doc__ = own.__doc__
    return like


for _name in ("zeros", "ones", "empty"):
    functions[f"{_name}_like"] = _like(_name)


@_form()
def full_like(x, /, fill_value, dtype=None, *, shape=None, device=None):
    """One value, in the shape, dtype and device of `x`."""
    return _like("full")(x, fill_value, dtype=dtype, shape=shape, device=device)


@_form()
def histogram2d(x, y, bins=10, range=None, density=False):
    """How many points each rectangle has, and the edges of the rectangles along both axes."""
    x_bins, y_bins = bins if isinstance(bins, (tuple, list)) and len(bins) == 2 else (bins, bins)
    x_range, y_range = (None, None) if range is None else range
    return _numpy["histogram2d"](x, y, x_bins, x_range, density, y_bins, y_range, density)


def _scan(name, of):
    """NumPy's scans, which without an axis are over all elements; the standard's have one axis then."""

    def scan(x, /, axis=None, dtype=None):
        if axis is None:
            x, axis = _numpy["ravel"](x), 0
        return _numpy[of](x, axis=axis, dtype=dtype)

    scan.__name__ = scan.__qualname__ = name
    scan.__doc__ = _numpy[of].__doc__
    return scan


for _name, _of in {"cumsum": "cumulative_sum", "cumprod": "cumulative_prod"}.items():
    functions[_name] = _scan(_name, _of)


@_form()
def argsort(x, /, axis=-1, kind=None, *, descending=False, stable=True):
    """The indices that sort along an axis; equal elements keep their order, whatever `kind` is."""
    x, axis = (_numpy["ravel"](x), 0) if axis is None else (x, axis)
    return _numpy["argsort"](x, axis=axis, descending=descending)


@_form()
def sort(x, /, axis=-1, kind=None, *, descending=False, stable=True):
    """The elements in ascending order along an axis, whatever `kind` is."""
    x, axis = (_numpy["ravel"](x), 0) if axis is None else (x, axis)
    return _numpy["sort"](x, axis=axis, descending=descending)


@_form()
def cov(x, /, y=None, rowvar=True, bias=False, ddof=None):
    """Covariances of the rows, or of the columns; with `bias` divided by their number, else by one less."""
    if y is not None:
        raise TypeError("cov takes its variables in one array; concat them")
    return _numpy["cov"](x, rowvar=rowvar, ddof=(0.0 if bias else 1.0) if ddof is None else ddof)


@_form()
def astype(x, dtype, /, *, copy=True, device=None):
    """The array in another dtype."""
    return x.astype(dtype, copy=copy, device=device)


@_form()
def clip(x, /, min=None, max=None):
    """The elements, none below `min` or above `max`; a bound that is None bounds nothing. The dtype stays that of `x`."""
    dtype = x.dtype

    def bound(value):
        return astype(value, dtype, copy=False) if isinstance(value, xp.Array) else value

    if min is not None and max is not None:
        return _numpy["clip"](x, bound(min), bound(max))
    if min is not None:
        return _numpy["maximum"](x, bound(min))
    if max is not None:
        return _numpy["minimum"](x, bound(max))
    return _numpy["copy"](x)


@_form()
def where(condition, x=None, y=None, /):
    """Elements of `x` where the condition is true, of `y` elsewhere; with the condition alone, where it is true."""
    if x is None and y is None:
        return _numpy["nonzero"](condition)
    return _numpy["where"](condition, x, y)


@_form()
def reshape(x, /, shape, *, copy=None, order="C"):
    """The same elements under another shape; one length may be -1."""
    if order == "F":
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        return _numpy["reshape"](x.T, shape[::-1]).T
    view = _numpy["reshape"](x, shape)
    return _numpy["copy"](view) if copy else view


@_form()
def squeeze(x, /, axis=None):
    """Without axes of length 1."""
    if axis is None:
        axis = tuple(i for i, n in enumerate(x.shape) if n == 1)
    if axis == ():
        return x
    return _numpy["squeeze"](x, axis)


@_form()
def expand_dims(x, /, axis=0):
    """With axes of length 1."""
    return _numpy["expand_dims"](x, axis)


@_form()
def flip(x, /, *, axis=None):
    """The elements in reverse order along axes, all of them if none is named."""
    if axis == ():
        return x
    return _numpy["flip"](x, tuple(range(x.ndim)) if axis is None else axis)


@_form()
def roll(x, /, shift, *, axis=None):
    """The elements moved along axes; what leaves at one end enters at the other."""
    if axis is None:
        return _numpy["roll"](x, shift)
    return _numpy["roll"](x, shift, axis)


@_form()
def permute_dims(x, /, axes):
    """The axes in another order."""
    return _numpy["permute_dims"](x, axes)


@_form()
def transpose(x, /, axes=None):
    """The axes in another order, by default reversed."""
    return x.T if axes is None else _numpy["permute_dims"](x, axes)


@_form()
def concat(arrays, /, *, axis=0):
    """Arrays one after the other along an axis; flattened if it is None."""
    return _numpy["concat"](arrays, axis=axis)


functions["concatenate"] = lambda arrays, axis=0: concat(arrays, axis=axis)


@_form()
def stack(arrays, /, *, axis=0):
    """Arrays along a new axis."""
    return _numpy["stack"](arrays, axis)


@_form()
def unstack(x, /, *, axis=0):
    """The parts of an array along an axis."""
    return _numpy["unstack"](x, axis)


@_form()
def take(x, indices, /, *, axis=None, mode="raise"):
    """Elements at indices along an axis."""
    if axis is None and x.ndim == 1:
        axis = 0
    return _numpy["take"](x, indices, axis=axis, mode=mode)


@_form()
def diff(x, /, n=1, axis=-1, prepend=None, append=None):
    """Differences of neighbours along an axis, `n` times."""
    parts = [part for part in (prepend, x, append) if part is not None]
    if len(parts) > 1:
        parts = [_beside(part, x, axis) for part in parts]
        x = concat(parts, axis=axis)
    return _numpy["diff"](x, n, axis)


def _beside(part, x, axis):
    """What is put before or after: a number becomes one element of each row."""
    if part is x or getattr(part, "ndim", 0) > 0:
        return part
    shape = list(x.shape)
    shape[axis] = 1
    return _numpy["broadcast_to"](xp.asarray(part, dtype=x.dtype, device=x.device), shape)


@_form()
def repeat(x, repeats, /, *, axis=None):
    """Each element several times along an axis."""
    return _numpy["repeat"](x, xp.asarray(repeats, device=x.device) if isinstance(repeats, (int, list, tuple)) else repeats, axis=axis)


@_form()
def searchsorted(x1, x2, /, *, side="left", sorter=None):
    """Where elements go in a sorted array."""
    if isinstance(x2, (int, float)):
        x2 = xp.asarray(x2, dtype=x1.dtype, device=x1.device)
    if sorter is None:
        return _numpy["searchsorted"](x1, x2, side=side)
    return _numpy["searchsorted_by"](x1, sorter, x2, side=side)


@_form()
def isin(x1, x2, /, *, invert=False):
    """Whether each element is one of others."""
    dtype = xp.result_type(x1, x2)
    device = next(v.device for v in (x1, x2) if isinstance(v, xp.Array))
    x1, x2 = (xp.asarray(v, dtype=dtype, device=device) for v in (x1, x2))
    return _numpy["isin"](x1, x2, invert)


@_form()
def bincount(x, /, weights=None, minlength=0):
    """How often each integer occurs, or the sum of its weights."""
    if weights is None:
        return _numpy["bincount"](x, minlength)
    return _numpy["bincount_weighted"](x, weights, minlength)


@_form()
def histogram(a, bins=10, range=None, density=False, weights=None):
    """How many elements each bin has, or the sum of their weights, and the edges of the bins."""
    if weights is None:
        return _numpy["histogram"](a, bins=bins, range=range, density=density)
    return _numpy["histogram_weighted"](a, weights, bins=bins, range=range, density=density)


@_form()
def average(x, /, axis=None, weights=None, *, keepdims=False):
    """The mean, weighted."""
    if weights is None:
        return functions["mean"](x, axis=axis, keepdims=keepdims)
    return _numpy["average"](x, weights, axis=axis)


@_form()
def tile(x, repetitions, /):
    """The array several times along each axis."""
    return _numpy["tile"](x, repetitions)


@_form()
def tensordot(x1, x2, /, *, axes=2):
    """Sums of products over axes of both."""
    return _numpy["tensordot"](x1, x2, axes)


@_form()
def vecdot(x1, x2, /, *, axis=-1):
    """Sums of products along an axis; the first operand is conjugated."""
    return _numpy["vecdot"](x1, x2, axis)


@_form()
def gradient(f, /, spacing=1.0, *, axis=None, edge_order=1):
    """Differences to both sides along each axis."""
    parts = _numpy["gradient"](f, spacing=spacing, edge_order=edge_order, axes=axis)
    return parts[0] if len(parts) == 1 else parts


@_form()
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral along an axis by the trapezoidal rule."""
    if x is None:
        return _numpy["trapezoid"](y, dx, axis)
    return _numpy["trapezoid_at"](y, x, axis)


@_form()
def select(conditions, choices, default=0):
    """Of each place the element of the first choice whose condition is true."""
    return _numpy["select_first"](conditions, choices, default)


@_form()
def cross(x1, x2, /, *, axis=-1):
    """The cross product of vectors of three elements along an axis."""
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(f"cross takes vectors of 3 elements, not of {x1.shape[axis]} and {x2.shape[axis]}")
    return _numpy["cross"](x1, x2, axis)


# Names that NumPy has besides.
for _alias, _name in {
    "abs": "absolute",
    "acos": "acos", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "power": "pow", "true_divide": "divide", "mod": "remainder",
    "invert": "bitwise_invert", "bitwise_not": "bitwise_invert", "left_shift": "bitwise_left_shift",
    "right_shift": "bitwise_right_shift", "conjugate": "conj", "degrees": "rad2deg", "radians": "deg2rad",
    "fix": "trunc", "fabs": "absolute",
}.items():  # fmt: skip
    functions[_alias] = _numpy[_name]


for _alias, _name in {"amax": "max", "amin": "min"}.items():
    functions[_alias] = functions[_name]


def _quantile(name):
    own, weighted = _numpy[name], _numpy[f"{name}_weighted"]

    def quantile(x, q, /, axis=None, *, method="linear", keepdims=False, weights=None):
        if weights is None:
            return own(x, q, method=method, axis=axis, keepdims=keepdims)
        return weighted(x, weights, q, method=method, axis=axis, keepdims=keepdims)

    quantile.__name__ = quantile.__qualname__ = name
    quantile.__doc__ = own.__doc__
    return quantile


for _name in ("quantile", "percentile"):
    functions[_name] = _quantile(_name)


@_form()
def unique(x, return_index=False, return_inverse=False, return_counts=False, axis=None):
    """The values that there are, ascending; with their first places, the places of all, how often each occurs."""
    if axis is not None:
        if return_index or return_inverse or return_counts:
            raise TypeError("unique along an axis gives the values alone")
        return _numpy["unique_along"](x, axis)
    if not (return_index or return_inverse or return_counts):
        return _numpy["unique_values"](x)
    found = _numpy["unique_all"](x)
    wanted = (True, return_index, return_inverse, return_counts)
    return tuple(part for part, want in zip(found, wanted) if want)


@_form()
def array(obj, dtype=None, *, copy=True, device=None):
    """An array of its own, of whatever `asarray` takes."""
    return _native.asarray(obj, dtype=dtype, device=device, copy=copy)


@_form()
def identity(n, dtype=None, *, device=None):
    """Ones on the main diagonal of a square matrix."""
    return _native.eye(n, dtype=dtype, device=device)


@_form()
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, *, device=None):
    """Powers of a base whose exponents are evenly spaced."""
    powers = base ** _native.linspace(start, stop, num, endpoint=endpoint, device=device)
    return powers if dtype is None else astype(powers, dtype)


@_form()
def asanyarray(obj, dtype=None, *, device=None):
    """As `asarray`."""
    return _native.asarray(obj, dtype=dtype, device=device)


@_form()
def shape(x):
    """The lengths of the axes."""
    return x.shape


@_form()
def ndim(x):
    """The number of axes."""
    return x.ndim


@_form()
def size(x, axis=None):
    """The number of elements, or the length of an axis."""
    return x.size if axis is None else x.shape[axis]


@_form()
def round(x, /, decimals=0):
    """The nearest whole number, of two the even one."""
    if decimals == 0:
        return _numpy["round"](x)
    factor = 10.0 ** builtins.abs(decimals)
    if decimals > 0:
        return _numpy["round"](x * factor) / factor
    return _numpy["round"](x / factor) * factor


functions["around"] = functions["rint"] = round
