//! Failed operations of MongoDB: if a retry can help, and what a user can do. Owns the error codes;
//! never shows a server's message about credentials.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::StoreError;

/// Codes of transient failures: elections, shutdowns, networks between servers, timeouts, and
/// operations that conflict with each other. From the specification of retryable reads and writes
/// and the server's list of error codes; 16500 is Cosmos DB's answer to too many requests.
const PASSING: [i32; 25] = [
    6, 7, 24, 43, 46, 50, 64, 89, 91, 112, 117, 133, 134, 189, 202, 262, 9001, 10107, 11600, 11602,
    12586, 12587, 13435, 13436, 16500,
];
const NOT_PRIMARY: i32 = 10058;

/// The code of an unknown user or a wrong password.
const UNAUTHENTICATED: i32 = 18;
/// The code of a user without the right to an operation.
const UNAUTHORIZED: i32 = 13;
/// The code `AtlasError`, which Atlas has for a wrong password, a missing right and a full cluster
/// alike; only the message tells which.
const ATLAS: i32 = 8000;
/// The code `OutOfDiskSpace`; and the messages of storage engines that report a full disk with the
/// code of an unknown error, and of Atlas.
const OUT_OF_SPACE: i32 = 14031;
const FULL: [&str; 3] = ["no space left", "disk is full", "over your space quota"];

/// The code of an `_id` that exists already.
const DUPLICATE: i32 = 11000;

/// Returns true if the `_id` exists already.
pub(super) fn is_duplicate(error: &Error) -> bool {
    code(error) == Some(DUPLICATE)
}

/// Returns the error for a present document that no majority of the servers has yet: it may still
/// be lost, and then this call must insert it again.
pub(super) fn unsettled() -> Error {
    Error::custom(UnsettledDocument)
}

struct UnsettledDocument;

/// Returns true if all documents that were not inserted are present already.
pub(super) fn is_only_duplicates(error: &Error) -> bool {
    is_duplicate(error) || unholdable(error) == Some(0)
}

/// Returns true if the server has no sessions, or can't wait with a read until it knows a write.
pub(super) fn is_without_sessions(error: &Error) -> bool {
    /// `BadValue`, and the code of Amazon DocumentDB for what it lacks.
    const MORE: [i32; 2] = [2, 303];
    if matches!(&*error.kind, ErrorKind::SessionsNotSupported) {
        return true;
    }
    let text = message(error).to_lowercase();
    let is_refused = is_unsupported(error) || code(error).is_some_and(|code| MORE.contains(&code));
    is_refused && ["afterclustertime", "readconcern", "lsid"].iter().any(|word| text.contains(word))
}

/// Returns true if the collection to drop or rename does not exist.
pub(super) fn is_missing_namespace(error: &Error) -> bool {
    code(error) == Some(26)
}

/// Returns true if the target name of a rename exists already. Servers on top of SQL databases
/// check and rename in two steps. If another rename comes between them, they return the error of
/// their database as an internal error.
pub(super) fn is_existing_namespace(error: &Error) -> bool {
    match code(error) {
        Some(48) => true,
        Some(1) => message(error).to_lowercase().contains("unique constraint"),
        _ => false,
    }
}

/// The codes of servers that can't rename over an existing collection: they refuse the option, or
/// the name.
const UNSUPPORTED: [i32; 7] = [9, 20, 48, 72, 115, 238, 40415];

/// Returns true if the server lacks the operation, rather than denying it to this user.
pub(super) fn is_unsupported(error: &Error) -> bool {
    code(error).is_some_and(|code| UNSUPPORTED.contains(&code))
}

/// The codes for single documents that a server can't hold although the driver can: its rules for
/// values, depths, sizes and names of fields.
const UNHOLDABLE: [i32; 9] = [2, 15, 17280, 22, 52, 55, 57, 121, 10334];

/// Returns the number of documents of an insert that the server can't hold. Returns `None` if the
/// insert also failed for another reason, documents that are present already aside.
pub(super) fn unholdable(error: &Error) -> Option<u64> {
    let ErrorKind::InsertMany(many) = &*error.kind else { return None };
    let writes = many.write_errors.as_deref().unwrap_or_default();
    let known = |code: i32| code == DUPLICATE || UNHOLDABLE.contains(&code);
    let is_all = many.write_concern_error.is_none()
        && !writes.is_empty()
        && writes.iter().all(|write| known(write.code));
    is_all.then(|| writes.iter().filter(|write| write.code != DUPLICATE).count() as u64)
}

