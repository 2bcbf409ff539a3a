//! In which order a reduction adds up depends on shape, axes and dtype only: neither on how its operand lies in memory nor on
//! whether it is computed in the same kernel.

use polyarray_core::testing::samples::Random;
use polyarray_core::{Array, DType, Result, Scalar, numpy as np, with_element};
use polyarray_cpu as _;

fn array(dtype: DType, shape: &[usize], random: &mut Random) -> Array {
    let n: usize = shape.iter().product();
    let z = |random: &mut Random| num_complex::Complex64::new(random.unit() + 0.25, random.unit());
    let flat = with_element!(dtype, T => Array::from(
        (0..n).map(|_| <T as polyarray_core::Element>::from_scalar(Scalar::C128(z(random)))).collect::<Vec<T>>()));
    flat.reshape(shape.iter().map(|&n| n as isize).collect::<Vec<_>>()).unwrap()
}

fn bits(x: &Array) -> Vec<[u8; 16]> {
    with_element!(x.dtype(), T => x.to_vec::<T>().unwrap().into_iter().map(|x| polyarray_core::Element::scalar(x).to_bytes()).collect())
}

/// The same elements, lying otherwise.
fn layouts(x: &Array) -> Vec<(&'static str, Array)> {
    let last = x.ndim() as isize - 1;
    let backwards: Vec<isize> = (0..=last).rev().collect();
    let turned = np::astype(x.permute(backwards.clone()).unwrap(), x.dtype()).unwrap();
    let twice = np::concat(&[x, x], last).unwrap();
    let (n, dots) = (x.shape()[last as usize], ":, ".repeat(last as usize));
    vec![
        ("dense", x.clone()),
        ("transposed", turned.permute(backwards).unwrap()),
        ("every second", np::stack(&[x, x], -1).unwrap().slice("..., 0").unwrap()),
        ("part of rows", twice.slice(format!("{dots}:{n}").as_str()).unwrap()),
        ("backwards", x.flip(last).unwrap().eval().unwrap().flip(last).unwrap()),
    ]
}

type Reduce = fn(&Array, &[isize]) -> Result<Array>;

const REDUCTIONS: [(&str, Reduce); 6] = [
    ("sum", |x, axes| np::sum(x, axes)),
    ("prod", |x, axes| np::prod(x, axes)),
    ("mean", |x, axes| np::mean(x, axes)),
    ("var", |x, axes| np::var(x, axes)),
    ("sum of squared distances", |x, axes| {
        let distance = np::subtract(x, np::mean(x, np::axis(axes).keepdims())?)?;
        np::sum(np::multiply(&distance, &distance)?, axes)
    }),
    ("sum of the exponentials", |x, axes| np::sum(np::exp(x)?, axes)),
];

#[test]
fn trees_depend_on_shape_axes_and_dtype_only() {
    let mut random = Random(7);
    let mut wrong = Vec::new();
    for shape in [
        &[1000, 64][..],
        &[64, 1000],
        &[7, 3000],
        &[3000, 7],
        &[20_000, 3],
        &[3, 20_000],
        &[70_000, 2],
        &[40, 3, 50],
        &[5, 300, 40],
        &[17, 100, 3],
    ] {
        for dtype in [DType::F16, DType::F32, DType::F64, DType::C64] {
            // Near 1, so that products stay in range.
            let x = array(dtype, shape, &mut random);
            let x = np::add(np::multiply(&x, 0.01).unwrap(), 1.0).unwrap().eval().unwrap().clone();
            let mut row = vec![1; shape.len()];
            row[0] = shape[0];
            let w = array(dtype, &row, &mut random).eval().unwrap().clone();
            let weighted = np::multiply(&x, &w).unwrap().eval().unwrap().clone();
            let all: Vec<isize> = (0..shape.len() as isize).collect();
            let mut axes: Vec<Vec<isize>> = all.iter().map(|&axis| vec![axis]).collect();
            axes.extend([all[..2].to_vec(), all.clone()]);
            if shape.len() == 3 {
                axes.push(vec![0, 2]);
            }
            for (name, reduce) in REDUCTIONS {
                for axes in &axes {
                    let want = bits(&reduce(&x, axes).unwrap());
                    for (layout, x) in layouts(&x) {
                        if bits(&reduce(&x, axes).unwrap()) != want {
                            wrong.push(format!("{name} over {axes:?} of {dtype} {shape:?}, {layout}"));
                        }
                    }
                    let fused = bits(&reduce(&np::multiply(&x, &w).unwrap(), axes).unwrap());
                    if fused != bits(&reduce(&weighted, axes).unwrap()) {
                        wrong.push(format!("{name} over {axes:?} of {dtype} {shape:?}, fused"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn rows_reduced_in_a_kernel_that_goes_on_are_reduced_like_others() {
    let mut random = Random(11);
    for (dtype, n) in [(DType::F32, 100), (DType::F32, 9000), (DType::F64, 6000), (DType::F32, 20_000)] {
        let x = array(dtype, &[5, n], &mut random);
        let sum = |x: &Array| np::sum(x, np::axis(-1).keepdims()).unwrap();
        let fused = np::divide(np::multiply(&x, 3.0).unwrap(), sum(&np::multiply(&x, 3.0).unwrap())).unwrap();
        let three = np::multiply(&x, 3.0).unwrap().eval().unwrap().clone();
        let apart = sum(&three).eval().unwrap().clone();
        assert!(bits(&fused) == bits(&np::divide(&three, &apart).unwrap()), "{dtype} {n}");
    }
}
