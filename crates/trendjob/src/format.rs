//! JSON with a format version, which the operator and its workers exchange. Owns the refusal of
//! newer formats; doesn't know any content.

use serde::{Deserialize, de::DeserializeOwned};

/// The error for JSON that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum InvalidFormat {
    /// The format is newer than the newest that this program reads.
    #[error(
        "it has format {found}, and this version knows {known}: the operator and its workers must be of one version"
    )]
    Newer {
        /// The format.
        found: u32,
        /// The newest format that is read.
        known: u32,
    },
    /// The text is not JSON, or not of this format.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Reads JSON of the format `known` or an earlier one.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str, known: u32) -> Result<T, InvalidFormat> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    // The format is read first, because a newer format may have fields that are unknown here.
    let Version { format: found } = serde_json::from_str(json)?;
    if found > known {
        return Err(InvalidFormat::Newer { found, known });
    }
    Ok(serde_json::from_str(json)?)
}
