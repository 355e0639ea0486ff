//! A view shows what a naive filter of the whole list shows.

// Tests of plain documents use it, too.
pub(crate) mod fixture;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use trends::Profile;
use trends::exclusions::{Action, Change, Subject};
use trends::facts::TermFacts;

use super::*;
use fixture::{TopicCount, WINDOW, memory, publish, ranked, source};

fn term(term: &str, kind: Option<Kind>) -> Subject {
    Subject::Term { term: term.to_owned(), kind }
}

fn pattern(pattern: &str) -> Subject {
    Subject::Pattern { pattern: pattern.to_owned(), kind: None }
}

fn excluding(subjects: &[Subject]) -> Arc<Exclusions> {
    let mut exclusions = Exclusions::default();
    for subject in subjects {
        let subjects = vec![subject.clone()];
        exclusions.apply(&Change { action: Action::Exclude, subjects, reason: None }, "now");
    }
    Arc::new(exclusions)
}

async fn view(store: &Arc<dyn Store>, subjects: &[Subject]) -> View {
    let newest = generations::newest(&**store, &source(), 0).await.unwrap().unwrap();
    let published = PublishedResult::open(Arc::clone(store), newest).await.unwrap();
    View::new(Arc::new(published), excluding(subjects)).unwrap()
}

/// Returns true if a subject names a term, by its definition alone.
fn names(subject: &Subject, kind: Kind, term: &str) -> bool {
    fn fits(pattern: &[u8], term: &[u8]) -> bool {
        match (pattern, term) {
            ([], _) => term.is_empty(),
            ([b'*', rest @ ..], _) => {
                fits(rest, term) || !term.is_empty() && fits(pattern, &term[1..])
            }
            ([first, rest @ ..], [other, more @ ..]) => {
                (first == other || *first == b'?') && fits(rest, more)
            }
            _ => false,
        }
    }
    match subject {
        Subject::Term { term: excluded, kind: of } => {
            excluded == term && of.is_none_or(|of| of == kind)
        }
        Subject::Pattern { pattern, .. } => fits(pattern.as_bytes(), term.as_bytes()),
        Subject::Author { .. } => false,
    }
}

/// The shown terms of a ranking, with their ranks and positions.
fn shown(topics: &[TopicCount], kind: Kind, subjects: &[Subject]) -> Vec<(u64, String, u64)> {
    let ranked = (0..).zip(ranked(topics, kind));
    let left = ranked.filter(|(_, (term, _))| !subjects.iter().any(|s| names(s, kind, term)));
    left.map(|(position, (term, count))| (position, term, count)).collect()
}

fn pairs(slice: &RankingSlice) -> Vec<(String, u64)> {
    slice.topics.iter().map(|topic| (topic.term.clone(), topic.count)).collect()
}

fn topics() -> impl Strategy<Value = Vec<TopicCount>> {
    let kind = prop_oneof![Just(Kind::Word), Just(Kind::Hashtag)];
    let topics = prop::collection::btree_map((kind, "[abc]{1,3}"), 1_u64..4, 0..40);
    topics.prop_map(|topics: BTreeMap<_, _>| {
        topics.into_iter().map(|((kind, term), count)| (kind, term, count)).collect()
    })
}

