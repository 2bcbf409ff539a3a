"""The package's stub, from the functions' own declarations: ``python stubs.py`` prints it.

``test_stubs.py`` fails where ``polyarray/__init__.pyi`` in the repository is another.
"""

import inspect

import polyarray as xp

HEAD = '''"""Generated from the rows of methods by tests/stubs.py."""

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

ArrayLike: TypeAlias = Array | np.ndarray | np.generic | complex | Sequence[Any]

class ResidencyError(TypeError): ...
class BackendNotImplementedError(NotImplementedError): ...
class DeviceError(RuntimeError): ...
class KernelError(ValueError): ...
class State: ...

class Scope:
    def __enter__(self) -> Scope: ...
    def __exit__(self, *error: object) -> None: ...

class Method:
    __name__: str
    domain: str
    def __call__(self, *args: object, **kwargs: object) -> Any: ...
    def register(self, kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
    def unregister(self, kind: str) -> None: ...

class Implementation:
    def undo(self) -> None: ...
    def __enter__(self) -> Implementation: ...
    def __exit__(self, *error: object) -> None: ...

Out: TypeAlias = tuple[int | Sequence[int], DTypeLike]

class RawKernel:
    name: str
    def __init__(self, source: str, entry: str = "main", *, name: str | None = None) -> None: ...
    def __call__(self, *arrays: ArrayLike, out: Out | list[Out], groups: int | Sequence[int] | None = None, params: object | None = None, device: str | None = None) -> Any: ...
'''

GENETICS = '''class Dataset:
    genotypes: Array
    dosages: Array
    variants: dict[str, list[Any]]
    samples: list[str]

class Analysis:
    allele_counts: Array
    variant_counts: Array
    call_rate: Array
    het_obs: Array
    het_exp: Array
    grm: Array
    grm_variants: int
    steps: list[tuple[str, float]]
    def save(self, folder: str, *, replace: bool = False) -> list[Any]: ...'''

OPERATORS = (
    "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split(),
    "lt le eq ne gt ge".split(),
    "neg pos abs invert".split(),
)


def declarations(namespace, names):
    """A line for each function of a namespace."""
    lines = []
    for name in sorted(names):
        value = namespace[name]
        if isinstance(value, xp.Method):
            line = value._stub().replace(f"def {value.__name__}(", f"def {name}(", 1)
        elif inspect.isclass(value) or inspect.ismodule(value):
            continue
        elif callable(value):
            signature = str(inspect.signature(value)) if inspect.isfunction(value) else value.__text_signature__ or "(*args, **kwargs)"
            result = PLAIN.get(name, "Array") if namespace in (vars(xp), vars(xp.genetics)) else "Array"
            line = f"def {name}{signature} -> {result}: ..."
        else:
            continue
        lines.append(line)
    return lines


PLAIN = {
    "result_type": "np.dtype", "can_cast": "bool", "isdtype": "bool", "broadcast_shapes": "tuple[int, ...]",
    "set_backend": "Scope", "skip_backend": "Scope", "set_state": "Scope", "get_state": "State",
    "set_global_backend": "None", "register_backend": "None", "clear_backends": "None", "determine_backend": "str",
    "promote_types": "np.dtype", "min_scalar_type": "np.dtype", "common_type": "type", "isscalar": "bool", "issubdtype": "bool",
    "iscomplexobj": "bool", "isrealobj": "bool", "einsum_path": "tuple[list[Any], str]", "copyto": "None", "save": "None",
    "savez": "None", "savez_compressed": "None", "load": "Any", "tril_indices": "tuple[Array, Array]",
    "triu_indices": "tuple[Array, Array]", "tril_indices_from": "tuple[Array, Array]", "triu_indices_from": "tuple[Array, Array]",
    "diag_indices": "tuple[Array, ...]", "diag_indices_from": "tuple[Array, ...]", "mask_indices": "tuple[Array, Array]",
    "explain": "tuple[Any, str]", "implementation": "Implementation", "read_plink": "Dataset", "run_analysis": "Analysis", "has_dtype": "bool", "devices": "list[str]", "default_device": "str",
}  # fmt: skip


