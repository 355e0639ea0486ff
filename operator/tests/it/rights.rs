//! The operator's rights: equal for one namespace and for all, and none to Secrets. Every test on a
//! cluster shows that they suffice, because its operator has no other rights.

use serde_json::Value;

const FILES: [&str; 2] = ["cluster", "namespaced"];

/// Returns the manifests in a file of rights.
fn documents(file: &str) -> Vec<Value> {
    let path = format!("{}/../manifests/rbac/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

/// Returns the rules of the first role in a file.
fn rules(file: &str) -> Vec<Value> {
    let all = documents(file);
    let role = all.into_iter().find(|one| one["rules"].is_array()).unwrap();
    role["rules"].as_array().unwrap().clone()
}

#[test]
fn rights_for_one_namespace_equal_those_for_all() {
    assert_eq!(rules("cluster"), rules("namespaced"));
}

#[test]
fn the_page_about_security_lists_every_right() {
    let page = include_str!("../../../SECURITY.md");
    for document in documents("cluster") {
        for rule in document["rules"].as_array().into_iter().flatten() {
            let texts = |part: &str| {
                let texts = rule[part].as_array().unwrap().clone();
                texts.into_iter().map(|text| text.as_str().unwrap().to_owned())
            };
            for resource in texts("resources") {
                let row = page.lines().find(|line| line.starts_with(&format!("| {resource} | ")));
                let row = row.unwrap_or_else(|| panic!("SECURITY.md has no row of {resource}"));
                for verb in texts("verbs") {
                    assert!(row.contains(&verb), "{row}: {verb}");
                }
            }
        }
    }
}

#[test]
fn no_right_reaches_secrets_or_everything() {
    for file in FILES {
        for document in documents(file) {
            for rule in document["rules"].as_array().into_iter().flatten() {
                for part in ["apiGroups", "resources", "verbs"] {
                    for one in rule[part].as_array().unwrap() {
                        let one = one.as_str().unwrap();
                        let is_harmless = !["secrets", "*", "pods/exec", "pods/log"].contains(&one);
                        assert!(is_harmless, "{file}: {one}");
                    }
                }
            }
        }
    }
}
