//! The keys that a store holds. Owns their parts and the parsing of keys; knows nothing of values.

use futures::stream::BoxStream;
use vocabulary::Stage;

use crate::{AttemptId, BlockKey, Key, Log, RunId, SourceName, StoreError, TrendJobUid};

/// A part of a store whose keys can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The records, plans, markers and blocks of all runs.
    Runs,
    /// The entries of a log of all sources.
    Log(Log),
    /// The retired runs.
    Retired,
    /// The purged TrendJobs.
    Purged,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 6] = [
        Self::Runs,
        Self::Log(Log::Starts),
        Self::Log(Log::Generations),
        Self::Log(Log::Exclusions),
        Self::Retired,
        Self::Purged,
    ];

    /// The beginning of its keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Log(log) => log.name(),
            Self::Retired => "retired",
            Self::Purged => "purged",
        }
    }
}

/// A key that a listing finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedKey {
    /// The key of a value.
    Value(Key),
    /// The key of a block.
    Block(BlockKey),
    /// A name that no key has: another program or a newer release wrote it.
    Foreign(String),
}

/// The keys of a part.
pub type Listing<'a> = BoxStream<'a, Result<ListedKey, StoreError>>;

impl ListedKey {
    /// Parses a key as it is displayed.
    pub(crate) fn parse(text: &str) -> Self {
        let parts: Vec<&str> = text.split('/').collect();
        let found = match parts[..] {
            ["runs", run, ref rest @ ..] => of_run(run, rest),
            ["retired", run] => RunId::new(run).ok().map(|run| Self::Value(Key::Retired(run))),
            ["purged", uid] => TrendJobUid::new(uid).ok().map(|uid| Self::Value(Key::Purged(uid))),
            [log, source, n] => entry(log, source, n),
            _ => None,
        };
        found.unwrap_or_else(|| Self::Foreign(text.to_owned()))
    }
}

fn of_run(run: &str, rest: &[&str]) -> Option<ListedKey> {
    let run = RunId::new(run).ok()?;
    let key = match *rest {
        ["run"] => Key::Run(run),
        ["plan"] => Key::Plan(run),
        ["markers", stage, index] => {
            Key::Marker { run, stage: self::stage(stage)?, index: number(index)?.try_into().ok()? }
        }
        ["blocks", stage, index, attempt, name] => {
            let (stage, index) = (self::stage(stage)?, number(index)?.try_into().ok()?);
            let (attempt, name) = (AttemptId::new(attempt).ok()?, name.to_owned());
            return Some(ListedKey::Block(BlockKey { run, stage, index, attempt, name }));
        }
        _ => return None,
    };
    Some(ListedKey::Value(key))
}

fn entry(log: &str, source: &str, n: &str) -> Option<ListedKey> {
    let log = [Log::Starts, Log::Generations, Log::Exclusions]
        .into_iter()
        .find(|known| known.name() == log)?;
    let (source, n) = (SourceName::new(source).ok()?, number(n)?);
    Some(ListedKey::Value(Key::Entry { log, source, n }))
}

fn stage(name: &str) -> Option<Stage> {
    Stage::ALL.into_iter().find(|stage| stage.name() == name)
}

/// Parses a number of 20 digits.
fn number(digits: &str) -> Option<u64> {
    let is_padded = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_padded.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_parsed_as_it_is_displayed() {
        let (run, source) = (RunId::new("a-1").unwrap(), SourceName::new("s.x").unwrap());
        let mut keys = vec![Key::run(&run), Key::plan(&run), Key::retired(&run)];
        keys.push(Key::purged(&TrendJobUid::new("uid").unwrap()));
        keys.extend([Key::start(&source, 1), Key::generation(&source, u64::MAX)]);
        keys.extend([Key::exclusion(&source, 7), Key::marker(&run, Stage::Score, u32::MAX)]);
        for key in keys {
            assert_eq!(ListedKey::parse(&key.to_string()), ListedKey::Value(key));
        }
        let attempt = AttemptId::new("pod").unwrap();
        let block =
            BlockKey { run, stage: Stage::Etl, index: 3, attempt, name: "rows-00001".to_owned() };
        assert_eq!(ListedKey::parse(&block.to_string()), ListedKey::Block(block));
    }

    #[test]
    fn other_names_are_foreign() {
        for name in [
            "",
            "runs",
            "runs/a",
            "runs/.a/run",
            "runs/a/run/x",
            "runs/a/markers/etl/1",
            "runs/a/markers/nothing/00000000000000000001",
            "runs/a/markers/etl/00000000004294967296",
            "runs/a/blocks/etl/00000000000000000001/pod",
            "generations/s/0000000000000000001x",
            "generations/s/99999999999999999999",
            "others/s/00000000000000000001",
            "retired/a/b",
        ] {
            assert_eq!(ListedKey::parse(name), ListedKey::Foreign(name.to_owned()));
        }
    }
}