def results():
    """The classes of results with names."""
    found = {}
    for namespace in (vars(xp), vars(xp.linalg)):
        for value in namespace.values():
            fields = getattr(getattr(value, "_results", None), "_fields", None)
            if fields:
                found[value._results.__name__] = fields
    return [f"class {name}(NamedTuple):\n" + "".join(f"    {field}: Array\n" for field in fields) for name, fields in sorted(found.items())]


def array():
    """The class of arrays: attributes, operators, and the functions whose first argument is an array."""
    lines = ["class Array:"]
    for name, kind in {"dtype": "np.dtype", "device": "str", "shape": "tuple[int, ...]", "ndim": "int", "size": "int", "itemsize": "int", "nbytes": "int", "strides": "tuple[int, ...]", "T": "Array", "mT": "Array", "real": "Array", "imag": "Array", "flat": "Iterator[complex]"}.items():  # fmt: skip
        lines += ["    @property", f"    def {name}(self) -> {kind}: ..."]
    for name in OPERATORS[0]:
        for prefix in ("", "r", "i"):
            lines.append(f"    def __{prefix}{name}__(self, other: ArrayLike) -> Array: ...")
    lines += [f"    def __{name}__(self, other: ArrayLike) -> Array: ..." for name in OPERATORS[1]]
    lines += [f"    def __{name}__(self) -> Array: ..." for name in OPERATORS[2]]
    for name, kind in {"bool": "bool", "int": "int", "float": "float", "complex": "complex", "index": "int", "len": "int"}.items():
        lines.append(f"    def __{name}__(self) -> {kind}: ...")
    lines += [
        "    def __getitem__(self, key: object) -> Array: ...",
        "    def __setitem__(self, key: object, value: ArrayLike) -> None: ...",
        "    def __iter__(self) -> Iterator[Array]: ...",
        "    def __array_namespace__(self, *, api_version: str | None = None) -> ModuleType: ...",
        "    def __array__(self, dtype: DTypeLike = None, copy: bool | None = None) -> np.ndarray: ...",
        "    def __dlpack__(self, *, stream: None = None, max_version: tuple[int, int] | None = None, dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> object: ...",
        "    def __dlpack_device__(self) -> tuple[int, int]: ...",
        "    def to_device(self, device: str, /, *, stream: None = None) -> Array: ...",
        "    def astype(self, dtype: DTypeLike, /, *, copy: bool = True, device: str | None = None) -> Array: ...",
        "    def eval(self) -> Array: ...",
        "    def item(self) -> complex: ...",
        "    def tolist(self) -> Any: ...",
    ]
    native = {line.split("def ")[1].split("(")[0] for line in lines if "def " in line}
    for name, function in sorted(xp._methods.methods.items()):
        if name in native:
            continue
        if isinstance(function, xp.Method):
            parameters = function._stub().split("(", 1)[1]
            first, _, rest = parameters.partition(", ") if ", " in parameters.split(") ->")[0] else (parameters.split(")")[0], "", ")" + parameters.split(")", 1)[1])
            lines.append(f"    def {name}(self{', ' if not rest.startswith(')') else ''}{rest}")
        else:
            lines.append(f"    def {name}{inspect.signature(function)} -> Any: ...")
    return "\n".join(lines)


def stub():
    """The text of the stub."""
    names = [name for name in vars(xp) if not name.startswith("_")]
    constants = [f"{name}: float" for name in ("e", "pi", "inf", "nan")] + ["newaxis: None"]
    constants += [f"{name}: np.dtype" for name in xp._DTYPES]
    parts = [HEAD, *results(), array() + "\n", "\n".join(constants), "\n".join(declarations(vars(xp), names))]
    parts += [GENETICS]
    for module in ("linalg", "fft", "genetics"):
        namespace = vars(getattr(xp, module))
        lines = declarations(namespace, [name for name in namespace if not name.startswith("_")])
        body = "\n".join("    @staticmethod\n    " + line for line in lines)
        parts.append(f"class {module}:\n{body}")
    parts.append("class finfo:\n    def __init__(self, type: object, /) -> None: ...\n    bits: int\n    eps: float\n    max: float\n    min: float\n    smallest_normal: float\n    dtype: np.dtype")
    parts.append("class iinfo:\n    def __init__(self, type: object, /) -> None: ...\n    bits: int\n    max: int\n    min: int\n    dtype: np.dtype")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(stub(), end="")
