//! The formulas in f64, one loop each: what every backend is measured against.
use ndarray::{Array1, Array2, ArrayView2};

/// n_called, n_hom_ref, n_het, n_hom_alt per variant of dosages (variants, samples).
pub fn variant_counts(dosages: ArrayView2<'_, i8>) -> Array2<i32> {
    let mut counts = Array2::zeros((dosages.nrows(), 4));
    for ((variant, _), &dosage) in dosages.indexed_iter() {
        if dosage >= 0 {
            counts[[variant, 0]] += 1;
            counts[[variant, 1 + dosage as usize]] += 1;
        }
    }
    counts
}

/// Copies of A2 and of A1 per variant.
pub fn allele_counts(dosages: ArrayView2<'_, i8>) -> Array2<i32> {
    let counts = variant_counts(dosages);
    Array2::from_shape_fn((counts.nrows(), 2), |(v, allele)| {
        counts[[v, 2]] + 2 * counts[[v, if allele == 0 { 1 } else { 3 }]]
    })
}

/// Heterozygous calls over calls.
pub fn het_obs(dosages: ArrayView2<'_, i8>) -> Array1<f64> {
    variant_counts(dosages).outer_iter().map(|n| f64::from(n[2]) / f64::from(n[0])).collect()
}

/// 1 − Σ p².
pub fn het_exp(dosages: ArrayView2<'_, i8>) -> Array1<f64> {
    let frequencies = |n: ndarray::ArrayView1<'_, i32>| {
        let total = f64::from(n.sum());
        1.0 - n.iter().map(|&n| (f64::from(n) / total).powi(2)).sum::<f64>()
    };
    allele_counts(dosages).outer_iter().map(frequencies).collect()
}

/// VanRaden's relationship of the first `leading` samples, over the variants where both are called.
pub fn grm(dosages: ArrayView2<'_, i8>, leading: usize) -> Array2<f64> {
    let mut numerator = Array2::<f64>::zeros((leading, leading));
    let mut denominator = Array2::<f64>::zeros((leading, leading));
    for variant in dosages.outer_iter() {
        let called: Vec<f64> = variant.iter().filter(|&&d| d >= 0).map(|&d| f64::from(d)).collect();
        if called.is_empty() {
            continue;
        }
        let frequency = called.iter().sum::<f64>() / called.len() as f64 / 2.0;
        let weight = 2.0 * frequency * (1.0 - frequency);
        for i in (0..leading).filter(|&i| variant[i] >= 0) {
            let centred = f64::from(variant[i]) - 2.0 * frequency;
            for j in (0..leading).filter(|&j| variant[j] >= 0) {
                numerator[[i, j]] += centred * (f64::from(variant[j]) - 2.0 * frequency);
                denominator[[i, j]] += weight;
            }
        }
    }
    numerator / denominator
}

/// VanRaden's relationship with the variant's mean in place of a missing call.
pub fn grm_mean_imputed(dosages: ArrayView2<'_, i8>) -> Array2<f64> {
    let mut centred = Array2::<f64>::zeros(dosages.dim());
    let mut weight = 0.0;
    for (variant, mut centred) in dosages.outer_iter().zip(centred.outer_iter_mut()) {
        let called: Vec<f64> = variant.iter().filter(|&&d| d >= 0).map(|&d| f64::from(d)).collect();
        if called.is_empty() {
            continue;
        }
        let mean = called.iter().sum::<f64>() / called.len() as f64;
        weight += mean * (1.0 - mean / 2.0);
        for (centred, &dosage) in centred.iter_mut().zip(variant).filter(|&(_, &dosage)| dosage >= 0) {
            *centred = f64::from(dosage) - mean;
        }
    }
    centred.t().dot(&centred) / weight
}

/// Largest absolute difference; places where both are NaN agree, where one is they differ by infinity.
pub fn worst<D: ndarray::Dimension>(got: &ndarray::Array<f64, D>, expected: &ndarray::Array<f64, D>) -> f64 {
    assert_eq!(got.shape(), expected.shape());
    let difference = |(&a, &b): (&f64, &f64)| match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => (a - b).abs(),
        _ => f64::INFINITY,
    };
    got.iter().zip(expected).map(difference).fold(0.0, f64::max)
}
