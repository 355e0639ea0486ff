//! Reading the partial of one shard and partition, block by block.

use store::document::{AttemptKey, read_block};
use store::{Stage, StoreError};
use trends::RowRef;
use trends::format::RowReader;
use trends::merge::Cursor;
use trends::result::BlockRef;

use crate::etl::Shard;
use crate::{Context, Error};

/// Reads one partial; holds one block of it in memory.
#[derive(Debug)]
pub(super) struct PartialCursor<'a> {
    context: &'a Context,
    home: AttemptKey,
    blocks: std::slice::Iter<'a, BlockRef>,
    current: Option<(&'a BlockRef, RowReader)>,
}

impl<'a> PartialCursor<'a> {
    /// The partials of a partition, of all shards.
    pub(super) fn all(
        context: &'a Context,
        shards: &'a [Shard],
        partition: u16,
    ) -> Result<Vec<Self>, Error> {
        let of = |Shard { index, marker }: &'a Shard| {
            let home = marker.attempt_key(&context.run, Stage::Etl, *index);
            let blocks = marker.report.partials.get(usize::from(partition));
            let blocks = blocks.map_or(&[][..], Vec::as_slice).iter();
            let mut cursor = Self { context, home, blocks, current: None };
            cursor.next_block()?;
            Ok(cursor)
        };
        shards.iter().map(of).collect()
    }

    fn next_block(&mut self) -> Result<(), Error> {
        self.current = None;
        if let Some(block) = self.blocks.next() {
            let store = &*self.context.store;
            let bytes = self.context.wait(read_block(store, &self.home, block))?;
            let reader =
                RowReader::open(&bytes).map_err(|error| damaged(&self.home, block, &error))?;
            self.current = Some((block, reader));
        }
        Ok(())
    }
}

fn damaged(home: &AttemptKey, block: &BlockRef, error: &trends::format::FormatError) -> StoreError {
    StoreError::undecodable(home.block(&block.name).to_string(), error)
}

impl Cursor for PartialCursor<'_> {
    type Error = Error;

    fn row(&self) -> Option<RowRef<'_>> {
        self.current.as_ref().and_then(|(_, reader)| reader.row())
    }

    fn advance(&mut self) -> Result<(), Error> {
        if let Some((block, reader)) = &mut self.current {
            reader.advance().map_err(|error| damaged(&self.home, block, &error))?;
        }
        if self.row().is_none() { self.next_block() } else { Ok(()) }
    }
}
