//! The short commands, one file each.

mod check;
mod completions;
mod exclude;
mod explain;
mod fetch;
mod gc;
mod generate;
mod history;
mod open;
mod rollback;
mod runs;
mod scored;
mod top;
mod validate;

pub(crate) use check::check;
pub(crate) use completions::completions;
pub(crate) use exclude::exclude;
pub(crate) use explain::explain;
pub(crate) use fetch::fetch;
pub(crate) use gc::gc;
pub(crate) use generate::generate;
pub(crate) use history::history;
pub(crate) use rollback::rollback;
pub(crate) use runs::runs;
pub(crate) use top::top;
pub(crate) use validate::validate;
