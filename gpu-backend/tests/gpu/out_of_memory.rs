//! A software adapter overcommits and reports nothing, so the driver is made to refuse: in a child
//! process whose address space is bounded.

use std::process::Command;

use polyarray_gpu::GpuError;

const CHILD: &str = "POLYARRAY_OUT_OF_MEMORY_CHILD";
/// Mesa 25 takes memory that counts to no address space until it is touched: there only the pool's own limit refuses.
const NEVER: &str = "25 GiB were had of 6";
/// Below it the adapter can't be opened, above it the test takes long.
const KIB: u64 = 6 << 20;

#[test]
#[cfg(target_os = "linux")]
fn the_drivers_refusal_is_an_error_and_freeing_mends_it() {
    let gpu = crate::gpu();
    if !gpu.profile().is_cpu {
        // A real GPU's memory is not bounded by ulimit; its refusals reach the same error scope.
        return;
    }
    let this = std::env::current_exe().unwrap();
    let command = format!("ulimit -v {KIB} && exec \"$0\" --exact out_of_memory::child --nocapture");
    let output = Command::new("sh").arg("-c").arg(command).arg(this).env(CHILD, "1").output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("refused and mended") || text.contains(NEVER), "{text}");
}

#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let gpu = crate::gpu();
    gpu.set_memory_limit(u64::MAX);
    let mut held = Vec::new();
    let error = loop {
        match gpu.allocate(256 << 20, "holding x") {
            Ok(buffer) => held.push(buffer),
            Err(error) => break error,
        }
        if held.len() > 100 {
            println!("{NEVER}");
            return;
        }
    };
    assert!(matches!(error, GpuError::OutOfMemory { .. }), "{error}");
    held.truncate(held.len() / 2);
    let again = gpu.allocate(200 << 20, "holding y").expect("freeing helps");
    gpu.write(&again, &[1; 1000]).unwrap();
    let mut byte = [0];
    gpu.read(&again, 999, &mut byte).unwrap();
    assert_eq!(byte, [1]);
    println!("refused and mended");
}
