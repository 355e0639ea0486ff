//! Objects at http and https URLs. Owns requests by range, the check that every answer has the
//! version that was planned, and the repetition of a request from where its answer was cut.
//!
//! An object is read in pieces, each a request of its own, so that every request ends within a
//! bounded time and only the missing bytes of a cut answer are requested again. A server without
//! ranges, or without a version that ties parts together, is read in one piece, and a cut answer
//! ends the attempt.

#[cfg(test)]
mod fuzz;
mod patience;
mod target;
mod version;

use std::io::{self, Read};
use std::path::PathBuf;

use ureq::http::header::HeaderName;
use ureq::http::{HeaderValue, Response, StatusCode, header};
use ureq::{Body, ResponseExt as _};

use super::compression::Compression;
use super::object::{self, Object, ObjectLocation};
use super::remote::Remote;
use crate::Error;
use crate::cancel::Cancel;
use patience::{Fault, Patience};
use target::Target;
use version::{is_of, named, part, size_of_object, version};

/// Bytes of a request within a chunk.
const PIECE: u64 = 8 << 20;

/// Bytes of the first request past the end of a chunk, where mostly the rest of one line is wanted.
/// Each further one is twice as long, up to a piece.
const TAIL: u64 = 64 << 10;

/// Requests the size, compression and version of the object at a URL. Returns the object, and the
/// URL that the server redirected to in the end.
///
/// # Errors
/// If the server refuses the request, answers without a size, or doesn't answer in time.
pub(crate) fn inspect(
    remote: &Remote,
    cancel: &Cancel,
    url: &str,
    declared: Option<Compression>,
) -> Result<(Object, String), Error> {
    let target = Target::new(remote, url)?;
    let mut patience = Patience::new(remote, cancel, &target.name);
    loop {
        match look(&target, url, declared) {
            Ok(found) => return Ok(found),
            Err(fault) => patience.wait(fault, None)?,
        }
    }
}

fn look(
    target: &Target<'_>,
    url: &str,
    declared: Option<Compression>,
) -> Result<(Object, String), Fault> {
    let name = &target.name;
    let mut response = target.request(Some((0, 4)))?;
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        // The object is empty, or the server supports no ranges at all.
        response = target.request(None)?;
    }
    let size = size_of_object(&response).ok_or_else(|| {
        Error::Input(format!(
            "{name} can't be planned: the server's answer doesn't tell its size ({}); download it and give the file",
            size_headers(&response)
        ))
    })?;
    let version = version(&response);
    // Without a version that changes with every byte, pieces could be of different contents, so the
    // object is read in one answer.
    let is_part = part(&response).is_some_and(|part| part.start == 0);
    let ranges = is_part && version.as_ref().is_some_and(|version| version.is_strong);
    let address = response.get_uri().to_string();
    let mut head = Vec::new();
    if size > 0 {
        let mut body = response.into_body().into_reader().take(4);
        body.read_to_end(&mut head).map_err(Fault::Passing)?;
    }
    let compression = object::compression(name, &head, declared)?;
    let version = version.map(|version| version.value);
    let location = ObjectLocation::Http { url: url.to_owned(), version, ranges };
    Ok((Object { name: name.clone(), size, compression, location }, address))
}

/// The answer to a request.
struct Piece {
    body: Box<dyn Read + Send>,
    /// The offset of the end of the answer in the object.
    end: u64,
    /// True if the answer holds all bytes that were requested.
    is_whole: bool,
}

/// The headers that tell a size, in messages.
fn size_headers(response: &Response<Body>) -> String {
    let text = |name: HeaderName| {
        let value = response.headers().get(&name).map(HeaderValue::as_bytes);
        match value {
            Some(value) => format!("{name}: {}", String::from_utf8_lossy(value)),
            None => format!("no {name}"),
        }
    };
    format!("{}, {}", text(header::CONTENT_RANGE), text(header::CONTENT_LENGTH))
}

/// Reads an object from an offset to its end.
pub(crate) struct HttpReader<'a> {
    target: Target<'a>,
    object: &'a Object,
    version: Option<&'a str>,
    ranges: bool,
    /// The offset of the next byte.
    at: u64,
    /// The end of the chunk; past it only the rest of a line is wanted.
    wanted: u64,
    /// Bytes of the next request past the end of the chunk.
    tail: u64,
    /// The rest of the current piece.
    piece: Option<Piece>,
    patience: Patience,
}

