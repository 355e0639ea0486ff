//! A linear classifier of words by their character n-grams, as fastText trains it (Joulin et al.,
//! "Bag of Tricks for Efficient Text Classification", 2016). Owns the hashes, the sums and their
//! order; knows no file.
//!
//! Every sum adds single f32 numbers in the order of the text and of the dimensions, and the
//! exponential is that of the crate `libm`, so a probability has the same bits on every machine.

use hashbrown::HashTable;

/// The length of the vectors.
pub(super) const DIMENSIONS: usize = 16;
/// The number of dimensions that a code stands for.
pub(super) const PART: usize = 2;
/// The number of codes of a row.
pub(super) const PARTS: usize = DIMENSIONS / PART;
/// The number of values of a code.
pub(super) const CODES: usize = 256;
/// The lengths of the n-grams in characters.
pub(super) const GRAM: std::ops::RangeInclusive<usize> = 2..=4;
/// The word that stands for the end of the text.
const END: &[u8] = b"</s>";

pub(super) type Vector = [f32; DIMENSIONS];

/// A model that borrows from the bytes of its file.
#[derive(Debug)]
pub(super) struct Model<'a> {
    /// The known words with their rows.
    pub(super) words: Table<&'a [u8]>,
    /// The known remainders of hashes of n-grams, with their rows.
    pub(super) grams: Table<u32>,
    /// The divisor of these remainders, not 0.
    pub(super) buckets: u32,
    /// The vectors of words and n-grams. Every row of the tables is below their number.
    pub(super) rows: Rows<'a>,
    /// The languages, which are the leaves of the tree in this order.
    pub(super) languages: Vec<&'a str>,
    /// The nodes of the tree above the leaves; children have lower numbers than their parent, and
    /// the last node is the root. There is at least one.
    pub(super) branches: Vec<Branch>,
}

/// A node of the tree with two children.
#[derive(Debug)]
pub(super) struct Branch {
    /// The numbers of the children: that of a language, or the number of languages more than that
    /// of a branch.
    pub(super) children: [usize; 2],
    /// The vector whose product with that of a text decides for the second child.
    pub(super) weights: Vector,
}

/// Vectors, each of which is stored as codes of its parts and of its length.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    pub(super) parts: &'a [[u8; PARTS]],
    pub(super) lengths: &'a [u8],
    /// The values of the codes of each part, [`CODES`] for the first part, then for the second.
    pub(super) part_values: Vec<[f32; PART]>,
    /// The values of the codes of lengths.
    pub(super) length_values: Vec<f32>,
}

impl Rows<'_> {
    /// Adds a row to `sum`. A number that is no row adds nothing.
    fn add(&self, row: u32, sum: &mut Vector) {
        let row = row as usize;
        let (Some(parts), Some(length)) = (self.parts.get(row), self.lengths.get(row)) else {
            return;
        };
        let length = self.length_values[usize::from(*length)];
        let (sums, _) = sum.as_chunks_mut::<PART>();
        for (part, (code, sum)) in parts.iter().zip(sums).enumerate() {
            let values = self.part_values[part * CODES + usize::from(*code)];
            for (sum, value) in sum.iter_mut().zip(values) {
                *sum += length * value;
            }
        }
    }
}

/// The vector of a text that is being read.
#[derive(Debug, Default)]
struct Sum {
    vector: Vector,
    rows: usize,
}

