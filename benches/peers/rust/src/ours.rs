//! polyarray, on the host and on a GPU: the same code.
use ndarray::s;
use polyarray::{self as np, Array, DType, axis};

use crate::request::{Request, uniform, word};
use crate::{Library, Run, methods};

pub struct Ours(&'static str);

impl Ours {
    pub fn on(device: &'static str) -> Result<Ours, String> {
        let probe = Array::from(vec![0_f32]).to(device).map_err(|e| e.to_string())?;
        drop(probe);
        Ok(Ours(device))
    }
}

fn input(device: &str, k: u32, shape: &[usize], dtype: DType) -> np::Result<Array> {
    let len = shape.iter().product();
    let host = match dtype {
        DType::I8 => Array::from((0..len as u32).map(|i| word(k, i) as u8 as i8).collect::<Vec<_>>()),
        DType::U32 => Array::from((0..len as u32).map(|i| word(k, i)).collect::<Vec<_>>()),
        dtype => np::astype(Array::from(uniform(k, len)), dtype)?,
    };
    let axes: Vec<isize> = shape.iter().map(|&d| d as isize).collect();
    let array = host.reshape(&axes)?.to(device)?;
    array.eval()?;
    Ok(array)
}

impl Library for Ours {
    fn prepare(&mut self, request: &Request) -> Result<Option<Run>, String> {
        prepare(self.0, request).map_err(|e| e.to_string())
    }
}

fn prepare(device: &'static str, request: &Request) -> np::Result<Option<Run>> {
    let dtype = match request.dtype.as_str() {
        // Transforms make theirs of two inputs.
        "float32" | "complex64" => DType::F32,
        "float64" => DType::F64,
        "int8" => DType::I8,
        _ => DType::U32,
    };
    let shape = request.shape.clone();
    let (op, place) = (request.op.clone(), device);
    let x = |k: u32, shape: &[usize]| input(place, k, shape, dtype);
    let body: Box<dyn Fn() -> np::Result<Array>> = match op.as_str() {
        "a*b+c" => {
            let (a, b, c) = (x(0, &shape)?, x(1, &shape)?, x(2, &shape)?);
            Box::new(move || np::add(np::multiply(&a, &b)?, &c))
        }
        "exp(sin x)" => {
            let a = x(0, &shape)?;
            Box::new(move || np::exp(np::sin(&a)?))
        }
        "chain of 10" => {
            let a = x(0, &shape)?;
            Box::new(move || {
                let t = np::add(np::multiply(&a, 2.0)?, 1.0)?;
                let t = np::subtract(np::multiply(&t, &a)?, 0.5)?;
                let t = np::add(np::multiply(&t, &t)?, &a)?;
                let t = np::sqrt(np::absolute(&t)?)?;
                np::subtract(np::multiply(&t, 0.25)?, &a)
            })
        }
        "softmax rows" => {
            let a = x(0, &shape)?;
            Box::new(move || {
                let e = np::exp(np::subtract(&a, np::max(&a, axis(-1).keepdims())?)?)?;
                np::divide(&e, np::sum(&e, axis(-1).keepdims())?)
            })
        }
        "layer norm rows" => {
            let a = x(0, &shape)?;
            Box::new(move || {
                let d = np::subtract(&a, np::mean(&a, axis(-1).keepdims())?)?;
                let var = np::mean(np::multiply(&d, &d)?, axis(-1).keepdims())?;
                np::divide(&d, np::sqrt(np::add(&var, 1e-5)?)?)
            })
        }
        "tiny 100" => {
            let a = x(0, &shape)?;
            let run: Run = Box::new(move |_| {
                let mut t = a.clone();
                for _ in 0..50 {
                    t = np::add(np::multiply(&t, 0.99).map_err(say)?, 0.01).map_err(say)?;
                }
                let read = t.to_vec::<f32>().map_err(say)?;
                Ok(Some(read.into_iter().map(f64::from).collect()))
            });
            return Ok(Some(run));
        }
        "transposed copy" => {
            let a = x(0, &shape)?;
            Box::new(move || np::multiply(a.t(), 1.0))
        }
        "heat step" => {
            let (u, v) = (x(0, &shape)?, std::cell::RefCell::new(np::add(x(0, &shape)?, 0.0)?));
            Box::new(move || {
                let (middle, up, down) =
                    (u.slice(s![1..-1, 1..-1])?, u.slice(s![..-2, 1..-1])?, u.slice(s![2.., 1..-1])?);
                let (left, right) = (u.slice(s![1..-1, ..-2])?, u.slice(s![1..-1, 2..])?);
                let next = &middle + 0.1 * (up + down + left + right - 4.0 * &middle);
                let mut v = v.borrow_mut();
                v.assign(s![1..-1, 1..-1], next)?;
                Ok(v.clone())
            })
        }
        "n-body" => {
            let at = x(0, &shape)?;
            Box::new(move || {
                let apart = at.expand_dims(0)? - at.expand_dims(1)?;
                let square = np::sum(&apart * &apart, -1)? + 0.01;
                let strength = 1.0 / (np::sqrt(&square)? * &square);
                np::sum(apart * strength.expand_dims(-1)?, 1)
            })
        }
        "stack last" => {
            let a = x(0, &shape)?;
            let rows = (0..shape[0]).map(|row| a.slice(s![row, ..])).collect::<np::Result<Vec<_>>>()?;
            Box::new(move || np::stack(&rows.iter().collect::<Vec<_>>(), -1))
        }
        "matmul" => {
            let (a, b) = (x(0, &a_shape(&shape))?, x(1, &b_shape(&shape))?);
            Box::new(move || np::matmul(&a, &b))
        }
        "matmul transposed" => {
            let (mut a, b) = (a_shape(&shape), x(1, &b_shape(&shape))?);
            let n = a.len();
            a.swap(n - 1, n - 2);
            let a = x(0, &a)?.swap_axes(-1, -2)?;
            Box::new(move || np::matmul(&a, &b))
        }
        "matmul int8" => {
            let (a, b) = (x(0, &a_shape(&shape))?, x(1, &b_shape(&shape))?);
            Box::new(move || np::matmul_as(&a, &b, DType::I32))
        }
        "matmul bits" => {
            let (a, b) = (x(0, &a_shape(&shape))?, x(1, &b_shape(&shape))?);
            Box::new(move || np::matmul_bits(&a, &b))
        }
        op if let Some(body) = methods::body(op, &x, &shape, place)? => body,
        reduction => {
            let Some((name, over)) = reduction.split_once(' ') else { return Ok(None) };
            let f: fn(&Array, np::Reduce) -> np::Result<Array> = match name {
                "sum" => |x, over| np::sum(x, over),
                "mean" => |x, over| np::mean(x, over),
                "var" => |x, over| np::var(x, over),
                "max" => |x, over| np::max(x, over),
                _ => return Ok(None),
            };
            let over = match over {
                "all" => np::Reduce::default(),
                "rows" => axis(-1),
                _ => axis(0),
            };
            let a = x(0, &shape)?;
            Box::new(move || f(&a, over.clone()))
        }
    };
    let run: Run = Box::new(move |read| {
        let out = body().map_err(say)?;
        out.eval().map_err(say)?;
        synchronize(place).map_err(say)?;
        if !read {
            return Ok(None);
        }
        let all =
            np::real(out.to("host").map_err(say)?).and_then(|x| np::astype(x, DType::F64)).map_err(say)?;
        Ok(Some(all.to_vec::<f64>().map_err(say)?))
    });
    Ok(Some(run))
}

fn synchronize(place: &str) -> np::Result<()> {
    let key = np::array::Device::try_from(place)?.key()?;
    np::array::open(np::array::instance_at(key)?)?.synchronize()
}

/// The hardware and its driver.
pub fn identity(place: &str) -> Result<String, String> {
    let key = np::array::Device::try_from(place).and_then(|device| device.key()).map_err(say)?;
    let backend = np::array::instance_at(key).and_then(np::array::open).map_err(say)?;
    Ok(backend.identity())
}

fn say(e: np::Error) -> String {
    e.to_string()
}

/// (…, m, k) of (…, m, k, n).
pub fn a_shape(shape: &[usize]) -> Vec<usize> {
    shape[..shape.len() - 1].to_vec()
}

/// (…, k, n) of (…, m, k, n).
pub fn b_shape(shape: &[usize]) -> Vec<usize> {
    let n = shape.len();
    [&shape[..n - 3], &shape[n - 2..]].concat()
}
