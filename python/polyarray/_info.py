"""What the namespace has: devices, dtypes, and how dtypes promote."""

import numpy as np

from . import _native

_KINDS = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float16", "float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}
_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]


def _check_version(version):
    """Raises for a version of the standard that is not served."""
    from . import _VERSIONS

    if version is not None and version not in _VERSIONS:
        raise ValueError(f"there is no version {version!r} of the array API here; there are {', '.join(_VERSIONS)}")


def dtype_of(value):
    """The dtype of an array, or a dtype."""
    return value.dtype if hasattr(value, "dtype") else np.dtype(value)


def result_type(*arrays_and_dtypes):
    """The dtype of a result of operands of these dtypes. Python's numbers take that of the arrays that they meet."""
    if not arrays_and_dtypes:
        raise ValueError("result_type takes at least one array, dtype or number")
    weak = [v for v in arrays_and_dtypes if type(v) in (bool, int, float, complex)]
    strong = [dtype_of(v) for v in arrays_and_dtypes if type(v) not in (bool, int, float, complex)]
    return _native.promoted(strong, weak)


def can_cast(from_, to, /, casting="safe"):
    """Whether a dtype, or that of an array, becomes another one without loss, as promotion has it."""
    return _native._can_cast(dtype_of(from_), to)


def isdtype(dtype, kind):
    """Whether a dtype is of a kind, or is a dtype: ``"real floating"``, or several in a tuple."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, str):
        if kind not in _KINDS:
            raise ValueError(f"there is no kind {kind!r} of dtypes; there are {', '.join(sorted(_KINDS))}")
        return np.dtype(dtype).name in _KINDS[kind]
    return np.dtype(dtype) == np.dtype(kind)


class finfo:
    """The limits of a float dtype, of the parts of a complex one, or of that of an array."""

    def __init__(self, type, /):
        self.dtype, self.bits, limits = _native._finfo(dtype_of(type))
        self.eps, self.max, self.min, self.smallest_normal, self.smallest_subnormal = limits
        self.tiny = self.smallest_normal

    def __repr__(self):
        return f"finfo(min={self.min}, max={self.max}, eps={self.eps}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype, or of that of an array."""

    def __init__(self, type, /):
        self.dtype = dtype_of(type)
        self.bits, self.max, self.min = _native._iinfo(self.dtype)

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


def broadcast_shapes(*shapes):
    """The shape of arrays of these shapes that are broadcast together."""
    return np.broadcast_shapes(*shapes)


class __array_namespace_info__:
    """What the array API asks of a namespace."""

    def capabilities(self):
        """What the functions can do."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self):
        """Where arrays are made."""
        return _native.default_device()

    def devices(self):
        """The devices that there are."""
        return tuple(_native.devices())

    def default_dtypes(self, *, device=None):
        """The dtypes of arrays for which none is named."""
        real = _native.zeros(0, device=device).dtype
        return {
            "real floating": real,
            "complex floating": np.dtype("complex128" if real == np.dtype("float64") else "complex64"),
            "integral": np.dtype("int64"),
            "indexing": np.dtype("int64"),
        }

    def dtypes(self, *, device=None, kind=None):
        """The dtypes that a device has, by name."""
        kinds = kind if isinstance(kind, tuple) else (kind or ("bool", "numeric"),)
        kinds = [one for group in kinds for one in (group if isinstance(group, tuple) else (group,))]
        for one in kinds:
            if one not in _KINDS:
                raise ValueError(f"there is no kind {one!r} of dtypes; there are {', '.join(sorted(_KINDS))}")
        # float16 is no dtype of the standard, whose names these are.
        names = [name for one in kinds for name in _KINDS[one] if name != "float16"]
        return {name: np.dtype(name) for name in names if _native.has_dtype(device, name)}
