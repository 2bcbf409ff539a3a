//! Random numbers: a lane computes blocks of Philox4x32-10 and what is made of their words.

use crate::builder::Builder;
use crate::fused::storage::{block, block_put, declare_blocks};
use crate::params::Names;
use crate::plan::{Plan, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// What is made of the words of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Made {
    /// The four words, as uint32.
    Words,
    /// Uniform numbers, four in float32, two in float64.
    Uniform,
    /// Normal numbers, four in float32, two in float64.
    Normal,
}

/// Random numbers into a dense [`crate::Slot::Output`].
#[derive(Clone, Debug)]
pub struct Draw {
    /// The key of the stream.
    pub key: u64,
    /// The block of the first element.
    pub block: u128,
    /// What is made.
    pub made: Made,
    /// Number of elements.
    pub count: usize,
    /// uint32, float32 or float64.
    pub dtype: DType,
}

/// Elements that are stored at a time.
const UNIT: usize = 4;
/// Units of a lane on adapters that run on the CPU.
const RUN: u64 = 64;

#[derive(Debug, Hash)]
struct Blocks {
    made: Made,
    dtype: DType,
}

/// Plans a draw.
///
/// # Errors
/// [`PlanError`].
pub fn plan(job: &Draw, profile: &Profile) -> Result<Plan, PlanError> {
    let mut builder = Builder::new(profile, job.dtype, job.count)?;
    if job.count == 0 {
        return Ok(builder.finish());
    }
    let per_block = 16 / job.dtype.size();
    let shader = builder.shader(Blocks { made: job.made, dtype: job.dtype });
    // Parts begin at whole blocks: a binding's alignment is longer than one.
    for part in builder.parts(0..job.count, job.dtype.size()) {
        let blocks = part.len().div_ceil(UNIT) as u64;
        let per_lane = profile.per_lane(blocks, RUN);
        let first = job.block.wrapping_add((part.start / per_block) as u128);
        let mut params = vec![blocks as u32, per_lane, job.key as u32, (job.key >> 32) as u32];
        params.extend((0..4).map(|n| (first >> (32 * n)) as u32));
        let bindings = vec![builder.output(part)];
        let groups = builder.groups(blocks.div_ceil(u64::from(per_lane)));
        builder.step(&shader, bindings, params, groups)?;
    }
    Ok(builder.finish())
}

impl Template for Blocks {
    fn label(&self) -> String {
        format!("draw {:?} {}", self.made, self.dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["blocks", "per_lane", "key0", "key1", "block0", "block1", "block2", "block3"]);
    }

    fn write(&self, module: &mut Module) {
        declare_blocks([self.dtype], UNIT as u32, module);
        module.read_write("out", &block(self.dtype, UNIT as u32));
        module.entry();
        module.rounds("b");
        // Philox's blocks of a unit, each of 16 bytes.
        let each = UNIT * self.dtype.size() / 16;
        let mut elements = Vec::new();
        for n in 0..each {
            let _ = writeln!(
                module,
                "        let w{n} = philox(later_block(vec4<u32>(p.block0, p.block1, p.block2, p.block3), b * {each}u + {n}u), vec2<u32>(p.key0, p.key1));"
            );
            match (self.made, self.dtype) {
                (Made::Words, _) => elements.extend(["x", "y", "z", "w"].map(|x| format!("w{n}.{x}"))),
                (Made::Uniform, DType::F64) => {
                    elements.extend(
                        [["x", "y"], ["z", "w"]].map(|[a, b]| format!("uniform_f64(w{n}.{a}, w{n}.{b})")),
                    );
                }
                (Made::Uniform, _) => {
                    elements.extend(["x", "y", "z", "w"].map(|x| format!("uniform_f32(w{n}.{x})")))
                }
                (Made::Normal, dtype) => {
                    let made = match dtype {
                        DType::F64 => format!("normal_f64(w{n})"),
                        _ => format!("vec4<f32>(normal_f32(w{n}.x, w{n}.y), normal_f32(w{n}.z, w{n}.w))"),
                    };
                    let _ = writeln!(module, "        let z{n} = {made};");
                    elements.extend(
                        ["x", "y", "z", "w"][..16 / dtype.size()].iter().map(|x| format!("z{n}.{x}")),
                    );
                }
            }
        }
        let stored = block_put(self.dtype, module.features.int64, &elements);
        let _ = writeln!(module, "        out[b] = {stored};\n    }}\n}}");
    }
}
