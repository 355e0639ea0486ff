//! Finds cycles in a graph of files and writes them as text. Knows nothing of Rust.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::imports::Imports;

/// A shortest cycle through each group of files that lead to each other, one line per import.
pub(crate) fn shortest(imports: &Imports) -> Vec<String> {
    let mut uses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in imports.keys() {
        uses.entry(from).or_default().push(to);
    }
    let mut in_cycles = BTreeSet::new();
    let mut cycles = Vec::new();
    for &start in uses.keys() {
        if let Some(cycle) = cycle_from(start, &uses)
            && cycle.iter().all(|file| !in_cycles.contains(file))
        {
            in_cycles.extend(cycle.iter().copied());
            cycles.push(written(&cycle, imports));
        }
    }
    cycles
}

/// Returns the files of a shortest cycle through `start`, if there is one.
fn cycle_from<'graph>(
    start: &'graph str,
    uses: &BTreeMap<&'graph str, Vec<&'graph str>>,
) -> Option<Vec<&'graph str>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(file) = next.pop_front() {
        for &used in uses.get(file).into_iter().flatten() {
            if used == start {
                let mut cycle = vec![file];
                while let Some(&earlier) = before.get(cycle.last()?) {
                    cycle.push(earlier);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if !before.contains_key(used) {
                before.insert(used, file);
                next.push_back(used);
            }
        }
    }
    None
}

fn written(cycle: &[&str], imports: &Imports) -> String {
    let steps = cycle.iter().zip(cycle.iter().cycle().skip(1));
    let line = |(from, to): (&&str, &&str)| {
        let path = &imports[&((*from).to_owned(), (*to).to_owned())];
        format!("  {from} uses {path} of {to}")
    };
    steps.map(line).collect::<Vec<_>>().join("\n")
}
