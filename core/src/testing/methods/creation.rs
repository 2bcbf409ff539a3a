//! Triangles, diagonals, grids, binary searches' neighbours: what is made beside an array.

use super::arguments::{Arg, Case, Given, Sampler};
use crate::dtype::{DType, Scalar, promote};
use crate::numpy::{Indexing, Powers};
use crate::testing::reference::{Truth, Want, pick};
use crate::testing::samples::{Lie, Plain, Random, random, unravel};

pub(super) const ENTRIES: super::Family = &[
    (&["tril", "triu"], triangles, triangle),
    (&["diag", "diagflat"], diagonals, diagonal),
    (&["vander"], powers, vander),
    (&["meshgrid"], grids, grid),
    (
        &["copy"],
        |s, _| arrays(s, &[&[], &[3, 0], &[5, 67]], &[vec![]]),
        |given, _| vec![Want::exact(given.array(0).clone())],
    ),
];

/// Arrays of shapes, each with every one of the rest.
fn arrays(s: &mut Sampler, shapes: &[&[usize]], rests: &[Vec<Arg>]) -> Vec<Case> {
    let mut cases = Vec::new();
    for shape in shapes {
        for rest in rests {
            for dtype in s.some(|_| true) {
                let lie = s.lie();
                let x = Arg::Array(s.array(dtype, shape, lie, random));
                cases.push(std::iter::once(x).chain(rest.iter().cloned()).collect());
            }
        }
    }
    cases
}

fn above(ks: &[i64]) -> Vec<Vec<Arg>> {
    ks.iter().map(|&k| vec![Arg::plain(k)]).collect()
}

fn triangles(s: &mut Sampler, _: &str) -> Vec<Case> {
    arrays(s, &[&[4, 5], &[5], &[2, 3, 3], &[0, 3]], &above(&[0, 1, -2]))
}

fn triangle(given: &Given, name: &str) -> Vec<Want> {
    let (x, k) = (given.array(0), *given.plain::<i64>(1));
    let n = x.shape.len();
    let shape = if n == 1 { vec![x.shape[0]; 2] } else { x.shape.clone() };
    let element = |i: usize| {
        let index = unravel(i, &shape);
        let distance = index[shape.len() - 1] as i64 - index[shape.len() - 2] as i64;
        let kept = if name == "tril" { distance <= k } else { distance >= k };
        if kept { x.broadcast_at(&index) } else { Scalar::Bool(false) }
    };
    vec![Want::exact(Plain::new(x.dtype, &shape, (0..shape.iter().product()).map(element)))]
}

fn diagonals(s: &mut Sampler, name: &str) -> Vec<Case> {
    let shapes: &[&[usize]] = if name == "diag" { &[&[4], &[4, 6], &[5, 3], &[0]] } else { &[&[2, 2], &[]] };
    arrays(s, shapes, &above(&[0, 2, -1, 5]))
}

fn diagonal(given: &Given, name: &str) -> Vec<Want> {
    let (x, k) = (given.array(0), *given.plain::<i64>(1));
    if name == "diag" && x.shape.len() == 2 {
        let start = [(-k).max(0) as usize, k.max(0) as usize];
        let len = x.shape[0].saturating_sub(start[0]).min(x.shape[1].saturating_sub(start[1]));
        return vec![pick(x, &[len], |index| vec![start[0] + index[0], start[1] + index[0]])];
    }
    let n = x.data.len() + k.unsigned_abs() as usize;
    let element = |i: usize| {
        let (row, column) = ((i / n) as i64, (i % n) as i64);
        if column - row == k { x.data[row.min(column) as usize] } else { Scalar::Bool(false) }
    };
    vec![Want::exact(Plain::new(x.dtype, &[n, n], (0..n * n).map(element)))]
}

fn powers(s: &mut Sampler, _: &str) -> Vec<Case> {
    let rests = [Powers::from(()), Powers::from(3).increasing(), Powers::from(0), Powers::from(1)];
    let mut cases = Vec::new();
    for rest in rests {
        for dtype in s.some(holds) {
            let lie = s.lie();
            let small = |d: DType, r: &mut Random| Scalar::I64(r.below(5) as i64).cast(d);
            cases.push(vec![Arg::Array(s.array(dtype, &[5], lie, small)), Arg::plain(rest)]);
        }
    }
    cases
}

/// Dtypes whose powers are of a dtype that every device has.
fn holds(dtype: DType) -> bool {
    matches!(dtype, DType::Bool | DType::I8 | DType::I32 | DType::I64 | DType::U16 | DType::F64 | DType::C128)
}

fn vander(given: &Given, _: &str) -> Vec<Want> {
    let (x, powers) = (given.array(0), given.plain::<Powers>(1));
    let n = x.data.len();
    let columns = powers.columns.unwrap_or(n);
    let element = |i: usize| {
        let (row, column) = (i / columns, i % columns);
        let power = if powers.increasing { column } else { columns - 1 - column };
        Truth::Exact(Scalar::C128(x.data[row].to_c128().powu(power as u32)))
    };
    let dtype = promote(x.dtype, DType::I64);
    let exact = |truth: Truth| Truth::Exact(truth.rounded(dtype));
    vec![Want::new(dtype, &[n, columns], (0..n * columns).map(element).map(exact).collect())]
}

fn grids(s: &mut Sampler, _: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for lengths in [&[3, 4][..], &[3], &[2, 3, 4], &[0, 2]] {
        for indexing in [Indexing::Xy, Indexing::Ij] {
            let axis = |&n: &usize| {
                let dtype = s.dtypes[s.random.below(s.dtypes.len())];
                s.array(dtype, &[n], Lie::Strided, random)
            };
            cases.push(vec![Arg::Arrays(lengths.iter().map(axis).collect()), Arg::plain(indexing)]);
        }
    }
    cases
}

fn grid(given: &Given, _: &str) -> Vec<Want> {
    let parts = given.arrays(0);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    if *given.plain::<Indexing>(1) == Indexing::Xy && parts.len() > 1 {
        order.swap(0, 1);
    }
    let shape: Vec<usize> = order.iter().map(|&i| parts[i].data.len()).collect();
    let at = |i: usize| order.iter().position(|&o| o == i).expect("each argument has an axis");
    parts.iter().enumerate().map(|(i, x)| pick(x, &shape, |index| vec![index[at(i)]])).collect()
}
