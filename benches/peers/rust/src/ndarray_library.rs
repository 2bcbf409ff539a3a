//! ndarray alone, with rayon and matrixmultiply's threads: what a Rust program has without polyarray.
use ndarray::{Array1, Array2, Axis, Zip};

use crate::ours::{a_shape, b_shape};
use crate::request::{Request, uniform};
use crate::{Library, Run};

pub struct Ndarray;

fn vector(k: u32, shape: &[usize]) -> Array1<f32> {
    Array1::from(uniform(k, shape.iter().product()))
}

fn matrix(k: u32, shape: &[usize]) -> Result<Array2<f32>, String> {
    Array2::from_shape_vec((shape[0], shape[1]), uniform(k, shape.iter().product())).map_err(|e| e.to_string())
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
