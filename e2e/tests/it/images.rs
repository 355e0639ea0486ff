//! `images/build`: images are reproducible, have labels and an unprivileged user, and hold one
//! program.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::tools::{Ended, run, top};

const PROGRAMS: [(&str, &str); 4] = [
    ("operator", "trendjob-operator"),
    ("worker", "trendjob-worker"),
    ("api", "trendjob-api"),
    ("cli", "trendjob"),
];

/// Builds images under a tag. Each test has its own: all share buildah's store of images.
fn build(tag: &str, binaries: &Path, output: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(top().join("images/build"));
    command
        .arg("--binaries")
        .arg(binaries)
        .arg("--output")
        .arg(output)
        .args(["--tag", tag])
        .args(arguments);
    run(command.env("SOURCE_DATE_EPOCH", "1700000000"))
}

/// Writes stand-ins for the binaries.
fn binaries(folder: &Path, size: usize) {
    for (_, program) in PROGRAMS {
        fs::write(folder.join(program), vec![b'x'; size]).unwrap();
    }
}

/// Returns the configuration of an image in an archive, and the files in its only layer.
fn look(archive: &Path) -> (Value, BTreeSet<String>) {
    let folder = tempfile::tempdir().unwrap();
    let tar = |arguments: &[&str], file: &Path| {
        run(Command::new("tar").args(arguments).arg(file).current_dir(folder.path())).ok()
    };
    tar(&["--extract", "--file"], archive);
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap()
    };
    let manifest = read("manifest.json");
    let layers = manifest[0]["Layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1, "{manifest}");
    let layer = folder.path().join(layers[0].as_str().unwrap());
    let files = tar(&["--list", "--file"], &layer).lines().map(str::to_owned).collect();
    (read(manifest[0]["Config"].as_str().unwrap()), files)
}

#[testing::needs(buildah)]
#[test]
fn equal_binaries_give_byte_identical_images() {
    let (first, second, programs) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    binaries(programs.path(), 100);
    build("e2e-same", programs.path(), first.path(), &[]).ok();
    // Identical content, written at another time.
    binaries(programs.path(), 100);
    build("e2e-same", programs.path(), second.path(), &[]).ok();
    for (target, _) in PROGRAMS {
        let image = |folder: &Path| fs::read(folder.join(format!("{target}.tar"))).unwrap();
        assert!(image(first.path()) == image(second.path()), "{target}");
    }
}

#[testing::needs(buildah)]
#[test]
fn an_image_has_one_program_the_notice_an_unprivileged_user_and_labels() {
    let (output, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    binaries(programs.path(), 100);
    build("e2e-labels", programs.path(), output.path(), &[]).ok();
    for (target, program) in PROGRAMS {
        let (image, files) = look(&output.path().join(format!("{target}.tar")));
        assert_eq!(files, BTreeSet::from([program, "NOTICE"].map(str::to_owned)), "{target}");
        let config = &image["config"];
        assert_eq!(config["User"], "65532:65532", "{target}");
        assert_eq!(config["Entrypoint"], json!([format!("/{program}")]), "{target}");
        let labels = &config["Labels"];
        assert_eq!(labels["org.opencontainers.image.title"], program);
        assert_eq!(labels["org.opencontainers.image.version"], "0.1.0");
        let guesses_languages = ["worker", "cli"].contains(&target);
        let licences = if guesses_languages { "Apache-2.0 AND CC-BY-SA-3.0" } else { "Apache-2.0" };
        assert_eq!(labels["org.opencontainers.image.licenses"], licences, "{target}");
        assert_eq!(labels["org.opencontainers.image.created"], "2023-11-14T22:13:20Z");
        assert!(labels["org.opencontainers.image.revision"].is_string(), "{labels}");
    }
}

#[testing::needs(buildah)]
#[test]
fn an_image_of_30_mb_is_refused() {
    let (output, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    binaries(programs.path(), 30_000_000);
    let error = build("e2e-large", programs.path(), output.path(), &["cli"]).refused();
    assert!(error.contains("docker.io/trendjob/cli:e2e-large is not under 30 MB"), "{error}");
}

#[test]
fn a_wrong_argument_is_named_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["workers"][..], "operator, worker, api, cli"),
        (&["--load", "docker"], "containerd, kind"),
    ] {
        let error = build("e2e-wrong", folder.path(), folder.path(), arguments).refused();
        assert!(error.contains(expected), "{error}");
    }
}
