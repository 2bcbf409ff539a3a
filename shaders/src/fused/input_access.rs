//! How a kernel reaches its inputs: as scalars, in dense blocks, or element by element through strides; and
//! which bytes of them it binds.

use super::storage::{block, block_get, element, load_element, register};
use crate::builder::{addressable, padded};
use crate::params::{Names, reciprocal};
use crate::plan::{Bind, LaneMap, PlanError, Profile, Slot, buffer_bytes};
use crate::shader::Module;
use polyarray_core::DType;
use polyarray_core::expr::layout::row_major;
use polyarray_core::expr::{Input, Layout};
use std::fmt::Write as _;
use std::ops::Range;

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
        addressable(&format!("input {number}"), high + 1)?;
        let align = profile.alignment();
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
            source: Source { dtype, access, steady: false },
            slot: Slot::Input(number),
            len,
            strides: strides.to_vec(),
            offset,
            base,
            window,
            end,
        })
    }

    /// The same, walked through strides also where it is one element.
    pub fn strided(mut self) -> Placed {
        if !self.source.strided() {
            self.source.access = Access::Strided { windows: 1 };
        }
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
            if dense && windows == 1 {
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
        // What adapters load at once: a line of the cache, a quad of words.
        let most = if profile.lane_map == LaneMap::Run { 64 } else { 16 };
        let fits = |&unit: &usize| {
            let whole = |x: usize| x.is_multiple_of(unit);
            let [others @ .., last] = &self.strides[..] else { return false };
            unit * size <= most
                && *last == 1
                && whole(self.offset)
                && dims.last().is_some_and(|&n| whole(n))
                && others.iter().all(|s| whole(s.unsigned_abs()))
                && holds(unit)
        };
        let one = matches!(self.source.access, Access::Strided { windows: 1 });
        match [64, 32, 16, 8, 4].iter().find(|unit| one && fits(unit)) {
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
        let bind = |offset: u64, end: u64| Bind {
            slot: self.slot,
            offset,
            size: padded(end).min(total) - offset,
            write: false,
        };
        match self.source.access {
            Access::Dense => {
                let size = self.source.dtype.size() as u64;
                let first = (self.offset + start) as u64 * size;
                vec![bind(first / profile.alignment() * profile.alignment(), first + count as u64 * size)]
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
        ((first % profile.alignment()) / (u64::from(unit) * size)) as u32
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
    pub fn element(&self, i: usize, e: u32, offset: &str, axis: usize, int64: bool) -> String {
        match self.access {
            Access::Rows => block_get(self.dtype, int64, &format!("b{i}"), e),
            _ if self.steady => format!("s{i}"),
            _ if e == 0 => format!("load{i}({offset})"),
            _ => format!("load{i}({offset} + {e}u * p.stride{i}_{axis})"),
        }
    }

    /// Declares its bindings, and `load{i}(offset)` for access by element.
    pub fn declare(&self, i: usize, unit: u32, module: &mut Module) {
        if self.by_block() {
            module.read(&format!("in{i}"), &block(self.dtype, unit));
            return;
        }
        let last = self.bindings() - 1;
        (0..=last).for_each(|w| module.read(&format!("in{i}_{w}"), element(self.dtype)));
        let load = |w: usize| {
            let at = if w == 0 { "at".to_owned() } else { format!("(at - {w}u * p.window{i})") };
            load_element(self.dtype, &format!("in{i}_{w}"), &at)
        };
        let _ = writeln!(module, "fn load{i}(at: u32) -> {} {{", register(self.dtype));
        for w in 0..last {
            let _ = writeln!(module, "    if (at < {}u * p.window{i}) {{ return {}; }}", w + 1, load(w));
        }
        let _ = writeln!(module, "    return {};\n}}", load(last));
    }
}

/// Writes `c{axis}`, the index along each of the axes, of element `rest` (a variable, which is used up).
pub fn write_indices(axes: Range<usize>, module: &mut Module) {
    for axis in axes.clone().skip(1).rev() {
        let _ = writeln!(
            module,
            "    let q{axis} = index_divide(rest, p.magic{axis}, p.shift{axis});
    let c{axis} = rest - q{axis} * p.length{axis};
    rest = q{axis};"
        );
    }
    if !axes.is_empty() {
        let _ = writeln!(module, "    let c{} = rest;", axes.start);
    }
}

/// Writes `fn {function}(i)` that gives the offsets of element `i` of the axes `axes`, without the inputs' first elements.
pub fn write_offsets(function: &str, sources: &[Source], axes: Range<usize>, module: &mut Module) {
    let strided = (0..sources.len()).filter(|&i| sources[i].strided());
    let _ = writeln!(module, "fn {function}(i: u32) -> Offsets {{\n    var rest = i;");
    write_indices(axes.clone(), module);
    let sums: Vec<String> = strided
        .map(|i| {
            let terms: Vec<String> = axes.clone().map(|a| format!("c{a} * p.stride{i}_{a}")).collect();
            if terms.is_empty() { "0u".to_owned() } else { terms.join(" + ") }
        })
        .collect();
    let _ = writeln!(module, "    return Offsets({});\n}}", sums.join(", "));
}

/// Writes `struct Offsets`: one member per strided input.
pub fn write_offsets_struct(sources: &[Source], module: &mut Module) {
    let strided = (0..sources.len()).filter(|&i| sources[i].strided());
    let members: Vec<String> = strided.map(|i| format!("o{i}: u32")).collect();
    let _ = writeln!(module, "struct Offsets {{ {} }}", members.join(", "));
}

/// Names of the reciprocals of the axes that [`write_indices`] divides by.
pub fn axis_params(axes: Range<usize>, names: &mut Names) {
    for axis in axes.skip(1) {
        for what in ["magic", "shift", "length"] {
            names.word(format!("{what}{axis}"));
        }
    }
}

/// Values of the words that [`axis_params`] names.
pub fn axis_words(dims: &[usize], axes: Range<usize>) -> Vec<u32> {
    let words = |axis: usize| {
        let length = dims[axis] as u32;
        let [magic, shift] = reciprocal(length);
        [magic, shift, length]
    };
    axes.skip(1).flat_map(words).collect()
}
