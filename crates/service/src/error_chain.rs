//! The text of an error with its causes.

use std::error::Error;

/// Returns an error and its causes, separated by colons. Skips a cause whose text the result
/// already holds: some libraries repeat the cause in their own message.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
