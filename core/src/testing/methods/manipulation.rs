//! Views, splits, joins, repetition, padding.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::array::Whole;
use crate::dtype::{DType, Scalar};
use crate::numpy::{Along, Axes, Axis, Indices, Pad, PadWidth, Shape, Trim};
use crate::testing::reference::{Want, concat, pad, pick, split, trimmed};
use crate::testing::samples::{Lie, Plain, Random, Sample, moderate, random};

pub(super) const ENTRIES: super::Family = &[
    (
        &["reshape", "ravel", "permute_dims", "transpose", "moveaxis", "swapaxes", "squeeze", "expand_dims"],
        viewed,
        view,
    ),
    (
        &["broadcast_to", "flip", "fliplr", "flipud", "rot90", "atleast_1d", "atleast_2d", "atleast_3d"],
        viewed,
        view,
    ),
    (&["broadcast_arrays"], broadcasts, broadcast),
    (&["unstack", "split", "array_split", "hsplit", "vsplit", "dsplit"], splits, parts),
    (&["hstack", "vstack", "dstack", "column_stack"], stacks, stacked),
    (&["roll", "repeat", "tile", "resize"], viewed, repeated),
    (&["append", "insert", "delete", "trim_zeros"], viewed, inserted),
    (&["pad"], pads, |given, _| {
        let x = given.array(0);
        let widths = given.plain::<PadWidth>(1).each(&x.shape).expect("samples fit");
        vec![pad(x, &widths, *given.plain(2))]
    }),
];

fn axes(axes: &[isize]) -> Arg {
    Arg::plain(Axes(axes.into()))
}

fn shape(lengths: &[isize]) -> Arg {
    Arg::plain(Shape(lengths.into()))
}

