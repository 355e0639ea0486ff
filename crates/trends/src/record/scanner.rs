//! The judge of one line: a strict RFC 8259 parser that keeps only the values that pointers lead
//! to. Owns the verdict; validates every byte of a line.
//!
//! The parser recurses along the paths of the pointers only. One loop skips every other value; it
//! keeps one bit per level of nesting, so no line can exhaust the stack.

use super::beginning::{MAX_ENTITIES_BYTES, MAX_FIELD_BYTES, MAX_TEXT_BYTES, beginning};
use super::html::strip_tags as strip_tags_of;
use super::pointer::{Fields, Part};
use super::strings::{string_end, unescape};
use super::verdict::{Empty, Judgement, Malformed, Record};

/// The deepest nesting; the outermost object has depth 1.
const MAX_DEPTH: u32 = 128;

/// Judges lines, one after the other.
#[derive(Debug)]
pub struct Scanner {
    nodes: Vec<Node>,
    strip_tags: bool,
    /// By pointer: the part that it leads to. The pointers to a part are in order of preference.
    parts: Vec<Part>,
    /// By pointer: the value that it found in the line.
    found: Vec<Option<ValueSpan>>,
    /// True if all pointers lead to the text.
    text_only: bool,
    /// A buffer for a key whose escapes must be resolved.
    key: Vec<u8>,
    buffers: Buffers,
}

/// Buffers for the parts of a record whose escapes must be resolved.
#[derive(Debug, Default)]
struct Buffers {
    text: Vec<u8>,
    stripped: Vec<u8>,
    time: Vec<u8>,
    author: Vec<u8>,
    id: Vec<u8>,
    language: Vec<u8>,
}

/// A node of the tree of pointers.
#[derive(Debug, Default)]
struct Node {
    children: Vec<Child>,
    /// The pointers that end at this node.
    pointers: Vec<usize>,
    /// The pointers that end at this node or below it.
    below: Vec<usize>,
}

/// An edge from a node to the node below it.
#[derive(Debug)]
struct Child {
    key: Vec<u8>,
    /// The key as an array index, if it is one.
    index: Option<u64>,
    /// The index of the node in `Scanner::nodes`.
    node: usize,
}

/// The bytes of a value in the line; those of a string are without its quotes.
#[derive(Debug, Clone, Copy)]
struct ValueSpan {
    start: usize,
    end: usize,
    /// True for a string with escapes.
    escaped: bool,
}

/// The reason why a line is malformed, and the byte at which it was found.
type Fault = (Malformed, usize);

impl Scanner {
    /// Creates a scanner for these fields.
    pub fn new(fields: &Fields) -> Self {
        let mut nodes = vec![Node::default()];
        for (number, (_, pointer)) in fields.pointers.iter().enumerate() {
            let mut at = 0;
            nodes[0].below.push(number);
            for part in &pointer.parts {
                let known = nodes[at].children.iter().find(|child| child.key == part.as_bytes());
                let next = if let Some(child) = known {
                    child.node
                } else {
                    let node = nodes.len();
                    // By RFC 6901 an index has no leading zeros.
                    let index = part.parse().ok().filter(|index: &u64| index.to_string() == *part);
                    nodes[at].children.push(Child { key: part.clone().into_bytes(), index, node });
                    nodes.push(Node::default());
                    node
                };
                nodes[next].below.push(number);
                at = next;
            }
            nodes[at].pointers.push(number);
        }
        Self {
            nodes,
            strip_tags: fields.strip_tags,
            parts: fields.pointers.iter().map(|(part, _)| *part).collect(),
            found: vec![None; fields.pointers.len()],
            text_only: fields.pointers.iter().all(|(part, _)| *part == Part::Text),
            key: Vec::new(),
            buffers: Buffers::default(),
        }
    }

    /// Judges a line, given without its newline.
    pub fn judge<'a>(&'a mut self, line: &'a [u8]) -> Judgement<'a> {
        // Faster than `std::str` on long lines.
        match simdutf8::compat::from_utf8(line) {
            Ok(_) => self.judge_utf8(line),
            Err(error) => Judgement::Malformed(Malformed::Utf8, error.valid_up_to()),
        }
    }

