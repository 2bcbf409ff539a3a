//! numr on its WebGPU runtime: float32 only. Its users call the fused operations of its client, so these do too.
use std::rc::Rc;
use std::result::Result;

use numr::algorithm::linalg::LinearAlgebraAlgorithms;
use numr::dtype::Complex64;
use numr::ops::EinsumOps;
use numr::prelude::*;

use crate::inputs::{definite, operands, positions, symmetric};
use crate::ours::{a_shape, b_shape};
use crate::request::{Request, uniform};
use crate::{Library, Run};

type Wgpu = Tensor<WgpuRuntime>;

/// What an operation leaves: the result that is compared, and whatever else was computed with it.
type Results = numr::error::Result<Vec<Wgpu>>;

pub struct Numr {
    device: WgpuDevice,
    client: Rc<WgpuClient>,
}

impl Numr {
    pub fn wgpu() -> Result<Numr, String> {
        let device = WgpuDevice::new(0);
        let client = WgpuClient::new(device.clone()).map_err(|e| e.to_string())?;
        Ok(Numr { device, client: Rc::new(client) })
    }

    fn array<T: numr::dtype::Element>(&self, values: &[T], shape: &[usize]) -> Result<Wgpu, String> {
        Tensor::from_slice(values, shape, &self.device).map_err(say)
    }

    fn input(&self, k: u32, shape: &[usize]) -> Result<Wgpu, String> {
        self.array(&uniform(k, shape.iter().product()), shape)
    }

    fn complex(&self, shape: &[usize]) -> Result<Wgpu, String> {
        let len = shape.iter().product();
        let parts = uniform(0, len).into_iter().zip(uniform(1, len));
        self.array(&parts.map(|(re, im)| Complex64::new(re, im)).collect::<Vec<_>>(), shape)
    }

    /// Runs a body until all its results are computed.
    fn run(&self, body: impl Fn(&WgpuClient) -> Results + 'static) -> Result<Option<Run>, String> {
        let client = self.client.clone();
        Ok(Some(Box::new(move |read| {
            let out = body(&client).map_err(say)?;
            if read {
                return values(&out[0]).map(Some);
            }
            client.synchronize();
            drop(out);
            Ok(None)
        })))
    }

    /// An operation of one input.
    fn unary(&self, shape: &[usize], f: fn(&WgpuClient, &Wgpu) -> Results) -> Result<Option<Run>, String> {
        let x = self.input(0, shape)?;
        self.run(move |on| f(on, &x))
    }
}

fn values(out: &Wgpu) -> Result<Vec<f64>, String> {
    // Reads memory as it lies.
    let out = out.contiguous().map_err(say)?;
    Ok(match out.dtype() {
        DType::F32 => out.try_to_vec::<f32>().map_err(say)?.into_iter().map(f64::from).collect(),
        DType::Complex64 => {
            out.try_to_vec::<Complex64>().map_err(say)?.into_iter().map(|z| f64::from(z.re)).collect()
        }
        DType::I32 => out.try_to_vec::<i32>().map_err(say)?.into_iter().map(f64::from).collect(),
        DType::U32 => out.try_to_vec::<u32>().map_err(say)?.into_iter().map(f64::from).collect(),
        DType::I64 => out.try_to_vec::<i64>().map_err(say)?.into_iter().map(|v| v as f64).collect(),
        other => return Err(format!("a result of {other:?}")),
    })
}

fn say(e: numr::error::Error) -> String {
    e.to_string()
}

fn one(x: Wgpu) -> Results {
    Ok(vec![x])
}

const FORWARD: (FftDirection, FftNormalization) = (FftDirection::Forward, FftNormalization::Backward);

