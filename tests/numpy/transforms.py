"""What NumPy, and SciPy where it is installed, call the transforms: for `compare.py`."""

import numpy as np

try:
    import scipy.fft as waves
except ImportError:
    waves = None


def one(name):
    f = getattr(np.fft, name)
    return lambda x, a: f(x, n=a.n, axis=a.axis, norm=a.norm.lower())


def places(x, over, default):
    """The axes, and how many points there are along each; -1 stands for as many as there are."""
    axes = over.axes
    if axes is None:
        axes = default or range(-len(over.s), 0) if over.s is not None or default else range(x.ndim)
    s = over.s if over.s is not None else [-1] * len(axes)
    return tuple(axes), [x.shape[a] if n == -1 else n for n, a in zip(s, axes)]


def several(name):
    f, two = getattr(np.fft, name), name.endswith("2")

    def run(x, over):
        axes, s = places(x, over, (-2, -1) if two else None)
        if name.startswith("irfft") and (over.s is None or over.s[-1] == -1):
            s[-1] = 2 * (x.shape[axes[-1]] - 1)
        return f(x, s=s, axes=axes, norm=over.norm.lower())

    return run


def wave(name):
    def run(x, w):
        if waves is None:
            return None
        norm = w.over.norm.lower()
        if name.endswith("n"):
            axes, s = places(x, w.over, None)
            return getattr(waves, name)(x, type=w.kind, s=s, axes=axes, norm=norm)
        axis, = w.over.axes or (-1,)
        return getattr(waves, name)(x, type=w.kind, n=w.over.s[0] if w.over.s else None, axis=axis, norm=norm)

    return run


def shift(f):
    return lambda x, o: f(x, axes=None if o.axes is None else tuple(o.axes))


SHIFTS = {name: shift(getattr(np.fft, name)) for name in ["fftshift", "ifftshift"]}
SPECTRA = (
    {name: one(name) for name in ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]}
    | {name: several(name) for name in ["fftn", "ifftn", "fft2", "ifft2", "rfftn", "rfft2", "irfftn", "irfft2"]}
    | {name: wave(name) for name in ["dct", "idct", "dst", "idst", "dctn", "idctn", "dstn", "idstn"]}
)
CALLS = SHIFTS | SPECTRA


def differs(got, want, args):
    """Errors of a transform spread over all of its elements: how far the whole is away from NumPy's, or None."""
    points = max(got.size, args[0].size, 2)
    room = 4 * (np.log2(points) + 4) * np.finfo(got.dtype).eps * np.linalg.norm(want.ravel().astype(np.clongdouble))
    far = np.linalg.norm((got - want).ravel().astype(np.clongdouble))
    return None if far <= room else f"{far} away, {room} allowed"
