//! Every target over its committed corpus, so that the targets can't rot.

use std::fs;
use std::path::Path;

use trendjob_fuzz::TARGETS;

#[test]
fn every_target_holds_over_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in TARGETS {
        let mut number = 0;
        for entry in fs::read_dir(corpus.join(name)).unwrap_or_else(|_| panic!("{name} has none")) {
            let data = fs::read(entry.unwrap().path()).unwrap();
            target(&data);
            // Cut and changed inputs take the paths of refusals.
            for end in 0..data.len().min(64) {
                target(&data[..end]);
            }
            for at in 0..data.len().min(64) {
                let mut changed = data.clone();
                changed[at] ^= 1;
                target(&changed);
            }
            number += 1;
        }
        assert!(number > 0, "{name} has no corpus");
    }
}

#[test]
fn every_target_has_a_program() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let mut found: Vec<String> = fs::read_dir(programs)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    let mut names = TARGETS.map(|(name, _)| name.to_owned());
    names.sort();
    assert_eq!(found, names);
}
