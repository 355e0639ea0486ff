//! The facts of a term in a result besides its counts: the number of its authors, its forms and
//! examples. Owns the choice of these facts from a [`Detail`], and their bytes.
//!
//! ```text
//! facts:     authors forms examples further*; nothing at all when all are empty
//! authors:   their number plus 1, or 0 if it is not known; earlier releases wrote estimates above the
//!            number of documents
//! forms:     their number 0 to 5, then each: length, UTF-8, occurrences
//! examples:  their number 0 to 5, then each: length and the id, or 0, the object and the offset
//! further:   1, then the length and UTF-8 of the phrase
//!            2, then the authors of the day so far
//!            3, then the left and the right margin
//! ```
//!
//! All numbers are varints.

use serde::Serialize;

use crate::RowRef;
use crate::detail::{Detail, ExampleSource, MAX_EXAMPLES, MAX_ID_BYTES};
use crate::format::FormatError;
use crate::format::varint::{Position, put, put_bytes};
use crate::term::MAX_TERM_BYTES;

/// The most forms in the facts of a term.
pub const MAX_FORMS: usize = 5;
const PHRASE: u8 = 1;
const TODAY: u8 = 2;
const MARGINS: u8 = 3;

/// One way a term was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Form {
    /// The text.
    pub form: String,
    /// Occurrences in this form.
    pub count: u64,
}

/// The numbers of pairs with each word of a phrase, from which its NPMI is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Margins {
    /// Pairs with the left word on the left.
    pub left: u64,
    /// Pairs with the right word on the right.
    pub right: u64,
}

/// The facts of one term.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TermFacts {
    /// Distinct authors, at most one a document: exact up to 32, an estimate above (see
    /// [`crate::detail::is_estimate`]); `None` if no record has an author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors: Option<u64>,
    /// The most frequent forms, at most 5. The first is shown for the term.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<Form>,
    /// A uniform sample of the records with the term, at most 5.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<ExampleSource>,
    /// The phrase that is listed in place of this word, because most records with the word have the
    /// phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phrase: Option<String>,
    /// Distinct authors from the start of the calendar day (UTC) to the end of the window, if the
    /// score chi-square needs them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<u64>,
    /// The margins of a phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margins: Option<Margins>,
}

impl TermFacts {
    /// Chooses the facts of a term, whose row has this detail.
    pub fn of(term: &str, row: &RowRef<'_>, detail: &Detail) -> Self {
        let forms = detail.forms.top(term, row.count, MAX_FORMS).into_iter();
        Self {
            authors: Self::authors_of(row, detail),
            forms: forms.map(|(form, count)| Form { form, count }).collect(),
            examples: detail.examples.iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// Returns the facts of a term in one window, whose row has this detail: the number of authors
    /// alone.
    pub fn of_window(row: &RowRef<'_>, detail: &Detail) -> Self {
        Self { authors: Self::authors_of(row, detail), ..Self::default() }
    }

    /// Returns the facts in a listing: the authors, and the first form unless it is the term.
    #[must_use]
    pub fn for_listing(&self, term: &str) -> Self {
        let form = self.forms.first().filter(|form| form.form != term);
        Self {
            authors: self.authors,
            forms: form.cloned().into_iter().collect(),
            ..Self::default()
        }
    }

    fn authors_of(row: &RowRef<'_>, detail: &Detail) -> Option<u64> {
        (!detail.authors.is_empty()).then(|| detail.authors.number(row.documents))
    }

    /// Appends the bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        if *self == Self::default() {
            return;
        }
        let Self { authors, forms, examples, phrase, today, margins } = self;
        put(out, authors.map_or(0, |authors| authors.saturating_add(1)));
        put(out, forms.len() as u64);
        for Form { form, count } in forms {
            put_bytes(out, form.as_bytes());
            put(out, *count);
        }
        put(out, examples.len() as u64);
        for example in examples {
            example.encode(out);
        }
        if let Some(phrase) = phrase {
            out.push(PHRASE);
            put_bytes(out, phrase.as_bytes());
        }
        if let Some(today) = today {
            out.push(TODAY);
            put(out, *today);
        }
        if let Some(Margins { left, right }) = margins {
            out.push(MARGINS);
            put(out, *left);
            put(out, *right);
        }
    }

