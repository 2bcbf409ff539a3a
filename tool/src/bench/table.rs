//! The cases: a row each.
use polyarray::{
    DType, add, astype, exp, matmul, matmul_as, matmul_bits, max, mean, multiply, sin, sum, var,
};

use super::cases::{Body, Bound, Case, Given, Input, Sizes, Tolerance, Work};
use super::definitions::{
    average, chain, largest, layer_norm, layer_norm_at, pipeline, pipeline_at, product_of_bits, softmax,
    softmax_at, total, variance,
};

/// Powers of two from a cache line's worth to beyond every cache.
const ELEMENTS: Sizes =
    Sizes { whole: &[1 << 10, 1 << 14, 1 << 18, 1 << 21, 1 << 24], quick: &[1 << 10, 1 << 16], fixed: false };
/// Elements of square matrices of 64, 256, 512 and 1024 rows.
const MATRICES: Sizes =
    Sizes { whole: &[1 << 12, 1 << 16, 1 << 18, 1 << 20], quick: &[1 << 12, 1 << 14], fixed: false };
const TINY: Sizes = Sizes { whole: &[64], quick: &[64], fixed: true };

/// Every case, in the order in which they are shown.
pub fn table() -> Vec<Case> {
    let mut cases = vec![
        Case {
            name: "a*b+c",
            doc: "two operations on three arrays, one pass over memory",
            numpy: "a*b + c",
            inputs: |n| [0, 1, 2].map(|_| Input::floats(&[n], 0.5, 1.5)).into(),
            work: Work::Compute(|x| add(&multiply(&x[0], &x[1])?, &x[2])),
            value_at: |x, i| x.data[0][i] * x.data[1][i] + x.data[2][i],
            operations: |shapes| 2 * elements(shapes),
            ..streaming()
        },
        Case {
            name: "exp(sin(x))",
            doc: "two transcendental functions, fused",
            numpy: "exp(sin(a))",
            inputs: |n| vec![Input::floats(&[n], -8.0, 8.0)],
            work: Work::Compute(|x| exp(&sin(&x[0])?)),
            value_at: |x, i| x.data[0][i].sin().exp(),
            operations: |shapes| 2 * elements(shapes),
            ..streaming()
        },
        Case {
            name: "chain10",
            doc: "ten cheap operations on two arrays, one pass over memory",
            numpy: "maximum(sqrt(abs(((a*1.5 + b)*a - 0.25)*b) + 1), a) / b",
            inputs: |n| [0, 1].map(|_| Input::floats(&[n], 0.5, 1.5)).into(),
            work: Work::Compute(chain),
            value_at: |x, i| {
                let (a, b) = (x.data[0][i], x.data[1][i]);
                ((((a * 1.5 + b) * a - 0.25) * b).abs() + 1.0).sqrt().max(a) / b
            },
            operations: |shapes| 10 * elements(shapes),
            ..streaming()
        },
        Case {
            name: "softmax-rows",
            doc: "exp(x - max) / sum of it, along each row",
            numpy: "e / e.sum(-1, keepdims=True) with e = exp(a - a.max(-1, keepdims=True))",
            inputs: |n| vec![Input::floats(&table_shape(n), -4.0, 4.0)],
            work: Work::Compute(softmax),
            value_at: softmax_at,
            operations: |shapes| 5 * elements(shapes),
            // The elements are about one over the row's length: relative.
            tolerance: |_| Tolerance { units: 48.0, floor: 0.0 },
            ..streaming()
        },
        Case {
            name: "layernorm-rows",
            doc: "(x - mean) / sqrt(var + 1e-5), along each row",
            numpy: "(a - a.mean(-1, keepdims=True)) / sqrt(a.var(-1, keepdims=True) + 1e-5)",
            inputs: |n| vec![Input::floats(&table_shape(n), -1.0, 1.0)],
            work: Work::Compute(layer_norm),
            value_at: layer_norm_at,
            operations: |shapes| 8 * elements(shapes),
            ..streaming()
        },
    ];
    cases.extend(reductions());
    cases.extend(products());
    cases.extend([
        Case {
            name: "tiny-x100",
            doc: "100 operations on 64 elements, then their values read: what a call costs",
            numpy: "50 times: a = a*b; a = a + c; then read a",
            sizes: TINY,
            inputs: |n| {
                vec![
                    Input::floats(&[n], 0.5, 1.5),
                    Input::floats(&[n], 0.5, 0.9),
                    Input::floats(&[n], 0.1, 0.5),
                ]
            },
            work: Work::Read(|x| (0..50).try_fold(x[0].clone(), |y, _| add(&multiply(&y, &x[1])?, &x[2]))),
            value_at: |x, i| (0..50).fold(x.data[0][i], |y, _| y * x.data[1][i] + x.data[2][i]),
            operations: |shapes| 100 * elements(shapes),
            bound: Bound::Latency,
            ..streaming()
        },
        Case {
            name: "pipeline",
            doc: "a product, exp and row sums beside ten rounds of small work whose result is read in each",
            numpy: "10 times: d = c*0.9 + 0.1; c = d / d.max(); then exp(a @ b / len(a)).sum(-1) * d.max()",
            sizes: MATRICES,
            inputs: |size| {
                let n = side(size);
                vec![
                    Input::floats(&[n, n], 0.5, 1.5),
                    Input::floats(&[n, n], 0.5, 1.5),
                    Input::floats(&[64], 0.5, 1.5),
                ]
            },
            work: Work::Compute(pipeline),
            value_at: pipeline_at,
            tolerance: |shapes| Tolerance { units: 64.0 + 4.0 * (inner(shapes) as f64).sqrt(), floor: 0.0 },
            ..product()
        },
        Case {
            name: "upload",
            doc: "host memory to the device",
            numpy: "a, on the device",
            work: Work::Upload,
            ..moving()
        },
        Case {
            name: "download",
            doc: "the device to host memory; where they share it, large arrays are mapped",
            numpy: "a, in host memory",
            work: Work::Download,
            ..moving()
        },
        Case {
            name: "transposed-copy",
            doc: "a matrix written in the order of its columns",
            numpy: "ascontiguousarray(a.T)",
            inputs: |n| vec![Input::floats(&table_shape(n), -1.0, 1.0)],
            work: Work::Compute(|x| astype(&x[0].t(), x[0].dtype())),
            value_at: |x, i| {
                let (rows, columns) = x.sides(0);
                x.data[0][i % rows * columns + i / rows]
            },
            operations: |_| 0,
            tolerance: |_| EXACT,
            ..streaming()
        },
    ]);
    cases
}

