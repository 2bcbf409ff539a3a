//! Products with an epilogue, against the product's own kernel and the epilogue over its result:
//! every way to compute a product, edges, batches, parts, sums in several dispatches.

use crate::device::{Device, device};
use crate::fused::profiles;
use crate::kernels::{elements, host, interpret, value};
use crate::matmul::{data, dense};
use polyarray_core::expr::layout::row_major;
use polyarray_core::expr::{Epilogue, Input, Instr, Kernel, Op, Output};
use polyarray_core::{DType, Scalar};
use polyarray_shaders::matmul::{Matmul, Terms, plan, plan_epilogue};
use polyarray_shaders::plan::{LaneMap, Profile};

/// `maximum(product * 3 + row, full reversed)`, cast to `to`.
fn epilogue(job: &Matmul, dtype: DType, to: DType) -> Epilogue {
    let dims: Vec<usize> = job.batch.iter().copied().chain([job.m, job.n]).collect();
    let len = dims.iter().product();
    let mut row = vec![0; dims.len()];
    row[dims.len() - 1] = 1;
    let full: Vec<isize> = row_major(&dims).iter().map(|s| -s).collect();
    let input = |n: usize, strides: &[isize], offset: usize| Input {
        buffer: host(dtype, &data(dtype, n, 11)),
        strides: strides.into(),
        offset,
    };
    let mut code = vec![
        value(Instr::Load(2), dtype),
        value(Instr::Param(0), dtype),
        value(Instr::Map(Op::Multiply, [0, 1, 0]), dtype),
        value(Instr::Load(0), dtype),
        value(Instr::Map(Op::Add, [2, 3, 0]), dtype),
        value(Instr::Load(1), dtype),
        value(Instr::Map(Op::Maximum, [4, 5, 0]), dtype),
    ];
    if to != dtype {
        code.push(value(Instr::Cast(6), to));
    }
    let kernel = Kernel {
        dims: dims.as_slice().into(),
        inputs: vec![input(job.n, &row, 0), input(len, &full, len - 1)],
        params: vec![Scalar::I64(3).cast(dtype)],
        code,
        output: Output::Map,
    };
    Epilogue { kernel, dtype }
}

fn check(gpu: &Device, job: &Matmul, terms: Terms, to: Option<DType>, profile: &Profile, what: &str) {
    let matrices: usize = job.batch.iter().product();
    let small = |mut x: Vec<Scalar>| {
        if job.dtype.is_int() {
            x.iter_mut()
                .for_each(|x| *x = Scalar::I64((x.to_i128().unwrap_or(0) & 7) as i64).cast(job.dtype));
        }
        x
    };
    let (a, b) = (
        small(data(job.dtype, matrices * job.m * job.k, 1)),
        small(data(job.dtype, matrices * job.k * job.n, 2)),
    );
    let [a, b] = [a, b].map(|x| gpu.buffer(host(job.dtype, &x).bytes()));
    let sum = terms.sum(job.dtype);
    let mut epilogue = epilogue(job, sum, to.unwrap_or(sum));
    let len = epilogue.kernel.output_len();
    let own = plan(job, terms, profile).unwrap_or_else(|e| panic!("{what}: {e}"));
    let product = elements(sum, &gpu.read(&gpu.execute(&own, &[&a, &b])), len);
    let plan = plan_epilogue(job, terms, &epilogue, profile).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(plan.steps.len(), own.steps.len(), "{what}");
    let others: Vec<_> = epilogue
        .kernel
        .inputs
        .iter()
        .map(|input| {
            let any: &dyn std::any::Any = &*input.buffer;
            gpu.buffer(any.downcast_ref::<polyarray_core::array::HostBuffer>().expect("it is").bytes())
        })
        .collect();
    let inputs: Vec<_> = [&a, &b].into_iter().chain(&others).collect();
    let got = elements(epilogue.kernel.output_dtype(), &gpu.read(&gpu.execute(&plan, &inputs)), len);
    epilogue.kernel.inputs.push(Input {
        buffer: host(sum, &product),
        strides: row_major(&epilogue.kernel.dims),
        offset: 0,
    });
    let want = interpret(&epilogue.kernel);
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        assert_eq!(got, want, "{what}: element {i}, from {}", product[i]);
    }
}

/// The adapter as one that does not run on the CPU, and without any feature.
fn real(gpu: &Device) -> [Profile; 2] {
    let own = Profile { lane_map: LaneMap::Coalesced, workgroup: 64, ..gpu.profile };
    [own, profiles(gpu)[1]]
}

fn job(dtype: DType, batch: &[usize], [m, k, n]: [usize; 3]) -> Matmul {
    let (a, b) = (dense((m, k), batch), dense((k, n), batch));
    Matmul { dtype, batch: batch.to_vec(), m, k, n, a, b }
}