/// Shapes, and what follows the array in calls of them.
fn options(name: &str) -> Vec<(&'static [usize], Vec<Arg>)> {
    let weak = |n: i64| Arg::Weak(Scalar::I64(n));
    let along = |axis: Option<isize>| Arg::plain(Along(axis));
    let many = |at: &[isize]| Arg::plain(Indices::Many(at.to_vec()));
    let none = || vec![];
    match name {
        "reshape" => vec![
            (&[4, 6], vec![shape(&[3, -1])]),
            (&[5, 67], vec![shape(&[67, 5])]),
            (&[], vec![shape(&[1, 1])]),
            (&[3, 0, 2], vec![shape(&[0, 7])]),
        ],
        "permute_dims" | "transpose" => vec![
            (&[2, 3, 4], vec![axes(&[2, 0, 1])]),
            (&[5, 67], vec![axes(&[])]),
            (&[3, 0, 2], vec![axes(&[-1, 0, 1])]),
            (&[], vec![axes(&[])]),
        ],
        "moveaxis" => vec![
            (&[2, 3, 4], vec![axes(&[0]), axes(&[-1])]),
            (&[2, 3, 4, 5], vec![axes(&[3, 0]), axes(&[0, 2])]),
        ],
        "swapaxes" => vec![(&[2, 3, 4], vec![Arg::plain(Axis(0)), Arg::plain(Axis(-1))])],
        "squeeze" => vec![(&[1, 3, 1], vec![axes(&[])]), (&[7, 1, 5, 1], vec![axes(&[-1])])],
        "expand_dims" => {
            vec![(&[3, 4], vec![axes(&[0, -1])]), (&[], vec![axes(&[0])]), (&[2, 3], vec![axes(&[1])])]
        }
        "broadcast_to" => vec![
            (&[3, 1], vec![shape(&[2, 3, 4])]),
            (&[], vec![shape(&[3])]),
            (&[1, 5], vec![shape(&[0, 5])]),
        ],
        "flip" => vec![
            (&[4, 5], vec![axes(&[])]),
            (&[2, 3, 4], vec![axes(&[-1, 0])]),
            (&[3, 0, 2], vec![axes(&[0])]),
        ],
        "fliplr" => vec![(&[4, 5], none()), (&[2, 3, 4], none())],
        "flipud" => vec![(&[4, 5], none()), (&[7], none())],
        "rot90" => (-1..4)
            .map(|k: i64| (&[3, 5][..], vec![Arg::plain(k), axes(&[])]))
            .chain([(&[2, 3, 4][..], vec![Arg::plain(1_i64), axes(&[2, 0])])])
            .collect(),
        "roll" => vec![
            (&[5, 7], vec![axes(&[2]), axes(&[])]),
            (&[5, 7], vec![axes(&[-9]), axes(&[0])]),
            (&[5, 7], vec![axes(&[2, -1]), axes(&[0, 1])]),
            (&[2, 3, 4], vec![axes(&[1]), axes(&[0, 0, 2])]),
            (&[3, 0, 2], vec![axes(&[1]), axes(&[1])]),
        ],
        "repeat" => vec![
            (&[5, 3], vec![weak(3), along(Some(-1))]),
            (&[5, 3], vec![weak(2), along(None)]),
            (&[4], vec![Arg::Array(counts(&[2, 0, 3, 1])), along(Some(0))]),
            (&[2, 3], vec![Arg::Array(counts(&[0, 5])), along(Some(0))]),
            (&[2, 3], vec![weak(0), along(Some(1))]),
        ],
        "tile" => vec![
            (&[2, 3], vec![shape(&[2])]),
            (&[2, 3], vec![shape(&[2, 1, 3])]),
            (&[], vec![shape(&[4])]),
            (&[3], vec![shape(&[0, 2])]),
        ],
        "resize" => vec![
            (&[2, 3], vec![shape(&[4, 4])]),
            (&[5], vec![shape(&[3])]),
            (&[0], vec![shape(&[2, 2])]),
            (&[3], vec![shape(&[0])]),
        ],
        "append" => vec![
            (&[2, 3], vec![weak(7), along(None)]),
            (&[2, 3], vec![Arg::Array(counts(&[4, 5, 6, 7])), along(None)]),
        ],
        "insert" => vec![
            (&[5], vec![Arg::plain(Indices::One(-2)), weak(7), along(Some(0))]),
            (&[2, 3], vec![Arg::plain(Indices::One(6)), weak(7), along(None)]),
            (&[2, 3], vec![many(&[3, 0, 3]), weak(9), along(Some(1))]),
            (&[4, 3], vec![many(&[1, 1]), Arg::Array(counts(&[1, 2, 3])), along(Some(0))]),
        ],
        "delete" => vec![
            (&[5, 4], vec![Arg::plain(Indices::One(-1)), along(Some(0))]),
            (&[5, 4], vec![many(&[0, -1, 0]), along(Some(1))]),
            (&[5, 4], vec![many(&[7]), along(None)]),
            (&[5], vec![many(&[]), along(Some(0))]),
        ],
        "trim_zeros" => vec![
            (&[17], vec![Arg::plain(Trim::Both)]),
            (&[17], vec![Arg::plain(Trim::Front)]),
            (&[5, 4], vec![Arg::plain(Trim::Back)]),
            (&[0], vec![Arg::plain(Trim::Both)]),
        ],
        _ => {
            vec![(&[], none()), (&[7], none()), (&[2, 3], none()), (&[2, 3, 4], none()), (&[3, 0, 2], none())]
        }
    }
}

fn counts(of: &[i64]) -> Sample {
    Sample::dense(Plain::new(DType::I64, &[of.len()], of.iter().map(|&n| Scalar::I64(n))))
}

/// Zeros at the ends and between.
fn mostly_zero(dtype: DType, r: &mut Random) -> Scalar {
    if r.below(4) == 0 { moderate(dtype, r) } else { Scalar::Bool(false).cast(dtype) }
}

fn viewed(s: &mut Sampler, name: &str) -> Vec<Case> {
    let value = if name == "trim_zeros" { mostly_zero } else { random };
    let mut cases = Vec::new();
    for (shape, rest) in options(name) {
        for dtype in s.some(|d| name != "append" || d.kind() >= crate::dtype::Kind::Int) {
            // What is appended has a dtype of its own, in which both must fit where they are.
            let fits = |d: DType| s.dtypes.contains(&crate::dtype::promote(dtype, d));
            if rest.iter().flat_map(Arg::samples).any(|other| name == "append" && !fits(other.values.dtype)) {
                continue;
            }
            let lie = s.lie();
            let x = Arg::Array(s.array(dtype, shape, lie, value));
            cases.push(std::iter::once(x).chain(rest.iter().cloned()).collect());
        }
    }
    cases
}

fn wrap(axis: isize, n: usize) -> usize {
    if axis < 0 { (axis + n as isize) as usize } else { axis as usize }
}

