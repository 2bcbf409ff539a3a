//! What kernels need to know of an adapter. Kernels are templates over this, never over names.

use polyarray_shaders::LaneMap;

use crate::memory;

/// The loop iterations that one invocation may make in all. Software adapters end loops silently
/// at about twice that; watchdogs of real GPUs dislike long invocations, too.
pub const LOOP_BUDGET: u32 = 32_768;

/// What an adapter can do, as far as kernels, the pool and transfers care.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// How elements are dealt to lanes.
    pub lane_map: LaneMap,
    /// Lanes per workgroup.
    pub workgroup: u32,
    /// Lanes per subgroup, smallest and largest; `None` where the adapter has no subgroup operations.
    pub subgroup: Option<(u32, u32)>,
    /// Has 64-bit floats.
    pub f64: bool,
    /// Has native 64-bit integers.
    pub int64: bool,
    /// Has native 16-bit floats.
    pub f16: bool,
    /// The most bytes that one binding can show to a kernel, rounded down to a word.
    pub max_binding: u64,
    /// The most bytes of one buffer, rounded down to a multiple of 256.
    pub max_buffer: u64,
    /// Storage buffers that one kernel can be given.
    pub storage_buffers: u32,
    /// The alignment of a binding's offset.
    pub offset_alignment: u32,
    /// Bytes of immediates (push constants); 0 where there are none.
    pub immediates: u32,
    /// Workgroups per grid dimension.
    pub max_groups: u32,
    /// Loop iterations per invocation.
    pub loop_budget: u32,
    /// Buffers that kernels use can be mapped, so that copies are plain memory copies.
    pub mapped_primary: bool,
    /// Has timestamp queries.
    pub timestamps: bool,
    /// Takes SPIR-V as it is, which is how NoContraction reaches the driver.
    pub passthrough: bool,
    /// The adapter runs on the CPU and shares its memory.
    pub is_cpu: bool,
}

impl Profile {
    /// What `adapter` offers, before any device is opened.
    pub(crate) fn of(adapter: &wgpu::Adapter, info: &wgpu::AdapterInfo) -> Self {
        let features = adapter.features();
        let limits = adapter.limits();
        let has = |feature| features.contains(feature);
        let is_cpu = info.device_type == wgpu::DeviceType::Cpu;
        let passthrough = info.backend == wgpu::Backend::Vulkan && has(wgpu::Features::PASSTHROUGH_SHADERS);
        let subgroup = (has(wgpu::Features::SUBGROUP) && info.subgroup_max_size > 0)
            .then_some((info.subgroup_min_size, info.subgroup_max_size));
        Self {
            lane_map: if is_cpu { LaneMap::Run } else { LaneMap::Coalesced },
            workgroup: workgroup(is_cpu, subgroup, &limits),
            subgroup,
            f64: has(wgpu::Features::SHADER_F64),
            int64: has(wgpu::Features::SHADER_INT64),
            f16: has(wgpu::Features::SHADER_F16),
            max_binding: limits.max_storage_buffer_binding_size & !3,
            max_buffer: limits.max_buffer_size & !255,
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
            offset_alignment: limits.min_storage_buffer_offset_alignment.max(4),
            immediates: if has(wgpu::Features::IMMEDIATES) { limits.max_immediate_size } else { 0 },
            max_groups: limits.max_compute_workgroups_per_dimension,
            loop_budget: LOOP_BUDGET,
            mapped_primary: is_cpu && has(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS),
            timestamps: has(wgpu::Features::TIMESTAMP_QUERY),
            passthrough,
            is_cpu,
        }
    }

    /// What generated shaders may use. Their double precision works on bit patterns and so needs 64-bit
    /// integers, too.
    pub fn shader_features(&self) -> polyarray_shaders::Features {
        polyarray_shaders::Features { f64: self.f64 && self.int64, int64: self.int64 }
    }

    /// The part of the profile that generated kernels depend on.
    pub fn for_shaders(&self) -> polyarray_shaders::Profile {
        polyarray_shaders::Profile {
            features: self.shader_features(),
            subgroups: self.subgroup.is_some(),
            lane_map: self.lane_map,
            workgroup: self.workgroup,
            loop_budget: self.loop_budget,
            immediates: self.immediates,
            max_groups: self.max_groups,
            max_binding: self.max_binding,
            storage_buffers: self.storage_buffers,
            offset_alignment: self.offset_alignment,
        }
    }

    /// The pool's limit where nobody sets one: a share of what memory there is for an adapter that
    /// runs on the CPU (it overcommits and reports nothing), none where the driver reports itself.
    pub fn default_memory_limit(&self) -> u64 {
        if self.is_cpu { memory::available().map_or(u64::MAX, |bytes| bytes / 4 * 3) } else { u64::MAX }
    }
}

/// One subgroup on an adapter that runs on the CPU, where more only costs barriers; on a real GPU
/// enough lanes to hide latency.
fn workgroup(is_cpu: bool, subgroup: Option<(u32, u32)>, limits: &wgpu::Limits) -> u32 {
    let most = limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x);
    let wanted = if is_cpu { subgroup.map_or(8, |(_, largest)| largest) } else { 256 };
    wanted.min(most).max(1)
}
