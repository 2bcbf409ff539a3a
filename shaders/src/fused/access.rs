//! How a kernel reaches its inputs: as scalars, in dense blocks, or element by element through strides; and
//! which bytes of them it binds.

use super::params::Names;
use super::storage::{
    element, load_element, load_uniform, loaded_block, loaded_get, loads_wide, register, uniform_element,
};
use crate::plan::{BUFFER_ALIGNMENT, Bind, PlanError, Profile, Slot, WINDOW, buffer_bytes};
use polyarray_core::DType;
use polyarray_core::expr::layout::row_major;
use polyarray_core::expr::{Input, Layout};
use std::fmt::Write as _;

/// How an input is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// One element for all.
    Scalar,
    /// Element `i` for element `i`: whole blocks are loaded.
    Dense,
    /// Whole blocks, too, which strides lead to: rows of it lie dense, and every block is within a row.
    Rows,
    /// Through strides, one load per element, from one or several windows.
    Strided {
        /// Bindings that the buffer is spread over.
        windows: u32,
    },
}

/// The structure of one input.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Source {
    pub dtype: DType,
    pub access: Access,
    /// Walked through strides, and so small that it is bound as one uniform window.
    pub uniform: bool,
    /// Walked through strides by blocks that are within a row, and the same all along each row.
    pub steady: bool,
}

/// An input with the numbers of one launch.
#[derive(Clone, Debug)]
pub struct Placed {
    pub source: Source,
    /// Number of the input in the job.
    pub slot: Slot,
    /// Elements in its buffer.
    pub len: usize,
    /// Strides over the kernel's axes.
    pub strides: Vec<isize>,
    /// First element.
    pub offset: usize,
    /// First byte of the first window (strided and scalar access).
    pub base: u64,
    /// Bytes of a window, and the bytes that all must reach.
    pub window: u64,
    pub end: u64,
}

/// Offsets of bindings are multiples of this.
pub fn alignment(profile: &Profile) -> u64 {
    u64::from(profile.offset_alignment).max(BUFFER_ALIGNMENT)
}

impl Placed {
    /// Decides how `input` is reached by a kernel over `dims`; `dense` says if blocks of `unit` elements may be
    /// used.
    pub fn new(
        number: usize,
        input: &Input,
        dims: &[usize],
        dense: Option<u32>,
        profile: &Profile,
    ) -> Result<Placed, PlanError> {
        let (dtype, len) = (input.buffer.dtype(), input.buffer.len());
        Placed::from_parts(number, dtype, len, dims, &input.strides, input.offset, dense, profile)
    }

    /// The same of an operand that is no kernel's input.
    #[expect(clippy::too_many_arguments, reason = "a view is buffer, shape, strides and offset")]
    pub fn from_parts(
        number: usize,
        dtype: DType,
        len: usize,
        dims: &[usize],
        strides: &[isize],
        offset: usize,
        dense: Option<u32>,
        profile: &Profile,
    ) -> Result<Placed, PlanError> {
        let size = dtype.size() as u64;
        let layout = Layout { shape: dims.into(), strides: strides.into(), offset };
        let (low, high) = layout.extent().unwrap_or((0, 0));
        if high as u64 > MAX_ELEMENTS {
            return Err(PlanError::TooLarge {
                what: format!("input {number}"),
                elements: high as u64 + 1,
                limit: MAX_ELEMENTS,
            });
        }
        let align = alignment(profile);
        let base = low as u64 * size / align * align;
        let end = (high as u64 + 1) * size;
        let window = profile.max_binding / align * align;
        let dense_here =
            dense.is_some_and(|unit| *strides == row_major(dims)[..] && offset.is_multiple_of(unit as usize));
        let access = if strides.iter().all(|&s| s == 0) {
            Access::Scalar
        } else if dense_here {
            Access::Dense
        } else {
            Access::Strided { windows: (end - base).div_ceil(window).max(1) as u32 }
        };
        Ok(Placed {
            source: Source { dtype, access, uniform: false, steady: false },
            slot: Slot::Input(number),
            len,
            strides: strides.to_vec(),
            offset,
            base,
            window,
            end,
        })
    }

    /// Has an input that is walked through strides, a row or a column that is repeated say, read through a
    /// uniform window where the adapter likes that and it fits one.
    pub fn through_window(mut self, profile: &Profile) -> Placed {
        self.source.uniform = profile.windowed_loads
            && profile.windows > 0
            && self.source.access == Access::Strided { windows: 1 }
            && self.end - self.base <= WINDOW - BUFFER_ALIGNMENT
            && (profile.features.int64 || self.source.dtype.size() <= 4);
        self
    }

    /// Has an input that is walked through strides found once for every block of `unit` elements, all of which are in
    /// the same row along `axis`; see [`rows_hold`].
    pub fn in_rows(mut self, unit: u32, axis: usize) -> Placed {
        if let Access::Strided { windows } = self.source.access {
            let whole = |x: usize| x.is_multiple_of(unit as usize);
            let along = self.strides[axis];
            let mut others = self.strides.iter().enumerate().filter(|&(a, _)| a != axis);
            let dense = along == 1 && whole(self.offset) && others.all(|(_, s)| whole(s.unsigned_abs()));
            self.source.steady = along == 0;
            if dense && windows == 1 && !self.source.uniform {
                self.source.access = Access::Rows;
            }
        }
        self
    }

