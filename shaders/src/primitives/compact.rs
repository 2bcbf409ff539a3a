//! What a mask selects, in order: flat indices, or elements of another operand.
//!
//! Runs of the mask are counted, the counts before each found, and every lane writes what its run selects from there on.
//! Elements of packed dtypes share words: for those indices are written first, and words gathered by them.

use super::View;
use super::levels::Levels;
use crate::builder::{Builder, addressable};
use crate::fused::accumulator::Accumulator;
use crate::fused::body::cast;
use crate::fused::input_access::{self, Access, Source};
use crate::fused::storage::{block, declare_blocks, element, register};
use crate::params::Names;
use crate::plan::{Plan, PlanError, Profile, check_dtype};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::expr::Reduction;
use std::fmt::Write as _;
use std::ops::Range;

/// What is gathered.
#[derive(Clone, Debug)]
pub enum Gathered {
    /// Flat indices, int64.
    Indices,
    /// Elements of [`crate::Slot::Input`] 1, of as many as the mask has.
    Values {
        /// Their dtype.
        dtype: DType,
        /// How they lie; the first stride counts for nothing.
        x: View,
    },
}

/// A compaction by the mask [`crate::Slot::Input`] 0 into a dense [`crate::Slot::Output`] of `count` elements.
#[derive(Clone, Debug)]
pub struct Compact {
    /// Elements of the mask.
    pub len: usize,
    /// Elements of the mask that are not zero (NaN is not). A wrong number leaves elements unwritten or out, and
    /// touches nothing else.
    pub count: usize,
    /// Dtype of the mask.
    pub mask_dtype: DType,
    /// The mask; the first stride counts for nothing.
    pub mask: View,
    /// What is gathered.
    pub gathered: Gathered,
}

/// What a pass leaves.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
enum Leaves {
    /// The count of each run.
    Counts,
    /// Indices as u32.
    Words,
    /// Indices as int64.
    Indices,
    /// Elements of the second operand.
    Values,
}

/// One pass over the runs of the mask.
#[derive(Debug, Hash)]
struct Runs {
    accumulator: Accumulator,
    mask: Source,
    values: Option<Source>,
    unit: u32,
    leaves: Leaves,
}

/// Gathers whole blocks by indices.
#[derive(Debug, Hash)]
struct Gather {
    values: Source,
}

/// Elements of a block of packed dtypes.
const UNIT: u32 = 4;

