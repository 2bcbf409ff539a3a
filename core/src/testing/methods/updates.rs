//! Elements by arrays of indices, updates by index, reductions of segments.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Kind, Scalar};
use crate::expr::Reduction;
use crate::memory::layout::broadcast;
use crate::numpy::{Axis, Bounds, Update};
use crate::testing::reference::{self, Truth, Want, fold};
use crate::testing::samples::{Lie, Plain, Random, Sample, moderate, ravel, unravel};

pub(super) const ENTRIES: super::Family = &[
    (&["scatter"], scatters, scattered),
    (&["reduce_segments"], segments, reduced),
    (&["reduceat"], segments_along, reduced_at),
    (&["get_items", "update_items"], items, item),
    (&["take_along_axis", "put_along_axis"], along, along_axis),
    (&["put", "place", "putmask"], puts, put),
];

const UPDATES: [Update; 5] = [Update::Put, Update::Add, Update::Multiply, Update::Minimum, Update::Maximum];

/// Integers in `-low..len`.
fn indices(s: &mut Sampler, shape: &[usize], low: usize, len: usize) -> Sample {
    let lie = s.lie();
    s.array(DType::I64, shape, lie, |_, r: &mut Random| Scalar::I64(r.below(len + low) as i64 - low as i64))
}

/// Values of which products stay in range.
fn value(by: Update) -> impl Fn(DType, &mut Random) -> Scalar {
    move |dtype, r| match by {
        Update::Multiply if dtype.kind() >= Kind::Float => Scalar::F64(1.0 + r.unit() / 8.0).cast(dtype),
        Update::Multiply => Scalar::I64([1, 3, -1][r.below(3)]).cast(dtype),
        _ => moderate(dtype, r),
    }
}

fn takes(by: Update, dtype: DType) -> bool {
    !(dtype.is_complex() && matches!(by, Update::Minimum | Update::Maximum))
}

fn scatters(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for by in UPDATES {
        for (shape, at) in [(&[7][..], &[40][..]), (&[3, 5], &[4, 2]), (&[6], &[0]), (&[], &[3])] {
            for dtype in s.some(|d| takes(by, d)) {
                let n: usize = shape.iter().product();
                let lies = [s.lie(), s.lie()];
                let x = s.array(dtype, shape, lies[0], value(by));
                let index = indices(s, at, n, n);
                let values = match s.random.below(4) {
                    0 => Arg::Weak(Scalar::I64(1)),
                    _ => Arg::Array(s.array(dtype, at, lies[1], value(by))),
                };
                cases.push(vec![Arg::Array(x), Arg::Array(index), values, Arg::plain(by)]);
            }
        }
    }
    // Few elements and many values.
    for dtype in s.some(|d| d.is_int() || d == DType::F32) {
        let x = s.array(dtype, &[3], Lie::Dense, moderate);
        let (index, values) = (indices(s, &[9000], 3, 3), s.array(dtype, &[9000], Lie::Dense, moderate));
        cases.push(vec![Arg::Array(x), Arg::Array(index), Arg::Array(values), Arg::plain(Update::Add)]);
    }
    cases
}

/// An element after it has met values.
fn met(by: Update, dtype: DType, values: &[Scalar]) -> Truth {
    let op = match (by, dtype) {
        (Update::Put, _) => return Truth::Exact(*values.last().expect("the element is there")),
        (Update::Add | Update::Maximum, DType::Bool) => Reduction::Max,
        (Update::Multiply | Update::Minimum, DType::Bool) => Reduction::Min,
        (Update::Add, _) => Reduction::Sum,
        (Update::Multiply, _) => Reduction::Prod,
        (Update::Minimum, _) => Reduction::Min,
        (Update::Maximum, _) => Reduction::Max,
    };
    if values.len() == 1 { Truth::Exact(values[0]) } else { fold(op, dtype, values) }
}

/// An array whose elements at positions meet values.
fn updated(x: &Plain, targets: impl IntoIterator<Item = (usize, Scalar)>, by: Update) -> Want {
    let mut all: Vec<Vec<Scalar>> = x.data.iter().map(|&x| vec![x]).collect();
    targets.into_iter().for_each(|(at, value)| all[at].push(value.cast(x.dtype)));
    let terms = all.iter().map(Vec::len).max().unwrap_or(1);
    let terms = if by == Update::Put { 1 } else { terms };
    Want {
        terms,
        ..Want::new(x.dtype, &x.shape, all.iter().map(|values| met(by, x.dtype, values)).collect())
    }
}

