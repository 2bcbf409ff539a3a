//! Contractions of arrays: einsum and its kin, diagonals.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Scalar, promote, promote_all};
use crate::expr::Reduction;
use crate::numpy::{Axis, Contraction, Diagonal, Reduce, Trace, diagonal_of};
use crate::testing::reference::{Want, diagonal, einsum, reduce};
use crate::testing::samples::{Plain, Sample, moderate};

pub(super) const ENTRIES: super::Family = &[
    (&["einsum"], sums, |given, _| {
        let (inputs, output) = spelled(given.plain::<String>(0));
        let operands = given.arrays(1);
        let dtype = promote_all(operands.iter().map(|x| x.dtype)).expect("there are some");
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        vec![einsum(&inputs, &output, &operands, dtype)]
    }),
    (&["tensordot"], tensordots, |given, _| {
        let (a, b) = (given.array(0), given.array(1));
        let (n, m) = (a.shape.len(), b.shape.len());
        let wrap = |axis: &isize, n: usize| (if *axis < 0 { axis + n as isize } else { *axis }) as usize;
        let (left, right): (Vec<usize>, Vec<usize>) = match given.plain::<Contraction>(2) {
            Contraction::Adjacent(count) => ((n - count..n).collect(), (0..*count).collect()),
            Contraction::Axes(left, right) => {
                (left.iter().map(|i| wrap(i, n)).collect(), right.iter().map(|i| wrap(i, m)).collect())
            }
        };
        vec![dotted(a, b, &left, &right)]
    }),
    (&["outer"], pairs, |given, _| {
        let flat = |x: &Plain| Plain { shape: vec![x.data.len()], ..x.clone() };
        vec![dotted(&flat(given.array(0)), &flat(given.array(1)), &[], &[])]
    }),
    (&["inner", "dot"], dots, |given, name| {
        let (a, b) = (given.array(0), given.array(1));
        let (n, m) = (a.shape.len(), b.shape.len());
        match (n, m) {
            (0, _) | (_, 0) => vec![dotted(a, b, &[], &[])],
            _ => vec![dotted(a, b, &[n - 1], &[if name == "inner" || m == 1 { m - 1 } else { m - 2 }])],
        }
    }),
    (&["vdot"], alike, |given, _| {
        let (a, b) = (given.array(0), given.array(1));
        let flat = |x: &Plain| Plain { shape: vec![x.data.len()], ..x.clone() };
        vec![dotted(&conjugated(&flat(a)), &flat(b), &[0], &[0])]
    }),
    (&["vecdot"], vectors, |given, _| {
        let last = |x: &Plain| moved(x, given.plain::<Axis>(2).0);
        named("...i,...i->...", &[conjugated(&last(given.array(0))), last(given.array(1))])
    }),
    (&["matvec"], products, |given, _| named("...ij,...j->...i", &given_two(given))),
    (&["vecmat"], products, |given, _| {
        let [a, b] = given_two(given);
        named("...i,...ij->...j", &[conjugated(&a), b])
    }),
    (&["kron"], pairs, |given, _| {
        let [a, b] = given_two(given);
        let n = a.shape.len().max(b.shape.len());
        let longer =
            |x: &Plain| Plain { shape: [vec![1; n - x.shape.len()], x.shape.clone()].concat(), ..x.clone() };
        let (a, b) = (longer(&a), longer(&b));
        let (left, right): (String, String) = (letters('a', n), letters('n', n));
        let both: String = left.chars().zip(right.chars()).flat_map(|(x, y)| [x, y]).collect();
        let mut want = einsum(&[&left, &right], &both, &[a.clone(), b.clone()], promote(a.dtype, b.dtype));
        want.shape = a.shape.iter().zip(&b.shape).map(|(x, y)| x * y).collect();
        vec![want]
    }),
    (&["cross"], crossed, |given, _| vec![cross(given)]),
    (&["diagonal", "linalg.diagonal"], diagonals, |given, name| {
        vec![Want::exact(diagonal_wanted(given.array(0), *given.plain::<Diagonal>(1), name))]
    }),
    (&["trace", "linalg.trace"], traces, |given, name| {
        let which = *given.plain::<Trace>(1);
        let along = diagonal_wanted(given.array(0), which.of, name);
        let along = which.dtype.map_or(along.clone(), |dtype| along.cast(dtype));
        let mut want = reduce(Reduction::Sum, &along, &Reduce::from(-1));
        if let Some(dtype) = which.dtype {
            want.elements.iter_mut().for_each(|element| {
                if dtype.is_int() {
                    *element = crate::testing::reference::Truth::Exact(element.rounded(dtype));
                }
            });
            want.dtype = dtype;
        }
        vec![want]
    }),
    (&["matrix_transpose"], matrices, |given, _| {
        let x = given.array(0);
        let n = x.shape.len();
        let mut shape = x.shape.clone();
        shape.swap(n - 1, n - 2);
        let element = |flat| {
            let mut index = crate::testing::samples::unravel(flat, &shape);
            index.swap(n - 1, n - 2);
            x.broadcast_at(&index)
        };
        vec![Want::exact(Plain::new(x.dtype, &shape, (0..x.data.len()).map(element)))]
    }),
];

