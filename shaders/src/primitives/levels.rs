//! Exclusive prefixes of partial results, in place: reductions of [`FAN`] neighbours up a tree, and down again.

use crate::builder::Builder;
use crate::fused::accumulator::Accumulator;
use crate::params::Names;
use crate::plan::{Bind, PlanError};
use crate::shader::{Module, Template};
use std::fmt::Write as _;

/// Neighbours that one lane merges.
const FAN: usize = 64;

/// Rows within which prefixes are; each begins anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    /// Elements in all, of a row, and of what one partial result is of.
    pub elements: usize,
    pub len: usize,
    pub run: usize,
}

/// The tree over so many partial results, and its scratch buffers.
pub(super) struct Levels<'a> {
    accumulator: &'a Accumulator,
    /// Partial results of each level, the lowest first, and the buffers of those above it.
    counts: Vec<usize>,
    numbers: Vec<usize>,
}

/// One level of the tree.
#[derive(Debug, Hash)]
struct Level {
    accumulator: Accumulator,
    /// Rows begin anew.
    rows: bool,
    way: Way,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq)]
enum Way {
    /// Merges neighbours.
    Up,
    /// Replaces each by what comes before it, from nothing on.
    Top,
    /// The same, from what comes before its group on.
    Down,
}

impl<'a> Levels<'a> {
    /// Makes room for the tree over `count` partial results.
    pub fn new(builder: &mut Builder<'_>, accumulator: &'a Accumulator, count: usize) -> Levels<'a> {
        let mut counts = vec![count];
        let mut numbers = Vec::new();
        let mut above = count;
        while above > FAN {
            above = above.div_ceil(FAN);
            counts.push(above);
            numbers.push(builder.scratch(above as u64 * accumulator.bytes));
        }
        Levels { accumulator, counts, numbers }
    }

    /// Replaces every partial result in the scratch buffer `lowest` by the result of all before it, within `rows`.
    ///
    /// # Errors
    /// As [`Builder::step`].
    pub fn exclusive(
        &self,
        builder: &mut Builder<'_>,
        lowest: usize,
        rows: Option<Rows>,
    ) -> Result<(), PlanError> {
        let numbers: Vec<usize> = [lowest].into_iter().chain(self.numbers.iter().copied()).collect();
        let top = self.counts.len() - 1;
        let ways = (0..top).map(|level| (level, Way::Up));
        let ways = ways.chain([(top, Way::Top)]).chain((0..top).rev().map(|level| (level, Way::Down)));
        for (level, way) in ways {
            let count = self.counts[level];
            let shown = |builder: &Builder<'_>, level: usize, write: bool| -> Bind {
                builder.shown(numbers[level], self.counts[level] as u64 * self.accumulator.bytes, write)
            };
            let mut bindings = vec![shown(builder, level, way != Way::Up)];
            if way != Way::Top {
                bindings.push(shown(builder, level + 1, way == Way::Up));
            }
            let mut params = vec![count as u32, count.div_ceil(FAN) as u32];
            if let Some(Rows { elements, len, run }) = rows {
                let span = (run as u64 * (FAN as u64).pow(level as u32)).min(u64::from(u32::MAX));
                params.extend([elements as u32, len as u32, span as u32]);
            }
            let accumulator = self.accumulator.clone();
            let shader = builder.shader(Level { accumulator, rows: rows.is_some(), way });
            let groups = builder.groups(count.div_ceil(FAN) as u64);
            builder.step(&shader, bindings, params, groups)?;
        }
        Ok(())
    }
}

impl Template for Level {
    fn label(&self) -> String {
        format!("prefixes {}", self.accumulator.prefix)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count", "lanes"]);
        if self.rows {
            names.words(&["elements", "len", "span"]);
        }
    }

    fn write(&self, module: &mut Module) {
        let acc = &self.accumulator.prefix;
        match self.way {
            Way::Up => {
                module.read("parts", acc);
                module.read_write("above", acc);
            }
            Way::Top => module.read_write("parts", acc),
            Way::Down => {
                module.read_write("parts", acc);
                module.read("above", acc);
            }
        }
        let merged = match self.rows {
            false => format!("a = {acc}_merge(a, x);"),
            true => {
                *module += "fn begins_row(i: u32) -> bool {
    let first = i * p.span;
    let last = first + min(p.span, p.elements - first) - 1u;
    return first % p.len == 0u || !(first / p.len == last / p.len);
}
";
                format!("if (begins_row(i)) {{ a = x; }} else {{ a = {acc}_merge(a, x); }}")
            }
        };
        let before = if self.way == Way::Down { "above[lane]".to_owned() } else { format!("{acc}_empty()") };
        let (store, leave) = match self.way {
            Way::Up => ("", "        above[lane] = a;\n"),
            _ => ("            parts[i] = a;\n", ""),
        };
        module.entry();
        let lanes = module.workgroup;
        let _ = write!(
            module,
            "    let lane = g * {lanes}u + local;
    if (lane < p.lanes) {{
        var a = {before};
        for (var i = lane * {FAN}u; i < min((lane + 1u) * {FAN}u, p.count); i++) {{
            let x = parts[i];
{store}            {merged}
        }}
{leave}    }}
}}
"
        );
    }
}