fn wrap(index: Scalar, len: usize) -> usize {
    let index = index.to_i128().expect("indices are integers") as isize;
    if index < 0 { (index + len as isize) as usize } else { index as usize }
}

/// The element that a value argument has at an index of a shape.
fn valued(arg: &Arg, index: &[usize]) -> Scalar {
    match arg {
        Arg::Weak(value) => *value,
        values => values.samples()[0].values.broadcast_at(index),
    }
}

fn scattered(given: &Given, _: &str) -> Vec<Want> {
    let (x, at, by) = (given.array(0), given.array(1), *given.plain::<Update>(3));
    let target = |i: usize| (wrap(at.data[i], x.data.len()), valued(&given.args[2], &unravel(i, &at.shape)));
    vec![updated(x, (0..at.data.len()).map(target), by)]
}

const FOLDS: [Reduction; 4] = [Reduction::Sum, Reduction::Prod, Reduction::Min, Reduction::Max];

fn by(op: Reduction) -> Update {
    match op {
        Reduction::Sum => Update::Add,
        Reduction::Prod => Update::Multiply,
        Reduction::Min => Update::Minimum,
        _ => Update::Maximum,
    }
}

fn segments(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let bounds = |of: &[i64]| {
        Arg::Array(Sample::dense(Plain::new(DType::I64, &[of.len()], of.iter().map(|&i| Scalar::I64(i)))))
    };
    for op in FOLDS {
        for dtype in s.some(|d| takes(by(op), d)) {
            let lie = s.lie();
            let x = Arg::Array(s.array(dtype, &[300], lie, value(by(op))));
            cases.push(vec![x, bounds(&[0, 7, 3, 299, 20]), bounds(&[5, 8, 290, 300, 25]), Arg::plain(op)]);
        }
    }
    // Longer than a piece.
    for dtype in s.some(|d| matches!(d, DType::I32 | DType::F32)) {
        let x = Arg::Array(s.array(dtype, &[20_000], Lie::Dense, moderate));
        cases.push(vec![x, bounds(&[1, 9, 4]), bounds(&[19_999, 10, 4100]), Arg::plain(Reduction::Sum)]);
    }
    cases
}

fn folded(x: &Plain, positions: &[usize], op: Reduction) -> Truth {
    let values: Vec<Scalar> = positions.iter().map(|&i| x.data[i]).collect();
    met(by(op), x.dtype, &values)
}

fn reduced(given: &Given, _: &str) -> Vec<Want> {
    let (x, starts, ends, op) = (given.array(0), given.array(1), given.array(2), *given.plain(3));
    // Of bools, sums are whether any is true, and products whether all are.
    let op = match (op, x.dtype) {
        (Reduction::Sum, DType::Bool) => Reduction::Max,
        (Reduction::Prod, DType::Bool) => Reduction::Min,
        (op, _) => op,
    };
    vec![reference::segments(op, x, starts, ends)]
}

fn segments_along(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for op in FOLDS {
        for (shape, axis) in [(&[30][..], 0), (&[4, 9], -1), (&[9, 2, 3], 0), (&[9, 0], 0)] {
            for dtype in s.some(|d| takes(by(op), d)) {
                let len = shape[if axis < 0 { shape.len() - 1 } else { axis as usize }];
                let lie = s.lie();
                let x = s.array(dtype, shape, lie, value(by(op)));
                let at = indices(s, &[5], 0, len);
                cases.push(vec![Arg::Array(x), Arg::Array(at), Arg::plain(op), Arg::plain(Axis(axis))]);
            }
        }
    }
    cases
}

fn reduced_at(given: &Given, _: &str) -> Vec<Want> {
    let (x, at, op, axis) = (given.array(0), given.array(1), *given.plain(2), given.plain::<Axis>(3).0);
    let axis = if axis < 0 { x.shape.len() - 1 } else { axis as usize };
    let sums = matches!(op, Reduction::Sum | Reduction::Prod);
    let x = x.cast(match x.dtype {
        d if sums && d.is_unsigned() => DType::U64,
        d if sums && d.kind() < Kind::Float => DType::I64,
        d => d,
    });
    let mut shape = x.shape.clone();
    shape[axis] = at.data.len();
    let mut terms = 1;
    let mut element = |flat: usize| {
        let mut index = unravel(flat, &shape);
        let k = index[axis];
        let from = wrap(at.data[k], 0);
        let to = at.data.get(k + 1).map_or(x.shape[axis], |&to| wrap(to, 0)).max(from + 1);
        let positions: Vec<usize> = (from..to)
            .map(|i| {
                index[axis] = i;
                ravel(&index, &x.shape)
            })
            .collect();
        terms = terms.max(positions.len());
        folded(&x, &positions, op)
    };
    let elements = (0..shape.iter().product()).map(&mut element).collect();
    vec![Want { terms, ..Want::new(x.dtype, &shape, elements) }]
}

