//! The newest result of a source without what is excluded, and the windows and terms in it that a user
//! names. Owns what is said where there is none.

use std::collections::BTreeSet;
use std::sync::Arc;

use store::{SourceName, View};
use trends::result::normalize;
use trends::scores::Totals;
use trends::time::{event_time, rfc3339};
use trends::{Kind, Profile, Score, Topic};

use crate::args::TermArgs;
use crate::failure::Failure;
use crate::place::{Folder, PlaceArgs};

/// The newest result of a source.
pub(super) async fn newest(place: &PlaceArgs, source: &str) -> Result<Arc<View>, Failure> {
    let store = place.open(Folder::Existing).await?;
    let source = SourceName::new(source).map_err(|error| Failure::usage(error.to_string()))?;
    let Some(newest) = View::newest(&store, &source, None).await? else {
        let published = store.sources().await?;
        let published: Vec<_> = published.iter().map(SourceName::as_str).collect();
        let known = if published.is_empty() {
            "nothing is published in this store yet".to_owned()
        } else {
            format!("published are: {}", published.join(", "))
        };
        let message = format!("nothing is published under {source}; {known}");
        return Err(Failure::permanent("UnknownSource", message));
    };
    Ok(newest)
}

/// The length of a result's windows in seconds.
pub(super) fn window_length(published: &View) -> Result<u64, Failure> {
    published.index().window.ok_or_else(|| {
        let source = &published.generation().source;
        Failure::permanent(
            "NoWindows",
            format!("{source} was not counted by windows: run it with --window 1h, say"),
        )
    })
}

/// The bucket that a time lies in.
pub(super) fn bucket(published: &View, time: &str) -> Result<i64, Failure> {
    let window = window_length(published)?;
    let seconds = event_time(time.as_bytes()).ok_or_else(|| {
        Failure::usage(format!(
            "{time:?} is no time: write it as 2016-03-01 or 2016-03-01T12:00:00Z"
        ))
    })?;
    // A window is at most 7 days long.
    Ok(seconds.div_euclid(window as i64))
}

/// When a window begins.
pub(super) fn begins(bucket: i64, window: u64) -> String {
    rfc3339(bucket.saturating_mul(window as i64))
}

/// What is said of a window that has no burst scores.
pub(super) const INSUFFICIENT_HISTORY: &str =
    "insufficient history: a burst needs records in at least 6 windows before";

/// What is said of kinds that the run was not asked to count; `None` if it was.
pub(super) fn uncounted(published: &View, kinds: &BTreeSet<Kind>) -> Option<String> {
    let counted: BTreeSet<Kind> = published.kinds().collect();
    let missing = names(kinds.difference(&counted));
    let (source, counted) = (&published.generation().source, names(counted.iter()));
    let profile = match published.index().profile {
        Profile::Seed => "--profile social ",
        Profile::Social => "",
    };
    (!missing.is_empty()).then(|| {
        format!("{source} counted {counted} only: run it with {profile}--kinds {counted},{missing}")
    })
}

fn names<'a>(kinds: impl Iterator<Item = &'a Kind>) -> String {
    kinds.map(|kind| kind.name()).collect::<Vec<_>>().join(",")
}

/// What is said of a window without records, or one that is not over; `None` of others.
pub(super) fn nothing_there(published: &View, bucket: i64) -> Option<String> {
    let (windows, length) = (published.windows()?.closed(), published.index().window?);
    let (first, last) = windows.first().zip(windows.last())?;
    windows.binary_search(&bucket).is_err().then(|| {
        let source = &published.generation().source;
        let [begin, first, last] = [bucket, *first, *last].map(|bucket| begins(bucket, length));
        format!(
            "{source} has no window from {begin} that has records and is over: its first is from {first}, its last from {last}"
        )
    })
}

/// Whether a score leans on bursts, and too little was said before a window for one.
pub(super) fn is_short(published: &View, score: Score, bucket: Option<i64>) -> bool {
    let short =
        |windows: &Totals| bucket.is_some_and(|bucket| windows.lacks_history_before(bucket));
    score.leans_on_bursts() && published.windows().is_some_and(short)
}

/// The term as the result counts it.
pub(super) fn term(published: &View, args: &TermArgs) -> String {
    normalize(published.index().profile, args.kind, &args.term)
}

/// That a term was not counted, or is excluded.
pub(super) fn unknown_term(published: &View, kind: Kind, term: &str) -> Failure {
    let source = &published.generation().source;
    if published.excludes(kind, term) {
        let how = format!("trendjob exclude {source} --list shows what is");
        let message = format!("{source} has no {kind} {term:?}: it is excluded; {how}");
        return Failure::permanent("UnknownTerm", message);
    }
    let counted: Vec<_> = published.kinds().map(Kind::name).collect();
    Failure::permanent(
        "UnknownTerm",
        format!("{source} has no {kind} {term:?}; counted were: {}", counted.join(", ")),
    )
}

/// That a term has no series: it was not counted, or too seldom.
pub(super) fn no_series(
    published: &View,
    kind: Kind,
    term: &str,
    topic: Option<&Topic>,
) -> Failure {
    let Some(topic) = topic else { return unknown_term(published, kind, term) };
    let floor = published.index().series_floor.unwrap_or(0);
    Failure::permanent(
        "NoSeries",
        format!(
            "{kind} {term:?} has no series: it occurs {} times, and the run keeps those of terms with at least {floor} (--series-floor)",
            topic.count
        ),
    )
}
