//! A pass whose lanes make several neighbouring transforms together, and read and write blocks of neighbouring elements:
//! adapters that run on the CPU load lane by lane and word by word, 64-bit words in the time of 32-bit ones.

use super::butterfly::Code;
use super::ends::{self, From, Store};
use super::pass::{self, Numbers, Pass, WORDS};
use crate::compile::Exact;
use crate::fused::input_access::{Access, Placed};
use crate::fused::storage::{block, block_get, block_put, declare_blocks, register};
use crate::params::{Names, param_register};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Transforms that a lane makes, and elements of a block.
pub const UNIT: usize = 4;

/// The structure of such a pass.
#[derive(Clone, Debug, Hash)]
pub struct Wide {
    pass: Pass,
    /// It reads, writes by blocks.
    reads: bool,
    writes: bool,
}

impl Wide {
    /// The wide form of a pass, if its elements come in blocks where it reads or where it writes. `placed` is the operand, if
    /// it reads that.
    pub fn of(
        pass: Pass,
        numbers: &Numbers,
        placed: Option<&Placed>,
        [kept, out0, len]: [usize; 3],
    ) -> Option<Wide> {
        let whole = |x: usize| x.is_multiple_of(UNIT);
        let neighbours = if pass.down { numbers.rows } else { numbers.transforms };
        // Quotients by one have no reciprocal.
        let fits = whole(neighbours) && neighbours > UNIT && (!pass.later || whole(numbers.before));
        let plain = !pass.load.padded && !pass.load.chirp;
        let reads = match (pass.load.from, placed) {
            (From::Between | From::Product, _) => !pass.down && whole(len),
            (From::Complex | From::Pairs, Some(x)) if plain => {
                let each = if pass.load.from == From::Pairs { 2 } else { 1 };
                let [dense, other] = if pass.down { [0, 1] } else { [1, 0] };
                x.source.access == Access::Strided { windows: 1 }
                    && !(pass.down && each == 2)
                    && x.strides[dense] == 1
                    && whole(x.offset / each)
                    && x.offset.is_multiple_of(each)
                    && x.strides[other].unsigned_abs().is_multiple_of(each * UNIT)
            }
            _ => false,
        };
        let side_by_side = if pass.later { true } else { whole(pass.radix) };
        let writes = side_by_side
            && match pass.store {
                Store::Between => whole(len),
                Store::Result { real, cropped, chirp } => {
                    !real && !cropped && !chirp && whole(kept) && whole(out0)
                }
            };
        (fits && (reads || writes)).then(|| Wide { pass, reads, writes })
    }

    /// The points of every transform.
    fn points(&self, code: &mut Code, int64: bool) -> Vec<Vec<String>> {
        let Pass { dtype, radix, load, .. } = &self.pass;
        let v = register(*dtype);
        if !self.reads {
            let one = |code: &mut Code, c: usize, j: usize| {
                code.bind(&format!("fetch({}, {} + {j}u * p.t)", self.row(c), self.at(c)))
            };
            return (0..UNIT).map(|c| (0..*radix).map(|j| one(code, c, j)).collect()).collect();
        }
        let mut points = vec![Vec::new(); UNIT];
        for j in 0..*radix {
            let at = format!("(at + {j}u * p.t)");
            let place = match load.from {
                From::Complex => format!("p.first0 + row * p.stride0_0 + {at} * p.stride0_1"),
                From::Pairs => format!("(p.first0 + row * p.stride0_0) / 2u + {at}"),
                _ => format!("row * p.m + {at}"),
            };
            let read = code.bind(&format!("between[({place}) / {UNIT}u]"));
            let spectrum =
                (load.from == From::Product).then(|| code.bind(&format!("spectrum[{at} / {UNIT}u]")));
            for c in 0..UNIT {
                let z = code.bind(&get(*dtype, int64, &read, c));
                let z = match (load.from, &spectrum) {
                    (From::Complex, _) => code.bind(&format!("{v}({z}.x, {z}.y * sign())")),
                    (_, Some(spectrum)) => {
                        let factor = code.bind(&get(*dtype, int64, spectrum, c));
                        let z = code.product(&z, &factor);
                        code.bind(&format!("{v}({z}.x, -{z}.y)"))
                    }
                    _ => z,
                };
                points[c].push(z);
            }
        }
        points
    }

    /// Row and number of a lane's transform `c`.
    fn row(&self, c: usize) -> String {
        if self.pass.down { format!("(row + {c}u)") } else { "row".to_owned() }
    }

    fn at(&self, c: usize) -> String {
        if self.pass.down { "at".to_owned() } else { format!("(at + {c}u)") }
    }