/// The same elements under another shape.
fn shaped(x: &Plain, shape: &[usize]) -> Want {
    Want::exact(Plain { shape: shape.to_vec(), ..x.clone() })
}

/// The axes of the result in terms of those of `x`.
fn permuted(x: &Plain, axes: &[usize]) -> Want {
    let shape: Vec<usize> = axes.iter().map(|&a| x.shape[a]).collect();
    pick(x, &shape, |index| {
        let mut from = vec![0; axes.len()];
        axes.iter().zip(index).for_each(|(&a, &i)| from[a] = i);
        from
    })
}

fn mirrored(x: &Plain, axes: &[usize]) -> Want {
    pick(x, &x.shape, |index| {
        let turned = |(a, &i): (usize, &usize)| if axes.contains(&a) { x.shape[a] - 1 - i } else { i };
        index.iter().enumerate().map(turned).collect()
    })
}

fn named(given: &Given, at: usize, n: usize) -> Vec<usize> {
    given.plain::<Axes>(at).0.iter().map(|&a| wrap(a, n)).collect()
}

fn view(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let n = x.shape.len();
    let all: Vec<usize> = (0..n).collect();
    vec![match name {
        "reshape" => {
            let wanted = &given.plain::<Shape>(1).0;
            let known: isize = wanted.iter().filter(|&&d| d >= 0).product();
            let length = |&d: &isize| if d < 0 { x.data.len() / known as usize } else { d as usize };
            shaped(x, &wanted.iter().map(length).collect::<Vec<_>>())
        }
        "ravel" => shaped(x, &[x.data.len()]),
        "permute_dims" | "transpose" => {
            let axes = named(given, 1, n);
            permuted(x, &if axes.is_empty() { all.into_iter().rev().collect() } else { axes })
        }
        "moveaxis" => {
            let (from, to) = (named(given, 1, n), named(given, 2, n));
            let mut axes = vec![usize::MAX; n];
            from.iter().zip(&to).for_each(|(&from, &to)| axes[to] = from);
            let mut rest = all.into_iter().filter(|a| !from.contains(a));
            let fill = |a: usize| if a == usize::MAX { rest.next().expect("one is left") } else { a };
            permuted(x, &axes.into_iter().map(fill).collect::<Vec<_>>())
        }
        "swapaxes" => {
            let mut axes = all;
            axes.swap(wrap(given.plain::<Axis>(1).0, n), wrap(given.plain::<Axis>(2).0, n));
            permuted(x, &axes)
        }
        "squeeze" => {
            let gone = named(given, 1, n);
            let keep = |a: &usize| if gone.is_empty() { x.shape[*a] != 1 } else { !gone.contains(a) };
            shaped(x, &all.into_iter().filter(keep).map(|a| x.shape[a]).collect::<Vec<_>>())
        }
        "expand_dims" => {
            let total = n + given.plain::<Axes>(1).0.len();
            let new = named(given, 1, total);
            let mut rest = x.shape.iter();
            let length = |a: usize| if new.contains(&a) { 1 } else { *rest.next().expect("one is left") };
            shaped(x, &(0..total).map(length).collect::<Vec<_>>())
        }
        "broadcast_to" => {
            let shape: Vec<usize> = given.plain::<Shape>(1).0.iter().map(|&d| d as usize).collect();
            let count: usize = shape.iter().product();
            let at = |i| x.broadcast_at(&crate::testing::samples::unravel(i, &shape));
            Want::exact(Plain::new(x.dtype, &shape, (0..count).map(at)))
        }
        "flip" => {
            let axes = named(given, 1, n);
            mirrored(x, if axes.is_empty() { &all } else { &axes })
        }
        "fliplr" => mirrored(x, &[1]),
        "flipud" => mirrored(x, &[0]),
        "rot90" => {
            let axes = named(given, 2, n);
            let (a, b) = if axes.is_empty() { (0, 1) } else { (axes[0], axes[1]) };
            let mut out = x.clone();
            // A quarter at a time: what lay along `b` from the end lies along `a` from the start.
            for _ in 0..given.plain::<i64>(1).rem_euclid(4) {
                let mut shape = out.shape.clone();
                shape.swap(a, b);
                out = pick(&out, &shape, |index| {
                    let mut from = index.to_vec();
                    (from[a], from[b]) = (index[b], shape[a] - 1 - index[a]);
                    from
                })
                .plain();
            }
            Want::exact(out)
        }
        "atleast_1d" if n == 0 => shaped(x, &[1]),
        "atleast_2d" if n < 2 => shaped(x, &[1, x.data.len()]),
        "atleast_3d" if n < 2 => shaped(x, &[1, x.data.len(), 1]),
        "atleast_3d" if n == 2 => shaped(x, &[x.shape[0], x.shape[1], 1]),
        _ => shaped(x, &x.shape.clone()),
    }]
}

