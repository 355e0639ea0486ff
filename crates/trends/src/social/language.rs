//! Guessing the language of a post that doesn't say its own. Owns when a guess is worth anything.

use whatlang::{Detector, Lang};

/// Below this many letters a guess is a coin toss.
const LEAST_LETTERS: usize = 20;

/// Guesses among the languages that there are stop words for.
#[derive(Debug)]
pub(super) struct Guesser {
    detector: Detector,
}

impl Guesser {
    /// A guesser among `codes` (ISO 639-1); of one language there is nothing to guess, and all
    /// others stay in the running, so that a text in none of the chosen is not forced into one.
    pub(super) fn new() -> Self {
        Self { detector: Detector::new() }
    }

    /// The ISO 639-1 code of the language of `text`, where it has enough letters and the guess is
    /// a reliable one.
    pub(super) fn guess(&self, text: &str) -> Option<&'static str> {
        let letters = text.chars().filter(|c| c.is_alphabetic()).take(LEAST_LETTERS).count();
        if letters < LEAST_LETTERS {
            return None;
        }
        let guess = self.detector.detect(text)?;
        if guess.is_reliable() { code(guess.lang()) } else { None }
    }
}

/// The two letters of ISO 639-1 for the three of ISO 639-3.
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
