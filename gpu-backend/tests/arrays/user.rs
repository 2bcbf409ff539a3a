//! A user's WGSL as a function of arrays.

use polyarray_core::backend::Outputs;
use polyarray_core::dispatch::{Cx, Registrar, Stop};
use polyarray_core::{Array, DType, Error, multimethod, numpy as np};
use polyarray_gpu::{ArrayKernel, Grid, RawKernel};

use crate::on_gpu;

multimethod! {
    domain "numpy.gpu_test";

    /// Distance from the origin, by a kernel of the user's.
    pub fn distance(x: &Array, y: &Array) -> Result<Array> {
        np::sqrt(np::add(np::multiply(x, x)?, np::multiply(y, y)?)?)
    }
}

const WGSL: &str = "
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> d: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) lane: u32) {
    let i = (group.x + group.y * groups.x) * 64u + lane;
    if (i < arrayLength(&x)) { d[i] = sqrt(x[i] * x[i] + y[i] * y[i]) + 1000.0; }
}";

fn kernel(wgsl: &'static str, output: DType) -> ArrayKernel {
    ArrayKernel::new(RawKernel::new("distance", wgsl, "main"), output, |shapes| match shapes {
        [x, y] if x == y => Ok(x.to_vec()),
        _ => Err(Error::Shape {
            op: "distance",
            operands: format!("{shapes:?}"),
            fix: "give two arrays of one shape".into(),
        }),
    })
}

fn on_device(cx: Cx, x: &Array, y: &Array) -> std::result::Result<Array, Stop<Error>> {
    kernel(WGSL, DType::F32).record(cx, &[x, y], &[])
}

#[polyarray_core::dispatch::linkme::distributed_slice(polyarray_core::dispatch::REGISTRATIONS)]
#[linkme(crate = polyarray_core::dispatch::linkme)]
static DISTANCE: fn(&mut Registrar<'_>) = |registrar| registrar.register::<distance>("gpu", on_device);

#[test]
fn a_users_kernel_is_an_implementation_like_any_other() {
    let host: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let x = on_gpu(&Array::from(host.clone())).reshape([3, 4]).unwrap();
    // It adds 1000, which the default does not: that is how one sees which ran.
    let got = distance(&x, &x).unwrap();
    assert_eq!(got.shape(), [3, 4]);
    for (got, x) in got.to_vec::<f32>().unwrap().iter().zip(&host) {
        assert!((got - (x * x + x * x).sqrt() - 1000.0).abs() < 1e-3, "{got} {x}");
    }
    // A view is made dense first.
    let turned = distance(x.t(), x.t()).unwrap().to_vec::<f32>().unwrap();
    assert!((turned[1] - (4.0 * 2_f32.sqrt() + 1000.0)).abs() < 1e-3, "{turned:?}");
}

multimethod! {
    domain "numpy.gpu_test";

    /// The number of elements before the last, and the last, as a kernel sees them.
    pub fn last(x: &Array) -> Result<Array> {
        np::take(x, &Array::from(vec![-1_i64]), 0)
    }
}

fn last_on_device(cx: Cx, x: &Array) -> std::result::Result<Array, Stop<Error>> {
    let wgsl = "
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1)
fn main() { y[0] = f32(arrayLength(&x) - 1u); y[1] = x[arrayLength(&x) - 1u]; }";
    let kernel = ArrayKernel::new(RawKernel::new("last", wgsl, "main"), DType::F32, |_| Ok(vec![2]));
    kernel.lanes(|_| 1).record(cx, &[x], &[])
}

#[polyarray_core::dispatch::linkme::distributed_slice(polyarray_core::dispatch::REGISTRATIONS)]
#[linkme(crate = polyarray_core::dispatch::linkme)]
static LAST: fn(&mut Registrar<'_>) = |registrar| registrar.register::<last>("gpu", last_on_device);

/// `arrayLength` is the view's, not that of the buffer that it lies in; bindings begin at some elements only.
#[test]
fn a_users_kernel_sees_the_elements_of_a_view_alone() {
    let x = on_gpu(&Array::from((0..200).map(|i| i as f32).collect::<Vec<_>>()));
    for (part, want) in [(":5", [4.0, 4.0]), ("64:70", [5.0, 69.0]), ("65:99", [33.0, 98.0])] {
        assert_eq!(last(x.slice(part).unwrap()).unwrap().to_vec::<f32>().unwrap(), want, "{part}");
    }
}

#[test]
fn what_does_not_fit_a_users_kernel_is_told() {
    let x = on_gpu(&Array::from(vec![1.0_f32; 8]));
    let error = distance(&x, x.slice("1:").unwrap()).unwrap_err();
    assert!(matches!(error, Error::Shape { .. }), "{error}");
    let ints = on_gpu(&Array::from(vec![1_i32; 8]));
    let error = distance(&ints, &ints).unwrap_err().to_string();
    assert!(error.contains("`x` is an array of f32") && error.contains("int32"), "{error}");
}

/// A kernel that is called rather than registered: several results, a grid of its own.
#[test]
fn a_users_kernel_may_have_several_results() {
    let wgsl = "
@group(0) @binding(0) var<storage, read> x: array<i32>;
@group(0) @binding(1) var<storage, read_write> half: array<f32>;
@group(0) @binding(2) var<storage, read_write> count: array<atomic<u32>>;
@compute @workgroup_size(4, 2)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let i = (group.x + group.y * 2u) * 8u + lane;
    if (i < arrayLength(&x)) { half[i] = f32(x[i]) / 2.0; }
    if (lane == 0u) { atomicStore(&count[group.x + group.y * 2u], 7u); }
}";
    let x = on_gpu(&Array::from((0..30).collect::<Vec<i32>>()));
    let cx = Cx::new(polyarray_core::array::instance_at(x.residency()).unwrap());
    let outputs = || -> Outputs {
        [([5, 6][..].into(), DType::F32), ([4][..].into(), DType::U32)].into_iter().collect()
    };
    let kernel = RawKernel::new("halves", wgsl, "main");
    let results = kernel.record(cx, &[&x], outputs(), Grid::Groups([2, 2, 1]), &[]).unwrap();
    let want: Vec<f32> = (0..30).map(|i| i as f32 / 2.0).collect();
    assert_eq!(results[0].shape(), [5, 6]);
    assert_eq!(results[0].to_vec::<f32>().unwrap(), want);
    assert_eq!(results[1].to_vec::<u32>().unwrap(), [7; 4]);
    for (grid, params, said) in [
        (Grid::Groups([1 << 30, 1, 1]), &[][..], "exceeds"),
        (Grid::Lanes(30), &[0; 4][..], "0 bytes of immediates"),
    ] {
        match kernel.record(cx, &[&x], outputs(), grid, params) {
            Err(Stop::Failed(error)) => assert!(error.to_string().contains(said), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}