    /// For copies: has it read in blocks along its last axis, the longest ones that adapters load at once, that the view
    /// holds whole, and that `holds`. Returns the elements of a block; 1, and the view as it is, where there is none.
    pub fn in_blocks(
        mut self,
        dims: &[usize],
        profile: &Profile,
        holds: impl Fn(usize) -> bool,
    ) -> (Placed, u32) {
        let size = self.source.dtype.size();
        let wide = profile.wide();
        // What adapters load at once: a line of the cache, a quad of words.
        let most = if wide { 64 } else { 16 };
        let fits = |&unit: &usize| {
            let whole = |x: usize| x.is_multiple_of(unit);
            let [others @ .., last] = &self.strides[..] else { return false };
            let declarable = loads_wide(self.source.dtype, unit as u32, wide) || unit.is_multiple_of(4);
            declarable
                && unit * size <= most
                && *last == 1
                && whole(self.offset)
                && dims.last().is_some_and(|&n| whole(n))
                && others.iter().all(|s| whole(s.unsigned_abs()))
                && holds(unit)
        };
        let one = matches!(self.source.access, Access::Strided { windows: 1 }) && !self.source.uniform;
        match [64, 32, 16, 8, 4, 2].iter().find(|unit| one && fits(unit)) {
            Some(&unit) => {
                self.source.access = Access::Rows;
                (self, unit as u32)
            }
            None => (self, 1),
        }
    }

    /// The bindings; a dense input shows elements `start..start + count` of the iteration.
    pub fn binds(&self, start: usize, count: usize, profile: &Profile) -> Vec<Bind> {
        let total = buffer_bytes(self.source.dtype, self.len);
        let bind = |offset: u64, end: u64| {
            let end = end.div_ceil(BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT;
            Bind { slot: self.slot, offset, size: end.min(total) - offset, write: false }
        };
        match self.source.access {
            Access::Dense => {
                let size = self.source.dtype.size() as u64;
                let first = (self.offset + start) as u64 * size;
                vec![bind(first / alignment(profile) * alignment(profile), first + count as u64 * size)]
            }
            Access::Scalar | Access::Rows => vec![bind(self.base, self.end)],
            Access::Strided { windows } => (0..u64::from(windows))
                .map(|w| {
                    let from = self.base + w * self.window;
                    bind(from, self.end.min(from + self.window))
                })
                .collect(),
        }
    }

    /// For a dense input: number of the first block within the binding.
    pub fn first_block(&self, start: usize, unit: u32, profile: &Profile) -> u32 {
        let size = self.source.dtype.size() as u64;
        let first = (self.offset + start) as u64 * size;
        ((first % alignment(profile)) / (u64::from(unit) * size)) as u32
    }

    /// Values of the words that [`Source::params`] names.
    pub fn words(&self, start: usize, unit: u32, profile: &Profile) -> Vec<u32> {
        let size = self.source.dtype.size() as u64;
        let offset = (self.offset as u64).wrapping_sub(self.base / size) as u32;
        match self.source.access {
            Access::Dense => vec![self.first_block(start, unit, profile)],
            Access::Scalar => vec![offset],
            access => {
                let mut words = vec![offset];
                if matches!(access, Access::Strided { windows: 2.. }) {
                    words.push((self.window / size) as u32);
                }
                words.extend(self.strides.iter().map(|&s| s as u32));
                words
            }
        }
    }
}

/// Are all blocks of `unit` elements, counted from the first element, within a row whose length is the last of `dims`?
pub fn rows_hold(dims: &[usize], unit: u32) -> bool {
    dims.last().is_some_and(|row| row.is_multiple_of(unit as usize))
}

/// Indices are u32, with room for a grid rounded up.
pub const MAX_ELEMENTS: u64 = u32::MAX as u64 - (1 << 24);

impl Source {
    /// True where offsets are computed per element.
    pub fn strided(&self) -> bool {
        matches!(self.access, Access::Strided { .. } | Access::Rows)
    }

    /// True where whole blocks are loaded.
    pub fn by_block(&self) -> bool {
        matches!(self.access, Access::Dense | Access::Rows)
    }

    /// Number of its bindings.
    pub fn bindings(&self) -> usize {
        match self.access {
            Access::Strided { windows } => windows as usize,
            _ => 1,
        }
    }

    /// Names of the words of input `i` of a kernel with `rank` axes.
    pub fn params(&self, i: usize, rank: usize, names: &mut Names) {
        names.word(format!("first{i}"));
        if self.strided() {
            if self.bindings() > 1 {
                names.word(format!("window{i}"));
            }
            for axis in 0..rank {
                names.word(format!("stride{i}_{axis}"));
            }
        }
    }