/// So many letters from one on.
fn letters(from: char, count: usize) -> String {
    (from..).take(count).collect()
}

/// Subscripts of the samples, in which `...` is spelled out as capital letters of two axes; those without a result have
/// one.
fn spelled(subscripts: &str) -> (Vec<String>, String) {
    let text = subscripts.replace("...", "YZ").replace(' ', "");
    let implied = || {
        let mut once: Vec<char> =
            text.chars().filter(|c| *c != ',' && text.matches(*c).count() == 1).collect();
        once.sort_unstable();
        format!("{}->{}", text, once.into_iter().collect::<String>())
    };
    let text = if text.contains("->") { text.clone() } else { implied() };
    let (left, right) = text.split_once("->").expect("there is one now");
    (left.split(',').map(String::from).collect(), right.into())
}

fn given_two(given: &Given) -> [Plain; 2] {
    [given.array(0).clone(), given.array(1).clone()]
}

fn conjugated(x: &Plain) -> Plain {
    let conjugate = |v: &Scalar| if x.dtype.is_complex() { Scalar::C128(v.to_c128().conj()) } else { *v };
    Plain::new(x.dtype, &x.shape, x.data.iter().map(conjugate))
}

/// An einsum with leading axes that broadcast: `...` is as many capitals as an operand has more axes.
fn named(subscripts: &str, operands: &[Plain]) -> Vec<Want> {
    let (left, right) = subscripts.split_once("->").expect("it has a result");
    let inputs: Vec<&str> = left.split(',').collect();
    let rest = |labels: &str, x: &Plain| x.shape.len() + 3 - labels.len();
    let most = inputs.iter().zip(operands).map(|(labels, x)| rest(labels, x)).max().unwrap_or(0);
    let capitals = |count: usize| -> String { ('A'..).take(most).skip(most - count).collect() };
    let inputs: Vec<String> = inputs
        .iter()
        .zip(operands)
        .map(|(labels, x)| labels.replace("...", &capitals(rest(labels, x))))
        .collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let dtype = promote(operands[0].dtype, operands[1].dtype);
    vec![einsum(&inputs, &right.replace("...", &capitals(most)), operands, dtype)]
}

