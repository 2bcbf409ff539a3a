//! Round trips, files that NumPy wrote, and damaged ones.

use polyarray_core::{Array, DType, numpy as np};
use polyarray_cpu as _;
use polyarray_files::{load, load_mapped, load_npz, read, save, savez, savez_compressed, write};

const DTYPES: [DType; 14] = polyarray_core::dtype::DTYPES;

fn sample(dtype: DType, shape: [usize; 2]) -> Array {
    let numbers = Array::from((0..shape[0] * shape[1]).map(|i| i as i64 - 2).collect::<Vec<_>>());
    np::astype(numbers.reshape(shape).unwrap(), dtype).unwrap()
}

#[test]
fn every_dtype_and_layout_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    for dtype in DTYPES {
        for x in
            [sample(dtype, [3, 5]), sample(dtype, [3, 5]).permute([1, 0]).unwrap(), sample(dtype, [0, 4])]
        {
            save(&path, &x).unwrap();
            let back = load(&path).unwrap();
            assert_eq!((back.dtype(), back.shape()), (dtype, x.shape()));
            assert!(np::array_equal(&back, &x).unwrap());
            // SAFETY: nobody else knows the file.
            let mapped = unsafe { load_mapped(&path) }.unwrap();
            assert!(np::array_equal(&mapped, &x).unwrap());
        }
    }
}

#[test]
fn a_mapped_file_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    save(&path, &Array::from(vec![1.0f64, 2.0, 3.0])).unwrap();
    // SAFETY: nobody else knows the file.
    let mut mapped = unsafe { load_mapped(&path) }.unwrap();
    mapped.assign("0", 9.0).unwrap();
    assert_eq!(mapped.to_vec::<f64>().unwrap(), [9.0, 2.0, 3.0]);
    assert_eq!(load(&path).unwrap().to_vec::<f64>().unwrap(), [1.0, 2.0, 3.0]);
}

/// As NumPy 2.4 writes `np.array([[1, 2, 3], [4, 5, 6]], dtype='>i2', order='F')`.
#[test]
fn other_byte_orders_and_the_order_of_fortran_are_read() {
    let header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
    let mut file = header.to_vec();
    file.resize(127, b' ');
    file.push(b'\n');
    for x in [1_i16, 4, 2, 5, 3, 6] {
        file.extend(x.to_be_bytes());
    }
    let x = read(&mut &file[..]).unwrap();
    assert_eq!(x.shape(), [2, 3]);
    assert_eq!(x.to_vec::<i16>().unwrap(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn archives_keep_names_and_order() {
    let folder = tempfile::tempdir().unwrap();
    for (name, packed) in [("plain.npz", false), ("packed.npz", true)] {
        let path = folder.path().join(name);
        let (a, b) = (sample(DType::F32, [200, 300]), sample(DType::C64, [2, 2]));
        let arrays = [("weights", &a), ("b", &b)];
        if packed { savez_compressed(&path, &arrays) } else { savez(&path, &arrays) }.unwrap();
        let back = load_npz(&path).unwrap();
        assert_eq!(back.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["weights", "b"]);
        assert!(np::array_equal(&back[0].1, &a).unwrap() && np::array_equal(&back[1].1, &b).unwrap());
        let size = std::fs::metadata(&path).unwrap().len();
        assert_eq!(size < 150_000, packed, "{size}");
    }
}

#[test]
fn damaged_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = Vec::new();
    write(&mut whole, &sample(DType::F64, [4, 4])).unwrap();
    for length in [0, 5, 9, 60, whole.len() - 1] {
        assert!(read(&mut &whole[..length]).is_err(), "{length}");
        let path = folder.path().join("short.npy");
        std::fs::write(&path, &whole[..length]).unwrap();
        // SAFETY: nobody else knows the file.
        assert!(unsafe { load_mapped(&path) }.is_err(), "{length}");
        assert!(load_npz(&path).is_err());
    }
    let mut bools = Vec::new();
    write(&mut bools, &sample(DType::Bool, [2, 2])).unwrap();
    *bools.last_mut().unwrap() = 7;
    assert!(read(&mut &bools[..]).unwrap_err().to_string().contains("neither 0 nor 1"));
    let missing = load(folder.path().join("missing.npy")).unwrap_err().to_string();
    assert!(missing.contains("missing.npy"), "{missing}");
}
