//! burn: wgpu with fusion and autotune, and flex on the CPU. float32 only. Left out are its SPIR-V compiler (feature `vulkan`),
//! since on the software adapter products and full sums end the process there, and its crates of factorisations and transforms,
//! which its tensors do without.
use std::cell::RefCell;

use burn::tensor::{Device, DeviceKind, Distribution, Int, Tensor, TensorData, activation::softmax};

use crate::inputs::{operands, positions};
use crate::ours::{a_shape, b_shape};
use crate::request::{Request, uniform};
use crate::{Library, Run};

pub struct Burn(Device);

impl Burn {
    pub fn wgpu() -> Burn {
        Burn(Device::wgpu(DeviceKind::DefaultDevice))
    }

    pub fn flex() -> Burn {
        Burn(Device::flex())
    }

    fn input<const D: usize>(&self, k: u32, shape: &[usize]) -> Tensor<D> {
        let data = uniform(k, shape.iter().product());
        Tensor::from_data(TensorData::new(data, shape.to_vec()), &self.0)
    }

    /// Runs a body until its result is computed.
    fn run<const D: usize>(&self, body: impl Fn() -> Tensor<D> + 'static) -> Option<Run> {
        self.until_done(body, floats)
    }

    /// Runs a body until its result, of integers, is computed.
    fn run_places(&self, body: impl Fn() -> Tensor<1, Int> + 'static) -> Option<Run> {
        self.until_done(body, |out| Ok(out.try_into_data().map_err(say)?.iter::<f64>().collect()))
    }

    fn until_done<T: 'static>(
        &self,
        body: impl Fn() -> T + 'static,
        values: fn(T) -> Result<Vec<f64>, String>,
    ) -> Option<Run> {
        let device = self.0.clone();
        Some(Box::new(move |read| {
            let out = body();
            if read {
                return values(out).map(Some);
            }
            // `sync` submits pending operations; the result must live until then.
            device.sync().map_err(say)?;
            drop(out);
            Ok(None)
        }))
    }
}

fn floats<const D: usize>(out: Tensor<D>) -> Result<Vec<f64>, String> {
    let read = out.try_into_data().map_err(say)?.try_to_vec::<f32>().map_err(say)?;
    Ok(read.into_iter().map(f64::from).collect())
}

fn say(e: impl std::fmt::Debug) -> String {
    format!("{e:?}")
}

