//! Objects at http and https URLs. Owns requests by range, the check that every answer has the
//! version that was planned, and the repetition of a request from where its answer was cut.
//!
//! An object is read in pieces, each a request of its own, so that every request ends within a
//! bounded time and only the missing bytes of a cut answer are requested again. A server without
//! ranges is read in one piece, and a cut answer ends the attempt.

use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::compression::Compression;
use super::object::{self, Object, ObjectLocation};
use super::remote::{Credentials, Remote};
use crate::Error;
use crate::cancel::Cancel;

/// Bytes of a request within a chunk, and past its end, where mostly the rest of one line is
/// wanted.
const PIECE: u64 = 8 << 20;
const TAIL: u64 = 64 << 10;

/// The longest time for a connection, the head of an answer, silence within an answer, and a piece.
const CONNECT: Duration = Duration::from_secs(10);
const HEAD: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_mins(1);
const BODY: Duration = Duration::from_mins(2);

/// Requests the size, compression and version of the object at a URL.
///
/// # Errors
/// If the server refuses the request, answers without a size, or doesn't answer in time.
pub(crate) fn inspect(
    remote: &Remote,
    cancel: &Cancel,
    uri: &str,
    declared: Option<Compression>,
) -> Result<Object, Error> {
    let target = Target::new(remote, uri)?;
    let mut attempts = Attempts::new(remote);
    loop {
        match target.look(declared) {
            Ok(object) => return Ok(object),
            Err(fault) => attempts.wait(cancel, uri, fault)?,
        }
    }
}

/// The failure of a request.
enum Fault {
    /// Another request may succeed.
    Passing(io::Error),
    /// Another request would fail, too.
    Final(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// A URL and the settings of its requests.
#[derive(Debug)]
struct Target<'a> {
    uri: &'a str,
    agent: Agent,
    authorization: Option<String>,
}

impl<'a> Target<'a> {
    fn new(remote: &Remote, uri: &'a str) -> Result<Self, Error> {
        let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.contains('@') {
            return Err(Error::Input(
                "a URL of the input holds a user name or password: put them into the Secret of credentialsSecretRef (HTTP_USERNAME, HTTP_PASSWORD)".to_owned(),
            ));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(HEAD))
            .timeout_per_read(Some(SILENCE.min(remote.patience)))
            .timeout_recv_body(Some(BODY))
            .user_agent(concat!("trendjob/", env!("CARGO_PKG_VERSION")))
            .build();
        let authorization = remote.credentials.as_ref().map(authorization);
        Ok(Self { uri, agent: config.new_agent(), authorization })
    }

    /// Requests the bytes from `range.0` up to but not including `range.1`, or all.
    fn request(&self, range: Option<(u64, u64)>) -> Result<Response<Body>, Fault> {
        // The bytes must come as they are stored: compression on the way would have offsets of its
        // own.
        let mut request = self.agent.get(self.uri).header(header::ACCEPT_ENCODING, "identity");
        if let Some((from, to)) = range {
            request = request.header(header::RANGE, format!("bytes={from}-{}", to - 1));
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = if range.is_none() {
            // The whole object in one answer may take any time, but not be silent for long.
            request.config().timeout_recv_body(None).build()
        } else {
            request
        };
        let response = request.call().map_err(|error| self.fault(error))?;
        let status = response.status();
        if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(response);
        }
        let answer = format!("{} answered {status}", self.uri);
        let passing = status.is_server_error()
            || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        Err(if passing {
            Fault::Passing(io::Error::other(answer))
        } else {
            let hint = match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    "credentials come from the Secret of credentialsSecretRef (HTTP_BEARER_TOKEN, or HTTP_USERNAME and HTTP_PASSWORD)"
                }
                StatusCode::NOT_FOUND | StatusCode::GONE => "check the URL",
                _ => "the server refuses the request, and would refuse it again",
            };
            Fault::Final(Error::Input(format!("{answer}: {hint}")))
        })
    }

    fn fault(&self, error: ureq::Error) -> Fault {
        match error {
            ureq::Error::BadUri(what) => {
                Fault::Final(Error::Input(format!("{} is not a valid URL: {what}", self.uri)))
            }
            error => Fault::Passing(io::Error::other(error)),
        }
    }

    fn look(&self, declared: Option<Compression>) -> Result<Object, Fault> {
        let mut response = self.request(Some((0, 4)))?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            // The object is empty, or the server supports no ranges at all.
            response = self.request(None)?;
        }
        let size = size_of_object(&response).ok_or_else(|| {
            Error::Input(format!(
                "{} can't be planned: the server's answer has no size (neither Content-Range nor Content-Length); download it and give the file",
                self.uri
            ))
        })?;
        let version = version(&response);
        // Without a version in the answers, pieces could be of different versions, so the object is
        // read in one answer.
        let ranges = version.is_some() && is_part(&response, 0);
        let mut head = Vec::new();
        if size > 0 {
            let mut body = response.into_body().into_reader().take(4);
            body.read_to_end(&mut head).map_err(Fault::Passing)?;
        }
        let compression = object::compression(self.uri, &head, declared)?;
        let location = ObjectLocation::Http { url: self.uri.to_owned(), version, ranges };
        Ok(Object { name: self.uri.to_owned(), size, compression, location })
    }
}

fn authorization(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Bearer(token) => format!("Bearer {token}"),
        Credentials::Basic { user, password } => {
            use base64::Engine as _;
            let both = format!("{user}:{password}");
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(both))
        }
    }
}

