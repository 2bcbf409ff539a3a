//! The runtime against a real adapter. One binary, because every one links all of wgpu.
//!
//! Without an adapter these tests fail, and say which command mends it.

mod adapters;
mod out_of_memory;
mod pool;
mod probes;
mod raw_kernel;
mod submit;
mod transfer;

use polyarray_gpu::{Gpu, Profile};

/// A device of its own: counters and limits are not shared between tests.
fn gpu() -> Gpu {
    gpu_as(|_| ())
}

/// A device that claims less than its adapter offers.
fn gpu_as(change: impl FnOnce(&mut Profile)) -> Gpu {
    let opened = polyarray_gpu::adapters::chosen().and_then(|(adapter, _)| {
        let mut profile = adapter.profile.clone();
        change(&mut profile);
        Gpu::open_as(adapter, profile)
    });
    opened.unwrap_or_else(|error| panic!("{error}"))
}

/// Both ways of copying: mapped where the adapter shares memory, and staged.
fn both_ways() -> [Gpu; 2] {
    [gpu(), gpu_as(|profile| profile.mapped_primary = false)]
}

/// `y = 2 x + k`, with `k` an immediate, over a flat grid of any size.
const AFFINE: &str = "
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
var<immediate> k: f32;
@compute @workgroup_size(64)
fn affine(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) lane: u32) {
    let i = (group.x + group.y * groups.x) * 64u + lane;
    if (i < arrayLength(&y)) { y[i] = x[i] + x[i] + k; }
}";

fn ramp(len: usize) -> Vec<f32> {
    (0..len).map(|i| i as f32).collect()
}