/// Summed over axes of both; the result has the others.
fn dotted(a: &Plain, b: &Plain, left: &[usize], right: &[usize]) -> Want {
    let mut of_a: Vec<char> = letters('a', a.shape.len()).chars().collect();
    let mut of_b: Vec<char> = letters('n', b.shape.len()).chars().collect();
    for (label, (&i, &j)) in ('A'..).zip(left.iter().zip(right)) {
        (of_a[i], of_b[j]) = (label, label);
    }
    let text = |labels: &[char]| labels.iter().collect::<String>();
    let output: String = of_a.iter().chain(&of_b).filter(|label| label.is_lowercase()).collect();
    einsum(&[&text(&of_a), &text(&of_b)], &output, &[a.clone(), b.clone()], promote(a.dtype, b.dtype))
}

/// With an axis at the end.
fn moved(x: &Plain, axis: isize) -> Plain {
    let n = x.shape.len();
    let axis = (if axis < 0 { axis + n as isize } else { axis }) as usize;
    let order: Vec<usize> = (0..n).filter(|&i| i != axis).chain([axis]).collect();
    let shape: Vec<usize> = order.iter().map(|&i| x.shape[i]).collect();
    let element = |flat| {
        let at = crate::testing::samples::unravel(flat, &shape);
        let mut index = vec![0; n];
        order.iter().zip(at).for_each(|(&axis, i)| index[axis] = i);
        x.broadcast_at(&index)
    };
    Plain::new(x.dtype, &shape, (0..x.data.len()).map(element).collect::<Vec<_>>())
}

fn diagonal_wanted(x: &Plain, which: Diagonal, _: &str) -> Plain {
    let n = x.shape.len() as isize;
    // The samples name the axes wherever those of `numpy` and `numpy.linalg` differ.
    let axes = which.axes.unwrap_or([0, 1]).map(|a| (if a < 0 { a + n } else { a }) as usize);
    diagonal(x, which.offset, axes)
}

fn cross(given: &Given) -> Want {
    let axis = given.plain::<Axis>(2).0;
    let [a, b] = given_two(given).map(|x| moved(&x, axis));
    let dtype = promote(a.dtype, b.dtype);
    let part = |x: &Plain, at: usize| {
        let n = x.shape.len();
        let data = x.data.chunks(3).map(|v| v[at]);
        Plain::new(x.dtype, &x.shape[..n - 1], data.collect::<Vec<_>>())
    };
    let negative = |x: &Plain| {
        let minus = |v: &Scalar| match v.to_i128() {
            Some(v) => crate::testing::samples::integer(-v, dtype),
            None => Scalar::C128(-v.to_c128()),
        };
        Plain::new(dtype, &x.shape, x.cast(dtype).data.iter().map(minus))
    };
    // a · b − c · d, as a sum over an axis of two.
    let parts: Vec<Want> = [(1, 2), (2, 0), (0, 1)]
        .into_iter()
        .map(|(i, j)| {
            let two = |x: Plain, y: Plain| {
                let shape = [&[2], &x.shape[..]].concat();
                Plain::new(dtype, &shape, x.cast(dtype).data.into_iter().chain(y.cast(dtype).data))
            };
            let left = two(part(&a, i), part(&a, j));
            let right = two(part(&b, j), negative(&part(&b, i)));
            let lead = |x: &Plain| -> String { letters('a', 8).chars().skip(9 - x.shape.len()).collect() };
            let most = if left.shape.len() > right.shape.len() { lead(&left) } else { lead(&right) };
            let (x, y) = (format!("z{}", lead(&left)), format!("z{}", lead(&right)));
            einsum(&[&x, &y], &most, &[left, right], dtype)
        })
        .collect();
    let count = parts[0].elements.len();
    let elements = (0..count).flat_map(|i| parts.iter().map(move |part| part.elements[i])).collect();
    let shape = [&parts[0].shape[..], &[3]].concat();
    let want = Want { terms: 2, ..Want::new(dtype, &shape, elements) };
    assert!(axis == -1, "samples are along the last axis");
    want
}

fn array(s: &mut Sampler, dtype: DType, shape: &[usize]) -> Sample {
    let lie = s.lie();
    s.array(dtype, shape, lie, moderate)
}

