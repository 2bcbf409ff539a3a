//! The host memory limit, which is the process's, holds for lent memory as well.

use polyarray_core::DType;
use polyarray_core::array::{HostBuffer, Loan, host_memory, set_host_memory_limit};
use std::sync::Arc;

struct Lender(Vec<u64>);

impl Loan for Lender {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

#[test]
fn lent_memory_counts_as_a_copy_would() {
    let loan: Arc<dyn Loan> = Arc::new(Lender(vec![7; 1000]));
    let live = host_memory().live;
    let lent = HostBuffer::lent(DType::U64, 1000, loan.clone()).unwrap();
    assert_eq!(host_memory().live, live + 8000);
    set_host_memory_limit(Some(live + 9000));
    assert!(HostBuffer::lent(DType::U64, 1000, loan.clone()).is_none());
    assert_eq!(host_memory().live, live + 8000, "what was refused counts no longer");
    drop(lent);
    assert_eq!(host_memory().live, live);
    assert!(HostBuffer::lent(DType::U64, 1000, loan).is_some());
    set_host_memory_limit(None);
}
