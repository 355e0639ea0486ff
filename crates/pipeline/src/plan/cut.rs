//! Cutting objects into chunks and chunks into shards. Pure.

use serde::{Deserialize, Serialize};

/// The largest number of chunks. More would cost memory and change nothing, because shards are far
/// fewer.
const MAX_CHUNKS: u64 = 1 << 20;

/// A contiguous piece of one object: neighbouring chunks of one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The number of the object in the plan.
    pub object: u32,
    /// The first byte.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
}

/// Shards, and the size and number of the chunks in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) shards: Vec<Vec<Range>>,
    pub(super) chunk_size: u64,
    pub(super) chunks: u64,
}

/// Cuts objects into chunks of `chunk_size`, and groups neighbouring chunks into at most
/// `max_shards` shards of about equal bytes. `objects` holds the size of each in bytes, and true if
/// it can be cut. If `shards` is given, it is the number of shards, and chunks are made smaller
/// until there are as many. Small objects share a shard until they fill a chunk, so that a thousand
/// of them don't become a thousand pods.
pub(super) fn cut(
    objects: &[(u64, bool)],
    chunk_size: u64,
    max_shards: u32,
    shards: Option<u32>,
) -> Cut {
    let total: u64 = objects.iter().map(|object| object.0).sum();
    let mut chunk_size = chunk_size.max(total / MAX_CHUNKS).max(1);
    if let Some(wanted) = shards.map(u64::from) {
        chunk_size = chunk_size.min(total.div_ceil(wanted.max(1)).max(1));
        while chunk_size > 1 && count(objects, chunk_size) < wanted {
            chunk_size -= chunk_size.div_ceil(8);
        }
    }
    let chunks = chunks(objects, chunk_size);
    let count = chunks.len() as u64;
    let filled = u32::try_from(filled(objects, chunk_size)).unwrap_or(u32::MAX);
    let shards = group(&chunks, shards.unwrap_or_else(|| max_shards.min(filled)).max(1));
    Cut { shards, chunk_size, chunks: count }
}

fn count(objects: &[(u64, bool)], chunk_size: u64) -> u64 {
    let of = |(size, splittable): &(u64, bool)| {
        if *splittable { size.div_ceil(chunk_size) } else { u64::from(*size > 0) }
    };
    objects.iter().map(of).sum()
}

/// Returns the number of chunks that the objects fill. A compressed object fills a chunk, because
/// its content is larger than its stored size.
fn filled(objects: &[(u64, bool)], chunk_size: u64) -> u64 {
    let bytes: u64 = objects.iter().filter(|object| object.1).map(|object| object.0).sum();
    let compressed = objects.iter().filter(|object| object.0 > 0 && !object.1).count();
    bytes.div_ceil(chunk_size) + compressed as u64
}

fn chunks(objects: &[(u64, bool)], chunk_size: u64) -> Vec<Range> {
    let mut chunks = Vec::new();
    for (object, (size, splittable)) in (0..).zip(objects) {
        let step = if *splittable { chunk_size } else { (*size).max(1) };
        let mut start = 0;
        while start < *size {
            let end = start.saturating_add(step).min(*size);
            chunks.push(Range { object, start, end });
            start = end;
        }
    }
    chunks
}

/// Gives every shard an equal share of the remaining bytes, but at least one chunk.
fn group(chunks: &[Range], most: u32) -> Vec<Vec<Range>> {
    let shards = (most as usize).min(chunks.len());
    let mut left: u64 = chunks.iter().map(|chunk| chunk.end - chunk.start).sum();
    let mut rest = chunks;
    let mut groups = Vec::with_capacity(shards);
    for others in (0..shards).rev() {
        let share = left.div_ceil(others as u64 + 1);
        let mut taken = 0;
        let mut bytes = 0;
        while rest.len() - taken > others && (taken == 0 || bytes < share) {
            bytes += rest[taken].end - rest[taken].start;
            taken += 1;
        }
        let (mine, remaining) = rest.split_at(taken);
        groups.push(joined(mine));
        rest = remaining;
        left -= bytes;
    }
    groups
}

fn joined(chunks: &[Range]) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for chunk in chunks {
        match ranges.last_mut() {
            Some(last) if last.object == chunk.object && last.end == chunk.start => {
                last.end = chunk.end;
            }
            _ => ranges.push(*chunk),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes(cut: &Cut) -> Vec<u64> {
        cut.shards.iter().map(|ranges| ranges.iter().map(|r| r.end - r.start).sum()).collect()
    }

    #[test]
    fn smaller_chunks_give_the_wanted_number_of_shards() {
        for wanted in [1, 2, 7, 64] {
            let cut = cut(&[(1_000_003, true), (500, true)], 64 << 20, 500, Some(wanted));
            assert_eq!(cut.shards.len(), wanted as usize);
            let (least, most) = (sizes(&cut).into_iter().min(), sizes(&cut).into_iter().max());
            assert!(most.unwrap() - least.unwrap() <= cut.chunk_size, "{wanted}: balanced");
        }
    }

    #[test]
    fn a_compressed_object_is_one_chunk_and_an_empty_object_has_no_chunk() {
        let cut = cut(&[(100, false), (0, true), (0, false)], 10, 500, Some(7));
        assert_eq!(cut.shards, [[Range { object: 0, start: 0, end: 100 }]]);
    }

    #[test]
    fn small_objects_share_a_shard_until_they_fill_a_chunk() {
        let small = vec![(1_000, true); 1_000];
        assert_eq!(cut(&small, 1 << 20, 500, None).shards.len(), 1);
        assert_eq!(cut(&small, 100_000, 500, None).shards.len(), 10);
        assert_eq!(cut(&small, 100_000, 4, None).shards.len(), 4);
        let compressed = vec![(1_000, false); 20];
        assert_eq!(cut(&compressed, 1 << 20, 500, None).shards.len(), 20);
    }

    #[test]
    fn an_empty_input_has_no_shard() {
        assert_eq!(cut(&[], 10, 500, None).shards.len(), 0);
    }

    proptest! {
        #[test]
        fn every_byte_is_in_exactly_one_range(
            objects in prop::collection::vec((0_u64..5000, any::<bool>()), 0..9),
            chunk_size in 1_u64..9000, max_shards in 1_u32..20, shards in prop::option::of(1_u32..70),
        ) {
            let cut = cut(&objects, chunk_size, max_shards, shards);
            let mut ranges: Vec<Range> = cut.shards.iter().flatten().copied().collect();
            prop_assert!(cut.shards.iter().all(|shard| !shard.is_empty()));
            prop_assert!(cut.shards.len() <= shards.unwrap_or(max_shards) as usize);
            let bytes: u64 = ranges.iter().map(|r| r.end - r.start).sum();
            prop_assert_eq!(bytes, objects.iter().map(|o| o.0).sum::<u64>());
            ranges.sort_by_key(|r| (r.object, r.start));
            prop_assert!(ranges.windows(2).all(|w| w[0].object < w[1].object || w[0].end == w[1].start || w[0].end <= w[1].start));
        }
    }
}