fn items(s: &mut Sampler, name: &str) -> Vec<Case> {
    let shapes: &[(&[usize], &[&[usize]])] = &[
        (&[9], &[&[4]]),
        (&[5, 6], &[&[3, 1], &[4]]),
        (&[5, 6, 2], &[&[3], &[]]),
        (&[4, 3], &[&[2, 2]]),
        (&[4, 0], &[&[3]]),
    ];
    let update = name == "update_items";
    let mut cases = Vec::new();
    for (k, (shape, at)) in shapes.iter().enumerate() {
        let by = UPDATES[k % 5];
        for dtype in s.some(|d| !update || takes(by, d)) {
            let lies = [s.lie(), s.lie()];
            let x = Arg::Array(s.array(dtype, shape, lies[0], value(by)));
            let index = at.iter().zip(*shape).map(|(at, &len)| indices(s, at, len, len)).collect();
            let mut case = vec![x, Arg::Arrays(index)];
            if update {
                let rest = &shape[at.len()..];
                let target: Vec<usize> = at
                    .iter()
                    .map(|at| at.to_vec())
                    .reduce(|a, b| broadcast(&a, &b).expect("samples broadcast").to_vec())
                    .expect("there is one")
                    .into_iter()
                    .chain(rest.iter().copied())
                    .collect();
                let of = if s.random.bits() & 1 == 0 { target } else { rest.to_vec() };
                case.extend([Arg::Array(s.array(dtype, &of, lies[1], value(by))), Arg::plain(by)]);
            }
            cases.push(case);
        }
    }
    // Masks of all axes and of the first one.
    for axes in [1, 2] {
        for dtype in s.some(|_| true) {
            let lie = s.lie();
            let x = Arg::Array(s.array(dtype, &[5, 6], lie, moderate));
            let coin = |_: DType, r: &mut Random| Scalar::Bool(r.bits() & 1 == 0);
            let mask = s.array(DType::Bool, &[5, 6][..axes], Lie::Dense, coin);
            let mut case = vec![x, Arg::Arrays(vec![mask])];
            if update {
                let one = s.array(dtype, &[1], Lie::Dense, moderate);
                let six = s.array(dtype, &[6], Lie::Dense, moderate);
                case.extend([Arg::Array(if axes == 1 { six } else { one }), Arg::plain(Update::Put)]);
            }
            cases.push(case);
        }
    }
    cases
}

/// The positions that index arrays name, row-major, and the shape of them.
fn named(x: &Plain, at: &[Plain]) -> (Vec<usize>, Vec<usize>) {
    let mut each = Vec::new();
    for index in at {
        if index.dtype == DType::Bool {
            let set: Vec<Vec<usize>> = (0..index.data.len())
                .filter(|&i| index.data[i] == Scalar::Bool(true))
                .map(|i| unravel(i, &index.shape))
                .collect();
            each.extend((0..index.shape.len()).map(|axis| {
                Plain::new(DType::I64, &[set.len()], set.iter().map(|at| Scalar::I64(at[axis] as i64)))
            }));
        } else {
            each.push(index.clone());
        }
    }
    let shapes = each.iter().map(|index| index.shape.clone());
    let common = shapes.reduce(|a, b| broadcast(&a, &b).expect("samples broadcast").to_vec()).expect("one");
    let rest = &x.shape[each.len()..];
    let shape: Vec<usize> = common.iter().chain(rest).copied().collect();
    let position = |flat: usize| {
        let index = unravel(flat, &shape);
        let (at, within) = index.split_at(common.len());
        let first = each.iter().zip(&x.shape).map(|(index, &len)| wrap(index.broadcast_at(at), len));
        ravel(&first.chain(within.iter().copied()).collect::<Vec<_>>(), &x.shape)
    };
    ((0..shape.iter().product()).map(position).collect(), shape)
}

fn item(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let (positions, shape) = named(x, &given.arrays(1));
    if name == "get_items" {
        return vec![Want::exact(Plain::new(x.dtype, &shape, positions.iter().map(|&i| x.data[i])))];
    }
    let target = |(k, &at): (usize, &usize)| (at, valued(&given.args[2], &unravel(k, &shape)));
    vec![updated(x, positions.iter().enumerate().map(target), *given.plain(3))]
}

