//! Keyness: how typical a term is of one result compared with another. Owns the test statistic and
//! the effect size; knows nothing of time.

use serde::Serialize;

/// The smallest absolute G2 of a significant difference: p = 0.0001 at one degree of freedom.
pub const MIN_G2: f64 = 15.13;
/// The 97.5% quantile of the normal distribution, for a 95% interval.
const QUANTILE: f64 = 1.96;

/// The numbers of records that the keyness of a term is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeynessCounts {
    /// Number of the result's records with the term.
    pub documents: u64,
    /// Number of the result's records.
    #[serde(rename = "all")]
    pub records: u64,
    /// Number of the baseline's records with the term.
    pub baseline_documents: u64,
    /// Number of the baseline's records.
    #[serde(rename = "baselineAll")]
    pub baseline_records: u64,
}

impl KeynessCounts {
    /// Returns the keyness of the term in the result against the baseline. Returns `None` if either
    /// has no records, or fewer records in all than with the term.
    ///
    /// G2 = 2 sum of O ln(O / E) over the four cells, with 0 ln 0 = 0 (Dunning 1993). Records are
    /// counted rather than occurrences, because occurrences cluster (Evert 2022). |O - E| is equal in
    /// all four cells, so O ln(O / E) is computed as O ln(1 + (O - E) / E), without cancellation.
    pub fn keyness(&self) -> Option<Keyness> {
        let Self { documents, records, baseline_documents, baseline_records } = *self;
        let rest = records.checked_sub(documents)?;
        let baseline_rest = baseline_records.checked_sub(baseline_documents)?;
        if records == 0 || baseline_records == 0 {
            return None;
        }
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        let (here, there) =
            (product(documents, baseline_records), product(baseline_documents, records));
        let sum = (u128::from(records) + u128::from(baseline_records)) as f64;
        let off = here.abs_diff(there) as f64 / sum;
        let off = if here < there { -off } else { off };
        let with = (u128::from(documents) + u128::from(baseline_documents)) as f64 / sum;
        let without = (u128::from(rest) + u128::from(baseline_rest)) as f64 / sum;
        let cell = |observed: u64, all: u64, share: f64, off: f64| {
            let expected = all as f64 * share;
            if observed == 0 { 0.0 } else { observed as f64 * libm::log1p(off / expected) }
        };
        let g2 = 2.0
            * (cell(documents, records, with, off)
                + cell(rest, records, without, -off)
                + cell(baseline_documents, baseline_records, with, -off)
                + cell(baseline_rest, baseline_records, without, off));
        let g2 = if here < there { -g2.max(0.0) } else { g2.max(0.0) };

        let (a, n) = (documents as f64 + 0.5, records as f64 + 1.0);
        let (b, m) = (baseline_documents as f64 + 0.5, baseline_records as f64 + 1.0);
        let log_ratio = libm::log2((a / n) / (b / m));
        let deviation = (1.0 / a - 1.0 / n + 1.0 / b - 1.0 / m).sqrt();
        let lower = log_ratio - QUANTILE * deviation / std::f64::consts::LN_2;
        Some(Keyness { g2, log_ratio, lower })
    }
}

/// The test statistic and the effect size of a term in one result compared with another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Keyness {
    /// Dunning's log-likelihood ratio over all four cells, negative where the term is rarer.
    pub g2: f64,
    /// The binary logarithm of the ratio of the term's frequencies. 0.5 is added to the number
    /// of records with the term and 1 to that of all records, so that the ratio is finite.
    pub log_ratio: f64,
    /// The lower bound of the 95% confidence interval of the log ratio.
    pub lower: f64,
}

impl Keyness {
    /// Returns true if |G2| >= [`MIN_G2`].
    pub fn is_significant(&self) -> bool {
        self.g2.abs() >= MIN_G2
    }
}
