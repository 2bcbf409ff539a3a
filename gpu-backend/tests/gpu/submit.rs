use std::time::Duration;

use polyarray_gpu::{Clock, Dispatch, Gpu, GpuBuffer, GpuError, Params, RawKernel, Window, spread};

use crate::{AFFINE, both_ways, gpu, gpu_as, ramp};

fn step(gpu: &Gpu, x: &GpuBuffer, y: &GpuBuffer, k: f32) {
    let pipeline = RawKernel::new("affine", AFFINE, "affine").compile(gpu).unwrap();
    let groups = spread(gpu, "affine", (y.len() / 4).div_ceil(64)).unwrap();
    let windows = [Window::from(x), Window::from(y)];
    gpu.dispatch(&Dispatch {
        pipeline: &pipeline,
        windows: &windows,
        params: Params::Immediates(&k.to_ne_bytes()),
        groups,
    })
    .unwrap();
}

#[test]
fn many_dispatches_share_a_submit_and_keep_their_order() {
    let gpu = gpu();
    let mut x = gpu.upload(bytemuck::cast_slice(&ramp(100)), "x").unwrap();
    let before = (gpu.submits(), gpu.dispatches());
    for _ in 0..20 {
        // A pooled buffer that an earlier step still reads is handed out again: order must hold.
        let y = gpu.allocate(400, "y").unwrap();
        step(&gpu, &x, &y, 1.0);
        x = y;
    }
    assert_eq!(
        (gpu.submits(), gpu.dispatches()),
        (before.0, before.1 + 20),
        "nothing runs before it is read"
    );
    let mut got = vec![0.0_f32; 100];
    gpu.read(&x, 0, bytemuck::cast_slice_mut(&mut got)).unwrap();
    let scale = (1_u32 << 20) as f32;
    for (i, &got) in got.iter().enumerate() {
        assert_eq!(got, (0..20).fold(i as f32, |x, _| x + x + 1.0));
        assert!(got >= scale * i as f32);
    }
    assert_eq!(gpu.submits(), before.0 + 1, "one submit for all");
}

#[test]
fn a_batch_is_bounded() {
    let gpu = gpu();
    let x = gpu.upload(&[0; 64], "x").unwrap();
    let y = gpu.allocate(64, "y").unwrap();
    let before = gpu.submits();
    for _ in 0..100 {
        step(&gpu, &x, &y, 1.0);
    }
    let submits = gpu.submits() - before;
    assert!((2..=10).contains(&submits), "{submits}");
}

#[test]
fn a_write_never_overtakes_recorded_work() {
    for gpu in both_ways() {
        let x = gpu.upload(bytemuck::cast_slice(&[1.0_f32; 64]), "x").unwrap();
        let y = gpu.allocate(256, "y").unwrap();
        step(&gpu, &x, &y, 0.0);
        gpu.write(&x, bytemuck::cast_slice(&[100.0_f32; 64])).unwrap();
        let mut got = [0.0_f32; 64];
        gpu.read(&y, 0, bytemuck::cast_slice_mut(&mut got)).unwrap();
        assert_eq!(got, [2.0; 64]);
    }
}

#[test]
fn grids_beyond_one_dimension_are_spread() {
    // A small limit makes the spread happen with little data.
    let gpu = gpu_as(|profile| profile.max_groups = 7);
    let len = 7 * 64 * 3 + 5;
    assert_eq!(spread(&gpu, "k", 22).unwrap(), [6, 4, 1]);
    assert!(matches!(spread(&gpu, "k", 50), Err(GpuError::Grid { .. })));
    let x = gpu.upload(bytemuck::cast_slice(&ramp(len)), "x").unwrap();
    gpu.set_poison(Some(0x7fc0_0000));
    let y = gpu.allocate(4 * len as u64, "y").unwrap();
    step(&gpu, &x, &y, 0.5);
    let mut got = vec![0.0_f32; len];
    gpu.read(&y, 0, bytemuck::cast_slice_mut(&mut got)).unwrap();
    assert!(got.iter().enumerate().all(|(i, &y)| y == 2.0 * i as f32 + 0.5));
}