const EXACT: Tolerance = Tolerance { units: 0.0, floor: 0.0 };

/// What cases have in common that pass over memory once.
fn streaming() -> Case {
    Case {
        name: "",
        doc: "",
        numpy: "",
        sizes: ELEMENTS,
        inputs: |n| vec![Input::floats(&[n], 0.5, 1.5)],
        work: Work::Download,
        value_at: |x, i| x.data[0][i],
        reference: None,
        operations: |_| 0,
        bound: Bound::Copy,
        tolerance: |_| Tolerance { units: 32.0, floor: 1.0 },
    }
}

/// What cases have in common that move data and compute nothing.
fn moving() -> Case {
    Case { bound: Bound::Latency, tolerance: |_| EXACT, ..streaming() }
}

/// A reduction of a matrix: name, definition, work, and an element of the result from the definition.
type ReductionRow = (&'static str, &'static str, Body, fn(&Given, usize) -> f64);

#[rustfmt::skip]
const REDUCTIONS: [ReductionRow; 12] = [
    ("sum-all", "a.sum()", |x| sum(&x[0], ()), |x, _| total(x.all())),
    ("sum-rows", "a.sum(-1)", |x| sum(&x[0], -1), |x, i| total(x.row(i))),
    ("sum-columns", "a.sum(0)", |x| sum(&x[0], 0), |x, i| total(x.column(i))),
    ("mean-all", "a.mean()", |x| mean(&x[0], ()), |x, _| average(x.all())),
    ("mean-rows", "a.mean(-1)", |x| mean(&x[0], -1), |x, i| average(x.row(i))),
    ("mean-columns", "a.mean(0)", |x| mean(&x[0], 0), |x, i| average(x.column(i))),
    ("max-all", "a.max()", |x| max(&x[0], ()), |x, _| largest(x.all())),
    ("max-rows", "a.max(-1)", |x| max(&x[0], -1), |x, i| largest(x.row(i))),
    ("max-columns", "a.max(0)", |x| max(&x[0], 0), |x, i| largest(x.column(i))),
    ("var-all", "a.var()", |x| var(&x[0], ()), |x, _| variance(x.all())),
    ("var-rows", "a.var(-1)", |x| var(&x[0], -1), |x, i| variance(x.row(i))),
    ("var-columns", "a.var(0)", |x| var(&x[0], 0), |x, i| variance(x.column(i))),
];

