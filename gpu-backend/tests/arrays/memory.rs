//! Residency: there and back, and what can't be there.

use polyarray_core::{Array, DType, Error, Scalar, numpy as np};

use crate::{device, dtypes, on_gpu, scalars};

#[test]
fn arrays_go_there_and_back_in_every_dtype() {
    for dtype in dtypes() {
        let values: Vec<Scalar> = (0..101).map(|i| Scalar::I64(i - 50).cast(dtype)).collect();
        let x = crate::array(dtype, &values);
        let there = on_gpu(&x);
        assert_eq!((there.residency().name(), there.dtype()), ("gpu:0", dtype));
        assert_eq!(scalars(&there), values, "{dtype}");
    }
}

#[test]
fn an_array_that_can_never_fit_is_an_error_before_anything_is_allocated() {
    let device = device();
    let len = device.profile().max_buffer as usize / 4 + 1;
    let result = np::full([len], 1.0_f32, np::dtype(DType::F32).device("gpu:0"));
    assert!(matches!(result, Err(Error::TooLarge { .. })), "{result:?}");
    if !device.profile().shader_features().f64 {
        let result = Array::from(vec![1.0_f64]).to("gpu:0");
        assert!(matches!(result, Err(Error::Unsupported { .. })), "{result:?}");
    }
}

#[test]
fn an_unknown_device_is_an_error_that_lists_the_known_ones() {
    let error = Array::from(vec![1.0_f32]).to("gpu:77").unwrap_err();
    assert!(matches!(error, Error::Unknown { .. }), "{error}");
    assert!(error.to_string().contains("gpu:0"), "{error}");
    assert!(Array::from(vec![1.0_f32]).to("tpu").is_err());
}

#[test]
fn a_lost_device_is_told_and_can_be_made_anew() {
    use polyarray_core::array::{ArrayBackend, HostBuffer};
    let (adapter, _) = polyarray_gpu::adapters::chosen().unwrap_or_else(|error| panic!("{error}"));
    let backend = polyarray_gpu::GpuBackend::over(0, polyarray_gpu::Gpu::open(adapter).unwrap());
    let old = backend.upload(&HostBuffer::from_vec(vec![1_i32, 2, 3])).unwrap();
    backend.device().destroy();
    for _ in 0..2 {
        assert!(matches!(backend.download(&*old), Err(Error::DeviceLost { .. })));
        assert!(matches!(backend.upload(&HostBuffer::from_vec(vec![1_i32])), Err(Error::DeviceLost { .. })));
        assert!(matches!(backend.synchronize(), Err(Error::DeviceLost { .. })));
    }
    backend.reopen().unwrap();
    let new = backend.upload(&HostBuffer::from_vec(vec![4_i32])).unwrap();
    assert_eq!(backend.download(&*new).unwrap().as_slice::<i32>().unwrap(), [4]);
    assert!(matches!(backend.download(&*old), Err(Error::DeviceLost { .. })), "what is gone stays gone");
}

#[test]
fn threads_compute_at_once() {
    let shared = on_gpu(&Array::from((0..5000).map(|i| i as f32).collect::<Vec<_>>()));
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let shared = &shared;
            scope.spawn(move || {
                for round in 0..20_u8 {
                    let mine = np::multiply(shared, f32::from(thread)).unwrap();
                    let sum = np::sum(np::add(&mine, f32::from(round)).unwrap(), ()).unwrap();
                    let exact = f64::from(thread) * 12_497_500.0 + f64::from(round) * 5000.0;
                    let got = sum.item().unwrap().to_f64();
                    assert!((got - exact).abs() <= exact * 1e-6, "{thread} {round}: {got} {exact}");
                    assert_eq!(mine.to_vec::<f32>().unwrap()[4999], f32::from(thread) * 4999.0);
                }
            });
        }
    });
}

#[test]
fn what_is_made_without_a_dtype_is_of_the_devices_own() {
    let float = if device().profile().shader_features().f64 { DType::F64 } else { DType::F32 };
    for made in [np::zeros(3, "gpu:0"), np::full(3, 0.5, "gpu:0"), np::linspace(0.0, 1.0, 3, "gpu:0")] {
        assert_eq!(made.unwrap().dtype(), float);
    }
}
