//! The verdict on the records of a run: too many malformed lines. Owns the rule; it is applied to
//! the markers of all shards at once, so that the cuts of the input change nothing.

use store::{Key, RunId, Stage};
use trends::RecordCounts;

use crate::Error;
use crate::etl::{CountedShards, Sample, Shard};
use crate::plan::Plan;

/// Returns the counters of a run whose records may be published.
///
/// # Errors
/// `Damaged` if the counters of a shard don't account for every record; `TooManyMalformed` with the
/// first malformed lines if their share is larger than the plan allows.
pub fn check_records(
    run: &RunId,
    plan: &Plan,
    shards: &CountedShards,
) -> Result<RecordCounts, Error> {
    let mut records = RecordCounts::default();
    for Shard { index, marker } in shards.iter() {
        let counts = &marker.report.records;
        if !counts.account_for_all() {
            let key = Key::marker(run, Stage::Etl, u32::from(*index));
            let what = "the numbers of counted, empty and malformed records don't add up to its number of read records";
            return Err(Error::damaged(key, what));
        }
        records.add(counts);
    }
    let percent = records.malformed_percent();
    if percent <= plan.max_malformed_percent {
        return Ok(records);
    }
    let mut samples: Vec<&Sample> =
        shards.iter().flat_map(|shard| &shard.marker.report.samples).collect();
    samples.sort_by_key(|sample| (sample.object, sample.offset));
    samples.truncate(Sample::KEPT);
    Err(Error::TooManyMalformed(message(plan, &records, percent, &samples)))
}

fn message(plan: &Plan, records: &RecordCounts, percent: f64, samples: &[&Sample]) -> String {
    let reasons: Vec<String> =
        records.malformed.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let mut text = format!(
        "{} of {} lines that are not blank are malformed ({percent:.3} %, at most {} % are allowed): {}",
        records.malformed_total(),
        records.not_blank(),
        plan.max_malformed_percent,
        reasons.join(", "),
    );
    let lines = samples.iter().map(|sample| {
        let object = plan.objects.get(sample.object);
        let name = object.map(|object| object.name).unwrap_or_default();
        let Sample { offset, reason, column, line, .. } = sample;
        format!("\n  {name} at byte {offset}: {reason} (column {column}): {line:?}")
    });
    text.extend(lines);
    if let Some(hint) = samples.iter().find(|sample| sample.offset <= 3).and_then(|s| hint(s)) {
        text += "\n";
        text += hint;
    }
    text + "\nnothing was published; see every such line with --rejects FILE, or allow more with maxMalformedPercent (--max-malformed-percent)"
}

/// The beginnings of files of other formats, as a line shows them, and the remedies.
const OTHER_FORMATS: [(&str, &str); 5] = [
    (
        "\u{fffd}7zXZ\0",
        "this is an xz file, which can't be read: unpack it first, xz -d FILE, or pipe it in",
    ),
    ("PK\u{3}\u{4}", "this is a zip file, which can't be read: unpack it first, or unzip -p FILE"),
    ("\u{4}\"M\u{18}", "this is an lz4 file, which can't be read: unpack it first, lz4 -d FILE"),
    ("PAR1", "this is a Parquet file, which can't be read: export it as newline-delimited JSON"),
    ("<", "this looks like HTML or XML, not one record a line: was an error page downloaded?"),
];

/// Returns a remedy if the first line of an object shows that its file isn't newline-delimited
/// JSON.
fn hint(first: &Sample) -> Option<&'static str> {
    let line = first.line.as_str();
    if let Some((_, hint)) = OTHER_FORMATS.iter().find(|(start, _)| line.starts_with(start)) {
        return Some(hint);
    }
    // A byte order mark of UTF-16 is not UTF-8 and shows as replacement characters. The characters
    // that JSON is mostly made of have a NUL as every other byte in UTF-16; a few NULs only mean a
    // broken text.
    let nuls = line.bytes().filter(|byte| *byte == 0).count();
    if nuls > 0 && nuls * 3 >= line.chars().count() {
        return Some("this looks like UTF-16: convert it first, iconv -f UTF-16 -t UTF-8 FILE");
    }
    match (first.reason.as_str(), line.trim_start().bytes().next()) {
        (_, Some(b'[')) => Some(
            "this looks like one JSON array, not one record a line: convert it first, jq -c '.[]' FILE",
        ),
        ("syntax", Some(b'{')) if line.trim() == "{" => Some(
            "this looks like pretty-printed JSON, not one record a line: convert it first, jq -c . FILE",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use trends::record::Malformed;

    use super::*;

    #[test]
    fn the_first_line_of_another_format_gets_a_remedy() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        for (line, hinted) in [
            (&b"\xFD7zXZ\0\0\x04\xE6\xD6"[..], Some("xz")),
            (b"PK\x03\x04\x14\0\0\0", Some("zip")),
            (b"\x04\x22\x4D\x18\x64\x40", Some("lz4")),
            (b"PAR1\x15\x04", Some("Parquet")),
            (b"<!DOCTYPE html>", Some("HTML")),
            (&utf16("\u{feff}{\"text\":\"love\"}"), Some("UTF-16")),
            (&utf16("{\"text\":\"love\"}"), Some("UTF-16")),
            (b"[{\"text\":\"love\"},", Some("array")),
            (b"{", Some("pretty-printed")),
            (b"{\"text\":\"a NUL \0 in a text\"}", None),
            (b"\xFF\xFE not much of UTF-16", None),
            (b"{\"text\":", None),
        ] {
            let found = hint(&Sample::new(0, 0, Malformed::Syntax, 0, line));
            let shown = line.escape_ascii();
            assert_eq!(found.is_some(), hinted.is_some(), "{shown}: {found:?}");
            assert!(found.unwrap_or_default().contains(hinted.unwrap_or_default()), "{shown}");
        }
    }
}
