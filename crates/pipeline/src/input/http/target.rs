//! Requests to one URL. Owns the headers that are sent, the time limits, and the judgement which
//! failures another request may mend.

use std::io;
use std::time::Duration;

use ureq::http::{HeaderValue, Response, StatusCode, header};
use ureq::{Agent, Body};

use super::patience::Fault;
use crate::Error;
use crate::input::remote::{Credentials, Remote};
use crate::input::url::shown;

/// The longest time for a connection, the head of an answer, silence within an answer, and a piece.
const CONNECT: Duration = Duration::from_secs(10);
const HEAD: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_mins(1);
const BODY: Duration = Duration::from_mins(2);

/// The beginning of the standard library's error for a host without an address, and the end of the
/// one that passes.
const LOOKUP: &str = "failed to lookup address information";
const LOOKUP_PASSES: &str = "Temporary failure in name resolution";

/// A URL and the settings of its requests.
#[derive(Debug)]
pub(super) struct Target<'a> {
    url: &'a str,
    /// The URL in messages.
    pub(super) name: String,
    agent: Agent,
    authorization: Option<HeaderValue>,
}

impl<'a> Target<'a> {
    pub(super) fn new(remote: &Remote, url: &'a str) -> Result<Self, Error> {
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
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
        let authorization = remote.credentials.as_ref().map(authorization).transpose()?;
        Ok(Self { url, name: shown(url), agent: config.new_agent(), authorization })
    }

    /// Requests the bytes from `range.0` up to but not including `range.1`, or all.
    pub(super) fn request(&self, range: Option<(u64, u64)>) -> Result<Response<Body>, Fault> {
        // The bytes must come as they are stored: compression on the way would have offsets of its
        // own.
        let mut request = self.agent.get(self.url).header(header::ACCEPT_ENCODING, "identity");
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
        let response = request.call().map_err(|error| fault(&self.name, error))?;
        let status = response.status();
        if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
            let encoding = response.headers().get(header::CONTENT_ENCODING);
            if let Some(encoding) = encoding.filter(|encoding| *encoding != "identity") {
                return Err(Fault::Final(Error::Input(format!(
                    "{} is compressed on its way (Content-Encoding: {}), although the request refuses that: its bytes have no fixed offsets; download it and give the file",
                    self.name,
                    String::from_utf8_lossy(encoding.as_bytes())
                ))));
            }
            return Ok(response);
        }
        let answer = format!("{} answered {status}", self.name);
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
}

fn authorization(credentials: &Credentials) -> Result<HeaderValue, Error> {
    let (text, what) = match credentials {
        Credentials::Bearer(token) => (format!("Bearer {token}"), "token (HTTP_BEARER_TOKEN)"),
        Credentials::Basic { user, password } => {
            use base64::Engine as _;
            let both = format!("{user}:{password}");
            let both = base64::engine::general_purpose::STANDARD.encode(both);
            (format!("Basic {both}"), "user name")
        }
    };
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        Error::Input(format!(
            "the {what} of the input can't be sent: it holds a line break or another character that no header may hold; check the Secret of credentialsSecretRef"
        ))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Judges an error of a request: a final one gets a hint.
fn fault(name: &str, error: ureq::Error) -> Fault {
    use ureq::Error as Http;
    let text = error.to_string();
    let hint = match &error {
        Http::BadUri(_) | Http::Http(_) => "this is not a valid URL",
        Http::TooManyRedirects | Http::RedirectFailed => {
            "check the URL; a server that wants a login may redirect without end"
        }
        Http::InvalidProxyUrl => "check the setting of the proxy (HTTPS_PROXY, HTTP_PROXY)",
        Http::LargeResponseHeader(..) => "the server's answer has a head above all bounds",
        Http::RequireHttpsOnly(_) | Http::TlsRequired => "use https",
        _ if text.contains("peer certificate") => {
            "the program doesn't trust the server's certificate: use a host name that it is for, and a certificate of a public authority"
        }
        _ if text.contains("received corrupt message") => {
            "the server speaks no TLS at this port: check the port, or use http"
        }
        Http::Tls(_) | Http::Pem(_) | Http::Rustls(_) => "TLS with this server is not possible",
        Http::HostNotFound => return unresolved(&text),
        Http::Io(io) if io.to_string().starts_with(LOOKUP) => {
            return if text.ends_with(LOOKUP_PASSES) { passing(error) } else { unresolved(&text) };
        }
        _ => return passing(error),
    };
    Fault::Final(Error::Input(format!("{name} can't be requested ({text}): {hint}")))
}

fn passing(error: ureq::Error) -> Fault {
    Fault::Passing(error.into_io())
}

fn unresolved(error: &str) -> Fault {
    Fault::Unresolved(io::Error::other(format!("{error}: check the name of the host in the URL")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io_error(kind: io::ErrorKind, text: &str) -> ureq::Error {
        ureq::Error::Io(io::Error::new(kind, text))
    }

    #[test]
    fn an_error_that_no_retry_mends_is_final_and_has_a_hint() {
        let finals = [
            (ureq::Error::BadUri("no host".to_owned()), "not a valid URL"),
            (ureq::Error::TooManyRedirects, "redirect without end"),
            (ureq::Error::RequireHttpsOnly("http://h".to_owned()), "use https"),
            (
                io_error(io::ErrorKind::InvalidData, "invalid peer certificate: UnknownIssuer"),
                "trust",
            ),
            (
                io_error(
                    io::ErrorKind::InvalidData,
                    "received corrupt message of type InvalidContentType",
                ),
                "use http",
            ),
        ];
        for (error, hint) in finals {
            let Fault::Final(error) = fault("http://h/x", error) else { panic!("{hint}") };
            assert!(error.is_permanent() && error.to_string().contains(hint), "{error}");
            assert!(error.to_string().starts_with("http://h/x can't be requested"), "{error}");
        }
        let lookup = |why| io_error(io::ErrorKind::Other, &format!("{LOOKUP}: {why}"));
        let unknown = fault("u", lookup("Name or service not known"));
        let Fault::Unresolved(error) = unknown else { panic!("the host has no address") };
        assert!(error.to_string().contains("check the name of the host"), "{error}");
        for error in [lookup(LOOKUP_PASSES), io_error(io::ErrorKind::ConnectionRefused, "refused")]
        {
            assert!(matches!(fault("u", error), Fault::Passing(_)));
        }
    }
}
