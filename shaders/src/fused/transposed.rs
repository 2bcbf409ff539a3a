//! Elementwise kernels with an input that lies dense across the rows, a transposed matrix say, on adapters of the
//! CPU type: a lane owns a tile, loads whole blocks of every input, down or along, and stores whole blocks of rows.
//! Element by element such an input costs a load each, which is four times a block's.

use super::access::{self, Access, MAX_ELEMENTS, Placed, Source};
use super::body::{self, Angles};
use super::map::{self, UNROLLED_COST};
use super::params::{Names, reciprocal, scalar_words};
use super::storage::{block_put, declare_each, loaded_block, loaded_get};
use super::windows;
use crate::compile::Options;
use crate::library::Features;
use crate::plan::{
    Bind, Plan, PlanError, Profile, Shader, Slot, Step, Template, buffer_bytes, entry, grid, rounds,
};
use polyarray_core::DType;
use polyarray_core::expr::{Kernel, Value};
use std::fmt::Write as _;

/// How a tile's part of an input is loaded.
#[derive(Clone, Copy, Debug, Hash, PartialEq)]
enum Blocks {
    /// It is one element.
    Scalar,
    /// A block for each row, along it.
    Along,
    /// A block for each column, down it.
    Down,
}

/// The structure of the kernel.
#[derive(Debug, Hash)]
struct Transposed {
    features: Features,
    workgroup: u32,
    immediate: bool,
    /// Rows and columns of a tile.
    tile: [u32; 2],
    rank: usize,
    sources: Vec<(Source, Blocks)>,
    params: Vec<DType>,
    code: Vec<Value>,
    label: String,
}

/// Adds the steps, where this is the way to compute the kernel.
pub fn plan(kernel: &Kernel, n: usize, profile: &Profile, plan: &mut Plan) -> Result<bool, PlanError> {
    let (out, rank) = (kernel.output_dtype(), kernel.dims.len());
    let [.., height, width] = kernel.dims[..] else { return Ok(false) };
    let bytes = buffer_bytes(out, n);
    // Small ones are not worth a kernel of their own; angles need two passes.
    if !profile.wide()
        || n < windows::FEWEST
        || body::has_angles(&kernel.code)
        || bytes > profile.max_binding
        || n as u64 > MAX_ELEMENTS
    {
        return Ok(false);
    }
    let inputs = || kernel.inputs.iter().map(|i| i.buffer.dtype());
    let widest = inputs().chain([out]).map(DType::size).max().unwrap_or(4);
    // At least a load and a store.
    let cost = body::cost_per_element(&kernel.code).max(2);
    // The line of a cache down; tiles that need more code are smaller.
    let tiles = [[16, 8], [8, 8], [8, 4], [4, 4]].into_iter();
    let mut fits = tiles.filter(|&[down, along]: &[u32; 2]| {
        (down as usize * widest <= 64 || down == 4)
            && down * along * cost <= UNROLLED_COST
            && height.is_multiple_of(down as usize)
            && width.is_multiple_of(along as usize)
            && width > along as usize
    });
    let Some(tile) = fits.next() else { return Ok(false) };
    let Some(placed) = placed(kernel, tile, profile)? else { return Ok(false) };

    let mut template = Transposed {
        features: profile.features,
        workgroup: profile.workgroup,
        immediate: false,
        tile,
        rank,
        sources: placed.iter().map(|(p, blocks)| (p.source, *blocks)).collect(),
        params: kernel.params.iter().map(|s| s.dtype()).collect(),
        code: kernel.code.clone(),
        label: kernel.label(),
    };
    template.immediate = profile.holds_immediates(template.names().count());
    if placed.len() + 1 + usize::from(!template.immediate) > profile.storage_buffers as usize {
        return Ok(false);
    }
    let tiles = n as u64 / u64::from(tile[0] * tile[1]);
    let per_lane = map::per_lane(tiles, tile[0] * tile[1], kernel, profile);
    let across = (width / tile[1] as usize) as u32;
    let [magic, shift] = reciprocal(across);
    let mut params = vec![0, tiles as u32, per_lane, width as u32, across, magic, shift];
    params.extend(access::axis_words(&kernel.dims, 0..rank));
    let mut bindings = Vec::new();
    for (p, _) in &placed {
        params.extend(p.words(0, 1, profile));
        bindings.extend(p.binds(0, n, profile));
    }
    params.extend(kernel.params.iter().flat_map(|&s| scalar_words(s)));
    bindings.push(Bind { slot: Slot::Output, offset: 0, size: bytes, write: true });
    let lanes = tiles.div_ceil(u64::from(per_lane));
    plan.steps.push(Step {
        params_are_immediate: template.immediate,
        shader: Shader::new(template),
        bindings,
        params,
        groups: grid(lanes.div_ceil(u64::from(profile.workgroup)), profile),
    });
    Ok(true)
}