/// Returns true if the same operation may succeed later.
pub(super) fn is_transient(error: &Error) -> bool {
    let labels = ["RetryableWriteError", "RetryableError", "SystemOverloadedError"];
    if labels.iter().any(|label| error.contains_label(label)) {
        return true;
    }
    if is_full(error) {
        return false;
    }
    match &*error.kind {
        ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::InvalidResponse { .. } => true,
        ErrorKind::Custom(_) => error.get_custom::<UnsettledDocument>().is_some(),
        _ => code(error).is_some_and(|code| PASSING.contains(&code) || code == NOT_PRIMARY),
    }
}

/// Translates an error of the driver into an error of a store.
pub(super) fn stored(doing: &'static str, key: String, error: &Error) -> StoreError {
    let text = message(error);
    let code = code(error);
    let is_atlas = |part: &str| code == Some(ATLAS) && text.to_lowercase().contains(part);
    let authentication = matches!(&*error.kind, ErrorKind::Authentication { .. });
    if authentication || code == Some(UNAUTHENTICATED) || is_atlas("bad auth") {
        // The server's message may contain the user's name, and never names the wrong part.
        let what = "the server does not know this user or password: check the URI in the Secret";
        return StoreError::Denied { doing, key, what: what.to_owned() };
    }
    if code == Some(UNAUTHORIZED) || is_atlas("not allowed to do action") {
        let what =
            format!("{text}; the user needs the role readWrite on the database, read to serve it");
        return StoreError::Denied { doing, key, what };
    }
    if is_full(error) {
        return StoreError::Full { key, source: text.into() };
    }
    if is_transient(error) {
        return StoreError::Unavailable { doing, key, source: text.into() };
    }
    match &*error.kind {
        ErrorKind::Bson(_) => StoreError::damaged(&key, &text),
        _ => StoreError::Refused(format!("{doing} {key}: {text}")),
    }
}

fn is_full(error: &Error) -> bool {
    let text = message(error).to_lowercase();
    code(error) == Some(OUT_OF_SPACE) || FULL.iter().any(|full| text.contains(full))
}

/// Returns the server's error code, if the error has one.
fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(command) => Some(command.code),
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => Some(concern.code),
        ErrorKind::InsertMany(many) => match (&many.write_concern_error, &many.write_errors) {
            (Some(concern), _) => Some(concern.code),
            (None, writes) => {
                writes.iter().flatten().map(|write| write.code).find(|code| *code != DUPLICATE)
            }
        },
        _ => None,
    }
}

/// Returns the message in one line, without the driver's internal state.
pub(super) fn message(error: &Error) -> String {
    match &*error.kind {
        ErrorKind::Command(command) => format!("{} (code {})", command.message, command.code),
        ErrorKind::Write(WriteFailure::WriteError(write)) => {
            format!("{} (code {})", write.message, write.code)
        }
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => {
            format!("{} (write concern, code {})", concern.message, concern.code)
        }
        ErrorKind::InsertMany(many) => {
            let writes = many.write_errors.iter().flatten().map(|write| write.message.clone());
            let concern = many.write_concern_error.iter().map(|concern| concern.message.clone());
            writes.chain(concern).next().unwrap_or_else(|| "inserting failed".to_owned())
        }
        ErrorKind::InvalidArgument { message, .. }
        | ErrorKind::InvalidTlsConfig { message, .. }
        | ErrorKind::DnsResolve { message, .. }
        | ErrorKind::InvalidResponse { message, .. } => message.clone(),
        ErrorKind::ServerSelection { message, .. } => {
            // The rest describes all servers in the driver's own notation.
            let end = message.find(" Topology:").unwrap_or(message.len());
            let text = message.get(..end).unwrap_or_default().trim_end_matches('.');
            match message.split("Error: ").nth(1) {
                Some(why) => format!("{text} ({})", why.trim_end_matches([' ', '}', ']', '>'])),
                None => text.to_owned(),
            }
        }
        ErrorKind::Io(error) => error.to_string(),
        ErrorKind::Custom(_) => "no majority of the servers has it yet".to_owned(),
        other => other.to_string(),
    }
}
