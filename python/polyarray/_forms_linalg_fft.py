"""Forms of the functions of `linalg` and `fft` that several methods serve, or that take other arguments than the methods."""

import polyarray as xp
from polyarray import _forms

_numpy, _linalg = xp._domains["numpy"], xp._domains["numpy.linalg"]

linalg = {}
fft = {}
_form = _forms._form

# The array API's linalg has these of the main namespace, too.
linalg.update(
    {
        "matmul": _numpy["matmul"],
        "matrix_transpose": _numpy["matrix_transpose"],
        "tensordot": _forms.tensordot,
        "vecdot": _forms.vecdot,
        "cross": _forms.cross,
        "outer": _numpy["outer"],
    }
)


@_form(linalg)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """A norm of the matrices of the last two axes."""
    return _linalg["matrix_norm"](x, ord=ord, keepdims=keepdims)


@_form(linalg)
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """A norm of vectors along axes, of all elements if none is named."""
    return _linalg["vector_norm"](x, ord=ord, axis=axis, keepdims=keepdims)


@_form(linalg)
def pinv(x, /, *, rtol=None):
    """Pseudo-inverses of matrices; `rtol` for all of them, or one for each."""
    if getattr(rtol, "ndim", 0) == 0:
        return _linalg["pinv"](x, rtol=rtol)
    u, s, vh = _linalg["svd"](x, full_matrices=False)
    inverse = _numpy["where"](s > _share(s, rtol), 1 / s, 0)
    return _adjoint(vh) @ (inverse[..., None] * _adjoint(u))


@_form(linalg)
def matrix_rank(x, /, *, rtol=None):
    """Ranks of matrices; `rtol` for all of them, or one for each."""
    if getattr(rtol, "ndim", 0) == 0:
        return _linalg["matrix_rank"](x, rtol=rtol)
    s = _linalg["svdvals"](x)
    return _numpy["count_nonzero"](s > _share(s, rtol), axis=-1)


def _share(s, rtol):
    """What counts as zero beside the largest singular value of each matrix."""
    return _numpy["max"](s, axis=-1, keepdims=True) * rtol[..., None]


def _adjoint(x):
    return _numpy["conj"](x).mT


@_form(fft)
def fftfreq(n, /, *, d=1.0, dtype=None, device=None):
    """The frequencies of a transform of `n` points that are `d` apart."""
    positive = (n - 1) // 2 + 1
    numbers = _forms.concat([xp.arange(0, positive, device=device), xp.arange(-(n // 2), 0, device=device)])
    return _frequencies(numbers, n, d, dtype)


@_form(fft)
def rfftfreq(n, /, *, d=1.0, dtype=None, device=None):
    """The frequencies of a transform of `n` real points that are `d` apart."""
    return _frequencies(xp.arange(0, n // 2 + 1, device=device), n, d, dtype)


def _frequencies(numbers, n, d, dtype):
    dtype = dtype or xp.zeros(0, device=numbers.device).dtype
    return _forms.astype(numbers, dtype) / (n * d)
