//! The outcome of a command, parsed: the last line of `run --output json`, the error object, the
//! CSV of `top`.

use std::collections::BTreeMap;

use serde_json::Value;

/// The exit code and the output of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Asserts that it exited with 0.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "must succeed: {self:#?}");
        self
    }

    /// The last line of standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        match serde_json::from_str(last) {
            Ok(value) => value,
            Err(error) => panic!("the last line is no JSON ({error}): {self:#?}"),
        }
    }

    /// Both streams, for a message that may be on either.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Asserts that it exited with this code, and returns its one error object.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32) -> Refusal {
        assert_eq!(self.code, Some(code), "{self:#?}");
        let reports: Vec<Value> = self
            .stdout
            .lines()
            .chain(self.stderr.lines())
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line.get("error").is_some_and(Value::is_object))
            .collect();
        let [report] = reports.as_slice() else {
            panic!("must report one error as JSON, not {}: {self:#?}", reports.len());
        };
        let error = &report["error"];
        assert_eq!(error["exitCode"], code, "{report}");
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let refusal = Refusal { reason: text("reason"), message: text("message") };
        assert!(!refusal.reason.is_empty() && !refusal.message.is_empty(), "{report}");
        refusal
    }

    /// Asserts that it failed with any code and all of these words.
    #[track_caller]
    pub(crate) fn failed_with(&self, words: &[&str]) {
        assert!(self.code.is_some_and(|code| code != 0), "must fail: {self:#?}");
        assert_mentions(&self.all(), words);
    }

    /// Asserts that it printed a message instead of a backtrace.
    #[track_caller]
    pub(crate) fn assert_no_panic(&self) {
        let all = self.all();
        assert!(!all.contains("panicked at"), "{all}");
        assert!(self.code != Some(101), "{all}");
    }
}

/// An error as the command reports it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Refusal {
    /// Asserts that the message has each of these words; '|' separates alternatives, and case is
    /// ignored.
    #[track_caller]
    pub(crate) fn mentions(&self, words: &[&str]) {
        assert_mentions(&self.message, words);
    }
}

#[track_caller]
pub(crate) fn assert_mentions(text: &str, words: &[&str]) {
    let lower = text.to_lowercase();
    for word in words {
        let found = word.split('|').any(|either| lower.contains(&either.to_lowercase()));
        assert!(found, "must say {word:?}: {text}");
    }
}

/// The object that ends `run --output json`.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) json: Value,
    pub(crate) run: String,
    pub(crate) generation: u64,
    pub(crate) digest: String,
    pub(crate) read: u64,
    pub(crate) counted: u64,
    pub(crate) empty: BTreeMap<String, u64>,
    pub(crate) malformed: BTreeMap<String, u64>,
    pub(crate) topics: u64,
}

impl Published {
    /// Checks that the object accounts for every record, and parses it.
    #[track_caller]
    pub(crate) fn of(outcome: &Outcome) -> Self {
        assert_eq!(outcome.code, Some(0), "must publish: {outcome:#?}");
        let json = outcome.json();
        assert_eq!(json["incomplete"], false, "{json}");
        for stage in ["plan", "etl", "aggregate", "publish", "total"] {
            assert!(json["seconds"][stage].is_number(), "seconds.{stage}: {json}");
        }
        assert!(json["source"].is_string(), "{json}");
        let records = &json["records"];
        let published = Self {
            run: json["run"].as_str().unwrap_or_default().to_owned(),
            generation: number(&json, "generation"),
            digest: json["digest"].as_str().unwrap_or_default().to_owned(),
            read: number(records, "read"),
            counted: number(records, "counted"),
            empty: reasons(&records["empty"]),
            malformed: reasons(&records["malformed"]),
            topics: number(&json, "topics"),
            json,
        };
        let hexadecimal = published.digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(published.digest.len() == 64 && hexadecimal, "digest: {}", published.json);
        assert!(!published.run.is_empty(), "run: {}", published.json);
        let judged = published.counted
            + published.empty.values().sum::<u64>()
            + published.malformed.values().sum::<u64>();
        let json = &published.json;
        assert_eq!(published.read, judged, "read = counted + empty + malformed: {json}");
        published
    }

    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> u64 {
        number(&self.json, name)
    }
}

#[track_caller]
fn number(json: &Value, name: &str) -> u64 {
    json[name].as_u64().unwrap_or_else(|| panic!("{name} must be a number: {json}"))
}

/// The reasons that occurred.
#[track_caller]
fn reasons(json: &Value) -> BTreeMap<String, u64> {
    let object = json.as_object().unwrap_or_else(|| panic!("must be an object by reason: {json}"));
    let counts = object.iter().map(|(reason, count)| (reason.clone(), count.as_u64().unwrap()));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// A line of `top --output csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) term: String,
    pub(crate) count: u64,
    pub(crate) documents: u64,
}

impl Row {
    /// Every row, with its rank checked.
    #[track_caller]
    pub(crate) fn all(outcome: &Outcome) -> Vec<Self> {
        let mut lines = outcome.stdout.lines();
        assert_eq!(lines.next(), Some("rank,kind,term,count,documents"), "{outcome:#?}");
        let rows = lines.enumerate().map(|(at, line)| {
            let fields: Vec<&str> = line.split(',').collect();
            let [rank, "word", term, count, documents] = fields[..] else {
                panic!("no row of words: {line}");
            };
            assert_eq!(rank, (at + 1).to_string(), "ranks go up by one: {line}");
            Self {
                term: term.to_owned(),
                count: count.parse().unwrap(),
                documents: documents.parse().unwrap(),
            }
        });
        rows.collect()
    }
}

/// Checks that a JSON number is another one, but for rounding.
#[track_caller]
pub(crate) fn near(found: &Value, expected: f64) {
    let number = found.as_f64().unwrap_or(f64::NAN);
    assert!((number - expected).abs() < 1e-9, "{found} instead of {expected}");
}
