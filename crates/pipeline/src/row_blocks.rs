//! Cutting rows into stored blocks with a sparse index. Owns when a block is full and what is remembered
//! of it; knows nothing of what the rows mean.

use trends::format::RowWriter;
use trends::result::TermBlock;
use trends::{Kind, RowRef};

use crate::Error;
use crate::blocks::{BlockSink, unencodable};

/// Takes rows in order and remembers the first key of each block.
#[derive(Debug)]
pub(crate) struct RowBlocks {
    name: &'static str,
    block_size: usize,
    writer: RowWriter,
    first: Option<(Kind, String)>,
    done: Vec<TermBlock>,
}

impl RowBlocks {
    /// Blocks named after `name`, of about `block_size` bytes before compression.
    pub(crate) fn new(name: &'static str, block_size: usize) -> Self {
        let writer = RowWriter::default();
        Self { name, block_size, writer, first: None, done: Vec::new() }
    }

    pub(crate) fn add(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if self.first.is_none() {
            self.first = Some((row.kind, String::from_utf8_lossy(row.term).into_owned()));
        }
        self.writer.push(row);
        if self.writer.raw_len() >= self.block_size { self.cut(sink) } else { Ok(()) }
    }

    fn cut(&mut self, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if let Some((kind, first)) = self.first.take() {
            let rows = self.writer.rows();
            let name = format!("{}-{:06}", self.name, self.done.len());
            let block = sink.put(name, self.writer.finish().map_err(unencodable)?)?;
            self.done.push(TermBlock { kind, first, rows, block });
        }
        Ok(())
    }

    /// The blocks, in order.
    pub(crate) fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<Vec<TermBlock>, Error> {
        self.cut(sink)?;
        Ok(self.done)
    }
}
