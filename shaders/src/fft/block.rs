//! Several passes at once, in workgroup memory: what real GPUs want, whose barriers are cheap and whose memory is far.
//!
//! A workgroup transforms some columns of as many points as its radices multiply to. The first radix reads from memory into
//! registers and the last one writes from them, so that there are two barriers for each radix between.

use super::butterfly::Code;
use super::ends::{self, Load, Store};
use super::pass::{self, WORDS};
use crate::compile::Exact;
use crate::fused::storage::register;
use crate::params::Names;
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Bytes of workgroup memory that every adapter has.
const MEMORY: usize = 16 << 10;
/// Points that a lane holds in registers, where workgroups are full.
const POINTS: usize = 8;
/// Columns side by side that fill what memory gives at once.
const SIDE_BY_SIDE: usize = 8;

/// The structure of a block.
#[derive(Clone, Debug, Hash)]
pub struct Block {
    pub dtype: DType,
    pub radices: Vec<usize>,
    /// Transforms of a workgroup.
    pub columns: usize,
    pub load: Load,
    pub store: Store,
    /// It follows another one, and turns what it reads.
    pub later: bool,
    /// Neighbouring columns are the same transform of neighbouring rows.
    pub down: bool,
    /// Neighbouring columns lie side by side where they are read.
    pub side_by_side: bool,
}

/// Points that a workgroup of so many lanes holds.
fn held(dtype: DType, lanes: usize) -> usize {
    (MEMORY / dtype.size()).min(POINTS * lanes)
}

/// The transforms of `points` points that a workgroup makes.
pub fn columns(points: usize, dtype: DType, lanes: usize) -> usize {
    let most = (held(dtype, lanes) / points).max(1);
    1 << most.ilog2()
}

/// Radices in as few groups as blocks hold them: all in one, or in groups that leave room for columns side by side.
pub fn grouped(radices: &[usize], dtype: DType, lanes: usize) -> Vec<Vec<usize>> {
    let whole: usize = radices.iter().product();
    let most = held(dtype, lanes);
    if whole <= most {
        return vec![radices.to_vec()];
    }
    let most = most / SIDE_BY_SIDE;
    for count in 2..radices.len() {
        // The largest first, each into the smallest group.
        let mut groups = vec![(1, Vec::new()); count];
        for &radix in radices {
            if let Some(smallest) = groups.iter_mut().min_by_key(|(size, _)| *size) {
                smallest.0 *= radix;
                smallest.1.push(radix);
            }
        }
        if groups.iter().all(|(size, _)| *size <= most) {
            return groups.into_iter().map(|(_, group)| group).collect();
        }
    }
    radices.iter().map(|&radix| vec![radix]).collect()
}

impl Block {
    fn points(&self) -> usize {
        self.radices.iter().product()
    }

    /// Lanes of a workgroup of at most `most`.
    pub fn lanes(&self, most: u32) -> u32 {
        let wanted = (self.points() * self.columns).div_ceil(POINTS) as u32;
        wanted.next_multiple_of(32).min(most)
    }

    /// Columns are a step apart in workgroup memory that meets all banks, where there is room for that.
    fn pitch(&self) -> usize {
        let odd = self.columns | 1;
        if odd * self.points() * self.dtype.size() <= MEMORY { odd } else { self.columns }
    }
}

impl Template for Block {
    fn label(&self) -> String {
        format!("fft block {:?} {}", self.radices, self.dtype)
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        names.words(&WORDS);
        ends::params(&self.load, self.dtype, names);
    }

