use crate::{gpu, gpu_as};

#[test]
fn arithmetic_is_exact_where_kernels_rely_on_it() {
    let gpu = gpu();
    let failed: Vec<_> = gpu.probes().iter().filter(|probe| probe.needed && !probe.holds).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let needed = gpu.probes().iter().filter(|probe| probe.needed).count();
    assert!(needed >= 16, "{needed} probes ran");
    assert_eq!(gpu.probes().iter().any(|probe| probe.name.starts_with("f64")), gpu.profile().f64);
}

#[test]
fn arithmetic_is_exact_without_spirv_as_it_is() {
    let gpu = gpu_as(|profile| profile.passthrough = false);
    assert_eq!(gpu.inexact().count(), 0, "{:?}", gpu.inexact().collect::<Vec<_>>());
}

#[test]
fn what_is_only_told_is_told() {
    for probe in gpu().probes() {
        println!(
            "{:45} needed {:5} holds {:5} got {:e} wanted {:e}",
            probe.name, probe.needed, probe.holds, probe.got, probe.wanted
        );
    }
}
