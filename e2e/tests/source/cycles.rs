//! Finds cycles in a graph of files and writes them as text. Knows nothing of Rust but that modules
//! lie within modules.
//!
//! A module and its descendants may use each other, because they are one part of the program. So a
//! cycle counts only if none of its files is the ancestor of all its others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::imports::Uses;
use crate::module_tree::{ModulePath, ModuleTree};

/// Returns shortest cycles that share no file, one line per import.
pub(crate) fn shortest(tree: &ModuleTree, uses: &Uses) -> Vec<String> {
    let mut used_by: BTreeMap<&ModulePath, Vec<&ModulePath>> = BTreeMap::new();
    for (from, to) in uses.keys() {
        used_by.entry(from).or_default().push(to);
    }
    let mut cycles: Vec<_> =
        uses.keys().filter_map(|(from, to)| cycle_through(from, to, &used_by)).collect();
    cycles.sort_by_key(Vec::len);
    let mut in_cycles = BTreeSet::new();
    cycles.retain(|cycle| {
        let is_new = cycle.iter().all(|file| !in_cycles.contains(file));
        if is_new {
            in_cycles.extend(cycle.iter().copied());
        }
        is_new
    });
    cycles.iter().map(|cycle| written(cycle, tree, uses)).collect()
}

/// Returns the files of a shortest cycle that begins with the use of `to` by `from` and stays within
/// the innermost module that holds both, without the file of that module itself.
///
/// Every cycle that counts has such a use: without the file of the innermost module that holds them
/// all, its files lie in several children of that module, so one of them uses a file of another
/// child.
fn cycle_through<'graph>(
    from: &'graph ModulePath,
    to: &'graph ModulePath,
    used_by: &BTreeMap<&'graph ModulePath, Vec<&'graph ModulePath>>,
) -> Option<Vec<&'graph ModulePath>> {
    let depth = from.iter().zip(to).take_while(|(one, other)| one == other).count();
    let is_below = |file: &ModulePath| file.len() > depth && file[..depth] == from[..depth];
    if !is_below(from) || !is_below(to) {
        return None;
    }
    let mut before: BTreeMap<&ModulePath, &ModulePath> = BTreeMap::from([(to, from)]);
    let mut next = VecDeque::from([to]);
    while let Some(file) = next.pop_front() {
        for &used in used_by.get(file).into_iter().flatten() {
            if used == from {
                let mut cycle = vec![file];
                while cycle.last() != Some(&from) {
                    cycle.push(before[cycle.last()?]);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if is_below(used) && !before.contains_key(used) {
                before.insert(used, file);
                next.push_back(used);
            }
        }
    }
    None
}

fn written(cycle: &[&ModulePath], tree: &ModuleTree, uses: &Uses) -> String {
    let steps = cycle.iter().zip(cycle.iter().cycle().skip(1));
    let line = |(&from, &to): (&&ModulePath, &&ModulePath)| {
        let path = &uses[&(from.clone(), to.clone())];
        format!("  {} uses {path} of {}", tree.modules[from].file, tree.modules[to].file)
    };
    steps.map(line).collect::<Vec<_>>().join("\n")
}
