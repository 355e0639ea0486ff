//! df-idf_t, for the evaluation of the burst score against it. Owns the formula alone.

/// The df-idf_t of a term in `now` documents of a window, where `before` are its documents in
/// each of the t windows before: (df + 1) / (ln(mean df + 1) + 1), after Aiello et al. (2013),
/// "Sensing trending topics in Twitter". With no window before, the mean is 0.
pub fn df_idf(now: u64, before: &[u64]) -> f64 {
    let sum: u128 = before.iter().copied().map(u128::from).sum();
    let mean = sum as f64 / before.len().max(1) as f64;
    (now as f64 + 1.0) / (libm::log1p(mean) + 1.0)
}
