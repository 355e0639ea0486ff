//! Short terms in one number. Owns the folding of plain words there, which says the same as that of
//! strings, several times as fast; and how the case of a term is told by sixteen bits.

/// The most bytes that are packed.
pub(crate) const MOST: usize = 16;

/// The bytes of a key of up to 16 bytes, little-endian and zero-padded; `None` of a longer one. Of
/// keys that don't end in a NUL none is that of another, and only that of the empty one is 0.
#[inline]
pub(crate) fn packed(bytes: &[u8]) -> Option<u128> {
    let length = bytes.len();
    // Two loads that overlap: the bytes that both have are shifted out of the second.
    if let (8..=16, Some(first), Some(last)) = (length, bytes.first_chunk(), bytes.last_chunk()) {
        let (low, high) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        let high = high.unbounded_shr(8 * (16 - length as u32));
        return Some(u128::from(low) | u128::from(high) << 64);
    }
    if let (4..=7, Some(first), Some(last)) = (length, bytes.first_chunk(), bytes.last_chunk()) {
        let (low, high) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        let high = high.unbounded_shr(8 * (8 - length as u32));
        return Some(u128::from(low) | u128::from(high) << 32);
    }
    (length < 4).then(|| bytes.iter().rev().fold(0, |packed, byte| packed << 8 | u128::from(*byte)))
}

/// A 32-bit hash of a packed term: folded multiplications, as in wyhash. `salt` is a random seed,
/// combined with all else that two equal terms differ in. 32 bits bound a table at 2^32 slots, far above
/// any memory budget.
#[inline]
pub(crate) fn hash(letters: u128, salt: u64) -> u32 {
    let low = letters as u64 ^ salt;
    let high = (letters >> 64) as u64 ^ salt.rotate_left(32) ^ 0x9E37_79B9_7F4A_7C15;
    let wide = u128::from(low) * u128::from(high);
    let folded = (wide as u64) ^ (wide >> 64) as u64;
    // A second multiplication: `high` is the same for all terms of up to 8 bytes.
    (folded.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 32) as u32
}

/// All bits of the first so many bytes. As long as a power of two, so that a masked index needs no
/// check; a shift by a variable costs more than the load.
const FIRST: [u128; 32] = {
    let mut first = [u128::MAX; 32];
    let mut length = 0;
    while length < 16 {
        first[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    first
};

/// The lower case of 1 to 16 ASCII letters and digits: bit 5, which digits have already.
#[inline]
pub(crate) fn lowered(packed: u128, length: usize) -> u128 {
    const LOWER: u128 = u128::from_le_bytes([0x20; 16]);
    packed | LOWER & FIRST[length & 31]
}

/// Whether the same byte stands at four places in a row.
#[inline]
pub(crate) fn has_run(packed: u128, length: usize) -> bool {
    const EACH: u128 = u128::from_le_bytes([0x01; 16]);
    const HIGH: u128 = u128::from_le_bytes([0x80; 16]);
    if length < 4 {
        return false;
    }
    // Byte i is 0 where it is the same as the next, and then where three in a row are 0.
    let same = packed ^ packed >> 8;
    let run = same | same >> 8 | same >> 16 | !FIRST[(length - 3) & 31];
    run.wrapping_sub(EACH) & !run & HIGH != 0
}

/// Bit 5 of every byte, which tells upper from lower case.
const CASE: u128 = u128::from_le_bytes([0x20; 16]);

/// Which bytes of `written` are those of `key` in the other case, the first in the lowest bit; `None`
/// if they differ in anything else.
#[inline]
pub(crate) fn case_of(written: u128, key: u128) -> Option<u16> {
    let differ = written ^ key;
    if differ & !CASE != 0 {
        return None;
    }
    // The product has in its highest byte what was in bit 5 of each: a movemask.
    let bits = |half: u64| (half >> 5).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    Some((bits(differ as u64) | bits((differ >> 64) as u64) << 8) as u16)
}

/// The bytes whose case over `key` is this: what [`case_of`] was told.
pub(crate) fn written(key: u128, case: u16) -> u128 {
    (0..16).filter(|at| case >> at & 1 == 1).fold(key, |key, at| key ^ 0x20 << (8 * at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_key_is_packed_as_its_bytes_whatever_its_length() {
        let key = "abcdefghijklmnop";
        for length in 0..=16 {
            let mut plain = [0; 16];
            plain[..length].copy_from_slice(&key.as_bytes()[..length]);
            assert_eq!(
                packed(&key.as_bytes()[..length]),
                Some(u128::from_le_bytes(plain)),
                "{length}"
            );
        }
        assert_eq!(packed(b"abcdefghijklmnopq"), None);
    }

    proptest! {
        #[test]
        fn plain_words_are_lowered_as_strings_are(word in "[a-zA-Z0-9]{1,16}") {
            let lower = lowered(packed(word.as_bytes()).unwrap(), word.len());
            prop_assert_eq!(Some(lower), packed(word.to_ascii_lowercase().as_bytes()));
        }

        #[test]
        fn the_case_of_a_term_tells_how_it_was_written(bytes in prop::collection::vec(any::<u8>(), 0..=16), case: u16) {
            let key = packed(&bytes).unwrap();
            prop_assert_eq!(case_of(written(key, case), key), Some(case));
            prop_assert_eq!(written(key, 0), key);
            prop_assert_eq!(case_of(key ^ 1 << 7, key), None);
        }

        #[test]
        fn runs_are_found_where_they_are(word in "[ab0]{1,16}|a{1,8}b{0,4}c{0,4}") {
            let expected = word.as_bytes().windows(4).any(|run| run.iter().all(|b| *b == run[0]));
            prop_assert_eq!(has_run(packed(word.as_bytes()).unwrap(), word.len()), expected);
        }
    }
}
