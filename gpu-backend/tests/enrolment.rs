//! The kind is there when it is linked, and opens no adapter for that.

use polyarray_core::array::{ARRAY_KINDS, HOST};
use polyarray_core::dispatch::{Fit, Key, Kind, registered_at};
use polyarray_core::numpy as np;
use polyarray_gpu::{KIND, adapters, gpu};

#[test]
fn the_kind_is_enrolled_and_no_adapter_is_asked() {
    assert_eq!(Kind::named(KIND).unwrap(), gpu);
    assert!(registered_at::<np::add>(gpu).is_some());
    assert!(registered_at::<np::sum>(gpu).is_some());
    assert!(registered_at::<np::concat>(gpu).is_some());
    assert!(registered_at::<np::take>(gpu).is_some());
    assert!(registered_at::<np::matmul>(gpu).is_some());
    let kind = gpu.id().backend().expect("it is enrolled");
    let key = |name: &str| Key::intern(name);
    assert_eq!(kind.select(&[]).unwrap(), 0);
    assert_eq!(kind.select(&[*HOST, key("gpu:3")]).unwrap(), 3);
    let two = kind.select(&[key("gpu:0"), key("gpu:1")]).unwrap_err();
    assert!(two.to_string().contains("two GPUs"), "{two}");
    assert_eq!(kind.fit(1, key("gpu:1")), Fit::Native);
    assert_eq!(kind.fit(1, *HOST), Fit::Copy);
    // Where copies are allowed, from everywhere: by way of the host.
    assert_eq!(kind.fit(1, key("gpu:0")), Fit::Copy);
    let arrays = ARRAY_KINDS.iter().find(|kind| kind.name == KIND).expect("it holds arrays");
    assert_eq!((arrays.residency)(2), key("gpu:2"));
    assert!(!adapters::asked(), "a host-only program opens no adapter");
}
