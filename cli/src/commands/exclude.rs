//! `trendjob exclude SOURCE`: excludes terms from the results of a source and authors from its next
//! runs, and readmits them. Owns the messages about when a change applies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use store::exclusions::{self, Entry};
use store::view::SliceStart;
use store::{SourceName, View};
use trends::exclusions::{Action, Change, Exclusions, LastChange, Rule, Subject};
use trends::result::normalize;
use trends::{Kind, Profile};

use crate::args::ExcludeArgs;
use crate::clock::now;
use crate::failure::Failure;
use crate::output::Output;
use crate::store_location::Folder;
use crate::tables;

/// The effect of a change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeEffect<'a> {
    source: &'a SourceName,
    /// The version of the exclusions: the number of the last change.
    version: u64,
    /// The change; absent if it had no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'a Entry>,
    /// The subjects that apply to published results.
    applies_now: Vec<&'a Subject>,
    /// The subjects that apply to runs that are planned from now on.
    applies_from_next_run: Vec<&'a Subject>,
    /// The number of excluded topics of the newest result, by kind.
    #[serde(rename = "leftOut")]
    excluded: BTreeMap<Kind, u64>,
}

/// The exclusions of a source.
#[derive(Debug, Serialize)]
struct ExclusionList<'a> {
    source: &'a SourceName,
    version: u64,
    terms: Vec<&'a Rule>,
    patterns: Vec<&'a Rule>,
    authors: Vec<ExcludedAuthor<'a>>,
}

#[derive(Debug, Serialize)]
struct ExcludedAuthor<'a> {
    author: &'a str,
    #[serde(flatten)]
    since: &'a LastChange,
}

/// Excludes, readmits, or lists the exclusions.
pub(crate) async fn exclude(args: &ExcludeArgs, output: Output) -> Result<(), Failure> {
    let source =
        SourceName::new(&args.source).map_err(|error| Failure::usage(error.to_string()))?;
    let store = args.store.location.open(Folder::Existing).await?;
    if args.list {
        let exclusions = exclusions::current(&*store, &source, &Arc::default()).await?;
        return list(&source, &exclusions, output);
    }
    let change = typed_change(args)?;
    let (exclusions, entry) = exclusions::append(&*store, &source, &change, &now()).await?;
    // After a change without effect, too: an earlier command may have made the change and been
    // stopped before this step.
    args.store.location.update_plain_documents(&source).await?;
    let view = View::newest(&store, &source, None).await?;
    let mut excluded = BTreeMap::new();
    if let Some(view) = &view {
        for kind in view.kinds() {
            excluded.insert(kind, view.slice(kind, SliceStart::Shown(0), 0).await?.excluded);
        }
    }
    if output.is_json() {
        let (applies_now, applies_from_next_run) =
            change.subjects.iter().partition(|subject| subject.is_read_time());
        return Output::json(&ChangeEffect {
            source: &source,
            version: exclusions.version(),
            change: entry.as_ref(),
            applies_now,
            applies_from_next_run,
            excluded,
        });
    }
    Output::print(&message(&source, &change, entry.as_ref(), view.as_deref(), &excluded))
}

/// The change that the arguments describe.
fn typed_change(args: &ExcludeArgs) -> Result<Change, Failure> {
    let ExcludeArgs { terms, patterns, kind, authors, reason, readmit, .. } = args;
    let kind = *kind;
    if kind.is_some() && terms.is_empty() && patterns.is_empty() {
        return Err(Failure::usage(
            "--kind belongs to a --term or a --pattern: authors have no kind",
        ));
    }
    let terms = terms.iter().map(|term| Subject::Term { term: term.clone(), kind });
    let patterns = patterns.iter().cloned();
    let patterns = patterns.map(|pattern| Subject::Pattern { pattern, kind });
    let authors = authors.iter().map(|author| Subject::Author { author: author.clone() });
    let action = if *readmit { Action::Readmit } else { Action::Exclude };
    let subjects = terms.chain(patterns).chain(authors).collect();
    let change = Change { action, subjects, reason: reason.clone() };
    change.check().map_err(|error| Failure::usage(error.to_string()))?;
    Ok(change)
}

