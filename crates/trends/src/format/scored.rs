//! Blocks of topics ranked by scores. A block has sections; a section has the topics of one kind,
//! score and window, in the order of their ranking. A long ranking continues in the next block.
//!
//! ```text
//! section:  kind: u8   score: u8   bucket: signed varint   topics: u32 LE   topic*
//! topic:    term: length varint, bytes
//!           form: length varint, bytes; empty if it is the term
//!           count, documents: varints
//!           authors: varint, their number plus 1, or 0 if not known
//!           value, growth, peak, popular: f64 LE
//!           status: u8, the number of the status, and bits: 0x80 new, 0x40 phrase, 0x20 keyness,
//!           0x10 significance
//!           burst: f64 LE, unless the status is 0, insufficient history
//!           significance: f64 LE, if its bit is set and the status is not 0
//!           phrase: length varint, bytes, if its bit is set
//!           keyness, if its bit is set: records of the result with the term, all its records, and
//!           both numbers of the baseline: varints
//! ```

use serde::Serialize;

use super::varint::{Position, put, put_bytes, put_signed};
use super::{BlockType, FIRST_VERSION, FormatError, SIGNIFICANCE_VERSION, open, seal_as};
use crate::scores::{KeynessCounts, Status};
use crate::term::MAX_TERM_BYTES;
use crate::{Bucket, Kind, Score};

/// The kind, score and window of a section. Blocks and sections ascend by it.
pub type SectionKey = (Kind, Score, Bucket);

const NEW: u8 = 0x80;
const PHRASE: u8 = 0x40;
const COMPARED: u8 = 0x20;
const SIGNIFICANT: u8 = 0x10;
const STATUSES: [Status; 5] = [
    Status::InsufficientHistory,
    Status::Trending,
    Status::Rising,
    Status::Cooling,
    Status::Steady,
];

/// A topic with its scores in one window, or in the whole run if it is ranked by keyness.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoredTopic {
    /// The term.
    pub term: String,
    /// Its most frequent form in the whole run, unless that is the term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Occurrences in the window.
    pub count: u64,
    /// Records of the window with the term.
    pub documents: u64,
    /// Distinct authors in the window, at most one a document, if records have authors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors: Option<u64>,
    /// The score it is ranked by. Only keyness may be below 0.
    pub value: f64,
    /// The state of its burst.
    pub status: Status,
    /// True if it is in the window and in no window of the reference.
    pub new: bool,
    /// The burst; `None` if there is too little history.
    pub burst: Option<f64>,
    /// The number of standard deviations by which the measure exceeds its expected value, which
    /// decides the status; `None` if there is too little history. Blocks of the first burst formula
    /// don't hold it: there it is the burst.
    pub significance: Option<f64>,
    /// The measure divided by its expected value.
    pub growth: f64,
    /// The highest recent burst, decayed.
    pub peak: f64,
    /// The recent level, decayed.
    pub popular: f64,
    /// The records that keyness compares, if it is ranked by keyness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<KeynessCounts>,
    /// The phrase that is listed in place of this word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phrase: Option<String>,
}

impl ScoredTopic {
    /// Returns the significance of a topic with a burst, `None` if it is the burst itself.
    fn other_significance(&self) -> Option<f64> {
        let (burst, significance) = self.burst.zip(self.significance)?;
        (significance.to_bits() != burst.to_bits()).then_some(significance)
    }

    /// The order of a ranking by score: higher values first, equal values by the bytes of the term.
    pub fn cmp_rank(&self, other: &Self) -> std::cmp::Ordering {
        let by_value = other.value.total_cmp(&self.value);
        by_value.then_with(|| self.term.as_bytes().cmp(other.term.as_bytes()))
    }
}

/// Writes sections, in ascending order, to one block.
#[derive(Debug, Default)]
pub struct ScoredWriter {
    raw: Vec<u8>,
    section: Option<(SectionKey, usize, u32)>,
    first: Option<SectionKey>,
    /// True if a topic has a significance beside its burst.
    has_significance: bool,
}

impl ScoredWriter {
    /// Adds a topic to the current section, or to the next one if `key` differs. Within a section
    /// topics come in the order of their ranking.
    pub fn push(&mut self, key: SectionKey, topic: &ScoredTopic) {
        if self.section.is_none_or(|(section, _, _)| section != key) {
            self.end_section();
            let (kind, score, Bucket(bucket)) = key;
            self.raw.extend_from_slice(&[kind.byte(), score.byte()]);
            put_signed(&mut self.raw, bucket);
            self.section = Some((key, self.raw.len(), 0));
            self.raw.extend_from_slice(&[0; 4]);
            self.first.get_or_insert(key);
        }
        if let Some((_, _, topics)) = &mut self.section {
            *topics += 1;
        }
        self.has_significance |= topic.other_significance().is_some();
        put_topic(&mut self.raw, topic);
    }