/// Plans a compaction.
///
/// # Errors
/// [`PlanError`]: a dtype that the adapter lacks, more storage buffers than it binds, operands beyond 32-bit indices, words
/// of indices beyond one binding.
pub fn plan(job: &Compact, profile: &Profile) -> Result<Plan, PlanError> {
    check_dtype(job.mask_dtype, profile.features)?;
    addressable("the mask", job.len)?;
    let out = match &job.gathered {
        Gathered::Indices => DType::I64,
        Gathered::Values { dtype, .. } => *dtype,
    };
    let mut builder = Builder::new(profile, out, job.count)?;
    if job.count == 0 || job.len == 0 {
        return Ok(builder.finish());
    }
    let accumulator = Accumulator::new(Reduction::Sum, DType::U32);
    let n = job.len;
    let unit = super::unit(job.mask_dtype.size(), profile);
    let (mask, dims) = job.mask.placed(0, job.mask_dtype, [1, n], Some(unit), profile)?;
    // Values are taken one by one.
    let values = match &job.gathered {
        Gathered::Indices => None,
        Gathered::Values { dtype, x } => {
            let (placed, _) = x.placed(1, *dtype, [1, n], None, profile)?;
            Some(placed)
        }
    };
    let leaves = match &values {
        None => Leaves::Indices,
        Some(values) if values.source.dtype.size() < 4 => Leaves::Words,
        Some(_) => Leaves::Values,
    };
    let run = super::run(n, profile).max(profile.alignment() as usize);
    let runs = n.div_ceil(run);
    let lowest = builder.scratch(runs as u64 * 4);
    let levels = Levels::new(&mut builder, &accumulator, runs);
    let words = (leaves == Leaves::Words).then(|| builder.scratch(job.count as u64 * 4));
    if words.is_some() && job.count as u64 * 4 > profile.max_binding {
        let (elements, limit) = (job.count as u64, profile.max_binding / 4);
        return Err(PlanError::TooLarge { what: "what the mask selects".into(), elements, limit });
    }
    let template = |leaves: Leaves| Runs {
        accumulator: accumulator.clone(),
        mask: mask.source,
        values: values.as_ref().filter(|_| leaves == Leaves::Values).map(|v| v.source),
        unit,
        leaves,
    };
    // A dense mask is shown in parts, of whole runs.
    let parts: Vec<Range<usize>> = match mask.source.access {
        Access::Dense => {
            let fits = (profile.max_binding as usize - run) / job.mask_dtype.size() / run * run;
            (0..n).step_by(fits.max(run)).map(|start| start..n.min(start + fits.max(run))).collect()
        }
        _ => std::iter::once(0..n).collect(),
    };
    for leaves in [Leaves::Counts, leaves] {
        let shader = builder.shader(template(leaves));
        let counts = leaves == Leaves::Counts;
        if !counts {
            levels.exclusive(&mut builder, lowest, None)?;
        }
        // Where in the result the elements of a part come is not known: each part of it is looked through for them.
        let outputs: Vec<Range<usize>> = match leaves {
            Leaves::Counts | Leaves::Words => std::iter::once(0..job.count).collect(),
            _ => builder.parts(0..job.count, out.size()).collect(),
        };
        for output in outputs {
            for part in &parts {
                let lanes = part.len().div_ceil(run);
                let numbers = [n, part.start, lanes, run, part.start / run, output.start, output.end];
                let mut params: Vec<u32> = numbers.iter().map(|&x| x as u32).collect();
                if mask.source.strided() {
                    params.extend(input_access::axis_words(&dims, 0..2));
                }
                params.extend(mask.words(part.start, unit, profile));
                let mut bindings = mask.binds(part.start, part.len(), profile);
                if let Some(values) = values.as_ref().filter(|_| leaves == Leaves::Values) {
                    params.extend(values.words(0, 1, profile));
                    bindings.extend(values.binds(0, 0, profile));
                }
                bindings.push(builder.shown(lowest, runs as u64 * 4, counts));
                match (leaves, words) {
                    (Leaves::Counts, _) => {}
                    (Leaves::Words, Some(words)) => {
                        bindings.push(builder.shown(words, job.count as u64 * 4, true));
                    }
                    _ => bindings.push(builder.output(output.clone())),
                }
                let groups = builder.groups(lanes as u64);
                builder.step(&shader, bindings, params, groups)?;
            }
        }
    }
    if let (Some(words), Some(values)) = (words, &values) {
        let shader = builder.shader(Gather { values: values.source });
        for part in builder.parts(0..job.count, out.size()) {
            let blocks = part.len().div_ceil(UNIT as usize);
            let per_lane = profile.per_lane(blocks as u64, 64);
            let numbers = [part.len(), part.start, blocks, per_lane as usize, n];
            let params = numbers.into_iter().map(|x| x as u32).chain(values.words(0, 1, profile));
            let mut bindings = vec![builder.shown(words, job.count as u64 * 4, false)];
            bindings.extend(values.binds(0, 0, profile));
            bindings.push(builder.output(part));
            let groups = builder.groups((blocks as u64).div_ceil(u64::from(per_lane)));
            builder.step(&shader, bindings, params.collect::<Vec<_>>(), groups)?;
        }
    }
    Ok(builder.finish())
}

/// The expression of element `index` of the second operand, one axis of which counts.
fn value_at(values: &Source, index: &str) -> String {
    match values.access {
        Access::Scalar => "load1(p.first1)".to_owned(),
        _ => format!("load1(p.first1 + ({index}) * p.stride1_1)"),
    }
}

