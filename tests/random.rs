//! Random numbers: known answers, the same stream everywhere, and distributions by moments and the test of Kolmogorov and
//! Smirnov.

use polyarray::random::{Generator, Stream};
use polyarray::{self as np, Array, DType};
use polyarray_gpu as _;

const N: usize = 40_000;

fn host(seed: u64) -> Generator {
    Generator::new(seed).device("host").unwrap()
}

fn gpu(seed: u64) -> Generator {
    Generator::new(seed).device("gpu:0").unwrap()
}

fn doubles(x: &Array) -> Vec<f64> {
    np::astype(x, DType::F64).unwrap().to("host").unwrap().to_vec().unwrap()
}

#[test]
fn uniform_numbers_and_integers_are_the_same_bits_on_a_gpu() {
    for dtype in [DType::F32, DType::F64] {
        let far = Stream { key: 99, block: u128::from(u64::MAX) - 3 };
        let on = |device: &str| Generator::from_stream(far).device(device).unwrap().dtype(dtype);
        let (mut a, mut b) = (on("host"), on("gpu:0"));
        for n in [0, 1, 5, 1031, 70_001] {
            assert_eq!(doubles(&a.random(n).unwrap()), doubles(&b.random(n).unwrap()), "{dtype} {n}");
        }
        assert_eq!(a.stream(), b.stream());
    }
    for range in [7, 1 << 40] {
        let (x, y) = (host(3).integers(-5, range, 999).unwrap(), gpu(3).integers(-5, range, 999).unwrap());
        assert_eq!(x.to_vec::<i64>().unwrap(), y.to("host").unwrap().to_vec::<i64>().unwrap());
    }
}

#[test]
fn normal_numbers_on_a_gpu_are_near_those_of_the_host() {
    for (dtype, room) in [(DType::F32, 1e-6), (DType::F64, 2e-15)] {
        let draw = |rng: Generator| doubles(&rng.dtype(dtype).standard_normal(10_007).unwrap());
        for (a, b) in draw(host(5)).into_iter().zip(draw(gpu(5))) {
            assert!((a - b).abs() <= room * a.abs(), "{dtype}: {a} {b}");
        }
    }
}

#[test]
fn a_stream_goes_on_splits_and_is_restored() {
    let mut whole = host(1);
    let all = doubles(&whole.random(16).unwrap());
    let mut parts = host(1);
    let first = doubles(&parts.random([2, 4]).unwrap());
    let saved = parts.stream();
    let second = doubles(&parts.random(8).unwrap());
    assert_eq!([first, second.clone()].concat(), all);
    let again = Generator::from_stream(saved).device("host").unwrap().random(8).unwrap();
    assert_eq!(doubles(&again), second);
    let (mut a, mut b) = (parts.split(), parts.split());
    assert_ne!(doubles(&a.random(8).unwrap()), doubles(&b.random(8).unwrap()));
    assert_ne!(doubles(&parts.jumped(1).random(8).unwrap()), doubles(&parts.jumped(2).random(8).unwrap()));
}

/// The largest distance of the empirical distribution from `cdf`, times √n: above 1.95 once in a thousand.
fn distance(mut x: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    x.sort_by(f64::total_cmp);
    let n = x.len() as f64;
    let far = x.iter().enumerate().map(|(i, &x)| {
        let want = cdf(x);
        (want - i as f64 / n).max((i + 1) as f64 / n - want)
    });
    far.fold(0.0, f64::max) * n.sqrt()
}

/// Φ by the series of Marsaglia 2004, "Evaluating the normal distribution".
fn normal_cdf(x: f64) -> f64 {
    let (mut sum, mut term) = (x, x);
    for i in 1..200 {
        term *= x * x / f64::from(2 * i + 1);
        sum += term;
    }
    (0.5 + sum * (-0.5 * x * x - 0.918_938_533_204_672_7).exp()).clamp(0.0, 1.0)
}

/// A distribution function.
type Cdf = Box<dyn Fn(f64) -> f64>;

