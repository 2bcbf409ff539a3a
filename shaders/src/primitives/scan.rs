//! Inclusive prefix sums and products of rows.
//!
//! All elements are one sequence of runs, a lane each, in which every row begins anew: so short rows and long ones, few and
//! many, keep the same number of lanes busy, and lanes own whole words of packed dtypes. First every run is reduced, then the
//! results before each are found, then runs are walked again from there. Sums of floats carry their rounding errors along;
//! their order depends on shape and adapter only.

use super::View;
use super::levels::{Levels, Rows};
use crate::builder::{Builder, addressable};
use crate::fused::accumulator::Accumulator;
use crate::fused::body::cast;
use crate::fused::input_access::{self, Access, Source};
use crate::fused::storage::{block, block_put, declare_blocks};
use crate::params::Names;
use crate::plan::{Plan, PlanError, Profile, check_dtype};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::expr::Reduction;
use std::fmt::Write as _;

/// A scan of [`crate::Slot::Input`] 0 into a dense [`crate::Slot::Output`].
#[derive(Clone, Debug)]
pub struct Scan {
    /// `Sum` or `Prod`.
    pub op: Reduction,
    /// Rows, and elements of a row.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// Dtype of the operand, whose elements are cast first.
    pub from: DType,
    /// Dtype of the result.
    pub dtype: DType,
    /// The operand.
    pub x: View,
}

/// One pass over the runs.
#[derive(Debug, Hash)]
struct Runs {
    accumulator: Accumulator,
    source: Source,
    dtype: DType,
    /// Elements of a block.
    unit: u32,
    /// There are several rows.
    rows: bool,
    /// It writes the elements; else only the result of each run.
    last: bool,
}

/// Plans a scan.
///
/// # Errors
/// [`PlanError`]: a dtype that the adapter lacks, bool, an operation that is no sum or product, indices beyond 32 bits.
pub fn plan(job: &Scan, profile: &Profile) -> Result<Plan, PlanError> {
    check_dtype(job.from, profile.features)?;
    if job.dtype == DType::Bool || !matches!(job.op, Reduction::Sum | Reduction::Prod) {
        return Err(PlanError::NoSuchOp { op: job.op.name(), dtype: job.dtype });
    }
    let n = job.rows.saturating_mul(job.len);
    addressable("the output", n)?;
    let mut builder = Builder::new(profile, job.dtype, n)?;
    if n == 0 {
        return Ok(builder.finish());
    }
    let accumulator = Accumulator::new(job.op, job.dtype);
    let widest = job.from.size().max(job.dtype.size());
    let unit = super::unit(widest, profile);
    let (placed, dims) = job.x.placed(0, job.from, [job.rows, job.len], Some(unit), profile)?;
    // Parts of whole runs, whose elements fit a binding, and all partial results, too.
    let align = profile.alignment() as usize;
    let fits = (profile.max_binding as usize - align) / widest.max(accumulator.bytes as usize);
    let mut run = super::run(n, profile).min(1 << fits.max(64).ilog2());
    while n.div_ceil(run) > fits {
        run *= 2;
    }
    let whole = n * widest + align <= profile.max_binding as usize;
    let part = if whole { n } else { (fits / run.max(align)).max(1) * run.max(align) };
    let runs = n.div_ceil(run);
    let lowest = builder.scratch(runs as u64 * accumulator.bytes);
    let levels = Levels::new(&mut builder, &accumulator, runs);
    let template = |last: bool| Runs {
        accumulator: accumulator.clone(),
        source: placed.source,
        dtype: job.dtype,
        unit,
        rows: job.rows > 1,
        last,
    };
    let shaders = [builder.shader(template(false)), builder.shader(template(true))];
    for (pass, shader) in shaders.iter().enumerate() {
        if pass == 0 && runs == 1 {
            // Nothing asks for the result of the only run.
            continue;
        }
        if pass == 1 {
            let rows = (job.rows > 1).then_some(Rows { elements: n, len: job.len, run });
            levels.exclusive(&mut builder, lowest, rows)?;
        }
        for start in (0..n).step_by(part) {
            let count = part.min(n - start);
            let lanes = count.div_ceil(run);
            let numbers = [n, start, lanes, run, job.len, start / run];
            let mut params: Vec<u32> = numbers.iter().map(|&x| x as u32).collect();
            if placed.source.strided() {
                params.extend(input_access::axis_words(&dims, 0..2));
            }
            params.extend(placed.words(start, unit, profile));
            let mut bindings = placed.binds(start, count, profile);
            bindings.push(builder.shown(lowest, runs as u64 * accumulator.bytes, pass == 0));
            if pass == 1 {
                bindings.push(builder.output(start..start + count));
            }
            let groups = builder.groups(lanes as u64);
            builder.step(shader, bindings, params, groups)?;
        }
    }
    Ok(builder.finish())
}

impl Template for Runs {
    fn label(&self) -> String {
        let pass = if self.last { "scan" } else { "scan runs" };
        format!("{pass} {} {}", self.accumulator.prefix, self.source.dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["n", "start", "lanes", "run", "len", "first_run"]);
        if self.source.strided() {
            input_access::axis_params(0..2, names);
        }
        self.source.params(0, 2, names);
    }

    fn write(&self, module: &mut Module) {
        let (unit, int64) = (self.unit, module.features.int64);
        let Accumulator { prefix: acc, push, result, .. } = &self.accumulator;
        let loaded = (self.source.access == Access::Dense).then_some(self.source.dtype);
        declare_blocks(loaded.into_iter().chain(self.last.then_some(self.dtype)), unit, module);
        self.source.declare(0, unit, module);
        if self.last {
            module.read("before", acc);
            module.read_write("out", &block(self.dtype, unit));
        } else {
            module.read_write("parts", acc);
        }
        if self.source.strided() {
            input_access::write_offsets_struct(&[self.source], module);
            input_access::write_offsets("offsets", &[self.source], 0..2, module);
        }
        module.entry();
        let lanes = module.workgroup;
        let begin =
            if self.last { "before[p.first_run + lane]".to_owned() } else { format!("{acc}_empty()") };
        let _ = write!(
            module,
            "    let lane = g * {lanes}u + local;
    if (lane < p.lanes) {{
        let first = p.start + lane * p.run;
        var column = first % p.len;
        var a = {begin};
        for (var i = first; i < min(first + p.run, p.n); i += {unit}u) {{
"
        );
        if loaded.is_some() {
            let _ = writeln!(module, "            let b0 = in0[(i - p.start) / {unit}u + p.first0];");
        }
        let mut results = Vec::new();
        for e in 0..unit {
            if self.rows {
                let _ = writeln!(module, "            if (column == 0u) {{ a = {acc}_empty(); }}");
                *module += "            column = select(column + 1u, 0u, column + 1u == p.len);\n";
            }
            let x = cast(self.source.dtype, self.dtype, &super::element(0, &self.source, e, int64));
            let _ = writeln!(module, "            a = {acc}_push(a, {}, i);", push.replace('x', &x));
            if self.last {
                let y = result.replace('x', &format!("{acc}_result(a)"));
                let _ = writeln!(module, "            let y{e} = {y};");
                results.push(format!("y{e}"));
            }
        }
        if self.last {
            let value = block_put(self.dtype, int64, &results);
            let _ = writeln!(module, "            out[(i - p.start) / {unit}u] = {value};");
        }
        *module += "        }\n";
        if !self.last {
            *module += "        parts[p.first_run + lane] = a;\n";
        }
        *module += "    }\n}\n";
    }
}
