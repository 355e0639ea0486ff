//! Merging more sorted runs of rows than may be open at once. Owns the passes: groups of runs are
//! merged into runs on disk until few enough are left. Knows nothing of the origin of the runs.
//!
//! A run on disk is read in smaller blocks than one of the store, so one pass shrinks the memory of
//! a merge by the size of a group and once more. A merge is associative, so the passes never show
//! in a result.

use trends::RowRef;
use trends::format::RowWriter;
use trends::merge::merge;

use crate::sorted::{Blocks, RowCursor};
use crate::spill::SpillWriter;
use crate::{Context, Error};

/// The memory of an open run of the store, in bytes: a decoded block of a partial, and its bytes in
/// the store while it is decoded.
const STORED: usize = 320 << 10;

/// The memory of an open run on disk, in bytes.
const SPILLED: usize = 48 << 10;

/// Bytes of rows per block on disk.
const BLOCK: usize = 32 << 10;

/// The fewest runs that are merged at once: with fewer, data would go to disk again and again.
const FEWEST: usize = 16;

/// Merges sorted runs into one with about `budget` bytes of memory: rows in order, equal rows added
/// up.
pub(crate) fn merge_rows(
    context: &Context,
    budget: usize,
    runs: Vec<Blocks<'_>>,
    emit: impl FnMut(RowRef<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    merge(open(few(context, budget, runs)?)?, emit)
}

/// Returns sorted runs with the same rows that may be open at once with about `budget` bytes of
/// memory: these runs, or else runs on disk.
pub(crate) fn few<'a>(
    context: &Context,
    budget: usize,
    mut runs: Vec<Blocks<'a>>,
) -> Result<Vec<Blocks<'a>>, Error> {
    let mut most = (budget / STORED).max(FEWEST);
    while runs.len() > most {
        let mut writer = SpillWriter::new(&context.limits.spill, RowWriter::default(), BLOCK)?;
        let mut rest = runs.into_iter();
        loop {
            let group: Vec<_> = rest.by_ref().take(most).collect();
            if group.is_empty() {
                break;
            }
            merge(open(group)?, |row| {
                context.cancel.check()?;
                writer.add(&row)
            })?;
            writer.end_run()?;
        }
        let spill = writer.finish()?;
        runs = (0..spill.runs()).map(|run| Blocks::Spilled(spill.run(run))).collect();
        most = (budget / SPILLED).max(FEWEST);
    }
    Ok(runs)
}

fn open(runs: Vec<Blocks<'_>>) -> Result<Vec<RowCursor<'_>>, Error> {
    runs.into_iter().map(RowCursor::new).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trends::{Bucket, Kind};

    use super::*;
    use crate::testing::{Fixture, counts};

    /// A file with one sorted run of words for each list, and the count of each word.
    fn spilled(fixture: &Fixture, runs: &[Vec<u16>]) -> Vec<Blocks<'static>> {
        let folder = fixture.folder.path();
        let mut writer = SpillWriter::new(folder, RowWriter::default(), 64).unwrap();
        for run in runs {
            for word in run {
                let term = format!("w{word:05}");
                let (kind, term, bucket) = (Kind::Word, term.as_bytes(), Bucket::WHOLE);
                let row = RowRef { kind, term, bucket, count: 2, documents: 1, detail: &[] };
                writer.add(&row).unwrap();
            }
            writer.end_run().unwrap();
        }
        let spill = writer.finish().unwrap();
        (0..spill.runs()).map(|run| Blocks::Spilled(spill.run(run))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]
        #[test]
        fn runs_merged_in_any_number_of_passes_give_the_sums_of_all_rows(
            seed: u64, lists in 0_usize..700,
        ) {
            let fixture = Fixture::new();
            let context = fixture.context("run", "attempt");
            let mut expected = std::collections::BTreeMap::new();
            let runs: Vec<Vec<u16>> = (0..lists as u64).map(|list| {
                let word = |n: u64| (seed.wrapping_mul(list + 3).wrapping_add(n * n) % 200) as u16;
                let run: std::collections::BTreeSet<u16> = (0..list % 7).map(word).collect();
                for word in &run {
                    *expected.entry(format!("w{word:05}")).or_insert(0) += 1;
                }
                run.into_iter().collect()
            }).collect();
            let budget = 1;
            let few = few(&context, budget, spilled(&fixture, &runs)).unwrap();
            prop_assert!(few.len() <= FEWEST, "{}", few.len());
            let mut found = Vec::new();
            merge_rows(&context, budget, spilled(&fixture, &runs), |row| {
                let term = String::from_utf8(row.term.to_vec()).unwrap();
                found.push((term, row.count, row.documents));
                Ok(())
            }).unwrap();
            let expected: Vec<_> =
                expected.into_iter().map(|(term, n)| (term, 2 * n, n)).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn few_runs_stay_where_they_are() {
        let fixture = Fixture::new();
        let context = fixture.context("run", "attempt");
        let lists = vec![vec![1, 2]; FEWEST + 1];
        let runs = few(&context, STORED * (FEWEST + 1), spilled(&fixture, &lists)).unwrap();
        assert_eq!(runs.len(), FEWEST + 1);
        let all = runs.into_iter().map(|run| counts(RowCursor::new(run).unwrap()));
        assert!(all.into_iter().all(|run| run.len() == 2));
    }
}