#[test]
fn every_shape_of_kernel() {
    let gpu = device();
    for (p, own) in real(gpu).into_iter().enumerate() {
        for (dtype, to) in [
            (DType::F32, None),
            (DType::F32, Some(DType::I32)),
            (DType::I32, Some(DType::F32)),
            (DType::I64, None),
            (DType::F64, None),
            (DType::F64, Some(DType::F32)),
        ] {
            if dtype == DType::F64 && !own.features.f64 || p > 0 && (to.is_some() || dtype == DType::I32) {
                continue;
            }
            for (batch, lengths) in [
                (&[][..], [1, 1, 1]),
                (&[], [3, 5, 7]),
                (&[], [19, 0, 37]),
                (&[2, 3], [17, 30, 50]),
                (&[], [70, 600, 130]),
            ] {
                let what = format!("{dtype} {to:?} {batch:?} {lengths:?} of profile {p}");
                check(gpu, &job(dtype, batch, lengths), Terms::Products, to, &own, &what);
            }
        }
        // The output in several bindings; sums in several dispatches.
        let parts = Profile { max_binding: 1 << 14, ..own };
        check(gpu, &job(DType::F32, &[2], [45, 30, 50]), Terms::Products, None, &parts, "parts");
        let short = Profile { loop_budget: 2000, ..own };
        check(gpu, &job(DType::F32, &[], [3, 5000, 5]), Terms::Products, None, &short, "several dispatches");
        let cast = epilogue(&job(DType::F32, &[], [3, 5000, 5]), DType::F32, DType::I32);
        let plan = plan_epilogue(&job(DType::F32, &[], [3, 5000, 5]), Terms::Products, &cast, &short);
        assert!(plan.is_err(), "sums that are not complete have no place");
    }
}

#[test]
fn blocks_go_on_with_their_elements() {
    let gpu = device();
    let profile = Profile { lane_map: LaneMap::Coalesced, workgroup: 256, ..gpu.profile };
    // The shape of `matmul.rs`, whose kernel is compiled once.
    let whole = job(DType::F32, &[], [72, 100, 132]);
    check(gpu, &whole, Terms::Products, None, &profile, "blocks");
    // Others are the same text with other numbers: compiled.
    let short = Profile { loop_budget: 64, ..profile };
    for (job, to, profile, steps) in [
        (job(DType::F32, &[], [67, 37, 50]), DType::F32, profile, 1),
        (whole.clone(), DType::F64, profile, 1),
        (whole.clone(), DType::F32, short, 3),
        (job(DType::I32, &[2], [2048, 64, 2048]), DType::F32, profile, 1),
    ] {
        if to == DType::F64 && !profile.features.f64 {
            continue;
        }
        let plan = plan_epilogue(&job, Terms::Products, &epilogue(&job, job.dtype, to), &profile);
        let plan = plan.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(plan.steps.len(), steps);
        for step in plan.steps {
            assert!(step.shader.label().contains("blocks"));
            step.shader.compile().unwrap_or_else(|e| panic!("{e}\n{}", step.shader.wgsl()));
        }
    }
}

#[test]
fn bits_go_on_with_their_elements() {
    let gpu = device();
    let [profile, _] = real(gpu);
    for lengths in [[40, 64, 66], [20, 9, 5]] {
        for to in [None, Some(DType::F32)] {
            let what = format!("bits {lengths:?} to {to:?}");
            check(gpu, &job(DType::U32, &[], lengths), Terms::Bits, to, &profile, &what);
        }
    }
}

#[test]
fn what_is_not_taken() {
    let gpu = device();
    let [own, _] = real(gpu);
    let job = job(DType::F32, &[], [70, 60, 130]);
    let plan =
        |epilogue: &Epilogue, profile: &Profile| plan_epilogue(&job, Terms::Products, epilogue, profile);
    // Elements of which several share a word; too few bindings; loops; an adapter that runs on the CPU.
    assert!(plan(&epilogue(&job, DType::F32, DType::F16), &own).is_err());
    let few = Profile { storage_buffers: 2, ..own };
    assert!(plan(&epilogue(&job, DType::F32, DType::F32), &few).is_err());
    let mut looping = epilogue(&job, DType::F32, DType::F32);
    looping.kernel.code.push(value(Instr::Map(Op::Remainder, [6, 1, 0]), DType::F32));
    assert!(plan(&looping, &own).is_err());
    let run = Profile { lane_map: LaneMap::Run, workgroup: 8, ..own };
    assert!(plan(&epilogue(&job, DType::F32, DType::F32), &run).is_err());
    assert!(plan(&epilogue(&job, DType::F32, DType::F32), &own).is_ok());
}
