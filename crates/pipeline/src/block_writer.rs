//! Cuts sequences of entries into blocks, and stores these with references. Owns the size and the
//! names of blocks; knows nothing of the meaning of the entries.

use trends::format::{FormatError, RowWriter};
use trends::result::{BlockRef, TermBlock};
use trends::{Kind, RowRef};

use crate::Error;
use crate::blocks::BlockSink;

/// An encoded block and the head that its reference keeps.
pub(crate) type Block<H> = (H, Vec<u8>);

/// Encodes entries, given in order, into one block after another.
pub(crate) trait BlockWriter {
    /// One entry.
    type Entry<'a>;
    /// The part of a block's first entries that its reference keeps.
    type Head;
    /// The reference to a stored block.
    type Reference;

    /// Adds an entry.
    fn push(&mut self, entry: Self::Entry<'_>);

    /// Bytes of the block before compression.
    fn raw_len(&self) -> usize;

    /// Ends the block; `None` if it has no entry. The next entry begins another.
    fn finish(&mut self) -> Result<Option<Block<Self::Head>>, FormatError>;

    /// Returns the reference to a stored block.
    fn reference(head: Self::Head, block: BlockRef) -> Self::Reference;
}

/// Ends a block when it is full.
#[derive(Debug)]
pub(crate) struct CutWriter<W> {
    writer: W,
    size: usize,
}

impl<W: BlockWriter> CutWriter<W> {
    /// A writer of blocks of about `size` bytes before compression.
    pub(crate) fn new(writer: W, size: usize) -> Self {
        Self { writer, size }
    }

    /// Adds an entry. Returns the block that it fills.
    #[inline]
    pub(crate) fn add(&mut self, entry: W::Entry<'_>) -> Result<Option<Block<W::Head>>, Error> {
        self.writer.push(entry);
        if self.writer.raw_len() >= self.size { self.cut() } else { Ok(None) }
    }

    /// Ends the unfinished block and returns it, unless it is empty.
    pub(crate) fn cut(&mut self) -> Result<Option<Block<W::Head>>, Error> {
        self.writer.finish().map_err(|_| Error::Defect("a block can't be encoded"))
    }
}

/// Stores a sequence of entries block by block and keeps the references to its blocks.
#[derive(Debug)]
pub(crate) struct ReferencedBlocks<W: BlockWriter> {
    writer: CutWriter<W>,
    /// The blocks are named `<name>-<number>`, where the number has this many digits.
    name: String,
    digits: usize,
    references: Vec<W::Reference>,
}

impl<W: BlockWriter> ReferencedBlocks<W> {
    /// Blocks of about `size` bytes before compression, whose names begin with `name` and end with
    /// a number of `digits` digits.
    pub(crate) fn new(name: impl Into<String>, digits: usize, writer: W, size: usize) -> Self {
        let writer = CutWriter::new(writer, size);
        Self { writer, name: name.into(), digits, references: Vec::new() }
    }

    /// Adds an entry, and stores the block that it fills.
    #[inline]
    pub(crate) fn add(
        &mut self,
        entry: W::Entry<'_>,
        sink: &mut BlockSink<'_>,
    ) -> Result<(), Error> {
        let full = self.writer.add(entry)?;
        full.map_or(Ok(()), |block| self.put(block, sink))
    }

    /// Stores the unfinished block, unless it is empty. Returns the references to all blocks so
    /// far.
    pub(crate) fn cut(&mut self, sink: &mut BlockSink<'_>) -> Result<&[W::Reference], Error> {
        let unfinished = self.writer.cut()?;
        unfinished.map_or(Ok(()), |block| self.put(block, sink))?;
        Ok(&self.references)
    }

    /// Stores the last block and returns the references to all.
    pub(crate) fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<Vec<W::Reference>, Error> {
        self.cut(sink)?;
        Ok(self.references)
    }

    fn put(
        &mut self,
        (head, block): Block<W::Head>,
        sink: &mut BlockSink<'_>,
    ) -> Result<(), Error> {
        let name = format!("{}-{:02$}", self.name, self.references.len(), self.digits);
        self.references.push(W::reference(head, sink.put(name, block)?));
        Ok(())
    }
}

/// Writes blocks that are read from the first to the last, so a reference needs no term.
impl BlockWriter for RowWriter {
    type Entry<'a> = &'a RowRef<'a>;
    type Head = ();
    type Reference = BlockRef;

    fn push(&mut self, row: &RowRef<'_>) {
        self.push(row);
    }

