//! The resolution of a path to the module that defines the named item, through imports, globs and
//! re-exports. Knows names alone: no visibility, no types, no expansion of macros.

use std::collections::BTreeSet;

use crate::module_tree::{ModulePath, ModuleTree};

/// The end of a path.
pub(crate) enum Place {
    /// A module of the crate.
    Module(ModulePath),
    /// An item, or a part of one, that this module defines.
    Item(ModulePath),
    /// Another crate, a local name or a built-in name.
    Foreign,
    /// A name that is not found in this module, the deepest of the path that exists.
    Missing(ModulePath),
}

/// Returns the end of a path in the code of the module `from`.
pub(crate) fn resolve(tree: &ModuleTree, from: &ModulePath, path: &[String]) -> Place {
    Search { tree, open: BTreeSet::new() }.follow(from, path, false)
}

/// The search for one path.
struct Search<'tree> {
    tree: &'tree ModuleTree,
    /// The names that are being looked up, with their modules: globs may form a cycle.
    open: BTreeSet<(ModulePath, String, bool)>,
}

impl Search<'_> {
    /// Returns the end of a path. A module and an item may have the same name: if the path goes on
    /// with `more` names, its end is the module.
    fn follow(&mut self, from: &ModulePath, path: &[String], more: bool) -> Place {
        let Some((first, mut rest)) = path.split_first() else { return Place::Foreign };
        let mut place = match first.as_str() {
            "crate" => Place::Module(ModulePath::new()),
            "self" => Place::Module(from.clone()),
            "super" => parent(from),
            _ => self.named(from, first, more || !rest.is_empty()).unwrap_or(Place::Foreign),
        };
        while let Some((name, further)) = rest.split_first() {
            rest = further;
            place = match place {
                Place::Module(at) => match name.as_str() {
                    "super" => parent(&at),
                    "self" | "*" => Place::Module(at),
                    _ => {
                        let more = more || !rest.is_empty();
                        self.named(&at, name, more).unwrap_or(Place::Missing(at))
                    }
                },
                end => return end,
            }
        }
        place
    }

    /// Returns the place that a name stands for in a module; `None` if it is not found.
    fn named(&mut self, at: &ModulePath, name: &String, more: bool) -> Option<Place> {
        let search = (at.clone(), name.clone(), more);
        if !self.open.insert(search.clone()) {
            return None;
        }
        let child = [&at[..], std::slice::from_ref(name)].concat();
        let child = self.tree.modules.contains_key(&child).then_some(Place::Module(child));
        let place = match child {
            Some(child) if more => Some(child),
            child => self.item(at, name, more).or(child),
        };
        self.open.remove(&search);
        place
    }

    fn item(&mut self, at: &ModulePath, name: &String, more: bool) -> Option<Place> {
        let module = &self.tree.modules[at];
        if module.items.contains(name) {
            return Some(Place::Item(at.clone()));
        }
        if let Some((_, path)) = module.imports.iter().find(|(local, _)| local == name) {
            return Some(self.follow(at, path, more));
        }
        let mut place = None;
        for (_, path) in module.imports.iter().filter(|(local, _)| local == "*") {
            match self.follow(at, &path[..path.len() - 1], true) {
                Place::Module(globbed) => match self.named(&globbed, name, more) {
                    Some(Place::Foreign) => place = Some(Place::Foreign),
                    Some(found) => return Some(found),
                    None => {}
                },
                // The name may be one of another crate, or a variant of an enum.
                Place::Item(_) | Place::Foreign => place = Some(Place::Foreign),
                Place::Missing(_) => {}
            }
        }
        let is_made = module.in_macros.contains(name);
        if is_made { Some(Place::Item(at.clone())) } else { place }
    }
}

fn parent(module: &ModulePath) -> Place {
    match module.split_last() {
        Some((_, parent)) => Place::Module(parent.to_vec()),
        None => Place::Missing(ModulePath::new()),
    }
}
