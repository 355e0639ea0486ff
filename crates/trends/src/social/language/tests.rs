use sha2::{Digest, Sha256};

use super::*;

/// Words as the model is asked for them, with the language and probability that fastText gives:
/// its C++, in the Python package fasttext-predict 0.9.2.4. `bench/language.py --oracle` compares
/// this table with it.
const ORACLE: [(&str, &str, f32); 35] = [
    ("the train to the coast was late again this morning", "en", 0.9824),
    ("i don't think they're going to make it tonight", "en", 0.9985),
    ("morgen gaan we met de hele familie naar zee", "nl", 0.9925),
    ("der zug hatte heute wieder fast eine stunde verspätung", "de", 0.9988),
    ("el tren de esta mañana llegó tarde otra vez", "es", 0.9934),
    ("o comboio desta manhã chegou outra vez atrasado", "pt", 0.9263),
    ("hoje à noite tem jogo e eu não vou perder", "pt", 0.9970),
    ("le train de ce matin était encore en retard", "fr", 0.9953),
    ("il treno di stamattina era di nuovo in ritardo", "it", 0.9886),
    ("bu sabah tren yine geç kaldı", "tr", 0.9960),
    ("kereta pagi ini terlambat lagi", "id", 0.8088),
    ("pociąg dziś rano znowu się spóźnił", "pl", 0.9999),
    ("tåget var försenat igen i morse", "sv", 0.9994),
    ("toget var forsinket igen i morges", "da", 0.6032),
    ("juna oli taas myöhässä tänä aamuna", "fi", 0.9991),
    ("dnes ráno měl vlak zase zpoždění", "cs", 0.9976),
    ("a vonat ma reggel megint késett", "hu", 0.9787),
    ("trenul a întârziat din nou în dimineața asta", "ro", 0.9999),
    ("сегодня утром поезд опять опоздал", "ru", 0.9926),
    ("сьогодні вранці поїзд знову запізнився", "uk", 0.9983),
    ("το τρένο άργησε πάλι σήμερα το πρωί", "el", 0.9988),
    ("تأخر القطار مرة أخرى هذا الصباح", "ar", 0.9913),
    ("قطار امروز صبح باز هم دیر کرد", "fa", 0.8732),
    ("הרכבת איחרה שוב הבוקר", "he", 0.9971),
    ("आज सुबह ट्रेन फिर देर से आई", "hi", 0.9650),
    ("আজ সকালে ট্রেন আবার দেরি করেছে", "bn", 0.9938),
    ("இன்று காலை ரயில் மீண்டும் தாமதமாக வந்தது", "ta", 0.9998),
    ("今天早上火车又晚点了", "zh", 0.9513),
    ("오늘 아침에도 기차가 늦었습니다", "ko", 1.0),
    ("เช้านี้รถไฟมาสายอีกแล้ว", "th", 0.9997),
    ("sáng nay tàu lại đến muộn", "vi", 0.9966),
    ("na late na naman ang tren kaninang umaga", "tl", 0.8623),
    ("რა კარგი დღეა დღეს", "ka", 0.9382),
    ("այսօր գնացքը նորից ուշացավ", "hy", 0.9985),
    ("good morning", "en", 0.6959),
];

fn loaded() -> &'static Model<'static> {
    MODEL.as_ref().unwrap()
}

#[test]
fn the_model_is_the_published_one() {
    let digest = Sha256::digest(BYTES);
    assert_eq!(digest[..8], 0x8f34_72cf_e873_8a7b_u64.to_be_bytes());
    assert_eq!(loaded().languages.len(), 176);
}

#[test]
fn languages_and_probabilities_are_those_of_fasttext() {
    for (text, language, probability) in ORACLE {
        let (guessed, found) = loaded().guess(text);
        assert_eq!(guessed, language, "{text}");
        assert!((found - probability).abs() < 5e-4, "{text}: {found}, not {probability}");
    }
}

