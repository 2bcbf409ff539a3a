//! What a backend runs: the interface between generated kernels and whoever has a device.
//!
//! A planner ([`crate::fused::plan`], [`crate::matmul::plan`], [`crate::take::plan`], [`crate::region::plan`],
//! [`crate::put::plan`])
//! turns a job and an adapter's [`Profile`] into a [`Plan`]: steps to be dispatched in order, with a barrier
//! between them (wgpu adds it), and scratch buffers that live as long as the plan runs.
//!
//! A step's module has one entry point, [`ENTRY`], and binds buffers in group 0, numbered from 0 without a gap,
//! in the order of [`Step::bindings`]: storage buffers, and windows of them as uniform buffers where the module
//! says so ([`crate::Spirv::bindings`]). Its parameters are u32 words: one `var<immediate>` where
//! they fit the adapter's immediates, else one more read-only storage buffer as the *last* binding, see
//! [`Step::params_are_immediate`]. The first parameter word is always 0: the run-time zero that drivers can't
//! fold.
//!
//! Elements lie in buffers as in host memory, little-endian: bool, 8- and 16-bit dtypes packed in u32 words
//! (4 or 2 a word, the last word's unused bytes arbitrary), 64-bit integers as two words, complex numbers as
//! (re, im). A buffer takes [`buffer_bytes`]: a multiple of [`BUFFER_ALIGNMENT`], also where it is empty, so that
//! kernels may read and write whole blocks; what they write beyond the last element is arbitrary.

use crate::compile::{Options, ShaderError, Spirv, compile};
use crate::library::Features;
use polyarray_core::DType;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Name of every module's entry point.
pub const ENTRY: &str = "main";

/// Allocate buffers in multiples of this many bytes: kernels work in blocks of that size.
pub const BUFFER_ALIGNMENT: u64 = 64;

/// Bytes of a buffer that one uniform binding shows.
pub const WINDOW: u64 = 64 << 10;
/// Windows that a kernel binds, at most: Mesa 22's limit, with which all figures were measured. Newer drivers have dozens,
/// and each is more code.
pub const MOST_WINDOWS: u32 = 15;

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
    /// Windows of at most [`WINDOW`] bytes that one kernel can bind as uniform buffers; 0 where it may not. On
    /// an adapter that runs on the CPU a load from one is an unrolled gather, where one from a storage buffer
    /// is a loop over the lanes. Such kernels declare whole windows and are given shorter ones, which only the
    /// driver checks: none unless it takes SPIR-V as it is.
    pub windows: u32,
    /// Elementwise kernels and reductions read through such windows, too.
    pub windowed_loads: bool,
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
        windows: 0,
        windowed_loads: false,
    };

    /// Blocks are loaded and stored in 64-bit words: on an adapter that runs on the CPU both cost the same for every
    /// component of every lane, 32 bits or 64.
    pub(crate) fn wide(&self) -> bool {
        self.lane_map == LaneMap::Run && self.features.int64
    }

    /// Do so many words of parameters fit immediates?
    pub(crate) fn holds_immediates(&self, words: usize) -> bool {
        words * 4 <= self.immediates as usize
    }

    /// # Errors
    /// [`PlanError::Bindings`], if a kernel can't bind so many storage buffers.
    pub(crate) fn check_bindings(&self, label: &str, needed: usize) -> Result<(), PlanError> {
        let limit = self.storage_buffers;
        if needed <= limit as usize {
            return Ok(());
        }
        Err(PlanError::Bindings { label: label.to_owned(), needed, limit })
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

/// A structure from which a module is written; equal structures give equal text.
pub(crate) trait Template: Send + Sync {
    /// The module's text before linking.
    fn wgsl(&self) -> String;
    /// How it is compiled.
    fn options(&self) -> Options;
    /// A short name for labels and traces.
    fn label(&self) -> String;
}

/// A module still to be written: cheap to clone, hash and compare, so that a cache of pipelines can be keyed
/// with it. Shapes, strides and scalars are parameters and not part of it.
#[derive(Clone)]
pub struct Shader {
    template: Arc<dyn Template>,
    key: u128,
}

impl Shader {
    /// Keyed by a hash of every field and of the template's type; 128 bits, as a collision would run the wrong
    /// kernel.
    pub(crate) fn new<T: Template + Hash + 'static>(template: T) -> Shader {
        let mut hasher = Fnv128(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        std::any::type_name::<T>().hash(&mut hasher);
        template.hash(&mut hasher);
        Shader { key: hasher.0, template: Arc::new(template) }
    }

    /// The key: equal exactly for equal structures.
    pub fn key(&self) -> u128 {
        self.key
    }

    /// A short name.
    pub fn label(&self) -> String {
        self.template.label()
    }

    /// How it is compiled.
    pub fn options(&self) -> Options {
        self.template.options()
    }

    /// The whole module, linked.
    pub fn wgsl(&self) -> String {
        let features = self.options().features;
        crate::library::Library::get(features).link(&self.template.wgsl())
    }

    /// The module as SPIR-V.
    ///
    /// # Errors
    /// [`ShaderError`]; for a generated module that is a defect of this crate.
    pub fn compile(&self) -> Result<Spirv, ShaderError> {
        compile(&self.label(), &self.wgsl(), &self.options())
    }
}

/// FNV-1a with its 128-bit constants.
struct Fnv128(u128);

impl Hasher for Fnv128 {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    fn finish(&self) -> u64 {
        (self.0 >> 64) as u64
    }
}

impl PartialEq for Shader {
    fn eq(&self, other: &Shader) -> bool {
        self.key == other.key
    }
}
impl Eq for Shader {}
impl Hash for Shader {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
impl fmt::Debug for Shader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shader({}, {:032x})", self.label(), self.key)
    }
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
    /// A kernel goes on with reductions that it can't make in one go here.
    #[error("the reductions of `{label}` are computed first, and then what goes on with them")]
    Apart {
        /// The kernel.
        label: String,
    },
    /// No shape in which that product is computed here.
    #[error("the product is not computed in {shape} here: take one of `matmul::shapes`")]
    Shape {
        /// The shape that was asked for.
        shape: crate::matmul::Shape,
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

/// The beginning of an entry point of `lanes` lanes; `g` is the number of the workgroup.
pub(crate) fn entry(lanes: u32) -> String {
    format!(
        "@compute @workgroup_size({lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
    let g = group.x + group.y * groups.x;
"
    )
}

/// The head of a loop in which `block` goes through the workgroup's blocks of `blocks`, `p.per_lane` of each lane: in
/// every round its lanes take neighbours.
pub(crate) fn rounds(lanes: u32, block: &str, blocks: &str) -> String {
    format!(
        "    let last = min((g + 1u) * {lanes}u * p.per_lane, {blocks});
    for (var {block} = g * {lanes}u * p.per_lane + local; {block} < last; {block} += {lanes}u) {{
"
    )
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