    /// Reads the bytes of a term with this number of documents, which bounds the authors: those of
    /// earlier releases may exceed it.
    ///
    /// # Errors
    /// `Content` with the offset of the first inconsistent byte.
    pub fn decode(bytes: &[u8], documents: u64) -> Result<Self, FormatError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut at = Position(0);
        let authors = at.unsigned(bytes)?.checked_sub(1).map(|authors| authors.min(documents));
        let mut forms = Vec::new();
        for _ in 0..at.below(bytes, MAX_FORMS + 1)? {
            let form = at.text(bytes, MAX_TERM_BYTES)?;
            forms.push(Form { form, count: at.unsigned(bytes)? });
        }
        let mut examples = Vec::new();
        for _ in 0..at.below(bytes, MAX_EXAMPLES + 1)? {
            let id = at.text(bytes, MAX_ID_BYTES)?;
            examples.push(if id.is_empty() {
                let object = at.unsigned(bytes)?;
                ExampleSource::Line { object, offset: at.unsigned(bytes)? }
            } else {
                ExampleSource::Id { id: id.into() }
            });
        }
        let (mut phrase, mut today, mut margins) = (None, None, None);
        while at.0 < bytes.len() {
            let start = at.0;
            match at.byte(bytes)? {
                PHRASE => phrase = Some(at.text(bytes, MAX_TERM_BYTES)?),
                TODAY => today = Some(at.unsigned(bytes)?),
                MARGINS => {
                    let left = at.unsigned(bytes)?;
                    margins = Some(Margins { left, right: at.unsigned(bytes)? });
                }
                _ => return Err(FormatError::Content(start)),
            }
        }
        Ok(Self { authors, forms, examples, phrase, today, margins })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detail::Example;
    use crate::{Bucket, Kind};

    fn facts() -> impl Strategy<Value = TermFacts> {
        let form = ("[a-zé]{1,9}", 1_u64..).prop_map(|(form, count)| Form { form, count });
        let example = prop_oneof![
            "[0-9]{1,20}".prop_map(|id| ExampleSource::Id { id: id.into() }),
            any::<(u64, u64)>().prop_map(|(object, offset)| ExampleSource::Line { object, offset }),
        ];
        (
            prop::option::of(0_u64..1 << 60),
            prop::collection::vec(form, 0..=5),
            prop::collection::vec(example, 0..=5),
            prop::option::of("[a-z]{1,9} [a-z]{1,9}"),
            prop::option::of(any::<u64>()),
            prop::option::of(any::<(u64, u64)>()),
        )
            .prop_map(|(authors, forms, examples, phrase, today, margins)| TermFacts {
                authors,
                forms,
                examples,
                phrase,
                today,
                margins: margins.map(|(left, right)| Margins { left, right }),
            })
    }

    proptest! {
        #[test]
        fn written_facts_are_read_back(facts in facts()) {
            let mut bytes = Vec::new();
            facts.encode(&mut bytes);
            prop_assert_eq!(TermFacts::decode(&bytes, 1 << 60).unwrap(), facts);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            drop(TermFacts::decode(&bytes, 9));
        }
    }

    #[test]
    fn authors_that_an_earlier_release_estimated_above_the_documents_are_read_as_at_most_those() {
        let read = |authors, documents| {
            let mut bytes = Vec::new();
            TermFacts { authors: Some(authors), ..TermFacts::default() }.encode(&mut bytes);
            TermFacts::decode(&bytes, documents).unwrap().authors
        };
        assert_eq!([read(41, 40), read(40, 40), read(7, 40)], [Some(40), Some(40), Some(7)]);
    }

    #[test]
    fn the_most_frequent_form_comes_first_and_a_listing_has_none_that_equals_the_term() {
        let mut detail = Detail::default();
        detail.forms.add("Love", 3);
        detail.forms.add("LOVE", 1);
        detail.authors.insert(7);
        detail.examples.insert(&Example::of_id("42").unwrap());
        let (term, bucket) = (b"love".as_slice(), Bucket::WHOLE);
        let row = RowRef { kind: Kind::Word, term, bucket, count: 6, documents: 5, detail: &[] };
        let facts = TermFacts::of("love", &row, &detail);
        let forms: Vec<_> =
            facts.forms.iter().map(|form| (form.form.as_str(), form.count)).collect();
        assert_eq!(forms, [("Love", 3), ("love", 2), ("LOVE", 1)]);
        assert_eq!(facts.authors, Some(1));
        assert_eq!(facts.examples, [ExampleSource::Id { id: "42".into() }]);
        let listing = facts.for_listing("love");
        assert_eq!((listing.authors, listing.forms.len(), listing.examples.len()), (Some(1), 1, 0));
        let plain = TermFacts::of("love", &row, &Detail::default());
        assert_eq!(plain.for_listing("love"), TermFacts::default());
    }
}
