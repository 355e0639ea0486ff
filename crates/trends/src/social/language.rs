//! Guesses the language of a post whose record names no language. Owns the minimum for a reliable
//! guess.

/// The least number of letters for a guess; on fewer it is little better than chance.
const MIN_LETTERS: usize = 20;

/// The codes of languages: ISO 639-3, which the detector uses, and ISO 639-1.
const CODES: [&str; 57] = [
    "afr af", "aka ak", "amh am", "ara ar", "aze az", "bel be", "ben bn", "bul bg", "cat ca",
    "ces cs", "cmn zh", "dan da", "deu de", "ell el", "eng en", "epo eo", "est et", "fin fi",
    "fra fr", "guj gu", "heb he", "hin hi", "hrv hr", "hun hu", "hye hy", "ind id", "ita it",
    "jpn ja", "kat ka", "khm km", "kor ko", "lat la", "lav lv", "lit lt", "mar mr", "nep ne",
    "nld nl", "nob no", "pes fa", "pol pl", "por pt", "ron ro", "rus ru", "slk sk", "slv sl",
    "spa es", "swe sv", "tam ta", "tgl tl", "tha th", "tuk tk", "tur tr", "ukr uk", "urd ur",
    "uzb uz", "vie vi", "zul zu",
];

/// Returns the ISO 639-1 code of the language of `text`, `None` if the text has fewer than 20
/// letters, the guess is unreliable or [`CODES`] lacks the language. Guesses among all languages of
/// the detector, not only those with stop words, so that a text in another language is not forced
/// into one of them.
pub(super) fn guess(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).take(MIN_LETTERS).count();
    if letters < MIN_LETTERS {
        return None;
    }
    let guess = whatlang::detect(text).filter(whatlang::Info::is_reliable)?;
    let mut codes = CODES.iter().filter_map(|codes| codes.split_once(' '));
    codes.find(|(long, _)| *long == guess.lang().code()).map(|(_, short)| short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_table_is_one_of_the_detector() {
        for codes in CODES {
            let (long, short) = codes.split_once(' ').unwrap();
            assert!(whatlang::Lang::from_code(long).is_some() && short.len() == 2, "{codes}");
        }
    }
}
