//! Whole posts, and properties of every post.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::Kind;

/// A sink that keeps all terms and pairs.
#[derive(Default, PartialEq, Eq, Debug)]
struct TermCollector {
    terms: Vec<(Kind, String, String)>,
    pairs: Vec<(String, String)>,
    stops: BTreeSet<String>,
}

impl TermSink for TermCollector {
    fn term(&mut self, kind: Kind, key: &str, form: &str) {
        self.terms.push((kind, key.to_owned(), form.to_owned()));
    }

    fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>) {
        for word in [left, right] {
            assert_eq!(normalize(Kind::Word, word.form), word.key);
            if word.stop {
                self.stops.insert(word.key.to_owned());
            }
        }
        self.pairs.push((left.key.to_owned(), right.key.to_owned()));
    }
}

impl TermCollector {
    fn keys(&self, kind: Kind) -> Vec<&str> {
        let of_kind = self.terms.iter().filter(|(found, ..)| *found == kind);
        of_kind.map(|(_, key, _)| key.as_str()).collect()
    }
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn settings(languages: &[&str], extra: &[&str]) -> Settings {
    Settings {
        kinds: Kind::ALL.into_iter().collect(),
        stop_words: StopWords::new(&words(languages), &words(extra)).unwrap(),
        detect_language: false,
    }
}

fn terms_of(settings: &Settings, post: &Post<'_>) -> TermCollector {
    let mut sink = TermCollector::default();
    Tokenizer::new(settings).post(post, &mut sink);
    sink
}

fn text(text: &str) -> TermCollector {
    terms_of(&settings(&[], &[]), &Post { text, language: None, entities: None })
}

#[track_caller]
fn check(kind: Kind, cases: &[(&str, &[&str])]) {
    for (post, expected) in cases {
        assert_eq!(text(post).keys(kind), *expected, "{post:?}");
    }
}

#[test]
fn a_post_has_terms_of_every_kind() {
    let found =
        text("RT @Ferris: #Rust &amp; $IBM rise 🎉 see https://www.Example.co.uk/a?b, Crabs");
    let expected = [
        (Kind::Mention, "ferris", "Ferris"),
        (Kind::Hashtag, "rust", "Rust"),
        (Kind::Cashtag, "ibm", "IBM"),
        (Kind::Word, "rise", "rise"),
        (Kind::Emoji, "🎉", "🎉"),
        (Kind::Word, "see", "see"),
        (Kind::Domain, "example.co.uk", "example.co.uk"),
        (Kind::Word, "crabs", "Crabs"),
    ];
    let expected = expected.map(|(kind, key, form)| (kind, key.to_owned(), form.to_owned()));
    assert_eq!(found.terms, expected);
    assert_eq!(found.pairs, []);
}

#[test]
fn entities_are_decoded_once() {
    check(
        Kind::Word,
        &[
            ("caf&eacute; &lt;b&gt; ni&#241;o &#x43c;ир", &["café", "niño", "мир"]),
            ("&amp;eacute;t&amp;eacute;", &["eacute", "eacute"]),
            ("AT&T &copy without end", &["copy", "without", "end"]),
            ("don&#39;t", &["don't"]),
        ],
    );
    check(Kind::Hashtag, &[("&#35;tag &amp;#no", &["tag"])]);
}

#[test]
fn keys_of_words_are_folded_and_squeezed_but_forms_are_not() {
    let found = text("SOOOOOO Cool GRÜẞE ΟΔΥΣΣΕΥΣ οδυσσευς don’t ﬁne Ｗｉｄｅ coooooool 1000000");
    let of = |key: &str| {
        found
            .terms
            .iter()
            .filter(|term| term.1 == key)
            .map(|term| term.2.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("sooo"), ["SOOOOOO"]);
    assert_eq!(of("grüße"), ["GRÜẞE"]);
    assert_eq!(of("οδυσσευσ"), ["ΟΔΥΣΣΕΥΣ", "οδυσσευς"]);
    assert_eq!(of("don't"), ["don’t"]);
    assert_eq!(of("fine"), ["fine"]);
    assert_eq!(of("wide"), ["Wide"]);
    assert_eq!(of("coool"), ["coooooool"]);
    assert_eq!(found.terms.len(), 9);
}

#[test]
fn short_words_numbers_and_remnants_are_not_counted() {
    check(
        Kind::Word,
        &[
            ("RT via amp http https a of it 2017 911 1,000 3D", &[]),
            ("東京 雪 か から すごい 한 한국 ab abc", &["東京", "雪", "すごい", "한국", "abc"]),
        ],
    );
}

#[test]
fn names_are_folded_but_not_squeezed() {
    check(
        Kind::Hashtag,
        &[
            ("#LOOOOVE #Café #ＡＢＣ", &["loooove", "café", "abc"]),
            ("#می\u{200c}خواهم", &["میخواهم"]),
            ("#か゛き #が", &["がき", "が"]),
            ("#\u{34f} #\u{34f}a", &["a"]),
        ],
    );
    check(Kind::Mention, &[("@Rust/Core-Team ＠NAME", &["rust/core-team", "name"])]);
    check(Kind::Cashtag, &[("$Brk.B", &["brk.b"])]);
}

#[test]
fn an_emoji_is_counted_without_tone_and_selector() {
    check(
        Kind::Emoji,
        &[
            ("👍👍🏽👍🏿 👍🏽🏽\u{fe0f}", &["👍", "👍", "👍", "👍"]),
            ("❤️❤", &["❤", "❤"]),
            ("👩🏾‍🚀👩‍🚀", &["👩‍🚀", "👩‍🚀"]),
            ("1️⃣1⃣", &["1⃣", "1⃣"]),
            ("🏽", &["🏽"]),
        ],
    );
}

#[test]
fn a_domain_is_the_registrable_part_of_a_host() {
    check(
        Kind::Domain,
        &[
            ("http://a.b.example.co.uk:80/x www.example.org", &["example.co.uk", "example.org"]),
            ("http://someone.github.io/", &["someone.github.io"]),
            ("http://co.uk/ http://localhost/ http://127.0.0.1/ http://x… http://..a.b", &[]),
            ("http://www.münchen.de http://www.xn--mnchen-3ya.de", &["münchen.de", "münchen.de"]),
            ("http://www.MÜNCHEN.de http://host.unlisted/", &["münchen.de", "host.unlisted"]),
        ],
    );
}

#[test]
fn neighbours_form_pairs_stop_words_included() {
    let settings = settings(&["en"], &[]);
    let post = |text| terms_of(&settings, &Post { text, language: Some("en"), entities: None });
    let found = post("The House of Representatives, \"Capitol Hill\"");
    let pairs: Vec<_> = found.pairs.iter().map(|(l, r)| format!("{l} {r}")).collect();
    let expected =
        ["the house", "house of", "of representatives", "representatives capitol", "capitol hill"];
    assert_eq!(pairs, expected);
    assert_eq!(found.stops, ["of", "the"].map(str::to_owned).into());
    assert_eq!(found.keys(Kind::Word), ["house", "representatives", "capitol", "hill"]);
    for parted in [
        "one. two",
        "one @a two",
        "one #a two",
        "one 😀 two",
        "one http://a.b two",
        "one\ntwo",
        "one 7 two",
        "one! two",
        "one? two",
        "one: two",
        "one; two",
        "one… two",
        "one (two)",
        "one rt two",
    ] {
        assert_eq!(post(parted).pairs, [], "{parted}");
    }
}

#[test]
fn the_stop_words_of_the_posts_language_apply_or_those_of_all_languages() {
    let settings = settings(&["nl", "EN"], &["Echt"]);
    let keys = |language| {
        let post = Post { text: "echt niet about huis", language, entities: None };
        terms_of(&settings, &post).keys(Kind::Word).join(" ")
    };
    assert_eq!(keys(Some("nl")), "about huis");
    assert_eq!(keys(Some("en-GB")), "niet huis");
    assert_eq!(keys(Some("EN_us")), "niet huis");
    for unknown in [None, Some("und"), Some("fr"), Some("")] {
        assert_eq!(keys(unknown), "huis");
    }
}

#[test]
fn the_stop_words_of_a_records_own_language_apply_by_default() {
    let chosen = StopWords::new(&words(&["nl", "en", "es"]), &words(&["extra"])).unwrap();
    let kinds = [Kind::Word].into_iter().collect();
    let settings = |stop_words| Settings { kinds, stop_words, detect_language: false };
    let (own, chosen) = (settings(chosen.clone().with_own_lists()), settings(chosen));
    let keys = |settings: &Settings, language: &str, text: &str| {
        let language = Some(language).filter(|tag| !tag.is_empty());
        terms_of(settings, &Post { text, language, entities: None }).keys(Kind::Word).join(" ")
    };
    for (language, text, expected) in [
        ("ja", "私は東京でラーメンを買いました。そしてこれからです", "東京 ラーメン 買い"),
        ("zh-CN", "我们的北京大学在哪里", "北京 大学"),
        ("zh-Hant", "這是台灣的電影", "台灣 電影"),
        ("ko", "그리고 우리는 서울에서 다시 만났다", "우리는 서울에서 만났다"),
        ("th", "และกาแฟที่ร้านอยู่ในเมือง", "กาแฟ ร้าน เมือง"),
        ("ar", "هذا الكتاب على الطاولة الى جانب أيضا", "الكتاب الطاولة جانب"),
        ("hi", "यह किताब बहुत अच्छी है और सस्ती", "किताब अच्छी सस्ती"),
        ("ru", "Это очень хорошая книга, почему наша самая", "хорошая книга"),
        ("hi", "मुझे मेरा घर क्या आपने किए दिए", "घर"),
        ("th", "กำลังกลับบ้านบนควรเมือง", "บ้าน เมือง"),
        ("ja", "こんなにラーメンくれるなんでずっと", "ラーメン"),
        ("pt", "isso também para você quando estava praia", "praia"),
        ("FR_fr", "pour avec cette dans les maison", "maison"),
        ("de", "aber nicht diese oder über Wetter", "wetter"),
        ("it", "anche della questo perché mare", "mare"),
        ("tr", "ama çünkü gibi daha deniz", "deniz"),
        ("in", "yang dengan untuk tidak pantai", "pantai"),
        ("nl", "niet about huis", "about huis"),
        ("en", "niet about huis extra", "niet huis"),
        // A language without a list, and none: the chosen lists, and those of other scripts.
        ("xx", "niet about huis", "huis"),
        ("und", "niet huis これから ラーメン", "huis ラーメン"),
        ("", "потом 那么 电影", "电影"),
        // A language that lies: words of each script have lists of their own.
        ("en", "และกาแฟที่ร้าน about", "กาแฟ ร้าน"),
        ("uk", "потом книга", "книга"),
        ("ja", "这个电影为什么没有问题", "电影"),
        ("zh", "私は東京でこれからラーメン", "東京 ラーメン"),
        ("mr", "मैंने किताब क्या आपके", "किताब"),
        ("fa", "هذا الكتاب على الطاولة", "الكتاب الطاولة"),
        ("ja", "the about house これから", "house"),
        ("zh", "the about house 我们", "house"),
        ("ko", "the about house", "house"),
        ("th", "the about house", "house"),
        ("ar", "the about house", "house"),
        ("hi", "the about house", "house"),
        ("RU_ru", "the about house", "house"),
        // A language that a post doesn't have removes nothing of another in Latin letters.
        ("de", "las vegas about", "las vegas about"),
        // Topics of Japanese, and of Persian, that are general words in Chinese and Arabic.
        ("ja", "先生に問題を聞く 安全", "先生 問題 聞く 安全"),
        ("zh", "先生的问题 书", "书"),
        ("zh", "書 電影", "書 電影"),
        ("fa", "علم و خبر شمال", "علم خبر شمال"),
        // Traditional characters.
        ("zh", "我們因為他們電影", "電影"),
        ("zh-TW", "為什麼這個問題沒有電影", "電影"),
        // Lists that are ours.
        ("lo", "ຂ້ອຍມີໝາແລະແມວ", "ຫມາ ແມວ"),
        ("km", "ខ្ញុំ និង សៀវភៅ", "សៀវភៅ"),
        ("my", "ဒီ စာအုပ် သည်", "စာအုပ်"),
        // Codes of three letters.
        ("deu", "aber nicht diese oder über Wetter about", "wetter about"),
        ("GER", "aber nicht Wetter about", "wetter about"),
        ("jpn", "それから東京", "東京"),
        ("zho-Hant", "我們電影", "電影"),
        ("rus", "потом книга", "книга"),
        ("eng", "niet about huis", "niet huis"),
        // Tags that name no language.
        ("UND", "niet about huis", "huis"),
        ("zxx", "niet about huis", "huis"),
        ("Qme", "niet about huis", "huis"),
    ] {
        assert_eq!(keys(&own, language, text), expected, "{language}: {text}");
    }
    // A choice means what it says.
    assert_eq!(keys(&chosen, "ja", "about それから"), "それから");
    assert_eq!(keys(&chosen, "de", "nicht about"), "nicht");
}

#[test]
fn every_word_that_was_added_to_a_list_is_a_word_of_posts() {
    for (code, added) in stop_words::MORE {
        let settings = Settings {
            kinds: [Kind::Word, Kind::Phrase].into_iter().collect(),
            stop_words: StopWords::default(),
            detect_language: false,
        };
        for word in added.split_whitespace() {
            let found = terms_of(&settings, &Post { text: word, language: None, entities: None });
            let known = StopWords::new(&words(&[code]), &[]).unwrap();
            let known = terms_of(
                &Settings { stop_words: known, ..settings.clone() },
                &Post { text: word, language: Some(code), entities: None },
            );
            assert_eq!((found.terms.len(), known.terms.len()), (1, 0), "{code}: {word}");
        }
    }
}

#[test]
fn marks_and_fillers_do_not_make_a_word_longer() {
    check(
        Kind::Word,
        &[
            ("حُبٌّ حـــب شمس شـمـس", &["شمس", "شمس"]),
            ("יָד דֶּגֶל", &["דגל"]),
            ("a\u{3164}\u{3164}b a\u{ad}\u{ad}b", &[]),
            ("aaaa نننن", &["aaa", "ننن"]),
        ],
    );
}

#[test]
fn every_list_holds_words_that_can_be_counted() {
    for code in StopWords::new(&words(&["xx"]), &[]).unwrap_err().known {
        let settings = Settings {
            kinds: [Kind::Word].into_iter().collect(),
            stop_words: StopWords::new(&words(&[code]), &[]).unwrap(),
            detect_language: false,
        };
        let bare = Settings { stop_words: StopWords::default(), ..settings.clone() };
        let list = ::stop_words::lookup(code).unwrap_or_default();
        let count = |settings: &Settings, word: &str| {
            terms_of(settings, &Post { text: word, language: Some(code), entities: None })
                .terms
                .len()
        };
        // An entry of one word removes that word.
        let is_single =
            |word: &&&str| !word.contains(char::is_whitespace) && count(&bare, word) == 1;
        let single = list.iter().filter(is_single);
        let kept: Vec<_> = single.filter(|word| count(&settings, word) > 0).collect();
        assert!(kept.len() <= list.len() / 50, "{code}: {kept:?}");
    }
}

#[test]
fn a_words_key_has_no_optional_signs_of_arabic_and_hebrew() {
    for (typed, key) in [
        ("مُحَمَّد", "محمد"),
        ("محـــمد", "محمد"),
        ("ﻣﺤﻤﺪ", "محمد"),
        ("أحمد", "أحمد"),
        ("שָׁלוֹם", "שלום"),
        ("צה״ל", "צה\"ל"),
        ("צה\"ל", "צה\"ל"),
        ("ג׳ירפה", "ג'ירפה"),
        ("می\u{200c}خواهم", "میخواهم"),
        ("ⅷ", "viii"),
        ("すごーーーーい", "すごーーーい"),
        ("น้ำ", "น\u{e49}\u{e4d}\u{e32}"),
        ("\u{202e}abc\u{202c}", "abc"),
        ("ـــ", ""),
    ] {
        assert_eq!(normalize(Kind::Word, typed), key, "{typed:?}");
    }
}

#[test]
fn a_megabyte_without_a_space_has_the_words_of_its_parts() {
    // Each part ends where a word does, whatever follows: the parts can be cut on their own.
    for part in [
        "すごいラーメンを食べました、",
        "雪が終わった!",
        "ໝາຫມາ.",
        "北京大学的学生。",
        "กาแฟในเมือง!",
        "Straße+",
    ] {
        let times = 1_000_000 / part.len();
        let (one, all) = (text(part), text(&part.repeat(times)));
        assert!(!one.terms.is_empty(), "{part}");
        let many: Vec<_> = std::iter::repeat_n(one.terms, times).flatten().collect();
        assert!(all.terms == many, "{part}");
    }
}

#[test]
fn a_text_in_many_scripts_has_the_terms_of_its_lines_whatever_its_language_tag() {
    let lines = [
        "今日はParisでкофеを ดื่มกาแฟ مع صديقي 친구와함께",
        "食べた\u{fffd}終わっ\u{378}書\u{202e}い\u{2067}て\u{e0100}雪\u{fe00}が",
        "ໝາຫມາ ខ្ញុំ ဒီ चाय घर \u{3164}\u{115f}\u{200d}حـــب\u{64f}",
        "\u{10ffff}\u{e000}\u{1b123}\u{323af}\u{e4d}\u{e32}\u{eab}",
    ];
    let chosen = StopWords::new(&words(&["nl", "en", "es"]), &[]).unwrap().with_own_lists();
    let settings = Settings { stop_words: chosen, ..settings(&[], &[]) };
    let mut tokenizer = Tokenizer::new(&settings);
    for tag in ["ja", "zh-Hans", "xx", "", "und", "\u{202e}", "deu", "-", "中文", "q\u{e4}", "LO"]
    {
        let mut terms = |text: &str| {
            let mut sink = TermCollector::default();
            tokenizer.post(&Post { text, language: Some(tag), entities: None }, &mut sink);
            sink.terms
        };
        let parts: Vec<_> = lines.iter().flat_map(|line| terms(line)).collect();
        assert!(!parts.is_empty());
        assert_eq!(terms(&lines.join("\n")), parts, "{tag}");
    }
}

#[test]
fn the_error_for_a_language_without_a_list_names_the_languages_with_one() {
    let error = StopWords::new(&words(&["en", "xx"]), &[]).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("no stop words for language \"xx\": there are lists for "));
    assert!(message.contains(" en, ") && !message.contains("hinglish"), "{message}");
    let every: Vec<_> = error.known.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(StopWords::new(&every, &[]).unwrap().languages().len(), every.len());
}

#[test]
fn old_codes_of_languages_select_the_current_ones() {
    let chosen = StopWords::new(&words(&["iw", "in", "nb", "nn"]), &[]).unwrap();
    assert_eq!(chosen.languages(), ["he", "id", "no"]);
}

#[test]
fn stop_words_match_with_either_apostrophe_and_any_case() {
    let settings = settings(&["en"], &["’Tis", "Überall", "averylongstopwordindeed"]);
    let text = "DON’T don't tis ÜBERALL AveryLongStopwordIndeed averylongstopword";
    let post = Post { text, language: None, entities: None };
    assert_eq!(terms_of(&settings, &post).keys(Kind::Word), ["averylongstopword"]);
}

#[test]
fn the_language_is_guessed_only_if_detection_is_on_and_the_text_has_enough_letters() {
    let dutch = "het is echt niet zo dat wij morgen over alles moeten praten met iedereen";
    let keys = |detect_language, text: &str, language| {
        let settings = Settings { detect_language, ..settings(&["en", "nl"], &[]) };
        let found = terms_of(&settings, &Post { text, language, entities: None });
        found.keys(Kind::Word).contains(&"about")
    };
    let text = format!("{dutch} about @someone http://example.org/english/words/about/the/house");
    assert!(keys(true, &text, None));
    for tag in [
        "und", "UND", "", "zxx", "ZXX-Latn", "qme", "qst", "qht", "qam", "qct", "art", "mis", "Mul",
    ] {
        assert!(keys(true, &text, Some(tag)), "{tag}");
    }
    assert!(!keys(true, &text, Some("que")));
    assert!(!keys(true, &text, Some("en")));
    assert!(!keys(false, &text, None));
    assert!(!keys(true, "zo about", None));
}

#[test]
fn listed_entities_replace_the_search_of_the_text() {
    let entities = Entities {
        hashtags: Some(["FullTag", "\u{34f}"].map(Into::into).into()),
        links: Some(["https://www.example.org/a", "no link"].map(Into::into).into()),
        ..Entities::default()
    };
    let text = "#Cut… word https://t.co/x @name";
    let post = Post { text, language: None, entities: Some(&entities) };
    let found = terms_of(&settings(&[], &[]), &post);
    assert_eq!(found.keys(Kind::Hashtag), ["fulltag"]);
    assert_eq!(found.keys(Kind::Domain), ["example.org"]);
    assert_eq!(found.keys(Kind::Mention), ["name"]);
    assert_eq!(found.keys(Kind::Word), ["word"]);
}

#[test]
fn only_the_wanted_kinds_are_emitted() {
    let post = "word #tag @name $ABC 😀 http://example.org other words";
    for kind in Kind::ALL {
        let settings = Settings { kinds: [kind].into_iter().collect(), ..settings(&[], &[]) };
        let found = terms_of(&settings, &Post { text: post, language: None, entities: None });
        assert!(found.terms.iter().all(|term| term.0 == kind), "{kind}");
        assert_eq!(found.pairs.is_empty(), kind != Kind::Phrase, "{kind}");
        assert_eq!(found.terms.is_empty(), kind == Kind::Phrase, "{kind}");
    }
}

#[test]
fn posts_without_letters_have_no_terms_and_repeats_count_twice() {
    for post in [
        "",
        " ",
        "\u{200d}",
        "\u{200d}\u{200d}",
        "\u{301}\u{302}",
        "\0",
        "\u{fe0f}",
        "…",
        "&",
        "#",
        "@",
        "$",
        "://",
        ".",
    ] {
        assert_eq!(text(post), TermCollector::default(), "{post:?}");
    }
    assert_eq!(text("😀😀").terms.len(), 2);
    assert_eq!(text("http://example.org http://example.org").terms.len(), 2);
    let mixed = text("שלום #עברית hello العربية");
    assert_eq!(mixed.keys(Kind::Word), ["שלום", "hello", "العربية"]);
    assert_eq!(mixed.keys(Kind::Hashtag), ["עברית"]);
}

#[test]
fn a_term_of_any_length_is_emitted() {
    let long = "ab".repeat(5000);
    let found = text(&format!("{long} #{long}"));
    assert_eq!(found.keys(Kind::Word), [&long]);
    assert_eq!(found.keys(Kind::Hashtag), [&long]);
}

#[test]
fn a_typed_term_is_folded_like_a_counted_one() {
    for (kind, typed, key) in [
        (Kind::Word, " Café ", "café"),
        (Kind::Word, "SOOOOO", "sooo"),
        (Kind::Hashtag, "#Rust", "rust"),
        (Kind::Hashtag, "＃Rust", "rust"),
        (Kind::Mention, "@Rust/Team", "rust/team"),
        (Kind::Cashtag, "$IBM", "ibm"),
        (Kind::Emoji, "👍🏽", "👍"),
        (Kind::Phrase, "New  York", "new york"),
        (Kind::Domain, "https://www.Example.co.uk/x", "example.co.uk"),
        (Kind::Domain, "WWW.example.org", "example.org"),
        (Kind::Domain, "www.example.org/path", "example.org"),
        (Kind::Domain, "localhost", "localhost"),
        (Kind::Word, "", ""),
    ] {
        assert_eq!(normalize(kind, typed), key, "{typed:?}");
    }
}

#[test]
fn folding_a_folded_character_changes_nothing() {
    for character in '\0'..=char::MAX {
        for kind in [Kind::Word, Kind::Hashtag] {
            let once = normalize(kind, &character.to_string());
            assert_eq!(normalize(kind, &once), once, "{:04x} {kind}", character as u32);
        }
    }
}

/// Generates texts of names, links, entities, emoji and characters that fold in unusual ways.
fn any_text() -> impl Strategy<Value = String> {
    r"([a-zA-Z]{1,6}|[#@$＃＠][a-zA-Z0-9_é]{0,6}|https?://[a-z.]{1,9}(/[a-z()]{0,4})?|[a-z]{2,5}\.(com|org|nl)|[ \t\n]|&(amp|lt|#35|eacute);|[\u{200d}\u{fe0f}\u{20e3}\u{301}\u{345}\u{34f}\u{ad}]|[👍👩🏽🚀❤🇳🇱©0-9]|[東かカ한шßİςﬁ゛]|[!-/:-@]|\PC){0,30}"
}

proptest! {
    #[test]
    fn every_key_is_folded_and_its_form_folds_to_it(post in any_text()) {
        for (kind, key, form) in text(&post).terms {
            prop_assert!(!key.is_empty());
            prop_assert_eq!(&normalize(kind, &form), &key, "{} {:?}", kind, form);
            prop_assert_eq!(&normalize(kind, &key), &key, "{} {:?}", kind, form);
            if kind != Kind::Emoji {
                prop_assert!(fold::NFKC.is_normalized(&key), "{:?}", key);
                prop_assert!(!key.contains(char::is_whitespace), "{:?}", key);
            }
        }
    }

    #[test]
    fn no_string_panics(post in any::<String>()) {
        text(&post);
    }

    #[test]
    fn a_post_does_not_change_the_next(first in any_text(), second in any_text()) {
        let settings = settings(&["en"], &[]);
        let post = |text| Post { text, language: None, entities: None };
        let mut tokenizer = Tokenizer::new(&settings);
        tokenizer.post(&post(&first), &mut TermCollector::default());
        let mut sink = TermCollector::default();
        tokenizer.post(&post(&second), &mut sink);
        prop_assert_eq!(sink, terms_of(&settings, &post(&second)));
    }

    #[test]
    fn an_emoji_is_one_grapheme_cluster(post in "([👍👩🚀❤🏴🏽1#*](\u{fe0f}|🏽)?\u{200d}?|[1#*]\u{fe0f}?\u{20e3}|[🇳🇱🇪 a]){0,12}") {
        use unicode_segmentation::UnicodeSegmentation as _;
        let clusters: Vec<_> = post.graphemes(true).collect();
        for (kind, _, form) in text(&post).terms {
            // A skin tone after another character extends the cluster of that character; here it is
            // an emoji of its own.
            if kind == Kind::Emoji && !form.starts_with('🏽') {
                prop_assert!(clusters.iter().any(|cluster| cluster.starts_with(&form)), "{:?}", form);
            }
        }
    }
}
