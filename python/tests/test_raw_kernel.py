"""Kernels in WGSL."""

import struct

import numpy as np
import pytest

import polyarray as xp

AFFINE = xp.RawKernel(
    """
    struct Line { slope: f32, shift: f32 }
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    var<immediate> line: Line;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        if (id.x < arrayLength(&y)) { y[id.x] = line.slope * x[id.x] + line.shift; }
    }""",
    name="affine",
)

SPLIT = xp.RawKernel("""
    @group(0) @binding(0) var<storage, read> x: array<i32>;
    @group(0) @binding(1) var<storage, read_write> low: array<u32>;
    @group(0) @binding(2) var<storage, read_write> half: array<f32>;
    @compute @workgroup_size(4, 2)
    fn halves(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
        let i = (group.x + group.y * 2u) * 8u + lane;
        if (i < arrayLength(&x)) { low[i] = u32(x[i]) & 3u; half[i] = f32(x[i]) / 2.0; }
    }""", "halves")  # fmt: skip


@pytest.fixture(autouse=True)
def gpu():
    if "gpu:0" not in xp.__array_namespace_info__().devices():
        pytest.skip("there is no GPU")


def on_gpu(values, dtype):
    return xp.asarray(np.asarray(values, dtype=dtype), device="gpu:0")


def test_one_result(values):
    x = on_gpu(np.arange(12).reshape(3, 4), "float32")
    line = struct.pack("ff", 2.0, 0.5)
    y = AFFINE(x, out=((3, 4), "float32"), groups=1, params=line)
    assert y.device == "gpu:0" and y.dtype == np.float32 and y.shape == (3, 4)
    np.testing.assert_array_equal(values(y), 2 * np.arange(12).reshape(3, 4) + 0.5)
    # One invocation for each element without a number of groups; parameters of NumPy's; views are read in their order.
    y = AFFINE(x.T + 0, out=((12,), "float32"), params=np.array([1, 1], dtype="float32"))
    np.testing.assert_array_equal(values(y), np.arange(12).reshape(3, 4).T.ravel() + 1)
    np.testing.assert_array_equal(values(AFFINE(x.T, out=((4, 3), "float32"), params=line)), 2 * values(x).T + 0.5)
    # Recorded: it is a part of what is computed after it.
    _, text = xp.explain(lambda: xp.sum(AFFINE(x, out=((12,), xp.float32), params=line)).item())
    assert "affine" in text


def test_several_results_and_groups(values):
    x = on_gpu(np.arange(30), "int32")
    low, half = SPLIT(x, out=[(30, "uint32"), (30, "float32")], groups=(2, 2))
    np.testing.assert_array_equal(values(low), np.arange(30) & 3)
    np.testing.assert_array_equal(values(half), np.arange(30) / 2)


def test_no_array():
    count = xp.RawKernel("""
        @group(0) @binding(0) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) { y[id.x] = id.x; }""")
    assert count(out=(5, "uint32"), groups=5).tolist() == [0, 1, 2, 3, 4]
    assert count(out=(5, "uint32"), groups=5, device="gpu:0").device == "gpu:0"


LINE = b"\0" * 8
WRONG = {
    "a text that is none": (xp.KernelError, "expected", lambda x: xp.RawKernel("fn main( {")(x, out=(3, "float32"))),
    "an entry that is not there": (xp.KernelError, "other", lambda x: xp.RawKernel(AFFINE_TEXT, "other")(x, out=(3, "float32"))),
    "a name that is not declared": (xp.KernelError, "nothing", lambda x: xp.RawKernel(AFFINE_TEXT.replace("+ 0.0", "+ nothing"))(x, out=(3, "float32"))),
    "too many arrays": (xp.KernelError, "2 buffers", lambda x: AFFINE(x, x, out=(3, "float32"), params=LINE)),
    "another dtype": (xp.KernelError, "array of f32", lambda x: AFFINE(x + 0, out=(3, "float64"), params=LINE)),
    "no parameters": (xp.KernelError, "8 bytes", lambda x: AFFINE(x, out=(3, "float32"))),
    "too many groups": (xp.KernelError, "exceeds", lambda x: AFFINE(x, out=(3, "float32"), params=LINE, groups=(1, 10**9))),
    "a host array": (xp.ResidencyError, "to_device", lambda x: AFFINE(x.to_device("host"), out=(3, "float32"), params=LINE)),
    "two places": (xp.ResidencyError, "one device", lambda x: SPLIT(x, x.to_device("host"), out=(3, "float32"))),
    "a number": (TypeError, "params", lambda x: AFFINE(2.0, out=(3, "float32"))),
    "no result": (ValueError, "out", lambda x: AFFINE(x, out=[])),
    "four axes of groups": (ValueError, "1 to 3", lambda x: AFFINE(x, out=(3, "float32"), groups=(1, 1, 1, 1), params=LINE)),
    "a negative length": (ValueError, "negative", lambda x: AFFINE(x, out=(-3, "float32"), params=LINE)),
}  # fmt: skip

AFFINE_TEXT = """
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] = x[id.x] + 0.0; }"""


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(case):
    error, said, call = WRONG[case]
    with pytest.raises(error, match=said):
        call(on_gpu([1, 2, 3], "float32"))


def test_it_serves_a_method_of_one_s_own(values):
    @xp.multimethod(domain="numpy.sk_test")
    def line(x):
        return x * 2 + 1

    @line.register("gpu")
    def _(x):
        return AFFINE(x, out=(x.shape, x.dtype), params=struct.pack("ff", 2, 100)) if x.dtype == np.float32 else NotImplemented

    assert line(on_gpu([1, 2], "float32")).tolist() == [102, 104]
    assert line(on_gpu([1, 2], "int32")).tolist() == [3, 5]
    assert line(xp.asarray([1.0, 2.0])).tolist() == [3, 5]
