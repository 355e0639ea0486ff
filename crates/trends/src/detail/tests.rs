//! Details against plain models: sets, maps and an array of registers filled bit by bit.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::*;

/// The author, form and example that one record adds to the detail of a term.
#[derive(Debug, Clone)]
struct Post {
    author: Option<u64>,
    form: Option<String>,
    example: Option<Example>,
}

fn example() -> impl Strategy<Value = Example> {
    prop_oneof![
        "[a-z0-9é]{1,32}".prop_map(|id| Example::of_id(&id).unwrap()),
        (0_u64..3, any::<u64>()).prop_map(|(object, offset)| Example::of_line(object, offset)),
    ]
}

fn post() -> impl Strategy<Value = Post> {
    // Few distinct values, so that some posts agree.
    let author = prop::option::of((0_u64..90).prop_map(|id| xxh3_64(&id.to_le_bytes())));
    let form = prop::option::of("[aAbB]{1,3}|\\PC{1,3}");
    (author, form, prop::option::of(example())).prop_map(|(author, form, example)| Post {
        author,
        form,
        example,
    })
}

fn posts() -> impl Strategy<Value = Vec<Post>> {
    // A crowd fills the registers until they are dense; without it the sets stay exact.
    let crowd = prop_oneof![4 => Just(0_u64), 2 => 20_u64..60, 1 => 900_u64..1800];
    (prop::collection::vec(post(), 0..60), crowd).prop_map(|(mut posts, crowd)| {
        posts.extend((0..crowd).map(|id| Post {
            author: Some(xxh3_64(&(id + 1_000).to_le_bytes())),
            form: None,
            example: None,
        }));
        posts
    })
}

fn add(detail: &mut Detail, post: &Post) {
    if let Some(author) = &post.author {
        detail.authors.insert(*author);
    }
    if let Some(form) = &post.form {
        detail.forms.add(form, 1);
    }
    if let Some(example) = &post.example {
        detail.examples.insert(example);
    }
}

fn detail<'a>(posts: impl IntoIterator<Item = &'a Post>) -> Detail {
    let mut detail = Detail::default();
    posts.into_iter().for_each(|post| add(&mut detail, post));
    detail
}

fn encoded(detail: &Detail) -> Vec<u8> {
    let mut bytes = Vec::new();
    detail.encode(&mut bytes);
    bytes
}

/// The authors' bytes as the format describes them, from a set of hashes and nothing else.
fn model_authors(hashes: &BTreeSet<u64>) -> Vec<u8> {
    let exact = hashes.iter().flat_map(|hash| hash.to_le_bytes());
    if hashes.len() <= 32 {
        return [hashes.len() as u8].into_iter().chain(exact).collect();
    }
    let mut registers = [0_u32; 4096];
    for hash in hashes {
        let bits = format!("{hash:064b}");
        let (index, rest) = bits.split_at(12);
        let index = usize::from_str_radix(index, 2).unwrap();
        let rank = rest.find('1').unwrap_or(52) as u32 + 1;
        registers[index] = registers[index].max(rank);
    }
    let filled = registers.iter().enumerate().filter(|(_, value)| **value > 0);
    let count = filled.clone().count();
    if count * 3 < 3072 {
        let entry = |(index, value): (usize, &u32)| {
            let word = index as u32 * 64 + value;
            word.to_le_bytes().into_iter().take(3)
        };
        // A varint of two bytes from 128 on.
        let number = if count < 128 {
            vec![count as u8]
        } else {
            vec![(count % 128) as u8 + 128, (count / 128) as u8]
        };
        return [33].into_iter().chain(number).chain(filled.flat_map(entry)).collect();
    }
    let group = |four: &[u32]| {
        let word = four[0] + (four[1] << 6) + (four[2] << 12) + (four[3] << 18);
        word.to_le_bytes().into_iter().take(3)
    };
    [34].into_iter().chain(registers.chunks(4).flat_map(group)).collect()
}