/// The effect of a change, and when each part of it applies.
fn message(
    source: &SourceName,
    change: &Change,
    entry: Option<&Entry>,
    view: Option<&View>,
    excluded: &BTreeMap<Kind, u64>,
) -> String {
    let done = match change.action {
        Action::Exclude => "excluded from",
        Action::Readmit => "readmitted to",
    };
    let mut lines = vec![match entry {
        Some(Entry { number, change, .. }) => {
            let subjects: Vec<_> = change.subjects.iter().map(Subject::to_string).collect();
            format!("{done} {source} by change {number}: {}", subjects.join(", "))
        }
        None => format!("nothing was changed: already {done} {source}"),
    }];
    if change.subjects.iter().any(Subject::is_read_time) {
        let counts: Vec<_> = excluded.iter().map(|(kind, count)| kinds(*kind, *count)).collect();
        lines.push(match view {
            Some(view) => format!(
                "terms apply now: generation {} is shown without {}; APIs follow within a second",
                view.generation().generation,
                counts.join(", "),
            ),
            None => "terms apply to published results: no result is published yet".to_owned(),
        });
    }
    if let Some(view) = view.filter(|_| change.action == Action::Readmit) {
        let still = still_excluded(view, &change.subjects).into_iter();
        lines.extend(
            still.map(|term| format!("{term} is still excluded, by a pattern or one of its words")),
        );
    }
    if change.subjects.iter().any(|subject| !subject.is_read_time()) {
        let next = "authors apply from the next run on: published results keep their counts";
        lines.push(next.to_owned());
        if view.is_some_and(|view| view.contents().profile == Profile::Seed) {
            let social = "authors apply to runs with the profile Social only: the newest result has the profile Seed, which reads no authors";
            lines.push(social.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// The terms that a pattern or a word of a phrase still excludes.
fn still_excluded(view: &View, subjects: &[Subject]) -> Vec<String> {
    let excluded = |subject: &&Subject| {
        let Subject::Term { term, kind } = subject else { return false };
        let mut kinds = view.kinds().filter(|of| kind.is_none_or(|kind| kind == *of));
        kinds.any(|kind| view.excludes(kind, &normalize(view.contents().profile, kind, term)))
    };
    subjects.iter().filter(excluded).map(Subject::to_string).collect()
}

fn kinds(kind: Kind, count: u64) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{} {kind}{end}", tables::grouped(count))
}

fn list(source: &SourceName, exclusions: &Exclusions, output: Output) -> Result<(), Failure> {
    let (terms, patterns) = (exclusions.terms().collect(), exclusions.patterns().collect());
    let authors =
        exclusions.authors().map(|(author, since)| ExcludedAuthor { author, since }).collect();
    let listed = ExclusionList { source, version: exclusions.version(), terms, patterns, authors };
    if output.is_json() {
        return Output::json(&listed);
    }
    let ExclusionList { terms, patterns, authors, .. } = &listed;
    let row = |subject: &str, text: &str, kinds: String, since: &LastChange| {
        let reason = since.reason.clone().unwrap_or_default();
        vec![subject.to_owned(), text.to_owned(), kinds, since.at.clone(), reason]
    };
    let rule = |subject: &'static str| {
        move |rule: &&Rule| row(subject, &rule.text, named(&rule.kinds), &rule.since)
    };
    let rows = terms.iter().map(rule("term")).chain(patterns.iter().map(rule("pattern")));
    let author =
        |author: &ExcludedAuthor<'_>| row("author", author.author, String::new(), author.since);
    let rows = rows.chain(authors.iter().map(author));
    Output::print(&tables::columns(&["", "excluded", "kinds", "since", "reason"], &[], rows))
}

fn named(kinds: &BTreeSet<Kind>) -> String {
    if kinds.len() == Kind::ALL.len() {
        return "all".to_owned();
    }
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}
