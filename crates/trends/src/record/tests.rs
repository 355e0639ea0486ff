//! Verdicts on every kind of line, and on random lines against `serde_json`.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn judged(fields: &Fields, line: &[u8]) -> String {
    match Scanner::new(fields).judge(line) {
        Judgement::Record(record) => format!("text {}", std::str::from_utf8(record.text).unwrap()),
        Judgement::Empty(reason) => reason.name().to_owned(),
        Judgement::Malformed(reason, at) => {
            assert!(at <= line.len());
            reason.name().to_owned()
        }
    }
}

#[test]
fn every_kind_of_line_has_its_verdict() {
    for (line, verdict) in [
        (r#"{"text":"love"}"#, "text love"),
        ("\t {\"text\" : \"love\"} \r", "text love"),
        (r#"{"text":""}"#, "text "),
        (r#"{"te\u0078t":"escaped key"}"#, "text escaped key"),
        (r#"{"text":"first","text":"last"}"#, "text last"),
        (r#"{"text":"first","text":null}"#, "no-text"),
        (r#"{"full_text":"full","text":"plain"}"#, "text plain"),
        (r#"{"full_text":"full","text":7}"#, "text full"),
        (r#"{"extended_tweet":{"full_text":"long","x":[{}]}}"#, "text long"),
        (r#"{"extended_tweet":{"full_text":"long"},"extended_tweet":{}}"#, "no-text"),
        (r#"{"extended_tweet":["full_text"]}"#, "no-text"),
        (r#"{"user":{"text":"not here"}}"#, "no-text"),
        (r#"{"delete":{"status":{"id":1}}}"#, "no-text"),
        ("{}", "no-text"),
        (r#"{"text":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}"#, "text \"\\/\u{8}\u{c}\n\r\té😀"),
        (r#"{"text":"\ud83d lone \ude00 \ud83d\u0041"}"#, "text \u{fffd} lone \u{fffd} \u{fffd}A"),
        (r#"{"text":"a\u0000b"}"#, "text a\0b"),
        (
            r#"{"text":"x","n":[0,-0,1.5,-1e5,1E+9,2e-3,123456789012345678901234567890,1e999]}"#,
            "text x",
        ),
        (r#"{"text":"x","n":[true,false,null,[],{},[[]],{"a":{}}]}"#, "text x"),
        ("", "blank"),
        (" \t\r", "blank"),
        (r#"{"text":"trunc"#, "syntax"),
        (r#"{"text":"x""#, "syntax"),
        (r#"{"text":"x","#, "syntax"),
        (r#"{"text":"x",}"#, "syntax"),
        (r#"{"text""x"}"#, "syntax"),
        (r#"{"text":}"#, "syntax"),
        (r#"{text:"x"}"#, "syntax"),
        (r"{'text':'x'}", "syntax"),
        (r#"{"text":"\x"}"#, "syntax"),
        (r#"{"text":"\u12g4"}"#, "syntax"),
        (r#"{"text":"\u12"}"#, "syntax"),
        ("{\"text\":\"a\tb\"}", "syntax"),
        ("{\"text\":\"a\0b\"}", "syntax"),
        ("{\"text\":\"a\u{1f}b\"}", "syntax"),
        (r#"{"n":01}"#, "syntax"),
        (r#"{"n":1.}"#, "syntax"),
        (r#"{"n":.5}"#, "syntax"),
        (r#"{"n":+1}"#, "syntax"),
        (r#"{"n":-}"#, "syntax"),
        (r#"{"n":1e}"#, "syntax"),
        (r#"{"n":NaN}"#, "syntax"),
        (r#"{"n":tru}"#, "syntax"),
        (r#"{"n":[1,]}"#, "syntax"),
        (r#"{"n":[1 2]}"#, "syntax"),
        (r#"{"n":[1}}"#, "syntax"),
        (r#"{"n":{"a":1]}"#, "syntax"),
        ("\u{feff}{\"text\":\"x\"}", "syntax"),
        ("{\u{a0}}", "syntax"),
        ("hello", "syntax"),
        (r#"{"text":"x"}{"text":"y"}"#, "trailing"),
        (r#"{"text":"x"},"#, "trailing"),
        (r#"{"text":"x"} // c"#, "trailing"),
        (r#""text" x"#, "trailing"),
        (r#""a string""#, "not-object"),
        ("[]", "not-object"),
        (r#"[{"text":"x"}]"#, "not-object"),
        ("null", "not-object"),
        ("-12.5e3", "not-object"),
    ] {
        assert_eq!(judged(&Fields::twitter(), line.as_bytes()), verdict, "{line:?}");
    }
    assert_eq!(judged(&Fields::twitter(), b"{\"text\":\"\xff\"}"), "utf8");
    assert_eq!(judged(&Fields::twitter(), b"\xff\xfe{\0"), "utf8");
}

#[test]
fn nesting_deeper_than_128_is_refused_in_used_and_in_skipped_fields() {
    for key in ["text", "other", "extended_tweet"] {
        for (open, close) in [("[", "]"), (r#"{"full_text":"#, "}")] {
            let nested = |depth: usize| {
                let inner = format!("{}1{}", open.repeat(depth - 1), close.repeat(depth - 1));
                judged(&Fields::twitter(), format!(r#"{{"{key}":{inner}}}"#).as_bytes())
            };
            assert_eq!(nested(128), "no-text", "{key} {open}");
            assert_eq!(nested(129), "too-deep", "{key} {open}");
        }
        let million = format!(r#"{{"{key}":{}"#, "[".repeat(1_000_000));
        assert_eq!(judged(&Fields::twitter(), million.as_bytes()), "too-deep");
    }
    assert_eq!(judged(&Fields::twitter(), "[".repeat(1_000_000).as_bytes()), "too-deep");
}

#[test]
fn pointers_lead_through_arrays_and_keys_with_escapes() {
    let line = r#"{"a/b":{"m~n":["zero","one",{"x":"deep"}]}}"#.as_bytes();
    for (pointer, verdict) in [
        ("/a~1b/m~0n/1", "text one"),
        ("/a~1b/m~0n/2/x", "text deep"),
        ("/a~1b/m~0n/01", "no-text"),
        ("/a~1b/m~0n/3", "no-text"),
        ("/a~1b", "no-text"),
    ] {
        assert_eq!(judged(&custom(pointer).unwrap(), line), verdict, "{pointer}");
    }
    for pointer in ["", "text", "/a~2", "/a~"] {
        assert!(custom(pointer).is_err(), "{pointer}");
    }
}

fn custom(text: &str) -> Result<Fields, InvalidPointer> {
    Fields::custom(&CustomFields { text: &[text.to_owned()], ..CustomFields::default() })
}

/// Returns the parts of a record as `text|time|author|id|language|entities`.
fn parts(fields: &Fields, line: &str) -> String {
    match Scanner::new(fields).judge(line.as_bytes()) {
        Judgement::Record(Record { text, time, author, id, language, entities, is_cut }) => {
            assert!(!is_cut, "{line}");
            let rest = [time, author, id, language, entities].map(Option::unwrap_or_default);
            let all = [&[text], &rest[..]].concat();
            String::from_utf8(all.join(&b'|')).unwrap()
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn parts_are_strings_or_the_digits_of_numbers_and_the_first_pointer_wins() {
    for (line, expected) in [
        (r#"{"text":"x"}"#, "x|||||"),
        (
            r#"{"text":"\u0061","created_at":"n\u006fw","user":{"id":7,"id_str":"8"},"id":9,"lang":"\u0065n"}"#,
            "a|now|8|9|en|",
        ),
        (r#"{"text":"x","user":{"id":7,"id_str":null,"screen_name":"jo"}}"#, "x||7|||"),
        (r#"{"text":"x","user":{"screen_name":"jo","id":[7]},"id":-1.5e3}"#, "x||jo|-1.5e3||"),
        (r#"{"text":"x","created_at":1700000000,"lang":7,"id":true}"#, "x|1700000000||||"),
        (r#"{"text":"x","user":{"id":7},"user":{}}"#, "x|||||"),
        (r#"{"text":"x","entities":{"urls":[]} }"#, r#"x|||||{"urls":[]}"#),
        (r#"{"text":"x","entities":[1]}"#, "x|||||"),
    ] {
        assert_eq!(parts(&Fields::twitter(), line), expected, "{line}");
    }
    let line = r#"{"interaction":{"content":"x","created_at":"then","id":"i","author":{"username":"jo"}},"language":{"tag":"nl"}}"#;
    assert_eq!(parts(&Fields::datasift(), line), "x|then|jo|i|nl|");
    let line = r#"{"content":"<p>x</p>","created_at":"then","id":"i","account":{"id":"7"},"language":"nl"}"#;
    assert_eq!(parts(&Fields::mastodon(), line), " x |then|7|i|nl|");
}

#[test]
fn a_truncated_text_is_replaced_by_the_long_one_except_for_the_seed_profile() {
    let line = |truncated: &str| {
        format!(
            r#"{{"text":"short","truncated":{truncated},"entities":{{}},"extended_tweet":{{"full_text":"long","entities":{{"a":1}}}}}}"#
        )
    };
    assert_eq!(parts(&Fields::twitter(), &line("true")), r#"long|||||{"a":1}"#);
    assert_eq!(parts(&Fields::twitter(), &line("false")), "short|||||{}");
    assert_eq!(parts(&Fields::twitter(), &line(r#""true""#)), "short|||||{}");
    let seed = Fields::twitter().text_only(false);
    assert_eq!(parts(&seed, &line("true")), "short|||||");
    let timed = r#"{"text":"x","created_at":"then","id":1}"#;
    assert_eq!(parts(&Fields::twitter().text_only(true), timed), "x|then||||");
    assert_eq!(parts(&Fields::twitter().text_only(false), timed), "x|||||");
}

#[test]
fn datasift_and_mastodon_presets_find_their_texts() {
    let datasift = br#"{"interaction":{"content":"love"},"text":"no"}"#;
    assert_eq!(judged(&Fields::datasift(), datasift), "text love");
    let mastodon = br#"{"content":"<p>one</p><p>t<b>w</b>o</p>"}"#;
    assert_eq!(judged(&Fields::mastodon(), mastodon), "text  one  two ");
}

/// Returns the lengths of a record's parts, and whether it was cut.
fn lengths(line: &str) -> ([Option<usize>; 6], bool) {
    let fields = Fields::twitter();
    let mut scanner = Scanner::new(&fields);
    let Judgement::Record(record) = scanner.judge(line.as_bytes()) else { panic!("{line:.99}") };
    let Record { text, time, author, id, language, entities, is_cut } = record;
    let parts = [Some(text), time, author, id, language, entities];
    (parts.map(|part| part.map(<[u8]>::len)), is_cut)
}

#[test]
fn a_long_text_is_read_up_to_its_last_whole_word_whether_or_not_it_has_escapes() {
    let words = "seven7 ".repeat(MAX_TEXT_BYTES / 7 + 9);
    let kept = (MAX_TEXT_BYTES + 1) / 7 * 7 - 1;
    for text in [&words, &words.replace('v', "\\u0076"), &format!("{words}\\n")] {
        let found = lengths(&format!(r#"{{"text":"{text}"}}"#));
        assert_eq!(found, ([Some(kept), None, None, None, None, None], true));
    }
    let longest = &words[..MAX_TEXT_BYTES];
    for text in [longest, &longest.replace('v', "\\u0076")] {
        let (parts, is_cut) = lengths(&format!(r#"{{"text":"{text}"}}"#));
        assert_eq!((parts[0], is_cut), (Some(MAX_TEXT_BYTES), false));
    }
}

#[test]
fn each_part_of_a_record_has_a_longest_length() {
    let long = "x".repeat(MAX_FIELD_BYTES + 1);
    let whole = [Some(1); 4];
    for (at, field) in ["created_at", "user", "id", "lang"].into_iter().enumerate() {
        let field = if field == "user" {
            format!(r#""user":{{"id_str":"{long}"}}"#)
        } else {
            format!(r#""{field}":"{long}""#)
        };
        let others = r#""created_at":"x","user":{"id_str":"x"},"id":"x","lang":"x""#;
        // The last of two equal fields counts.
        let (parts, is_cut) = lengths(&format!(r#"{{"text":"x",{others},{field}}}"#));
        let mut expected = whole;
        expected[at] = Some(MAX_FIELD_BYTES);
        assert_eq!((&parts[1..5], is_cut), (&expected[..], true), "{}", &field[..12]);
    }
    let entities = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
    for (length, read) in [(MAX_ENTITIES_BYTES, true), (MAX_ENTITIES_BYTES + 1, false)] {
        let line = format!(r#"{{"text":"x","entities":{}}}"#, entities(length));
        let (parts, is_cut) = lengths(&line);
        assert_eq!((parts[5], is_cut), (read.then_some(length), !read));
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}|[\"\\\\/\u{0}-\u{1f}a-z\u{80}]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = "text|full_text|extended_tweet|[a-z\"\\\\é]{0,4}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn record() -> impl Strategy<Value = Value> {
    json().prop_filter("an object", Value::is_object)
}

/// Returns the verdict by the values that `serde_json` finds at the pointers.
fn expected(record: &Value) -> String {
    let at = |pointer| record.pointer(pointer).and_then(Value::as_str);
    let pointers = ["/text", "/full_text", "/extended_tweet/full_text"];
    let text = pointers.into_iter().find_map(at);
    text.map_or_else(|| "no-text".to_owned(), |text| format!("text {text}"))
}

proptest! {
    #[test]
    fn the_text_of_any_record_is_the_one_that_serde_json_finds(record in record(), pretty: bool) {
        let line = if pretty {
            serde_json::to_string_pretty(&record).unwrap()
        } else {
            record.to_string()
        };
        prop_assert_eq!(judged(&Fields::twitter(), line.as_bytes()), expected(&record));
    }

    /// `serde_json` differs from RFC 8259 only on values that it decodes: numbers out of range and
    /// lone surrogates. `IgnoredAny` decodes neither, and lines this short are never too deep.
    #[test]
    fn a_line_with_a_changed_byte_is_valid_if_and_only_if_serde_json_accepts_it(
        record in record(), place in any::<prop::sample::Index>(), byte in prop_oneof![
            any::<u8>(), prop::sample::select(b"{}[],:\"\\ \t\x0b019.eE+-tfnu".as_slice())
        ], insert: bool,
    ) {
        let mut line = record.to_string().into_bytes();
        let place = place.index(line.len());
        if insert { line.insert(place, byte) } else { line[place] = byte }
        let valid = std::str::from_utf8(&line).is_ok()
            && serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_ok();
        let verdict = judged(&Fields::twitter(), &line);
        let is_json = verdict.starts_with("text ") || ["no-text", "not-object"].contains(&&*verdict);
        prop_assert_eq!(is_json, valid, "{} {:?}", verdict, String::from_utf8_lossy(&line));
    }
}