    fn raw_len(&self) -> usize {
        self.raw_len()
    }

    fn finish(&mut self) -> Result<Option<Block<()>>, FormatError> {
        if self.rows() == 0 { Ok(None) } else { self.finish().map(|block| Some(((), block))) }
    }

    fn reference((): (), block: BlockRef) -> BlockRef {
        block
    }
}

/// Writes blocks in which single terms are looked up, so a reference holds the first term.
#[derive(Debug, Default)]
pub(crate) struct TermWriter {
    rows: RowWriter,
    first: Option<(Kind, String)>,
}

/// Rows with references by term.
pub(crate) type TermBlocks = ReferencedBlocks<TermWriter>;

impl TermBlocks {
    /// Term blocks of about `size` bytes before compression, whose names begin with `name`.
    pub(crate) fn of_terms(name: &str, size: usize) -> Self {
        Self::new(name, 6, TermWriter::default(), size)
    }
}

impl BlockWriter for TermWriter {
    type Entry<'a> = &'a RowRef<'a>;
    type Head = (Kind, String, u32);
    type Reference = TermBlock;

    fn push(&mut self, row: &RowRef<'_>) {
        if self.first.is_none() {
            self.first = Some((row.kind, String::from_utf8_lossy(row.term).into_owned()));
        }
        self.rows.push(row);
    }

    fn raw_len(&self) -> usize {
        self.rows.raw_len()
    }

    fn finish(&mut self) -> Result<Option<Block<Self::Head>>, FormatError> {
        let Some((kind, first)) = self.first.take() else { return Ok(None) };
        let rows = self.rows.rows();
        Ok(Some(((kind, first, rows), self.rows.finish()?)))
    }

    fn reference((kind, first, rows): Self::Head, block: BlockRef) -> TermBlock {
        TermBlock { kind, first, rows, block }
    }
}

#[cfg(test)]
mod tests {
    use store::Stage;
    use trends::Bucket;

    use super::*;
    use crate::attempt::Attempt;
    use crate::sorted::{Blocks, RowCursor};
    use crate::testing::{Fixture, counts, post};

    #[test]
    fn full_blocks_are_stored_under_numbered_names_with_their_first_terms() {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = fixture.plan("run", &fixture.spec());
        let context = fixture.context("run", "attempt");
        let attempt = Attempt::new(&context, &plan, Stage::Aggregate, 0_u32);
        let mut sink = BlockSink::new(&attempt);
        let mut looked_up = TermBlocks::of_terms("terms", 300);
        let mut bare = ReferencedBlocks::new("plain", 3, RowWriter::default(), 300);
        let terms: Vec<String> = (100..200).map(|n| format!("term-{n}")).collect();
        for term in &terms {
            let (kind, term, bucket) = (Kind::Word, term.as_bytes(), Bucket::WHOLE);
            let row = RowRef { kind, term, bucket, count: 3, documents: 2, detail: &[] };
            looked_up.add(&row, &mut sink).unwrap();
            bare.add(&row, &mut sink).unwrap();
        }
        let references = looked_up.finish(&mut sink).unwrap();
        let bare = bare.finish(&mut sink).unwrap();
        sink.finish().unwrap();
        assert!(references.len() > 2, "{}", references.len());
        let mut place = 0;
        for (number, block) in references.iter().enumerate() {
            assert_eq!(block.block.name, format!("terms-{number:06}"));
            assert_eq!((block.kind, &block.first), (Kind::Word, &terms[place]));
            place += block.rows as usize;
        }
        assert_eq!(place, terms.len());
        assert_eq!(bare[1].name, "plain-001");
        let expected: Vec<_> = terms.into_iter().map(|term| (term, 3, 2)).collect();
        for blocks in [references.iter().map(|block| &block.block).collect(), bare.iter().collect()]
        {
            let blocks: Vec<&BlockRef> = blocks;
            let blocks = Blocks::stored(&context, attempt.key.clone(), blocks);
            assert_eq!(counts(RowCursor::new(blocks).unwrap()), expected);
        }
    }

    #[test]
    fn without_entries_no_block_is_stored() {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = fixture.plan("run", &fixture.spec());
        let context = fixture.context("run", "attempt");
        let attempt = Attempt::new(&context, &plan, Stage::Aggregate, 0_u32);
        let mut sink = BlockSink::new(&attempt);
        assert_eq!(TermBlocks::of_terms("terms", 300).finish(&mut sink).unwrap(), []);
        sink.finish().unwrap();
        assert_eq!(attempt.stored.into_inner(), 0);
    }
}
