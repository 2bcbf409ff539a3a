//! Elements by rank, sets, choices.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Scalar, promote};
use crate::numpy::{Along, Axis, Bounds, Count, Indices, Order, Reduce, Top};
use crate::testing::reference::{Truth, Want, argsort, nonzero, rank, reduce, select, sort};
use crate::testing::samples::{Lie, Plain, Random, SHAPES, moderate, ravel, special, unravel};
use std::cmp::Ordering;

pub(super) const ENTRIES: super::Family = &[
    (&["partition", "argpartition", "order_statistics", "topk"], ranks, ranked),
    (&["lexsort"], keys, lexsort),
    (&["unique", "unique_values", "unique_counts", "unique_inverse", "unique_all"], one, unique),
    (&["unique_along"], parts, unique_along),
    (&["isin", "union1d", "intersect1d", "setdiff1d", "setxor1d"], two, sets),
    (&["argwhere", "extract", "compress"], conditions, picked),
    (&["select_first", "choose"], choices, chosen),
    (&["nanargmin", "nanargmax"], with_nan, nanarg),
];

/// Many equal ones, zeros of both signs, NaN, infinities.
pub(super) fn mixed(dtype: DType, r: &mut Random) -> Scalar {
    match r.below(8) {
        0 => {
            let special = special(dtype);
            special[r.below(special.len())]
        }
        1 => Scalar::F64(-0.0).cast(dtype),
        _ => moderate(dtype, r),
    }
}

fn ordered(dtype: DType) -> bool {
    !dtype.is_complex()
}

fn wrap(i: isize, n: usize) -> usize {
    if i < 0 { (i + n as isize) as usize } else { i as usize }
}

fn ranks(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, axis) in [(&[333][..], 0), (&[7, 40], -1), (&[9, 2, 3], 0), (&[1, 1], 1)] {
        for dtype in s.some(ordered) {
            let lie = s.lie();
            let x = Arg::Array(s.array(dtype, shape, lie, mixed));
            let len = shape[wrap(axis, shape.len())] as isize;
            let places = Indices::Many(vec![len / 2, -1, 0]);
            cases.push(match name {
                "partition" | "argpartition" => {
                    vec![x, Arg::plain(Indices::One(len / 3)), Arg::plain(Along(Some(axis)))]
                }
                "order_statistics" => vec![x, Arg::plain(places), Arg::plain(Axis(axis))],
                _ => {
                    let k = (len as usize).div_ceil(2 + s.random.below(20));
                    vec![
                        x,
                        Arg::plain(Count(Some(k))),
                        Arg::plain(Top { axis, smallest: s.random.bits() & 1 == 0 }),
                    ]
                }
            });
        }
    }
    cases
}

/// The first elements along an axis, or those at some positions.
fn at(x: &Plain, axis: usize, positions: &[usize]) -> Want {
    let mut shape = x.shape.clone();
    shape[axis] = positions.len();
    crate::testing::reference::pick(x, &shape, |index| {
        let mut from = index.to_vec();
        from[axis] = positions[index[axis]];
        from
    })
}

fn ranked(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let n = x.shape.len();
    let ascending = |axis: isize| Order { axis, descending: false };
    match name {
        // A whole sort is a partition, and the one that is promised to be the same everywhere.
        "partition" => vec![sort(x, &ascending(given.plain::<Along>(2).0.unwrap_or(-1)))],
        "argpartition" => vec![argsort(x, &ascending(given.plain::<Along>(2).0.unwrap_or(-1)))],
        "order_statistics" => {
            let axis = wrap(given.plain::<Axis>(2).0, n);
            let Indices::Many(ranks) = given.plain::<Indices>(1) else { panic!("samples have several") };
            let ranks: Vec<usize> = ranks.iter().map(|&i| wrap(i, x.shape[axis])).collect();
            vec![at(&sort(x, &ascending(axis as isize)).plain(), axis, &ranks)]
        }
        _ => {
            let (k, top) = (given.plain::<Count>(1).0.expect("samples say how many"), given.plain::<Top>(2));
            let (axis, first) = (wrap(top.axis, n), (0..k).collect::<Vec<_>>());
            let order = Order { axis: top.axis, descending: !top.smallest };
            [sort(x, &order), argsort(x, &order)].map(|all| at(&all.plain(), axis, &first)).into()
        }
    }
}

fn keys(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, axis) in [(&[50][..], -1), (&[4, 9], 0)] {
        for dtype in s.some(ordered) {
            let few = |d: DType, r: &mut Random| Scalar::I64(r.below(3) as i64).cast(d);
            let keys = (0..3).map(|_| {
                let lie = s.lie();
                s.array(dtype, shape, lie, few)
            });
            cases.push(vec![Arg::Arrays(keys.collect()), Arg::plain(Axis(axis))]);
        }
    }
    cases
}

