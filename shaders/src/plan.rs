//! What a backend runs: the interface between generated kernels and a device.
//!
//! A planner ([`crate::fused::plan`], [`crate::matmul::plan`], those of [`crate::methods`] and [`crate::primitives`])
//! turns a job and an adapter's [`Profile`] into a [`Plan`]: steps to be dispatched in order, with a barrier
//! between them (wgpu adds it), and scratch buffers that live as long as the plan runs.
//!
//! A step's module has one entry point, [`ENTRY`], and binds buffers in group 0, numbered from 0 without a gap,
//! in the order of [`Step::bindings`]. Its parameters are u32 words: one `var<immediate>` where
//! they fit the adapter's immediates, else one more read-only storage buffer as the *last* binding, see
//! [`Step::params_are_immediate`]. The first parameter word is always 0: the run-time zero that drivers can't
//! fold.
//!
//! Elements lie in buffers as in host memory, little-endian: bool, 8- and 16-bit dtypes packed in u32 words
//! (4 or 2 a word, the last word's unused bytes arbitrary), 64-bit integers as two words, complex numbers as
//! (re, im). A buffer takes [`buffer_bytes`]: a multiple of [`BUFFER_ALIGNMENT`], also where it is empty, so that
//! kernels may read and write whole blocks; what they write beyond the last element is arbitrary.

use crate::library::Features;
use polyarray_core::DType;

pub use crate::shader::{ENTRY, Shader};

/// Allocate buffers in multiples of this many bytes: kernels work in blocks of that size.
pub const BUFFER_ALIGNMENT: u64 = 64;

/// Most elements that one kernel is over: indices are u32, with room for a grid rounded up.
pub const MAX_ELEMENTS: u64 = u32::MAX as u64 - (1 << 24);

/// How elements are dealt to lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaneMap {
    /// Neighbouring lanes take neighbouring words: what real GPUs want.
    Coalesced,
    /// Every lane takes a contiguous run: what adapters on the CPU want.
    Run,
}

/// What generated kernels depend on about an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// What its shaders may use.
    pub features: Features,
    /// Subgroup operations may be used.
    pub subgroups: bool,
    /// How elements are dealt to lanes.
    pub lane_map: LaneMap,
    /// Invocations per workgroup.
    pub workgroup: u32,
    /// Loop iterations that one invocation may make in all.
    pub loop_budget: u32,
    /// Bytes of immediates; 0 where there are none.
    pub immediates: u32,
    /// Workgroups per dimension of a grid.
    pub max_groups: u32,
    /// Bytes that one binding can show.
    pub max_binding: u64,
    /// Storage buffers that one kernel can bind.
    pub storage_buffers: u32,
    /// Alignment of a binding's offset, in bytes.
    pub offset_alignment: u32,
}

impl Profile {
    /// A modest real GPU: the limits that WebGPU promises everywhere.
    pub const BASELINE: Profile = Profile {
        features: Features { f64: false, int64: false },
        subgroups: false,
        lane_map: LaneMap::Coalesced,
        workgroup: 256,
        loop_budget: 32_768,
        immediates: 0,
        max_groups: 65_535,
        max_binding: 128 << 20,
        storage_buffers: 8,
        offset_alignment: 256,
    };

    /// Offsets of bindings are multiples of this.
    pub(crate) fn alignment(&self) -> u64 {
        u64::from(self.offset_alignment).max(BUFFER_ALIGNMENT)
    }

    /// Blocks of a lane whose workgroup walks by [`rounds`]: one on a real GPU; on the CPU as few as keep it busy, and `most`
    /// at most, beyond which more gain nothing.
    pub(crate) fn per_lane(&self, blocks: u64, most: u64) -> u32 {
        /// Lanes that keep a CPU-type adapter busy; beyond that, lanes get longer runs.
        const RUN_LANES: u64 = 512;
        match self.lane_map {
            // Odd, so that workgroups do not begin a power of two apart, in the same sets of the cache.
            LaneMap::Run => ((blocks / RUN_LANES).clamp(1, most.max(1)) | 1) as u32,
            LaneMap::Coalesced => 1,
        }
    }
}

