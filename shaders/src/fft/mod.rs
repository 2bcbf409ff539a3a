//! Fourier transforms of rows.
//!
//! A length without a prime above 13 is transformed in passes, each of which reads and writes all elements once. On adapters
//! that run on the CPU a pass is one radix (`factors`), which a lane computes in registers; elsewhere it is several, in
//! workgroup memory (`block`). Other lengths are convolved with a chirp (Bluestein 1970), by two transforms of at least twice
//! the length. Transforms between real numbers and spectra are half as long where the length is even. Transforms go
//! forwards; others conjugate what they read and write. Angles come from tables (`tables`).

mod block;
mod butterfly;
mod ends;
mod factors;
mod half;
mod pass;
mod tables;
mod wide;

pub use tables::Table;

use crate::builder::Builder;
use crate::fused::input_access::Placed;
use crate::params::scalar_words;
use crate::plan::{Bind, LaneMap, Plan, PlanError, Profile, Slot, buffer_bytes, check_dtype};
use crate::primitives::View;
use block::Block;
use ends::{From, Load, Store};
use factors::Factors;
use pass::{Numbers, Pass};
use polyarray_core::backend::specs::{Fft, Transform};
use polyarray_core::{DType, Scalar};
use std::ops::Range;
use wide::Wide;

/// The largest radix that is no prime, where lanes have a pass of their own each, and where they share one.
const MOST: usize = 32;
const MOST_SHARED: usize = 8;
/// Real rows up to this length are transformed as complex ones: a pass more for half the work is no gain.
const SHORT: usize = 16;
/// Transforms that a lane makes one after the other, at most.
const RUN: u64 = 65;

/// How a transform goes.
struct Route {
    /// Real numbers are transformed in pairs.
    pairs: bool,
    /// Points of the transform, without the convolution.
    points: usize,
    /// Points of the passes: as many, or those of the convolution.
    len: usize,
    /// The radices of each pass.
    passes: Vec<Vec<usize>>,
}

impl Route {
    fn of(spec: &Fft, profile: &Profile) -> Route {
        let real = matches!(spec.transform, Transform::RealForward | Transform::RealBackward);
        let pairs = real && spec.len.is_multiple_of(2) && spec.len > SHORT;
        let points = if pairs { spec.len / 2 } else { spec.len };
        let shared = profile.lane_map == LaneMap::Coalesced;
        let most = if shared { MOST_SHARED } else { MOST };
        let mut factors = Factors::new(most);
        let (len, radices) = factors.of(points).map_or_else(
            || {
                let len = factors.convolved(points);
                (len, factors.of(len).unwrap_or_default())
            },
            |radices| (points, radices),
        );
        let passes = match shared {
            true => block::grouped(&radices, spec.dtype, profile.workgroup as usize),
            false => radices.into_iter().map(|radix| vec![radix]).collect(),
        };
        Route { pairs, points, len, passes }
    }

    fn convolved(&self) -> bool {
        self.len != self.points
    }

    /// The tables that it may read, in the order of the plan's inputs behind the operand.
    fn tables(&self, spec: &Fft) -> Vec<Table> {
        let mut tables = Vec::new();
        if self.passes.iter().map(Vec::len).sum::<usize>() > 1 {
            tables.push(Table::Turns(self.len));
        }
        if self.pairs {
            tables.push(Table::Turns(spec.len));
        }
        if self.convolved() {
            tables.push(Table::Chirp(self.points));
            tables.push(Table::Spectrum { n: self.points, len: self.len });
        }
        tables
    }
}

/// Elements of the longest row, of whatever there is on the way, that a binding shows.
fn longest(spec: &Fft, route: &Route) -> usize {
    route.len.max(spec.len / 2 + 1).max(if spec.transform == Transform::RealBackward {
        0
    } else {
        spec.lengths()[1]
    })
}

/// # Errors
/// [`PlanError`]: the adapter lacks the dtype, or a row is longer than a binding.
pub fn check(spec: &Fft, profile: &Profile) -> Result<(), PlanError> {
    check_dtype(spec.dtype, profile.features)?;
    let limit = most(spec.dtype, profile) as u64;
    // No route of what is longer by itself: its lengths may be beyond what is counted.
    let elements = if spec.len as u64 > limit {
        spec.len as u64
    } else {
        longest(spec, &Route::of(spec, profile)) as u64
    };
    if elements <= limit {
        Ok(())
    } else {
        Err(PlanError::TooLarge { what: "a row".into(), elements, limit })
    }
}

/// Elements that a binding shows wherever it begins.
fn most(dtype: DType, profile: &Profile) -> usize {
    (profile.max_binding.saturating_sub(profile.alignment()) as usize) / dtype.size()
}

