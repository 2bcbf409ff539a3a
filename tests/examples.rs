//! The examples, on the host and on a GPU.

use polyarray::testing::{Tolerance, assert_allclose};
use polyarray::{self as np};

#[path = "../examples/filter.rs"]
mod filter;
#[path = "../examples/heat.rs"]
mod heat;
#[path = "../examples/image.rs"]
mod image;
#[path = "../examples/least_squares.rs"]
mod least_squares;
#[path = "../examples/monte_carlo.rs"]
mod monte_carlo;
#[path = "../examples/n_body.rs"]
mod n_body;
#[path = "../examples/network.rs"]
mod network;

#[test]
fn heat_flows_alike_on_both() {
    let host = heat::run("host", 64, 10_000).unwrap();
    let gpu = heat::run("gpu:0", 64, 10_000).unwrap();
    assert_allclose(&gpu.to("host").unwrap(), &host, Tolerance::absolute(1e-3));
    // A square that cools keeps its symmetry, and its slowest mode decays as 2·(1 − 4·0.2·sin²(π / 2·63)).
    let (early, late) = (heat::run("host", 64, 9_000).unwrap(), &host);
    let at = |u: &np::Array| np::max(u, ()).unwrap().item().unwrap().to_f64();
    let slowest = (1.0 - 8.0 * 0.2 * (std::f64::consts::PI / 126.0).sin().powi(2)).powi(1000);
    assert!((at(late) / at(&early) / slowest - 1.0).abs() < 1e-3);
}

#[test]
fn bodies_keep_their_energy() {
    for place in ["host", "gpu:0"] {
        let (.., lost) = n_body::run(place, 32, 10_000).unwrap();
        assert!(lost < 1e-3, "{place}: {lost}");
    }
}

#[test]
fn a_network_learns() {
    for place in ["host", "gpu:0"] {
        let (before, after, right) = network::run(place, 32, 2000).unwrap();
        assert!(after < 0.2 * before && right > 0.97, "{place}: {before} to {after}, {right}");
    }
}

#[test]
fn the_simulated_price_is_that_of_the_formula() {
    let [host, gpu] = ["host", "gpu:0"].map(|place| monte_carlo::run(place, 1 << 20).unwrap());
    assert!((host.0 - monte_carlo::exact()).abs() < 4.0 * host.1, "{host:?}");
    assert!((host.0 - gpu.0).abs() < 1e-4, "{host:?} {gpu:?}");
}

#[test]
fn the_disc_is_found_in_the_image() {
    let side = 256;
    let [host, gpu] = ["host", "gpu:0"].map(|place| image::run(place, side).unwrap());
    for (counts, share) in [&host, &gpu] {
        assert_eq!(np::sum(counts, ()).unwrap().item().unwrap().to_f64(), (side * side) as f64);
        // The disc's area; its edge is a pixel wide.
        assert!((share - std::f64::consts::PI / 16.0).abs() < 0.003, "{share}");
    }
    // Pixels at the border of two bins may fall on either side.
    let apart = np::absolute(host.0 - gpu.0.to("host").unwrap()).unwrap();
    let moved = np::sum(apart, ()).unwrap().item().unwrap().to_f64();
    assert!(moved < 0.01 * (side * side) as f64, "{moved}");
}

#[test]
fn least_squares_find_the_coefficients_and_the_directions() {
    for place in ["host", "gpu:0"] {
        let fitted = least_squares::fit(place, 1000).unwrap();
        // Five standard errors: the cubic's are at most 0.0025.
        for (got, want) in fitted.iter().zip([1.0, -2.0, 0.0, 0.5]) {
            assert!((got - want).abs() < 0.0125, "{place}: {fitted:?}");
        }
        let (shares, found) = least_squares::components(place, 20_000).unwrap();
        // The variances are 9, 1 and three times 0.0025; each of the five holds the noise's.
        let total = 10.0 + 5.0 * 0.0025;
        for (got, want) in shares.iter().zip([9.0025, 1.0025, 0.0025, 0.0025, 0.0025]) {
            assert!((got - want / total).abs() < 0.02 * want / total + 1e-3, "{place}: {shares:?}");
        }
        assert!(found.iter().all(|cos| *cos > 0.999), "{place}: {found:?}");
    }
}

#[test]
fn spectra_filter_as_sums_do() {
    let [host, gpu] = ["host", "gpu:0"].map(|place| {
        let [clean, noisy, fast, direct] = filter::run(place, 10_000, 201).unwrap();
        let apart = |a: &np::Array, b: &np::Array| filter::apart(a, b).unwrap();
        assert!(apart(&fast, &direct) < 2e-6, "{place}: {:e}", apart(&fast, &direct));
        // Of white noise a low pass leaves the share that is below its cutoff, and a little of the signal's ends is lost.
        let (before, after) = (apart(&noisy, &clean), apart(&fast, &clean));
        assert!((before - 0.5).abs() < 0.02 && after < 0.3 * before, "{place}: {before} to {after}");
        fast.to("host").unwrap()
    });
    assert_allclose(&gpu, &host, Tolerance::absolute(1e-5));
}
