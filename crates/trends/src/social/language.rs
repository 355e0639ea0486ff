//! The guessed language of a post whose record names none. Owns when a guess is reliable enough.

use whatlang::{Detector, Lang};

/// The least number of letters for a guess; on fewer it is little better than chance.
const MIN_LETTERS: usize = 20;

/// Guesses the language of a text among all languages of the detector, not only those with stop
/// words, so that a text in another language is not forced into one of them.
#[derive(Debug)]
pub(super) struct Guesser {
    detector: Detector,
}

impl Guesser {
    pub(super) fn new() -> Self {
        Self { detector: Detector::new() }
    }

    /// Returns the ISO 639-1 code of the language of `text`, `None` if the text has fewer than 20
    /// letters or the guess is unreliable.
    pub(super) fn guess(&self, text: &str) -> Option<&'static str> {
        let letters = text.chars().filter(|c| c.is_alphabetic()).take(MIN_LETTERS).count();
        if letters < MIN_LETTERS {
            return None;
        }
        let guess = self.detector.detect(text)?;
        if guess.is_reliable() { code(guess.lang()) } else { None }
    }
}

/// Returns the code of ISO 639-1 for a language of the detector.
fn code(language: Lang) -> Option<&'static str> {
    CODES.iter().find(|(lang, _)| *lang == language).map(|(_, code)| *code)
}

const CODES: [(Lang, &str); 57] = [
    (Lang::Afr, "af"),
    (Lang::Aka, "ak"),
    (Lang::Amh, "am"),
    (Lang::Ara, "ar"),
    (Lang::Aze, "az"),
    (Lang::Bel, "be"),
    (Lang::Ben, "bn"),
    (Lang::Bul, "bg"),
    (Lang::Cat, "ca"),
    (Lang::Ces, "cs"),
    (Lang::Cmn, "zh"),
    (Lang::Dan, "da"),
    (Lang::Deu, "de"),
    (Lang::Ell, "el"),
    (Lang::Eng, "en"),
    (Lang::Epo, "eo"),
    (Lang::Est, "et"),
    (Lang::Fin, "fi"),
    (Lang::Fra, "fr"),
    (Lang::Guj, "gu"),
    (Lang::Heb, "he"),
    (Lang::Hin, "hi"),
    (Lang::Hrv, "hr"),
    (Lang::Hun, "hu"),
    (Lang::Hye, "hy"),
    (Lang::Ind, "id"),
    (Lang::Ita, "it"),
    (Lang::Jpn, "ja"),
    (Lang::Kat, "ka"),
    (Lang::Khm, "km"),
    (Lang::Kor, "ko"),
    (Lang::Lat, "la"),
    (Lang::Lav, "lv"),
    (Lang::Lit, "lt"),
    (Lang::Mar, "mr"),
    (Lang::Nep, "ne"),
    (Lang::Nld, "nl"),
    (Lang::Nob, "no"),
    (Lang::Pes, "fa"),
    (Lang::Pol, "pl"),
    (Lang::Por, "pt"),
    (Lang::Ron, "ro"),
    (Lang::Rus, "ru"),
    (Lang::Slk, "sk"),
    (Lang::Slv, "sl"),
    (Lang::Spa, "es"),
    (Lang::Swe, "sv"),
    (Lang::Tam, "ta"),
    (Lang::Tgl, "tl"),
    (Lang::Tha, "th"),
    (Lang::Tuk, "tk"),
    (Lang::Tur, "tr"),
    (Lang::Ukr, "uk"),
    (Lang::Urd, "ur"),
    (Lang::Uzb, "uz"),
    (Lang::Vie, "vi"),
    (Lang::Zul, "zu"),
];
