//! Short words in one number. Owns the folding of plain ones there, which says the same as that of
//! strings, several times as fast.

/// The bytes of a key of up to 16 bytes, little-endian and zero-padded; `None` of a longer one. No
/// key is empty or ends in a NUL, so none is 0.
#[inline]
pub(super) fn packed(key: &str) -> Option<u128> {
    let bytes = key.as_bytes();
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
pub(super) fn lowered(packed: u128, length: usize) -> u128 {
    const LOWER: u128 = u128::from_le_bytes([0x20; 16]);
    packed | LOWER & FIRST[length & 31]
}

/// Whether the same byte stands at four places in a row.
#[inline]
pub(super) fn has_run(packed: u128, length: usize) -> bool {
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
            assert_eq!(packed(&key[..length]), Some(u128::from_le_bytes(plain)), "{length}");
        }
        assert_eq!(packed("abcdefghijklmnopq"), None);
    }

    proptest! {
        #[test]
        fn plain_words_are_lowered_as_strings_are(word in "[a-zA-Z0-9]{1,16}") {
            let lower = lowered(packed(&word).unwrap(), word.len());
            prop_assert_eq!(Some(lower), packed(&word.to_ascii_lowercase()));
        }

        #[test]
        fn runs_are_found_where_they_are(word in "[ab0]{1,16}|a{1,8}b{0,4}c{0,4}") {
            let expected = word.as_bytes().windows(4).any(|run| run.iter().all(|b| *b == run[0]));
            prop_assert_eq!(has_run(packed(&word).unwrap(), word.len()), expected);
        }
    }
}
