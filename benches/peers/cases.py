"""The cases: operations with shapes and dtypes, their inputs, and float64 references by NumPy."""

import numpy as np

import methods

MI = 1 << 20

# The error of plain float32 addition of uniform numbers around 0: a sum may be much smaller than its terms.
SLOPPY = {("sum", "all"): 1e-4, ("sum", "rows"): 1e-3, ("sum", "columns"): 1e-3} | {("var", over): 1e-4 for over in ("all", "rows", "columns")}

# name, shape, dtype, tolerance (absolute plus relative)
CASES = (
    [(op, (16 * MI,), "float32", 1e-5) for op in ("a*b+c", "exp(sin x)", "chain of 10")]
    + [(op, shape, "float32", 1e-5) for op in ("softmax rows", "layer norm rows") for shape in ((4096, 4096), (65536, 256))]
    + [
        (f"{name} {over}", (4096, 4096), "float32", SLOPPY.get((name, over), 1e-5))
        for name in ("sum", "mean", "var", "max")
        for over in ("all", "rows", "columns")
    ]
    + [("transposed copy", (4096, 4096), "float32", 0.0)]
    + [
        ("matmul", shape, dtype, tolerance)
        for dtype, tolerance in (("float32", 1e-3), ("float64", 1e-10))
        for shape in ((256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048))
    ]
    + [
        ("matmul", (8192, 64, 64), "float32", 1e-3),
        ("matmul", (64, 64, 8192), "float32", 1e-3),
        ("matmul", (64, 128, 128, 128), "float32", 1e-3),
        ("matmul transposed", (1024, 1024, 1024), "float32", 1e-3),
        ("matmul int8", (1024, 1024, 1024), "int8", 0.0),
        ("matmul bits", (1024, 128, 1024), "uint32", 0.0),
        ("tiny 100", (64,), "float32", 1e-5),
        ("heat step", (512, 512), "float32", 1e-5),
        ("heat step", (64, 64), "float32", 1e-5),
        ("n-body", (256, 3), "float32", 1e-3),
        ("stack last", (6, 1 << 18), "float32", 0.0),
    ]
    + methods.CASES
)

# Number of positions of the result that are compared.
SAMPLES = 997


def word(k, n):
    """The finaliser of MurmurHash3 of positions: the same 32 bits in every language."""
    h = np.arange(n, dtype=np.uint32) + np.uint32(k * 0x9E3779B9 & 0xFFFFFFFF)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h


def given(k, shape, dtype):
    """Input k: uniform in [-1, 1), exact in float32; for integers all bit patterns."""
    h = word(k, int(np.prod(shape)))
    if dtype == "uint32":
        return h.reshape(shape)
    if dtype == "int8":
        return h.astype(np.uint8).view(np.int8).reshape(shape)
    return ((h >> np.uint32(8)).astype(dtype) / dtype_scalar(dtype, 8388608) - dtype_scalar(dtype, 1)).reshape(shape)


def dtype_scalar(dtype, value):
    return np.dtype(dtype).type(value)


def inputs(op, shape, dtype):
    if methods.body(op):
        return methods.operands(op, given, shape, dtype)
    if op == "a*b+c":
        return [given(k, shape, dtype) for k in range(3)]
    if op == "matmul transposed":
        m, k, n = shape
        return [given(0, (k, m), dtype), given(1, (k, n), dtype)]
    if op.startswith("matmul"):
        *batch, m, k, n = shape
        return [given(0, (*batch, m, k), dtype), given(1, (*batch, k, n), dtype)]
    return [given(0, shape, dtype)]


def bits(a, b, xp):
    """Row by row: the whole product of words would not fit in memory."""
    columns = xp.ascontiguousarray(b.T)
    return xp.stack([xp.bitwise_count(row[None, :] & columns).sum(axis=1, dtype=xp.int32) for row in a])


def body(op, xp, softmax=None):
    """The operation as its library's users would write it."""
    if methods.body(op):
        return methods.body(op, xp)
    if op == "a*b+c":
        return lambda a, b, c: a * b + c
    if op == "exp(sin x)":
        return lambda x: xp.exp(xp.sin(x))
    if op == "chain of 10":

        def chain(x):
            t = x * 2 + 1
            t = t * x - 0.5
            t = t * t + x
            t = xp.sqrt(xp.abs(t))
            return t * 0.25 - x

        return chain
    if op == "softmax rows":

        def rows(x):
            e = xp.exp(x - x.max(axis=-1, keepdims=True))
            return e / e.sum(axis=-1, keepdims=True)

        return softmax or rows
    if op == "layer norm rows":

        def norm(x):
            d = x - x.mean(axis=-1, keepdims=True)
            return d / xp.sqrt((d * d).mean(axis=-1, keepdims=True) + 1e-5)

        return norm
    if op == "transposed copy":
        # NumPy's own arithmetic would keep the memory order of the operand.
        return lambda x: xp.ascontiguousarray(x.T) if hasattr(xp, "ndarray") and xp.__name__ != "jax.numpy" else x.T * 1
    if op == "matmul":
        return lambda a, b: a @ b
    if op == "matmul transposed":
        return lambda a, b: a.T @ b
    if op == "matmul int8":
        return lambda a, b: xp.matmul(a, b, dtype=xp.int32)
    if op == "matmul bits":
        return lambda a, b: bits(a, b, xp)
    if op == "tiny 100":

        def tiny(x):
            for _ in range(50):
                x = x * 0.99
                x = x + 0.01
            return x

        return tiny
    if op == "heat step":
        kept = []

        def heat(u):
            # The step goes to another array, so that all runs give the same.
            v = kept[0] if kept else kept.append(u * 1) or kept[0]
            c = u[1:-1, 1:-1]
            new = c + 0.1 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * c)
            if xp.__name__ == "jax.numpy":
                return v.at[1:-1, 1:-1].set(new)
            v[1:-1, 1:-1] = new
            return v

        return heat
    if op == "n-body":

        def pull(x):
            apart = x[None, :, :] - x[:, None, :]
            square = (apart * apart).sum(axis=-1) + 0.01
            return (apart * (1.0 / (xp.sqrt(square) * square))[:, :, None]).sum(axis=1)

        return pull
    if op == "stack last":
        return lambda x: xp.stack(list(x), axis=-1)
    name, over = op.split(" ")
    axis = {"all": None, "rows": -1, "columns": 0}[over]
    return lambda x: getattr(xp, name)(x, axis=axis)


def truth(op, shape, dtype):
    """Samples of the result, in float64 or exact integers."""
    if op == "random normal":
        return []
    operands = inputs(op, shape, dtype)
    wider = {"float32": np.float64, "complex64": np.complex128}
    operands = [x.astype(wider.get(x.dtype.name, x.dtype)) for x in operands]
    if op == "matmul int8":
        a, b = (x.astype(np.float64) for x in operands)
        result = a @ b
    elif op == "matmul bits":
        planes = [np.unpackbits(np.ascontiguousarray(x).view(np.uint8), axis=1) for x in (operands[0], operands[1].T)]
        result = planes[0].astype(np.float64) @ planes[1].astype(np.float64).T
    else:
        result = body(op, np)(*operands)
    return samples(result)


def samples(result):
    flat = np.real(np.asarray(result)).reshape(-1)
    return [float(flat[s * len(flat) // SAMPLES]) for s in range(SAMPLES)]
