//! Collects the paths in code: in its syntax tree, in the input of macros and in attributes. Knows
//! nothing of imports.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::module_tree::is_for_tests;

/// The paths in code. One name alone may come through a glob, so the names of types, constants and
/// called functions are kept, too.
#[derive(Default)]
pub(crate) struct Paths {
    /// The names of each path.
    pub(crate) found: Vec<Vec<String>>,
}

impl Paths {
    /// Collects the paths of items.
    pub(crate) fn read(&mut self, items: &[syn::Item]) {
        for item in items {
            self.visit_item(item);
        }
    }

    /// Collects the paths in the input of a macro or attribute, which is no syntax tree.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut after_dot = false;
        for token in tokens {
            let is_dot = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '.');
            match token {
                TokenTree::Ident(name) if colons == 2 => path.push(name.to_string()),
                TokenTree::Ident(name) => {
                    self.end(&mut path);
                    path.extend((!after_dot).then(|| name.to_string()));
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    if group.delimiter() == Delimiter::Parenthesis && !path.is_empty() {
                        self.found.push(std::mem::take(&mut path));
                    }
                    self.end(&mut path);
                    self.tokens(group.stream());
                }
                _ => self.end(&mut path),
            }
            colons = 0;
            after_dot = is_dot;
        }
        self.end(&mut path);
    }

    /// Ends a path that is not called.
    fn end(&mut self, path: &mut Vec<String>) {
        if path.len() > 1 || path.first().is_some_and(|name| is_upper(name)) {
            self.found.push(std::mem::take(path));
        }
        path.clear();
    }

    /// Collects the paths that an attribute writes as a text: `with = "path"`.
    fn texts(&mut self, tokens: TokenStream) {
        let mut key = String::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => key = ident.to_string(),
                TokenTree::Group(group) => self.texts(group.stream()),
                TokenTree::Literal(literal) if is_of_path(&key) => {
                    let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                    if let Ok(path) = text.and_then(|text| text.parse::<syn::Path>()) {
                        self.found.extend((path.segments.len() == 1).then(|| names(&path)));
                        self.visit_path(&path);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Returns true if an attribute's value with this key is the path of a type, function or module.
fn is_of_path(key: &str) -> bool {
    let keys = ["default", "from", "into", "try_from", "remote", "getter", "skip_serializing_if"];
    key == "with" || key.ends_with("_with") && key != "conflicts_with" || keys.contains(&key)
}

fn is_upper(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

fn names(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

impl<'code> Visit<'code> for Paths {
    fn visit_path(&mut self, path: &'code syn::Path) {
        let names = names(path);
        if path.leading_colon.is_none() && (names.len() > 1 || is_upper(&names[0])) {
            self.found.push(names);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'code syn::ExprCall) {
        if let syn::Expr::Path(function) = &*call.func {
            self.found.extend(function.path.get_ident().map(|name| vec![name.to_string()]));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, found: &'code syn::Macro) {
        self.tokens(found.tokens.clone());
        visit::visit_macro(self, found);
    }

    fn visit_attribute(&mut self, attribute: &'code syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
            self.texts(list.tokens.clone());
        }
    }

    fn visit_vis_restricted(&mut self, _: &'code syn::VisRestricted) {}

    fn visit_impl_item_fn(&mut self, function: &'code syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }
}