/// Two arrays of each pair of shapes, in every dtype for the first pair.
fn two(s: &mut Sampler, shapes: &[(&[usize], &[usize])]) -> Vec<(Sample, Sample, usize)> {
    let mut found = Vec::new();
    for (n, (a, b)) in shapes.iter().enumerate() {
        let dtypes = if n == 0 { s.few(|_| true) } else { s.some(|_| true) };
        for dtype in dtypes {
            found.push((array(s, dtype, a), array(s, dtype, b), n));
        }
    }
    found
}

fn cases(s: &mut Sampler, shapes: &[(&[usize], &[usize])]) -> Vec<Case> {
    two(s, shapes).into_iter().map(|(a, b, _)| vec![Arg::Array(a), Arg::Array(b)]).collect()
}

fn sums(s: &mut Sampler, _: &str) -> Vec<Case> {
    let all: [(&str, &[&[usize]]); 16] = [
        ("ij,jk->ik", &[&[3, 7], &[7, 4]]),
        ("ii", &[&[5, 5]]),
        ("ii->i", &[&[4, 4]]),
        ("ij->ji", &[&[3, 5]]),
        ("ij->", &[&[3, 5]]),
        ("i,i", &[&[9], &[9]]),
        ("i,j->ji", &[&[3], &[4]]),
        ("bij,bjk->bik", &[&[2, 3, 4], &[2, 4, 5]]),
        ("bij,bj", &[&[2, 3, 4], &[2, 4]]),
        ("...ij,...jk->...ik", &[&[2, 1, 3, 4], &[1, 5, 4, 2]]),
        ("ij,jk,kl->il", &[&[3, 4], &[4, 5], &[5, 2]]),
        ("a,ab,abc->abc", &[&[2], &[2, 3], &[2, 3, 4]]),
        ("ijk,jil->kl", &[&[3, 4, 5], &[4, 3, 2]]),
        ("ij,ij->i", &[&[3, 6], &[3, 6]]),
        ("ij,kj,ik", &[&[3, 1], &[4, 5], &[3, 4]]),
        ("iij,jk->k", &[&[2, 2, 0], &[0, 3]]),
    ];
    let mut cases = Vec::new();
    for (n, (subscripts, shapes)) in all.into_iter().enumerate() {
        let dtypes = if n < 2 { s.few(|_| true) } else { s.some(|_| true) };
        for dtype in dtypes {
            let operands = shapes.iter().map(|shape| array(s, dtype, shape)).collect();
            cases.push(vec![Arg::plain(subscripts.to_string()), Arg::Arrays(operands)]);
        }
    }
    cases
}

fn tensordots(s: &mut Sampler, _: &str) -> Vec<Case> {
    let shapes: [(&[usize], &[usize]); 5] = [
        (&[3, 4, 5], &[4, 5, 2]),
        (&[3], &[4]),
        (&[2, 3, 4], &[4, 2, 5]),
        (&[3, 0], &[0, 2]),
        (&[6, 2], &[3, 6]),
    ];
    let axes = [
        Contraction::from(2),
        Contraction::from(0),
        Contraction::from(([0, 2], [1, 0])),
        Contraction::from(1),
        Contraction::from((0, -1)),
    ];
    let all = two(s, &shapes).into_iter();
    all.map(|(a, b, n)| vec![Arg::Array(a), Arg::Array(b), Arg::plain(axes[n].clone())]).collect()
}

fn pairs(s: &mut Sampler, _: &str) -> Vec<Case> {
    cases(s, &[(&[3, 5], &[4]), (&[], &[2]), (&[2, 1, 3], &[4, 2]), (&[0], &[3])])
}

