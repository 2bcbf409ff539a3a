//! Methods beyond arithmetic, as a user of polyarray calls them: `methods.py` has them in NumPy.
use polyarray::{self as np, Array, DType, fft, linalg, random::Generator};

pub type Body = Box<dyn Fn() -> np::Result<Array>>;

/// Input `k` of a shape.
type Input<'a> = &'a dyn Fn(u32, &[usize]) -> np::Result<Array>;

/// The method of that name, on its inputs; none if it has none.
pub fn body(op: &str, input: Input<'_>, shape: &[usize], place: &'static str) -> np::Result<Option<Body>> {
    let plain = |f: fn(&Array) -> np::Result<Array>| -> np::Result<Option<Body>> {
        let x = input(0, shape)?;
        Ok(Some(Box::new(move || f(&x))))
    };
    match op {
        "copy" => plain(|x| np::copy(x)),
        "sort" => plain(|x| np::sort(x, ())),
        "argsort" => plain(|x| np::argsort(x, ())),
        "unique" => plain(|x| np::unique_values(x)),
        "histogram 64" => plain(|x| Ok(np::histogram(x, (64, -1.0, 1.0))?.0)),
        "top 100" => plain(|x| Ok(np::topk(x, 100, ())?.0)),
        "boolean selection" => plain(|x| np::select(x, np::greater(x, 0.25)?)),
        "nonzero" => plain(|x| Ok(np::nonzero(&np::greater(x, 0.25)?)?.remove(0))),
        "cumsum" => plain(|x| np::cumulative_sum(x, ())),
        "median" => plain(|x| np::median(x, ())),
        "random normal" => {
            let rng = std::cell::RefCell::new(Generator::new(1).device(place)?.dtype(DType::F32));
            let shape = shape.to_vec();
            Ok(Some(Box::new(move || rng.borrow_mut().standard_normal(&shape[..]))))
        }
        "take" => {
            let (x, n) = (input(0, shape)?, shape[0]);
            let at = (0..n as i64).map(|i| i * 7_368_787 % n as i64).collect::<Vec<_>>();
            let at = Array::from(at).to(place)?;
            Ok(Some(Box::new(move || np::take(&x, &at, 0))))
        }
        "fft" | "fft rows" => {
            let x = complex(input, shape)?;
            Ok(Some(Box::new(move || fft::fft(&x, ()))))
        }
        "fft2" => {
            let x = complex(input, shape)?;
            Ok(Some(Box::new(move || fft::fft2(&x, ()))))
        }
        "svd" => plain(|x| Ok(linalg::svd(x, false)?.1)),
        "eigh" => {
            let x = symmetric(&input(0, shape)?)?;
            Ok(Some(Box::new(move || Ok(linalg::eigh(&x, ())?.0))))
        }
        "qr" => plain(|x| np::absolute(linalg::qr(x, ())?.1)),
        "cholesky" => {
            let x = definite(&input(0, shape)?)?;
            Ok(Some(Box::new(move || linalg::cholesky(&x, ()))))
        }
        "solve" => {
            let (x, b) = (definite(&input(0, shape)?)?, input(1, &[shape[0], 16])?);
            Ok(Some(Box::new(move || linalg::solve(&x, &b))))
        }
        _ => {
            let Some(subscripts) = op.strip_prefix("einsum ").map(String::from) else { return Ok(None) };
            let count = subscripts.split("->").next().unwrap_or_default().split(',').count();
            let xs = (0..count as u32).map(|k| input(k, shape)).collect::<np::Result<Vec<_>>>()?;
            Ok(Some(Box::new(move || np::einsum(subscripts.clone(), &xs))))
        }
    }
}

fn complex(input: Input<'_>, shape: &[usize]) -> np::Result<Array> {
    let x = np::complex(input(0, shape)?, input(1, shape)?)?;
    x.eval()?;
    Ok(x)
}

fn symmetric(x: &Array) -> np::Result<Array> {
    let x = np::divide(np::add(x, x.t())?, 2.0)?;
    x.eval()?;
    Ok(x)
}

fn definite(x: &Array) -> np::Result<Array> {
    let n = x.shape()[0];
    let diagonal = np::eye(n, np::dtype(x.dtype()).device(x.device()))? * n as f64;
    let x = symmetric(x)? + diagonal;
    x.eval()?;
    Ok(x)
}
