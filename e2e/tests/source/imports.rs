//! The imports between the files of a crate. Owns the resolution of a path to the file that defines
//! the named item, through imports and re-exports. A parent module and the modules within it count
//! as one part of the program, so there is no edge between them.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::module_tree::{Module, ModulePath, ModuleTree, is_for_tests};

/// The edges: a file and a file that it uses, with one path by which it does.
pub(crate) type Imports = BTreeMap<(String, String), String>;

/// Re-exports of re-exports are followed this far.
const MAX_STEPS: usize = 16;

/// Returns every use of one file by another, parents and their children aside.
pub(crate) fn between_files(tree: &ModuleTree) -> Imports {
    let mut edges = Imports::new();
    for (from, module) in &tree.modules {
        let mut paths =
            Paths { found: module.imports.iter().map(|(_, path)| path.clone()).collect() };
        module.code.iter().for_each(|item| paths.visit_item(item));
        for path in paths.found {
            let Some(to) = resolve(tree, from, &path, MAX_STEPS) else { continue };
            let used = &tree.modules[&to];
            if used.file != module.file && !is_within(&to, from) && !is_within(from, &to) {
                edges
                    .entry((module.file.clone(), used.file.clone()))
                    .or_insert_with(|| path.join("::"));
            }
        }
    }
    edges
}

/// Returns true if the first module is an ancestor of the second, or the second itself.
fn is_within(ancestor: &ModulePath, module: &ModulePath) -> bool {
    module.starts_with(ancestor)
}

/// Returns the module that defines the item of a path in the code of the module `from`; `None` for
/// paths of other crates.
fn resolve(
    tree: &ModuleTree,
    from: &ModulePath,
    path: &[String],
    steps: usize,
) -> Option<ModulePath> {
    let (first, rest) = path.split_first()?;
    let steps = steps.checked_sub(1)?;
    match first.as_str() {
        "crate" => descend(tree, &Vec::new(), rest, steps),
        "self" => descend(tree, from, rest, steps),
        "super" => descend(tree, &from[..from.len().checked_sub(1)?].to_vec(), rest, steps),
        _ => descend(tree, from, path, steps).filter(|to| to != from),
    }
}

/// Returns the module that defines the item of a path that begins in the module `at`.
fn descend(
    tree: &ModuleTree,
    at: &ModulePath,
    names: &[String],
    steps: usize,
) -> Option<ModulePath> {
    let module = tree.modules.get(at)?;
    let Some((name, rest)) = names.split_first() else { return Some(at.clone()) };
    if name == "super" {
        return resolve(tree, at, names, steps);
    }
    let child = [&at[..], std::slice::from_ref(name)].concat();
    if tree.modules.contains_key(&child) {
        return descend(tree, &child, rest, steps);
    }
    if name == "*" || module.items.contains(name) {
        return Some(at.clone());
    }
    imported(tree, module, at, name, steps)
        .and_then(|path| resolve(tree, at, &[path, rest.to_vec()].concat(), steps))
}

/// Returns the path that a name stands for in a module that imports it, by name or with a glob.
fn imported(
    tree: &ModuleTree,
    module: &Module,
    at: &ModulePath,
    name: &String,
    steps: usize,
) -> Option<Vec<String>> {
    let steps = steps.checked_sub(1)?;
    if let Some((_, path)) =
        module.imports.iter().find(|(local, path)| local == name && path[0] != *name)
    {
        return Some(path.clone());
    }
    module.imports.iter().filter(|(local, _)| local == "*").find_map(|(_, path)| {
        let named = [&path[..path.len() - 1], std::slice::from_ref(name)].concat();
        resolve(tree, at, &named, steps).map(|_| named)
    })
}

/// Collects the paths of two or more names in code.
struct Paths {
    found: Vec<Vec<String>>,
}

impl Paths {
    /// Collects the paths in the input of a macro, which is no syntax tree.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 => path.push(ident.to_string()),
                TokenTree::Ident(ident) => {
                    self.end(&mut path);
                    path.push(ident.to_string());
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    self.tokens(group.stream());
                }
                _ => self.end(&mut path),
            }
            colons = 0;
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        if path.len() > 1 {
            self.found.push(std::mem::take(path));
        }
        path.clear();
    }
}

impl<'code> Visit<'code> for Paths {
    fn visit_path(&mut self, path: &'code syn::Path) {
        if path.segments.len() > 1 && path.leading_colon.is_none() {
            self.found
                .push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, found: &'code syn::Macro) {
        self.tokens(found.tokens.clone());
        visit::visit_macro(self, found);
    }

    fn visit_impl_item_fn(&mut self, function: &'code syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, import: &'code syn::ItemUse) {
        let text = quote::quote!(#import).to_string();
        self.tokens(text.parse().unwrap_or_default());
    }
}
