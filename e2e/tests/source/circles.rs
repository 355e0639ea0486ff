//! Circles in a graph of files. Owns finding them and writing them as text; knows nothing of Rust.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::imports::Imports;

/// A shortest circle through each group of files that lead to each other, one line per import.
pub(crate) fn shortest(imports: &Imports) -> Vec<String> {
    let mut uses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in imports.keys() {
        uses.entry(from).or_default().push(to);
    }
    let mut in_circles = BTreeSet::new();
    let mut circles = Vec::new();
    for &start in uses.keys() {
        if let Some(circle) = circle_from(start, &uses)
            && circle.iter().all(|file| !in_circles.contains(file))
        {
            in_circles.extend(circle.iter().copied());
            circles.push(written(&circle, imports));
        }
    }
    circles
}

/// The files of a shortest way from a file back to it.
fn circle_from<'graph>(
    start: &'graph str,
    uses: &BTreeMap<&'graph str, Vec<&'graph str>>,
) -> Option<Vec<&'graph str>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(file) = next.pop_front() {
        for &used in uses.get(file).into_iter().flatten() {
            if used == start {
                let mut circle = vec![file];
                while let Some(&earlier) = before.get(circle.last()?) {
                    circle.push(earlier);
                }
                circle.reverse();
                return Some(circle);
            }
            if !before.contains_key(used) {
                before.insert(used, file);
                next.push_back(used);
            }
        }
    }
    None
}

fn written(circle: &[&str], imports: &Imports) -> String {
    let steps = circle.iter().zip(circle.iter().cycle().skip(1));
    let line = |(from, to): (&&str, &&str)| {
        let path = &imports[&((*from).to_owned(), (*to).to_owned())];
        format!("  {from} uses {path} of {to}")
    };
    steps.map(line).collect::<Vec<_>>().join("\n")
}