#[test]
fn continuous_numbers_have_their_distributions() {
    let atan = |x: f64| x.atan() / std::f64::consts::PI + 0.5;
    let mut r = host(11);
    let draws: Vec<(&str, Array, Cdf)> = vec![
        ("uniform", r.uniform(-2.0, 3.0, N).unwrap(), Box::new(|x| (x + 2.0) / 5.0)),
        ("normal", r.normal(1.0, 2.0, N).unwrap(), Box::new(|x| normal_cdf((x - 1.0) / 2.0))),
        ("exponential", r.exponential(3.0, N).unwrap(), Box::new(|x| -(-x / 3.0).exp_m1())),
        ("gamma 1", r.standard_gamma(1.0, N).unwrap(), Box::new(|x| -(-x).exp_m1())),
        ("gamma 2", r.gamma(2.0, 1.0, N).unwrap(), Box::new(|x| 1.0 - (-x).exp() * (1.0 + x))),
        // The square of a normal number.
        (
            "gamma ½",
            r.standard_gamma(0.5, N).unwrap(),
            Box::new(|x| 2.0 * normal_cdf((2.0 * x).sqrt()) - 1.0),
        ),
        ("chisquare", r.chisquare(2.0, N).unwrap(), Box::new(|x| -(-x / 2.0).exp_m1())),
        ("beta", r.beta(2.0, 1.0, N).unwrap(), Box::new(|x| x * x)),
        ("f", r.f(2.0, 4.0, N).unwrap(), Box::new(|x| 1.0 - (1.0 + x / 2.0).powi(-2))),
        ("t", r.standard_t(1.0, N).unwrap(), Box::new(atan)),
        ("cauchy", r.standard_cauchy(N).unwrap(), Box::new(atan)),
        ("gumbel", r.gumbel(0.0, 1.0, N).unwrap(), Box::new(|x| (-(-x).exp()).exp())),
        (
            "laplace",
            r.laplace(0.0, 1.0, N).unwrap(),
            Box::new(|x| if x < 0.0 { 0.5 * x.exp() } else { 1.0 - 0.5 * (-x).exp() }),
        ),
        ("logistic", r.logistic(0.0, 1.0, N).unwrap(), Box::new(|x| 1.0 / (1.0 + (-x).exp()))),
        ("lognormal", r.lognormal(0.0, 1.0, N).unwrap(), Box::new(|x| normal_cdf(x.ln()))),
        ("pareto", r.pareto(3.0, N).unwrap(), Box::new(|x| 1.0 - (1.0 + x).powi(-3))),
        ("power", r.power(3.0, N).unwrap(), Box::new(|x| x.powi(3))),
        ("rayleigh", r.rayleigh(1.0, N).unwrap(), Box::new(|x| -(-x * x / 2.0).exp_m1())),
        (
            "triangular",
            r.triangular(0.0, 0.5, 1.0, N).unwrap(),
            Box::new(|x| if x < 0.5 { 2.0 * x * x } else { 1.0 - 2.0 * (1.0 - x) * (1.0 - x) }),
        ),
        ("weibull", r.weibull(2.0, N).unwrap(), Box::new(|x| -(-x * x).exp_m1())),
        (
            "wald",
            r.wald(1.0, 1.0, N).unwrap(),
            Box::new(|x| {
                let s = (1.0 / x).sqrt();
                normal_cdf(s * (x - 1.0)) + 2_f64.exp() * normal_cdf(-s * (x + 1.0))
            }),
        ),
    ];
    for (name, x, cdf) in draws {
        let far = distance(doubles(&x), cdf);
        assert!(far < 1.95, "{name}: {far}");
    }
    // About a direction, and wound around the circle.
    let angle = doubles(&r.vonmises(3.0, 4.0, N).unwrap());
    let (c, s) = angle.iter().fold((0.0, 0.0), |(c, s), a| (c + a.cos(), s + a.sin()));
    let length = (c * c + s * s).sqrt() / N as f64;
    // I₁(4) / I₀(4).
    assert!((length - 0.863_52).abs() < 0.01 && (s.atan2(c) - 3.0).abs() < 0.01, "{length} {}", s.atan2(c));
    assert!(angle.iter().all(|a| a.abs() <= std::f64::consts::PI));
}

/// Mean and variance within five standard errors of what is wanted.
fn moments(name: &str, x: &[f64], mean: f64, variance: f64) {
    let n = x.len() as f64;
    let m = x.iter().sum::<f64>() / n;
    let v = x.iter().map(|x| (x - m).powi(2)).sum::<f64>() / n;
    let fourth = x.iter().map(|x| (x - m).powi(4)).sum::<f64>() / n;
    assert!((m - mean).abs() < 5.0 * (variance / n).sqrt(), "{name}: mean {m}, want {mean}");
    assert!(
        (v - variance).abs() < 5.0 * ((fourth - v * v) / n).sqrt(),
        "{name}: variance {v}, want {variance}"
    );
}

