//! Whether too many lines of a run were malformed: decided once, from the markers of all shards.

use trends::RecordCounts;

use crate::Error;
use crate::etl::{Sample, Shard};
use crate::plan::Plan;

/// The counters of the run.
///
/// # Errors
/// If more lines were malformed than the plan allows; the message names the first of them.
pub fn check_malformed(plan: &Plan, shards: &[Shard]) -> Result<RecordCounts, Error> {
    let mut records = RecordCounts::default();
    for shard in shards {
        records.add(&shard.marker.report.records);
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
        "{} of {} lines are malformed ({percent:.3} %, allowed are {} %): {}",
        records.malformed_total(),
        records.read,
        plan.max_malformed_percent,
        reasons.join(", "),
    );
    let lines = samples.iter().map(|sample| {
        let object = plan.objects.get(sample.object as usize);
        let name = object.map_or("", |object| object.name.as_str());
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

/// What the first line of an object tells about a file that isn't newline-delimited JSON at all.
fn hint(first: &Sample) -> Option<&'static str> {
    let line = first.line.as_str();
    // The marks of UTF-16 are no UTF-8, so they show as replacement characters.
    if line.starts_with("\u{fffd}\u{fffd}") || line.contains('\0') {
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