fn lexsort(given: &Given, _: &str) -> Vec<Want> {
    let (keys, axis) = (given.arrays(0), given.plain::<Axis>(1).0);
    let shape = &keys[0].shape;
    let axis = wrap(axis, shape.len());
    let mut out = vec![Scalar::I64(0); keys[0].data.len()];
    for start in (0..out.len()).filter(|&i| unravel(i, shape)[axis] == 0) {
        let place = |k: usize| {
            let mut index = unravel(start, shape);
            index[axis] = k;
            ravel(&index, shape)
        };
        let mut order: Vec<usize> = (0..shape[axis]).collect();
        order.sort_by(|&a, &b| {
            let by = keys.iter().rev().map(|key| rank(key.data[place(a)], key.data[place(b)]));
            by.fold(Ordering::Equal, Ordering::then)
        });
        order.into_iter().enumerate().for_each(|(k, from)| out[place(k)] = Scalar::I64(from as i64));
    }
    vec![Want::exact(Plain::new(DType::I64, shape, out))]
}

fn one(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for shape in [&[300][..], &[4, 9], &[], &[0], &[1]] {
        for dtype in s.some(|_| true) {
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, mixed))]);
        }
    }
    cases
}

fn is_nan(x: Scalar) -> bool {
    let z = x.to_c128();
    z.re.is_nan() || z.im.is_nan()
}

/// All that are not numbers are one, or each is one of its own.
fn same(a: Scalar, b: Scalar, equal_nan: bool) -> bool {
    if is_nan(a) || is_nan(b) { equal_nan && is_nan(a) && is_nan(b) } else { rank(a, b) == Ordering::Equal }
}

/// Each distinct element in order, with the positions of its likes.
fn groups(x: &Plain, equal_nan: bool) -> Vec<(Scalar, Vec<usize>)> {
    let mut order: Vec<usize> = (0..x.data.len()).collect();
    order.sort_by(|&a, &b| rank(x.data[a], x.data[b]));
    let mut groups: Vec<(Scalar, Vec<usize>)> = Vec::new();
    for i in order {
        let value = x.data[i];
        match groups.last_mut() {
            Some((first, all)) if same(*first, value, equal_nan) => all.push(i),
            _ => groups.push((value, vec![i])),
        }
    }
    groups
}

fn values(dtype: DType, values: impl IntoIterator<Item = Scalar>) -> Want {
    let values: Vec<Scalar> = values.into_iter().collect();
    Want::exact(Plain::new(dtype, &[values.len()], values))
}

fn unique(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let groups = groups(x, name == "unique");
    let distinct = || values(x.dtype, groups.iter().map(|group| group.0));
    let of = |f: &dyn Fn(&[usize]) -> usize| {
        values(DType::I64, groups.iter().map(|group| Scalar::I64(f(&group.1) as i64)))
    };
    let inverse = || {
        let mut number = vec![Scalar::I64(0); x.data.len()];
        for (k, (_, all)) in groups.iter().enumerate() {
            all.iter().for_each(|&i| number[i] = Scalar::I64(k as i64));
        }
        Want::exact(Plain::new(DType::I64, &x.shape, number))
    };
    match name {
        "unique_counts" => vec![distinct(), of(&<[usize]>::len)],
        "unique_inverse" => vec![distinct(), inverse()],
        "unique_all" => vec![distinct(), of(&|all| all[0]), inverse(), of(&<[usize]>::len)],
        _ => vec![distinct()],
    }
}

fn parts(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, axis) in
        [(&[12, 2][..], 0), (&[2, 15], -1), (&[9], 0), (&[3, 8, 2], 1), (&[0, 2], 0), (&[4, 0], 0)]
    {
        for dtype in s.some(|_| true) {
            let few = |d: DType, r: &mut Random| Scalar::I64(r.below(3) as i64 - 1).cast(d);
            let lie = s.lie();
            cases.push(vec![Arg::Array(s.array(dtype, shape, lie, few)), Arg::plain(Axis(axis))]);
        }
    }
    cases
}

