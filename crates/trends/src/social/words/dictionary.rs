//! Words of scripts that are written without spaces: Chinese, Japanese, Thai, Lao, Khmer and
//! Burmese. The dictionaries of ICU4X separate them; other scripts in the same text follow UAX #29.

use std::sync::LazyLock;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

/// Calls `each` for the segments between the word boundaries of `text`.
pub(super) fn segments(text: &str, each: &mut impl FnMut(&str)) {
    let mut from = 0;
    for to in SEGMENTER.segment_str(text) {
        if let Some(segment) = text.get(from..to).filter(|segment| !segment.is_empty()) {
            each(segment);
        }
        from = to;
    }
}
