//! The plain f64 formulas themselves, against what scikit-allel and sgkit gave: only then may they judge.

/// Needs the reference data.
mod with_reference_data {
    use crate::support::{hapmap_autosomes, host, reference};
    use ndarray::{Array2, Ix1, Ix2};

    #[test]
    fn hapmap_statistics() {
        let dosages = hapmap_autosomes().genotypes.to_dosages();
        assert_eq!(dosages.dim(), (14_266, 957));
        assert_eq!(host::variant_counts(dosages.view()), reference::<i32, Ix2>("hm3_variant_counts"));
        assert_eq!(host::allele_counts(dosages.view()), reference::<i32, Ix2>("hm3_ac"));
        let rate = host::variant_counts(dosages.view()).column(0).mapv(|n| f64::from(n) / 957.0);
        assert!(host::worst(&rate, &reference::<f64, Ix1>("hm3_call_rate")) < 1e-15);
        assert!(host::worst(&host::het_obs(dosages.view()), &reference::<f64, Ix1>("hm3_het_obs")) < 1e-12);
        assert!(host::worst(&host::het_exp(dosages.view()), &reference::<f64, Ix1>("hm3_het_exp")) < 1e-12);
    }

    /// rrBLUP, and the reference with it, puts the mean where a call is missing.
    #[test]
    fn pine_relationship() {
        let dosages: Array2<i8> = reference("pine_gn");
        let grm = host::grm_mean_imputed(dosages.view());
        assert!(host::worst(&grm, &reference::<f64, Ix2>("pine_grm")) < 1e-10);
    }

    #[test]
    fn hapmap_relationship() {
        let dosages = hapmap_autosomes().genotypes.to_dosages();
        let grm = host::grm(dosages.view(), 60);
        let expected: Array2<f64> = reference("hm3_grm_skipna");
        assert!(host::worst(&grm, &expected.slice(ndarray::s![..60, ..60]).to_owned()) < 1e-10);
    }
}
