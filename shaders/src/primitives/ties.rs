//! Zeros and NaNs of a sorted row: elements that are equal though their bits differ.
//!
//! Keys tell every other element. So sorted keys become elements, and then zeros and NaNs get the bits and the order that they
//! have in the operand: they are counted in each run of it, the counts before each found, and a run that has any is walked
//! again.

use super::levels::Levels;
use super::sort_pairs::{Keyed, all_bits, declare_operand, source_params};
use crate::builder::Builder;
use crate::fused::accumulator::Accumulator;
use crate::fused::storage::element;
use crate::params::Names;
use crate::plan::{Bind, PlanError};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::expr::Reduction;
use std::fmt::Write as _;

/// A row that was sorted.
pub(super) struct Row {
    /// How its elements became keys.
    pub keyed: Keyed,
    /// Elements.
    pub len: usize,
    /// Elements of a run.
    pub run: usize,
    /// The bindings and the words of the operand.
    pub operand: (Vec<Bind>, Vec<u32>),
    /// The sorted keys: low words and, of 64 bits, high ones.
    pub keys: Vec<Bind>,
}

/// One pass over the runs.
#[derive(Debug, Hash)]
struct Ties {
    keyed: Keyed,
    /// It writes elements; else only the counts.
    last: bool,
}

/// Adds the steps that restore the row's zeros and NaNs in the output.
///
/// # Errors
/// As [`Builder::step`].
pub(super) fn restore(row: &Row, builder: &mut Builder<'_>) -> Result<(), PlanError> {
    let runs = row.len.div_ceil(row.run);
    // Of zeros, then of NaNs.
    let bytes = 2 * runs as u64 * 4;
    let counts = builder.scratch(bytes);
    let accumulator = Accumulator::new(Reduction::Sum, DType::U32);
    let levels = Levels::new(builder, &accumulator, 2 * runs);
    for last in [false, true] {
        if last {
            levels.exclusive(builder, counts, None)?;
        }
        let shader = builder.shader(Ties { keyed: row.keyed, last });
        let numbers = [row.len, runs, row.run].map(|x| x as u32);
        let params = numbers.into_iter().chain(row.operand.1.iter().copied());
        let mut bindings = row.operand.0.clone();
        bindings.push(builder.shown(counts, bytes, !last));
        if last {
            bindings.extend(&row.keys);
            bindings.push(builder.output(0..row.len));
        }
        let groups = builder.groups(runs as u64);
        builder.step(&shader, bindings, params, groups)?;
    }
    Ok(())
}

impl Template for Ties {
    fn label(&self) -> String {
        format!("{} {}", if self.last { "restore ties" } else { "count ties" }, self.keyed.source.dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["len", "runs", "run"]);
        source_params(&self.keyed.source, names);
    }

    fn write(&self, module: &mut Module) {
        let dtype = self.keyed.source.dtype;
        let wide = dtype.size() == 8;
        declare_operand(&self.keyed.source, module);
        self.keyed.write(module);
        let zero = if wide { "vec2<u32>(0u, 0x80000000u)" } else { "vec2<u32>(0x80000000u, 0u)" };
        let all = all_bits(dtype);
        let flip = if self.keyed.descending { format!(" ^ {all}") } else { String::new() };
        let _ = write!(
            module,
            "fn is_zero(key: vec2<u32>) -> bool {{ return all(key == ({zero}{flip})); }}
fn is_nan(key: vec2<u32>) -> bool {{ return all(key == {all}); }}
"
        );
        if !self.last {
            module.read_write("counts", "u32");
        } else {
            module.read("counts", "u32");
            module.read("low", "u32");
            if wide {
                module.read("high", "u32");
            }
            module.read_write("out", element(dtype));
            let high = if wide { "high[i]" } else { "0u" };
            let _ = write!(
                module,
                "fn before(i: u32, key: vec2<u32>) -> bool {{ return key_below(vec2<u32>(low[i], {high}), key); }}
fn first(key: vec2<u32>) -> u32 {{
    var low = 0u;
    var high = p.len;
    for (var step = 0u; step < 32u; step++) {{
        if (low >= high) {{ break; }}
        let middle = low + (high - low) / 2u;
        if (before(middle, key)) {{ low = middle + 1u; }} else {{ high = middle; }}
    }}
    return low;
}}
"
            );
        }
        module.entry();
        let lanes = module.workgroup;
        let _ = write!(
            module,
            "    let lane = g * {lanes}u + local;
    if (lane < p.runs) {{
        let begin = lane * p.run;
        let end = min(begin + p.run, p.len);
"
        );
        if !self.last {
            *module += "        var zeros = 0u;
        var nans = 0u;
        for (var i = begin; i < end; i++) {
            let key = key_of(x_at(i));
            zeros += select(0u, 1u, is_zero(key));
            nans += select(0u, 1u, is_nan(key));
        }
        counts[lane] = zeros;
        counts[p.runs + lane] = nans;
    }
}
";
            return;
        }
        // What is before the NaNs of the first run are all zeros. The NaNs of the last run are not counted any more.
        let _ = write!(
            module,
            "        let zeros = counts[p.runs];
        let nan = counts[p.runs + lane];
        let next = counts[min(p.runs + lane + 1u, 2u * p.runs - 1u)];
        let any = counts[lane + 1u] > counts[lane] || next > nan || lane + 1u == p.runs;
        var zero_at = first({zero}{flip}) + counts[lane];
        var nan_at = first({all}) + nan - zeros;
        for (var i = begin; i < select(begin, end, any); i++) {{
            let x = x_at(i);
            let key = key_of(x);
            if (is_zero(key)) {{ out[zero_at] = x; zero_at += 1u; }}
            if (is_nan(key)) {{ out[nan_at] = x; nan_at += 1u; }}
        }}
    }}
}}
"
        );
    }
}
