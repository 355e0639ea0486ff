//! Words by the table, by the rules, and by both in one text.

use proptest::prelude::*;

use super::*;

/// Returns the words that `cut` finds, and `|` for breaks.
fn collect(cut: impl FnOnce(&mut dyn FnMut(Piece<'_>))) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    cut(&mut |piece| match piece {
        Piece::Word(word) | Piece::Plain(word) => found.push(word.to_owned()),
        Piece::Break if found.last().is_none_or(|last| last != "|") => found.push("|".to_owned()),
        Piece::Break => {}
    });
    found
}

fn all(text: &str) -> Vec<String> {
    collect(|each| pieces(text, &mut String::new(), &mut |piece| each(piece)))
}

fn by_table(text: &str) -> Vec<String> {
    collect(|each| ascii::pieces(text, &mut |piece| each(piece)))
}

fn by_rules(text: &str) -> Vec<String> {
    collect(|each| unicode::pieces(text, &mut String::new(), &mut |piece| each(piece)))
}

#[test]
fn words_follow_the_standard_but_a_colon_separates_them() {
    for (text, expected) in [
        ("The quick brown fox can't jump", "The quick brown fox can't jump"),
        ("U.S. and U.S.A", "U.S | and U.S.A"),
        ("note:this re: that", "note | this re | that"),
        ("foo_bar _x_ __", "foo_bar _x_ |"),
        ("covid19 3D 4ever", "covid19 3D 4ever"),
        ("1,000 3.14 10:30 5'4 x", "| x"),
        ("a,b a;b a'b a''b", "a b a | b a'b a b"),
        ("a.1 1.a a.b 1_a.b", "a | a a.b 1_a.b"),
        ("well-known \"quoted\", (bracketed)", "well known quoted | bracketed |"),
        ("end. Begin! Now? line\nline", "end | Begin | Now | line | line"),
        ("", ""),
    ] {
        assert_eq!(all(text).join(" "), expected, "{text:?}");
    }
}

#[test]
fn words_of_other_scripts_are_found() {
    for (text, expected) in [
        ("don’t naïve cafe\u{301}", "don’t naïve café"),
        ("Привет, мир", "Привет мир"),
        ("שלום עולם", "שלום עולם"),
        ("نص عربي", "نص عربي"),
        ("한국어 텍스트", "한국어 텍스트"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("カタカナ ｶﾀｶﾅ", "カタカナ カタカナ"),
        ("one。two！three", "one | two | three"),
        ("soft\u{ad}hyphen x\u{200f}", "soft\u{ad}hyphen x"),
        ("\u{301}\u{301} \u{200d} \u{feff}", "|"),
        ("“a” ‘b’ «c» d—e", "a b c d | e"),
        ("a\u{2028}b\u{a0}c", "a | b c"),
    ] {
        assert_eq!(all(text).join(" "), expected, "{text:?}");
    }
}

#[cfg(feature = "cjk")]
#[test]
fn text_without_spaces_is_cut_by_dictionary() {
    for (text, expected) in [
        ("東京に行きます。大阪も", "東京 に 行き ます | 大阪 も"),
        ("我们在北京大学学习", "我们 在 北京 大学 学习"),
        ("สวัสดีชาวโลก", "สวัสดี ชาว โลก"),
        ("iPhoneを買う", "iPhone を 買う"),
        ("한국어 텍스트", "한국어 텍스트"),
    ] {
        assert_eq!(all(text).join(" "), expected, "{text:?}");
    }
}

#[test]
fn a_word_is_long_enough_by_three_letters_or_by_its_script() {
    for word in ["abc", "U.S.A", "a1b", "été", "мир", "東", "か", "ア", "한", "don’t"] {
        assert!(is_long_enough(word), "{word}");
    }
    for word in ["ab", "a.b", "_a_", "é", "и", "a'b", "__a"] {
        assert!(!is_long_enough(word), "{word}");
    }
}

proptest! {
    #[test]
    fn the_table_and_the_rules_agree_on_ascii(
        text in r"([a-zA-Z]{1,5}|[0-9]{1,3}|[_.,;:'\x22 -]|[ -~]|[\x00-\x7f]){0,40}"
    ) {
        prop_assert_eq!(by_table(&text), by_rules(&text));
    }
}

// With a dictionary, the text around its words is cut by tables of another version of Unicode.
#[cfg(not(feature = "cjk"))]
proptest! {
    #[test]
    fn cutting_at_white_space_first_changes_nothing(
        text in r"([a-zA-Z]{1,4}|[ \t\n\x0b]|['.,_0-9]|[\u{300}\u{200d}\u{ad}’é日カ한ш\u{a0}]|\PC){0,40}"
    ) {
        prop_assert_eq!(all(&text), by_rules(&text));
    }
}