    /// Judges a line of valid UTF-8.
    pub fn judge_utf8<'a>(&'a mut self, line: &'a [u8]) -> Judgement<'a> {
        self.found.fill(None);
        let mut parser = Parser {
            line,
            nodes: &self.nodes,
            parts: &self.parts,
            found: &mut self.found,
            key: &mut self.key,
            depth: 0,
        };
        match parser.line() {
            Err((reason, at)) => Judgement::Malformed(reason, at.min(line.len())),
            Ok(false) => Judgement::Empty(Empty::Blank),
            Ok(true) => {
                self.record(line).map_or(Judgement::Empty(Empty::NoText), Judgement::Record)
            }
        }
    }

    /// Returns the record of the parsed line, `None` if it has no text.
    fn record<'a>(&'a mut self, line: &'a [u8]) -> Option<Record<'a>> {
        let Self { parts, found, buffers, strip_tags, text_only, .. } = self;
        let first = |wanted: Part| {
            let mut of_part = parts.iter().zip(found.iter()).filter(|(part, _)| **part == wanted);
            of_part.find_map(|(_, text)| *text)
        };
        let Buffers { text, stripped, time, author, id, language } = buffers;
        let mut found_text = first(Part::Text)?;
        let mut entities = None;
        if !*text_only {
            entities = first(Part::Entities);
            if first(Part::Truncated).is_some()
                && let Some(long) = first(Part::LongText)
            {
                found_text = long;
                entities = first(Part::LongEntities).or(entities);
            }
        }
        let (mut content, mut is_cut) = resolved(line, found_text, text, MAX_TEXT_BYTES);
        if *strip_tags {
            stripped.clear();
            strip_tags_of(content, stripped);
            content = stripped;
        }
        if *text_only {
            let (time, author, id, language) = (None, None, None, None);
            return Some(Record {
                text: content,
                time,
                author,
                id,
                language,
                entities: None,
                is_cut,
            });
        }
        let mut field = |wanted: Part, buffer: &'a mut Vec<u8>| {
            let (content, is_longer) = resolved(line, first(wanted)?, buffer, MAX_FIELD_BYTES);
            is_cut |= is_longer;
            Some(content)
        };
        let (time, author) = (field(Part::Time, time), field(Part::Author, author));
        let (id, language) = (field(Part::Id, id), field(Part::Language, language));
        let entities = entities.and_then(|found| line.get(found.start..found.end));
        is_cut |= entities.is_some_and(|json| json.len() > MAX_ENTITIES_BYTES);
        let entities = entities.filter(|json| json.len() <= MAX_ENTITIES_BYTES);
        Some(Record { text: content, time, author, id, language, entities, is_cut })
    }
}

/// Returns the bytes of a value, at most `limit`, and true if it has more. They are in `buffer` if
/// escapes had to be resolved.
fn resolved<'a>(
    line: &'a [u8],
    found: ValueSpan,
    buffer: &'a mut Vec<u8>,
    limit: usize,
) -> (&'a [u8], bool) {
    let mut content = line.get(found.start..found.end).unwrap_or_default();
    if found.escaped {
        buffer.clear();
        unescape(content, limit, buffer);
        content = buffer;
    }
    (beginning(content, limit), content.len() > limit)
}

struct Parser<'a> {
    line: &'a [u8],
    nodes: &'a [Node],
    parts: &'a [Part],
    found: &'a mut [Option<ValueSpan>],
    key: &'a mut Vec<u8>,
    depth: u32,
}