#[test]
fn a_lost_device_is_a_sticky_error_and_another_can_be_made() {
    let lost = gpu();
    let x = lost.upload(&[1; 64], "x").unwrap();
    let y = lost.allocate(64, "y").unwrap();
    lost.destroy();
    for _ in 0..2 {
        let mut bytes = [0; 64];
        assert!(matches!(lost.read(&x, 0, &mut bytes), Err(GpuError::DeviceLost { .. })));
        assert!(matches!(lost.write(&x, &bytes), Err(GpuError::DeviceLost { .. })));
        assert!(matches!(lost.allocate(64, "z"), Err(GpuError::DeviceLost { .. })));
        assert!(matches!(lost.finish("test"), Err(GpuError::DeviceLost { .. })));
        let result = RawKernel::new("affine", AFFINE, "affine").launch(&lost, &[&x, &y], &[0; 4], [1, 1, 1]);
        assert!(matches!(result, Err(GpuError::DeviceLost { .. })));
    }
    drop((x, y));
    assert_eq!(lost.pool_stats().cached, 0, "buffers of a lost device are not kept");
    let gpu = gpu();
    gpu.upload(&[1; 64], "x").expect("a new device works");
    assert!(!gpu.is(&lost));
}

#[test]
fn waiting_is_finite() {
    let gpu = gpu();
    // About 10^10 multiplications, in invocations that each stay within the loop budget.
    let slow = RawKernel::new(
        "slow",
        "@group(0) @binding(0) var<storage, read_write> y: array<f32>;
         @compute @workgroup_size(64)
         fn main(@builtin(global_invocation_id) id: vec3<u32>) {
             var x = y[id.x % arrayLength(&y)];
             for (var i = 0u; i < 30000u; i += 1u) { x = x * 1.0001 + 0.5; }
             y[id.x % arrayLength(&y)] = x;
         }",
        "main",
    );
    let y = gpu.upload(&[0; 256], "y").unwrap();
    slow.launch(&gpu, &[&y], &[], [4096, 1, 1]).unwrap();
    gpu.set_patience(Duration::from_millis(5));
    let waited = gpu.finish("a slow kernel");
    assert!(matches!(waited, Err(GpuError::Timeout { operation: "a slow kernel", .. })), "{waited:?}");
    gpu.set_patience(Duration::from_secs(120));
    gpu.finish("a slow kernel").expect("patience helps");
}

#[test]
fn a_run_is_timed_and_the_clock_is_named() {
    for claims in [true, false] {
        let gpu = gpu_as(|profile| profile.timestamps &= claims);
        let x = gpu.upload(bytemuck::cast_slice(&ramp(1 << 20)), "x").unwrap();
        let y = gpu.allocate(4 << 20, "y").unwrap();
        step(&gpu, &x, &y, 0.0);
        let ((), timing) = gpu
            .time(|| {
                step(&gpu, &x, &y, 0.0);
                Ok(())
            })
            .unwrap();
        assert!(timing.elapsed > Duration::from_micros(1), "{timing:?}");
        assert!(timing.elapsed < Duration::from_secs(60), "{timing:?}");
        assert!(claims || timing.clock == Clock::Wall);
    }
}

#[test]
fn parameters_beyond_the_immediates_share_one_buffer_per_batch() {
    let gpu = gpu();
    let kernel = RawKernel::new(
        "indexed",
        "@group(0) @binding(0) var<storage, read_write> y: array<u32>;
         @group(0) @binding(1) var<storage, read> p: array<u32>;
         @compute @workgroup_size(1) fn main() { y[p[0]] = p[1] + arrayLength(&p); }",
        "main",
    );
    let pipeline = kernel.compile(&gpu).unwrap();
    let len = 1000_u32;
    let y = gpu.upload(&vec![0; 4 * len as usize], "y").unwrap();
    let windows = [Window::from(&y)];
    for i in 0..len {
        // Some are long enough to fill the shared buffer several times over.
        let mut params = vec![0_u32; if i % 10 == 0 { 10_000 } else { 2 }];
        params[..2].copy_from_slice(&[i, 3 * i]);
        let params = Params::Buffer(bytemuck::cast_slice(&params));
        gpu.dispatch(&Dispatch { pipeline: &pipeline, windows: &windows, params, groups: [1, 1, 1] })
            .unwrap();
    }
    let mut got = vec![0_u32; len as usize];
    gpu.read(&y, 0, bytemuck::cast_slice_mut(&mut got)).unwrap();
    for (i, &got) in (0..len).zip(&got) {
        assert_eq!(got, 3 * i + if i % 10 == 0 { 10_000 } else { 2 });
    }
    let huge = vec![0; 1 << 20];
    let params = Params::Buffer(&huge);
    let result =
        gpu.dispatch(&Dispatch { pipeline: &pipeline, windows: &windows, params, groups: [1, 1, 1] });
    assert!(matches!(result, Err(GpuError::Binding { .. })));
}