fn unique_along(given: &Given, _: &str) -> Vec<Want> {
    let (x, axis) = (given.array(0), given.plain::<Axis>(1).0);
    let axis = wrap(axis, x.shape.len());
    let n = x.shape[axis];
    let part = |k: usize| -> Vec<Scalar> {
        (0..x.data.len()).filter(|&i| unravel(i, &x.shape)[axis] == k).map(|i| x.data[i]).collect()
    };
    let parts: Vec<Vec<Scalar>> = (0..n).map(part).collect();
    let order = |&a: &usize, &b: &usize| {
        let each = parts[a].iter().zip(&parts[b]).map(|(&a, &b)| rank(a, b));
        each.fold(Ordering::Equal, Ordering::then)
    };
    let mut sorted: Vec<usize> = (0..n).collect();
    sorted.sort_by(order);
    let groups: Vec<&[usize]> = sorted.chunk_by(|a, b| order(a, b) == Ordering::Equal).collect();
    let firsts: Vec<usize> = groups.iter().map(|group| group[0]).collect();
    let mut number = vec![Scalar::I64(0); n];
    for (k, group) in groups.iter().enumerate() {
        group.iter().for_each(|&i| number[i] = Scalar::I64(k as i64));
    }
    let counts = groups.iter().map(|group| Scalar::I64(group.len() as i64));
    vec![
        at(x, axis, &firsts),
        values(DType::I64, firsts.iter().map(|&i| Scalar::I64(i as i64))),
        values(DType::I64, number),
        values(DType::I64, counts),
    ]
}

fn two(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (a, b) in [(&[40][..], &[30][..]), (&[3, 5], &[2, 2]), (&[0], &[4]), (&[5], &[0])] {
        for dtype in s.some(|_| true) {
            let few = |d: DType, r: &mut Random| {
                if r.below(12) == 0 { mixed(d, r) } else { Scalar::I64(r.below(9) as i64).cast(d) }
            };
            let lies = [s.lie(), s.lie()];
            let mut case = vec![
                Arg::Array(s.array(dtype, a, lies[0], few)),
                Arg::Array(s.array(dtype, b, lies[1], few)),
            ];
            if name == "isin" {
                case.push(Arg::plain(s.random.bits() & 1 == 0));
            }
            cases.push(case);
        }
    }
    cases
}

fn sets(given: &Given, name: &str) -> Vec<Want> {
    let (a, b) = (given.array(0), given.array(1));
    let dtype = promote(a.dtype, b.dtype);
    let has = |x: &Plain, value: Scalar| {
        x.data.iter().any(|&y| rank(y, value) == Ordering::Equal && !is_nan(value))
    };
    if name == "isin" {
        let invert = *given.plain::<bool>(2);
        let found = a.data.iter().map(|&x| Scalar::Bool(has(b, x) != invert));
        return vec![Want::exact(Plain::new(DType::Bool, &a.shape, found))];
    }
    let distinct = |x: &Plain| groups(x, true).into_iter().map(|group| group.0).collect::<Vec<_>>();
    let [own, other] = [distinct(a), distinct(b)];
    let both = |x: Vec<Scalar>| {
        let all = Plain::new(dtype, &[x.len()], x);
        groups(&all, name == "union1d").into_iter().map(|group| group.0).collect::<Vec<_>>()
    };
    vec![match name {
        "union1d" => values(dtype, both(own.into_iter().chain(other).collect())),
        "intersect1d" => values(dtype, own.into_iter().filter(|&x| has(b, x))),
        "setdiff1d" => values(a.dtype, own.into_iter().filter(|&x| !has(b, x))),
        _ => {
            let alone =
                own.into_iter().filter(|&x| !has(b, x)).chain(other.into_iter().filter(|&x| !has(a, x)));
            values(dtype, both(alone.collect()))
        }
    }]
}

fn sparse(dtype: DType, r: &mut Random) -> Scalar {
    if r.bits() & 1 == 0 { Scalar::Bool(false).cast(dtype) } else { moderate(dtype, r) }
}

fn conditions(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    match name {
        "argwhere" => {
            for shape in SHAPES {
                for dtype in s.some(|_| true) {
                    let lie = s.lie();
                    cases.push(vec![Arg::Array(s.array(dtype, shape, lie, sparse))]);
                }
            }
        }
        "extract" => {
            for dtype in s.some(|_| true) {
                let lies = [s.lie(), s.lie()];
                let condition = s.array(DType::Bool, &[4, 9], lies[0], sparse);
                cases.push(vec![
                    Arg::Array(condition),
                    Arg::Array(s.array(dtype, &[4, 9], lies[1], moderate)),
                ]);
            }
        }
        _ => {
            for (count, shape, axis) in
                [(5, &[5][..], Some(0)), (3, &[4, 9], Some(0)), (9, &[4, 9], Some(-1)), (30, &[4, 9], None)]
            {
                for dtype in s.some(|_| true) {
                    let lie = s.lie();
                    let condition = s.array(DType::Bool, &[count], Lie::Dense, sparse);
                    let x = s.array(dtype, shape, lie, moderate);
                    cases.push(vec![Arg::Array(condition), Arg::Array(x), Arg::plain(Along(axis))]);
                }
            }
        }
    }
    cases
}

