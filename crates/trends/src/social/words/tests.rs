//! Words by the table, by the rules, and by both in one text.

use proptest::prelude::*;

use super::*;

/// Returns the words that `cut` finds, and `|` for breaks.
fn collect(cut: impl FnOnce(&mut dyn FnMut(Piece<'_>))) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    cut(&mut |piece| match piece {
        Piece::Word(word) | Piece::Plain(word) | Piece::Uncased(word) | Piece::Stem(word) => {
            found.push(word.to_owned());
        }
        Piece::Break if found.last().is_none_or(|last| last != "|") => found.push("|".to_owned()),
        Piece::Break => {}
    });
    found
}

fn all(text: &str) -> Vec<String> {
    collect(|each| pieces(text, &mut Buffers::default(), &mut |piece| each(piece)))
}

fn by_table(text: &str) -> Vec<String> {
    collect(|each| ascii::pieces(text, &mut |piece| each(piece)))
}

fn by_rules(text: &str) -> Vec<String> {
    collect(|each| unicode::pieces(text, &mut Buffers::default(), &mut |piece| each(piece)))
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

#[test]
fn text_without_spaces_is_cut_by_dictionary() {
    for (text, expected) in [
        ("東京に行きます。大阪も", "東京 に 行き ます | 大阪 も"),
        ("我们在北京大学学习", "我们 在 北京 大学 学习"),
        ("สวัสดีชาวโลก", "สวัสดี ชาว โลก"),
        ("ພາສາລາວ", "ພາສາ ລາວ"),
        ("ភាសាខ្មែរ", "ភាសាខ្មែរ"),
        ("မြန်မာစာ", "မြန်မာ စာ"),
        ("iPhoneを買う", "iPhone を 買う"),
        ("한국어 텍스트", "한국어 텍스트"),
        ("2017年3月に東京タワーで", "| 年 | 月 に 東京 タワー で"),
        ("스타벅스에서 coffee を飲む", "스타벅스에서 coffee を 飲む"),
        ("กรุงเทพ東京", "กรุงเทพ 東京"),
    ] {
        assert_eq!(all(text).join(" "), expected, "{text:?}");
    }
}

#[test]
fn characters_that_only_extend_a_run_belong_to_its_words() {
    for (text, expected) in [
        // A prolonged sound is not looked up, and belongs to what it prolongs.
        ("すごーーい", "すごーーい"),
        ("らーメン コーヒー", "らー メン コーヒー"),
        ("ーー", "|"),
        ("人々 時々刻々", "人々 時々刻々"),
        // Half-width kana with their voice marks are full-width kana in NFKC.
        ("ｶﾞﾝﾀﾞﾑ ﾃﾞｨｽﾞﾆｰ", "ガンダム ディズニー"),
        // A variation selector, a joiner and a word joiner are invisible.
        ("葛\u{e0100}飾区", "葛\u{e0100}飾 区"),
        ("東\u{2060}京", "東\u{2060}京"),
        // A mark never begins a word, and a mark without a letter is none.
        ("か\u{301}く", "か\u{301}く"),
        ("ก\u{200d}าร", "ก\u{200d}าร"),
        ("\u{e31}\u{e48}", "|"),
        ("東_京 東_タ_ワ", "東 | 京 東 _タ_ワ"),
    ] {
        assert_eq!(all(text).join(" "), expected, "{text:?}");
    }
}

#[test]
fn the_vowel_am_of_thai_and_lao_is_one_character() {
    for (text, expected) in
        [("น้ำดื่มทำงาน", "น้ำ ดื่ม ทำงาน"), ("น\u{e49}\u{e4d}\u{e32}", "น้ำ"), ("ນ້ຳ", "ນ້ຳ")]
    {
        assert_eq!(all(text).join(" "), expected, "{text:?}");
    }
}

/// The expected words follow rules 4, 7a to 7c and 13 of UAX #29, and chapters 9, 12 and 16 of
/// Unicode.
#[test]
fn marks_and_joiners_stay_within_words_of_every_script() {
    for (text, expected) in [
        // Hebrew: points, and geresh and gershayim in either form.
        ("שָׁלוֹם צה״ל צה\"ל ג׳ירפה", "שָׁלוֹם צה״ל צה\"ל ג׳ירפה"),
        // Arabic: harakat, tatweel, a presentation form, and the joiner of Persian.
        ("مُحَمَّد مـحـمـد ﷲ می\u{200c}خواهم", "مُحَمَّد مـحـمـد الله می\u{200c}خواهم"),
        ("ﻣﺤﻤﺪ", "محمد"),
        // Devanagari, Bengali and Tamil: vowel signs, viramas and joiners.
        ("हिन्दी क\u{94d}\u{200d}ष বাংলা தமிழ்", "हिन्दी क\u{94d}\u{200d}ष বাংলা தமிழ்"),
        ("क्षत्रिय র\u{200d}\u{9cd}যাব", "क्षत्रिय র\u{200d}\u{9cd}যাব"),
        ("a\u{308}rger Ｆｕｌｌ ①②", "ärger Full |"),
        // Controls of direction are invisible, and so part of the word before them.
        ("\u{202e}abc\u{202c} \u{2067}def\u{2069}", "abc def"),
        ("ab\u{fffd}cd e\u{378}f", "ab | cd e | f"),
    ] {
        assert_eq!(all(text).join(" "), expected, "{text:?}");
    }
}

#[test]
fn five_scripts_in_one_text_are_cut_each_by_its_rule() {
    let text = "今日はParisでкофеを ดื่มกาแฟ مع صديقي 친구와함께";
    let expected = "今日 は Paris で кофе を ดื่ม กาแฟ مع صديقي 친구와함께";
    assert_eq!(all(text).join(" "), expected);
}

#[test]
fn a_word_is_long_enough_by_letters_syllables_or_an_ideograph() {
    for word in [
        "abc",
        "U.S.A",
        "a1b",
        "été",
        "мир",
        "don’t",
        "東",
        "お茶",
        "すごい",
        "ゲーム",
        "ロシア",
        "한국",
        "ㅋㅋㅋ",
        "รัก",
        "ไป",
        "น้ำ",
        "ปี",
        "ใจ",
        "ທ່ານ",
        "ទៅ",
        "စာ",
        "شمس",
        "देश",
        "घर",
        "फल",
        "বই",
        "דגל",
    ] {
        assert!(is_long_enough(word), "{word}");
    }
    for word in [
        "ab",
        "a.b",
        "_a_",
        "é",
        "и",
        "a'b",
        "__a",
        "か",
        "ア",
        "から",
        "バー",
        "タカ",
        "한",
        "ㅋㅋ",
        "々",
        "ก",
        "ก็",
        "น์",
        "ๆ",
        "की",
        "ले",
        "क\u{94d}",
        "",
    ] {
        assert!(!is_long_enough(word), "{word}");
    }
}

#[test]
fn each_letter_of_a_run_is_a_word_to_the_rules() {
    use unicode_segmentation::UnicodeSegmentation as _;
    let all: Vec<char> = ('\0'..=char::MAX).filter(|c| unspaced(*c).is_some()).collect();
    let is_apart = |character: &char| {
        let parts = format!("a{character}a").split_word_bounds().count();
        parts == if crate::social::characters::is_mark(*character) { 1 } else { 3 }
    };
    let others: Vec<_> = all.iter().filter(|character| !is_apart(character)).collect();
    // The rules take the marks of iteration for letters of an alphabet.
    assert!(all.len() > 90_000 && others.contains(&&'々') && others.len() < 6, "{others:?}");
    // Nothing of these scripts is left to the rules.
    let pattern = r"^[[\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&\p{L}]$";
    let pattern = regex::Regex::new(pattern).unwrap();
    let is_missed = |character: &char| {
        unspaced(*character).is_none()
            && pattern.is_match(&character.to_string())
            && crate::social::fold::NFKC.is_normalized(&character.to_string())
    };
    let missed: Vec<_> = ('\0'..=char::MAX).filter(is_missed).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn a_letter_repeated_a_hundred_thousand_times_is_cut() {
    for (letter, words) in [("あ", 1..100_001), ("東", 1..100_001), ("ก", 1..100_001), ("a", 1..2)]
    {
        let text = letter.repeat(100_000);
        let found = all(&text);
        assert!(words.contains(&found.len()), "{letter}: {}", found.len());
        assert_eq!(found.concat(), text);
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

/// Returns the words of `text` by UAX #29, where neighbours of one unspaced script are cut as a run.
fn by_merged_rules(text: &str) -> Vec<String> {
    use unicode_segmentation::UnicodeSegmentation as _;
    let script = |segment: &str| segment.chars().next().and_then(unspaced);
    let mut merged: Vec<String> = Vec::new();
    for segment in text.split_word_bounds() {
        match merged.last_mut().filter(|last| script(last).is_some()) {
            Some(last) if script(last) == script(segment) => last.push_str(segment),
            _ => merged.push(segment.to_owned()),
        }
    }
    let mut found: Vec<String> = merged.iter().flat_map(|segment| all(segment)).collect();
    found.dedup_by(|a, b| a == "|" && b == "|");
    found
}

proptest! {
    #[test]
    fn cutting_at_white_space_first_changes_nothing(
        text in r"([a-zA-Z]{1,4}|[ \t\n\x0b]|['.,_0-9]|[\u{300}\u{200d}\u{ad}’é日カーの々ไทยำ한ш\u{a0}]|\PC){0,40}"
    ) {
        prop_assert_eq!(all(&text), by_rules(&text));
    }

    #[test]
    fn only_runs_are_cut_by_dictionary(
        text in r"([a-zé]{1,3}|[ ._0-9]|[東京大学の人]{1,4}|[カタナ]{1,3}|[กรุงเทพ]{1,4}|[한국]|[\u{301}]){0,30}"
    ) {
        use crate::social::fold::NFKC;
        // A mark at the beginning of a part would extend the part before it.
        let text = NFKC.normalize(&text).replace(" \u{301}", " ");
        prop_assert_eq!(all(&text), by_merged_rules(&text));
    }
}

#[test]
fn an_ideograph_before_an_ending_is_a_stem_and_before_a_particle_a_noun() {
    for (text, stems, nouns) in [
        ("昨日ラーメンを食べました", "食", ""),
        ("映画が終わった", "終", ""),
        ("頑張れ日本", "張", "頑"),
        ("手紙を書いてください", "書", ""),
        ("知らなかった", "知", ""),
        ("雪が降る", "", "雪"),
        ("猫は寝ている", "寝", "猫"),
        ("本を読む", "", "本"),
        ("犬と猫がいる", "", "犬 猫"),
        ("猫かわいい", "", "猫"),
        ("春だね。雨でした。海", "", "春 雨 海"),
        ("昨日は楽しかったです", "楽", ""),
        ("寒かったね。強ければ", "寒 強", ""),
        ("高くない。雪しかない", "高", "雪"),
        ("人気", "", ""),
        ("雪\u{fe00}が降る", "", "雪"),
        ("我在家看书", "", "家"),
    ] {
        let (mut found_stems, mut found_nouns) = (Vec::new(), Vec::new());
        pieces(text, &mut Buffers::default(), &mut |piece| match piece {
            Piece::Stem(word) => found_stems.push(word.to_owned()),
            Piece::Word(word) | Piece::Uncased(word) => {
                let mut letters = word.chars();
                let first = letters.next();
                if letters.next().is_none() && first.is_some_and(|letter| !is_kana(letter)) {
                    found_nouns.push(word.to_owned());
                }
            }
            Piece::Plain(_) | Piece::Break => {}
        });
        assert_eq!((&*found_stems.join(" "), &*found_nouns.join(" ")), (stems, nouns), "{text}");
    }
}

#[test]
fn a_lao_consonant_that_nfkc_takes_apart_is_one_character() {
    for (text, expected) in [
        ("ຂ້ອຍມີໝາສອງໂຕ", "ຂ້ອຍ ມີ ໝາ ສອງ ໂຕ"),
        ("ຂ້ອຍມີຫມາສອງໂຕ", "ຂ້ອຍ ມີ ໝາ ສອງ ໂຕ"),
        ("ເພື່ອນໝູ່ກິນໝາກໄມ້", "ເພື່ອນ ໝູ່ ກິນ ໝາກ ໄມ້"),
        ("ໜ້າ ໜັງສື", "ໜ້າ ໜັງສື"),
    ] {
        assert_eq!(all(text).join(" "), expected, "{text:?}");
    }
}
