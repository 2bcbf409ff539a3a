//! burn: wgpu with fusion and autotune, and flex on the CPU. float32 only. Its SPIR-V compiler (feature `vulkan`) is left out:
//! on the software adapter products and full sums end the process there.
use burn::tensor::{Device, DeviceKind, Tensor, TensorData, activation::softmax};

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
        let device = self.0.clone();
        Some(Box::new(move |read| {
            let out = body();
            if read {
                return values(out).map(Some);
            }
            // `sync` submits pending operations; the result must live until then.
            device.sync().map_err(|e| format!("{e:?}"))?;
            drop(out);
            Ok(None)
        }))
    }
}

fn values<const D: usize>(out: Tensor<D>) -> Result<Vec<f64>, String> {
    let read = out.into_data().try_to_vec::<f32>().map_err(|e| format!("{e:?}"))?;
    Ok(read.into_iter().map(f64::from).collect())
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
                    values(t).map(Some)
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
            reduction => {
                let Some((name, over)) = reduction.split_once(' ') else { return Ok(None) };
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
                if !["sum", "mean", "max", "var"].contains(&name.as_str()) {
                    return Ok(None);
                }
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
