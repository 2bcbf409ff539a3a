"""A Python library's worker: `worker.py numpy|scipy|jax|cupy`. Requests and answers are lines of JSON."""

import json
import sys
import time

import numpy as np

import cases
import methods


class Numpy:
    def __init__(self):
        self.xp = np

    def prepare(self, op, operands):
        return cases.body(op, np), operands

    def finish(self, result):
        return result

    def read(self, result):
        return np.asarray(result)


class Scipy(Numpy):
    """What SciPy adds to NumPy: softmax, BLAS called without NumPy's copies, transforms on all processors."""

    def prepare(self, op, operands):
        import scipy.linalg.blas as blas
        import scipy.special

        if methods.body(op):
            return methods.scipy_body(op), operands
        if op == "softmax rows":
            return (lambda x: scipy.special.softmax(x, axis=-1)), operands
        if op == "matmul" and operands[0].ndim == 2:
            # Fortran order: the product of the transposes, transposed.
            gemm = blas.sgemm if operands[0].dtype == np.float32 else blas.dgemm
            return (lambda a, b: gemm(1.0, b.T, a.T).T), operands
        return None, operands


class Jax(Numpy):
    def __init__(self):
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
        self.jax = jax

    def prepare(self, op, operands):
        jax, jnp = self.jax, self.jax.numpy
        if methods.body(op):
            return None, operands
        if op == "matmul int8":
            body = lambda a, b: jax.lax.dot(a, b, preferred_element_type=jnp.int32)
        elif op == "matmul bits":
            body = lambda a, b: jax.lax.map(
                lambda row: jax.lax.population_count(row[None, :] & b.T).astype(jnp.int32).sum(axis=1), a
            )
        else:
            body = cases.body(op, jnp, jax.nn.softmax if op == "softmax rows" else None)
        if op == "tiny 100":
            # Operation by operation, as in a program that is not compiled as a whole.
            return body, [jnp.asarray(x) for x in operands]
        return jax.jit(body), [jnp.asarray(x) for x in operands]

    def finish(self, result):
        return result.block_until_ready()


class Cupy(Numpy):
    def __init__(self):
        import cupy

        self.xp = cupy

    def prepare(self, op, operands):
        if op in ("matmul int8", "matmul bits"):
            return None, operands
        return cases.body(op, self.xp), [self.xp.asarray(x) for x in operands]

    def finish(self, result):
        self.xp.cuda.Device().synchronize()
        return result

    def read(self, result):
        return self.xp.asnumpy(result)


def timed(library, request, known):
    op, shape, dtype = request["op"], tuple(request["shape"]), request["dtype"]
    key = (op, shape, dtype)
    if key not in known:
        known.clear()
        body, operands = library.prepare(op, cases.inputs(op, shape, dtype))
        known[key] = (body, operands)
    body, operands = known[key]
    if body is None:
        return {"status": "absent", "times": []}
    reads = op == "tiny 100"

    def run():
        result = library.finish(body(*operands))
        return library.read(result) if reads else result

    got = cases.samples(library.read(library.finish(body(*operands))))
    far = [abs(g - w) > request["tolerance"] * (1 + abs(w)) or g != g for g, w in zip(got, request["expect"])]
    if any(far):
        at = far.index(True)
        return {"status": "wrong", "why": f"sample {at} is {got[at]}, wanted is {request['expect'][at]}", "times": []}
    times, warm, start = [], 2, time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - start < request["seconds"] and len(times) < 1000):
        before = time.perf_counter()
        result = run()
        took = time.perf_counter() - before
        del result
        if warm:
            warm -= 1
        else:
            times.append(took)
    return {"status": "ok", "times": times}


def main():
    library = {"numpy": Numpy, "scipy": Scipy, "jax": Jax, "cupy": Cupy}[sys.argv[1]]()
    known = {}
    for line in sys.stdin:
        try:
            answer = timed(library, json.loads(line), known)
        except Exception as error:  # noqa: BLE001, an unsupported operation is a valid answer
            answer = {"status": "failed", "why": f"{type(error).__name__}: {error}", "times": []}
        print(json.dumps(answer), flush=True)


main()
