use polyarray_gpu::{GpuError, RawKernel};

use crate::{AFFINE, gpu, ramp};

fn affine() -> RawKernel {
    RawKernel::new("affine", AFFINE, "affine")
}

#[test]
fn a_users_kernel_runs() {
    let gpu = gpu();
    let x = gpu.upload(bytemuck::cast_slice(&ramp(1000)), "x").unwrap();
    let y = gpu.allocate(4000, "y").unwrap();
    affine().launch_over(&gpu, &[&x, &y], &3.0_f32.to_ne_bytes(), 1000).unwrap();
    let mut got = vec![0.0_f32; 1000];
    gpu.read(&y, 0, bytemuck::cast_slice_mut(&mut got)).unwrap();
    assert!(got.iter().enumerate().all(|(i, &y)| y == 2.0 * i as f32 + 3.0));
    let kernels = gpu.kernel_stats().compiled;
    affine().launch_over(&gpu, &[&x, &y], &3.0_f32.to_ne_bytes(), 1000).unwrap();
    assert_eq!(gpu.kernel_stats().compiled, kernels, "compiled once");
}

#[test]
fn what_does_not_fit_the_kernel_is_an_error_before_it_runs() {
    let gpu = gpu();
    let x = gpu.upload(&[0; 64], "x").unwrap();
    let y = gpu.allocate(64, "y").unwrap();
    let k = 0.0_f32.to_ne_bytes();
    let problem = |result: polyarray_gpu::Result<()>| match result {
        Err(GpuError::Binding { kernel, problem }) => {
            assert_eq!(kernel, "affine");
            problem
        }
        other => panic!("{other:?}"),
    };
    assert!(problem(affine().launch(&gpu, &[&x], &k, [1, 1, 1])).contains("binds 2 buffers, 1"));
    assert!(problem(affine().launch(&gpu, &[&x, &y], &[], [1, 1, 1])).contains("4 bytes of immediates, 0"));
    assert!(problem(affine().launch(&gpu, &[&x, &x], &k, [1, 1, 1])).contains("same buffer"));
    let elsewhere = crate::gpu().upload(&[0; 64], "x").unwrap();
    assert!(problem(affine().launch(&gpu, &[&elsewhere, &y], &k, [1, 1, 1])).contains("lives on"));
    let many = gpu.profile().max_groups + 1;
    let result = affine().launch(&gpu, &[&x, &y], &k, [many, 1, 1]);
    assert!(matches!(result, Err(GpuError::Grid { asked: [asked, 1, 1], .. }) if asked == u64::from(many)));
    affine().launch(&gpu, &[&x, &y], &k, [1, 1, 1]).expect("the device is as good as before");
    gpu.finish("test").unwrap();
}

#[test]
fn a_kernel_that_does_not_compile_is_an_error_with_its_span() {
    let gpu = gpu();
    for (wgsl, part) in [
        ("@compute @workgroup_size(1) fn main() { let x: i32 = 1.5; }", "wgsl:1"),
        ("@compute @workgroup_size(1) fn other() {}", "there are: other"),
        (
            "@group(0) @binding(1) var<storage, read_write> y: array<f32>;
             @compute @workgroup_size(1) fn main() { y[0] = 1.0; }",
            "without a gap",
        ),
        (
            "@group(1) @binding(0) var<storage, read_write> y: array<f32>;
             @compute @workgroup_size(1) fn main() { y[0] = 1.0; }",
            "group 1",
        ),
        (
            "@group(0) @binding(0) var<storage, read_write> y: array<f32>;
             @compute @workgroup_size(4096, 4096) fn main() { y[0] = 1.0; }",
            "",
        ),
        // naga panics on this one while it writes SPIR-V.
        (
            "@group(0) @binding(0) var<storage, read_write> y: array<u64>;
             @compute @workgroup_size(1) fn main() { y[0] = countLeadingZeros(y[1]); }",
            "",
        ),
    ] {
        match RawKernel::new("mine", wgsl, "main").compile(&gpu) {
            Err(error @ GpuError::Shader { .. }) => {
                let text = error.to_string();
                assert!(text.contains("`mine`") && text.contains(part), "{text}");
            }
            other => panic!("{wgsl}: {other:?}"),
        }
    }
    gpu.finish("test").expect("the device is as good as before");
    assert!(gpu.allocate(64, "x").is_ok());
}

#[test]
fn a_users_index_out_of_bounds_touches_no_neighbour() {
    let gpu = gpu();
    let kernel = RawKernel::new(
        "wild",
        "@group(0) @binding(0) var<storage, read_write> y: array<u32>;
         @compute @workgroup_size(1) fn main() { y[arrayLength(&y) + 5u] = 7u; }",
        "main",
    );
    gpu.set_poison(Some(1));
    let y = gpu.allocate(256, "y").unwrap();
    kernel.launch(&gpu, &[&y], &[], [1, 1, 1]).unwrap();
    let mut words = [0_u32; 64];
    gpu.read(&y, 0, bytemuck::cast_slice_mut(&mut words)).unwrap();
    // Clamped to the last element or dropped, as WGSL allows.
    assert!(words[..63].iter().all(|&word| word == 1), "{words:?}");
}