    /// What a block at `offset` (an expression, in elements) loads before its elements are asked for by
    /// [`Source::element`].
    pub fn load_block(&self, i: usize, offset: &str, unit: u32) -> String {
        match self.access {
            Access::Rows => format!("        let b{i} = in{i}[({offset}) / {unit}u];\n"),
            Access::Strided { .. } if self.steady => format!("        let s{i} = load{i}({offset});\n"),
            _ => String::new(),
        }
    }

    /// Element `e` of a block that is walked through strides, along `axis`, and begins at `offset`.
    pub fn element(
        &self,
        i: usize,
        e: u32,
        offset: &str,
        axis: usize,
        (unit, int64, wide): (u32, bool, bool),
    ) -> String {
        match self.access {
            Access::Rows => loaded_get(self.dtype, unit, int64, wide, &format!("b{i}"), e as usize),
            _ if self.steady => format!("s{i}"),
            _ if e == 0 => format!("load{i}({offset})"),
            _ => format!("load{i}({offset} + {e}u * p.stride{i}_{axis})"),
        }
    }

    /// Declares its bindings from number `binding` on, and `load{i}(offset)` for access by element.
    pub fn declare(&self, i: usize, binding: usize, unit: u32, wide: bool) -> String {
        let mut text = String::new();
        let declare = |text: &mut String, name: &str, number: usize, ty: &str| {
            let _ = writeln!(text, "@group(0) @binding({number}) var<storage, read> {name}: array<{ty}>;");
        };
        let load = |name: &str, index: &str| load_element(self.dtype, name, index);
        match self.access {
            Access::Dense | Access::Rows => {
                declare(&mut text, &format!("in{i}"), binding, &loaded_block(self.dtype, unit, wide))
            }
            Access::Strided { .. } if self.uniform => {
                let (stored, entries) = (uniform_element(self.dtype), WINDOW / 16);
                let _ = writeln!(
                    text,
                    "@group(0) @binding({binding}) var<uniform> in{i}_0: array<{stored}, {entries}>;
fn load{i}(at: u32) -> {} {{ return {}; }}",
                    register(self.dtype),
                    load_uniform(self.dtype, &format!("in{i}_0"), "at")
                );
            }
            Access::Scalar | Access::Strided { .. } => {
                for w in 0..self.bindings() {
                    declare(&mut text, &format!("in{i}_{w}"), binding + w, element(self.dtype));
                }
                let _ = writeln!(text, "fn load{i}(at: u32) -> {} {{", register(self.dtype));
                for w in 0..self.bindings() - 1 {
                    let here = load(&format!("in{i}_{w}"), &format!("(at - {w}u * p.window{i})"));
                    let _ = writeln!(text, "    if (at < {}u * p.window{i}) {{ return {here}; }}", w + 1);
                }
                let w = self.bindings() - 1;
                let at = if w == 0 { "at".to_owned() } else { format!("(at - {w}u * p.window{i})") };
                let _ = writeln!(text, "    return {};\n}}", load(&format!("in{i}_{w}"), &at));
            }
        }
        text
    }
}

/// `struct Offsets` with a member per strided input, and `fn {name}(i)` that gives the offsets of element `i` of
/// the axes `axes`, without the inputs' first elements.
pub fn offsets_function(function: &str, sources: &[Source], axes: std::ops::Range<usize>) -> String {
    let strided: Vec<usize> = (0..sources.len()).filter(|&i| sources[i].strided()).collect();
    let mut text = format!("fn {function}(i: u32) -> Offsets {{\n    var rest = i;\n");
    for axis in axes.clone().skip(1).rev() {
        let _ = writeln!(
            text,
            "    let q{axis} = index_divide(rest, p.magic{axis}, p.shift{axis});\n    let c{axis} = rest - q{axis} * p.length{axis};\n    rest = q{axis};"
        );
    }
    if !axes.is_empty() {
        let _ = writeln!(text, "    let c{} = rest;", axes.start);
    }
    let sums: Vec<String> = strided
        .iter()
        .map(|i| {
            let terms: Vec<String> = axes.clone().map(|a| format!("c{a} * p.stride{i}_{a}")).collect();
            if terms.is_empty() { "0u".to_owned() } else { terms.join(" + ") }
        })
        .collect();
    let _ = writeln!(text, "    return Offsets({});\n}}", sums.join(", "));
    text
}

/// `struct Offsets`: one member per strided input.
pub fn offsets_struct(sources: &[Source]) -> String {
    let members: Vec<String> =
        (0..sources.len()).filter(|&i| sources[i].strided()).map(|i| format!("o{i}: u32")).collect();
    format!("struct Offsets {{ {} }}\n", members.join(", "))
}

/// Names of the reciprocals of the axes that [`offsets_function`] divides by.
pub fn axis_params(axes: std::ops::Range<usize>, names: &mut Names) {
    for axis in axes.skip(1) {
        for what in ["magic", "shift", "length"] {
            names.word(format!("{what}{axis}"));
        }
    }
}

/// Values of the words that [`axis_params`] names.
pub fn axis_words(dims: &[usize], axes: std::ops::Range<usize>) -> Vec<u32> {
    axes.skip(1)
        .flat_map(|axis| {
            let length = dims[axis] as u32;
            let [magic, shift] = super::params::reciprocal(length);
            [magic, shift, length]
        })
        .collect()
}