impl<'a> HttpReader<'a> {
    /// A reader of `object` from byte `from`, for a chunk that ends at `wanted`.
    pub(crate) fn new(
        remote: &Remote,
        cancel: &Cancel,
        object: &'a Object,
        from: u64,
        wanted: u64,
    ) -> Result<Self, Error> {
        let ObjectLocation::Http { url, version, ranges } = &object.location else {
            return Err(Error::Defect("a local file is read from a server"));
        };
        Ok(Self {
            target: Target::new(remote, url)?,
            object,
            version: version.as_deref(),
            ranges: *ranges,
            at: from,
            wanted,
            tail: TAIL,
            piece: None,
            patience: Patience::new(remote, cancel, &object.name),
        })
    }

    /// Requests the next piece.
    fn open_piece(&mut self) -> Result<(), Fault> {
        let (size, name) = (self.object.size, &self.object.name);
        if !self.ranges && self.at > 0 {
            let cut = io::Error::from(io::ErrorKind::ConnectionAborted);
            let (path, offset) = (PathBuf::from(name), Some(self.at));
            // A retry may succeed: another attempt begins at the first byte.
            return Err(Fault::Final(Error::Read { path, offset, source: cut }));
        }
        let step = if self.at < self.wanted { PIECE.min(self.wanted - self.at) } else { self.tail };
        let end = if self.ranges { (self.at + step).min(size) } else { size };
        let range = self.ranges.then_some((self.at, end));
        let response = self.patience.spend(|| self.target.request(range))?;
        let is_planned = match self.version {
            Some(planned) => is_of(&response, planned),
            None => named(&response).next().is_none(),
        };
        if !is_planned {
            let now = named(&response).next().unwrap_or("nothing");
            let planned = self.version.unwrap_or("nothing");
            return Err(self.changed(format!("its version is {now} instead of {planned}")));
        }
        let answered = if self.ranges {
            part(&response).filter(|part| part.start == self.at).map(|part| part.end.min(end))
        } else {
            (response.status() == StatusCode::OK).then_some(size)
        };
        let Some(answered) = answered else {
            return Err(self.changed(format!(
                "the server answered {} ({}) to a request for the bytes from {}",
                response.status(),
                size_headers(&response),
                self.at
            )));
        };
        if let Some(now) = size_of_object(&response).filter(|now| *now != size) {
            return Err(self.changed(format!("{now} bytes instead of {size}")));
        }
        if self.at >= self.wanted {
            self.tail = (2 * self.tail).min(PIECE);
        }
        let body = response.into_body().into_reader().take(answered - self.at);
        self.piece = Some(Piece { body: Box::new(body), end: answered, is_whole: answered == end });
        Ok(())
    }

    fn changed(&self, what: String) -> Fault {
        Fault::Changed(self.object.changed(what))
    }

    /// Reads from the current piece. Fails if it ended too early.
    fn read_piece(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        if self.piece.is_none() {
            self.open_piece()?;
        }
        let Some(piece) = &mut self.piece else { return Ok(0) };
        let (end, is_whole) = (piece.end, piece.is_whole);
        let count = self.patience.read(|| piece.body.read(buffer)).map_err(Fault::Passing)?;
        if count == 0 {
            let what = format!("the answer ended {} bytes too early", end - self.at);
            let cut = io::Error::new(io::ErrorKind::UnexpectedEof, what);
            return Err(Fault::Passing(cut));
        }
        self.at += count as u64;
        if self.at == end {
            self.piece = None;
            if is_whole {
                self.patience.renew();
            }
        }
        Ok(count)
    }
}

impl Read for HttpReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at >= self.object.size {
            return Ok(0);
        }
        loop {
            match self.read_piece(buffer) {
                Ok(count) => return Ok(count),
                Err(fault) => {
                    self.piece = None;
                    self.patience.wait(fault, Some(self.at)).map_err(io::Error::other)?;
                }
            }
        }
    }
}
