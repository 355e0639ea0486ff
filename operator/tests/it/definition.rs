//! The definition of TrendJobs in the repository equals the generated one and is small enough for
//! `kubectl apply`.

use std::fs;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/crd/trendjobs.yaml");

#[test]
fn the_definition_in_the_repository_equals_the_generated_one() {
    let expected = operator::crd::yaml().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(FILE, &expected).unwrap();
    }
    let found = fs::read_to_string(FILE).unwrap();
    assert!(found == expected, "manifests/crd is not fresh: UPDATE=1 cargo test writes it");
}

#[test]
fn the_definition_fits_into_the_annotation_of_client_side_apply() {
    let size = operator::crd::yaml().unwrap().len();
    assert!(size < 200_000, "{size} bytes");
}
