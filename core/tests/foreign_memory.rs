//! The host memory limit, which is the process's, holds for foreign memory as well.

use polyarray_core::DType;
use polyarray_core::array::{ForeignMemory, HostBuffer, host_memory, set_host_memory_limit};
use std::sync::Arc;

struct Owner(Vec<u64>);

impl ForeignMemory for Owner {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

#[test]
fn lent_memory_counts_as_a_copy_would() {
    let memory: Arc<dyn ForeignMemory> = Arc::new(Owner(vec![7; 1000]));
    let live = host_memory().live;
    let foreign = HostBuffer::foreign(DType::U64, 1000, memory.clone()).unwrap();
    assert_eq!(host_memory().live, live + 8000);
    set_host_memory_limit(Some(live + 9000));
    assert!(HostBuffer::foreign(DType::U64, 1000, memory.clone()).is_none());
    assert_eq!(host_memory().live, live + 8000, "what was refused counts no longer");
    drop(foreign);
    assert_eq!(host_memory().live, live);
    assert!(HostBuffer::foreign(DType::U64, 1000, memory).is_some());
    set_host_memory_limit(None);
}
