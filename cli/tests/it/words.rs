//! Words without number. The tests of the worker include this file, too.

/// Returns so many letters for each number below 26^letters, in no order: the factor is prime to 26,
/// so no two are equal.
pub(crate) fn word(number: u64, letters: u32) -> String {
    let mut rest = number * 2_654_435_761 % 26_u64.pow(letters);
    let mut word = String::new();
    for _ in 0..letters {
        word.push(char::from(b'a' + (rest % 26) as u8));
        rest /= 26;
    }
    word
}
