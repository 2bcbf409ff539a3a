"""The protocols by which other libraries call on arrays: NumPy's, and DLPack."""

import numpy as np

import polyarray

# DLPack's numbers of devices.
_CPU, _VULKAN = 1, 7


def _function(module, name):
    """Ours, for a function of NumPy."""
    names = module.split(".")[1:] if module and module.startswith("numpy") else []
    home = polyarray
    for part in names:
        home = getattr(home, part, polyarray) if part in ("linalg", "fft") else home
    return getattr(home, name, None)


def array_ufunc(x, ufunc, method, inputs, kwargs):
    """A ufunc of NumPy that meets an array of ours runs where the array lives."""
    kwargs = dict(kwargs or {})
    out = kwargs.pop("out", None)
    function = getattr(polyarray, ufunc.__name__, None)
    if function is None or out is not None or not _known(inputs):
        return NotImplemented
    if method == "__call__":
        where = kwargs.pop("where", True)
        dtype = kwargs.pop("dtype", None)
        if where is not True or kwargs.keys() - {"casting", "order", "subok"}:
            return NotImplemented
        result = function(*inputs)
        return result if dtype is None else result.astype(dtype)
    if method == "reduce":
        reduction = {"add": "sum", "multiply": "prod", "minimum": "min", "maximum": "max"}.get(ufunc.__name__)
        reduction = reduction or {"logical_and": "all", "logical_or": "any"}.get(ufunc.__name__)
        if reduction is None:
            return NotImplemented
        kwargs = {name: value for name, value in kwargs.items() if name in ("axis", "keepdims", "dtype")}
        kwargs.setdefault("axis", 0)
        return getattr(polyarray, reduction)(*inputs, **kwargs)
    if method == "accumulate" and ufunc.__name__ in ("add", "multiply"):
        scan = {"add": polyarray.cumulative_sum, "multiply": polyarray.cumulative_prod}[ufunc.__name__]
        return scan(*inputs, axis=kwargs.get("axis", 0))
    if method == "outer":
        a, b = inputs
        return function(polyarray.reshape(a, tuple(a.shape) + (1,) * b.ndim), b)
    return NotImplemented


def _known(inputs):
    return all(isinstance(v, (polyarray.Array, np.ndarray, np.generic, bool, int, float, complex)) for v in inputs)


def array_function(x, func, types, args, kwargs):
    """A function of NumPy that meets an array of ours is our function of that name."""
    if not all(issubclass(kind, (polyarray.Array, np.ndarray)) for kind in types):
        return NotImplemented
    function = _function(getattr(func, "__module__", None), func.__name__)
    if function is None:
        return NotImplemented
    return function(*args, **{name: value for name, value in kwargs.items() if not _is_default(name, value)})


def _is_default(name, value):
    """What NumPy's functions have and ours don't, as long as it says nothing."""
    return value is np._NoValue or (name in ("out", "order", "where", "casting", "subok") and value in (None, True, "K", "C"))


def dlpack(x, stream, max_version, dl_device, copy):
    """NumPy's capsule of the array's memory on the host."""
    if stream is not None:
        raise ValueError("there are no streams; leave stream to None")
    at_host = x.device == "host"
    if not at_host:
        if dl_device is None or tuple(dl_device)[0] != _CPU:
            raise BufferError(f'the array lives on {x.device}; copy it by .to_device("host"), or ask for the host')
        if copy is False:
            raise ValueError(f"the array lives on {x.device}: the host needs a copy; leave copy to None")
        x = x.to_device("host")
    elif dl_device is not None and tuple(dl_device)[0] != _CPU:
        raise BufferError("the array lives on the host")
    memory = np.asarray(x)
    if copy:
        memory = memory.copy()
    elif max_version is None or max_version[0] < 1:
        # Before version 1 DLPack can't say that memory is only read.
        memory = np.asarray(_Unmarked(memory))
    return memory.__dlpack__(max_version=max_version)


class _Unmarked:
    """Memory without the mark that it is only read."""

    def __init__(self, memory):
        interface = dict(memory.__array_interface__)
        interface["data"] = (interface["data"][0], False)
        self.__array_interface__ = interface
        self.kept = memory


def dlpack_device(x):
    """DLPack's number of the device."""
    kind, _, index = x.device.partition(":")
    return (_CPU, 0) if kind == "host" else (_VULKAN, int(index or 0))


def _restore(values, device):
    return polyarray.asarray(values, device=device, copy=True)


def reduce(x):
    """For pickle: the values, and where they lived."""
    return _restore, (np.asarray(x.to_device("host")), x.device)