/// On x86-64 with glibc and musl and on aarch64, optimised or not.
#[test]
fn probabilities_have_the_same_bits_on_every_machine() {
    let mut digest = Sha256::new();
    for (left, ..) in ORACLE {
        for (right, ..) in ORACLE {
            let (language, probability) = loaded().guess(&format!("{left} {right}"));
            digest.update(language);
            digest.update(probability.to_bits().to_le_bytes());
        }
    }
    assert_eq!(digest.finalize()[..8], 0x8f1a_3fbe_6251_c094_u64.to_be_bytes());
}

#[test]
fn a_guess_needs_ten_bytes_of_letters_and_a_higher_probability_below_twenty() {
    // fastText is sure that these two are Finnish (0.93) and Breton (0.94).
    assert_eq!([guess("ja"), guess("zo about")], [None, None]);
    assert_eq!(guess("good morning"), None);
    assert_eq!(guess("good morning to all of you out there"), Some("en"));
    assert_eq!(guess("ありがとう"), Some("ja"));
    assert_eq!(guess("спасибо большое"), Some("ru"));
    assert_eq!(guess("wxkq vbnm tzrp qwrt plkj hgfd"), None);
}

#[test]
fn case_digits_and_signs_do_not_change_a_guess() {
    let words = Words::new("Don’t MISS it: 24/7, «ÜBER» 1\u{301} क्या");
    let split: Vec<_> = words.text.split_whitespace().collect();
    assert_eq!(split, ["don’t", "miss", "it", "über", "\u{301}", "क्या"]);
    assert_eq!(words.letters, "DontMISSitÜBER\u{301}क्या".len());
    assert_eq!(guess("1234567890 !!! ??? \u{202E}\u{FFFD}\u{10FFFF}\u{E000}"), None);
}

#[test]
fn only_the_beginning_of_a_long_text_is_read() {
    let english = "the train to the coast was late again this morning ".repeat(30);
    let dutch = "morgen gaan we met de hele familie naar zee ".repeat(20_000);
    assert_eq!(guess(&format!("{english}{dutch}")), Some("en"));
    assert_eq!(guess(&dutch), Some("nl"));
    assert!(Words::new(&"a".repeat(1 << 20)).text.len() <= MOST);
    assert_eq!(guess(&"\u{200D}".repeat(1 << 20)), None);
}

#[test]
fn a_cut_model_is_refused_and_an_altered_one_never_panics() {
    assert!(reader::model(&[]).is_none());
    assert!(reader::model(&[BYTES, &[0]].concat()).is_none());
    for length in (0..BYTES.len()).step_by(10_007) {
        assert!(reader::model(&BYTES[..length]).is_none(), "{length} bytes");
    }
    let not_a_number = [&BYTES[..BYTES.len() - 4], &f32::NAN.to_le_bytes()].concat();
    assert!(reader::model(&not_a_number).is_none());
    // An entry is a text, a zero, a count and a kind; the first n-gram's row follows its bucket.
    let last_label = BYTES.windows(9).rposition(|bytes| bytes == b"__label__").unwrap();
    let end = last_label + BYTES[last_label..].iter().position(|byte| *byte == 0).unwrap();
    let row = end + 1 + 8 + 1 + 4;
    let mut no_row = BYTES.to_vec();
    no_row[row..row + 4].copy_from_slice(&50_000_i32.to_le_bytes());
    assert!(reader::model(&no_row).is_none());
    let mut altered = BYTES.to_vec();
    let mut accepted = 0;
    for turn in 0..300 {
        // The first 1,000 bytes hold the settings; the others are a sample of the whole.
        let index = if turn < 100 { turn } else { turn * 3119 };
        let byte = std::mem::replace(&mut altered[index], 0xA5);
        if let Some(model) = reader::model(&altered) {
            accepted += 1;
            let (_, probability) = model.guess("the train to the coast was late");
            assert!((0.0..=1.0).contains(&probability), "byte {index}");
        }
        altered[index] = byte;
    }
    assert!(accepted > 50, "{accepted}");
}