    fn end_section(&mut self) {
        if let Some((_, at, topics)) = self.section.take()
            && let Some(number) = self.raw.get_mut(at..at + 4)
        {
            number.copy_from_slice(&topics.to_le_bytes());
        }
    }

    /// Bytes before compression.
    pub fn raw_len(&self) -> usize {
        self.raw.len()
    }

    /// Returns the block and the key of its first section, `None` if no topic was added. The writer
    /// is empty afterwards.
    pub fn finish(&mut self) -> Result<Option<(SectionKey, Vec<u8>)>, FormatError> {
        self.end_section();
        // Releases that know no significance refuse its blocks as newer.
        let version = if self.has_significance { SIGNIFICANCE_VERSION } else { FIRST_VERSION };
        let block = seal_as(version, BlockType::Scored, &self.raw);
        self.has_significance = false;
        self.raw.clear();
        self.first.take().map(|first| Ok((first, block?))).transpose()
    }
}

fn put_topic(raw: &mut Vec<u8>, topic: &ScoredTopic) {
    put_bytes(raw, topic.term.as_bytes());
    put_bytes(raw, topic.form.as_deref().unwrap_or_default().as_bytes());
    put(raw, topic.count);
    put(raw, topic.documents);
    put(raw, topic.authors.map_or(0, |authors| authors.saturating_add(1)));
    for number in [topic.value, topic.growth, topic.peak, topic.popular] {
        raw.extend_from_slice(&number.to_le_bytes());
    }
    let status = STATUSES.iter().position(|status| *status == topic.status).unwrap_or(0);
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let flags = flag(topic.new, NEW)
        | flag(topic.phrase.is_some(), PHRASE)
        | flag(topic.compared.is_some(), COMPARED)
        | flag(topic.other_significance().is_some(), SIGNIFICANT);
    raw.push(status as u8 | flags);
    if let Some(burst) = topic.burst {
        raw.extend_from_slice(&burst.to_le_bytes());
        if let Some(significance) = topic.other_significance() {
            raw.extend_from_slice(&significance.to_le_bytes());
        }
    }
    if let Some(phrase) = &topic.phrase {
        put_bytes(raw, phrase.as_bytes());
    }
    if let Some(KeynessCounts { documents, records, baseline_documents, baseline_records }) =
        topic.compared
    {
        for number in [documents, records, baseline_documents, baseline_records] {
            put(raw, number);
        }
    }
}

/// Reads the topics of a block, section by section.
#[derive(Debug)]
pub struct ScoredReader {
    raw: Vec<u8>,
    at: Position,
    section: Option<SectionKey>,
    left: u32,
}

impl ScoredReader {
    /// Opens a block.
    pub fn open(block: &[u8]) -> Result<Self, FormatError> {
        let raw = open(BlockType::Scored, block)?;
        Ok(Self { raw, at: Position(0), section: None, left: 0 })
    }

    /// The next topic and the key of its section, `None` at the end.
    pub fn topic(&mut self) -> Result<Option<(SectionKey, ScoredTopic)>, FormatError> {
        let Self { raw, at, section, left } = self;
        while *left == 0 {
            if at.0 == raw.len() {
                return Ok(None);
            }
            let start = at.0;
            let kind = Kind::from_byte(at.byte(raw)?).ok_or(FormatError::Content(start))?;
            let score = Score::from_byte(at.byte(raw)?).ok_or(FormatError::Content(start + 1))?;
            *section = Some((kind, score, Bucket(at.signed(raw)?)));
            *left = at.slice(raw, 4)?.first_chunk().copied().map_or(0, u32::from_le_bytes);
        }
        *left -= 1;
        let topic = take_topic(raw, at)?;
        section.map(|section| Ok((section, topic))).transpose()
    }
}