/// How the inputs are loaded; none if one of them must be element by element, or none lies across the rows.
fn placed(
    kernel: &Kernel,
    tile: [u32; 2],
    profile: &Profile,
) -> Result<Option<Vec<(Placed, Blocks)>>, PlanError> {
    let rank = kernel.dims.len();
    let mut all = Vec::new();
    let mut transposed = false;
    for (i, input) in kernel.inputs.iter().enumerate() {
        let mut p = Placed::new(i, input, &kernel.dims, None, profile)?;
        let (down, along) = (p.strides[rank - 2], p.strides[rank - 1]);
        let whole = |axis: usize, unit: u32| {
            let whole = |x: usize| x.is_multiple_of(unit as usize);
            let others = p.strides.iter().enumerate().filter(|&(a, _)| a != axis);
            whole(p.offset) && others.into_iter().all(|(_, s)| whole(s.unsigned_abs()))
        };
        let blocks = match p.source.access {
            Access::Scalar => Blocks::Scalar,
            Access::Strided { windows: 1 } if along == 1 && whole(rank - 1, tile[1]) => Blocks::Along,
            Access::Strided { windows: 1 } if down == 1 && whole(rank - 2, tile[0]) => Blocks::Down,
            _ => return Ok(None),
        };
        if blocks != Blocks::Scalar {
            p.source.access = Access::Rows;
        }
        transposed |= blocks == Blocks::Down && along != 0;
        all.push((p, blocks));
    }
    Ok(transposed.then_some(all))
}

impl Transposed {
    fn names(&self) -> Names {
        let mut names = Names::new();
        for name in ["tiles", "per_lane", "width", "across", "magic", "shift"] {
            names.word(name);
        }
        access::axis_params(0..self.rank, &mut names);
        for (i, (source, _)) in self.sources.iter().enumerate() {
            source.params(i, self.rank, &mut names);
        }
        names.scalars(&self.params);
        names
    }

    /// Elements of a block.
    fn unit(&self, blocks: Blocks) -> u32 {
        self.tile[usize::from(blocks == Blocks::Along)]
    }
}

impl Template for Transposed {
    fn options(&self) -> Options {
        Options { immediates: self.immediate, ..Options::own(self.features) }
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    fn wgsl(&self) -> String {
        let int64 = self.features.int64;
        let [down, along] = self.tile;
        let out = self.code.last().expect("a kernel has code").dtype;
        let mut text = self.names().declare(self.immediate, self.sources.len() + 1);
        let stored = loaded_block(out, along, true);
        let loaded = self.sources.iter().filter(|(s, _)| s.by_block());
        let loaded = loaded.map(|&(source, blocks)| (source.dtype, self.unit(blocks)));
        text += &declare_each([(out, along)].into_iter().chain(loaded), int64, true);
        for (i, &(source, blocks)) in self.sources.iter().enumerate() {
            text += &source.declare(i, i, self.unit(blocks), true);
        }
        let _ = writeln!(
            text,
            "@group(0) @binding({}) var<storage, read_write> out: array<{stored}>;",
            self.sources.len()
        );
        let sources: Vec<Source> = self.sources.iter().map(|(s, _)| *s).collect();
        text += &access::offsets_struct(&sources);
        text += &access::offsets_function("offsets", &sources, 0..self.rank);
        let dtypes: Vec<_> = sources.iter().map(|s| s.dtype).collect();
        text +=
            &body::function_for("compute", &self.code, &dtypes, Angles::All, body::TOGETHER, |i, dtype| {
                body::param_register(dtype, |w| format!("p.c{i}_{w}"))
            });
        text += &entry(self.workgroup);
        for (i, source) in sources.iter().enumerate().filter(|(_, s)| s.access == Access::Scalar) {
            let _ = writeln!(
                text,
                "    let s{i} = {};",
                source.element(i, 0, &format!("p.first{i}"), 0, (1, int64, true))
            );
        }
        let _ = write!(
            text,
            "{}        let row = index_divide(b, p.magic, p.shift);
        let at = row * {down}u * p.width + (b - row * p.across) * {along}u;
        let o = offsets(at);
",
            rounds(self.workgroup, "b", "p.tiles")
        );
        for (i, &(_, blocks)) in self.sources.iter().enumerate() {
            let (count, axis) = match blocks {
                Blocks::Scalar => continue,
                Blocks::Along => (down, self.rank - 2),
                Blocks::Down => (along, self.rank - 1),
            };
            for e in 0..count {
                let unit = self.unit(blocks);
                let _ = writeln!(
                    text,
                    "        let b{i}_{e} = in{i}[(p.first{i} + o.o{i} + {e}u * p.stride{i}_{axis}) / {unit}u];"
                );
            }
        }
        let blocks: Vec<Blocks> = self.sources.iter().map(|(_, b)| *b).collect();
        for r in 0..down {
            let _ = writeln!(text, "        {{\n        let here = at + {r}u * p.width;");
            let argument = |i: usize, source: &Source, e: u32| {
                let part = |unit: u32, block: u32, e: u32| {
                    loaded_get(source.dtype, unit, int64, true, &format!("b{i}_{block}"), e as usize)
                };
                match blocks[i] {
                    Blocks::Scalar => format!("s{i}"),
                    Blocks::Along => part(along, r, e),
                    Blocks::Down => part(down, e, r),
                }
            };
            let index = |e| format!("here + {e}u");
            let row = body::calls("compute", along, body::TOGETHER, &sources, index, argument, &mut text);
            let _ = writeln!(
                text,
                "        out[here / {along}u] = {};\n        }}",
                block_put(out, int64, true, &row)
            );
        }
        text + "    }\n}\n"
    }
}