fn picked(given: &Given, name: &str) -> Vec<Want> {
    if name == "argwhere" {
        let x = given.array(0);
        if x.shape.is_empty() {
            let count = usize::from(x.data[0].cast(DType::Bool) == Scalar::Bool(true));
            return vec![Want::exact(Plain::new(DType::I64, &[count, 0], []))];
        }
        let axes: Vec<Plain> = nonzero(x).iter().map(Want::plain).collect();
        let (n, count) = (axes.len(), axes[0].data.len());
        return vec![Want::exact(Plain::new(
            DType::I64,
            &[count, n],
            (0..n * count).map(|i| axes[i % n].data[i / n]),
        ))];
    }
    let (condition, x) = (given.array(0), given.array(1));
    if name == "extract" {
        return vec![select(x, condition)];
    }
    let flat = Plain { shape: vec![x.data.len()], ..x.clone() };
    let (x, axis) = given.plain::<Along>(2).0.map_or((&flat, 0), |axis| (x, wrap(axis, x.shape.len())));
    let set: Vec<usize> =
        (0..condition.data.len()).filter(|&i| condition.data[i] == Scalar::Bool(true)).collect();
    vec![at(x, axis, &set)]
}

fn choices(s: &mut Sampler, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in s.some(|_| true) {
        for shapes in [[&[4, 5][..], &[4, 5], &[4, 5]], [&[4, 1], &[5], &[]]] {
            let many = |s: &mut Sampler, dtype: DType, value: fn(DType, &mut Random) -> Scalar| -> Arg {
                let each = |shape: &&[usize]| {
                    let lie = s.lie();
                    s.array(dtype, shape, lie, value)
                };
                Arg::Arrays(shapes.iter().map(each).collect())
            };
            let arrays = many(s, dtype, moderate);
            if name == "choose" {
                let bounds = [Bounds::Raise, Bounds::Clip, Bounds::Wrap][s.random.below(3)];
                let out = if bounds == Bounds::Raise { 0 } else { 4 };
                let index = s.array(DType::I64, &[4, 5], Lie::Dense, |_, r| {
                    Scalar::I64(r.below(3 + 2 * out) as i64 - out as i64)
                });
                cases.push(vec![Arg::Array(index), arrays, Arg::plain(bounds)]);
            } else {
                let conditions = many(s, DType::Bool, sparse);
                let default = Arg::Array(s.array(dtype, &[4, 5], Lie::Dense, moderate));
                cases.push(vec![conditions, arrays, default]);
            }
        }
    }
    cases
}

fn chosen(given: &Given, name: &str) -> Vec<Want> {
    let shape = [4, 5];
    let choices = given.arrays(1);
    let element = |flat: usize| {
        let index = unravel(flat, &shape);
        if name == "choose" {
            let k = given.array(0).data[flat].to_i128().expect("indices are integers");
            let n = choices.len() as i128;
            let k = match given.plain::<Bounds>(2) {
                Bounds::Raise => k,
                Bounds::Clip => k.clamp(0, n - 1),
                Bounds::Wrap => k.rem_euclid(n),
            };
            return choices[k as usize].broadcast_at(&index);
        }
        let conditions = given.arrays(0);
        let first = conditions.iter().position(|c| c.broadcast_at(&index) == Scalar::Bool(true));
        first.map_or(given.array(2).data[flat], |k| choices[k].broadcast_at(&index))
    };
    vec![Want::exact(Plain::new(choices[0].dtype, &shape, (0..20).map(element)))]
}

fn with_nan(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, over) in
        [(&[40][..], Reduce::default()), (&[4, 30], Reduce::from(-1)), (&[30, 2], Reduce::from(0).keepdims())]
    {
        for dtype in s.some(ordered) {
            let some = |d: DType, r: &mut Random| {
                if r.below(3) == 0 { Scalar::F64(f64::NAN).cast(d) } else { moderate(d, r) }
            };
            let lie = s.lie();
            let x = s.array(dtype, shape, lie, some);
            // Of a slice of NaN alone there is none. A broadcast axis repeats what it has.
            let nan = x.values.data.iter().map(|&x| Scalar::Bool(is_nan(x)));
            let nan = Plain::new(DType::Bool, shape, nan);
            let lost = reduce(crate::expr::Reduction::All, &nan, &over).elements;
            if !lost.iter().any(|all| matches!(all, Truth::Exact(Scalar::Bool(true)))) {
                cases.push(vec![Arg::Array(x), Arg::plain(over.clone())]);
            }
        }
    }
    cases
}

fn nanarg(given: &Given, name: &str) -> Vec<Want> {
    let (x, least) = (given.array(0), name == "nanargmin");
    let fill = Scalar::F64(if least { f64::INFINITY } else { f64::NEG_INFINITY });
    let filled = Plain::new(x.dtype, &x.shape, x.data.iter().map(|&x| if is_nan(x) { fill } else { x }));
    let op = if least { crate::expr::Reduction::ArgMin } else { crate::expr::Reduction::ArgMax };
    vec![reduce(op, &filled, given.plain(1))]
}