/// Returns the size of the whole object: the number after the slash of `Content-Range`, or the
/// length of a whole answer.
fn size_of_object(response: &Response<Body>) -> Option<u64> {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    if response.status() == StatusCode::PARTIAL_CONTENT {
        return text(header::CONTENT_RANGE)?.rsplit_once('/')?.1.parse().ok();
    }
    text(header::CONTENT_LENGTH)?.parse().ok()
}

/// Returns true if an answer is the part of the object that begins at an offset: `bytes 5-9/100`.
/// Anything else, such as a part of a multipart message, is not what was requested.
fn is_part(response: &Response<Body>, from: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok()?.strip_prefix("bytes "));
    let first = range.and_then(|range| range.split_once('-')?.0.trim().parse().ok());
    response.status() == StatusCode::PARTIAL_CONTENT && first == Some(from)
}

fn version(response: &Response<Body>) -> Option<String> {
    let headers = response.headers();
    let value = headers.get(header::ETAG).or_else(|| headers.get(header::LAST_MODIFIED))?;
    value.to_str().ok().map(str::to_owned)
}

/// The delays before repeated requests.
struct Attempts {
    remote: Remote,
    delays: Box<dyn Iterator<Item = Duration>>,
}

impl Attempts {
    fn new(remote: &Remote) -> Self {
        let delays = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(10))
            .with_total_delay(Some(remote.patience))
            .without_max_times()
            .with_jitter()
            .build();
        Self { remote: remote.clone(), delays: Box::new(delays) }
    }

    /// Waits before the next request. Fails if the fault is final or the patience is over.
    #[expect(clippy::disallowed_methods, reason = "readers of input are threads that may block")]
    fn wait(&mut self, cancel: &Cancel, uri: &str, fault: Fault) -> Result<(), Error> {
        let error = match fault {
            Fault::Passing(error) => error,
            Fault::Final(error) => return Err(error),
        };
        cancel.check()?;
        let Some(delay) = self.delays.next() else {
            return Err(Error::Read { path: PathBuf::from(uri), offset: None, source: error });
        };
        tracing::warn!(uri, %error, ?delay, "trying the server again");
        std::thread::sleep(delay);
        Ok(())
    }

    /// Starts the patience again, because bytes have arrived.
    fn succeeded(&mut self) {
        *self = Self::new(&self.remote);
    }
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
    /// The rest of the current piece, and the offset of its end.
    piece: Option<(Box<dyn Read + Send>, u64)>,
    attempts: Attempts,
    cancel: Cancel,
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
            piece: None,
            attempts: Attempts::new(remote),
            cancel: cancel.clone(),
        })
    }

    /// Requests the next piece.
    fn open_piece(&mut self) -> Result<(), Fault> {
        let (size, name) = (self.object.size, &self.object.name);
        let step = if self.at < self.wanted { PIECE.min(self.wanted - self.at) } else { TAIL };
        let end = if self.ranges { (self.at + step).min(size) } else { size };
        if !self.ranges && self.at > 0 {
            let cut = io::Error::from(io::ErrorKind::ConnectionAborted);
            let (path, offset) = (PathBuf::from(name), Some(self.at));
            // A retry may succeed: another attempt begins at the first byte.
            return Err(Fault::Final(Error::Read { path, offset, source: cut }));
        }
        let response = self.target.request(self.ranges.then_some((self.at, end)))?;
        if version(&response).as_deref() != self.version {
            let now = version(&response).unwrap_or_else(|| "nothing".to_owned());
            let planned = self.version.unwrap_or("nothing");
            return Err(self
                .object
                .changed(format!("its version is {now} instead of {planned}"))
                .into());
        }
        let is_requested = if self.ranges {
            is_part(&response, self.at)
        } else {
            response.status() == StatusCode::OK
        };
        if !is_requested {
            let range = response.headers().get(header::CONTENT_RANGE);
            let what = format!(
                "the server answered {} with {range:?} to a request for the bytes from {}",
                response.status(),
                self.at
            );
            return Err(self.object.changed(what).into());
        }
        if let Some(now) = size_of_object(&response).filter(|now| *now != size) {
            return Err(self.object.changed(format!("{now} bytes instead of {size}")).into());
        }
        let body = response.into_body().into_reader().take(end - self.at);
        self.piece = Some((Box::new(body), end));
        Ok(())
    }

    /// Reads from the current piece. Fails if it ended too early.
    fn read_piece(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        if self.piece.is_none() {
            self.open_piece()?;
        }
        let Some((piece, end)) = &mut self.piece else { return Ok(0) };
        let end = *end;
        match piece.read(buffer) {
            Ok(count) if count > 0 => {
                self.at += count as u64;
                if self.at == end {
                    self.piece = None;
                }
                Ok(count)
            }
            Ok(_) => Err(Fault::Passing(io::ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(Fault::Passing(error)),
        }
    }
}

impl Read for HttpReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at >= self.object.size {
            return Ok(0);
        }
        loop {
            match self.read_piece(buffer) {
                Ok(count) => {
                    self.attempts.succeeded();
                    return Ok(count);
                }
                Err(fault) => {
                    self.piece = None;
                    let name = &self.object.name;
                    self.attempts.wait(&self.cancel, name, fault).map_err(io::Error::other)?;
                }
            }
        }
    }
}