impl Library for Burn {
    fn prepare(&mut self, request: &Request) -> Result<Option<Run>, String> {
        if request.dtype != "float32" {
            return Ok(None);
        }
        let shape = request.shape.clone();
        Ok(match request.op.as_str() {
            "a*b+c" => {
                let [a, b, c] = [0, 1, 2].map(|k| self.input::<1>(k, &shape));
                self.run(move || a.clone() * b.clone() + c.clone())
            }
            "exp(sin x)" => {
                let a = self.input::<1>(0, &shape);
                self.run(move || a.clone().sin().exp())
            }
            "chain of 10" => {
                let a = self.input::<1>(0, &shape);
                self.run(move || {
                    let t = a.clone() * 2.0 + 1.0;
                    let t = t * a.clone() - 0.5;
                    let t = t.clone() * t + a.clone();
                    let t = t.abs().sqrt();
                    t * 0.25 - a.clone()
                })
            }
            "softmax rows" => {
                let a = self.input::<2>(0, &shape);
                self.run(move || softmax(a.clone(), 1))
            }
            "layer norm rows" => {
                let a = self.input::<2>(0, &shape);
                self.run(move || {
                    let (var, mean) = a.clone().var_mean_bias(1);
                    (a.clone() - mean) / (var + 1e-5).sqrt()
                })
            }
            "tiny 100" => {
                let a = self.input::<1>(0, &shape);
                Some(Box::new(move |_| {
                    let mut t = a.clone();
                    for _ in 0..50 {
                        t = t * 0.99 + 0.01;
                    }
                    floats(t).map(Some)
                }))
            }
            "transposed copy" => {
                let a = self.input::<2>(0, &shape);
                self.run(move || a.clone().transpose() * 1.0)
            }
            "matmul" if shape.len() == 3 => {
                let (a, b) = (self.input::<2>(0, &a_shape(&shape)), self.input::<2>(1, &b_shape(&shape)));
                self.run(move || a.clone().matmul(b.clone()))
            }
            "matmul" => {
                let (a, b) = (self.input::<3>(0, &a_shape(&shape)), self.input::<3>(1, &b_shape(&shape)));
                self.run(move || a.clone().matmul(b.clone()))
            }
            "matmul transposed" => {
                let mut turned = a_shape(&shape);
                turned.reverse();
                let (a, b) = (self.input::<2>(0, &turned), self.input::<2>(1, &b_shape(&shape)));
                self.run(move || a.clone().transpose().matmul(b.clone()))
            }
            "heat step" => {
                let (u, v) = (self.input::<2>(0, &shape), RefCell::new(Some(self.input::<2>(0, &shape))));
                let (rows, columns) = (shape[0] - 2, shape[1] - 2);
                self.run(move || {
                    let part = |row: usize, column: usize| {
                        u.clone().slice([row..row + rows, column..column + columns])
                    };
                    let middle = part(1, 1);
                    let around = part(0, 1) + part(2, 1) + part(1, 0) + part(1, 2);
                    let next = middle.clone() + (around - middle * 4.0) * 0.1;
                    // Taken out, so that it is the only owner and assigns in place.
                    let last = v.borrow_mut().take().expect("one run after another");
                    let out = last.slice_assign([1..1 + rows, 1..1 + columns], next);
                    *v.borrow_mut() = Some(out.clone());
                    out
                })
            }
            "n-body" => {
                let at = self.input::<2>(0, &shape);
                self.run(move || {
                    let apart = at.clone().unsqueeze_dim::<3>(0) - at.clone().unsqueeze_dim::<3>(1);
                    let square = (apart.clone() * apart.clone()).sum_dim(2) + 0.01;
                    let strength = (square.clone().sqrt() * square).recip();
                    (apart * strength).sum_dim(1)
                })
            }
            "stack last" => {
                let a = self.input::<2>(0, &shape);
                let rows = (0..shape[0])
                    .map(|row| a.clone().slice([row..row + 1]).squeeze_dim::<1>(0))
                    .collect::<Vec<_>>();
                self.run(move || Tensor::stack::<2>(rows.clone(), 1))
            }
            "copy" => {
                let a = self.input::<1>(0, &shape);
                self.run(move || a.clone() + 0.0)
            }
            "sort" => {
                let a = self.input::<1>(0, &shape);
                self.run(move || a.clone().sort(0))
            }
            "argsort" => {
                let a = self.input::<1>(0, &shape);
                self.run_places(move || a.clone().argsort(0))
            }
            "top 100" => {
                let a = self.input::<1>(0, &shape);
                self.run(move || a.clone().topk(100, 0))
            }
            "boolean selection" => {
                let a = self.input::<1>(0, &shape);
                self.run(move || a.clone().mask_select(a.clone().greater_scalar(0.25)))
            }
            "nonzero" => {
                let a = self.input::<1>(0, &shape);
                self.run_places(move || a.clone().greater_scalar(0.25).nonzero().remove(0))
            }
            "cumsum" => {
                let a = self.input::<1>(0, &shape);
                self.run(move || a.clone().cumsum(0))
            }
            "median" => {
                let a = self.input::<1>(0, &shape);
                self.run(move || a.clone().median(0))
            }
            "take" => {
                let a = self.input::<1>(0, &shape);
                let at =
                    Tensor::<1, Int>::from_data(TensorData::new(positions(shape[0]), shape.clone()), &self.0);
                self.run(move || a.clone().select(0, at.clone()))
            }
            "random normal" => {
                let (device, len) = (self.0.clone(), shape[0]);
                self.run(move || Tensor::<1>::random([len], Distribution::Normal(0.0, 1.0), &device))
            }
            op if shape.len() == 3
                && let Some(subscripts) = op.strip_prefix("einsum ") =>
            {
                let xs = (0..operands(subscripts)).map(|k| self.input::<3>(k, &shape)).collect::<Vec<_>>();
                let subscripts = subscripts.to_owned();
                self.run(move || Tensor::<3>::einsum(&subscripts, xs.iter().map(Into::into)))
            }
            op if shape.len() == 2
                && let Some(subscripts) = op.strip_prefix("einsum ") =>
            {
                let xs = (0..operands(subscripts)).map(|k| self.input::<2>(k, &shape)).collect::<Vec<_>>();
                let subscripts = subscripts.to_owned();
                self.run(move || Tensor::<2>::einsum(&subscripts, xs.iter().map(Into::into)))
            }
            reduction => {
                let Some((name, over)) = reduction.split_once(' ') else { return Ok(None) };
                // Other methods have numbers after their names, and inputs of one axis.
                if !["sum", "mean", "max", "var"].contains(&name) {
                    return Ok(None);
                }
                let name = name.to_owned();
                let a = self.input::<2>(0, &shape);
                let dim = match over {
                    "all" => {
                        return Ok(self.run(move || match name.as_str() {
                            "sum" => a.clone().sum(),
                            "mean" => a.clone().mean(),
                            "max" => a.clone().max(),
                            _ => a.clone().reshape([1, -1]).var_bias(1).reshape([1]),
                        }));
                    }
                    "rows" => 1,
                    _ => 0,
                };
                self.run(move || match name.as_str() {
                    "sum" => a.clone().sum_dim(dim),
                    "mean" => a.clone().mean_dim(dim),
                    "max" => a.clone().max_dim(dim),
                    _ => a.clone().var_bias(dim),
                })
            }
        })
    }
}
