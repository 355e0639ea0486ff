//! Finding the ASCII letters among 64 bytes. Owns the one step of tokenising that classifies eight
//! bytes at a time.

/// Returns a mask in which bit `i` is set if `block[i]` is an ASCII letter.
#[inline]
pub(super) fn letters(block: &[u8; 64]) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    words.iter().rev().fold(0, |mask, word| (mask << 8) | letters_of_8(u64::from_le_bytes(*word)))
}

/// Returns the mask of eight bytes, which are the lanes of a word. No lane carries into the next
/// one: all sums are of two numbers below 0x80.
#[inline]
fn letters_of_8(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let lower = (word | (0x20 * EACH)) & !HIGH;
    let from_a = lower + (0x80 - 0x61) * EACH;
    let above_z = lower + (0x80 - 0x7B) * EACH;
    let found = (from_a & !above_z & !word & HIGH) >> 7;
    // Gathers bit 0 of byte i into bit 56 + i: 2^(56 - 7i) moves bit 8i there, and no bits collide.
    found.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_classed_at_every_position_among_any_neighbours() {
        for byte in 0..=u8::MAX {
            for position in 0..64 {
                for neighbour in [0, b'-', b'a', b'Z', 0xFF] {
                    let mut block = [neighbour; 64];
                    block[position] = byte;
                    let found: Vec<bool> =
                        (0..64).map(|bit| letters(&block) >> bit & 1 == 1).collect();
                    let plain: Vec<bool> = block.iter().map(u8::is_ascii_alphabetic).collect();
                    assert_eq!(found, plain, "{byte:#x} at {position} among {neighbour:#x}");
                }
            }
        }
    }
}
