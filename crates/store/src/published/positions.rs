//! Where terms stand in a count ranking. Owns that a term is found by binary search in the index and in
//! one page, and that a scan of all pages keeps none of them.

use trends::format::RankingReader;
use trends::{Kind, Topic, cmp_rank};

use super::Published;
use crate::StoreError;
use crate::document::read_block;

impl Published {
    /// How many pages the ranking of a kind has.
    pub(crate) fn pages(&self, kind: Kind) -> usize {
        self.index.rankings.get(&kind).map_or(0, Vec::len)
    }

    /// The position of a topic of this result in the ranking of its kind, 0 for the highest.
    pub(crate) async fn position(&self, topic: &Topic) -> Result<Option<u64>, StoreError> {
        let pages = self.index.rankings.get(&topic.kind).map_or(&[][..], Vec::as_slice);
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

    /// The positions, ascending, of the terms of a kind for which `is_wanted` says so.
    pub(crate) async fn positions_of(
        &self,
        kind: Kind,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<u64>, StoreError> {
        let mut positions = Vec::new();
        let mut position = 0;
        for page in self.index.rankings.get(&kind).map_or(&[][..], Vec::as_slice) {
            // Past the cache: what readers ask for stays in it.
            let bytes = read_block(&*self.store, &self.publish, &page.block).await?;
            let undecodable = |error| {
                let key = self.publish.block(&page.block.name).to_string();
                StoreError::undecodable(key, &error)
            };
            let mut reader = RankingReader::open(&bytes).map_err(undecodable)?;
            while let Some(topic) = reader.topic().map_err(undecodable)? {
                // A term is UTF-8; one that isn't fits nothing.
                if std::str::from_utf8(topic.term).is_ok_and(&is_wanted) {
                    positions.push(position);
                }
                position += 1;
            }
        }
        Ok(positions)
    }
}