fn reductions() -> impl Iterator<Item = Case> {
    REDUCTIONS.into_iter().map(|(name, numpy, body, value_at)| Case {
        name,
        doc: "a reduction of a matrix over everything, along each row or down each column",
        numpy,
        inputs: |n| vec![Input::floats(&table_shape(n), 0.5, 1.5)],
        work: Work::Compute(body),
        value_at,
        operations: elements,
        // All terms have one sign, so that the result is as large as what went into it.
        tolerance: if name.starts_with("max") {
            |_| EXACT
        } else {
            |_| Tolerance { units: 32.0, floor: 0.0 }
        },
        ..streaming()
    })
}

fn products() -> Vec<Case> {
    vec![
        Case {
            name: "matmul",
            doc: "n × n by n × n",
            inputs: |size| {
                let n = side(size);
                factors(&[n, n], &[n, n])
            },
            ..product()
        },
        Case {
            name: "matmul-tall",
            doc: "4n × n/4 by n/4 × n/4",
            inputs: |size| {
                let n = side(size);
                factors(&[4 * n, quarter(n)], &[quarter(n), quarter(n)])
            },
            ..product()
        },
        Case {
            name: "matmul-wide",
            doc: "n/4 × n/4 by n/4 × 4n",
            inputs: |size| {
                let n = side(size);
                factors(&[quarter(n), quarter(n)], &[quarter(n), 4 * n])
            },
            ..product()
        },
        Case {
            name: "matmul-batched",
            doc: "16 products, n/4 × n/4 by n/4 × n/4 each",
            inputs: |size| {
                let n = quarter(side(size));
                factors(&[16, n, n], &[16, n, n])
            },
            ..product()
        },
        Case {
            name: "matmul-transposed",
            doc: "n × n by n × n, the left one transposed",
            numpy: "a.T @ b",
            inputs: |size| {
                let n = side(size);
                factors(&[n, n], &[n, n])
            },
            work: Work::Compute(|x| matmul(&x[0].t(), &x[1])),
            value_at: |x, i| {
                let (row, column) = (i / x.sides(1).1, i % x.sides(1).1);
                total(x.column_of(0, 0, row).zip(x.column_of(1, 0, column)).map(|(a, b)| a * b))
            },
            ..product()
        },
        Case {
            name: "matmul-int8",
            doc: "n × n by n × n, int8 in, int32 out",
            numpy: "a.astype(int32) @ b.astype(int32)",
            inputs: |size| {
                let n = side(size);
                [0, 1].map(|_| Input::integers(&[n, n], -100.0, 101.0, DType::I8)).into()
            },
            work: Work::Compute(|x| matmul_as(&x[0], &x[1], DType::I32)),
            // In float64, where these sums are exact.
            reference: Some(|x| matmul_as(&x[0], &x[1], DType::F64)),
            tolerance: |_| EXACT,
            ..product()
        },
        Case {
            name: "matmul-bits",
            doc: "n × n by n × n bits, 32 to a uint32 word; result element: bits set in both row and column",
            numpy: "sum over k of bitwise_count(a[:, k, None] & b[None, k, :])",
            inputs: |size| {
                let n = side(size).next_multiple_of(32);
                [[n, n / 32], [n / 32, n]]
                    .map(|shape| Input::integers(&shape, 0.0, 4_294_967_296.0, DType::U32))
                    .into()
            },
            work: Work::Compute(|x| matmul_bits(&x[0], &x[1])),
            value_at: |x, i| {
                let (row, column) = (i / x.sides(1).1, i % x.sides(1).1);
                let bits = |(a, b): (f64, f64)| f64::from((a as u32 & b as u32).count_ones());
                x.row(row).zip(x.column_of(1, 0, column)).map(bits).sum()
            },
            reference: Some(product_of_bits),
            operations: |shapes| 32 * multiplications(shapes),
            tolerance: |_| EXACT,
            ..product()
        },
    ]
}

