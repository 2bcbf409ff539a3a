//! The shapes of a product: all of them right, and to the same bits, so that it is a matter of time which one runs.

use crate::device::{Device, device};
use crate::kernels::{elements, host};
use crate::matmul::{check_elements, data, dense};
use polyarray_core::{DType, Scalar};
use polyarray_shaders::matmul::{Matmul, Operand, Shape, Terms, plan_shape, plan_terms, shapes};
use polyarray_shaders::plan::{PlanError, Profile};
use polyarray_shaders::{LaneMap, Plan};

/// A real GPU's way, on whatever adapter there is.
fn coalesced(gpu: &Device) -> Profile {
    Profile { lane_map: LaneMap::Coalesced, workgroup: 256, windows: 0, ..gpu.profile }
}

/// A product of dense operands, the first of them column by column.
fn job(dtype: DType, batch: &[usize], [m, k, n]: [usize; 3]) -> Matmul {
    let a = Operand { row_stride: 1, column_stride: m as isize, ..dense((m, k), batch) };
    Matmul { dtype, batch: batch.to_vec(), m, k, n, a, b: dense((k, n), batch) }
}

fn planned(job: &Matmul, terms: Terms, shape: Shape, profile: &Profile) -> Plan {
    plan_shape(job, terms, None, shape, profile).unwrap_or_else(|e| panic!("{shape}: {e}"))
}

/// Elements whose sums are rounded at every step, so that another order gives other bits.
fn rough(dtype: DType, len: usize, seed: usize) -> Vec<Scalar> {
    let data = data(dtype, len, seed).into_iter();
    data.map(|x| if dtype.is_int() { x } else { Scalar::C128(x.to_c128() / 7.3).cast(dtype) }).collect()
}

/// Runs a product in all of its shapes, of which there are `count`, the first of them the rule's.
fn all_alike(gpu: &Device, job: &Matmul, terms: Terms, count: usize, profile: &Profile) {
    let (a, b) = (rough(job.dtype, job.a.len, 7), rough(job.dtype, job.b.len, 8));
    let buffer = |data: &[Scalar]| gpu.buffer(host(job.dtype, data).bytes());
    let (in_a, in_b) = (buffer(&a), buffer(&b));
    let sums = terms.sum(job.dtype);
    let len = job.batch.iter().product::<usize>() * job.m * job.n;
    let shapes = shapes(job, terms, profile);
    assert_eq!(shapes.len(), count, "{shapes:?}");
    let run = |plan: &Plan| {
        let mut bytes = gpu.read(&gpu.execute(plan, &[&in_a, &in_b]));
        bytes.truncate(len * sums.size());
        bytes
    };
    let rule = plan_terms(job, terms, profile).unwrap_or_else(|e| panic!("{e}"));
    let wanted = run(&rule);
    if terms == Terms::Products {
        check_elements(job, &a, &b, &elements(sums, &wanted, len));
    }
    let kernels = |plan: &Plan| plan.steps.iter().map(|step| step.shader.key()).collect::<Vec<_>>();
    assert_eq!(kernels(&planned(job, terms, shapes[0], profile)), kernels(&rule), "the first is the rule's");
    for &shape in &shapes[1..] {
        let plan = planned(job, terms, shape, profile);
        assert_ne!(kernels(&plan), kernels(&rule), "{shape}");
        assert!(
            run(&plan) == wanted,
            "{shape} gives other bits than {}, {:?}",
            shapes[0],
            [job.m, job.k, job.n]
        );
    }
}

/// Each of the four takes the software adapter some ten seconds to compile, once: all sizes have the same structure.
#[test]
fn blocks() {
    let gpu = device();
    let profile = coalesced(gpu);
    for sizes in [[132, 17, 136], [72, 100, 132], [196, 40, 68]] {
        all_alike(gpu, &job(DType::F32, &[], sizes), Terms::Products, 4, &profile);
    }
}