impl Model<'_> {
    /// Returns the most probable language of the words of `text`, which ASCII spaces separate, and
    /// its probability, 0 to 1.
    pub(super) fn guess(&self, text: &str) -> (&str, f32) {
        let mut sum = Sum::default();
        let mut marked = Vec::new();
        for word in text.as_bytes().split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
            self.add_word(word, &mut sum);
            marked.clear();
            marked.push(b'<');
            marked.extend_from_slice(word);
            marked.push(b'>');
            self.add_grams(&marked, &mut sum);
        }
        self.add_word(END, &mut sum);
        let scale = 1.0 / sum.rows.max(1) as f32;
        let mean = sum.vector.map(|value| value * scale);
        let mut best = (0, 0.0);
        self.descend(self.languages.len() + self.branches.len() - 1, 1.0, &mean, &mut best);
        (self.languages[best.0], best.1)
    }

    fn add_word(&self, word: &[u8], sum: &mut Sum) {
        if let Some(row) = self.words.row(hash(word), &word) {
            self.rows.add(row, &mut sum.vector);
            sum.rows += 1;
        }
    }

    /// Adds the known n-grams of a word between its marks, those that begin at the first character
    /// first and the shortest of them first.
    fn add_grams(&self, word: &[u8], sum: &mut Sum) {
        for (start, _) in word.iter().enumerate().filter(|(_, byte)| is_start(**byte)) {
            let mut hash = EMPTY;
            let mut length = 0;
            for (index, byte) in word.iter().enumerate().skip(start) {
                hash = hash_on(hash, *byte);
                if word.get(index + 1).is_some_and(|next| !is_start(*next)) {
                    continue;
                }
                length += 1;
                if GRAM.contains(&length) {
                    self.add_gram(hash % self.buckets, sum);
                }
                if length == *GRAM.end() {
                    break;
                }
            }
        }
    }

    fn add_gram(&self, bucket: u32, sum: &mut Sum) {
        if let Some(row) = self.grams.row(bucket, &bucket) {
            self.rows.add(row, &mut sum.vector);
            sum.rows += 1;
        }
    }

    /// Finds the most probable language below `node`, whose probability is given. Takes the more
    /// probable child first, because the other can then mostly be left out.
    fn descend(&self, node: usize, probability: f32, text: &Vector, best: &mut (usize, f32)) {
        if probability <= best.1 {
            return;
        }
        let Some(branch) = node.checked_sub(self.languages.len()) else {
            *best = (node, probability);
            return;
        };
        let Branch { children: [first, second], weights } = &self.branches[branch];
        let mut product = 0.0;
        for (weight, value) in weights.iter().zip(text) {
            product += weight * value;
        }
        let share = 1.0 / (1.0 + libm::expf(-product));
        let mut children = [(*first, 1.0 - share), (*second, share)];
        if share > 0.5 {
            children.reverse();
        }
        for (child, share) in children {
            self.descend(child, probability * share, text, best);
        }
    }
}

/// The hash of no byte.
const EMPTY: u32 = 0x811C_9DC5;

/// Returns the hash of a word: FNV-1a of 32 bits, except that a byte is extended by its sign.
pub(super) fn hash(word: &[u8]) -> u32 {
    word.iter().fold(EMPTY, |hash, byte| hash_on(hash, *byte))
}

fn hash_on(hash: u32, byte: u8) -> u32 {
    (hash ^ byte.cast_signed() as u32).wrapping_mul(0x0100_0193)
}

/// Returns true for a byte that begins a character of UTF-8.
fn is_start(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// Keys with their rows.
#[derive(Debug)]
pub(super) struct Table<Key>(HashTable<Entry<Key>>);

#[derive(Debug)]
struct Entry<Key> {
    hash: u32,
    key: Key,
    row: u32,
}

impl<Key: Eq> Table<Key> {
    /// Creates a table with room for `keys`.
    pub(super) fn new(keys: usize) -> Self {
        Self(HashTable::with_capacity(keys))
    }

    /// Adds a key that the table lacks.
    pub(super) fn add(&mut self, hash: u32, key: Key, row: u32) {
        self.0.insert_unique(spread(hash), Entry { hash, key, row }, |entry| spread(entry.hash));
    }

    fn row(&self, hash: u32, key: &Key) -> Option<u32> {
        self.0.find(spread(hash), |entry| entry.key == *key).map(|entry| entry.row)
    }
}

/// Returns a hash whose lowest and highest bits, which the table uses, depend on all bits.
fn spread(hash: u32) -> u64 {
    let product = u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 32)
}