/// Plans transforms: the operand is [`Slot::Input`] 0, the tables are the inputs behind it.
///
/// # Errors
/// Those of [`check`]; operands beyond 32-bit indices.
pub fn plan(spec: &Fft, x: &View, profile: &Profile) -> Result<(Plan, Vec<Table>), PlanError> {
    check(spec, profile)?;
    let width = spec.lengths()[1];
    let dtype = if spec.transform == Transform::RealBackward { spec.dtype.real() } else { spec.dtype };
    let mut builder = Builder::new(profile, dtype, spec.rows * width)?;
    let route = Route::of(spec, profile);
    let tables = route.tables(spec);
    let rows = (most(spec.dtype, profile) / longest(spec, &route)).max(1);
    for start in (0..spec.rows).step_by(rows) {
        let part = start..spec.rows.min(start + rows);
        Part { spec, route: &route, tables: &tables, rows: part, x }.plan(&mut builder)?;
    }
    Ok((builder.finish(), tables))
}

/// Rows whose elements each binding shows.
struct Part<'a> {
    spec: &'a Fft,
    route: &'a Route,
    tables: &'a [Table],
    rows: Range<usize>,
    x: &'a View,
}

impl Part<'_> {
    fn plan(&self, builder: &mut Builder<'_>) -> Result<(), PlanError> {
        let (spec, route) = (self.spec, self.route);
        let from = match spec.transform {
            Transform::Forward | Transform::Backward => From::Complex,
            Transform::RealForward if route.pairs => From::Pairs,
            Transform::RealForward => From::Real,
            Transform::RealBackward if route.pairs => From::Tangled,
            Transform::RealBackward => From::Hermitian,
        };
        let kept = if route.pairs { route.points } else { spec.lengths()[1] };
        let read = spec.lengths()[0];
        let convolved = route.convolved();
        let result =
            |chirp: bool| Store::Result { real: from == From::Hermitian, cropped: kept < route.len, chirp };
        let load = Load { from, source: None, padded: spec.given < read, chirp: convolved };
        let scale = if self.untangles() { 1.0 } else { spec.scale };
        let written = if convolved {
            self.transform(builder, load, Store::Between, kept, 1.0)?;
            let load = Load { from: From::Product, source: None, padded: false, chirp: false };
            self.transform(builder, load, result(true), kept, scale / route.len as f64)?
        } else {
            self.transform(builder, load, result(false), kept, scale)?
        };
        if self.untangles() { self.untangle(builder, written) } else { Ok(()) }
    }

    /// Pairs become the halves of a spectrum in a step of their own.
    fn untangles(&self) -> bool {
        self.spec.transform == Transform::RealForward && self.route.pairs
    }

    /// The passes of one transform. What is between passes alternates between two buffers; returns which of them the last
    /// pass wrote, if it wrote one.
    fn transform(
        &self,
        builder: &mut Builder<'_>,
        load: Load,
        store: Store,
        kept: usize,
        scale: f64,
    ) -> Result<usize, PlanError> {
        let (spec, route, rows) = (self.spec, self.route, self.rows.len());
        let bytes = (rows * route.len * spec.dtype.size()) as u64;
        let last = route.passes.len() - 1;
        // The second transform of a convolution reads what the first one left.
        let turn = |pass: usize| if load.from == From::Product { (last + 1 + pass) % 2 } else { pass % 2 };
        let mut before = 1;
        for (number, radices) in route.passes.iter().enumerate() {
            let radix: usize = radices.iter().product();
            let mut load = load;
            let mut bindings = Vec::new();
            let mut words = Vec::new();
            let mut placed = None;
            let later = number > 0;
            let mut down = route.len == radix;
            let mut side_by_side = !down;
            if later {
                load = Load { from: From::Between, source: None, padded: false, chirp: false };
            }
            if matches!(load.from, From::Between | From::Product) {
                bindings.push(builder.scratch_at(1 - turn(number), bytes, false));
            } else {
                let operand = placed.insert(self.placed(builder.profile, &load)?);
                load.source = Some(operand.source);
                bindings.extend(operand.binds(0, 0, builder.profile));
                words = operand.words(0, 1, builder.profile);
                // Rows that lie side by side are read together.
                let [across, along] = [0, 1].map(|axis| operand.strides[axis].unsigned_abs());
                let beside = rows > 1 && across < along;
                (down, side_by_side) = (down || beside, side_by_side || beside);
            }
            let store = if number == last { store } else { Store::Between };
            let turned = later || radices.len() > 1;
            for (name, _) in ends::tables(&load, store, turned).into_iter().filter(|(_, read)| *read) {
                bindings.push(self.table(name));
            }
            let (bind, out0) = match store {
                Store::Between => (builder.scratch_at(turn(number), bytes, true), 0),
                _ if self.untangles() => (builder.scratch_at(turn(number), bytes, true), 0),
                _ => self.output(builder.profile),
            };
            bindings.push(bind);
            let transforms = route.len / radix;
            let all = (rows * transforms) as u64;
            let step = route.len / (before * radix);
            let mut numbers = Numbers { rows, transforms, before, step, per_lane: 1, together: 1 };
            let sign = match spec.transform {
                Transform::Forward | Transform::RealForward => 1.0f32,
                Transform::Backward | Transform::RealBackward => -1.0,
            };
            let ends = [route.len, route.points, spec.given, kept, out0].map(|x| x as u32);
            let ends =
                ends.into_iter().chain([sign.to_bits()]).chain(scale_words(scale, spec.dtype)).chain(words);
            let dtype = spec.dtype;
            let (shader, groups) = if radices.len() > 1 {
                let most = builder.profile.workgroup;
                let columns = block::columns(radix, dtype, most as usize);
                let radices = radices.clone();
                let block = Block { dtype, radices, columns, load, store, later, down, side_by_side };
                let lanes = block.lanes(most);
                (builder.shader_of(block, lanes), all.div_ceil(columns as u64))
            } else {
                let pass = Pass { dtype, radix, load, store, later, down };
                let wide = Wide::of(pass.clone(), &numbers, placed.as_ref(), [kept, out0, route.len]);
                let wide = wide.filter(|_| builder.profile.lane_map == LaneMap::Run);
                numbers.together = wide.as_ref().map_or(1, |_| wide::UNIT);
                let lanes = all / numbers.together as u64;
                numbers.per_lane = builder.profile.per_lane(lanes, RUN / numbers.together as u64);
                let groups = builder.groups(lanes.div_ceil(u64::from(numbers.per_lane)));
                (wide.map_or_else(|| builder.shader(pass), |wide| builder.shader(wide)), groups)
            };
            let params: Vec<u32> = numbers.words(down).into_iter().chain(ends).collect();
            builder.step(&shader, bindings, params, groups)?;
            before *= radix;
        }
        Ok(turn(last))
    }

    fn untangle(&self, builder: &mut Builder<'_>, spectrum: usize) -> Result<(), PlanError> {
        let (spec, route, rows) = (self.spec, self.route, self.rows.len());
        let bytes = (rows * route.points * spec.dtype.size()) as u64;
        let (out, out0) = self.output(builder.profile);
        let bindings = vec![builder.scratch_at(spectrum, bytes, false), self.table("halves"), out];
        let lanes = (rows * (route.points / 2 + 1)) as u64;
        let per_lane = builder.profile.per_lane(lanes, RUN);
        let mut params = half::words(rows, route.points, out0, per_lane);
        params.extend(scale_words(spec.scale, spec.dtype));
        let shader = builder.shader(half::Untangle { dtype: spec.dtype });
        let groups = builder.groups(lanes.div_ceil(u64::from(per_lane)));
        builder.step(&shader, bindings, params, groups)
    }

    /// The rows of the operand.
    fn placed(&self, profile: &Profile, load: &Load) -> Result<Placed, PlanError> {
        let real = matches!(load.from, From::Real | From::Pairs);
        let dtype = if real { self.spec.dtype.real() } else { self.spec.dtype };
        let offset = self.x.offset.wrapping_add_signed(self.rows.start as isize * self.x.strides[0]);
        let dims = [self.rows.len(), self.spec.given];
        let placed = Placed::from_parts(0, dtype, self.x.len, &dims, &self.x.strides, offset, None, profile)?;
        Ok(placed.strided())
    }

    /// The binding of a table.
    fn table(&self, name: &str) -> Bind {
        let wanted = match name {
            "turns" => Table::Turns(self.route.len),
            "halves" => Table::Turns(self.spec.len),
            "chirp" => Table::Chirp(self.route.points),
            _ => Table::Spectrum { n: self.route.points, len: self.route.len },
        };
        let number = self.tables.iter().position(|table| *table == wanted).unwrap_or_default();
        let size = buffer_bytes(self.spec.dtype, wanted.len());
        Bind { slot: Slot::Input(1 + number), offset: 0, size, write: false }
    }

    /// The binding that shows the rows of the output, and the number of its first element there.
    fn output(&self, profile: &Profile) -> (Bind, usize) {
        let width = self.spec.lengths()[1];
        let dtype = match self.spec.transform {
            Transform::RealBackward => self.spec.dtype.real(),
            _ => self.spec.dtype,
        };
        // A transform of pairs writes complex numbers, two elements each.
        let wide = if self.spec.transform == Transform::RealBackward && self.route.pairs { 2 } else { 1 };
        let size = dtype.size() as u64;
        let first = (self.rows.start * width) as u64 * size;
        let offset = first / profile.alignment() * profile.alignment();
        let end = (self.rows.end * width) as u64 * size;
        let total = buffer_bytes(dtype, self.spec.rows * width);
        let bind = Bind {
            slot: Slot::Output,
            offset,
            size: crate::builder::padded(end).min(total) - offset,
            write: true,
        };
        (bind, ((first - offset) / size) as usize / wide)
    }
}

fn scale_words(scale: f64, dtype: DType) -> Vec<u32> {
    scalar_words(if dtype == DType::C128 { Scalar::F64(scale) } else { Scalar::F32(scale as f32) })
}