fn dots(s: &mut Sampler, name: &str) -> Vec<Case> {
    match name {
        "inner" => cases(s, &[(&[3, 7], &[4, 7]), (&[], &[2]), (&[5], &[5]), (&[2, 3], &[4, 2, 3])]),
        _ => {
            cases(s, &[(&[3, 7], &[7, 4]), (&[2], &[]), (&[5], &[5]), (&[2, 3], &[4, 3, 2]), (&[2, 3], &[3])])
        }
    }
}

fn alike(s: &mut Sampler, _: &str) -> Vec<Case> {
    cases(s, &[(&[3, 7], &[3, 7]), (&[], &[]), (&[9], &[3, 3]), (&[0], &[0])])
}

fn vectors(s: &mut Sampler, _: &str) -> Vec<Case> {
    let shapes: [(&[usize], &[usize]); 4] =
        [(&[3, 7], &[3, 7]), (&[5], &[2, 5]), (&[2, 1, 4], &[3, 4]), (&[4, 3], &[4, 3])];
    let all = two(s, &shapes).into_iter();
    all.map(|(a, b, n)| vec![Arg::Array(a), Arg::Array(b), Arg::plain(Axis(if n == 3 { 0 } else { -1 }))])
        .collect()
}

fn products(s: &mut Sampler, name: &str) -> Vec<Case> {
    match name {
        "matvec" => {
            cases(s, &[(&[3, 7], &[7]), (&[2, 3, 4], &[4]), (&[3, 4], &[2, 4]), (&[2, 1, 3, 4], &[5, 4])])
        }
        _ => cases(s, &[(&[7], &[7, 3]), (&[4], &[2, 4, 3]), (&[2, 4], &[4, 3]), (&[5, 4], &[2, 1, 4, 3])]),
    }
}

fn crossed(s: &mut Sampler, _: &str) -> Vec<Case> {
    let shapes: [(&[usize], &[usize]); 3] = [(&[5, 3], &[5, 3]), (&[3], &[2, 3]), (&[2, 1, 3], &[4, 3])];
    let fits = |case: &Case| case[0].samples()[0].values.dtype != DType::Bool;
    let all = two(s, &shapes).into_iter();
    let all = all.map(|(a, b, _)| vec![Arg::Array(a), Arg::Array(b), Arg::plain(Axis(-1))]);
    all.filter(fits).collect()
}

fn matrices(s: &mut Sampler, _: &str) -> Vec<Case> {
    let shapes: [&[usize]; 3] = [&[3, 5], &[2, 4, 3], &[0, 3]];
    let mut cases = Vec::new();
    for shape in shapes {
        for dtype in s.some(|_| true) {
            cases.push(vec![Arg::Array(array(s, dtype, shape))]);
        }
    }
    cases
}

fn diagonals(s: &mut Sampler, _: &str) -> Vec<Case> {
    let all: [(&[usize], Diagonal); 6] = [
        (&[4, 6], ().into()),
        (&[5, 3], 1.into()),
        (&[3, 5], (-2).into()),
        (&[2, 4, 3], diagonal_of(2, -2).offset(1)),
        (&[3, 2, 3], diagonal_of(0, 2)),
        (&[3, 3], 7.into()),
    ];
    let mut cases = Vec::new();
    for (shape, which) in all {
        for dtype in s.some(|_| true) {
            cases.push(vec![Arg::Array(array(s, dtype, shape)), Arg::plain(which)]);
        }
    }
    cases
}

fn traces(s: &mut Sampler, name: &str) -> Vec<Case> {
    let float = |d: DType| if d.is_int() { DType::I32 } else { d };
    let mut cases = diagonals(s, name);
    for (n, case) in cases.iter_mut().enumerate() {
        let dtype = case[0].samples()[0].values.dtype;
        let Arg::Plain(which, _) = &case[1] else { continue };
        let which = *which.get::<Diagonal>().expect("it was made as one");
        let with = n % 3 == 0 && dtype != DType::Bool;
        case[1] = Arg::plain(Trace { of: which, dtype: with.then_some(float(dtype)) });
    }
    cases
}