proptest! {
    #[test]
    fn a_detail_does_not_depend_on_how_posts_are_split_and_merged(
        posts in posts(),
        parts in prop::collection::vec(0_usize..4, 4000),
        backwards in any::<bool>(),
    ) {
        let whole = detail(&posts);
        let shard = |part: usize| {
            let of_part = posts.iter().zip(&parts).filter(move |(_, of)| **of == part);
            detail(of_part.map(|(post, _)| post))
        };
        let mut shards: Vec<_> = (0..4).map(shard).collect();
        if backwards {
            shards.reverse();
        }
        // Merged one after the other, and as a tree.
        let mut chain = Detail::default();
        for shard in &shards {
            chain.merge(shard.clone());
        }
        let (mut left, mut right) = (shards[0].clone(), shards[2].clone());
        left.merge(shards[1].clone());
        right.merge(shards[3].clone());
        right.merge(left);
        prop_assert_eq!(&chain, &whole);
        prop_assert_eq!(&right, &whole);
        prop_assert_eq!(encoded(&chain), encoded(&whole));
    }

    #[test]
    fn merging_has_an_identity_and_authors_and_examples_are_idempotent(posts in posts()) {
        let whole = detail(&posts);
        let mut twice = whole.clone();
        twice.merge(Detail::default());
        prop_assert_eq!(&twice, &whole);
        twice.authors.merge(&whole.authors);
        twice.examples.merge(&whole.examples);
        prop_assert_eq!(&twice, &whole);
        let mut empty = Detail::default();
        empty.merge(whole.clone());
        prop_assert_eq!(&empty, &whole);
    }

    #[test]
    fn encoding_is_reversible_and_only_an_empty_detail_has_no_bytes(posts in posts()) {
        let whole = detail(&posts);
        let bytes = encoded(&whole);
        prop_assert_eq!(whole.is_empty(), bytes.is_empty());
        prop_assert_eq!(Detail::decode(&bytes).unwrap(), whole);
    }

    #[test]
    fn changed_bytes_that_decode_are_encoded_to_the_same_bytes(
        posts in posts(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = encoded(&detail(&posts));
        prop_assume!(!bytes.is_empty());
        let place = place.index(bytes.len());
        if cut {
            bytes.truncate(place);
        } else {
            bytes[place] = byte;
        }
        if let Ok(decoded) = Detail::decode(&bytes) {
            prop_assert_eq!(encoded(&decoded), bytes);
        }
    }

    #[test]
    fn any_bytes_that_decode_are_encoded_to_the_same_bytes(
        bytes in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..40)
    ) {
        if let Ok(decoded) = Detail::decode(&bytes) {
            prop_assert_eq!(encoded(&decoded), bytes);
        }
    }

    #[test]
    fn up_to_32_authors_are_a_set_and_more_are_its_registers(posts in posts()) {
        let hashes: BTreeSet<u64> = posts.iter().filter_map(|post| post.author).collect();
        let mut bytes = Vec::new();
        detail(&posts).authors.encode(&mut bytes);
        prop_assert_eq!(bytes, model_authors(&hashes));
        if hashes.len() <= 32 {
            prop_assert_eq!(detail(&posts).authors.number(u64::MAX), hashes.len() as u64);
        }
    }

    #[test]
    fn authors_are_estimated_from_33_to_the_number_of_documents_whatever_their_hashes(
        // Many registers or few, and values as no crowd of this size would have.
        hashes in prop::collection::btree_set(
            prop_oneof![any::<u64>(), 0_u64..1 << 20, (0_u64..4096).prop_map(|top| top << 52)],
            33..600,
        ),
        documents in prop_oneof![33_u64..700, 33_u64..],
    ) {
        let mut authors = Authors::default();
        for hash in &hashes {
            authors.insert(*hash);
        }
        let number = authors.number(documents);
        prop_assert!((33..=documents).contains(&number), "{number} of {documents}");
        prop_assert!(is_estimate(number));
    }

    #[test]
    fn a_union_never_has_fewer_authors_than_a_part_of_it(
        parts in prop::array::uniform3((0_u64..2_000, 0_u64..2_000, 0_u64..40)),
    ) {
        // Three windows by authors of a common pool, who post up to 40 times more than once.
        let (mut all, mut all_documents) = (Authors::default(), 0);
        let mut greatest = 0;
        for (first, size, more) in parts {
            let mut authors = Authors::default();
            (first..first + size).for_each(|id| authors.insert(xxh3_64(&id.to_le_bytes())));
            greatest = greatest.max(authors.number(size + more));
            all.merge(&authors);
            all_documents += size + more;
            let number = all.number(all_documents);
            prop_assert!((greatest..=all_documents).contains(&number), "{number}");
        }
    }

    #[test]
    fn forms_are_ranked_by_occurrences_and_the_key_has_the_rest(
        posts in posts(), rest in 0_u64..4, most in 0_usize..7
    ) {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for form in posts.iter().filter_map(|post| post.form.clone()) {
            *counts.entry(form).or_default() += 1;
        }
        let count = counts.values().sum::<u64>() + rest;
        // Upper-case, so that it equals no form but may be sorted between them.
        let forms = detail(&posts).forms;
        let stored: BTreeMap<_, _> = forms.iter().map(|(form, n)| (form.to_owned(), n)).collect();
        prop_assert_eq!(&stored, &counts);
        if rest > 0 {
            counts.insert("KEY".to_owned(), rest);
        }
        let mut ranked: Vec<_> = counts.into_iter().collect();
        ranked.sort_by_key(|(form, n)| (std::cmp::Reverse(*n), form.clone()));
        ranked.truncate(most);
        prop_assert_eq!(forms.top("KEY", count, most), ranked);
    }

    #[test]
    fn examples_are_the_five_smallest_hashes(posts in posts()) {
        let hash = |source: &ExampleSource| match source {
            ExampleSource::Id { id } => xxh3_64(id.as_bytes()),
            ExampleSource::Line { object, offset } => {
                xxh3_64(&[object.to_le_bytes(), offset.to_le_bytes()].concat())
            }
        };
        let sources = posts.iter().filter_map(|post| post.example.as_ref()).map(Example::source);
        let model: BTreeMap<u64, ExampleSource> =
            sources.map(|source| (hash(source), source.clone())).collect();
        let kept: Vec<_> = detail(&posts).examples.iter().cloned().collect();
        prop_assert_eq!(kept, model.into_values().take(5).collect::<Vec<_>>());
    }
}

