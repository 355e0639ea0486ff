//! The state after changes, and the terms that a pattern matches.

use proptest::prelude::*;

use super::*;
use crate::Profile;

fn term(term: &str, kind: Option<Kind>) -> Subject {
    Subject::Term { term: term.to_owned(), kind }
}

fn pattern(pattern: &str) -> Subject {
    Subject::Pattern { pattern: pattern.to_owned(), kind: None }
}

fn author(author: &str) -> Subject {
    Subject::Author { author: author.to_owned() }
}

fn change(action: Action, subjects: &[Subject]) -> Change {
    Change { action, subjects: subjects.to_vec(), reason: None }
}

fn after(changes: &[Change]) -> Exclusions {
    let mut exclusions = Exclusions::default();
    for change in changes {
        exclusions.apply(change, "now");
    }
    exclusions
}

fn filter(exclusions: &Exclusions, profile: Profile) -> ExclusionFilter {
    ExclusionFilter::new(exclusions, profile, Kind::ALL).unwrap()
}

#[test]
fn the_last_change_of_a_kind_counts() {
    use Action::{Exclude, Readmit};
    let exclusions = after(&[
        change(Exclude, &[term("Love", None)]),
        change(Readmit, &[term("LOVE", Some(Kind::Hashtag))]),
        change(Exclude, &[term("peace", Some(Kind::Word)), author("7")]),
        change(Readmit, &[author("7")]),
    ]);
    assert_eq!(exclusions.version(), 4);
    assert_eq!(exclusions.authors().count(), 0);
    let filter = filter(&exclusions, Profile::Social);
    for (kind, term, expected) in [
        (Kind::Word, "love", true),
        (Kind::Hashtag, "love", false),
        (Kind::Domain, "love", true),
        (Kind::Word, "peace", true),
        (Kind::Hashtag, "peace", false),
        (Kind::Word, "loves", false),
    ] {
        assert_eq!(filter.contains(kind, term), expected, "{kind} {term}");
    }
    assert_eq!(exclusions.terms().map(|rule| rule.since.number).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn terms_and_patterns_are_folded_by_the_profile_of_the_result() {
    let exclusions = after(&[change(
        Action::Exclude,
        &[
            term("#StraSSe", None),
            term("ＦＵＬＬ", None),
            pattern("Bad*"),
            pattern("*.Example.com"),
        ],
    )]);
    let social = filter(&exclusions, Profile::Social);
    assert!(social.contains(Kind::Hashtag, "strasse"), "only a hashtag has this sign");
    assert!(!social.contains(Kind::Word, "strasse"));
    assert!(social.contains(Kind::Word, "full") && social.contains(Kind::Word, "badly"));
    assert!(social.contains(Kind::Domain, "shop.example.com"));
    let seed = filter(&exclusions, Profile::Seed);
    assert!(seed.contains(Kind::Word, "badly") && !seed.contains(Kind::Word, "full"));
}

#[test]
fn an_excluded_word_excludes_its_phrases_unless_only_the_word_is_named() {
    let subjects = [
        term("York", None),
        term("house", Some(Kind::Word)),
        term("gun", Some(Kind::Phrase)),
        term("old bridge", None),
    ];
    let exclusions = after(&[change(Action::Exclude, &subjects)]);
    let excluded = filter(&exclusions, Profile::Social);
    for (kind, term, expected) in [
        (Kind::Word, "york", true),
        (Kind::Phrase, "new york", true),
        (Kind::Phrase, "york minster", true),
        (Kind::Phrase, "new yorkers", false),
        (Kind::Word, "house", true),
        (Kind::Phrase, "white house", false),
        (Kind::Word, "gun", false),
        (Kind::Phrase, "gun laws", true),
        (Kind::Phrase, "old bridge", true),
        (Kind::Phrase, "old town", false),
        (Kind::Hashtag, "gun", false),
    ] {
        assert_eq!(excluded.contains(kind, term), expected, "{kind} {term}");
    }
    assert_eq!(excluded.terms(Kind::Phrase), None, "a word stands for phrases that it can't list");
    // A hashtag is never a word of a phrase.
    let whole = [term("old bridge", Some(Kind::Phrase)), term("#gun", None)];
    let whole = after(&[change(Action::Exclude, &whole)]);
    assert_eq!(filter(&whole, Profile::Social).terms(Kind::Phrase), Some(vec!["old bridge"]));
}

#[test]
fn subjects_without_effect_are_dropped_and_only_excluded_ones_are_readmitted() {
    use Action::{Exclude, Readmit};
    let exclusions = after(&[change(Exclude, &[term("love", Some(Kind::Word)), author("7")])]);
    let effective = |action, subject| exclusions.effective_subjects(&change(action, &[subject]));
    assert_eq!(effective(Exclude, term("LOVE", Some(Kind::Word))), Ok(vec![]));
    assert_eq!(effective(Exclude, author("7")), Ok(vec![]));
    assert_eq!(effective(Exclude, term("love", None)), Ok(vec![term("love", None)]), "more kinds");
    assert_eq!(effective(Readmit, term("love", None)), Ok(vec![term("love", None)]), "some of it");
    for absent in [term("love", Some(Kind::Emoji)), pattern("love"), author("8")] {
        assert_eq!(effective(Readmit, absent.clone()), Err(RefusedChange::NotExcluded(absent)));
    }
}

#[test]
fn a_pattern_above_the_limit_is_refused() {
    let mut exclusions = Exclusions::default();
    for number in 0..MAX_PATTERNS {
        exclusions.apply(&change(Action::Exclude, &[pattern(&format!("{number}*"))]), "now");
    }
    let again = change(Action::Exclude, &[pattern("0*")]);
    assert_eq!(exclusions.effective_subjects(&again), Ok(vec![]));
    let more =
        exclusions.effective_subjects(&change(Action::Exclude, &[pattern("x*")])).unwrap_err();
    assert!(more.to_string().contains("101 patterns would be excluded, at most 100"), "{more}");
}

#[test]
fn an_invalid_change_is_refused_with_what_would_be_right() {
    let long = "x".repeat(MAX_PATTERN_BYTES + 1);
    for (subjects, part) in [
        (vec![], "1 to 100"),
        (vec![author("7"); MAX_SUBJECTS + 1], "this one has 101"),
        (vec![term(" ", None)], "can't be a term"),
        (vec![term("\u{200D}", Some(Kind::Word))], "can't be a term"),
        (vec![pattern("**")], "exclude every term"),
        (
            vec![Subject::Pattern { pattern: "#*".to_owned(), kind: Some(Kind::Hashtag) }],
            "exclude every term",
        ),
        (vec![pattern(&long)], "128 bytes, this one has 129"),
        (vec![author(" 7")], "without space"),
        (vec![author("")], "can't be an author"),
    ] {
        let refused = change(Action::Exclude, &subjects).check().unwrap_err().to_string();
        assert!(refused.contains(part), "{subjects:?}: {refused}");
    }
    let change =
        Change { reason: Some("x".repeat(513)), ..change(Action::Exclude, &[author("7")]) };
    assert!(change.check().is_err());
}

#[test]
fn changes_are_stored_as_plain_json() {
    let stored = r#"{"action":"exclude","subjects":[{"term":"love","kind":"word"},{"term":"x"},{"pattern":"b?d*"},{"author":"7"}],"reason":"spam"}"#;
    let change: Change = serde_json::from_str(stored).unwrap();
    let subjects = [term("love", Some(Kind::Word)), term("x", None), pattern("b?d*"), author("7")];
    assert_eq!(change.subjects, subjects);
    assert_eq!(serde_json::to_string(&change).unwrap(), stored);
}

#[test]
fn the_most_and_longest_patterns_compile() {
    let longest = |number: usize| format!("{number:03}{}", "?".repeat(MAX_PATTERN_BYTES - 3));
    let subjects: Vec<_> = (0..MAX_PATTERNS).map(|number| pattern(&longest(number))).collect();
    let exclusions = after(&[change(Action::Exclude, &subjects)]);
    let filter = ExclusionFilter::new(&exclusions, Profile::Seed, [Kind::Word]).unwrap();
    assert!(filter.contains(Kind::Word, &format!("099{}", "\u{e9}".repeat(125))));
    assert!(!filter.contains(Kind::Word, &format!("100{}", "x".repeat(125))));
}

/// The definition of a match, character by character.
fn fits(pattern: &[char], term: &[char]) -> bool {
    match pattern {
        [] => term.is_empty(),
        ['*', rest @ ..] => (0..=term.len()).any(|taken| fits(rest, &term[taken..])),
        ['?', rest @ ..] => !term.is_empty() && fits(rest, &term[1..]),
        [literal, rest @ ..] => term.first() == Some(literal) && fits(rest, &term[1..]),
    }
}

proptest! {
    #[test]
    fn patterns_match_by_their_definition(
        patterns in prop::collection::vec("[a-b.\\[\u{e9}*?]{1,7}", 1..4),
        terms in prop::collection::vec("[a-b.\\[\n\u{e9}]{0,7}", 1..20),
    ) {
        let subjects: Vec<_> = patterns.iter().map(|text| pattern(text)).collect();
        let exclusions = after(&[change(Action::Exclude, &subjects)]);
        let filter = ExclusionFilter::new(&exclusions, Profile::Seed, [Kind::Word]).unwrap();
        for term in &terms {
            let characters: Vec<char> = term.chars().collect();
            let expected = patterns.iter().any(|pattern| {
                let pattern: Vec<char> = pattern.chars().collect();
                // A pattern of stars alone is ignored.
                pattern.iter().any(|character| *character != '*') && fits(&pattern, &characters)
            });
            prop_assert_eq!(filter.contains(Kind::Word, term), expected, "{}", term);
        }
    }

    #[test]
    fn exclusions_equal_a_naive_set_of_pairs(
        changes in prop::collection::vec((any::<bool>(), 0_usize..4, prop::option::of(0_usize..3)), 0..30)
    ) {
        let mut expected = std::collections::HashSet::new();
        let mut exclusions = Exclusions::default();
        for (exclude, number, kind) in changes {
            let kind = kind.map(|kind| Kind::ALL[kind]);
            let subject = term(&format!("term{number}"), kind);
            let action = if exclude { Action::Exclude } else { Action::Readmit };
            let change = change(action, &[subject]);
            let is_named = |other: &Kind| kind.is_none_or(|kind| kind == *other);
            let pairs = Kind::ALL.into_iter().filter(is_named).map(|kind| (kind, number));
            let before = expected.clone();
            if exclude { expected.extend(pairs) } else { pairs.for_each(|pair| { expected.remove(&pair); }) }
            match exclusions.effective_subjects(&change) {
                Ok(effective) => prop_assert_eq!(effective.is_empty(), before == expected),
                Err(_) => prop_assert!(!exclude && before == expected),
            }
            exclusions.apply(&change, "now");
        }
        let filter = ExclusionFilter::new(&exclusions, Profile::Social, Kind::ALL).unwrap();
        for kind in Kind::ALL {
            for number in 0..4 {
                let is_in = filter.contains(kind, &format!("term{number}"));
                prop_assert_eq!(is_in, expected.contains(&(kind, number)));
            }
        }
    }
}
