//! The file of a model: fastText's format 12, of quantised models with a tree of labels. Owns its
//! layout and every check of it; knows nothing of texts. The layout is that of fastText's
//! `FastText::loadModel` (<https://github.com/facebookresearch/fastText>, `src/fasttext.cc`) and what
//! it calls; numbers are little-endian.

use super::model::{
    Branch, CODES, DIMENSIONS, GRAM, Model, PART, PARTS, Rows, Table, Vector, hash,
};

/// The first number of each file, and the version of the format.
const HEADER: [i32; 2] = [793_712_314, 12];
/// The settings that the reader supports: no n-grams of words, a tree of labels, labelled texts.
const WORD_GRAMS: i32 = 1;
const TREE_LOSS: i32 = 1;
const LABELLED: i32 = 3;
/// The prefix of every label.
const LABEL: &str = "__label__";
/// The kinds of entries of the dictionary.
const WORD_ENTRY: u8 = 0;
const LABEL_ENTRY: u8 = 1;

/// Reads a model. Returns `None` if the bytes are not of this format, are cut or too long, have
/// other settings, or hold a number out of its range.
pub(super) fn model(bytes: &[u8]) -> Option<Model<'_>> {
    let mut bytes = Bytes(bytes);
    let buckets = settings(&mut bytes)?;
    let dictionary = dictionary(&mut bytes, buckets)?;
    let rows = rows(&mut bytes)?;
    let branches = branches(&mut bytes, &dictionary.counts)?;
    let known = dictionary.rows <= rows.parts.len() && bytes.0.is_empty();
    known.then_some(Model {
        words: dictionary.words,
        grams: dictionary.grams,
        buckets,
        rows,
        languages: dictionary.languages,
        branches,
    })
}

/// Checks the header and settings. Returns the number of buckets of n-grams.
fn settings(bytes: &mut Bytes<'_>) -> Option<u32> {
    let [magic, version] = bytes.numbers()?;
    let [dimensions, _window, _epochs, _min_count, _negatives, word_grams] = bytes.numbers()?;
    let [loss, kind, buckets, shortest, longest, _rate] = bytes.numbers()?;
    let _sampling: [u8; 8] = bytes.array()?;
    let fits = [magic, version] == HEADER
        && usize::try_from(dimensions) == Ok(DIMENSIONS)
        && [word_grams, loss, kind] == [WORD_GRAMS, TREE_LOSS, LABELLED]
        && usize::try_from(shortest) == Ok(*GRAM.start())
        && usize::try_from(longest) == Ok(*GRAM.end());
    fits.then_some(u32::try_from(buckets).ok()?).filter(|buckets| *buckets > 0)
}

struct Dictionary<'a> {
    words: Table<&'a [u8]>,
    grams: Table<u32>,
    languages: Vec<&'a str>,
    /// The number of texts of each language that the model was trained on, in falling order.
    counts: Vec<i64>,
    /// One more than the highest row.
    rows: usize,
}

/// Reads words and languages, then the n-grams that were kept.
fn dictionary<'a>(bytes: &mut Bytes<'a>, buckets: u32) -> Option<Dictionary<'a>> {
    let [entries, word_count, language_count] = bytes.numbers()?;
    let [_tokens, gram_count] = [bytes.long()?, bytes.long()?];
    let (word_count, gram_count) =
        (u32::try_from(word_count).ok()?, u32::try_from(gram_count).ok()?);
    // Each takes at least one byte, or eight, of the file.
    let (word_room, gram_room) = (bytes.0.len().min(word_count as usize), bytes.0.len() / 8);
    let mut words = Table::new(word_room);
    for row in 0..word_count {
        let (word, _) = entry(bytes, WORD_ENTRY)?;
        words.add(hash(word), word, row);
    }
    let mut languages = Vec::new();
    let mut counts = Vec::new();
    for _ in 0..language_count {
        let (label, count) = entry(bytes, LABEL_ENTRY)?;
        languages.push(std::str::from_utf8(label).ok()?.strip_prefix(LABEL)?);
        counts.push(count);
    }
    let mut grams = Table::new(gram_room.min(gram_count as usize));
    let mut rows = word_count;
    for _ in 0..gram_count {
        let [bucket, row] = bytes.numbers()?;
        let bucket = u32::try_from(bucket).ok().filter(|bucket| *bucket < buckets)?;
        let row = word_count.checked_add(u32::try_from(row).ok()?)?;
        grams.add(bucket, bucket, row);
        rows = rows.max(row.checked_add(1)?);
    }
    let fits = i64::from(entries) == i64::from(word_count) + i64::from(language_count)
        && languages.len() > 1
        && counts.is_sorted_by(|one, next| one >= next)
        && counts.iter().all(|count| (0..i64::MAX >> 32).contains(count));
    fits.then_some(Dictionary { words, grams, languages, counts, rows: rows as usize })
}