/// Which buffer a binding shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// An input of the job, by number.
    Input(usize),
    /// The output.
    Output,
    /// A scratch buffer of the plan, by number.
    Scratch(usize),
}

/// One binding of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bind {
    /// Which buffer.
    pub slot: Slot,
    /// First byte shown; a multiple of the profile's alignment.
    pub offset: u64,
    /// Bytes shown, at most to the end of the (rounded) buffer.
    pub size: u64,
    /// True if the kernel writes it.
    pub write: bool,
}

/// One dispatch.
#[derive(Clone, Debug)]
pub struct Step {
    /// The module: equal shaders are one pipeline.
    pub shader: Shader,
    /// The storage buffers, by binding number.
    pub bindings: Vec<Bind>,
    /// The parameter words.
    pub params: Vec<u32>,
    /// True if the parameters go into immediates; else they are one more storage buffer, bound last.
    pub params_are_immediate: bool,
    /// Workgroups per dimension.
    pub groups: [u32; 3],
}

/// Dispatches that together do one job.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The dispatches, in order. None where the output is empty.
    pub steps: Vec<Step>,
    /// Bytes of each scratch buffer. Their contents need no initialisation.
    pub scratch: Vec<u64>,
    /// Bytes of the output buffer.
    pub output_bytes: u64,
}

/// Why a job can't be planned for an adapter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The adapter has no such arithmetic.
    #[error("the adapter has no {dtype}: {fix}")]
    Dtype {
        /// The dtype.
        dtype: DType,
        /// What to do.
        fix: &'static str,
    },
    /// The operation does not exist in that dtype.
    #[error("{op} does not exist for {dtype}: cast first")]
    NoSuchOp {
        /// The operation.
        op: &'static str,
        /// The dtype.
        dtype: DType,
    },
    /// A product and its epilogue are no one kernel here, or would be slower as one.
    #[error("a product that becomes {dtype} is computed first, and then what is done with its elements")]
    Epilogue {
        /// The dtype of the output.
        dtype: DType,
    },
    /// A kernel has row reductions that can't be fused with their consumers here.
    #[error("the reductions of `{label}` are not fused with their consumers on this adapter")]
    Apart {
        /// The kernel.
        label: String,
    },
    /// More storage buffers than a kernel can bind.
    #[error(
        "the kernel `{label}` needs {needed} storage buffers, the adapter binds {limit}: evaluate a part of the expression first"
    )]
    Bindings {
        /// The kernel.
        label: String,
        /// Buffers needed.
        needed: usize,
        /// Buffers there are.
        limit: u32,
    },
    /// Indices beyond 32 bits.
    #[error("{what} has {elements} elements, a kernel addresses {limit}: split it along an axis")]
    TooLarge {
        /// Which operand.
        what: String,
        /// Its elements.
        elements: u64,
        /// The most.
        limit: u64,
    },
}

/// Bytes of a buffer of `len` elements, rounded up to whole blocks.
pub fn buffer_bytes(dtype: DType, len: usize) -> u64 {
    (len as u64 * dtype.size() as u64).div_ceil(BUFFER_ALIGNMENT).max(1) * BUFFER_ALIGNMENT
}

/// A grid of at least `groups` workgroups: one dimension where they fit, else two. Kernels compute the flat
/// number as `x + y * num_workgroups.x` and check it.
pub fn grid(groups: u64, profile: &Profile) -> [u32; 3] {
    let max = u64::from(profile.max_groups);
    let y = groups.div_ceil(max).max(1);
    let x = groups.div_ceil(y);
    [x as u32, y as u32, 1]
}

/// The dtype if an adapter with these features can hold it.
///
/// # Errors
/// [`PlanError::Dtype`].
pub fn check_dtype(dtype: DType, features: Features) -> Result<(), PlanError> {
    match dtype {
        DType::F64 | DType::C128 if !features.f64 => Err(PlanError::Dtype {
            dtype,
            fix: "compute in float32 or complex64 there, or move the array to another device",
        }),
        _ => Ok(()),
    }
}