#[test]
fn discrete_numbers_have_their_moments_on_both() {
    for mut r in [host(21), gpu(22)] {
        for (n, p) in [(5.0, 0.3), (200.0, 0.04), (50.0, 0.5), (1000.0, 0.9)] {
            let x = doubles(&r.binomial(n, p, N).unwrap());
            moments("binomial", &x, n * p, n * p * (1.0 - p));
            assert!(x.iter().all(|&k| k.fract() == 0.0 && (0.0..=n).contains(&k)));
        }
        for lam in [0.5, 4.0, 10.0, 300.0] {
            moments("poisson", &doubles(&r.poisson(lam, N).unwrap()), lam, lam);
        }
        moments("geometric", &doubles(&r.geometric(0.25, N).unwrap()), 4.0, 12.0);
        moments("negative_binomial", &doubles(&r.negative_binomial(3.0, 0.5, N).unwrap()), 3.0, 6.0);
        moments("integers", &doubles(&r.integers(-10, 11, N).unwrap()), 0.0, 440.0 / 12.0);
        moments("noncentral", &doubles(&r.noncentral_chisquare(3.0, 2.0, N).unwrap()), 5.0, 14.0);
        // −p / ((1−p)·ln(1−p)), and its second moment.
        moments("logseries", &doubles(&r.logseries(0.5, N).unwrap()), std::f64::consts::LOG2_E, 0.804_021);
        // ζ(4) / ζ(5), and ζ(3) / ζ(5) less its square.
        moments("zipf", &doubles(&r.zipf(5.0, N).unwrap()), 1.043_777, 0.069_787);
        moments(
            "hypergeometric",
            &doubles(&r.hypergeometric(10, 20, 6, 4000).unwrap()),
            2.0,
            6.0 * 2.0 / 9.0 * 24.0 / 29.0,
        );
    }
}

#[test]
fn parameters_broadcast_and_bad_ones_are_errors() {
    let mut r = host(4);
    let scale = Array::from([[1.0], [100.0]]);
    let x = r.normal(0.0, &scale, [2, 1000]).unwrap();
    let spread = np::std(&x, -1).unwrap().to_vec::<f64>().unwrap();
    assert!((spread[0] - 1.0).abs() < 0.1 && (spread[1] - 100.0).abs() < 10.0, "{spread:?}");
    assert!(r.integers(3, 3, 2).unwrap_err().to_string().contains("high lies above low"));
    assert!(r.clone().dtype(DType::I32).random(2).is_err());
    assert!(r.multinomial(3, &[0.9, 0.9, 0.1], 1).is_err());
    assert!(r.normal(0.0, &Array::from([1.0, 2.0]), 3).is_err());
}

#[test]
fn orders_and_choices() {
    for mut r in [host(8), gpu(8)] {
        let mut order = r.permutation(1000).unwrap().to("host").unwrap().to_vec::<i64>().unwrap();
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
        let x = Array::from((0..50).map(|i| i * 3).collect::<Vec<i32>>());
        let mut some = r.sample(&x, 20).unwrap().to_vec::<i32>().unwrap();
        some.sort_unstable();
        some.dedup();
        assert!(some.len() == 20 && some.iter().all(|x| x % 3 == 0));
        assert_eq!(r.choice(&x, [4, 5]).unwrap().shape(), [4, 5]);
        let counts = r.multinomial(100, &[0.2, 0.3, 0.5], 500).unwrap();
        let sums = np::sum(&counts, -1).unwrap().to("host").unwrap().to_vec::<i64>().unwrap();
        assert_eq!(sums, [100; 500]);
        let here = r.random(1).unwrap().device();
        let alpha = Array::from([1.0, 2.0, 3.0]).to(here).unwrap();
        let shares = r.dirichlet(&alpha, 300).unwrap();
        assert!(np::allclose(np::sum(&shares, -1).unwrap(), 1.0, np::rtol(1e-12)).unwrap());
    }
}