impl Template for Runs {
    fn label(&self) -> String {
        format!("compact {:?} {}", self.leaves, self.mask.dtype).to_lowercase()
    }

    fn params(&self, names: &mut Names) {
        names.words(&["n", "start", "lanes", "run", "first_run", "begin", "end"]);
        if self.mask.strided() {
            input_access::axis_params(0..2, names);
        }
        self.mask.params(0, 2, names);
        if let Some(values) = &self.values {
            values.params(1, 2, names);
        }
    }

    fn write(&self, module: &mut Module) {
        let (unit, int64) = (self.unit, module.features.int64);
        let dense = self.mask.access == Access::Dense;
        declare_blocks(dense.then_some(self.mask.dtype), unit, module);
        self.mask.declare(0, unit, module);
        if let Some(values) = &self.values {
            values.declare(1, 1, module);
        }
        let counts = self.leaves == Leaves::Counts;
        let acc = &self.accumulator.prefix;
        if counts {
            module.read_write("counts", acc)
        } else {
            module.read("counts", acc)
        };
        match (self.leaves, &self.values) {
            (Leaves::Counts, _) => {}
            (Leaves::Words, _) => module.read_write("out", "u32"),
            (Leaves::Indices, _) => module.read_write("out", element(DType::I64)),
            (Leaves::Values, values) => {
                module.read_write("out", element(values.as_ref().map_or(DType::U32, |v| v.dtype)));
            }
        }
        if self.mask.strided() {
            input_access::write_offsets_struct(&[self.mask], module);
            input_access::write_offsets("offsets", &[self.mask], 0..2, module);
        }
        module.entry();
        let lanes = module.workgroup;
        let begin = if counts { "0u" } else { "counts[p.first_run + lane].v" };
        let _ = write!(
            module,
            "    let lane = g * {lanes}u + local;
    if (lane < p.lanes) {{
        let first = p.start + lane * p.run;
        var at = {begin};
        for (var i = first; i < min(first + p.run, p.n); i += {unit}u) {{
"
        );
        if dense {
            let _ = writeln!(module, "            let b0 = in0[(i - p.start) / {unit}u + p.first0];");
        }
        for e in 0..unit {
            let x = super::element(0, &self.mask, e, int64);
            let set = cast(self.mask.dtype, DType::Bool, &x);
            let _ = writeln!(module, "            let set{e} = {set} && i + {e}u < p.n;");
            let index = format!("i + {e}u");
            let left = match (self.leaves, &self.values) {
                (Leaves::Counts, _) => String::new(),
                (Leaves::Words, _) => index,
                (Leaves::Values, Some(values)) => value_at(values, &index),
                _ => format!("i64_from_u32({index})"),
            };
            if !counts {
                let _ = writeln!(
                    module,
                    "            if (set{e} && at >= p.begin && at < p.end) {{ out[at - p.begin] = {left}; }}"
                );
            }
            let _ = writeln!(module, "            at += select(0u, 1u, set{e});");
        }
        *module += "        }\n";
        if counts {
            let _ = writeln!(module, "        counts[p.first_run + lane] = {acc}(at);");
        }
        *module += "    }\n}\n";
    }
}

impl Template for Gather {
    fn label(&self) -> String {
        format!("compact gather {}", self.values.dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count", "start", "blocks", "per_lane", "n"]);
        self.values.params(1, 2, names);
    }

    fn write(&self, module: &mut Module) {
        let dtype = self.values.dtype;
        declare_blocks([dtype], UNIT, module);
        module.read("words", "u32");
        self.values.declare(1, 1, module);
        module.read_write("out", &block(dtype, UNIT));
        // An index that a wrong count has left unwritten must not reach beyond the operand.
        let index = "min(words[p.start + min(i, p.count - 1u)], p.n - 1u)";
        let _ = writeln!(
            module,
            "fn value(i: u32) -> {} {{ return {}; }}",
            register(dtype),
            value_at(&self.values, index)
        );
        super::store_values(dtype, UNIT, module);
    }
}
