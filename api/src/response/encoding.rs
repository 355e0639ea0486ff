//! Compressed responses. Owns the choice among the encodings that a caller accepts. A body is
//! encoded as a whole, once for all callers, so its length is known, also for HEAD.

use std::io::{self, Write as _};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The fewest bytes of a body that is encoded: a shorter one fits into one packet.
pub(super) const WORTH_IT: usize = 1400;

/// The level of zstd: its default, above which time grows faster than the saving.
const ZSTD_LEVEL: i32 = 3;

/// The encodings, the one that compresses better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Zstd,
    Gzip,
}

impl Encoding {
    pub(super) const ALL: [Self; 2] = [Self::Zstd, Self::Gzip];

    pub(super) const fn name(self) -> HeaderValue {
        match self {
            Self::Zstd => HeaderValue::from_static("zstd"),
            Self::Gzip => HeaderValue::from_static("gzip"),
        }
    }

    /// The encoding that the caller prefers, if it is one of these (RFC 9110, 12.5.3). If no
    /// encoding is acceptable, the body is sent unencoded, which the RFC allows.
    pub(super) fn preferred(headers: &HeaderMap) -> Option<Self> {
        let weight = |names: &[&str]| {
            let items = headers.get_all(header::ACCEPT_ENCODING).iter();
            let items =
                items.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
            let weights = items.filter_map(|item| weight(item, names));
            weights.max_by_key(|(exact, _)| *exact).map(|(_, weight)| weight)
        };
        let plain = weight(&["identity"]).unwrap_or(0);
        let gzip = weight(&["gzip", "x-gzip", "*"]).unwrap_or(0);
        let zstd = weight(&["zstd", "*"]).unwrap_or(0);
        let best = if zstd >= gzip { (Self::Zstd, zstd) } else { (Self::Gzip, gzip) };
        (best.1 > 0 && best.1 >= plain).then_some(best.0)
    }

    pub(super) fn encode(self, body: &[u8]) -> io::Result<Bytes> {
        match self {
            Self::Zstd => zstd::bulk::compress(body, ZSTD_LEVEL).map(Bytes::from),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(body)?;
                encoder.finish().map(Bytes::from)
            }
        }
    }
}

/// The weight that an item gives to one of these names, in thousandths, and true if it has the
/// exact name.
fn weight(item: &str, names: &[&str]) -> Option<(bool, u16)> {
    let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
    let name = name.trim();
    let found = names.iter().find(|known| known.eq_ignore_ascii_case(name))?;
    let weight = match parameters.trim().split_once('=') {
        Some((q, weight)) if q.trim_end().eq_ignore_ascii_case("q") => {
            weight.trim().parse().unwrap_or(0.0)
        }
        _ => 1.0_f32,
    };
    Some((*found != "*", (weight.clamp(0.0, 1.0) * 1000.0) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(accepted: &[&str]) -> Option<Encoding> {
        let mut headers = HeaderMap::new();
        for value in accepted {
            headers.append(header::ACCEPT_ENCODING, value.parse().unwrap());
        }
        Encoding::preferred(&headers)
    }

    #[test]
    fn the_encoding_is_chosen_by_weight_and_zstd_comes_before_gzip() {
        use Encoding::{Gzip, Zstd};
        for (accepted, expected) in [
            (&[][..], None),
            (&[""], None),
            (&["br, deflate"], None),
            (&["gzip"], Some(Gzip)),
            (&["GZIP"], Some(Gzip)),
            (&["x-gzip"], Some(Gzip)),
            (&["gzip, deflate, br, zstd"], Some(Zstd)),
            (&["gzip", "zstd"], Some(Zstd)),
            (&["zstd;q=0.5, gzip;q=0.8"], Some(Gzip)),
            (&["zstd; q=0, gzip"], Some(Gzip)),
            (&["gzip;q=0"], None),
            (&["gzip;q=0, *"], Some(Zstd)),
            (&["*;q=0"], None),
            (&["*;q=0, gzip;q=0.001"], Some(Gzip)),
            (&["identity, gzip;q=0.5"], None),
            (&["identity;q=0.5, gzip;q=0.5"], Some(Gzip)),
            (&["gzip;q=most"], None),
        ] {
            assert_eq!(preferred(accepted), expected, "{accepted:?}");
        }
    }

    #[test]
    fn encoded_bodies_decode_to_themselves() {
        use std::io::Read as _;
        let body = "trends ".repeat(1000).into_bytes();
        let zstd = Encoding::Zstd.encode(&body).unwrap();
        assert_eq!(zstd::stream::decode_all(&zstd[..]).unwrap(), body);
        let gzip = Encoding::Gzip.encode(&body).unwrap();
        let mut decoded = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, body);
        assert!(zstd.len() < 200 && gzip.len() < 200);
    }
}
