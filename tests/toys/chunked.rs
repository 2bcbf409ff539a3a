//! An array of blocks along the first axis. Elementwise methods run block by block, reductions combine blocks, the rest
//! runs by its default where it has one, else on the whole.
use crate::kind::{Wrapper, made_on_host};
use polyarray::array::Device;
use polyarray::backend::{Call, Cx, Key, Picked, Repr, Stop, Value, Values, View, interceptors, linked_kind};
use polyarray::{self as np, Array, DType, Error, Reduce, Result};

/// Blocks along the first axis, each an array of any residency.
struct Chunked {
    shape: Vec<usize>,
    blocks: Vec<Array>,
}

pub fn key() -> Key {
    Key::intern("chunked")
}

fn over(blocks: Vec<Array>) -> Array {
    let mut shape = blocks[0].shape().to_vec();
    shape[0] = blocks.iter().map(|block| block.shape()[0]).sum();
    Array::from_repr(Chunked { shape, blocks })
}

/// An array in blocks of so many rows.
pub fn chunked(x: &Array, rows: usize) -> Result<Array> {
    // Without rows there are no blocks.
    let Some(&count @ 1..) = x.shape().first() else { return Ok(x.clone()) };
    let starts = (0..count).step_by(rows);
    let blocks = starts.map(|at| x.slice(format!("{at}:{}", at + rows))).collect::<Result<_>>()?;
    Ok(over(blocks))
}

impl Chunked {
    /// As one dense array, where its first block lives.
    fn whole(&self) -> Result<Array> {
        np::concat(&self.blocks, 0)
    }

    fn each(&self, f: impl Fn(&Array) -> Result<Array>) -> Result<Array> {
        Ok(over(self.blocks.iter().map(f).collect::<Result<_>>()?))
    }

    fn rows(&self) -> usize {
        self.blocks[0].shape()[0]
    }
}

impl Repr for Chunked {
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.blocks[0].dtype()
    }
    fn residency(&self) -> Key {
        key()
    }
    fn to_dense(&self) -> Result<Array> {
        self.whole()
    }
    fn view(&self, view: &View) -> Result<Array> {
        match view {
            // A part of the rows in steps of one, and any of the other axes: block by block.
            View::Slice(picks) => match picks[0] {
                Picked::Range { start, step: 1, len } if len > 0 => {
                    let (mut blocks, mut at) = (Vec::new(), 0);
                    for block in &self.blocks {
                        let n = block.shape()[0];
                        let (first, last) = (start.max(at), (start + len).min(at + n));
                        if first < last {
                            let mut inner = picks.clone();
                            inner[0] = Picked::Range { start: first - at, step: 1, len: last - first };
                            blocks.push(block.slice(&inner[..])?);
                        }
                        at += n;
                    }
                    Ok(over(blocks))
                }
                _ => view.of(&self.whole()?),
            },
            // The rows stay rows.
            View::Reshape(shape) if shape.first() == Some(&self.shape[0]) => self.each(|block| {
                let rows = std::iter::once(block.shape()[0]).chain(shape[1..].iter().copied());
                View::Reshape(rows.collect()).of(block)
            }),
            View::Permute(axes) if axes[0] == 0 => self.each(|block| view.of(block)),
            _ => chunked(&view.of(&self.whole()?)?, self.rows()),
        }
    }
    fn assign(&self, part: &[Picked], value: &Array) -> Result<Array> {
        let mut whole = self.whole()?;
        whole.assign(part, plain(value)?.to(Device::At(whole.residency()))?)?;
        chunked(&whole, self.rows())
    }
}

/// The array without its chunks.
pub fn plain(x: &Array) -> Result<Array> {
    x.repr_as::<Chunked>().map_or_else(|| Ok(x.clone()), Chunked::whole)
}

fn intercept(_: Cx, call: &Call) -> Result<Values, Stop<Error>> {
    let elementwise = np::OPS.iter().any(|op| op.name == call.row().name.trim_end_matches('_'));
    let parts = || call.arrays().filter_map(|x| x.repr_as::<Chunked>());
    // Inside a default that runs here, plain arrays come too.
    let Some(first) = parts().next() else { return Ok(made_on_host(call).invoke()?) };
    let rows: Vec<usize> = first.blocks.iter().map(|block| block.shape()[0]).collect();
    let aligned = parts().all(|part| {
        part.shape.len() == first.shape.len()
            && part.blocks.iter().map(|b| b.shape()[0]).eq(rows.iter().copied())
    });
    let ndim = first.shape.len();
    let spread = call.arrays().all(|x| {
        x.repr().is_some()
            || x.ndim() < ndim
            || (x.ndim() == ndim && [1, first.shape[0]].contains(&x.shape()[0]))
    });
    if (elementwise || call.row().name == "astype") && aligned && spread {
        let (mut blocks, mut at) = (Vec::new(), 0);
        for (n, &count) in rows.iter().enumerate() {
            let block = call.map_arrays(|x| match x.repr_as::<Chunked>() {
                Some(part) => Ok(part.blocks[n].clone()),
                None if x.ndim() == ndim && x.shape()[0] > 1 => x.slice(format!("{at}:{}", at + count)),
                None => Ok(x.clone()),
            })?;
            blocks
                .push(block.invoke()?.remove(0).as_array().expect("an elementwise method gives one").clone());
            at += count;
        }
        return Ok(std::iter::once(Value::Array(over(blocks))).collect());
    }
    // Reductions over the first axis combine what the blocks give; over others they keep the blocks.
    if let (Some(over_axes), true) = (call.plain::<Reduce>("over"), call.row().params.len() == 2) {
        let own = |axes: &[isize]| axes.iter().all(|&axis| axis != 0 && axis != -(ndim as isize));
        let each: Vec<Value> = first
            .blocks
            .iter()
            .map(|block| Ok(call.map_arrays(|_| Ok(block.clone()))?.invoke()?.remove(0)))
            .collect::<Result<_>>()?;
        let each: Vec<Array> = each.iter().filter_map(Value::as_array).cloned().collect();
        let combines = ["sum", "prod", "min", "max", "any", "all"].contains(&call.row().name);
        match &over_axes.axes {
            Some(axes) if own(axes) => return Ok(std::iter::once(Value::Array(over(each))).collect()),
            _ if combines && !over_axes.keepdims => {
                let stacked = Value::Array(np::stack(&each, 0)?);
                let again = Value::plain(np::axis(0));
                return Ok(call.with_args([stacked, again].into_iter().collect()).invoke()?);
            }
            _ => {}
        }
    }
    if call.row().has_default() {
        return call.default();
    }
    Ok(call.map_arrays(plain)?.invoke()?)
}

linked_kind! { CHUNKED: &Wrapper("chunked"); }
interceptors! { CHUNKED_INTERCEPTS; "chunked": "numpy" = intercept; }