/// The hash of an author of a seeded crowd.
fn author(seed: u64, id: u64) -> u64 {
    xxh3_64(&[seed, id].map(u64::to_le_bytes).concat())
}

fn crowd(seed: u64, size: u64) -> Authors {
    let mut authors = Authors::default();
    (0..size).for_each(|id| authors.insert(author(seed, id)));
    authors
}

fn relative_error(seed: u64, size: u64) -> f64 {
    crowd(seed, size).number(u64::MAX) as f64 / size as f64 - 1.0
}

#[test]
fn estimates_are_within_three_standard_errors_up_to_a_million() {
    let se = 1.04 / 64.0;
    for size in [33, 60, 200, 1_000, 2_000, 4_096, 10_000, 12_000, 30_000, 100_000, 1_000_000] {
        let error = relative_error(7, size);
        assert!(error.abs() <= 3.0 * se, "{size} authors: off by {error}");
    }
}

#[test]
fn estimates_are_unbiased_around_the_end_of_linear_counting() {
    let se = 1.04 / 64.0;
    for size in [1_000, 5_000, 10_240, 20_000] {
        let mean = (0..100).map(|seed| relative_error(seed, size)).sum::<f64>() / 100.0;
        // The mean of 100 has a tenth of the standard error.
        assert!(mean.abs() <= 0.3 * se, "{size} authors: off by {mean} on average");
    }
}

#[test]
fn estimates_of_33_to_100_000_authors_have_an_error_of_about_1_6_percent_and_are_within_bounds() {
    const SEEDS: u64 = 300;
    let sizes = [33, 40, 50, 64, 100, 200, 500, 1_000, 2_000, 4_096, 10_000, 30_000, 100_000];
    let se = 1.04 / 64.0;
    // The sums of errors and of their squares, by size.
    let mut sums = [(0.0, 0.0); 13];
    for seed in 0..SEEDS {
        let (mut authors, mut inserted) = (Authors::default(), 0);
        for (size, (sum, squares)) in sizes.into_iter().zip(&mut sums) {
            (inserted..size).for_each(|id| authors.insert(author(seed, id)));
            inserted = size;
            // One post each, and many posts each.
            let [bounded, free] = [size, u64::MAX].map(|documents| authors.number(documents));
            assert!((33..=size).contains(&bounded), "{bounded} of {size} authors, seed {seed}");
            assert!(free >= 33 && bounded == free.min(size), "{free} and {bounded} of {size}");
            let error = free as f64 / size as f64 - 1.0;
            assert!(error.abs() <= 5.0 * se, "{size} authors, seed {seed}: off by {error}");
            *sum += error;
            *squares += error * error;
        }
    }
    for (size, (sum, squares)) in sizes.into_iter().zip(sums) {
        let (bias, error) = (sum / SEEDS as f64, (squares / SEEDS as f64).sqrt());
        // Rounding to a whole author adds at most half of one.
        let most = 0.5 / size as f64 + 4.0 * se / (SEEDS as f64).sqrt();
        assert!(bias.abs() <= most, "{size} authors: off by {bias} on average");
        assert!(error <= 1.2 * se, "{size} authors: a standard error of {error}");
        assert!(size < 30_000 || error >= 0.8 * se, "{size} authors: only {error}, se {se}");
    }
}

#[test]
fn a_sketch_has_at_most_3_kib_and_one_author_8_bytes() {
    assert_eq!(encoded(&Detail { authors: crowd(1, 1), ..Detail::default() }).len(), 1 + 8 + 2);
    for size in [100, 1_000, 2_000, 1_000_000] {
        let bytes = encoded(&Detail { authors: crowd(1, size), ..Detail::default() }).len();
        assert!(bytes <= 3072 + 3, "{size} authors: {bytes} bytes");
    }
}