impl Parser<'_> {
    /// Parses the whole line. Returns false if it is blank.
    fn line(&mut self) -> Result<bool, Fault> {
        let start = self.space(0);
        if start == self.line.len() {
            return Ok(false);
        }
        let is_object = self.byte(start) == b'{';
        let end = if is_object { self.value(start, 0)? } else { self.skip(start)? };
        let end = self.space(end);
        if end < self.line.len() {
            Err((Malformed::Trailing, end))
        } else if is_object {
            Ok(true)
        } else {
            Err((Malformed::NotObject, start))
        }
    }

    /// Returns the byte at a position, or 0 past the end of the line. JSON has no byte 0, so 0
    /// matches no token.
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.line.get(at).copied().unwrap_or(0)
    }

    /// Returns the position after white space.
    #[inline]
    fn space(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t' | b'\r' | b'\n') {
            at += 1;
        }
        at
    }

    #[inline]
    fn string(&self, open: usize) -> Result<ValueSpan, Fault> {
        let start = open + 1;
        // With `map_err` and `?` instead, judging takes 8% longer.
        match string_end(self.line, start) {
            Ok((end, escaped)) => Ok(ValueSpan { start, end, escaped }),
            Err(at) => Err((Malformed::Syntax, at)),
        }
    }

    fn enter(&mut self, at: usize) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err((Malformed::TooDeep, at)) } else { Ok(()) }
    }

    /// Parses a value on the path of a pointer. Returns the position after it.
    fn value(&mut self, at: usize, node: usize) -> Result<usize, Fault> {
        let nodes = self.nodes;
        let Some(node) = nodes.get(node) else { return self.skip(at) };
        match self.byte(at) {
            b'"' => {
                let text = self.string(at)?;
                self.keep(node, text, b'"');
                Ok(text.end + 1)
            }
            b'{' if !node.children.is_empty() => self.object(at, node),
            b'[' if node.children.iter().any(|child| child.index.is_some()) => self.array(at, node),
            begin => {
                let end = self.skip(at)?;
                self.keep(node, ValueSpan { start: at, end, escaped: false }, begin);
                Ok(end)
            }
        }
    }

    /// Keeps a value whose first byte is `begin` for the pointers that end at it and whose part may
    /// have its type.
    #[inline]
    fn keep(&mut self, node: &Node, value: ValueSpan, begin: u8) {
        for pointer in &node.pointers {
            let takes = match self.parts.get(*pointer) {
                Some(Part::Text | Part::LongText | Part::Language) => begin == b'"',
                Some(Part::Time | Part::Author | Part::Id) => {
                    matches!(begin, b'"' | b'-' | b'0'..=b'9')
                }
                Some(Part::Truncated) => begin == b't',
                Some(Part::Entities | Part::LongEntities) => begin == b'{',
                None => false,
            };
            if takes {
                self.found[*pointer] = Some(value);
            }
        }
    }

    fn object(&mut self, open: usize, node: &Node) -> Result<usize, Fault> {
        self.enter(open)?;
        let mut at = self.space(open + 1);
        if self.byte(at) == b'}' {
            self.depth -= 1;
            return Ok(at + 1);
        }
        loop {
            if self.byte(at) != b'"' {
                return Err((Malformed::Syntax, at));
            }
            let key = self.string(at)?;
            let child = self.child(node, key);
            at = self.colon(key.end + 1)?;
            at = match child {
                Some(child) => self.replace(at, child)?,
                None => self.skip(at)?,
            };
            at = self.space(at);
            match self.byte(at) {
                b',' => at = self.space(at + 1),
                b'}' => {
                    self.depth -= 1;
                    return Ok(at + 1);
                }
                _ => return Err((Malformed::Syntax, at)),
            }
        }
    }

    fn array(&mut self, open: usize, node: &Node) -> Result<usize, Fault> {
        self.enter(open)?;
        let mut at = self.space(open + 1);
        if self.byte(at) == b']' {
            self.depth -= 1;
            return Ok(at + 1);
        }
        for index in 0.. {
            let child = node.children.iter().find(|child| child.index == Some(index));
            at = match child {
                Some(child) => self.replace(at, child.node)?,
                None => self.skip(at)?,
            };
            at = self.space(at);
            match self.byte(at) {
                b',' => at = self.space(at + 1),
                b']' => break,
                _ => return Err((Malformed::Syntax, at)),
            }
        }
        self.depth -= 1;
        Ok(at + 1)
    }

    /// Parses a value on a path after forgetting the values of an earlier duplicate key: the last
    /// one wins.
    fn replace(&mut self, at: usize, node: usize) -> Result<usize, Fault> {
        let nodes = self.nodes;
        for pointer in nodes.get(node).map_or(&[][..], |node| node.below.as_slice()) {
            self.found[*pointer] = None;
        }
        self.value(at, node)
    }

    /// Returns the node that a key leads to. Keys are compared with their escapes resolved.
    #[inline]
    fn child(&mut self, node: &Node, key: ValueSpan) -> Option<usize> {
        let mut name = self.line.get(key.start..key.end).unwrap_or_default();
        if key.escaped {
            self.key.clear();
            // No pointer has a part as long as that.
            unescape(name, MAX_FIELD_BYTES, self.key);
            name = self.key;
        }
        node.children.iter().find(|child| child.key == name).map(|child| child.node)
    }

    #[inline]
    fn colon(&self, at: usize) -> Result<usize, Fault> {
        let at = self.space(at);
        if self.byte(at) == b':' { Ok(self.space(at + 1)) } else { Err((Malformed::Syntax, at)) }
    }

    /// Validates any value and forgets it. Returns the position after it.
    fn skip(&mut self, mut at: usize) -> Result<usize, Fault> {
        let outer = self.depth;
        // Bit 0 is the innermost container: 1 for an object, 0 for an array.
        let mut objects = 0_u128;
        loop {
            match self.byte(at) {
                b'"' => at = self.string(at)?.end + 1,
                open @ (b'{' | b'[') => {
                    self.enter(at)?;
                    objects = objects << 1 | u128::from(open == b'{');
                    at = self.space(at + 1);
                    // For both kinds, the closing bracket's byte is the opening one's plus 2.
                    if self.byte(at) == open + 2 {
                        self.depth -= 1;
                        objects >>= 1;
                        at += 1;
                    } else {
                        if open == b'{' {
                            at = self.key(at)?;
                        }
                        continue;
                    }
                }
                b't' => at = self.literal(at, b"true")?,
                b'f' => at = self.literal(at, b"false")?,
                b'n' => at = self.literal(at, b"null")?,
                _ => at = self.number(at)?,
            }
            loop {
                if self.depth == outer {
                    return Ok(at);
                }
                at = self.space(at);
                let in_object = objects & 1 == 1;
                match self.byte(at) {
                    b',' => {
                        at = self.space(at + 1);
                        if in_object {
                            at = self.key(at)?;
                        }
                        break;
                    }
                    close if close == if in_object { b'}' } else { b']' } => {
                        self.depth -= 1;
                        objects >>= 1;
                        at += 1;
                    }
                    _ => return Err((Malformed::Syntax, at)),
                }
            }
        }
    }

    #[inline]
    fn key(&self, at: usize) -> Result<usize, Fault> {
        if self.byte(at) != b'"' {
            return Err((Malformed::Syntax, at));
        }
        self.colon(self.string(at)?.end + 1)
    }

    fn literal(&self, at: usize, literal: &[u8]) -> Result<usize, Fault> {
        let end = at + literal.len();
        if self.line.get(at..end) == Some(literal) { Ok(end) } else { Err((Malformed::Syntax, at)) }
    }

    /// Parses a number of any size: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    #[inline]
    fn number(&self, start: usize) -> Result<usize, Fault> {
        let mut at = start + usize::from(self.byte(start) == b'-');
        at = match self.byte(at) {
            b'0' => at + 1,
            b'1'..=b'9' => self.digits(at),
            _ => return Err((Malformed::Syntax, at)),
        };
        if self.byte(at) == b'.' {
            at = self.some_digits(at + 1)?;
        }
        if matches!(self.byte(at), b'e' | b'E') {
            at += 1;
            at = self.some_digits(at + usize::from(matches!(self.byte(at), b'+' | b'-')))?;
        }
        Ok(at)
    }

    /// Returns the position after any digits.
    #[inline]
    fn digits(&self, mut at: usize) -> usize {
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        at
    }

    /// Returns the position after at least one digit.
    fn some_digits(&self, at: usize) -> Result<usize, Fault> {
        let end = self.digits(at);
        if end > at { Ok(end) } else { Err((Malformed::Syntax, at)) }
    }
}
