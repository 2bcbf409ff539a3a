//! Elementwise kernels: every lane owns whole blocks of the output, and so whole words of packed dtypes.

use super::body;
use super::input_access::{self, Access, Placed, Source};
use super::storage::{block, block_get, block_put, declare_blocks};
use crate::builder::Builder;
use crate::params::{Names, scalar_words};
use crate::plan::{LaneMap, Plan, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::expr::{Kernel, Value};
use std::fmt::Write as _;

/// The structure of an elementwise kernel.
#[derive(Debug, Hash)]
struct Map {
    /// Elements per block.
    unit: u32,
    /// Axes that strided inputs walk; 0 where there is none.
    rank: usize,
    /// Blocks are within rows, so that strides are walked once for each.
    in_rows: bool,
    sources: Vec<Source>,
    params: Vec<DType>,
    code: Vec<Value>,
    label: String,
}

/// Bytes of what a lane takes at most, a block of each round of its workgroup; more gain nothing.
const RUN_BYTES: u64 = 16 << 10;
/// Instructions up to which a block is unrolled in full; longer code only makes the compiler slow.
pub const UNROLLED_COST: u32 = 256;

/// Elements of a block: 64 bytes of the widest dtype, or fewer where a lane should own little.
fn unit(kernel: &Kernel, profile: &Profile) -> u32 {
    let sizes = kernel.inputs.iter().map(|i| i.buffer.dtype().size()).chain([kernel.output_dtype().size()]);
    let most = (64 / sizes.max().unwrap_or(4).max(4)) as u32;
    let cost = body::cost_per_element(&kernel.code);
    let fits = |&unit: &u32| unit <= most && cost * unit <= UNROLLED_COST;
    match profile.lane_map {
        LaneMap::Run => [16, 8].into_iter().find(fits).unwrap_or(4),
        LaneMap::Coalesced => 4,
    }
}

/// Plans an elementwise kernel.
pub fn plan(kernel: &Kernel, profile: &Profile) -> Result<Plan, PlanError> {
    let (out, n) = (kernel.output_dtype(), kernel.output_len());
    let mut builder = Builder::new(profile, out, n)?;
    let place = |unit: u32| -> Result<Vec<Placed>, PlanError> {
        let inputs = kernel.inputs.iter().enumerate();
        inputs.map(|(i, input)| Placed::new(i, input, &kernel.dims, Some(unit), profile)).collect()
    };
    let longest = unit(kernel, profile);
    let (mut unit, mut placed) = (longest, place(longest)?);
    // Blocks within rows, shorter ones if need be, where that saves loads. Only there: other lengths make another kernel.
    let mut in_rows = false;
    let units = [16, 8, 4].into_iter().filter(|&u| u <= longest && input_access::rows_hold(&kernel.dims, u));
    for shorter in units {
        if placed.iter().any(|p| p.source.strided()) && !in_rows {
            let again = place(shorter)?.into_iter();
            let again: Vec<Placed> = again.map(|p| p.in_rows(shorter, kernel.dims.len() - 1)).collect();
            in_rows = again.iter().any(|p| p.source.steady || p.source.access == Access::Rows);
            if in_rows {
                (unit, placed) = (shorter, again);
            }
        }
    }
    let sources: Vec<Source> = placed.iter().map(|p| p.source).collect();
    let rank = if sources.iter().any(Source::strided) { kernel.dims.len() } else { 0 };
    let shader = builder.shader(Map {
        unit,
        rank,
        in_rows,
        sources,
        params: kernel.params.iter().map(|s| s.dtype()).collect(),
        code: kernel.code.clone(),
        label: kernel.label(),
    });
    let dense = placed.iter().filter(|p| p.source.access == Access::Dense);
    let widest = dense.map(|p| p.source.dtype.size()).chain([out.size()]).max().unwrap_or(4);
    for part in builder.parts(0..n, widest) {
        let (start, count) = (part.start, part.len());
        let blocks = (count as u64).div_ceil(u64::from(unit));
        let per_lane = per_lane(blocks, unit, kernel, profile);
        let mut params = vec![count as u32, start as u32, blocks as u32, per_lane];
        params.extend(input_access::axis_words(&kernel.dims, 0..rank));
        let mut bindings = Vec::new();
        for p in &placed {
            params.extend(p.words(start, unit, profile));
            bindings.extend(p.binds(start, count, profile));
        }
        params.extend(kernel.params.iter().flat_map(|&s| scalar_words(s)));
        bindings.push(builder.output(part));
        let groups = builder.groups(blocks.div_ceil(u64::from(per_lane)));
        builder.step(&shader, bindings, params, groups)?;
    }
    Ok(builder.finish())
}

/// Blocks of a lane.
fn per_lane(blocks: u64, unit: u32, kernel: &Kernel, profile: &Profile) -> u32 {
    let loops = 1 + unit * body::loops_per_element(&kernel.code, profile.features.int64);
    let budget = (profile.loop_budget / loops).max(1);
    let most = RUN_BYTES / (u64::from(unit) * kernel.output_dtype().size().max(4) as u64);
    profile.per_lane(blocks, most).min(budget)
}

impl Template for Map {
    fn label(&self) -> String {
        self.label.clone()
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count", "start", "blocks", "per_lane"]);
        input_access::axis_params(0..self.rank, names);
        for (i, source) in self.sources.iter().enumerate() {
            source.params(i, self.rank, names);
        }
        names.scalars(&self.params);
    }

    fn write(&self, module: &mut Module) {
        let (unit, int64) = (self.unit, module.features.int64);
        let out = self.code.last().expect("a kernel has code").dtype;
        let loaded = self.sources.iter().filter(|s| s.by_block()).map(|s| s.dtype);
        declare_blocks([out].into_iter().chain(loaded), unit, module);
        for (i, source) in self.sources.iter().enumerate() {
            source.declare(i, unit, module);
        }
        module.read_write("out", &block(out, unit));
        let any_strided = self.sources.iter().any(Source::strided);
        if any_strided {
            input_access::write_offsets_struct(&self.sources, module);
            input_access::write_offsets("offsets", &self.sources, 0..self.rank, module);
        }
        let dtypes: Vec<_> = self.sources.iter().map(|s| s.dtype).collect();
        body::write_function("compute", &self.code, &dtypes, module);
        module.entry();
        for (i, _) in self.sources.iter().enumerate().filter(|(_, s)| s.access == Access::Scalar) {
            let _ = writeln!(module, "    let s{i} = load{i}(p.first{i});");
        }
        module.rounds("b");
        for (i, _) in self.sources.iter().enumerate().filter(|(_, s)| s.access == Access::Dense) {
            let _ = writeln!(module, "        let b{i} = in{i}[b + p.first{i}];");
        }
        let _ = writeln!(module, "        let i = b * {unit}u;");
        let offset = |i: usize, e: u32| format!("p.first{i} + o{e}.o{i}");
        // Beyond the end the last elements are read again: nothing out of bounds is touched.
        if self.in_rows {
            let _ = writeln!(module, "        let o0 = offsets(p.start + min(i, p.count - {unit}u));");
            for (i, source) in self.sources.iter().enumerate().filter(|(_, s)| s.strided()) {
                *module += &source.load_block(i, &offset(i, 0), unit);
            }
        } else if any_strided {
            for e in 0..unit {
                let _ =
                    writeln!(module, "        let o{e} = offsets(p.start + min(i + {e}u, p.count - 1u));");
            }
        }
        let argument = |i: usize, source: &Source, e: u32| match source.access {
            Access::Scalar => format!("s{i}"),
            Access::Dense => block_get(source.dtype, int64, &format!("b{i}"), e),
            _ if self.in_rows => source.element(i, e, &offset(i, 0), self.rank - 1, int64),
            _ => format!("load{i}({})", offset(i, e)),
        };
        let index = |e| format!("p.start + i + {e}u");
        let results = body::write_calls("compute", unit, &self.sources, index, argument, module);
        let _ = writeln!(module, "        out[b] = {};\n    }}\n}}", block_put(out, int64, &results));
    }
}