fn broadcasts(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for shapes in [&[&[3, 1][..], &[4], &[]][..], &[&[2, 0, 1], &[1, 5]], &[&[5, 67]]] {
        let part = |&shape: &&[usize]| {
            let (dtype, lie) = (s.dtypes[s.random.below(s.dtypes.len())], s.lie());
            s.array(dtype, shape, lie, random)
        };
        cases.push(vec![Arg::Arrays(shapes.iter().map(part).collect())]);
    }
    cases
}

fn broadcast(given: &Given, _: &str) -> Vec<Want> {
    let parts = given.arrays(0);
    let n = parts.iter().map(|x| x.shape.len()).max().unwrap_or(0);
    let length = |axis: usize| {
        let own = parts.iter().filter_map(|x| (axis + x.shape.len()).checked_sub(n).map(|a| x.shape[a]));
        own.fold(1, |common, length| if length == 1 { common } else { length })
    };
    let shape: Vec<usize> = (0..n).map(length).collect();
    let count: usize = shape.iter().product();
    let at = |x: &Plain, i| x.broadcast_at(&crate::testing::samples::unravel(i, &shape));
    parts.iter().map(|x| Want::exact(Plain::new(x.dtype, &shape, (0..count).map(|i| at(x, i))))).collect()
}

fn splits(s: &mut Sampler, name: &str) -> Vec<Case> {
    let one = |n| Arg::plain(Indices::One(n));
    let many = |at: &[isize]| Arg::plain(Indices::Many(at.to_vec()));
    let axis = |axis| Arg::plain(Axis(axis));
    let calls: Vec<(&[usize], Vec<Arg>)> = match name {
        "unstack" => vec![(&[3, 4], vec![axis(0)]), (&[2, 3, 2], vec![axis(-1)]), (&[3, 0], vec![axis(0)])],
        "split" => vec![
            (&[6, 4], vec![one(3), axis(0)]),
            (&[6, 4], vec![many(&[1, 3]), axis(-1)]),
            (&[6], vec![many(&[4, 2, 9, -1]), axis(0)]),
        ],
        "array_split" => vec![(&[7, 4], vec![one(3), axis(0)]), (&[2], vec![one(5), axis(0)])],
        "hsplit" => vec![(&[6], vec![one(2)]), (&[3, 4], vec![many(&[1])])],
        "vsplit" => vec![(&[4, 3], vec![one(2)])],
        _ => vec![(&[2, 3, 4], vec![one(2)])],
    };
    let mut cases = Vec::new();
    for (shape, rest) in calls {
        for dtype in s.some(|_| true) {
            let lie = s.lie();
            let x = Arg::Array(s.array(dtype, shape, lie, random));
            cases.push(std::iter::once(x).chain(rest.iter().cloned()).collect());
        }
    }
    cases
}

fn parts(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let n = x.shape.len();
    match name {
        "unstack" => {
            let axis = wrap(given.plain::<Axis>(1).0, n);
            let each = Indices::One(x.shape[axis].whole());
            let without = |mut part: Want| {
                part.shape.remove(axis);
                part
            };
            split(x, &each, axis).into_iter().map(without).collect()
        }
        "hsplit" => split(x, given.plain(1), usize::from(n > 1)),
        "vsplit" => split(x, given.plain(1), 0),
        "dsplit" => split(x, given.plain(1), 2),
        _ => split(x, given.plain(1), wrap(given.plain::<Axis>(2).0, n)),
    }
}