impl Library for Numr {
    fn prepare(&mut self, request: &Request) -> Result<Option<Run>, String> {
        // Transforms make their complex input of two.
        if request.dtype != "float32" && request.dtype != "complex64" {
            return Ok(None);
        }
        let shape = &request.shape[..];
        match request.op.as_str() {
            "a*b+c" => {
                let (a, b, c) = (self.input(0, shape)?, self.input(1, shape)?, self.input(2, shape)?);
                self.run(move |on| one(on.fused_mul_add(&a, &b, &c)?))
            }
            "exp(sin x)" => self.unary(shape, |on, x| one(on.exp(&on.sin(x)?)?)),
            "chain of 10" => self.unary(shape, |on, x| {
                let t = on.fused_mul_add_scalar(x, 2.0, 1.0)?;
                let t = on.sub_scalar(&on.mul(&t, x)?, 0.5)?;
                let t = on.fused_mul_add(&t, &t, x)?;
                let t = on.sqrt(&on.abs(&t)?)?;
                one(on.sub(&on.mul_scalar(&t, 0.25)?, x)?)
            }),
            "softmax rows" => self.unary(shape, |on, x| one(on.softmax(x, -1)?)),
            "layer norm rows" => {
                let width = &shape[1..];
                let weight = Tensor::ones(width, DType::F32, &self.device).map_err(say)?;
                let bias = Tensor::zeros(width, DType::F32, &self.device).map_err(say)?;
                let x = self.input(0, shape)?;
                self.run(move |on| one(on.layer_norm(&x, &weight, &bias, 1e-5)?))
            }
            "tiny 100" => {
                let x = self.input(0, shape)?;
                let client = self.client.clone();
                Ok(Some(Box::new(move |_| {
                    let mut t = x.clone();
                    for _ in 0..50 {
                        t = client
                            .add_scalar(&client.mul_scalar(&t, 0.99).map_err(say)?, 0.01)
                            .map_err(say)?;
                    }
                    values(&t).map(Some)
                })))
            }
            "transposed copy" => self.unary(shape, |_, x| one(x.t()?.contiguous()?)),
            "heat step" => {
                let (u, v) = (self.input(0, shape)?, self.input(0, shape)?);
                let (rows, columns) = (shape[0] - 2, shape[1] - 2);
                self.run(move |on| {
                    let part = |row: usize, column: usize| u.narrow(0, row, rows)?.narrow(1, column, columns);
                    let middle = part(1, 1)?;
                    let around =
                        on.add(&on.add(&part(0, 1)?, &part(2, 1)?)?, &on.add(&part(1, 0)?, &part(1, 2)?)?)?;
                    let change = on.mul_scalar(&on.sub(&around, &on.mul_scalar(&middle, 4.0)?)?, 0.1)?;
                    // It assigns along one axis at a time.
                    let strip = on.slice_assign(&v.narrow(0, 1, rows)?, &on.add(&middle, &change)?, 1, 1)?;
                    one(on.slice_assign(&v, &strip, 0, 1)?)
                })
            }
            "n-body" => self.unary(shape, |on, at| {
                let apart = on.sub(&at.unsqueeze(0)?, &at.unsqueeze(1)?)?;
                let square = on.add_scalar(&on.sum(&on.mul(&apart, &apart)?, &[2], false)?, 0.01)?;
                let strength = on.recip(&on.mul(&on.sqrt(&square)?, &square)?)?;
                one(on.sum(&on.mul(&apart, &strength.unsqueeze(2)?)?, &[1], false)?)
            }),
            "stack last" => {
                let x = self.input(0, shape)?;
                let count = shape[0];
                self.run(move |on| {
                    let rows = (0..count)
                        .map(|row| Ok(x.narrow(0, row, 1)?.squeeze(Some(0))))
                        .collect::<numr::error::Result<Vec<_>>>()?;
                    one(on.stack(&rows.iter().collect::<Vec<_>>(), -1)?)
                })
            }
            "matmul" => {
                let (a, b) = (self.input(0, &a_shape(shape))?, self.input(1, &b_shape(shape))?);
                self.run(move |on| one(on.matmul(&a, &b)?))
            }
            "matmul transposed" => {
                let mut turned = a_shape(shape);
                turned.reverse();
                let (a, b) = (self.input(0, &turned)?, self.input(1, &b_shape(shape))?);
                self.run(move |on| one(on.matmul(&a.t()?, &b)?))
            }
            "copy" => self.unary(shape, |_, x| one(x.clone_deep()?)),
            "sort" => self.unary(shape, |on, x| one(on.sort(x, 0, false)?)),
            "argsort" => self.unary(shape, |on, x| one(on.argsort(x, 0, false)?)),
            "unique" => self.unary(shape, |on, x| one(on.unique(x, true)?)),
            "histogram 64" => self.unary(shape, |on, x| {
                let (counts, edges) = on.histogram(x, 64, Some((-1.0, 1.0)))?;
                Ok(vec![counts, edges])
            }),
            "top 100" => self.unary(shape, |on, x| {
                let (values, places) = on.topk(x, 100, 0, true, true)?;
                Ok(vec![values, places])
            }),
            "boolean selection" => {
                let (x, limit) = (self.input(0, shape)?, self.array(&[0.25_f32], &[1])?);
                // A comparison answers in its operands' type, and a mask is of words.
                self.run(move |on| one(on.masked_select(&x, &on.cast(&on.gt(&x, &limit)?, DType::U32)?)?))
            }
            "nonzero" => {
                let (x, limit) = (self.input(0, shape)?, self.array(&[0.25_f32], &[1])?);
                self.run(move |on| one(on.nonzero(&on.gt(&x, &limit)?)?))
            }
            "cumsum" => self.unary(shape, |on, x| one(on.cumsum(x, 0)?)),
            "median" => self.unary(shape, |on, x| one(on.median(x, None, false)?)),
            "take" => {
                let x = self.input(0, shape)?;
                let at = positions(shape[0]);
                let at = self.array(&at, &[at.len()])?;
                self.run(move |on| one(on.take(&x, &at)?))
            }
            "random normal" => {
                let shape = shape.to_vec();
                self.run(move |on| one(on.randn(&shape, DType::F32)?))
            }
            "fft" | "fft rows" => {
                let x = self.complex(shape)?;
                self.run(move |on| one(on.fft(&x, FORWARD.0, FORWARD.1)?))
            }
            "fft2" => {
                let x = self.complex(shape)?;
                self.run(move |on| one(on.fft2(&x, FORWARD.0, FORWARD.1)?))
            }
            "svd" => self.unary(shape, |on, x| {
                let parts = on.svd_decompose(x)?;
                Ok(vec![parts.s, parts.u, parts.vt])
            }),
            "eigh" => {
                let x = self.array(&symmetric(shape[0]), shape)?;
                self.run(move |on| {
                    let parts = on.eig_decompose_symmetric(&x)?;
                    // Its own order is that of magnitude.
                    Ok(vec![on.sort(&parts.eigenvalues, 0, false)?, parts.eigenvectors])
                })
            }
            "qr" => self.unary(shape, |on, x| {
                let parts = on.qr_decompose(x)?;
                Ok(vec![on.abs(&parts.r)?, parts.q])
            }),
            "cholesky" => {
                let x = self.array(&definite(shape[0]), shape)?;
                self.run(move |on| one(on.cholesky_decompose(&x)?.l))
            }
            "solve" => {
                let (x, b) = (self.array(&definite(shape[0]), shape)?, self.input(1, &[shape[0], 16])?);
                self.run(move |on| one(LinearAlgebraAlgorithms::solve(on, &x, &b)?))
            }
            op if let Some(subscripts) = op.strip_prefix("einsum ") => {
                let (subscripts, count) = (subscripts.to_owned(), operands(subscripts));
                let xs = (0..count).map(|k| self.input(k, shape)).collect::<Result<Vec<_>, _>>()?;
                self.run(move |on| one(on.einsum(&subscripts, &xs.iter().collect::<Vec<_>>())?))
            }
            reduction => {
                let Some((name, over)) = reduction.split_once(' ') else { return Ok(None) };
                let f: fn(&WgpuClient, &Wgpu, &[usize]) -> numr::error::Result<Wgpu> = match name {
                    "sum" => |on, x, over| on.sum(x, over, false),
                    "mean" => |on, x, over| on.mean(x, over, false),
                    "max" => |on, x, over| on.max(x, over, false),
                    "var" => |on, x, over| on.var(x, over, false, 0),
                    _ => return Ok(None),
                };
                let over: &[usize] = match over {
                    "all" => &[0, 1],
                    "rows" => &[1],
                    _ => &[0],
                };
                let x = self.input(0, shape)?;
                self.run(move |on| one(f(on, &x, over)?))
            }
        }
    }
}
