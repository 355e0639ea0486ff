//! Every kind of line with its outcome, classified by hand by RFC 8259 and the rules for records,
//! because no parser in the workspace agrees on all of them.

use crate::inputs::word;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Counted, and `WORD` is its one term.
    Word,
    /// Counted without a term.
    NoTerm,
    Empty(&'static str),
    Malformed(&'static str),
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) line: Vec<u8>,
    pub(crate) expect: Expect,
    /// The word that replaces `WORD` in this case and occurs in no other case.
    pub(crate) word: String,
}

/// Every case. None begins with a byte-order mark, whose outcome depends on the line's position in
/// the file.
pub(crate) fn cases() -> Vec<Case> {
    let tables = [
        (Expect::Word, WORD),
        (Expect::NoTerm, NO_TERM),
        (Expect::Empty("blank"), BLANK),
        (Expect::Empty("no-text"), NO_TEXT),
        (Expect::Malformed("utf8"), UTF8),
        (Expect::Malformed("syntax"), SYNTAX),
        (Expect::Malformed("syntax"), SYNTAX_OF_STRINGS),
        (Expect::Malformed("syntax"), SYNTAX_OF_NUMBERS),
        (Expect::Malformed("trailing"), TRAILING),
        (Expect::Malformed("not-object"), NOT_OBJECT),
    ];
    let mut cases = Vec::new();
    for (expect, table) in tables {
        for line in table {
            push(&mut cases, line, expect);
        }
    }
    for value in NUMBERS {
        push(&mut cases, format!(r#"{{"text":"WORD","n":{value}}}"#).as_bytes(), Expect::Word);
    }
    let digits = "9".repeat(5_000);
    for value in [digits.clone(), format!("0.{digits}"), format!("1e{digits}")] {
        push(&mut cases, format!(r#"{{"n":[{value}],"text":"WORD"}}"#).as_bytes(), Expect::Word);
    }
    for (line, expect) in deep() {
        push(&mut cases, line.as_bytes(), expect);
    }
    cases
}

fn push(cases: &mut Vec<Case>, line: &[u8], expect: Expect) {
    let word = word(cases.len());
    let mut with_word = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.windows(4).position(|four| four == b"WORD") {
        with_word.extend_from_slice(&rest[..at]);
        with_word.extend_from_slice(word.as_bytes());
        rest = &rest[at + 4..];
    }
    with_word.extend_from_slice(rest);
    cases.push(Case { line: with_word, expect, word });
}

/// Nesting at, just above and far above the limit of 128 levels, the record itself being the first.
fn deep() -> Vec<(String, Expect)> {
    let nested = |open: &str, close: &str, levels: usize| {
        format!("{}1{}", open.repeat(levels - 1), close.repeat(levels - 1))
    };
    let mut lines = Vec::new();
    for (open, close) in [("[", "]"), ("{\"d\":", "}")] {
        for (levels, ok) in [(127, true), (128, true), (129, false), (200, false), (50_000, false)]
        {
            let value = nested(open, close, levels);
            let expect = if ok { Expect::Word } else { Expect::Malformed("too-deep") };
            lines.push((format!(r#"{{"skipped":{value},"text":"WORD"}}"#), expect));
            lines.push((format!(r#"{{"text":"WORD","user":{value}}}"#), expect));
            let used = if ok { Expect::Empty("no-text") } else { expect };
            lines.push((format!(r#"{{"id":"WORD","text":{value}}}"#), used));
            let overruled = if ok { Expect::Word } else { expect };
            lines.push((format!(r#"{{"text":{value},"text":"WORD"}}"#), overruled));
        }
    }
    // Wide is not deep.
    lines.push((format!(r#"{{"w":[{}[]],"text":"WORD"}}"#, "[{}],".repeat(300)), Expect::Word));
    lines
}

const WORD: &[&[u8]] = &[
    br#"{"text":"WORD"}"#,
    b"  {\t\"text\" \t:  \"WORD\"  }\t ",
    b"{\"text\":\"WORD\"}\r",
    b"\r{\r\"text\"\r:\r\"WORD\"\r}\r",
    b"{\"text\":\"WORD\"} \r \t\r",
    br#"{"te\u0078t":"WORD"}"#,
    br#"{"\u0074\u0065\u0078\u0074":"WORD"}"#,
    br#"{"text":"WRONG","text":"WORD"}"#,
    br#"{"text":"WRONG","te\u0078t":"WORD"}"#,
    br#"{"t\u0065xt":"WRONG","text":"WORD"}"#,
    br#"{"text":5,"text":"WORD"}"#,
    br#"{"text":["WRONG"],"text":"WORD"}"#,
    br#"{"text":"WRONG","text":null,"full_text":"WORD"}"#,
    br#"{"text":null,"full_text":"WORD"}"#,
    br#"{"extended_tweet":{"full_text":"WORD"}}"#,
    br#"{"extended_tweet":5,"extended_tweet":{"full_text":"WORD"}}"#,
    br#"{"extended_tweet":{"full_text":"WRONG"},"text":"WORD"}"#,
    br#"{"Text":"WRONG","TEXT":"WRONG","text ":"WRONG","text":"WORD","texts":"WRONG"}"#,
    br#"{"user":{"text":"WRONG"},"text":"WORD","quoted":{"text":"WRONG"}}"#,
    // Escapes of a text, and characters that need none.
    br#"{"text":"\u0000WORD\u0000"}"#,
    br#"{"text":"\b\f\n\r\t\/\\\"WORD"}"#,
    b"{\"text\":\"\x7fWORD\x7f\"}",
    "{\"text\":\"\u{2028}\u{2029}WORD\u{feff}\u{ffff}\u{10ffff}\"}".as_bytes(),
    br#"{"text":"\uD83D\uDE00WORD\ud83d\ude00"}"#,
    br#"{"text":"\u00E9WORD\u00e9"}"#,
    br#"{"text":"http:\/\/WRONG\u00a0WRONG WORD"}"#,
    // Lone surrogates: each is U+FFFD, and the record counts.
    br#"{"text":"\ud800 WORD"}"#,
    br#"{"text":"WORD\udc00"}"#,
    br#"{"text":"\udc00\ud800WORD"}"#,
    br#"{"text":"\ud800\ud800\udc00WORD"}"#,
    br#"{"text":"\ud83dWORD"}"#,
    br#"{"text":"\ud83d\nWORD"}"#,
    br#"{"text":"\uD800\u0020WORD"}"#,
    br#"{"text":"http\udfffWRONG WORD\ud800"}"#,
    br#"{"text":"WORD","other":"\ud800","\udc00":["\ud800x"]}"#,
    // Skipped fields that look like the end of something.
    br#"{"a":"}{\"text\":\"WRONG\"","text":"WORD","b":"\\"}"#,
    br#"{"a":"\\\\\"","text":"WORD"}"#,
    br#"{"":"","a":[],"b":{},"c":[[],{}],"d":[true,false,null,"",0],"text":"WORD"}"#,
    "{\"\u{1f469}\":\"\u{5b57}\",\"text\":\"WORD\"}".as_bytes(),
];

const NO_TERM: &[&[u8]] = &[
    br#"{"text":""}"#,
    br#"{"text":"the"}"#,
    br#"{"text":"\ud800"}"#,
    br#"{"text":"\u0000\u0001"}"#,
    br#"{"text":"","full_text":"WRONG"}"#,
    br#"{"text":"WRONG","text":""}"#,
];

const BLANK: &[&[u8]] = &[b"", b" ", b"\t", b"\r", b" \t \r", b"\r\r", b"          "];

const NO_TEXT: &[&[u8]] = &[
    b"{}",
    b" { } \r",
    br#"{"text":null}"#,
    br#"{"text":5}"#,
    br#"{"text":true}"#,
    br#"{"text":["WRONG"]}"#,
    br#"{"text":{"text":"WRONG"}}"#,
    br#"{"TEXT":"WRONG"}"#,
    br#"{"delete":{"status":{"id":1,"text":"WRONG"}}}"#,
    br#"{"text":"WRONG","text":null}"#,
    br#"{"text":"WRONG","te\u0078t":7}"#,
    br#"{"text\u0000":"WRONG"}"#,
    br#"{"extended_tweet":null}"#,
    br#"{"extended_tweet":{"full_text":"WRONG"},"extended_tweet":{}}"#,
    br#"{"extended_tweet":{"full_text":"WRONG"},"extended_tweet":5}"#,
    br#"{"extended_tweet":["WRONG"],"limit":{"track":1e400}}"#,
    br#"{"/text":"WRONG"}"#,
];

const UTF8: &[&[u8]] = &[
    b"{\"text\":\"WORD\xff\"}",
    b"{\"text\":\"WORD\",\"a\":\"\xfe\"}",
    b"{\"text\":\"WORD\",\"\x80\":1}",
    b"{\"text\":\"WORD\xc0\x80\"}",
    b"{\"text\":\"WORD\xc3\"}",
    b"{\"text\":\"WORD\xe2\x82\"}",
    b"{\"text\":\"WORD\xed\xa0\x80\"}",
    b"{\"text\":\"WORD\xf4\x90\x80\x80\"}",
    b"{\"text\":\"WORD\xf0\x9f\x98\"}",
    b"{\"text\":\"caf\xe9 WORD\"}",
    b"{\"text\":\"\xe0\x80\xafWORD\"}",
];

const SYNTAX: &[&[u8]] = &[
    b"{",
    b"}",
    br#"{"text":"WORD""#,
    br#"{"text":"WORD"#,
    br#"{"text":"WORD","#,
    br#"{"text":"#,
    br#"{"text""#,
    br#"{"tex"#,
    br#"{"text":"WORD","#,
    br#"{"text":"WORD",}"#,
    br#"{,"text":"WORD"}"#,
    br#"{"text":"WORD",,"a":1}"#,
    br#"{text:"WORD"}"#,
    br"{'text':'WORD'}",
    br#"{"text":WORD}"#,
    br#"{"text" "WORD"}"#,
    br#"{"text"::"WORD"}"#,
    br#"{"text"="WORD"}"#,
    br#"{"text":"WORD" "a":1}"#,
    br#"{"text":"WORD"]"#,
    br#"{"text":"WORD","a":[1}"#,
    br#"{"text":"WORD","a":[1,]}"#,
    br#"{"text":"WORD","a":[,1]}"#,
    br#"{"text":"WORD","a":[1 2]}"#,
    br#"{"text":"WORD","a":{"b"}}"#,
    br#"{"text":"WORD","a":}"#,
    br#"{"text":"WORD","a"}"#,
    br#"{"text":"WORD",1:2}"#,
    br#"{"text":"WORD",null:2}"#,
    br#"{"text":"WORD","a":tru}"#,
    br#"{"text":"WORD","a":True}"#,
    br#"{"text":"WORD","a":nulll}"#,
    br#"{"text":"WORD","a":undefined}"#,
    br#"{"text":"WORD","a":fals"#,
    br#"{/**/"text":"WORD"}"#,
    br#"{"text":"WORD"//}"#,
    b"WORD",
    b"nul",
    b"\x0b",
    b"\x0c",
    b"\0",
    b"{\"text\":\x0b\"WORD\"}",
    b"{\"text\":\0\"WORD\"}",
    "\u{a0}".as_bytes(),
    "\u{2028}".as_bytes(),
    "{\"text\":\u{a0}\"WORD\"}".as_bytes(),
    "{\u{201c}text\u{201d}:\"WORD\"}".as_bytes(),
    "{\u{feff}\"text\":\"WORD\"}".as_bytes(),
    b"<html>WORD</html>",
    b"text,lang",
];

const SYNTAX_OF_STRINGS: &[&[u8]] = &[
    br#"{"text":"WORD\x41"}"#,
    br#"{"text":"WORD\u12"}"#,
    br#"{"text":"WORD\u12G4"}"#,
    br#"{"text":"WORD\'"}"#,
    br#"{"text":"WORD\0"}"#,
    br#"{"text":"WORD\ "}"#,
    br#"{"text":"WORD\U0041"}"#,
    br#"{"text":"WORD\"}"#,
    br#"{"text":"WORD\u"}"#,
    br#"{"text":"WORD\u+041"}"#,
    br#"{"text":"WORD","a":"\q"}"#,
    br#"{"text":"WORD","\q":1}"#,
    br#"{"text":"WORD\ud800\u12G4"}"#,
    br#"{"text":"WORD\ud800\x"}"#,
    br#"{"text":"WORD","a":"\ud83d\u"}"#,
    b"{\"text\":\"WORD\x01\"}",
    b"{\"text\":\"WORD\x1f\"}",
    b"{\"text\":\"WORD\0\"}",
    b"{\"text\":\"WORD\t\"}",
    b"{\"text\":\"WORD\rtail\"}",
    b"{\"text\":\"WORD\",\"a\":\"\x02\"}",
    b"{\"text\":\"WORD\",\"a\x03\":1}",
];

const SYNTAX_OF_NUMBERS: &[&[u8]] = &[
    br#"{"text":"WORD","n":01}"#,
    br#"{"text":"WORD","n":-01}"#,
    br#"{"text":"WORD","n":00}"#,
    br#"{"text":"WORD","n":1.}"#,
    br#"{"text":"WORD","n":.5}"#,
    br#"{"text":"WORD","n":-.5}"#,
    br#"{"text":"WORD","n":+1}"#,
    br#"{"text":"WORD","n":-}"#,
    br#"{"text":"WORD","n":--1}"#,
    br#"{"text":"WORD","n":1e}"#,
    br#"{"text":"WORD","n":1e+}"#,
    br#"{"text":"WORD","n":1e5.5}"#,
    br#"{"text":"WORD","n":1.2.3}"#,
    br#"{"text":"WORD","n":1.e5}"#,
    br#"{"text":"WORD","n":0x10}"#,
    br#"{"text":"WORD","n":1_000}"#,
    br#"{"text":"WORD","n":1f}"#,
    br#"{"text":"WORD","n":NaN}"#,
    br#"{"text":"WORD","n":Infinity}"#,
    br#"{"text":"WORD","n":-Infinity}"#,
    "{\"text\":\"WORD\",\"n\":\u{ff11}}".as_bytes(),
    br#"{"text":01}"#,
];

const TRAILING: &[&[u8]] = &[
    br#"{"text":"WORD"}{"text":"WORD"}"#,
    br#"{"text":"WORD"} {"text":"WORD"}"#,
    br#"{"text":"WORD"} x"#,
    br#"{"text":"WORD"},"#,
    br#"{"text":"WORD"}]"#,
    br#"{"text":"WORD"}}"#,
    br#"{"text":"WORD"}""#,
    br#"{"text":"WORD"} // comment"#,
    b"{\"text\":\"WORD\"}\0",
    b"{\"text\":\"WORD\"}\x0c",
    b"{\"text\":\"WORD\"}\r{\"text\":\"WORD\"}",
    "{\"text\":\"WORD\"}\u{feff}".as_bytes(),
    "{\"text\":\"WORD\"}\u{a0}".as_bytes(),
    b"{}0",
    b"{} null",
];

const NOT_OBJECT: &[&[u8]] = &[
    br#""WORD""#,
    br#"["WORD"]"#,
    br#"[{"text":"WORD"}]"#,
    b"[]",
    b"null",
    b"true",
    b"false",
    b"42",
    b"-0.5e3",
    b"\"\"",
    b" [ ] \r",
    b"1e99999",
];

/// Valid numbers, however large.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "0.0",
    "-0.0e-0",
    "1E5",
    "1e+5",
    "0.1e+05",
    "1e999999",
    "-1e999999",
    "1e-999999",
    "18446744073709551616",
    "-9223372036854775809",
    "3.141592653589793238462643383279502884197",
];