fn subjects() -> impl Strategy<Value = Vec<Subject>> {
    let kind = prop_oneof![Just(None), Just(Some(Kind::Word)), Just(Some(Kind::Hashtag))];
    let term = ("[abc]{1,3}", kind).prop_map(|(name, kind)| term(&name, kind));
    let pattern = "[*?]?[abc][*?]?[abc]?[*?]?".prop_map(|text| pattern(&text));
    // Mostly a few terms, which are looked up, or some with patterns, which need a scan.
    prop_oneof![
        prop::collection::vec(term.clone(), 0..4),
        prop::collection::vec(term.clone(), 0..30),
        prop::collection::vec(prop_oneof![term, pattern], 0..8),
    ]
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn every_page_of_a_ranking_is_that_page_of_the_naively_filtered_list(
        topics in topics(), subjects in subjects(), page in 1_usize..6,
        offset in 0_usize..45, limit in 1_usize..45,
    ) {
        block_on(async {
            let store = memory().await;
            publish(&*store, 1, &topics, page).await;
            let view = view(&store, &subjects).await;
            for kind in [Kind::Word, Kind::Hashtag] {
                let expected = shown(&topics, kind, &subjects);
                let all = ranked(&topics, kind).len();
                let slice = view.slice(kind, SliceStart::Shown(offset as u64), limit).await.unwrap();
                let part = expected.iter().skip(offset).take(limit);
                let part: Vec<_> = part.map(|(_, term, count)| (term.clone(), *count)).collect();
                prop_assert_eq!(pairs(&slice), part);
                prop_assert_eq!(slice.rank, offset as u64 + 1);
                prop_assert_eq!(slice.total, expected.len() as u64);
                prop_assert_eq!(slice.excluded, (all - expected.len()) as u64);
                prop_assert_eq!(slice.next.is_some(), offset + limit < expected.len());
                prop_assert_eq!(view.topics(kind).await.unwrap(), slice.total);
                for (term, _) in ranked(&topics, kind) {
                    let is_shown = expected.iter().any(|(_, other, _)| *other == term);
                    let found = view.topic(kind, &term).await.unwrap();
                    prop_assert_eq!(found.is_some(), is_shown);
                    prop_assert_eq!(view.excludes(kind, &term), !is_shown);
                }
            }
            let expected = shown(&topics, Kind::Word, &subjects);
            let found = view.scored(Kind::Word, Score::Burst, Some(WINDOW)).await.unwrap();
            let found: Vec<_> = found.into_iter().map(|topic| topic.term).collect();
            let expected = expected.into_iter().map(|(_, term, _)| term);
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
            Ok(())
        })?;
    }

    #[test]
    fn a_list_of_several_kinds_is_the_beginning_of_the_naively_sorted_list(
        topics in topics(), subjects in subjects(), page in 1_usize..6, limit in 0_usize..45,
    ) {
        block_on(async {
            let store = memory().await;
            publish(&*store, 1, &topics, page).await;
            let view = view(&store, &subjects).await;
            let is_shown =
                |(kind, term, _): &&TopicCount| !subjects.iter().any(|s| names(s, *kind, term));
            let mut expected: Vec<_> = topics.iter().filter(is_shown).cloned().collect();
            expected.sort_by_key(|(kind, term, count)| (u64::MAX - count, term.clone(), *kind));
            let total = expected.len();
            expected.truncate(limit);
            let kinds = BTreeSet::from([Kind::Word, Kind::Hashtag, Kind::Emoji]);
            let mixed = view.mixed(&kinds, limit).await.unwrap();
            let found = mixed.topics.iter().map(|found| (found.kind, found.term.clone(), found.count));
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
            let counts = (mixed.rank, mixed.next, mixed.total, mixed.excluded);
            prop_assert_eq!(counts, (1, None, total as u64, (topics.len() - total) as u64));
            Ok(())
        })?;
    }

    #[test]
    fn going_on_after_a_change_misses_no_topic_and_repeats_none(
        topics in topics(), changes in prop::collection::vec(subjects(), 1..6), limit in 1_usize..5,
    ) {
        block_on(async {
            let store = memory().await;
            publish(&*store, 1, &topics, 3).await;
            let (mut from, mut position) = (SliceStart::Shown(0), 0);
            for subjects in changes.iter().cycle() {
                let view = view(&store, subjects).await;
                let slice = view.slice(Kind::Word, from, limit).await.unwrap();
                // The topics shown by the present exclusions, from `position` on.
                let all = shown(&topics, Kind::Word, subjects);
                let left: Vec<_> = all.iter().filter(|(at, _, _)| *at >= position).collect();
                let part = left.iter().take(limit).map(|(_, term, count)| (term.clone(), *count));
                prop_assert_eq!(pairs(&slice), part.collect::<Vec<_>>());
                prop_assert_eq!(slice.rank, (all.len() - left.len()) as u64 + 1);
                let Some(next) = slice.next else {
                    prop_assert!(left.len() <= limit);
                    break;
                };
                prop_assert_eq!(next, left[limit - 1].0 + 1);
                (from, position) = (SliceStart::Position(next), next);
            }
            Ok(())
        })?;
    }
}