fn take_topic(raw: &[u8], at: &mut Position) -> Result<ScoredTopic, FormatError> {
    let number = |at: &mut Position| {
        let bytes = at.slice(raw, 8)?.first_chunk().copied();
        Ok(bytes.map_or(0.0, f64::from_le_bytes))
    };
    let mut topic = ScoredTopic {
        term: at.text(raw, MAX_TERM_BYTES)?,
        form: Some(at.text(raw, MAX_TERM_BYTES)?).filter(|form| !form.is_empty()),
        count: at.unsigned(raw)?,
        documents: at.unsigned(raw)?,
        authors: at.unsigned(raw)?.checked_sub(1),
        value: number(at)?,
        growth: number(at)?,
        peak: number(at)?,
        popular: number(at)?,
        ..ScoredTopic::default()
    };
    // Estimates of earlier releases may exceed the documents.
    topic.authors = topic.authors.map(|authors| authors.min(topic.documents));
    let start = at.0;
    let flags = at.byte(raw)?;
    let status =
        STATUSES.get(usize::from(flags & !(NEW | PHRASE | COMPARED | SIGNIFICANT))).copied();
    topic.status = status.ok_or(FormatError::Content(start))?;
    topic.new = flags & NEW != 0;
    if topic.status != Status::InsufficientHistory {
        let burst = number(at)?;
        let has_significance = flags & SIGNIFICANT != 0;
        topic.burst = Some(burst);
        topic.significance = Some(if has_significance { number(at)? } else { burst });
    }
    if flags & PHRASE != 0 {
        topic.phrase = Some(at.text(raw, MAX_TERM_BYTES)?);
    }
    if flags & COMPARED != 0 {
        topic.compared = Some(KeynessCounts {
            documents: at.unsigned(raw)?,
            records: at.unsigned(raw)?,
            baseline_documents: at.unsigned(raw)?,
            baseline_records: at.unsigned(raw)?,
        });
    }
    Ok(topic)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::seal;
    use super::*;

    fn topic() -> impl Strategy<Value = ScoredTopic> {
        let texts = ("\\PC{1,9}", prop::option::of("\\PC{1,9}"));
        // Never more authors than documents.
        let counts = (any::<u64>(), 1_u64 << 60.., prop::option::of(0_u64..1 << 60));
        let floats = prop::array::uniform6(0.0_f64..1e9);
        let compared = prop::option::of(prop::array::uniform4(any::<u64>()));
        let more = (any::<bool>(), compared, prop::option::of("\\PC{1,9}"));
        (texts, counts, floats, 0_usize..5, more).prop_map(
            |((term, form), (count, documents, authors), floats, status, more)| {
                let (new, compared, phrase) = more;
                let compared =
                    compared.map(|[documents, records, baseline_documents, baseline_records]| {
                        KeynessCounts { documents, records, baseline_documents, baseline_records }
                    });
                let [value, growth, peak, popular, burst, significance] = floats;
                let status = STATUSES[status];
                let burst = Some(burst).filter(|_| status != Status::InsufficientHistory);
                // The first formula has one number for both.
                let significance = burst.map(|burst| if new { burst } else { significance });
                ScoredTopic {
                    term,
                    form,
                    count,
                    documents,
                    authors,
                    value,
                    status,
                    new,
                    burst,
                    significance,
                    growth,
                    peak,
                    popular,
                    compared,
                    phrase,
                }
            },
        )
    }

    fn key() -> impl Strategy<Value = SectionKey> {
        (1_u8..8, 1_u8..7, any::<i64>()).prop_map(|(kind, score, bucket)| {
            (Kind::from_byte(kind).unwrap(), Score::from_byte(score).unwrap(), Bucket(bucket))
        })
    }

    #[test]
    fn authors_that_an_earlier_release_estimated_above_the_documents_are_read_as_at_most_those() {
        let mut writer = ScoredWriter::default();
        let key = (Kind::Word, Score::Burst, Bucket(7));
        for authors in [41, 40, 7] {
            let authors = Some(authors);
            writer.push(key, &ScoredTopic { documents: 40, authors, ..ScoredTopic::default() });
        }
        let (_, block) = writer.finish().unwrap().unwrap();
        let mut reader = ScoredReader::open(&block).unwrap();
        let mut read = || reader.topic().unwrap().unwrap().1.authors;
        assert_eq!([read(), read(), read()], [Some(40), Some(40), Some(7)]);
    }

    #[test]
    fn only_a_block_with_a_significance_beside_a_burst_has_the_second_version() {
        let key = (Kind::Word, Score::Burst, Bucket(3));
        let topic = |burst, significance| {
            let status = Status::Steady;
            ScoredTopic {
                burst: Some(burst),
                significance: Some(significance),
                status,
                ..ScoredTopic::default()
            }
        };
        let mut writer = ScoredWriter::default();
        let mut version = |topic: ScoredTopic| {
            writer.push(key, &topic);
            let (_, block) = writer.finish().unwrap().unwrap();
            block[2]
        };
        assert_eq!(version(topic(7.0, 5.0)), 2);
        assert_eq!(version(topic(5.0, 5.0)), 1);
    }

    proptest! {
        #[test]
        fn written_sections_are_read_back(
            sections in prop::collection::btree_map(key(), prop::collection::vec(topic(), 1..9), 0..9)
        ) {
            let expected: Vec<_> = sections
                .iter()
                .flat_map(|(key, topics)| topics.iter().map(|topic| (*key, topic.clone())))
                .collect();
            let mut writer = ScoredWriter::default();
            for (key, topic) in &expected {
                writer.push(*key, topic);
            }
            let written = writer.finish().unwrap();
            prop_assert_eq!(written.as_ref().map(|(first, _)| first), sections.keys().next());
            let mut read = Vec::new();
            if let Some((_, block)) = written {
                let mut reader = ScoredReader::open(&block).unwrap();
                while let Some(topic) = reader.topic().unwrap() {
                    read.push(topic);
                }
            }
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn content_with_a_valid_checksum_never_panics(raw in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = ScoredReader::open(&seal(BlockType::Scored, &raw).unwrap()).unwrap();
            while matches!(reader.topic(), Ok(Some(_))) {}
        }
    }
}
