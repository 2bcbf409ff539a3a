//! What a chunked array is checked by: the same calls of a dense one.
use super::chunked::{chunked, key, plain};
use polyarray::array::HOST;
use polyarray::{self as np, Array, Result};

#[test]
fn a_chunked_array_does_what_a_dense_one_does() -> Result<()> {
    for place in [HOST.name(), "gpu:0"] {
        let dense = Array::from((0..42).map(|i| i as f32 / 7.0 - 2.5).collect::<Vec<_>>())
            .reshape([7, 6])?
            .to(place)?;
        let x = chunked(&dense, 3)?;
        let same = |got: Array, want: Array| -> Result<()> {
            assert_eq!(got.shape(), want.shape());
            np::testing::assert_allclose(
                &plain(&got)?,
                &want,
                np::testing::Tolerance { absolute: 1e-6, relative: 1e-6 },
            );
            Ok(())
        };
        assert_eq!(x.residency(), key());
        let row = dense.slice("0")?;
        same(np::exp(&x)?, np::exp(&dense)?)?;
        same(&x * 2.0 + &row, &dense * 2.0 + &row)?;
        same(np::add(&x, &dense)?, np::add(&dense, &dense)?)?;
        same(np::where_(np::less(&x, 0.0)?, 0.0, &x)?, np::where_(np::less(&dense, 0.0)?, 0.0, &dense)?)?;
        assert_eq!(np::exp(&x)?.residency(), key(), "blocks stay blocks");
        same(np::sum(&x, ())?, np::sum(&dense, ())?)?;
        same(np::max(&x, 0)?, np::max(&dense, 0)?)?;
        same(np::sum(&x, np::axis(-1).keepdims())?, np::sum(&dense, np::axis(-1).keepdims())?)?;
        same(np::mean(&x, ())?, np::mean(&dense, ())?)?;
        same(np::var(&x, 0)?, np::var(&dense, 0)?)?;
        same(x.slice("1:6, ::2")?, dense.slice("1:6, ::2")?)?;
        same(x.slice("::-1")?, dense.slice("::-1")?)?;
        same(x.reshape([7, 2, 3])?, dense.reshape([7, 2, 3])?)?;
        same(x.reshape([-1])?, dense.reshape([-1])?)?;
        same(np::matmul(&x, &dense.t())?, np::matmul(&dense, &dense.t())?)?;
        same(polyarray_outside::softmax(&x)?, polyarray_outside::softmax(&dense)?)?;
        assert_eq!(x.to_string(), dense.to_string());
        let (mut y, mut z) = (x.clone(), dense.clone());
        y.assign("2:5, 1", -1.0)?;
        z.assign("2:5, 1", -1.0)?;
        same(y, z)?;
        same(x, dense)?;
    }
    Ok(())
}
