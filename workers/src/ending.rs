//! The end of an attempt: a termination message for the operator, a log line for people and an exit
//! code for the pod failure policy of the Job. Owns the mapping from errors to all three.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use service::{error_chain, machine};
use store::StoreError;
use trendjob::{ExitStatus, TerminationMessage};

/// The exit status of an attempt.
#[derive(Debug, Default)]
pub(crate) struct Ending(Box<TerminationMessage>);

impl Ending {
    /// The attempt did its work.
    pub(crate) fn done(message: TerminationMessage) -> Self {
        Self(Box::new(TerminationMessage { outcome: ExitStatus::Done, ..message }))
    }

    /// The arguments or the configuration are wrong: another attempt would fail as well.
    pub(crate) fn unusable(reason: &str, message: String) -> Self {
        Self::failed(ExitStatus::Failed, reason, message)
    }

    /// The attempt failed for a cause that another attempt may not meet.
    pub(crate) fn retry(reason: &str, message: String) -> Self {
        Self::failed(ExitStatus::Retry, reason, message)
    }

    /// The pod received SIGTERM.
    pub(crate) fn stopped() -> Self {
        let message = "stopped before the end: another attempt repeats the unfinished work";
        Self::failed(ExitStatus::Stopped, "Stopped", message.to_owned())
    }

    fn failed(outcome: ExitStatus, reason: &str, message: String) -> Self {
        let reason = reason.to_owned();
        Self(Box::new(TerminationMessage {
            outcome,
            reason,
            message,
            ..TerminationMessage::default()
        }))
    }

    /// Returns true if a later run of the source has been published.
    pub(crate) fn is_superseded(&self) -> bool {
        self.0.outcome == ExitStatus::Superseded
    }

    /// Writes the termination message, logs the outcome and returns the exit code.
    pub(crate) fn report(self, stage: &str, index: u32, file: &Path) -> ExitCode {
        let message = TerminationMessage { stage: stage.to_owned(), index, ..*self.0 };
        let TerminationMessage { outcome, reason, message: why, .. } = &message;
        match outcome {
            ExitStatus::Done => {
                let peak_memory = machine::peak_memory();
                tracing::info!(peak_memory, "done");
            }
            ExitStatus::Superseded | ExitStatus::Stopped => {
                tracing::warn!(reason, why, "ended");
            }
            ExitStatus::Failed | ExitStatus::Retry => {
                tracing::error!(reason, why, "failed");
            }
        }
        let written = message.to_json().map_err(|error| error.to_string());
        let written =
            written.and_then(|json| fs::write(file, json).map_err(|error| error.to_string()));
        if let Err(error) = written {
            let file = file.display();
            tracing::warn!(%file, error, "the termination message was not written");
        }
        ExitCode::from(message.outcome.exit_code())
    }
}

impl From<pipeline::Error> for Ending {
    fn from(error: pipeline::Error) -> Self {
        let outcome = match &error {
            pipeline::Error::Cancelled => return Self::stopped(),
            pipeline::Error::Superseded { .. } => ExitStatus::Superseded,
            error if error.is_permanent() => ExitStatus::Failed,
            _ => ExitStatus::Retry,
        };
        Self::failed(outcome, error.reason(), error_chain(&error))
    }
}

impl From<StoreError> for Ending {
    fn from(error: StoreError) -> Self {
        pipeline::Error::Store(error).into()
    }
}
