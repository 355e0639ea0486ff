//! The positions of terms in a ranking by count. A term is found by binary search in the
//! contents of the result and in one page; a scan of all pages keeps none of them in the cache.

use trends::format::RankingReader;
use trends::result::RankingPage;
use trends::{Kind, Topic, cmp_rank};

use super::PublishedResult;
use crate::StoreError;
use crate::document::decode_block;

impl PublishedResult {
    /// The pages of the ranking of a kind.
    pub(crate) fn pages(&self, kind: Kind) -> &[RankingPage] {
        self.contents.rankings.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The position of a topic of this result in the ranking of its kind; the highest-ranked has 0.
    pub(crate) async fn position(&self, topic: &Topic) -> Result<Option<u64>, StoreError> {
        let pages = self.pages(topic.kind);
        let key = (topic.count, topic.term.as_bytes());
        let after = pages
            .partition_point(|page| cmp_rank((page.count, page.first.as_bytes()), key).is_le());
        let Some((page, before)) = pages.get(..after).and_then(<[_]>::split_last) else {
            return Ok(None);
        };
        let topics = self.page(topic.kind, page).await?;
        let found =
            topics.binary_search_by(|other| cmp_rank((other.count, other.term.as_bytes()), key));
        let first: u64 = before.iter().map(|page| u64::from(page.topics)).sum();
        Ok(found.ok().map(|at| first + at as u64))
    }

    /// The positions, ascending, of the terms of a kind for which `is_wanted` returns true.
    pub(crate) async fn positions_of(
        &self,
        kind: Kind,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<u64>, StoreError> {
        let mut positions = Vec::new();
        let mut position = 0;
        for page in self.pages(kind) {
            let scan = |block: &[u8]| {
                let mut reader = RankingReader::open(block)?;
                while let Some(topic) = reader.topic()? {
                    // Terms are UTF-8; a damaged one matches nothing.
                    if std::str::from_utf8(topic.term).is_ok_and(&is_wanted) {
                        positions.push(position);
                    }
                    position += 1;
                }
                Ok(())
            };
            // Bypasses the cache, so that the pages of readers stay in it.
            decode_block(&*self.store, &self.publish, &page.block, scan).await?;
        }
        Ok(positions)
    }
}