    fn write(&self, module: &mut Module) {
        let (points, columns, pitch, lanes) =
            (self.points(), self.columns, self.pitch(), module.workgroup as usize);
        let v = register(self.dtype);
        // Turns are read within the block, too.
        ends::declare(
            &self.load,
            self.store,
            self.later || self.radices.len() > 1,
            self.dtype,
            [None; 2],
            module,
        );
        ends::write_arithmetic(self.dtype, module);
        ends::write_fetch(&self.load, self.dtype, module);
        ends::write_put(self.store, self.dtype, module);
        let _ = writeln!(module, "var<workgroup> kept: array<{v}, {}>;", points * pitch);
        module.entry();
        let last = self.radices.len() - 1;
        let mut code = Code::new(self.dtype);
        let mut before = 1;
        for (stage, &radix) in self.radices.iter().enumerate() {
            let apart = points / radix;
            let all = apart * columns;
            // Neighbouring lanes take neighbouring columns, or neighbouring points where these lie side by side in memory.
            let along = (stage == 0 && !self.side_by_side) || (stage == last && !self.later);
            let global = stage == 0 || stage == last;
            let rounds = all.div_ceil(lanes);
            for u in 0..rounds {
                let f = format!("f{stage}_{u}");
                let (column, i) = match along {
                    true => (format!("{f} / {apart}u"), format!("{f} % {apart}u")),
                    false => (format!("{f} % {columns}u"), format!("{f} / {columns}u")),
                };
                let _ = writeln!(
                    module,
                    "    let {f} = local + {}u;
    let c{stage}_{u} = {column};
    let i{stage}_{u} = {i};
    let b{stage}_{u} = g * {columns}u + c{stage}_{u};",
                    u * lanes
                );
                (0..radix).for_each(|m| {
                    let _ = writeln!(module, "    var x{stage}_{u}_{m}: {v};");
                });
                if stage > 0 {
                    let _ = writeln!(module, "    if ({f} < {all}u) {{");
                    for m in 0..radix {
                        let _ = writeln!(
                            module,
                            "        x{stage}_{u}_{m} = kept[(i{stage}_{u} + {}u) * {pitch}u + c{stage}_{u}];",
                            m * apart
                        );
                    }
                    *module += "    }\n";
                }
            }
            if stage > 0 && stage < last {
                *module += "    workgroupBarrier();\n";
            }
            for u in 0..rounds {
                let inside = if global { format!(" && b{stage}_{u} < p.blocks") } else { String::new() };
                let _ = writeln!(
                    module,
                    "    if (f{stage}_{u} < {all}u{inside}) {{\n        let b = b{stage}_{u};\n        let i = i{stage}_{u};"
                );
                if global {
                    *module += pass::PLACE;
                    *module += if self.down { pass::DOWN } else { pass::ACROSS };
                    if self.later {
                        *module += pass::TURN;
                    }
                }
                code.text.clear();
                let x = (0..radix).map(|m| format!("x{stage}_{u}_{m}")).collect();
                let x = if stage == 0 { self.read(&mut code, radix, apart) } else { x };
                let x = self.turned(&mut code, x, before, stage);
                let results = code.transform(x);
                *module += &code.text;
                self.write_results(module, &results, [stage, u, before], stage == last);
                *module += "    }\n";
            }
            if stage < last {
                *module += "    workgroupBarrier();\n";
            }
            before *= radix;
        }
        *module += "}\n";
    }
}

impl Block {
    /// The points of the first radix, from memory; turned where the block follows another one.
    fn read(&self, code: &mut Code, radix: usize, apart: usize) -> Vec<String> {
        let mut x: Vec<String> =
            (0..radix).map(|m| code.bind(&format!("fetch(row, at + (i + {}u) * p.t)", m * apart))).collect();
        if self.later {
            let base = code.bind("turns[k * i * p.step]");
            let ratio = code.bind(&format!("turns[k * {apart}u * p.step]"));
            let powers = code.powers(ratio, radix - 1);
            x[0] = code.product(&x[0], &base);
            for (x, power) in x[1..].iter_mut().zip(&powers) {
                let turn = code.product(power, &base);
                *x = code.product(x, &turn);
            }
        }
        x
    }

    /// The points of a radix within the block, turned.
    fn turned(&self, code: &mut Code, x: Vec<String>, before: usize, stage: usize) -> Vec<String> {
        if stage == 0 {
            return x;
        }
        let radix = x.len();
        let step = self.points() / (before * radix);
        let first = code.bind(&format!("turns[(i % {before}u) * {step}u * p.t]"));
        let powers = code.powers(first, radix - 1);
        let rest = x[1..].iter().zip(&powers).map(|(x, power)| code.product(x, power)).collect::<Vec<_>>();
        [x[0].clone()].into_iter().chain(rest).collect()
    }

    fn write_results(
        &self,
        module: &mut Module,
        results: &[String],
        [stage, u, before]: [usize; 3],
        last: bool,
    ) {
        let (points, radix, pitch) = (self.points(), results.len(), self.pitch());
        let _ = writeln!(module, "        let j = (i - i % {before}u) * {radix}u + i % {before}u;");
        if last {
            let first =
                if self.later { format!("(at - k) * {points}u + k") } else { format!("at * {points}u") };
            let _ = writeln!(module, "        let first = {first};");
        }
        for (q, z) in results.iter().enumerate() {
            let j = format!("(j + {}u)", q * before);
            let _ = match last {
                true => {
                    let step = if self.later { " * p.before" } else { "" };
                    writeln!(module, "        put(row, first + {j}{step}, {z});")
                }
                false => writeln!(module, "        kept[{j} * {pitch}u + c{stage}_{u}] = {z};"),
            };
        }
    }
}
