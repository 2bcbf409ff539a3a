//! The domain `numpy.sk_allel`.