/// What matrix products have in common.
fn product() -> Case {
    Case {
        numpy: "a @ b",
        sizes: MATRICES,
        work: Work::Compute(|x| matmul(&x[0], &x[1])),
        value_at: |x, i| {
            let (m, n) = (x.sides(0).0, x.sides(1).1);
            let (batch, row, column) = (i / (m * n), i / n % m, i % n);
            total(x.row(batch * m + row).zip(x.column_of(1, batch, column)).map(|(a, b)| a * b))
        },
        operations: multiplications,
        bound: Bound::Gemm,
        // Terms of one sign summed in any order: rounding errors walk at random.
        tolerance: |shapes| Tolerance { units: 16.0 + 4.0 * (inner(shapes) as f64).sqrt(), floor: 0.0 },
        ..streaming()
    }
}

fn factors(a: &[usize], b: &[usize]) -> Vec<Input> {
    vec![Input::floats(a, 0.5, 1.5), Input::floats(b, 0.5, 1.5)]
}

/// Rows of a square matrix of about that many elements.
fn side(size: usize) -> usize {
    ((size as f64).sqrt().round() as usize).max(1)
}

fn quarter(n: usize) -> usize {
    (n / 4).max(1)
}

/// A matrix of at most `size` elements, about as many rows as columns, which are a power of two.
fn table_shape(size: usize) -> [usize; 2] {
    let columns = side(size).next_power_of_two();
    [(size / columns).max(1), columns]
}

fn elements(shapes: &[Vec<usize>]) -> u64 {
    shapes[0].iter().product::<usize>() as u64
}

/// The axis that a product sums over.
fn inner(shapes: &[Vec<usize>]) -> usize {
    shapes[1][shapes[1].len() - 2]
}

/// Multiplications and additions of a product: two for each element of the left operand and column of the right.
fn multiplications(shapes: &[Vec<usize>]) -> u64 {
    2 * elements(shapes) * *shapes[1].last().expect("a matrix has columns") as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_told_apart_and_every_row_is_filled_in() {
        let cases = table();
        let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), cases.len());
        for case in &cases {
            assert!(!case.name.is_empty() && !case.doc.is_empty() && !case.numpy.is_empty(), "{}", case.name);
            assert!(!case.name.contains([',', '@', ' ']), "{} can't be given to --ops", case.name);
            assert!(
                case.is_transfer() == (case.name == "upload" || case.name == "download"),
                "{}",
                case.name
            );
        }
    }

    #[test]
    fn shapes_hold_the_size_asked_for() {
        assert_eq!(table_shape(1 << 24), [4096, 4096]);
        assert_eq!(table_shape(1000), [31, 32]);
        assert_eq!(table_shape(1), [1, 1]);
        for case in table() {
            for size in [1, 5, 1000, 4096] {
                let inputs = (case.inputs)(size);
                assert!(inputs.iter().all(|input| input.len() >= 1), "{} of {size}", case.name);
            }
            let largest = (case.inputs)(1 << 12).iter().map(Input::len).max();
            let whole = if case.name == "matmul-bits" { 1 << 7 } else { 1 << 12 };
            assert_eq!(largest, Some(whole), "{}", case.name);
        }
    }

    #[test]
    fn operations_are_counted() {
        let count = |name: &str, size| {
            let case = table().into_iter().find(|case| case.name == name).unwrap();
            let shapes: Vec<_> = (case.inputs)(size).into_iter().map(|input| input.shape).collect();
            (case.operations)(&shapes)
        };
        assert_eq!(count("a*b+c", 1000), 2000);
        for square in ["matmul", "matmul-bits", "matmul-int8", "matmul-transposed"] {
            assert_eq!(count(square, 1 << 20), 2 << 30, "{square}");
        }
        assert_eq!(count("matmul-tall", 1 << 20), 2 * 4096 * 256 * 256);
        assert_eq!(count("matmul-batched", 1 << 20), 2 * 16 * 256 * 256 * 256);
    }
}
