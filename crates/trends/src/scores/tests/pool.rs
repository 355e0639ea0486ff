//! The pooled dispersion: the dispersions that terms add, their median and the encoded bytes.

use proptest::prelude::*;

use super::*;

/// Two spans of reference length and the open bucket after them.
const SPAN: usize = 168;

fn source() -> Totals {
    totals(HOUR, 0, &[1000; 2 * SPAN + 1])
}

/// Returns a term with 10 + swing and 10 - swing in turn; its chi-square is W swing^2 / 10.
fn swinging(swing: u64, windows: usize) -> Vec<Cell> {
    let counts: Vec<_> =
        (0..windows).map(|window| if window % 2 == 0 { 10 + swing } else { 10 - swing }).collect();
    cells(0, &counts)
}

fn pool(swings: &[u64]) -> PooledDispersion {
    let mut pool = PooledDispersion::default();
    let source = source();
    for swing in swings {
        pooled(&mut pool, &source, &swinging(*swing, 2 * SPAN));
    }
    pool
}

/// Returns the lower edge of a dispersion's bin, by multiplication alone.
fn lower_edge(dispersion: f64) -> f64 {
    let step = 50_f64.powf(1.0 / 64.0);
    let mut edge = 1.0;
    for _ in 0..63 {
        if edge * step > dispersion {
            break;
        }
        edge *= step;
    }
    edge
}

#[test]
fn the_pooled_dispersion_is_the_lower_edge_of_the_bin_of_the_median() {
    // Per span 168 * 6.4 / 167 for a swing of 8, and 168 * 3.6 / 167 for one of 6.
    near(pool(&[8; 20]).dispersion(), lower_edge(6.4 * 168.0 / 167.0));
    let mixed = [[8; 10].as_slice(), &[6; 11]].concat();
    near(pool(&mixed).dispersion(), lower_edge(3.6 * 168.0 / 167.0));
    let even = [[8; 10].as_slice(), &[6; 10]].concat();
    near(pool(&even).dispersion(), lower_edge(3.6 * 168.0 / 167.0));
}

#[test]
fn a_dispersion_outside_the_bins_is_in_the_first_or_the_last() {
    near(pool(&[0; 20]).dispersion(), 1.0);
    let mut wild = PooledDispersion::default();
    let mut counts = [0; 2 * SPAN];
    counts[7] = 900;
    counts[SPAN + 7] = 900;
    for _ in 0..20 {
        pooled(&mut wild, &source(), &cells(0, &counts));
    }
    near(wild.dispersion(), 50_f64.powf(63.0 / 64.0));
}

#[test]
fn the_pooled_dispersion_of_fewer_than_twenty_terms_is_4() {
    near(pool(&[8; 19]).dispersion(), 4.0);
    near(PooledDispersion::default().dispersion(), 4.0);
}

#[test]
fn rare_terms_and_short_spans_do_not_pool() {
    let mut pool = PooledDispersion::default();
    pooled(&mut pool, &source(), &cells(0, &[4; 2 * SPAN]));
    let short = totals(HOUR, SPAN as i64 - 5, &[1000; 11]);
    pooled(&mut pool, &short, &cells(SPAN as i64 - 5, &[9; 10]));
    assert_eq!(pool.terms(), 0);
    // A term pools if it is frequent in one of its spans.
    pooled(&mut pool, &source(), &cells(0, &[5; SPAN]));
    assert_eq!(pool.terms(), 1);
}

#[test]
fn the_json_of_a_pool_is_its_bytes_in_hexadecimal_digits() {
    let json = format!("\"14{}\"", "00".repeat(63));
    assert_eq!(serde_json::to_string(&pool(&[0; 20])).unwrap(), json);
    assert!(serde_json::from_str::<PooledDispersion>("\"14\"").is_err());
}

proptest! {
    #[test]
    fn pools_add_up_in_any_order_and_survive_encoding(
        swings in prop::collection::vec(0_u64..10, 0..30), cut in 0_usize..30
    ) {
        let whole = pool(&swings);
        let (left, right) = swings.split_at(cut.min(swings.len()));
        let (mut one, mut other) = (pool(right), pool(left));
        one.merge(&other);
        other.merge(&pool(right));
        prop_assert_eq!(&one, &whole);
        prop_assert_eq!(&other, &whole);
        let json = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(serde_json::from_str::<PooledDispersion>(&json).unwrap(), whole);
        let longer = json.replacen('"', "\"00", 1);
        prop_assert!(serde_json::from_str::<PooledDispersion>(&longer).is_err());
    }

    #[test]
    fn a_decoded_pool_encodes_to_the_same_bytes(
        bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 60..70)
    ) {
        if let Some(pool) = PooledDispersion::from_bytes(&bytes) {
            prop_assert_eq!(pool.bytes(), bytes);
        }
    }
}
