//! The wrapper backend `auto`: who gets which call, and what is copied for it. Costs are assumed here, not measured:
//! the decisions are the same on every machine.
use std::sync::{LazyLock, Mutex, MutexGuard};

use polyarray::dispatch::Instance;
use polyarray::offload::{Costs, Curve, Work, assume, estimates};
use polyarray::{self as np, Array, auto, cpu, explain, gpu, scope, transfers};

/// Costs are the process's, so tests that assume some take turns.
static ASSUMED: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);

/// A start, and so many sizes a second.
fn line(start: f64, rate: f64) -> Curve {
    Curve::through([64, 1 << 12, 1 << 18, 1 << 24].map(|size| (size as f64, start + size as f64 / rate)))
}

/// A host of modest speed that starts at once.
fn host() -> Costs {
    Costs {
        identity: "assumed".into(),
        simple: line(1e-6, 1e9),
        function: line(1e-6, 2e8),
        reduction: line(1e-6, 2e9),
        product: line(1e-6, 1e10),
        wide_product: Some(line(1e-6, 5e9)),
        byte_product: line(1e-6, 1e10),
        bit_product: line(1e-6, 1e9),
        upload: None,
        download: None,
    }
}

/// A device that is `times` as fast, behind a bus, and slow to start.
fn device(times: f64) -> Costs {
    Costs {
        identity: "assumed".into(),
        simple: line(1e-5, 1e9 * times),
        function: line(1e-5, 2e8 * times),
        reduction: line(1e-5, 2e9 * times),
        product: line(1e-5, 1e10 * times),
        wide_product: Some(line(1e-5, 5e9 * times)),
        byte_product: line(1e-5, 1e10 * times),
        bit_product: line(1e-5, 1e9 * times),
        upload: Some(line(2e-5, 1e10)),
        download: Some(line(5e-5, 1e10)),
    }
}

fn assumed(times: f64) -> MutexGuard<'static, ()> {
    let guard = ASSUMED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    assume(cpu.instance(0), host());
    assume(gpu.instance(0), device(times));
    guard
}

fn ramp(len: usize) -> Array {
    Array::from((0..len).map(|i| i as f32 / len as f32 - 0.5).collect::<Vec<_>>())
}

fn home(x: &Array) -> String {
    x.residency().name().to_string()
}

#[test]
fn large_work_goes_to_a_fast_device_and_small_work_stays() -> np::Result<()> {
    let _assumed = assumed(50.0);
    let (small, large) = (ramp(64).reshape([8, 8])?, ramp(1 << 18).reshape([512, 512])?);
    scope!(auto);
    assert_eq!(home(&np::exp(&small)?), "host");
    assert_eq!(home(&np::matmul(&small, &small)?), "host");
    // Its addition takes 0.26 ms here; copying alone 0.3 ms.
    assert_eq!(home(&np::add(&large, &large)?), "host");
    // Its product takes 13 ms here.
    let product = np::matmul(&large, &large)?;
    assert_eq!(home(&product), "gpu:0");
    // What is there already stays there, also for little work.
    assert_eq!(home(&np::sum(&product, -1)?), "gpu:0");
    assert_eq!(home(&np::add(&product, 1.0)?), "gpu:0");
    Ok(())
}

#[test]
fn a_slow_device_gets_nothing_but_what_lives_there() -> np::Result<()> {
    let _assumed = assumed(0.5);
    let x = ramp(1 << 18).reshape([512, 512])?;
    scope!(auto);
    assert_eq!(home(&np::matmul(&x, &x)?), "host");
    assert_eq!(home(&np::exp(&x)?), "host");
    let there = ramp(64).to("gpu:0")?;
    assert_eq!(home(&np::add(&there, 1.0)?), "gpu:0", "a copy to the host costs more than the addition");
    Ok(())
}

#[test]
fn results_are_right_and_operands_are_copied_once() -> np::Result<()> {
    let _assumed = assumed(50.0);
    let x = ramp(1 << 18).reshape([512, 512])?;
    let before = transfers();
    let (first, second) = {
        scope!(auto);
        (np::matmul(&x, &x)?, np::matmul(&x, x.t())?)
    };
    first.eval()?;
    second.eval()?;
    let copied = transfers() - before;
    assert_eq!((copied.uploads, copied.bytes_up), (1, 4 << 18), "the copy is kept for the second product");
    let exact = np::matmul(np::astype(&x, np::DType::F64)?, np::astype(x.t(), np::DType::F64)?)?;
    np::testing::assert_allclose(&second, &exact, np::testing::Tolerance { absolute: 1e-3, relative: 1e-5 });
    Ok(())
}