fn stacks(s: &mut Sampler, name: &str) -> Vec<Case> {
    let calls: &[&[&[usize]]] = match name {
        "hstack" => &[&[&[3], &[2]], &[&[2, 3], &[2, 1]], &[&[], &[]]],
        "vstack" => &[&[&[3], &[3]], &[&[2, 3], &[3]], &[&[1, 2, 3], &[2, 2, 3]]],
        "dstack" => &[&[&[3], &[3]], &[&[2, 3], &[2, 3]], &[&[2, 3, 1], &[2, 3, 2]]],
        _ => &[&[&[3], &[3]], &[&[3, 2], &[3]]],
    };
    let mut cases = Vec::new();
    for shapes in calls {
        for dtype in s.some(|_| true) {
            let part = |shape: &&[usize]| {
                let lie = s.lie();
                s.array(dtype, shape, lie, random)
            };
            cases.push(vec![Arg::Arrays(shapes.iter().map(part).collect())]);
        }
    }
    cases
}

fn stacked(given: &Given, name: &str) -> Vec<Want> {
    let one_axis = given.arrays(0)[0].shape.len() < 2;
    let lift = |x: Plain| {
        let shape = match (name, &x.shape[..]) {
            ("hstack", []) => vec![1],
            ("vstack", &[n]) => vec![1, n],
            ("dstack", &[n]) => vec![1, n, 1],
            ("dstack", &[m, n]) => vec![m, n, 1],
            ("column_stack", &[n]) => vec![n, 1],
            (_, same) => same.to_vec(),
        };
        Plain { shape, ..x }
    };
    let parts: Vec<Plain> = given.arrays(0).into_iter().map(lift).collect();
    let axis = match name {
        "hstack" if one_axis => 0,
        "hstack" | "column_stack" => 1,
        "vstack" => 0,
        _ => 2,
    };
    vec![concat(&parts, axis)]
}

fn repeated(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let n = x.shape.len();
    let flat = Plain { shape: vec![x.data.len()], ..x.clone() };
    vec![match name {
        "roll" => {
            let (shift, axes) = (&given.plain::<Axes>(1).0, named(given, 2, n));
            let (of, axes) = if axes.is_empty() { (&flat, vec![0]) } else { (x, axes) };
            let count = shift.len().max(axes.len());
            let rolled = pick(of, &of.shape, |index| {
                let mut from: Vec<isize> = index.iter().map(|&i| i as isize).collect();
                for i in 0..count {
                    let axis = axes[i.min(axes.len() - 1)];
                    from[axis] =
                        (from[axis] - shift[i.min(shift.len() - 1)]).rem_euclid(of.shape[axis] as isize);
                }
                from.iter().map(|&i| i as usize).collect()
            });
            Want { shape: x.shape.clone(), ..rolled }
        }
        "repeat" => {
            let along = given.plain::<Along>(2).0;
            let (of, axis) = along.map_or((&flat, 0), |axis| (x, wrap(axis, n)));
            let times = |i: usize| match &given.args[1] {
                Arg::Weak(n) => n.to_f64() as usize,
                counts => counts.samples()[0].values.data[i].to_f64() as usize,
            };
            let sources: Vec<usize> =
                (0..of.shape[axis]).flat_map(|i| std::iter::repeat_n(i, times(i))).collect();
            picked(of, axis, &sources)
        }
        "tile" => {
            let reps = &given.plain::<Shape>(1).0;
            let axes = n.max(reps.len());
            let own = |a: usize| (a + n).checked_sub(axes).map_or(1, |a| x.shape[a]);
            let times = |a: usize| (a + reps.len()).checked_sub(axes).map_or(1, |a| reps[a] as usize);
            let shape: Vec<usize> = (0..axes).map(|a| own(a) * times(a)).collect();
            pick(x, &shape, |index| index[axes - n..].iter().zip(&x.shape).map(|(i, d)| i % d).collect())
        }
        _ => {
            let shape: Vec<usize> = given.plain::<Shape>(1).0.iter().map(|&d| d as usize).collect();
            let count: usize = shape.iter().product();
            let at =
                |i: usize| if x.data.is_empty() { Scalar::Bool(false) } else { x.data[i % x.data.len()] };
            Want::exact(Plain::new(x.dtype, &shape, (0..count).map(at)))
        }
    }]
}

/// Elements at positions along an axis.
fn picked(x: &Plain, axis: usize, sources: &[usize]) -> Want {
    let mut shape = x.shape.clone();
    shape[axis] = sources.len();
    pick(x, &shape, |index| {
        let mut from = index.to_vec();
        from[axis] = sources[index[axis]];
        from
    })
}

