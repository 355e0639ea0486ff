//! `#[testing::needs(...)]`: the needs of a test besides Rust, such as a database, a cluster or a
//! program.
//!
//! Where a need isn't met, `cargo test` reports the test as ignored, with the reason; the test
//! never passes without having run. With `TRENDJOB_TESTS=all` every need counts as met, so a test
//! that lacks its server or program fails; `all but NEED ...` still ignores the tests with those
//! needs.
//!
//! The macro looks at the environment while the test is compiled. Cargo compiles the test again
//! when one of its variables changes, but not when a program is installed or removed: `touch` the
//! test then.

use std::collections::BTreeSet;
use std::env;
use std::path::Path;

use proc_macro::{Delimiter, TokenStream, TokenTree};

/// The environment variable that decides about a test whose need isn't met: without a value the
/// test is ignored, with `all` it runs, with `all but NEED ...` it runs unless its need is named.
const MODE: &str = "TRENDJOB_TESTS";

/// A property of a machine that the macro can check while a test is compiled.
enum Condition {
    /// A variable of the environment is set and not empty.
    Variable(&'static str),
    /// A program is on the `PATH`.
    Program(&'static str),
    /// A path doesn't exist.
    Absent(&'static str),
    /// This process may mount file systems: it has Linux's `CAP_SYS_ADMIN`.
    Mounts,
}

use Condition::{Absent, Mounts, Program, Variable};

/// A name, the conditions that meet the need, and the reason that is shown where one isn't met.
type Need = (&'static str, &'static [Condition], &'static str);

/// The needs that a test may name.
const NEEDS: &[Need] = &[
    (
        "mongodb",
        &[Variable("MONGODB_URI")],
        "needs a MongoDB: MONGODB_URI names it (testing/mongodb starts one)",
    ),
    (
        "secantus",
        &[Variable("TRENDJOB_TEST_SECANTUS"), Variable("TRENDJOB_TEST_SECANTUS_CA")],
        "needs a SecantusDB with users and TLS: testing/secantus starts one",
    ),
    (
        "cluster",
        &[Variable("KUBECONFIG"), Variable("TRENDJOB_TEST_WORKER_IMAGE")],
        "needs a cluster: KUBECONFIG names it, TRENDJOB_TEST_WORKER_IMAGE an image of the worker \
         that it has (testing/cluster makes both)",
    ),
    (
        "spare_cluster",
        &[
            Variable("KUBECONFIG"),
            Variable("TRENDJOB_TEST_CLUSTER_IS_OURS"),
            Program("kubectl"),
            Program("helm"),
        ],
        "needs kubectl, helm and a cluster whose TrendJobs may be deleted: KUBECONFIG names it, \
         TRENDJOB_TEST_CLUSTER_IS_OURS=1 allows it (testing/cluster makes one)",
    ),
    (
        "node_is_here",
        &[Variable("TRENDJOB_TEST_NODE_IS_HERE")],
        "needs a cluster whose only node is this machine: TRENDJOB_TEST_NODE_IS_HERE=1 promises it",
    ),
    (
        "next_images",
        &[Variable("TRENDJOB_TEST_NEXT_TAG")],
        "needs a second tag of the images on the cluster: TRENDJOB_TEST_NEXT_TAG names it",
    ),
    ("helm", &[Program("helm")], "needs helm on the PATH"),
    (
        "helm3",
        &[Variable("TRENDJOB_TEST_HELM3")],
        "needs a Helm 3 besides helm: TRENDJOB_TEST_HELM3 is its path",
    ),
    ("buildah", &[Program("buildah")], "needs buildah on the PATH"),
    ("python3", &[Program("python3")], "needs python3 on the PATH"),
    ("bash", &[Program("bash")], "needs bash on the PATH"),
    ("zsh", &[Program("zsh")], "needs zsh on the PATH"),
    ("fish", &[Program("fish")], "needs fish on the PATH"),
    ("musl", &[Program("musl-gcc")], "needs musl-gcc on the PATH, for a static build"),
    ("cxx", &[Program("c++")], "needs c++ on the PATH, which builds libFuzzer"),
    (
        "real_data",
        &[Variable("TRENDJOB_TEST_DATA")],
        "needs the files of real posts: TRENDJOB_TEST_DATA is their folder",
    ),
    ("no_data_folder", &[Absent("/data")], "needs a machine without a folder /data"),
    ("mounts", &[Mounts], "needs the right to mount a small disk (Linux, CAP_SYS_ADMIN)"),
];

/// Ignores a test, with the reason, on a machine that lacks one of these needs. Stands above
/// `#[test]` or `#[tokio::test]`.
#[proc_macro_attribute]
pub fn needs(names: TokenStream, test: TokenStream) -> TokenStream {
    match expand(&names.to_string(), test.clone()) {
        Ok(expanded) => expanded,
        Err(message) => {
            tokens(&format!("compile_error!({message:?});")).into_iter().chain(test).collect()
        }
    }
}

fn expand(names: &str, test: TokenStream) -> Result<TokenStream, String> {
    if !is_test(&test) {
        return Err("#[testing::needs] must stand above the attribute that makes a test".to_owned());
    }
    let mode = env::var_os(MODE).unwrap_or_default().to_string_lossy().into_owned();
    let mut variables = BTreeSet::from([MODE]);
    let mut missing = Vec::new();
    let mut is_ignored = false;
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let (name, conditions, reason) = need(name)?;
        variables.extend(conditions.iter().filter_map(|condition| match condition {
            Variable(name) => Some(*name),
            Program(_) | Absent(_) | Mounts => None,
        }));
        let may_lack = may_lack(&mode, name)?;
        if !conditions.iter().all(Condition::is_met) {
            missing.push(*reason);
            is_ignored |= may_lack;
        }
    }
    let mut expanded = TokenStream::new();
    if is_ignored {
        expanded.extend(tokens(&format!("#[ignore = {:?}]", missing.join("; "))));
    }
    expanded.extend(test);
    // Cargo watches variables in `option_env!`: a change of one compiles the test again.
    for variable in variables {
        let watched = format!("const _: Option<&str> = ::core::option_env!({variable:?});");
        expanded.extend(tokens(&watched));
    }
    Ok(expanded)
}

fn need(name: &str) -> Result<&'static Need, String> {
    NEEDS.iter().find(|(need, ..)| *need == name).ok_or_else(|| {
        let known: Vec<_> = NEEDS.iter().map(|(need, ..)| *need).collect();
        format!("{name} is not a need; testing/src/lib.rs has {}", known.join(", "))
    })
}

/// Returns true if a value of `TRENDJOB_TESTS` ignores the tests of an unmet need. Fails if the
/// value is unknown or names an unknown need.
fn may_lack(mode: &str, name: &str) -> Result<bool, String> {
    let mut words = mode.split_whitespace();
    let exceptions: Vec<_> = match (words.next(), words.next()) {
        (None, _) => return Ok(true),
        (Some("all"), None) => return Ok(false),
        (Some("all"), Some("but")) => words.collect(),
        _ => Vec::new(),
    };
    if exceptions.is_empty() {
        return Err(format!("{MODE} is {mode:?}; it takes nothing, all, or all but NEED ..."));
    }
    let exceptions = exceptions.into_iter().map(|exception| Ok(need(exception)?.0));
    Ok(exceptions.collect::<Result<Vec<_>, String>>()?.contains(&name))
}

/// Returns true if an attribute below ours is `#[test]` or ends with it.
fn is_test(item: &TokenStream) -> bool {
    item.clone().into_iter().any(|tree| match tree {
        TokenTree::Group(attribute) if attribute.delimiter() == Delimiter::Bracket => attribute
            .stream()
            .into_iter()
            .any(|part| matches!(part, TokenTree::Ident(name) if name.to_string() == "test")),
        _ => false,
    })
}

#[expect(clippy::expect_used, reason = "only texts of this file are parsed")]
fn tokens(text: &str) -> TokenStream {
    text.parse().expect("valid Rust")
}

impl Condition {
    fn is_met(&self) -> bool {
        match self {
            Variable(name) => env::var_os(name).is_some_and(|value| !value.is_empty()),
            Program(name) => {
                let path = env::var_os("PATH").unwrap_or_default();
                env::split_paths(&path).any(|folder| folder.join(name).is_file())
            }
            Absent(path) => !Path::new(path).exists(),
            Mounts => {
                const SYS_ADMIN: u32 = 21;
                let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
                let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
                let effective = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
                effective.is_some_and(|bits| bits >> SYS_ADMIN & 1 == 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_decides_whether_a_need_may_be_unmet() {
        for mode in ["", " ", "all but mongodb", "all but helm  mongodb "] {
            assert_eq!(may_lack(mode, "mongodb"), Ok(true), "{mode:?}");
        }
        for mode in ["all", "all but helm helm3"] {
            assert_eq!(may_lack(mode, "mongodb"), Ok(false), "{mode:?}");
        }
        for mode in ["none", "all but", "all mongodb", "but mongodb", "all, but mongodb"] {
            let error = may_lack(mode, "mongodb").unwrap_err();
            assert!(error.contains("takes nothing, all, or all but NEED"), "{mode:?}: {error}");
        }
    }

    #[test]
    fn an_unknown_need_is_refused_with_the_list_of_needs() {
        for error in [need("mongo").err(), may_lack("all but mongo", "mongodb").err()] {
            let error = error.unwrap();
            assert!(error.contains("mongo is not a need"), "{error}");
            assert!(error.contains("mongodb, secantus, cluster"), "{error}");
        }
    }
}
