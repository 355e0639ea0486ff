//! Unusual texts: only emoji or links, every script and direction, invisible and combining
//! characters, and marks that begin no tag. The expected terms were worked out by hand.

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::inputs::{Dice, statuses};

const KINDS: [&str; 6] = ["word", "hashtag", "mention", "cashtag", "emoji", "domain"];
const SOCIAL: [&str; 4] =
    ["--profile", "social", "--kinds", "word,hashtag,mention,cashtag,emoji,domain"];

/// Kind, term, count.
type TermCounts = Vec<(&'static str, String, u64)>;

impl Workspace {
    /// Every term of every kind.
    #[track_caller]
    fn all_terms(&self) -> TermCounts {
        let mut found = TermCounts::new();
        for kind in KINDS {
            let top = self.json(&["top", "sample", "--kind", kind, "--limit", "0"]);
            for topic in top["topics"].as_array().unwrap() {
                let term = topic["term"].as_str().unwrap().to_owned();
                found.push((kind, term, topic["count"].as_u64().unwrap()));
            }
        }
        found.sort();
        found
    }
}

#[track_caller]
fn assert_terms(texts: &[&str], expected: &[(&'static str, &str, u64)]) {
    let workspace = Workspace::new();
    let lines = statuses(texts.iter().copied());
    let published =
        workspace.publish(&[&SOCIAL[..], &[&workspace.write("posts.ndjson", lines)]].concat());
    assert_eq!(published.counted, texts.len() as u64, "a text without terms is counted");
    let mut expected: TermCounts =
        expected.iter().map(|(kind, term, count)| (*kind, (*term).to_owned(), *count)).collect();
    expected.sort();
    assert_eq!(workspace.all_terms(), expected, "{texts:?}");
}

#[test]
fn texts_of_only_emoji_have_only_emoji() {
    assert_terms(
        &[
            "😀😀😀",
            // Three tones are one thumb; a heart with and without its selector is one heart.
            "👍 👍🏽 👍🏿 ❤️ ❤",
            // A family is one, and so is a flag of two letters, of tags, and of a rainbow.
            "👨\u{200d}👩\u{200d}👧\u{200d}👦🇳🇱🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}🏳\u{fe0f}\u{200d}🌈",
            "1\u{fe0f}\u{20e3}",
        ],
        &[
            ("emoji", "😀", 3),
            ("emoji", "👍", 3),
            ("emoji", "❤", 2),
            ("emoji", "👨\u{200d}👩\u{200d}👧\u{200d}👦", 1),
            ("emoji", "🇳🇱", 1),
            ("emoji", "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}", 1),
            ("emoji", "🏳\u{200d}🌈", 1),
            ("emoji", "1\u{20e3}", 1),
        ],
    );
}

#[test]
fn texts_of_only_links_have_only_domains() {
    assert_terms(
        &[
            "https://news.example.co.uk/a/b?c=d#e",
            "http://t.co/abc https://t.co/def",
            "https://t.co/x\nhttps://t.co/y",
            "http://www.example.org:8080/",
            "https://xn--mnchen-3ya.de/ https://münchen.de/",
            "http://127.0.0.1/ http://localhost/ http://co.uk/",
        ],
        &[
            ("domain", "example.co.uk", 1),
            ("domain", "t.co", 4),
            ("domain", "example.org", 1),
            ("domain", "münchen.de", 2),
        ],
    );
}

#[test]
fn scripts_side_by_side_and_from_right_to_left_are_words_and_tags() {
    assert_terms(
        &[
            "Hello שלום مرحبا Привет γειά",
            // With marks of direction around and within.
            "\u{202b}שלום\u{202c} \u{200f}#עברית\u{200e} \u{2067}#العربية\u{2069}",
            "#Москва #МОСКВА #東京 #한국",
            // Thai and Hindi write words with marks.
            "#ประเทศไทย #हिन्दी",
            // A letter of each of two scripts in one word: Cyrillic о in Latin.
            "hellо hello",
        ],
        &[
            ("word", "hello", 2),
            ("word", "hellо", 1),
            ("word", "שלום", 2),
            ("word", "مرحبا", 1),
            ("word", "привет", 1),
            ("word", "γειά", 1),
            ("hashtag", "עברית", 1),
            ("hashtag", "العربية", 1),
            ("hashtag", "москва", 2),
            ("hashtag", "東京", 1),
            ("hashtag", "한국", 1),
            ("hashtag", "ประเทศไทย", 1),
            ("hashtag", "हिन्दी", 1),
        ],
    );
}

#[test]
fn lone_joiners_and_marks_are_no_terms() {
    assert_terms(
        &[
            "\u{200d}",
            "\u{200d}\u{200c}\u{feff}\u{2060}\u{ad}",
            "\u{301}\u{302}\u{20dd}",
            "\u{301} \u{345} \u{fe0f} \u{fe0e}",
            "#\u{200d} #\u{301} @\u{200d} $\u{301}",
        ],
        &[("hashtag", "\u{301}", 1)],
    );
    assert_terms(
        &[
            // Joiners within a Persian word and at the ends of a Latin one show nothing.
            "می\u{200c}خواهم میخواهم",
            "\u{200d}weather\u{200d} wea\u{ad}ther weather",
            // A letter and a mark, and the two in one.
            "cafe\u{301} café",
        ],
        &[("word", "میخواهم", 2), ("word", "weather", 3), ("word", "café", 2)],
    );
}

#[test]
fn digits_alone_are_no_hashtag() {
    assert_terms(
        &["#2017 #911 #1 #١٢٣ #１２ #_ #1_2", "#2017vote #vote2017 #9to5 #_a"],
        &[
            ("hashtag", "2017vote", 1),
            ("hashtag", "vote2017", 1),
            ("hashtag", "9to5", 1),
            ("hashtag", "_a", 1),
        ],
    );
}

#[test]
fn tags_of_up_to_1024_bytes_are_stored_and_longer_ones_are_counted_as_long_terms() {
    // As bytes: 1,024 and 1,025 of one each, 1,024 and 1,026 of two each, 1,023 and 1,026 of three.
    let kept = ["ab".repeat(512), "éa".repeat(341) + "z", "東".repeat(341)];
    let long = ["ab".repeat(512) + "c", "é".repeat(513), "東".repeat(342)];
    let texts: Vec<_> = kept.iter().chain(&long).map(|tag| format!("#{tag} weather")).collect();
    let lines = statuses(texts.iter().map(String::as_str));
    let workspace = Workspace::new();
    let published =
        workspace.publish(&[&SOCIAL[..], &[&workspace.write("posts.ndjson", lines)]].concat());
    assert_eq!((published.counted, published.number("longTerms")), (6, 3));
    let mut expected: TermCounts = kept.iter().map(|tag| ("hashtag", tag.clone(), 1)).collect();
    expected.push(("word", "weather".to_owned(), 6));
    expected.sort();
    assert_eq!(workspace.all_terms(), expected);
    let store = workspace.store();
    let args = ["history", "sample", &long[0], "--kind", "hashtag", "--store", &store];
    let refused = workspace.trendjob(&args);
    assert_ne!(refused.code, Some(0), "{refused:#?}");
    refused.assert_no_panic();
}

#[test]
fn awkward_terms_are_found_by_their_forms() {
    let workspace = Workspace::new();
    let text = "#Café #ＷＩＤＥ #می\u{200c}خواهم 👍🏽 https://www.MÜNCHEN.de/ $BRK.A @Some_One";
    let line = format!(
        "{}\n",
        json!({ "text": text, "created_at": "2016-03-01T00:00:00Z", "id_str": "1" })
    );
    let options = [&SOCIAL[..], &["--window", "1h"]].concat();
    workspace.publish(&[&options[..], &[&workspace.write("posts.ndjson", line)]].concat());
    for (kind, typed, term) in [
        ("hashtag", "#CAFE\u{301}", "café"),
        ("hashtag", "wide", "wide"),
        ("hashtag", "＃ＷＩＤＥ", "wide"),
        ("hashtag", "میخواهم", "میخواهم"),
        ("emoji", "👍🏿", "👍"),
        ("domain", "xn--mnchen-3ya.de", "münchen.de"),
        ("cashtag", "$brk.a", "brk.a"),
        ("mention", "@SOME_ONE", "some_one"),
    ] {
        let history = workspace.json(&["history", "sample", typed, "--kind", kind]);
        let found = (&history["term"], &history["windows"][0]["count"]);
        assert_eq!(found, (&Value::from(term), &json!(1)), "{kind} {typed}");
    }
}

/// Posts in many scripts without and with spaces, with the language, a wrong one or none; their words
/// are drawn from short lists, so that each occurs in every shard.
fn posts_of_every_script() -> String {
    const WORDS: [(&str, &str, &str); 9] = [
        ("ja", "", "東京 ラーメン すごい 食べました は が を コーヒー 雪 〜 。 ｶﾅ"),
        ("zh-CN", "", "北京 大学 的 我们 学习 电影 了 好 ，"),
        ("th", "", "กาแฟ น้ำ ที่ และ เมือง สวัสดี ร้าน"),
        ("lo", "", "ພາສາ ລາວ ນ້ຳ"),
        ("km", "", "ភាសា ខ្មែរ"),
        ("my", "", "မြန်မာ စာ"),
        ("ko", " ", "서울에서 한국어 그리고 눈 만났다 ㅋㅋㅋ"),
        ("ar", " ", "مُحَمَّد محمد هذا الكتاب ﷲ بـيـت"),
        ("hi", " ", "हिन्दी किताब है और क्\u{200d}ष"),
    ];
    let mut dice = Dice::new(11);
    let mut lines = String::new();
    for number in 0..3_000 {
        let (language, space, words) = WORDS[dice.below(WORDS.len())];
        let words: Vec<_> = words.split(' ').collect();
        let count = 1 + dice.below(12);
        let text: Vec<_> = (0..count).map(|_| words[dice.below(words.len())]).collect();
        let language = match dice.below(4) {
            0 => json!(null),
            1 => json!("en"),
            _ => json!(language),
        };
        let (text, id) = (text.join(space), (number % 3 > 0).then(|| number.to_string()));
        let user = json!({ "id_str": dice.below(200).to_string() });
        let post = json!({ "text": text, "lang": language, "id_str": id, "user": user });
        lines.push_str(&post.to_string());
        lines.push('\n');
    }
    lines
}

#[test]
fn any_cut_of_posts_in_every_script_publishes_the_same() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", posts_of_every_script());
    let social = ["--profile", "social", "--kinds", "word,phrase,hashtag"];
    let reference = workspace.publish(&[&social[..], &[&file]].concat());
    let ways: [&[&str]; 5] = [
        &["--shards", "2"],
        &["--shards", "7", "--threads", "1"],
        &["--shards", "64", "--partitions", "5", "--threads", "3"],
        &["--chunk-size", "1Ki", "--shards", "3"],
        &["--memory", "1Mi", "--shards", "1"],
    ];
    for way in ways {
        let published = workspace.publish(&[&social[..], way, &[&file]].concat());
        assert_eq!(published.digest, reference.digest, "{way:?}");
    }
    let top = workspace.json(&["top", "sample", "--kind", "word", "--limit", "0"]);
    let terms: Vec<_> =
        top["topics"].as_array().unwrap().iter().map(|t| t["term"].clone()).collect();
    for word in ["東京", "北京", "กาแฟ", "ພາສາ", "ភាសា", "မြန်မာ", "한국어", "محمد", "किताब"]
    {
        assert!(terms.contains(&json!(word)), "{word}: {terms:?}");
    }
    for word in ["は", "的", "และ", "그리고", "هذا", "है", "눈"] {
        assert!(!terms.contains(&json!(word)), "{word}");
    }
}
