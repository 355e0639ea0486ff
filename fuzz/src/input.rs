//! Input from outside: lines, manifests, times and pointers.

use serde_json::Value;
use serde_json::de::Deserializer;
use trends::record::{CustomFields, Fields, Judgement, Malformed, Pointer, Record, Scanner};
use trends::time::{event_time, rfc3339};

/// The deepest nesting of a line.
const MAX_DEPTH: usize = 128;

/// A line is judged as `serde_json` judges it, and its parts are those that `serde_json` finds.
pub fn line(line: &[u8]) {
    if line.contains(&b'\n') {
        return;
    }
    let custom = CustomFields {
        text: &["/text".to_owned(), "/a/0/b".to_owned()],
        time: &["/t".to_owned()],
        author: &["/u/id".to_owned()],
        id: &["/id".to_owned()],
        language: &["/lang".to_owned()],
    };
    let fields = Fields::custom(&custom).expect("valid pointers");
    for fields in [fields, Fields::twitter(), Fields::datasift(), Fields::mastodon()] {
        // No preset may panic; only the first is compared.
        Scanner::new(&fields).judge(line);
    }
    let fields = Fields::custom(&custom).expect("valid pointers");
    let mut scanner = Scanner::new(&fields);
    let judgement = scanner.judge(line);
    let Ok(text) = std::str::from_utf8(line) else {
        let Judgement::Malformed(Malformed::Utf8, at) = judgement else {
            panic!("not UTF-8: {judgement:?}")
        };
        assert!(std::str::from_utf8(&line[..at]).is_ok());
        return;
    };
    if let Judgement::Malformed(Malformed::TooDeep, _) = judgement {
        assert!(text.matches(['[', '{']).count() > MAX_DEPTH, "{text:?} is not deep");
        return;
    }
    let is_blank = text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
    match judgement {
        Judgement::Empty(empty) => {
            assert_eq!(empty.name() == "blank", is_blank);
            assert!(is_blank || is_object(text), "{text:?} is empty");
            compare(text, None);
        }
        Judgement::Malformed(reason, at) => {
            assert!(at <= line.len());
            let is_object = is_object(text);
            assert!(!is_object, "{text:?} is {}", reason.name());
            assert_eq!(is_json(text), reason == Malformed::NotObject, "{text:?}");
        }
        Judgement::Record(record) => {
            assert!(is_object(text), "{text:?} is a record");
            compare(text, Some(record));
        }
    }
}

/// Returns true for JSON by `serde_json`, whatever the sizes of numbers and the pairs of surrogates.
fn is_json(text: &str) -> bool {
    let mut parser = Deserializer::from_str(text);
    <serde::de::IgnoredAny as serde::Deserialize>::deserialize(&mut parser).is_ok()
        && parser.end().is_ok()
}

fn is_object(text: &str) -> bool {
    is_json(text) && text.trim_start_matches([' ', '\t', '\r']).starts_with('{')
}

/// Compares the parts of a record with those that `serde_json` finds, if it can hold the line.
fn compare(text: &str, record: Option<Record<'_>>) {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    let texts = ["/text", "/a/0/b"].map(|pointer| value.pointer(pointer).and_then(Value::as_str));
    let expected = texts[0].or(texts[1]);
    let found = record.map(|record| std::str::from_utf8(record.text).expect("UTF-8"));
    assert_eq!(found, expected, "{text:?}");
    let Some(record) = record else { return };
    let parts = [
        ("/t", record.time, true),
        ("/u/id", record.author, true),
        ("/id", record.id, true),
        ("/lang", record.language, false),
    ];
    for (pointer, found, may_be_number) in parts {
        match value.pointer(pointer) {
            Some(Value::String(string)) => assert_eq!(found, Some(string.as_bytes()), "{text:?}"),
            Some(Value::Number(number)) => {
                assert_eq!(found.is_some(), may_be_number, "{text:?}");
                if let (Some(found), Some(whole)) = (found, number.as_u64()) {
                    assert_eq!(found, whole.to_string().as_bytes(), "{text:?}");
                }
            }
            _ => assert_eq!(found, None, "{text:?}"),
        }
    }
}

/// A manifest is refused with errors or accepted; an accepted one satisfies the rules of its spec.
pub fn manifest(yaml: &[u8]) {
    let Ok(yaml) = std::str::from_utf8(yaml) else { return };
    match trendjob::parse_manifest(yaml) {
        Ok(trendjob) => assert_eq!(trendjob::check_spec(&trendjob.spec).len(), 0, "{yaml}"),
        Err(errors) => assert!(!errors.is_empty()),
    }
}

/// A parsed time is within the years 1 to 9999, and is the same when it is written and read again.
pub fn time(text: &[u8]) {
    if let Some(seconds) = event_time(text) {
        let written = rfc3339(seconds);
        assert_eq!(event_time(written.as_bytes()), Some(seconds), "{written}");
    }
}

/// A pointer is refused or finds what `serde_json` finds.
pub fn pointer(pointer: &[u8]) {
    let Ok(pointer) = std::str::from_utf8(pointer) else { return };
    let Ok(_) = Pointer::parse(pointer) else { return };
    let line = r#"{"text":"x","":"empty","a":{"b":["0","1",{"~":"t","/":"s"}],"é":"e","0":"n"}}"#;
    let value: Value = serde_json::from_str(line).expect("valid JSON");
    let custom = CustomFields {
        text: &[pointer.to_owned()],
        time: &[],
        author: &[],
        id: &[],
        language: &[],
    };
    let fields = Fields::custom(&custom).expect("a valid pointer");
    let mut scanner = Scanner::new(&fields);
    let found = match scanner.judge(line.as_bytes()) {
        Judgement::Record(record) => Some(record.text.to_vec()),
        _ => None,
    };
    let expected = value.pointer(pointer).and_then(Value::as_str);
    assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{pointer:?}");
}