#[test]
fn tiles() {
    let gpu = device();
    let profile = coalesced(gpu);
    for (dtype, batch, sizes, count) in [
        (DType::F32, vec![], [301, 600, 20], 3),
        (DType::F32, vec![3], [13, 300, 301], 2),
        (DType::I32, vec![2], [130, 9, 47], 2),
        (DType::I64, vec![], [120, 21, 9], 2),
        (DType::C64, vec![], [7, 270, 33], 2),
    ] {
        all_alike(gpu, &job(dtype, &batch, sizes), Terms::Products, count, &profile);
    }
    let words = job(DType::U32, &[], [129, 33, 30]);
    all_alike(gpu, &words, Terms::Bits, 3, &profile);
}

#[test]
fn panels() {
    let gpu = device();
    if gpu.profile.windows == 0 {
        // A real GPU: it has the shapes above.
        return;
    }
    for (dtype, batch, sizes, count) in [
        (DType::F32, vec![], [67, 256, 96], 3),
        (DType::F32, vec![2], [67, 1100, 70], 2),
        (DType::F32, vec![], [130, 255, 33], 2),
        (DType::F64, vec![], [37, 130, 50], 2),
        (DType::I32, vec![3], [37, 130, 90], 3),
        (DType::I64, vec![], [7, 40, 300], 2),
        (DType::F32, vec![], [5, 300, 70], 2),
    ] {
        all_alike(gpu, &job(dtype, &batch, sizes), Terms::Products, count, &gpu.profile);
    }
    all_alike(gpu, &job(DType::U32, &[], [40, 64, 66]), Terms::Bits, 2, &gpu.profile);
    all_alike(gpu, &job(DType::I8, &[], [40, 64, 66]), Terms::Bytes, 1, &gpu.profile);
}

/// Sums are cut where the loop budget ends, at the same places in every shape.
#[test]
fn long_sums_have_the_same_parts() {
    let profile = Profile { loop_budget: 64, ..Profile::BASELINE };
    let job = job(DType::F32, &[], [150, 100, 150]);
    let parts = |shape| {
        // First and last k are the ninth and tenth parameter.
        let steps = planned(&job, Terms::Products, shape, &profile).steps;
        steps.iter().map(|step| (step.params[8], step.params[9])).collect::<Vec<_>>()
    };
    for shape in shapes(&job, Terms::Products, &profile) {
        assert_eq!(parts(shape), [(0, 48), (48, 96), (96, 100)], "{shape}");
    }
}

#[test]
fn a_shape_of_another_product_is_an_error() {
    let job = job(DType::F32, &[], [150, 100, 150]);
    let shape = Shape::Panels { columns: 8 };
    let error = plan_shape(&job, Terms::Products, None, shape, &Profile::BASELINE).unwrap_err();
    assert_eq!(error, PlanError::Shape { shape });
    assert!(error.to_string().contains("panels of 16x64"), "{error}");
}

#[test]
fn classes_tell_sizes_and_layouts_apart() {
    let class = |job: &Matmul| job.class(Terms::Products);
    let wide = job(DType::F32, &[4], [256, 511, 128]);
    assert_eq!(
        class(&wide),
        "float32 products, 2^8 x 2^8 x 2^7, 2^2 of them, a by columns in quads, b by rows in quads"
    );
    assert_eq!(class(&wide), class(&job(DType::F32, &[5], [500, 256, 132])));
    for other in [
        job(DType::F64, &[4], [256, 511, 128]),
        job(DType::F32, &[8], [256, 511, 128]),
        job(DType::F32, &[4], [512, 511, 128]),
        job(DType::F32, &[4], [256, 511, 129]),
        Matmul { a: dense((256, 511), &[4]), ..wide.clone() },
    ] {
        assert_ne!(class(&wide), class(&other));
    }
    assert_ne!(class(&wide), wide.class(Terms::Bits));
}
