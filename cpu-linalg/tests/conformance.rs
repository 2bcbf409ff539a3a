//! The contract of every method of `numpy.linalg`, on the host.

use polyarray_core::testing::{Conformance, factorisations};
use {polyarray_cpu as _, polyarray_cpu_linalg as _};

#[test]
fn every_method_gives_what_the_reference_gives() {
    let report = Conformance::of("cpu").domains(&["numpy.linalg"]).run().unwrap();
    println!("{report}");
    assert!(report.failures.is_empty(), "{report}");
}

#[test]
fn factorisations_of_larger_matrices_hold() {
    let square = ["cholesky", "solve_triangular", "solve", "eigh"];
    let any = ["lu_factor", "qr", "svd"];
    for (methods, shape) in [(&square[..], [50, 50]), (&any, [50, 50]), (&any, [150, 40]), (&any, [40, 150])]
    {
        let wrong = factorisations("cpu", methods, &shape).unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