#[test]
fn normal_vectors_have_their_mean_and_covariance() {
    let mean = Array::from(vec![1.0, -2.0, 0.5]);
    let cov = Array::from([[2.0, 0.6, 0.0], [0.6, 1.0, -0.3], [0.0, -0.3, 0.5]]);
    for (place, mut rng) in [("host", host(11)), ("gpu:0", gpu(11))] {
        let (mean, cov) = (mean.to(place).unwrap(), cov.to(place).unwrap());
        let x = rng.multivariate_normal(&mean, &cov, N).unwrap();
        assert_eq!(x.shape(), [N, 3]);
        let got = doubles(&np::mean(&x, 0).unwrap());
        for (got, want) in got.iter().zip(doubles(&mean)) {
            assert!((got - want).abs() < 4.0 * (2.0 / N as f64).sqrt(), "{got} {want}");
        }
        let got = doubles(&np::cov(&x, np::Covariance::from(()).columns()).unwrap());
        for (got, want) in got.iter().zip(doubles(&cov)) {
            assert!((got - want).abs() < 0.06, "{got} {want}");
        }
        assert_eq!(rng.multivariate_normal(&mean, &cov, ()).unwrap().shape(), [3]);
    }
}

#[test]
fn slices_are_permuted_each_by_itself() {
    let mut rng = host(5);
    let x = np::arange(5000, DType::F64).unwrap().reshape([50, 100]).unwrap();
    let y = rng.permuted(&x, 1).unwrap();
    assert_eq!(doubles(&np::sort(&y, 1).unwrap()), doubles(&x), "each keeps its elements");
    let order = np::subtract(&y, &x.slice(":, :1").unwrap()).unwrap();
    assert_ne!(
        doubles(&order.slice("0").unwrap()),
        doubles(&order.slice("1").unwrap()),
        "in orders of their own"
    );
    let all = rng.permuted(&x, ()).unwrap();
    assert_eq!(all.shape(), [50, 100]);
    assert_ne!(doubles(&np::sort(&all, 1).unwrap()), doubles(&x), "across slices");
    assert_eq!(doubles(&np::sort(&np::ravel(&all).unwrap(), ()).unwrap()), doubles(&np::ravel(&x).unwrap()));
    let mut children = rng.spawn(3);
    let first: Vec<f64> = children.iter_mut().map(|rng| doubles(&rng.random(1).unwrap())[0]).collect();
    assert!(first[0] != first[1] && first[1] != first[2] && first[0] != first[2]);
}

#[test]
fn choices_have_their_probabilities() {
    let (x, p) = (Array::from(vec![10.0, 20.0, 30.0, 40.0]), [0.1, 0.0, 0.6, 0.3]);
    let mut rng = host(8);
    let drawn = doubles(&rng.choice_weighted(&x, &p, N).unwrap());
    for (value, p) in [10.0, 20.0, 30.0, 40.0].iter().zip(p) {
        let share = drawn.iter().filter(|&x| x == value).count() as f64 / N as f64;
        assert!((share - p).abs() < 4.0 * (p / N as f64).sqrt() + 1e-12, "{value}: {share} instead of {p}");
    }
    // Without replacement the second is drawn among those that are left: 30 after 10 with 0.1 · 0.6 / 0.9.
    let (mut both, rounds) = (0, 4000);
    for _ in 0..rounds {
        let two = doubles(&rng.sample_weighted(&x, &p, 2).unwrap());
        assert!(two[0] != two[1] && !two.contains(&20.0));
        both += usize::from(two == [10.0, 30.0]);
    }
    let (share, want) = (both as f64 / f64::from(rounds), 0.1 * 0.6 / 0.9);
    assert!((share - want).abs() < 4.0 * (want / f64::from(rounds)).sqrt(), "{share} instead of {want}");
    assert!(rng.sample_weighted(&x, &p, 4).is_err() && rng.choice_weighted(&x, &[0.5, 0.5], 1).is_err());
}

#[test]
fn colours_are_drawn_in_their_shares() {
    let mut rng = host(2);
    let x = rng.multivariate_hypergeometric(&[10, 0, 30, 20], 12, [2, 1000]).unwrap();
    assert_eq!(x.shape(), [2, 1000, 4]);
    assert!(doubles(&np::sum(&x, -1).unwrap()).iter().all(|&n| n == 12.0));
    let mean = doubles(&np::mean(&x, [0, 1]).unwrap());
    for (got, want) in mean.iter().zip([2.0, 0.0, 6.0, 4.0]) {
        assert!((got - want).abs() < 0.15, "{got} {want}");
    }
    assert!(rng.multivariate_hypergeometric(&[1, 2], 4, 1).is_err());
}

#[test]
fn a_non_central_f_number_has_its_mean() {
    let x = doubles(&host(4).noncentral_f(5.0, 20.0, 3.0, N).unwrap());
    let (mean, want) = (x.iter().sum::<f64>() / N as f64, 20.0 * (5.0 + 3.0) / (5.0 * 18.0));
    assert!((mean - want).abs() < 0.05, "{mean} instead of {want}");
}
