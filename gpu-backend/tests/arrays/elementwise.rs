use polyarray_core::expr::{OPS, OpInfo};
use polyarray_core::{Array, DType, Kind, Scalar, numpy as np};

use crate::reference::{differs, truth, values};
use crate::{Random, array, dtypes, on_gpu, scalars};

/// The numeric contract.
fn ulps(op: &OpInfo, dtype: DType) -> f64 {
    let exact = [
        "negative",
        "absolute",
        "floor",
        "add",
        "subtract",
        "multiply",
        "divide",
        "minimum",
        "maximum",
        "where",
        "conj",
        "real",
        "imag",
        "remainder",
        "ceil",
        "trunc",
        "round",
        "signbit",
        "copysign",
        "complex",
        "floor_divide",
        "sqrt",
    ];
    match dtype.kind() {
        // Half precision computes in single precision and rounds once more.
        Kind::Float if dtype == DType::F16 => 1.0,
        // The reference of f64 functions is the host's own, itself within one unit.
        Kind::Float if exact.contains(&op.name) => 0.0,
        Kind::Float => 4.0,
        Kind::Complex => 16.0,
        _ => 0.0,
    }
}

fn operands(op: &OpInfo, dtype: DType) -> Vec<Vec<Scalar>> {
    let mut random = Random(op.op as u64 * 100 + dtype as u64);
    let count = 600;
    let all = values(dtype, &mut random, count);
    match op.arity {
        1 => vec![all],
        // Every special value with every other one, then random pairs.
        2 => {
            let few = values(dtype, &mut random, 0);
            let mut pairs: (Vec<Scalar>, Vec<Scalar>) =
                few.iter().flat_map(|&a| few.iter().map(move |&b| (a, b))).unzip();
            pairs.0.extend(values(dtype, &mut random, count));
            pairs.1.extend(values(dtype, &mut random, count).into_iter().rev());
            vec![pairs.0, pairs.1]
        }
        _ => {
            let condition = all.iter().enumerate().map(|(i, _)| Scalar::Bool(i % 3 == 0)).collect();
            let other = all.iter().rev().copied().collect();
            vec![condition, all, other]
        }
    }
}

fn check(op: &OpInfo, dtype: DType) {
    let columns = operands(op, dtype);
    let arrays: Vec<Array> = columns
        .iter()
        .enumerate()
        .map(|(k, column)| {
            on_gpu(&array(if op.name == "where" && k == 0 { DType::Bool } else { dtype }, column))
        })
        .collect();
    let result = np::apply(op.op, &arrays.iter().collect::<Vec<_>>())
        .unwrap_or_else(|error| panic!("{} in {dtype}: {error}", op.name));
    assert_eq!(result.residency().name(), "gpu:0");
    let got = scalars(&result);
    // Cast as the arrays were: what the device saw is what the truth is told.
    let inputs: Vec<Vec<Scalar>> = arrays.iter().map(scalars).collect();
    let mut wrong = Vec::new();
    for (i, &got) in got.iter().enumerate() {
        let x: Vec<Scalar> = inputs.iter().map(|column| column[i]).collect();
        if let Some(how) = differs(got, truth(op, dtype, &x), ulps(op, dtype)) {
            wrong.push(format!(
                "{}({}) = {how}",
                op.name,
                x.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} in {dtype}: {} of {} wrong:\n{}",
        op.name,
        wrong.len(),
        got.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
}

fn every_op(of: impl Fn(DType) -> bool) {
    let mut failures = Vec::new();
    for dtype in dtypes().into_iter().filter(|&d| of(d)) {
        for op in OPS.iter().filter(|op| op.kinds.has(dtype.kind())) {
            if let Err(panic) = std::panic::catch_unwind(|| check(op, dtype)) {
                failures.push(
                    panic
                        .downcast_ref::<String>()
                        .cloned()
                        .unwrap_or_else(|| format!("{} in {dtype}", op.name)),
                );
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_operation_on_integers_and_bools() {
    every_op(|d| matches!(d.kind(), Kind::Bool | Kind::Int));
}

#[test]
fn every_operation_on_floats() {
    every_op(|d| d.kind() == Kind::Float);
}

#[test]
fn every_operation_on_complex_numbers() {
    every_op(|d| d.kind() == Kind::Complex);
}

#[test]
fn every_cast() {
    let mut wrong = Vec::new();
    for from in dtypes() {
        let mut random = Random(from as u64);
        let x = on_gpu(&array(from, &values(from, &mut random, 300)));
        let inputs = scalars(&x);
        for to in dtypes() {
            let got = match np::astype(&x, to) {
                Ok(cast) => scalars(&cast),
                Err(error) => panic!("{from} to {to}: {error}"),
            };
            for (&x, &got) in inputs.iter().zip(&got) {
                let want = x.cast(to);
                if let Some(how) = differs(got, want, 0.0) {
                    wrong.push(format!("{from} {x} to {to} = {how}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// A cast and what follows it are one kernel, which the driver's compiler sees whole: some forget the sign.
#[test]
fn integers_widened_in_a_kernel_keep_their_sign() {
    let x = [-128i64, -7, -3, -2, -1, 1, 2, 3, 127];
    let gpu = Array::from(x.to_vec()).to("gpu:0").unwrap();
    let floored = |a: i64, b: i64| a.div_euclid(b) - i64::from(b < 0 && a.rem_euclid(b) != 0);
    for from in [DType::I8, DType::I16, DType::I32] {
        let narrow = np::astype(&gpu, from).unwrap().eval().unwrap().clone();
        let wide = || np::astype(&narrow, DType::I64).unwrap();
        for (out, want) in [
            (np::absolute(wide()), x.map(i64::abs)),
            (np::negative(wide()), x.map(|x| -x)),
            (np::floor_divide(wide(), 5), x.map(|x| floored(x, 5))),
            (np::floor_divide(5, wide()), x.map(|x| floored(5, x))),
            (np::remainder(wide(), 5), x.map(|x| x - 5 * floored(x, 5))),
            (np::remainder(5, wide()), x.map(|x| 5 - x * floored(5, x))),
            (np::minimum(wide(), 0), x.map(|x| x.min(0))),
            (np::astype(np::less(wide(), 0).unwrap(), DType::I64), x.map(|x| i64::from(x < 0))),
        ] {
            assert_eq!(out.unwrap().to_vec::<i64>().unwrap(), want, "{from}");
        }
        let floats = np::astype(wide(), DType::F32).unwrap().to_vec::<f32>().unwrap();
        assert_eq!(floats, x.map(|x| x as f32), "{from}");
    }
}

#[test]
fn special_cases_of_the_table_hold() {
    for dtype in dtypes().into_iter().filter(|d| matches!(d, DType::F32 | DType::F64)) {
        for op in OPS.iter().filter(|op| op.kinds.has(Kind::Float) && !op.special.is_empty()) {
            let columns: Vec<Array> = (0..op.arity)
                .map(|k| {
                    on_gpu(&array(
                        dtype,
                        &op.special.iter().map(|(x, _)| Scalar::F64(x[k])).collect::<Vec<_>>(),
                    ))
                })
                .collect();
            let got = scalars(&np::apply(op.op, &columns.iter().collect::<Vec<_>>()).unwrap());
            for ((x, want), got) in op.special.iter().zip(got) {
                let want = Scalar::F64(*want).cast(op.op.output(dtype));
                assert_eq!(differs(got, want, 0.0), None, "{}({x:?}) in {dtype}", op.name);
            }
        }
    }
}
