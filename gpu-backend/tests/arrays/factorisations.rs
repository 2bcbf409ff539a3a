//! Factorisations: residuals of matrices of every kind and size, without the host.

use polyarray_core::Result;
use polyarray_core::testing::{Conformance, Way};

use crate::device;

/// What a device computes by kernels of its own, whatever the size.
const WHOLE: [&str; 4] = ["cholesky", "solve_triangular", "lu_factor", "solve"];

#[test]
fn what_factorises_gives_what_the_reference_gives_without_the_host() -> Result<()> {
    device();
    let report = Conformance::of("gpu").domains(&["numpy.linalg"]).only(&WHOLE).run()?;
    assert!(report.failures.is_empty(), "{report}");
    assert_eq!(report.ran.len(), WHOLE.len(), "{report}");
    for ran in &report.ran {
        assert_eq!(ran.ways.iter().collect::<Vec<_>>(), [&Way::Kernel], "{}", ran.method);
    }
    Ok(())
}
