//! The cut of runs beside one that tries every cut, and the data of the dictionaries.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const SCRIPTS: [Unspaced; 5] =
    [Unspaced::HanOrHiragana, Unspaced::Thai, Unspaced::Lao, Unspaced::Khmer, Unspaced::Burmese];

/// Returns the words of a dictionary with their costs.
fn words_of(script: Unspaced) -> HashMap<String, u32> {
    match DICTIONARIES[script as usize].unwrap() {
        DictionaryBreakData::Char16Trie(trie) => {
            trie.iter2().map(|(word, cost)| (word, cost as u32)).collect()
        }
        DictionaryBreakData::ZeroTrie { alphabet, trie } => {
            let letters: Vec<char> = alphabet.iter_chars().collect();
            let spelled = |word: String| word.bytes().map(|at| letters[usize::from(at)]).collect();
            trie.iter().map(|(word, _)| (spelled(word), WORD)).collect()
        }
    }
}

static WORDS: LazyLock<[HashMap<String, u32>; 5]> = LazyLock::new(|| SCRIPTS.map(words_of));

fn cut(text: &str) -> Vec<String> {
    let (mut run, mut words) = (Run::default(), Vec::new());
    let (script, length) = run.read(text).unwrap();
    assert_eq!(length, text.len(), "{text:?} is no run");
    Cutter::default().words(script, &run, &mut |from, to| {
        words.push(text[run.end(from)..run.end(to)].to_owned());
    });
    words
}

/// A way to cut a run: its cost, and its words from the last to the first as (begin, end, is known).
type Way = (u32, Vec<(usize, usize, bool)>);

/// Returns the best of all ways to cut `characters`, by trying each.
fn best(script: Unspaced, characters: &[char], run: &Run) -> Way {
    let words = &WORDS[script as usize];
    let unknown =
        if script == Unspaced::HanOrHiragana { UNKNOWN_CHARACTER } else { UNKNOWN_SYLLABLE };
    let places: Vec<usize> = (1..characters.len()).filter(|at| run.may_end(*at)).collect();
    let mut found: Option<Way> = None;
    for chosen in 0..1_u32 << places.len() {
        let mut ends: Vec<usize> = places
            .iter()
            .enumerate()
            .filter(|(bit, _)| chosen >> bit & 1 == 1)
            .map(|(_, end)| *end)
            .collect();
        ends.push(characters.len());
        let mut way = Way::default();
        let mut from = 0;
        for to in ends {
            let word: String = characters[from..to].iter().collect();
            let is_syllable = !places.iter().any(|place| (from + 1..to).contains(place));
            let cost = words.get(&word).copied();
            let Some(paid) = cost.or_else(|| is_syllable.then_some(unknown)) else {
                way.0 = u32::MAX;
                break;
            };
            way.0 += paid;
            way.1.insert(0, (from, to, cost.is_some()));
            from = to;
        }
        let begins = |way: &Way| way.1.iter().map(|(from, ..)| *from).collect::<Vec<_>>();
        let is_better =
            found.as_ref().is_none_or(|best| (way.0, begins(&way)) < (best.0, begins(best)));
        if way.0 < u32::MAX && is_better {
            found = Some(way);
        }
    }
    found.unwrap()
}

/// Returns the words of a run by the best way; unknown syllables beside each other are one word.
fn by_trying(text: &str) -> Vec<String> {
    let mut run = Run::default();
    let (script, _) = run.read(text).unwrap();
    let characters: Vec<char> = run.units().iter().map(|unit| unit.character).collect();
    let mut found: Vec<(String, bool)> = Vec::new();
    for (from, to, is_known) in best(script, &characters, &run).1.into_iter().rev() {
        let word: String = characters[from..to].iter().collect();
        match found.last_mut() {
            Some((last, false)) if !is_known && script != Unspaced::HanOrHiragana => {
                last.push_str(&word);
            }
            _ => found.push((word, is_known)),
        }
    }
    found.into_iter().map(|(word, _)| word).collect()
}

proptest! {
    #[test]
    fn a_run_is_cut_as_if_every_cut_were_tried(
        text in r"[のはがでをにたてるいなしれまっせんうどらか]{1,8}[一人日大国会中出本学生年私食見行]{0,3}|[我们在北京大学的学生了一不是人]{1,9}"
    ) {
        prop_assert_eq!(cut(&text), by_trying(&text));
    }

    #[test]
    fn a_run_of_another_script_is_cut_as_if_every_cut_were_tried(
        text in r"[กรสมนเแคท][ักรสมนาเแคทิ่้ำุ]{0,11}|[ພສລກນ][າພສລວກນເິ່ີມ]{0,11}|[ភសខរក][ាភសខ្មែរកន]{0,10}|[မနစက][ြန်မာစကိုတွင်]{0,10}"
    ) {
        prop_assert_eq!(cut(&text), by_trying(&text));
    }

    #[test]
    fn what_was_looked_up_before_changes_nothing(
        texts in prop::collection::vec("[\u{3041}-\u{3096}\u{4e00}-\u{9fff}]{1,40}", 1..20)
    ) {
        let mut cutter = Cutter::default();
        for text in &texts {
            let (mut run, mut words) = (Run::default(), Vec::new());
            run.read(text);
            cutter.words(Unspaced::HanOrHiragana, &run, &mut |from, to| {
                words.push(text[run.end(from)..run.end(to)].to_owned());
            });
            prop_assert_eq!(words, cut(text));
        }
    }
}

#[test]
fn words_are_cut_where_the_segmenter_of_icu_takes_too_much() {
    for (text, expected) in
        [("はじまったらどうする", "はじ まっ たら どう する"), ("れません", "れ ま せん")]
    {
        assert_eq!(cut(text).join(" "), expected);
        assert_eq!(by_trying(text).join(" "), expected);
    }
}

#[test]
fn every_dictionary_has_its_words() {
    let counts = SCRIPTS.map(|script| WORDS[script as usize].len());
    assert!(counts.iter().all(|count| *count > 5_000), "{counts:?}");
    for (script, word) in SCRIPTS.into_iter().zip(["東京", "ภาษา", "ພາສາ", "ភាសា", "စာ"])
    {
        assert!(WORDS[script as usize].contains_key(word), "{word}");
    }
}

#[test]
fn the_version_is_that_of_the_data_in_the_lock_file() {
    let lock = include_str!("../../../../../../Cargo.lock");
    let (_, after) = lock.split_once("name = \"icu_segmenter_data\"\nversion = \"").unwrap();
    assert_eq!(after.split('"').next(), Some(VERSION));
}
