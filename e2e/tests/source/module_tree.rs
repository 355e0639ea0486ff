//! The modules of one crate, read from its files, without code for tests. Owns the search for the
//! file of a module, and the list of what the module defines and imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// Names of modules from the root to a module; empty for the root itself.
pub(crate) type ModulePath = Vec<String>;

/// All modules of a crate.
pub(crate) struct ModuleTree {
    /// The folder of the root file.
    folder: PathBuf,
    /// Each module by its path.
    pub(crate) modules: BTreeMap<ModulePath, Module>,
}

/// One module: a file, or a `mod name { .. }` within one.
pub(crate) struct Module {
    /// The file that holds it, relative to the root's folder.
    pub(crate) file: String,
    /// The outermost module of that file.
    pub(crate) file_path: ModulePath,
    /// Names of the items that it defines, modules excepted.
    pub(crate) items: BTreeSet<String>,
    /// The words in the input of the macros and attributes of its items, which may define further
    /// items of these names.
    pub(crate) in_macros: BTreeSet<String>,
    /// Its imports, those within functions included: the local name and the path it stands for, in
    /// which `*` may be the last.
    pub(crate) imports: Vec<(String, Vec<String>)>,
    /// Its code, without tests and modules.
    pub(crate) code: Vec<Item>,
}

impl ModuleTree {
    /// Reads the crate whose root is this file.
    pub(crate) fn read(root: &Path) -> Self {
        let folder = root.parent().unwrap();
        let mut tree = Self { folder: folder.to_owned(), modules: BTreeMap::new() };
        tree.read_file(root, folder, &[]);
        tree
    }

    /// Reads the file of the module at `path`; its child modules lie in `children`.
    fn read_file(&mut self, file: &Path, children: &Path, path: &[String]) {
        let text = std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.strip_prefix(&self.folder).unwrap().display().to_string();
        self.read_items(parsed.items, (&name, path), children, path);
    }

    /// Reads the items of the module at `path`, which lies in this file.
    fn read_items(
        &mut self,
        items: Vec<Item>,
        file: (&str, &[String]),
        children: &Path,
        path: &[String],
    ) {
        let mut module = Module {
            file: file.0.to_owned(),
            file_path: file.1.to_vec(),
            items: BTreeSet::new(),
            in_macros: BTreeSet::new(),
            imports: Vec::new(),
            code: Vec::new(),
        };
        for item in items {
            match item {
                Item::Mod(child) if !is_for_tests(&child.attrs) => {
                    let name = child.ident.to_string();
                    let inner = [path, std::slice::from_ref(&name)].concat();
                    match child.content {
                        Some((_, items)) => {
                            self.read_items(items, file, &children.join(&name), &inner);
                        }
                        None => self.read_child(children, &name, &inner),
                    }
                }
                Item::Use(import) if !is_for_tests(&import.attrs) => {
                    flatten(&import.tree, &mut Vec::new(), &mut module.imports);
                }
                Item::Mod(_) | Item::Use(_) => {}
                item => {
                    let (name, attributes) = name_and_attributes(&item);
                    if !is_for_tests(attributes) {
                        if let (None, Item::Macro(call)) = (&name, &item) {
                            names_in(call.mac.tokens.clone(), &mut module.in_macros);
                        }
                        for attribute in attributes {
                            if let syn::Meta::List(list) = &attribute.meta {
                                names_in(list.tokens.clone(), &mut module.in_macros);
                            }
                        }
                        module.items.extend(name);
                        module.code.push(item);
                    }
                }
            }
        }
        let mut within = ImportsOfFunctions(&mut module.imports);
        module.code.iter().for_each(|item| within.visit_item(item));
        self.modules.insert(path.to_vec(), module);
    }

    fn read_child(&mut self, folder: &Path, name: &str, path: &[String]) {
        let beside = folder.join(format!("{name}.rs"));
        let within = folder.join(name).join("mod.rs");
        let file = if beside.is_file() { beside } else { within };
        self.read_file(&file, &folder.join(name), path);
    }
}

/// Adds the words in the input of a macro, bare or in quotes.
fn names_in(tokens: TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => drop(into.insert(name.to_string())),
            TokenTree::Literal(text) => {
                into.insert(text.to_string().trim_matches('"').to_owned());
            }
            TokenTree::Group(group) => names_in(group.stream(), into),
            TokenTree::Punct(_) => {}
        }
    }
}

/// Collects the imports within functions.
struct ImportsOfFunctions<'module>(&'module mut Vec<(String, Vec<String>)>);

impl<'code> Visit<'code> for ImportsOfFunctions<'_> {
    fn visit_item_use(&mut self, import: &'code syn::ItemUse) {
        flatten(&import.tree, &mut Vec::new(), self.0);
    }

    fn visit_impl_item_fn(&mut self, function: &'code syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }
}

/// Returns true for `#[test]`, and for `#[cfg(...)]` with `test` among its conditions.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = quote::quote!(#attribute).to_string().replace(' ', "");
        text == "#[test]"
            || (text.starts_with("#[cfg(") && text.contains("test") && !text.contains("not(test"))
    })
}

fn flatten(tree: &UseTree, path: &mut Vec<String>, into: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            flatten(&step.tree, path, into);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, path, into)),
        UseTree::Glob(_) => into.push(("*".to_owned(), [&path[..], &["*".to_owned()]].concat())),
        UseTree::Name(name) if name.ident == "self" => {
            into.push((path.last().cloned().unwrap_or_default(), path.clone()));
        }
        UseTree::Name(name) => {
            into.push((name.ident.to_string(), [&path[..], &[name.ident.to_string()]].concat()));
        }
        UseTree::Rename(rename) => {
            into.push((
                rename.rename.to_string(),
                [&path[..], &[rename.ident.to_string()]].concat(),
            ));
        }
    }
}

fn name_and_attributes(item: &Item) -> (Option<String>, &[Attribute]) {
    match item {
        Item::Const(item) => (Some(item.ident.to_string()), &item.attrs),
        Item::Enum(item) => (Some(item.ident.to_string()), &item.attrs),
        Item::Fn(item) => (Some(item.sig.ident.to_string()), &item.attrs),
        Item::Static(item) => (Some(item.ident.to_string()), &item.attrs),
        Item::Struct(item) => (Some(item.ident.to_string()), &item.attrs),
        Item::Trait(item) => (Some(item.ident.to_string()), &item.attrs),
        Item::Type(item) => (Some(item.ident.to_string()), &item.attrs),
        Item::Macro(item) => (item.ident.as_ref().map(ToString::to_string), &item.attrs),
        Item::Impl(item) => (None, &item.attrs),
        _ => (None, &[]),
    }
}