/// Reads an entry of the dictionary of the given kind. Returns its text and count.
fn entry<'a>(bytes: &mut Bytes<'a>, kind: u8) -> Option<(&'a [u8], i64)> {
    let length = memchr::memchr(0, bytes.0)?;
    let text = bytes.take(length)?;
    let [_end] = bytes.array()?;
    let count = bytes.long()?;
    (bytes.array()? == [kind]).then_some((text, count))
}

/// Reads the quantised vectors of words and n-grams.
fn rows<'a>(bytes: &mut Bytes<'a>) -> Option<Rows<'a>> {
    let [is_quantised, has_lengths] = bytes.array()?;
    let [row_count, dimensions] = [bytes.long()?, bytes.long()?];
    let [code_count] = bytes.numbers()?;
    let row_count = usize::try_from(row_count).ok()?;
    let parts = bytes.take(row_count.checked_mul(PARTS)?)?.as_chunks().0;
    let part_values = values(bytes, DIMENSIONS, PARTS)?;
    let lengths = bytes.take(row_count)?;
    let length_values = values(bytes, 1, 1)?;
    let fits = [is_quantised, has_lengths] == [1, 1]
        && usize::try_from(dimensions) == Ok(DIMENSIONS)
        && usize::try_from(code_count) == Ok(parts.as_flattened().len());
    let part_values = part_values.as_chunks::<PART>().0.to_vec();
    fits.then_some(Rows { parts, lengths, part_values, length_values })
}

/// Reads the values of the codes of vectors with this number of dimensions, in parts of one size.
fn values(bytes: &mut Bytes<'_>, dimensions: usize, parts: usize) -> Option<Vec<f32>> {
    let part = dimensions / parts;
    let expected = [dimensions, parts, part, part].map(|number| i32::try_from(number).ok());
    let found: [i32; 4] = bytes.numbers()?;
    if found.map(Some) != expected {
        return None;
    }
    bytes.floats(dimensions * CODES)
}

/// Reads the vectors of the branches, and joins them to the tree of the languages: the Huffman tree
/// of their counts, as `HierarchicalSoftmaxLoss::buildTree` builds it.
fn branches(bytes: &mut Bytes<'_>, counts: &[i64]) -> Option<Vec<Branch>> {
    let [is_quantised] = bytes.array()?;
    let [row_count, dimensions] = [bytes.long()?, bytes.long()?];
    let fits = is_quantised == 0
        && usize::try_from(row_count) == Ok(counts.len())
        && usize::try_from(dimensions) == Ok(DIMENSIONS);
    if !fits {
        return None;
    }
    let weights = bytes.floats(counts.len().checked_mul(DIMENSIONS)?)?;
    // The last row belongs to no branch.
    let weights = weights.as_chunks::<DIMENSIONS>().0.iter().take(counts.len() - 1);
    Some(join(counts, weights))
}

fn join<'a>(counts: &[i64], weights: impl Iterator<Item = &'a Vector>) -> Vec<Branch> {
    let leaf_count = counts.len();
    // The leaves are taken from the last, the branches from the first: the rarest of each.
    let (mut leaf, mut branch) = (leaf_count, 0);
    let mut sums: Vec<i64> = Vec::with_capacity(leaf_count);
    let mut branches = Vec::with_capacity(leaf_count);
    for weights in weights {
        let mut sum = 0;
        let children = [(); 2].map(|()| {
            let count = sums.get(branch).copied().unwrap_or(i64::MAX);
            if leaf > 0 && counts[leaf - 1] < count {
                leaf -= 1;
                sum += counts[leaf];
                return leaf;
            }
            sum += count;
            branch += 1;
            leaf_count + branch - 1
        });
        sums.push(sum);
        branches.push(Branch { children, weights: *weights });
    }
    branches
}

/// The bytes that are yet to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        self.0.split_off(..length)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.try_into().ok()
    }

    fn numbers<const COUNT: usize>(&mut self) -> Option<[i32; COUNT]> {
        let mut numbers = [0; COUNT];
        for number in &mut numbers {
            *number = i32::from_le_bytes(self.array()?);
        }
        Some(numbers)
    }

    fn long(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    fn floats(&mut self, count: usize) -> Option<Vec<f32>> {
        let bytes = self.take(count.checked_mul(4)?)?;
        let (numbers, _) = bytes.as_chunks();
        let floats: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        floats.iter().all(|float| float.is_finite()).then_some(floats)
    }
}