fn inserted(given: &Given, name: &str) -> Vec<Want> {
    let x = given.array(0);
    let n = x.shape.len();
    let flat = Plain { shape: vec![x.data.len()], ..x.clone() };
    let placed = |at: usize| given.plain::<Along>(at).0.map_or((&flat, 0), |axis| (x, wrap(axis, n)));
    let indices = |at: &Indices, len: usize| -> Vec<usize> {
        match at {
            Indices::One(i) => vec![wrap(*i, len)],
            Indices::Many(many) => many.iter().map(|&i| wrap(i, len)).collect(),
        }
    };
    vec![match name {
        "append" => {
            let values = match &given.args[1] {
                Arg::Weak(value) => Plain::new(x.dtype, &[1], [*value]),
                values => values.samples()[0].values.clone(),
            };
            concat(&[flat, values], 0)
        }
        "insert" => {
            let (of, axis) = placed(3);
            let places = indices(given.plain(1), of.shape[axis]);
            // Behind the elements of `x` lie the new ones, each at its place in the list.
            let mut sources: Vec<(usize, usize)> = (0..of.shape[axis]).map(|i| (i, i)).collect();
            for (k, &place) in places.iter().enumerate() {
                let at = sources
                    .iter()
                    .position(|&(i, key)| i < of.shape[axis] && key >= place)
                    .unwrap_or(sources.len());
                sources.insert(at, (of.shape[axis] + k, usize::MAX));
            }
            let mut shape = of.shape.clone();
            shape[axis] = sources.len();
            let new = |index: &[usize]| match &given.args[2] {
                Arg::Weak(value) => *value,
                values => values.samples()[0].values.broadcast_at(index),
            };
            let element = |i: usize| {
                let mut index = crate::testing::samples::unravel(i, &shape);
                index[axis] = sources[index[axis]].0;
                match index[axis].checked_sub(of.shape[axis]) {
                    None => of.data[crate::testing::samples::ravel(&index, &of.shape)],
                    Some(k) => {
                        index[axis] = k;
                        new(&index)
                    }
                }
            };
            Want::exact(Plain::new(of.dtype, &shape, (0..shape.iter().product()).map(element)))
        }
        "delete" => {
            let (of, axis) = placed(2);
            let gone = indices(given.plain(1), of.shape[axis]);
            picked(of, axis, &(0..of.shape[axis]).filter(|i| !gone.contains(i)).collect::<Vec<_>>())
        }
        _ => {
            let trim = *given.plain::<Trim>(1);
            trimmed(x, trim != Trim::Back, trim != Trim::Front)
        }
    }]
}

fn pads(s: &mut Sampler, _: &str) -> Vec<Case> {
    let modes = [
        Pad::from(()),
        Pad::from(3),
        Pad::Edge,
        Pad::Reflect,
        Pad::ReflectOdd,
        Pad::Symmetric,
        Pad::SymmetricOdd,
        Pad::Wrap,
        Pad::Maximum,
        Pad::Minimum,
        Pad::Mean,
        Pad::LinearRamp { end: Scalar::I64(2) },
    ];
    let mut cases = Vec::new();
    for mode in modes {
        let ordered = matches!(mode, Pad::Maximum | Pad::Minimum);
        let exact = matches!(mode, Pad::Mean | Pad::LinearRamp { .. });
        let fits = |d: DType| d != DType::Bool && !(ordered && d.is_complex()) && !(exact && d == DType::F16);
        // Steps of ramps are exact, too.
        let wide = if exact { [(4, 16), (0, 8)] } else { [(3, 11), (0, 9)] };
        let widths: [PadWidth; 3] = [2.into(), (1, 0).into(), wide.into()];
        for (shape, width) in [&[4_usize, 8][..], &[4], &[4, 2]].into_iter().zip(widths) {
            for dtype in s.some(fits) {
                // Small whole numbers, so that means and ramps are exact.
                let whole = |d: DType, r: &mut Random| Scalar::I64(4 * r.below(16) as i64).cast(d);
                let lie = s.lie();
                let x = s.array(dtype, shape, lie, |d, r| if exact { whole(d, r) } else { moderate(d, r) });
                cases.push(vec![Arg::Array(x), Arg::plain(width.clone()), Arg::plain(mode)]);
            }
        }
    }
    let x = s.array(DType::I32, &[0, 2], Lie::Dense, random);
    cases.push(vec![Arg::Array(x), Arg::plain(PadWidth::from([(1, 2), (0, 1)])), Arg::plain(Pad::from(5))]);
    cases
}
