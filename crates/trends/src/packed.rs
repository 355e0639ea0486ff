//! Terms of at most 16 bytes as one number. Owns their hash, the folding of plain words (several
//! times as fast as that of strings, with the same result) and the encoding of a form's case in 16
//! bits.

/// The most bytes that are packed.
pub(crate) const MAX_BYTES: usize = 16;

/// Packs a key of up to 16 bytes, little-endian and zero-padded; `None` for a longer one. Different
/// keys that don't end in a NUL have different numbers, and only the empty key has 0.
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
/// mixed with the other parts of a key if there are any. 32 bits bound a table at 2^32 entries, far
/// above any memory budget.
#[inline]
pub(crate) fn hash(letters: u128, salt: u64) -> u32 {
    let low = letters as u64 ^ salt;
    let high = (letters >> 64) as u64 ^ salt.rotate_left(32) ^ 0x9E37_79B9_7F4A_7C15;
    let wide = u128::from(low) * u128::from(high);
    let folded = (wide as u64) ^ (wide >> 64) as u64;
    // A second multiplication: `high` is equal for all terms of up to 8 bytes.
    (folded.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 32) as u32
}

/// All bits of the first n bytes, by n. The length is a power of two, so that a masked index needs
/// no bounds check; a shift by a variable costs more than the load.
const FIRST: [u128; 32] = {
    let mut first = [u128::MAX; 32];
    let mut length = 0;
    while length < 16 {
        first[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    first
};

/// Folds 1 to 16 ASCII letters and digits to lower case: sets bit 5, which digits have already.
#[inline]
pub(crate) fn lowered(packed: u128, length: usize) -> u128 {
    packed | CASE & FIRST[length & 31]
}

/// Returns true if four successive bytes are equal.
#[inline]
pub(crate) fn has_four_equal(packed: u128, length: usize) -> bool {
    const EACH: u128 = u128::from_le_bytes([0x01; 16]);
    const HIGH: u128 = u128::from_le_bytes([0x80; 16]);
    if length < 4 {
        return false;
    }
    // Byte i of `pairs` is 0 if byte i equals the next one. Byte i of `fours` is 0 if bytes i to
    // i + 3 are equal.
    let pairs = packed ^ packed >> 8;
    let fours = pairs | pairs >> 8 | pairs >> 16 | !FIRST[(length - 3) & 31];
    fours.wrapping_sub(EACH) & !fours & HIGH != 0
}

/// Bit 5 of every byte: the case of an ASCII letter.
const CASE: u128 = u128::from_le_bytes([0x20; 16]);

/// Returns the bytes at which `written` has another case than `key`, as bits, the first byte
/// lowest; `None` if the two differ in more than case.
#[inline]
pub(crate) fn case_of(written: u128, key: u128) -> Option<u16> {
    let differ = written ^ key;
    if differ & !CASE != 0 {
        return None;
    }
    // The multiplication gathers bit 5 of each byte in the highest byte, as the instruction
    // movemask does.
    let bits = |half: u64| (half >> 5).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    Some((bits(differ as u64) | bits((differ >> 64) as u64) << 8) as u16)
}

/// Returns the form of a key with a case: the inverse of [`case_of`].
pub(crate) fn with_case(key: u128, case: u16) -> u128 {
    (0..16).filter(|at| case >> at & 1 == 1).fold(key, |key, at| key ^ 0x20 << (8 * at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_of_up_to_16_bytes_are_packed() {
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
        fn packed_words_are_lowered_like_strings(word in "[a-zA-Z0-9]{1,16}") {
            let lower = lowered(packed(word.as_bytes()).unwrap(), word.len());
            prop_assert_eq!(Some(lower), packed(word.to_ascii_lowercase().as_bytes()));
        }

        #[test]
        fn a_form_is_restored_from_its_key_and_case(bytes in prop::collection::vec(any::<u8>(), 0..=16), case: u16) {
            let key = packed(&bytes).unwrap();
            prop_assert_eq!(case_of(with_case(key, case), key), Some(case));
            prop_assert_eq!(with_case(key, 0), key);
            prop_assert_eq!(case_of(key ^ 1 << 7, key), None);
        }

        #[test]
        fn four_equal_bytes_are_found_at_every_position(word in "[ab0]{1,16}|a{1,8}b{0,4}c{0,4}") {
            let expected = word.as_bytes().windows(4).any(|four| four.iter().all(|b| *b == four[0]));
            prop_assert_eq!(has_four_equal(packed(word.as_bytes()).unwrap(), word.len()), expected);
        }
    }
}