#[test]
fn hashes_at_the_edges_fill_the_first_and_the_last_register() {
    let mut authors = Authors::default();
    let hashes: Vec<u64> = (0..31).chain([u64::MAX, u64::MAX << 52]).collect();
    for hash in &hashes {
        authors.insert(*hash);
    }
    let mut bytes = Vec::new();
    authors.encode(&mut bytes);
    assert_eq!(bytes, model_authors(&hashes.into_iter().collect()));
    // Two filled registers look like two authors, but a sketch has more than 32.
    assert_eq!(authors.number(u64::MAX), 33);
}

#[test]
fn an_id_that_is_empty_or_too_long_makes_no_example() {
    assert_eq!(Example::of_id(""), None);
    assert!(Example::of_id(&"x".repeat(64)).is_some());
    assert_eq!(Example::of_id(&"x".repeat(65)), None);
}

#[test]
fn a_form_that_is_empty_too_long_or_without_occurrences_is_not_added() {
    let mut forms = Forms::default();
    forms.add("", 1);
    forms.add(&"x".repeat(1025), 1);
    forms.add("x", 0);
    assert!(forms.is_empty());
}

#[test]
fn occurrences_saturate_at_64_bits() {
    let mut forms = Forms::default();
    forms.add("A", u64::MAX);
    forms.add("A", 2);
    assert_eq!(forms.top("a", u64::MAX, 5), [("A".to_owned(), u64::MAX)]);
}

#[test]
fn the_same_256_forms_are_kept_however_posts_are_split_and_the_rest_is_counted() {
    let form = |number: usize| format!("{}{number}", "o".repeat(number % 7));
    let occurrences = |number: usize| number as u64 % 5 + 1;
    let all: u64 = (0..2_000).map(occurrences).sum();
    let mut whole = Forms::default();
    (0..2_000).for_each(|number| whole.add(&form(number), occurrences(number)));
    for parts in [2, 7, 300] {
        let mut merged = Forms::default();
        for part in (0..parts).rev() {
            let mut forms = Forms::default();
            for number in (0..2_000).rev().filter(|number| number % parts == part) {
                forms.add(&form(number), occurrences(number));
            }
            merged.merge(forms);
        }
        assert_eq!(merged, whole, "{parts} parts");
    }
    assert_eq!(whole.iter().count(), MAX_FORMS_KEPT);
    for (kept, counted) in whole.iter() {
        let number: usize = kept.trim_start_matches('o').parse().unwrap();
        assert_eq!(counted, occurrences(number), "{kept} is counted exactly");
    }
    let top = whole.top("key", all + 100, 1);
    assert_eq!(top, [("key".to_owned(), 100)], "forms that are not kept don't count for the key");
    let mut bytes = Vec::new();
    let detail = Detail { forms: whole, ..Detail::default() };
    detail.encode(&mut bytes);
    assert_eq!(Detail::decode(&bytes).unwrap(), detail);
}

#[test]
fn bytes_that_encoding_never_writes_are_refused_with_a_reason() {
    let refused = |bytes: &[u8], at, what| {
        assert_eq!(Detail::decode(bytes), Err(DetailError { at, what }), "{bytes:?}");
    };
    refused(&[0, 0, 0], 0, "an empty detail has no bytes");
    refused(&[35, 0, 0], 0, "authors begin with a number from 0 to 34");
    refused(&[0x80, 0, 0, 0], 0, "a number is not in its shortest form");
    refused(&[1, 7], 1, "it ends too early, or a number is above 64 bits");
    let twice = [[2].as_slice(), &[9; 16], &[0, 0]].concat();
    refused(&twice, 1, "hashes of authors must ascend");
    refused(&[33, 0, 0, 0], 2, "registers must be 1 to 1023, ascending, from 1 to 53");
    refused(&[33, 1, 54, 0, 0, 0, 0], 2, "registers must be 1 to 1023, ascending, from 1 to 53");
    let thin = [[34].as_slice(), &[0; 3072], &[0, 0]].concat();
    refused(&thin, 1, "at least 1024 of 4096 registers are filled, up to 53");
    refused(&[0, 9, 1, b'a', 1, 0], 1, "there are more forms than bytes for them, or than 256");
    refused(&[0, 1, 1, 0xFF, 1, 0], 3, "a text is not UTF-8");
    refused(&[0, 1, 1, b'a', 0, 0], 5, "a stored form has at least one occurrence");
    refused(&[0, 2, 1, b'b', 1, 1, b'a', 1, 0], 7, "forms must ascend and must not be empty");
    refused(&[0, 0, 6], 2, "there are at most 5 examples");
    refused(&[0, 0, 1, 65], 3, "an id has at most 64 bytes");
    refused(&[0, 0, 2, 1, b'a', 1, b'a'], 7, "examples must ascend by their hashes");
    refused(&[0, 0, 1, 1, b'a', 0], 5, "more bytes follow than belong to it");
}
