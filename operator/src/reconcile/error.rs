//! The errors of a pass: the work that failed, the Kubernetes object it was done to, and the
//! cause.

/// The error that ended a pass early. The next pass repeats the work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API server refused a request or did not answer.
    #[error("{doing} failed")]
    Api {
        /// The work that failed, and the Kubernetes object it was done to.
        doing: String,
        /// The cause.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server did not answer in time. Holds the work, and the Kubernetes object it was
    /// done to.
    #[error("{0} was not answered in time")]
    Unanswered(String),
    /// The API server, or one of its webhooks, refuses to create a Kubernetes object.
    #[error("creating {what} was refused: {why}")]
    Refused {
        /// The kind and name of the Kubernetes object.
        what: String,
        /// The message of the API server.
        why: String,
    },
    /// The namespace is being deleted. Holds the work, and the Kubernetes object it was done to.
    #[error("{0} was refused: the namespace is being deleted")]
    NamespaceTerminating(String),
    /// The run began in an earlier pass, and the status does not show it yet.
    #[error("the run has begun already")]
    AlreadyStarted,
    /// The TrendJob was deleted, or is another one of the same name.
    #[error("the TrendJob was deleted or created again in the meantime")]
    Gone,
}

impl Error {
    /// The reason, one word, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Gone => "Gone",
            Self::AlreadyStarted => "AlreadyStarted",
            Self::Refused { .. } => "Refused",
            Self::NamespaceTerminating(_) => "NamespaceTerminating",
            Self::Unanswered(_) => "Unanswered",
            Self::Api { source, .. } => match &**source {
                kube::Error::Api(status) => match status.code {
                    403 => "Forbidden",
                    404 => "NotFound",
                    409 => "Conflict",
                    422 => "Invalid",
                    429 => "TooManyRequests",
                    _ => "ApiServer",
                },
                _ => "Connection",
            },
        }
    }

    /// Returns true for an error that normal operation causes now and then: another pass is enough.
    pub(super) fn is_usual(&self) -> bool {
        match self {
            Self::AlreadyStarted | Self::Gone | Self::NamespaceTerminating(_) => true,
            Self::Api { source, .. } => {
                matches!(&**source, kube::Error::Api(status) if matches!(status.code, 404 | 409))
            }
            Self::Unanswered(_) | Self::Refused { .. } => false,
        }
    }
}

/// Turns an error of the client into one that names the work that failed.
pub(super) fn doing(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Error {
    let doing = what.into();
    move |source| Error::Api { doing, source: Box::new(source) }
}