    fn write_results(&self, module: &mut Module, results: &[Vec<String>]) {
        let Pass { dtype, radix, store, later, .. } = &self.pass;
        let first = |c: usize| match later {
            true => format!("(at - k) * {radix}u + k + {c}u"),
            false => format!("{} * {radix}u", self.at(c)),
        };
        if !self.writes {
            for (c, results) in (0..).zip(results) {
                for (q, z) in results.iter().enumerate() {
                    let step = if *later { " * p.before" } else { "" };
                    let _ = writeln!(module, "        put({}, {} + {q}u{step}, {z});", self.row(c), first(c));
                }
            }
            return;
        }
        let value = |z: &String| match store {
            Store::Between => z.clone(),
            Store::Result { .. } => format!("finished({z})"),
        };
        let start = match store {
            Store::Between => "p.m",
            Store::Result { .. } => "p.kept",
        };
        let offset = if *store == Store::Between { "" } else { "p.out0 + " };
        let int64 = module.features.int64;
        let mut write = |row: String, place: String, values: Vec<String>| {
            let stored = put(*dtype, int64, &values);
            let _ =
                writeln!(module, "        out[({offset}{row} * {start} + {place}) / {UNIT}u] = {stored};");
        };
        if *later {
            for q in 0..*radix {
                let values = results.iter().map(|results| value(&results[q])).collect();
                write("row".to_owned(), format!("{} + {q}u * p.before", first(0)), values);
            }
        } else {
            for (c, results) in (0..).zip(results) {
                for (q, chunk) in results.chunks(UNIT).enumerate() {
                    let place = format!("{} + {}u", first(c), q * UNIT);
                    write(self.row(c), place, chunk.iter().map(value).collect());
                }
            }
        }
    }
}

/// Two halves of a word are read at once, which is one access instead of two.
fn packed(dtype: DType, int64: bool) -> bool {
    dtype == DType::C64 && int64
}

fn get(dtype: DType, int64: bool, block: &str, e: usize) -> String {
    match packed(dtype, int64) {
        true => format!("number({block}.{})", ["x", "y", "z", "w"][e]),
        false => block_get(dtype, int64, block, e as u32),
    }
}

fn put(dtype: DType, int64: bool, elements: &[String]) -> String {
    if !packed(dtype, int64) {
        return block_put(dtype, int64, elements);
    }
    let words: Vec<String> = elements.iter().map(|z| format!("word({z})")).collect();
    format!("vec4<u64>({})", words.join(", "))
}

impl Template for Wide {
    fn label(&self) -> String {
        format!("{} by {UNIT}", self.pass.label())
    }

    fn exact(&self) -> Exact {
        Exact::Nowhere
    }

    fn params(&self, names: &mut Names) {
        names.words(&WORDS);
        ends::params(&self.pass.load, self.pass.dtype, names);
    }

    fn write(&self, module: &mut Module) {
        let Pass { dtype, load, store, later, down, radix } = &self.pass;
        let v = register(*dtype);
        let packed = packed(*dtype, module.features.int64);
        let block = if packed { "vec4<u64>".to_owned() } else { block(*dtype, UNIT as u32) };
        if packed {
            *module +=
                "fn word(z: vec2<f32>) -> u64 { return u64_join(bitcast<u32>(z.x), bitcast<u32>(z.y)); }
fn number(x: u64) -> vec2<f32> { return vec2<f32>(bitcast<f32>(u64_low(x)), bitcast<f32>(u64_high(x))); }
";
        } else {
            declare_blocks([*dtype], UNIT as u32, module);
        }
        let blocks = [self.reads, self.writes].map(|by_block| by_block.then_some(&*block));
        ends::declare(load, *store, *later, *dtype, blocks, module);
        ends::write_arithmetic(*dtype, module);
        if !self.reads {
            ends::write_fetch(load, *dtype, module);
        }
        if self.writes {
            let scale = param_register(0, dtype.real());
            let _ = writeln!(
                module,
                "fn finished(z: {v}) -> {v} {{ return {v}(z.x * {scale}, z.y * ({scale} * sign())); }}"
            );
        } else {
            ends::write_put(*store, *dtype, module);
        }
        module.entry();
        module.rounds("b");
        *module += pass::PLACE;
        let [row, at] = if *down { ["rest", "whole"] } else { ["whole", "rest"] };
        let [row_step, at_step] = if *down { [UNIT, 1] } else { [1, UNIT] };
        let _ =
            writeln!(module, "        let row = {row} * {row_step}u;\n        let at = {at} * {at_step}u;");
        let mut code = Code::new(*dtype);
        let mut points = self.points(&mut code, module.features.int64);
        if *later {
            *module += pass::TURN;
            let first = code.bind("turns[k * p.step]");
            for (c, points) in points.iter_mut().enumerate() {
                let mut turn = first.clone();
                if c > 0 {
                    // The same for all lanes.
                    let next = code.bind(&format!("turns[{c}u * p.step]"));
                    turn = code.product(&turn, &next);
                }
                let powers = code.powers(turn, radix - 1);
                for (point, power) in points[1..].iter_mut().zip(&powers) {
                    *point = code.product(point, power);
                }
            }
        }
        let results: Vec<Vec<String>> = points.into_iter().map(|points| code.transform(points)).collect();
        *module += &code.text;
        self.write_results(module, &results);
        *module += "    }\n}\n";
    }
}
