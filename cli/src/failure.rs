//! The failure of a command: a reason for machines, a message for people, an exit code.

use questions::QuestionError;
use service::error_chain;
use store::StoreError;

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The reason, in one word.
    pub(crate) reason: &'static str,
    /// The operation, its object, the error, and what would be right.
    pub(crate) message: String,
    /// The exit code: 2 usage, 42 permanent, 130 stopped by Ctrl-C, 1 anything else.
    pub(crate) code: u8,
}

impl Failure {
    /// An error in the arguments.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { reason: "Usage", message: message.into(), code: 2 }
    }

    /// An error in input or configuration, which a retry would meet again.
    pub(crate) fn permanent(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), code: 42 }
    }

    /// Any other failure, which a retry may avoid.
    pub(crate) fn other(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), code: 1 }
    }
}

impl From<pipeline::Error> for Failure {
    fn from(error: pipeline::Error) -> Self {
        let code = match &error {
            pipeline::Error::Cancelled => 130,
            error if error.is_permanent() => 42,
            _ => 1,
        };
        Self { reason: error.reason(), message: error_chain(&error), code }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        pipeline::Error::Store(error).into()
    }
}

impl From<QuestionError> for Failure {
    fn from(error: QuestionError) -> Self {
        let message = error.to_string();
        match error {
            QuestionError::Store(error) => error.into(),
            error if error.is_usage() => Self::usage(message),
            QuestionError::ExcludedTerm { ref published, .. } => Self::permanent(
                error.reason(),
                format!("{message}; trendjob exclude {published} --list shows all exclusions"),
            ),
            error => Self::permanent(error.reason(), message),
        }
    }
}