#[test]
fn explain_shows_both_estimates_and_the_choice() -> np::Result<()> {
    let _assumed = assumed(50.0);
    let x = ramp(1 << 18).reshape([512, 512])?;
    let product = || estimates(Work::Matmul, &[&x, &x]).map_err(|_| "declined").unwrap();
    let all = product();
    assert_eq!(all.iter().map(|e| e.on).collect::<Vec<Instance>>(), [gpu.instance(0), cpu.instance(0)]);
    assert!(all[0].there > 1e-4 && all[0].back > 1e-4 && all[1].there + all[1].back == 0.0);
    let (answer, said) = explain(|| {
        scope!(auto);
        np::matmul(&x, &x)
    });
    answer?;
    let said = said.to_string();
    assert!(said.contains("auto: Matmul goes to gpu:0: gpu:0 ") && said.contains("; cpu "), "{said}");
    assert_eq!(product()[0].there, 0.0, "the copy that was made is kept");
    Ok(())
}

#[test]
fn it_is_asked_by_name_only_and_types_are_obeyed() -> np::Result<()> {
    let _assumed = assumed(50.0);
    let x = ramp(1 << 18).reshape([512, 512])?;
    assert_eq!(home(&np::matmul(&x, &x)?), "host", "no scope, no offloading");
    scope!(auto);
    let typed = x.typed::<np::Host>()?;
    assert_eq!(np::matmul(&typed, &typed)?.residency().name(), "host", "its type forbids the copy");
    Ok(())
}

#[test]
fn a_pending_chain_goes_along_when_it_has_become_worth_it() -> np::Result<()> {
    let _assumed = assumed(50.0);
    let x = ramp(1 << 18);
    let exact = {
        let mut y = np::astype(&x, np::DType::F64)?;
        for _ in 0..12 {
            y = np::sin(np::multiply(&y, 1.5)?)?;
        }
        y
    };
    let before = transfers();
    let mut homes = Vec::new();
    let mut y = x.clone();
    {
        scope!(auto);
        for _ in 0..12 {
            y = np::sin(np::multiply(&y, 1.5)?)?;
            homes.push(home(&y));
        }
    }
    // A sine takes 1.3 ms here and 26 µs there; copying there and back 0.3 ms.
    assert_eq!((homes[0].as_str(), homes[11].as_str()), ("gpu:0", "gpu:0"));
    let copied = transfers() - before;
    assert_eq!((copied.uploads, copied.downloads), (1, 0));

    // Additions are cheap: one by one none is worth the copies, some together are.
    let mut sum = ramp(1 << 18);
    homes.clear();
    {
        scope!(auto);
        for n in 0..24 {
            sum = np::add(&sum, f64::from(n))?;
            homes.push(home(&sum));
        }
    }
    assert_eq!(homes[0], "host");
    let left = homes.iter().position(|home| home == "gpu:0").expect("together they are worth it");
    assert!(left > 0 && homes[left..].iter().all(|home| home == "gpu:0"), "it stays there: {homes:?}");
    np::testing::assert_allclose(&y, &exact, np::testing::Tolerance::absolute(1e-4));
    let shifted = np::add(np::astype(&x, np::DType::F64)?, 276.0)?;
    np::testing::assert_allclose(&sum, &shifted, np::testing::Tolerance::absolute(1e-3));

    // What another result needs as well is not computed twice.
    let shared = np::add(&x, 1.0)?;
    let _other = np::multiply(&shared, 2.0)?;
    assert!(shared.pending_work().is_none() && np::add(&x, 1.0)?.pending_work().is_some());
    Ok(())
}

#[test]
fn a_default_is_decided_call_by_call() -> np::Result<()> {
    let _assumed = assumed(50.0);
    let x = ramp(1 << 18).reshape([512, 512])?;
    let exact = np::matmul(np::astype(&x, np::DType::F64)?, np::astype(&x, np::DType::F64)?)?;
    let mean = |x: &Array| np::mean(x, ());
    // The variance is decided as a whole: a backend may have a kernel for it.
    let var = |x: &Array| np::var(x, ());
    for (of, decided) in [(&mean as &dyn Fn(&Array) -> np::Result<Array>, "Reduce(Sum)"), (&var, "Var")] {
        let (answer, said) = explain(|| {
            scope!(auto);
            of(&np::matmul(&x, &x)?)
        });
        let (on_device, said) = (answer?, said.to_string());
        assert!(
            said.contains("auto: Matmul goes to gpu:0")
                && said.contains(&format!("auto: {decided} goes to gpu:0")),
            "{said}"
        );
        np::testing::assert_allclose(&on_device, &of(&exact)?, np::testing::Tolerance::relative(1e-4));
    }
    Ok(())
}