fn words(words: &[(&str, u64)]) -> Vec<TopicCount> {
    words.iter().map(|(term, count)| (Kind::Word, (*term).to_owned(), *count)).collect()
}

#[tokio::test]
async fn a_position_past_the_end_and_an_uncounted_kind_show_nothing() {
    let store = memory().await;
    publish(&*store, 1, &words(&[("love", 7), ("spam", 6)]), 2).await;
    let view = view(&store, &[pattern("s*")]).await;
    for from in
        [SliceStart::Position(2), SliceStart::Position(u64::MAX), SliceStart::Shown(u64::MAX)]
    {
        let slice = view.slice(Kind::Word, from, 9).await.unwrap();
        assert_eq!((pairs(&slice), slice.next, slice.total), (vec![], None, 1), "{from:?}");
    }
    let slice = view.slice(Kind::Emoji, SliceStart::Shown(0), 9).await.unwrap();
    assert_eq!((slice.total, slice.excluded), (0, 0));
}

#[tokio::test]
async fn the_newest_is_the_same_until_a_result_or_an_exclusion_is_added() {
    let store = memory().await;
    let newest =
        async |last: Option<&Arc<View>>| View::newest(&store, &source(), last).await.unwrap();
    let change = |term: &str| Change {
        action: Action::Exclude,
        subjects: vec![self::term(term, None)],
        reason: None,
    };
    exclusions::append(&*store, &source(), &change("early"), "now").await.unwrap();
    assert!(newest(None).await.is_none(), "there is no result yet");
    publish(&*store, 1, &words(&[("love", 7), ("early", 6)]), 2).await;
    let first = newest(None).await.unwrap();
    assert_eq!(first.topics(Kind::Word).await.unwrap(), 1);
    let again = newest(Some(&first)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    exclusions::append(&*store, &source(), &change("love"), "now").await.unwrap();
    let second = newest(Some(&again)).await.unwrap();
    assert!(Arc::ptr_eq(&first.published, &second.published), "it is not opened again");
    assert_eq!((second.exclusions().version(), second.topics(Kind::Word).await.unwrap()), (2, 0));
    publish(&*store, 2, &words(&[("love", 7), ("peace", 6)]), 2).await;
    let third = newest(Some(&second)).await.unwrap();
    assert!(Arc::ptr_eq(second.exclusions(), third.exclusions()));
    let shown = third.ranked(Kind::Word, 0, 9).await.unwrap();
    assert_eq!(shown.iter().map(|topic| topic.term.as_str()).collect::<Vec<_>>(), ["peace"]);
    // A view of one store does not continue the exclusion log of another store.
    let other = memory().await;
    publish(&*other, 1, &words(&[("love", 7)]), 2).await;
    let anew = View::newest(&other, &source(), Some(&third)).await.unwrap().unwrap();
    assert_eq!((anew.exclusions().version(), anew.topics(Kind::Word).await.unwrap()), (0, 1));
}

#[tokio::test]
async fn a_word_does_not_name_an_excluded_phrase() {
    let store = memory().await;
    publish(&*store, 1, &words(&[("york", 8)]), 2).await;
    let phrase = |phrase: &str| Subject::Term { term: phrase.to_owned(), kind: Some(Kind::Phrase) };
    let topic = Topic {
        kind: Kind::Word,
        term: "york".to_owned(),
        count: 8,
        documents: 8,
        facts: TermFacts { phrase: Some("new york".to_owned()), ..TermFacts::default() },
    };
    // The kinds of a result are the counted ones: here words and hashtags.
    let mut view = view(&store, &[]).await;
    assert_eq!(view.shown(topic.clone()), topic);
    let excluded = excluding(&[phrase("New York")]);
    view.excluded = ExclusionFilter::new(&excluded, Profile::Social, [Kind::Phrase]).unwrap();
    assert_eq!(view.shown(topic).facts.phrase, None);
}