fn along(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let calls: [(&[usize], &[usize], isize); 5] = [
        (&[7], &[4], 0),
        (&[3, 8], &[3, 5], -1),
        (&[6, 2, 3], &[4, 2, 3], 0),
        (&[3, 8], &[1, 2], 1),
        (&[0, 4], &[0, 2], 1),
    ];
    for (shape, at, axis) in calls {
        for dtype in s.some(|_| true) {
            let axis_at = if axis < 0 { shape.len() - 1 } else { axis as usize };
            let lies = [s.lie(), s.lie()];
            let x = Arg::Array(s.array(dtype, shape, lies[0], moderate));
            let index = Arg::Array(indices(s, at, shape[axis_at], shape[axis_at]));
            let mut case = vec![x, index];
            if name == "put_along_axis" {
                let mut own: Vec<usize> = shape.to_vec();
                own[axis_at] = at[axis_at];
                case.push(Arg::Array(s.array(dtype, &own, lies[1], moderate)));
            }
            case.push(Arg::plain(Axis(axis)));
            cases.push(case);
        }
    }
    cases
}

fn along_axis(given: &Given, name: &str) -> Vec<Want> {
    let (x, at) = (given.array(0), given.array(1));
    let put = name == "put_along_axis";
    let axis = given.plain::<Axis>(if put { 3 } else { 2 }).0;
    let axis = if axis < 0 { x.shape.len() - 1 } else { axis as usize };
    let mut shape = x.shape.clone();
    shape[axis] = at.shape[axis];
    let positions: Vec<usize> = (0..shape.iter().product())
        .map(|flat| {
            let mut index = unravel(flat, &shape);
            index[axis] = wrap(at.broadcast_at(&index), x.shape[axis]);
            ravel(&index, &x.shape)
        })
        .collect();
    if !put {
        return vec![Want::exact(Plain::new(x.dtype, &shape, positions.iter().map(|&i| x.data[i])))];
    }
    let target = |(k, &i): (usize, &usize)| (i, valued(&given.args[2], &unravel(k, &shape)));
    vec![updated(x, positions.iter().enumerate().map(target), Update::Put)]
}

fn puts(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, count) in [(&[9][..], 3_usize), (&[4, 5], 7), (&[4, 5], 1)] {
        for dtype in s.some(|_| true) {
            let lies = [s.lie(), s.lie()];
            let x = Arg::Array(s.array(dtype, shape, lies[0], moderate));
            let values = Arg::Array(s.array(dtype, &[count], lies[1], moderate));
            let n: usize = shape.iter().product();
            cases.push(if name == "put" {
                let bounds = [Bounds::Raise, Bounds::Clip, Bounds::Wrap][s.random.below(3)];
                let beyond = if bounds == Bounds::Raise { 0 } else { 2 * n };
                vec![x, Arg::Array(indices(s, &[5], n + beyond, n + beyond)), values, Arg::plain(bounds)]
            } else {
                let coin = |_: DType, r: &mut Random| Scalar::Bool(r.bits() & 1 == 0);
                vec![x, Arg::Array(s.array(DType::Bool, shape, lies[1], coin)), values]
            });
        }
    }
    cases
}

fn put(given: &Given, name: &str) -> Vec<Want> {
    let (x, at, values) = (given.array(0), given.array(1), given.array(2));
    let n = x.data.len();
    let value = |k: usize| values.data[k % values.data.len()];
    let set = || (0..n).filter(|&i| at.data[i] == Scalar::Bool(true));
    let targets: Vec<(usize, Scalar)> = match name {
        "putmask" => set().map(|i| (i, value(i))).collect(),
        "place" => set().enumerate().map(|(k, i)| (i, value(k))).collect(),
        _ => {
            let bounds = *given.plain::<Bounds>(3);
            let place = |index: &Scalar| {
                let index = index.to_i128().expect("indices are integers");
                (match bounds {
                    Bounds::Raise if index < 0 => index + n as i128,
                    Bounds::Raise => index,
                    Bounds::Clip => index.clamp(0, n as i128 - 1),
                    Bounds::Wrap => index.rem_euclid(n as i128),
                }) as usize
            };
            at.data.iter().map(place).enumerate().map(|(k, i)| (i, value(k))).collect()
        }
    };
    vec![updated(x, targets, Update::Put)]
}
