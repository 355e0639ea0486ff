//! The imports between the files of a crate: which file uses which, and the paths that lead nowhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::module_tree::{ModulePath, ModuleTree};
use crate::paths::Paths;
use crate::resolve::{Place, resolve};

/// The uses of one file by another, each with one path by which it is used. A file is named by its
/// outermost module.
pub(crate) type Uses = BTreeMap<(ModulePath, ModulePath), String>;

/// The imports of a crate.
#[derive(Default)]
pub(crate) struct Imports {
    /// The uses, those of ancestors and descendants included.
    pub(crate) uses: Uses,
    /// The paths into the crate whose items were not found, with their files.
    pub(crate) unresolved: BTreeSet<String>,
}

/// Returns every use of one file by another.
pub(crate) fn between_files(tree: &ModuleTree) -> Imports {
    let mut imports = Imports::default();
    for (from, module) in &tree.modules {
        let mut paths = Paths::default();
        module.imports.iter().for_each(|(_, path)| paths.found.push(path.clone()));
        paths.read(&module.code);
        for path in paths.found {
            let text = path.join("::");
            let used = match resolve(tree, from, &path) {
                Place::Module(used) | Place::Item(used) => used,
                Place::Foreign => continue,
                Place::Missing(used) => {
                    imports.unresolved.insert(format!("  {} uses {text}", module.file));
                    used
                }
            };
            let (from, to) = (&module.file_path, &tree.modules[&used].file_path);
            if from != to {
                imports.uses.entry((from.clone(), to.clone())).or_insert(text);
            }
        }
    }
    imports
}
