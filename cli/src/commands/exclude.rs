//! `trendjob exclude SOURCE`: what is left out of what is shown of a source, and of its next runs. Owns what
//! the user is told of when it applies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use store::exclusions::{self, Entry};
use store::view::PageStart;
use store::{SourceName, View};
use trends::exclusions::{Action, Change, Exclusions, Rule, Since, Subject};
use trends::result::normalize;
use trends::{Kind, Profile};

use crate::args::ExcludeArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::place::Folder;
use crate::run::now;
use crate::tables;

/// What a change did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed<'a> {
    source: &'a SourceName,
    /// The version of what is excluded: the number of the last change.
    version: u64,
    /// The change; absent if everything was so before.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'a Entry>,
    /// What of it applies to what is published.
    applies_now: Vec<&'a Subject>,
    /// What of it applies to runs that are planned from now on.
    applies_from_next_run: Vec<&'a Subject>,
    /// How many topics are left out of the newest result, by kind.
    left_out: BTreeMap<Kind, u64>,
}

/// What is excluded.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    source: &'a SourceName,
    version: u64,
    terms: Vec<&'a Rule>,
    patterns: Vec<&'a Rule>,
    authors: Vec<Author<'a>>,
}

#[derive(Debug, Serialize)]
struct Author<'a> {
    author: &'a str,
    #[serde(flatten)]
    since: &'a Since,
}

/// Excludes, readmits, or lists what is excluded.
pub(crate) async fn exclude(args: &ExcludeArgs, output: Output) -> Result<(), Failure> {
    let source =
        SourceName::new(&args.source).map_err(|error| Failure::usage(error.to_string()))?;
    let store = args.store.place.open(Folder::Existing).await?;
    if args.list {
        let excluded = exclusions::current(&*store, &source, &Arc::default()).await?;
        return list(&source, &excluded, output);
    }
    let change = asked_for(args)?;
    let (excluded, entry) = exclusions::append(&*store, &source, &change, &now()).await?;
    // Also when there is nothing new: whoever excluded it may have been stopped before this.
    args.store.place.follow(&source).await?;
    let view = View::newest(&store, &source, None).await?;
    let mut left_out = BTreeMap::new();
    if let Some(view) = &view {
        for kind in view.kinds() {
            left_out.insert(kind, view.page(kind, PageStart::Shown(0), 0).await?.excluded);
        }
    }
    if output.is_json() {
        let (applies_now, applies_from_next_run) =
            change.subjects.iter().partition(|subject| subject.is_read_time());
        let (version, change) = (excluded.version(), entry.as_ref());
        let source = &source;
        return Output::json(&Changed {
            source,
            version,
            change,
            applies_now,
            applies_from_next_run,
            left_out,
        });
    }
    Output::print(&told(&source, &change, entry.as_ref(), view.as_deref(), &left_out))
}

/// The change that was typed.
fn asked_for(args: &ExcludeArgs) -> Result<Change, Failure> {
    let ExcludeArgs { terms, patterns, kind, authors, reason, readmit, .. } = args;
    let kind = *kind;
    if kind.is_some() && terms.is_empty() && patterns.is_empty() {
        return Err(Failure::usage("--kind is of a --term or a --pattern: authors have none"));
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

/// What was done, and what of it applies when.
fn told(
    source: &SourceName,
    change: &Change,
    entry: Option<&Entry>,
    view: Option<&View>,
    left_out: &BTreeMap<Kind, u64>,
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
        None => format!("nothing was changed: all of it is {done} {source} already"),
    }];
    if change.subjects.iter().any(Subject::is_read_time) {
        let counts: Vec<_> = left_out.iter().map(|(kind, count)| kinds(*kind, *count)).collect();
        lines.push(match view {
            Some(view) => format!(
                "terms apply now: generation {} is shown without {}; an API follows within a second",
                view.generation().generation,
                counts.join(", "),
            ),
            None => "terms apply to whatever is published: nothing is yet".to_owned(),
        });
    }
    if let Some(view) = view.filter(|_| change.action == Action::Readmit) {
        let still = still_excluded(view, &change.subjects).into_iter();
        lines.extend(
            still.map(|term| format!("{term} is still excluded, by a pattern or a word of it")),
        );
    }
    if change.subjects.iter().any(|subject| !subject.is_read_time()) {
        let next = "authors apply from the next run on: what is published is as it was counted";
        lines.push(next.to_owned());
        if view.is_some_and(|view| view.index().profile == Profile::Seed) {
            let social = "authors apply to runs with the profile Social only: that of the newest result is Seed, which reads none";
            lines.push(social.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// Terms that a pattern or a word of a phrase excludes all the same.
fn still_excluded(view: &View, subjects: &[Subject]) -> Vec<String> {
    let excluded = |subject: &&Subject| {
        let Subject::Term { term, kind } = subject else { return false };
        let mut kinds = view.kinds().filter(|of| kind.is_none_or(|kind| kind == *of));
        kinds.any(|kind| view.excludes(kind, &normalize(view.index().profile, kind, term)))
    };
    subjects.iter().filter(excluded).map(Subject::to_string).collect()
}

fn kinds(kind: Kind, count: u64) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{} {kind}{end}", tables::grouped(count))
}

fn list(source: &SourceName, excluded: &Exclusions, output: Output) -> Result<(), Failure> {
    let (terms, patterns) = (excluded.terms().collect(), excluded.patterns().collect());
    let authors = excluded.authors().map(|(author, since)| Author { author, since }).collect();
    let listed = Listed { source, version: excluded.version(), terms, patterns, authors };
    if output.is_json() {
        return Output::json(&listed);
    }
    let Listed { terms, patterns, authors, .. } = &listed;
    let row = |what: &str, text: &str, kinds: String, since: &Since| {
        let reason = since.reason.clone().unwrap_or_default();
        vec![what.to_owned(), text.to_owned(), kinds, since.at.clone(), reason]
    };
    let rule = |what: &'static str| {
        move |rule: &&Rule| row(what, &rule.text, named(&rule.kinds), &rule.since)
    };
    let rows = terms.iter().map(rule("term")).chain(patterns.iter().map(rule("pattern")));
    let author = |author: &Author<'_>| row("author", author.author, String::new(), author.since);
    let rows = rows.chain(authors.iter().map(author));
    Output::print(&tables::columns(&["", "excluded", "kinds", "since", "reason"], &[], rows))
}

fn named(kinds: &BTreeSet<Kind>) -> String {
    if kinds.len() == Kind::ALL.len() {
        return "all".to_owned();
    }
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}
