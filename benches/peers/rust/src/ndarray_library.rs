//! ndarray alone, with rayon and matrixmultiply's threads: what a Rust program has without polyarray.
use ndarray::{Array1, Array2, Axis, Zip, s};

use crate::ours::{a_shape, b_shape};
use crate::request::{Request, uniform};
use crate::{Library, Run};

pub struct Ndarray;

fn vector(k: u32, shape: &[usize]) -> Array1<f32> {
    Array1::from(uniform(k, shape.iter().product()))
}

fn matrix(k: u32, shape: &[usize]) -> Result<Array2<f32>, String> {
    Array2::from_shape_vec((shape[0], shape[1]), uniform(k, shape.iter().product()))
        .map_err(|e| e.to_string())
}

/// Runs a body, and keeps its result from being optimised away.
fn run<D: ndarray::Dimension + 'static>(body: impl Fn() -> ndarray::Array<f32, D> + 'static) -> Option<Run> {
    Some(Box::new(move |read| {
        let out = std::hint::black_box(body());
        Ok(read.then(|| out.iter().map(|&v| f64::from(v)).collect()))
    }))
}

impl Library for Ndarray {
    fn prepare(&mut self, request: &Request) -> Result<Option<Run>, String> {
        if request.dtype != "float32" {
            return Ok(None);
        }
        let shape = &request.shape;
        Ok(match request.op.as_str() {
            "a*b+c" => {
                let [a, b, c] = [0, 1, 2].map(|k| vector(k, shape));
                run(move || Zip::from(&a).and(&b).and(&c).par_map_collect(|a, b, c| a * b + c))
            }
            "exp(sin x)" => {
                let a = vector(0, shape);
                run(move || Zip::from(&a).par_map_collect(|a| a.sin().exp()))
            }
            "chain of 10" => {
                let a = vector(0, shape);
                run(move || {
                    Zip::from(&a).par_map_collect(|&x| {
                        let t = (x * 2.0 + 1.0) * x - 0.5;
                        (t * t + x).abs().sqrt() * 0.25 - x
                    })
                })
            }
            "tiny 100" => {
                let a = vector(0, shape);
                run(move || {
                    let mut t = a.clone();
                    for _ in 0..50 {
                        t = t * 0.99 + 0.01;
                    }
                    t
                })
            }
            "matmul" if shape.len() == 3 => {
                let (a, b) = (matrix(0, &a_shape(shape))?, matrix(1, &b_shape(shape))?);
                run(move || a.dot(&b))
            }
            "matmul transposed" => {
                let mut turned = a_shape(shape);
                turned.reverse();
                let (a, b) = (matrix(0, &turned)?, matrix(1, &b_shape(shape))?);
                run(move || a.t().dot(&b))
            }
            "transposed copy" => {
                let a = matrix(0, shape)?;
                run(move || a.t().as_standard_layout().into_owned())
            }
            // Loops on one thread, into memory that is there.
            "heat step" => {
                let (u, mut v) = (matrix(0, shape)?, matrix(0, shape)?);
                let mut next = Array2::<f32>::zeros((shape[0] - 2, shape[1] - 2));
                Some(Box::new(move |read| {
                    Zip::from(&mut next)
                        .and(u.slice(s![..-2, 1..-1]))
                        .and(u.slice(s![2.., 1..-1]))
                        .and(u.slice(s![1..-1, ..-2]))
                        .and(u.slice(s![1..-1, 2..]))
                        .for_each(|o, up, down, left, right| *o = up + down + left + right);
                    Zip::from(&mut next)
                        .and(u.slice(s![1..-1, 1..-1]))
                        .for_each(|o, &u| *o = u + 0.1 * (*o - 4.0 * u));
                    v.slice_mut(s![1..-1, 1..-1]).assign(&next);
                    Ok(read.then(|| v.iter().map(|&v| f64::from(v)).collect()))
                }))
            }
            "n-body" => {
                let at = matrix(0, shape)?;
                run(move || {
                    let mut pull = Array2::zeros(at.raw_dim());
                    for (here, mut pull) in at.outer_iter().zip(pull.outer_iter_mut()) {
                        for there in at.outer_iter() {
                            let apart = [0, 1, 2].map(|axis| there[axis] - here[axis]);
                            let square = apart.iter().map(|d| d * d).sum::<f32>() + 0.01;
                            let strength = 1.0 / (square.sqrt() * square);
                            (0..3).for_each(|axis| pull[axis] += apart[axis] * strength);
                        }
                    }
                    pull
                })
            }
            "stack last" => {
                let a = matrix(0, shape)?;
                run(move || {
                    let mut out = Array2::zeros((a.ncols(), a.nrows()));
                    for (row, mut column) in a.outer_iter().zip(out.columns_mut()) {
                        column.assign(&row);
                    }
                    out
                })
            }
            "sum all" => {
                let a = matrix(0, shape)?;
                run(move || ndarray::arr0(a.sum()))
            }
            "sum rows" => {
                let a = matrix(0, shape)?;
                run(move || a.sum_axis(Axis(1)))
            }
            "sum columns" => {
                let a = matrix(0, shape)?;
                run(move || a.sum_axis(Axis(0)))
            }
            _ => None,
        })
    }
}
