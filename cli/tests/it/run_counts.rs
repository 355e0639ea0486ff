//! `run` publishes the oracle's counts for awkward texts, every preset and every way to name the
//! input.

use std::fs;

use crate::command::Workspace;
use crate::inputs::{awkward, status, statuses, word};
use crate::oracle::{Counts, Preset};
use crate::outcome::{Published, assert_mentions};

#[test]
fn awkward_statuses_have_the_oracles_counts() {
    for seed in 1..4 {
        let workspace = Workspace::new();
        let input = awkward(3_000, seed);
        let published = workspace.publish(&[&workspace.write("tweets.ndjson", &input)]);
        let expected = Counts::of(Preset::Twitter, &[&input]);
        assert!(expected.counted > 2_500 && expected.words.len() > 1_000, "the input is rich");
        workspace.assert_counts(&published, &expected);
        assert_eq!(published.number("bytes"), input.len() as u64);
    }
}

#[test]
fn published_terms_have_the_quirks_of_the_original() {
    let workspace = Workspace::new();
    let input = statuses([
        "see HTTP://example.org/Page now",
        "http://example.org/Gone#all soon",
        "wordhttp://x.y/gone",
        "http is bare",
        "&quot;fish&quot; &amp; chips",
        "caf\u{e9} ma\u{f1}ana society",
        "LOVE Love love",
        "http://a.b/c\u{a0}gone\u{3000}too but\tnot\u{a0}this",
        "love4peace HAHA echt couldn't",
        "",
    ]);
    let published = workspace.publish(&[&workspace.write("tweets.ndjson", &input)]);
    let rows: Vec<_> = workspace.rows().into_iter().map(|row| (row.term, row.count)).collect();
    let rows: Vec<_> = rows.iter().map(|(term, count)| (term.as_str(), *count)).collect();
    assert_eq!(
        rows,
        [
            ("love", 4),
            ("http", 2),
            ("quot", 2),
            ("bare", 1),
            ("chips", 1),
            ("example", 1),
            ("fish", 1),
            ("page", 1),
            ("peace", 1),
            ("society", 1),
            ("soon", 1),
            ("word", 1),
        ]
    );
    workspace.assert_counts(&published, &Counts::of(Preset::Twitter, &[&input]));
}

#[test]
fn datasift_interactions_are_read_by_their_content() {
    let workspace = Workspace::new();
    let mut input = String::new();
    for n in 0..200 {
        let content = status(&format!("{} shared words", word(n % 40)));
        let content = content.replace("\"text\"", "\"content\"");
        let line =
            format!("{{\"interaction\":{content},\"twitter\":{{\"text\":\"never counted\"}}}}\n");
        input.push_str(&line);
    }
    input += "{\"interaction\":{\"content\":null}}\n{\"text\":\"not here\"}\n";
    let published =
        workspace.publish(&["--preset", "datasift", &workspace.write("data.ndjson", &input)]);
    let expected = Counts::of(Preset::DataSift, &[input.as_bytes()]);
    assert_eq!(expected.empty["no-text"], 2);
    workspace.assert_counts(&published, &expected);
}

#[test]
fn mastodon_posts_are_read_without_their_tags() {
    let workspace = Workspace::new();
    let input = "{\"content\":\"<p class=\\\"hidden\\\">love is <a href=\\\"ftp://secret\\\" \
        rel='nofollow'>kind</a> peace</p>\",\"text\":\"never counted\"}\n\
        {\"content\":\"love &quot;only&quot;\"}\n{\"content\":null}\n";
    workspace.publish(&["--preset", "mastodon", &workspace.write("posts.ndjson", input)]);
    let terms: Vec<_> = workspace.rows().into_iter().map(|row| row.term).collect();
    for term in ["love", "kind", "peace"] {
        assert!(terms.iter().any(|other| other == term), "{term} is missing: {terms:?}");
    }
    for term in ["hidden", "secret", "href", "nofollow", "class", "never", "counted"] {
        assert!(!terms.iter().any(|other| other == term), "{term} is no text: {terms:?}");
    }
    assert_eq!(workspace.rows()[0].count, 2, "love leads");
}

#[test]
fn the_first_text_of_a_record_counts() {
    let workspace = Workspace::new();
    let input = "{\"full_text\":\"second\",\"text\":\"first\"}\n{\"text\":null,\"full_text\":\"full\"}\n\
        {\"extended_tweet\":{\"full_text\":\"extended\"}}\n{\"text\":\"\",\"full_text\":\"unseen\"}\n\
        {\"retweeted_status\":{\"text\":\"unseen\"}}\n";
    let published = workspace.publish(&[&workspace.write("tweets.ndjson", input)]);
    let expected = Counts::of(Preset::Twitter, &[input.as_bytes()]);
    assert_eq!(expected.words.keys().collect::<Vec<_>>(), ["extended", "first", "full"]);
    workspace.assert_counts(&published, &expected);
}

#[test]
fn texts_without_terms_are_counted_and_an_empty_file_publishes_an_empty_result() {
    let workspace = Workspace::new();
    let published = workspace
        .publish(&[&workspace.write("small.ndjson", statuses(["", "abc", "12345", "the"]))]);
    assert_eq!((published.read, published.counted, published.topics), (4, 4, 0));
    let published = workspace.publish(&[&workspace.write("empty.ndjson", "")]);
    assert_eq!((published.read, published.topics, published.generation), (0, 0, 2));
    assert!(workspace.rows().is_empty());
}

#[test]
fn every_way_to_name_an_input_publishes_one_digest() {
    let workspace = Workspace::new();
    let (first, second) = (awkward(200, 10), awkward(200, 11));
    workspace.write("in/first.ndjson", &first);
    workspace.write("in/second #1 50% \u{e9}.ndjson", &second);
    let expected = Counts::of(Preset::Twitter, &[&first, &second]);
    let folder = workspace.path("in");
    let both =
        [workspace.path("in/first.ndjson"), workspace.path("in/second #1 50% \u{e9}.ndjson")];
    let glob = workspace.path("in/*.ndjson");
    let uri = format!("file://{folder}/first.ndjson");
    let ways: [&[&str]; 8] = [
        &[&folder],
        &[&both[0], &both[1]],
        &[&both[1], &both[0]],
        &[&glob],
        &[&uri, &both[1]],
        &["in"],
        &["in/*"],
        &["./in/first.ndjson", &glob, &folder], // an object matched twice is read once
    ];
    let mut digests = Vec::new();
    for way in ways {
        let published = workspace.publish(way);
        assert_eq!(published.read, expected.read, "{way:?}");
        digests.push(published.digest.clone());
        workspace.assert_counts(&published, &expected);
    }
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}

#[test]
fn standard_input_is_counted_like_a_file() {
    let workspace = Workspace::new();
    let input = awkward(2_000, 20);
    let file = workspace.publish(&[&workspace.write("tweets.ndjson", &input)]);
    let piped = Published::of(&workspace.run_with_input(&["-"], &input));
    assert_eq!(piped.digest, file.digest);
    workspace.assert_counts(&piped, &Counts::of(Preset::Twitter, &[&input]));
    let sharded = Published::of(&workspace.run_with_input(&["--shards", "7", "-"], &input));
    assert_eq!(sharded.digest, file.digest);
}

const JOB: &str = "apiVersion: trendjob.dev/v1alpha1
kind: TrendJob
metadata:
  name: election
spec:
  source: sample
  input:
    uris: [\"file:///data/*.ndjson\"]
    volume: {persistentVolumeClaim: {claimName: tweets}}
    record: RECORD
  sharding: {chunkSize: 1Mi, maxShards: 4, parallelism: 2, partitions: 3}
  analysis: {profile: Seed, kinds: [Word]}
  sink:
    mongodb: {uriSecretRef: {name: trendjob-mongodb, key: uri}}
";

#[test]
fn a_manifest_and_flags_publish_one_digest() {
    let workspace = Workspace::new();
    let input = awkward(500, 30);
    let plain = workspace.publish(&[&workspace.write("mounted/deep.ndjson", &input)]);
    for name in ["job.yaml", "job.yml"] {
        workspace.write(name, JOB.replace("RECORD", "{preset: Twitter}"));
        let (store, data) = (workspace.store(), workspace.path("mounted"));
        let args = ["run", name, "--data", &data, "--store", &store, "--output", "json"];
        let published = Published::of(&workspace.trendjob(&args));
        assert_eq!(published.digest, plain.digest);
        assert_eq!(published.json["source"], "sample");
        assert_eq!(published.number("partitions"), 3);
    }
}

#[test]
fn a_manifest_can_name_the_fields_of_its_records() {
    let workspace = Workspace::new();
    let record = "{preset: Custom, text: [/post/text, /posts/1/text, /a~1b/~0c]}";
    workspace.write("job.yaml", JOB.replace("RECORD", record));
    workspace.write(
        "mounted/custom.ndjson",
        "{\"text\":\"never\",\"post\":{\"text\":\"direct\"}}\n\
         {\"post\":{\"text\":null},\"posts\":[{\"text\":\"never\"},{\"text\":\"array\"}]}\n\
         {\"a/b\":{\"~c\":\"escaped\",\"c\":\"never\"}}\n{\"a\":{\"b\":{\"c\":\"never\"}}}\n",
    );
    let (store, data) = (workspace.store(), workspace.path("mounted"));
    let args = ["run", "job.yaml", "--data", &data, "--store", &store, "--output", "json"];
    let published = Published::of(&workspace.trendjob(&args));
    assert_eq!(published.empty.get("no-text"), Some(&1));
    let terms: Vec<_> = workspace.rows().into_iter().map(|row| row.term).collect();
    assert_eq!(terms, ["array", "direct", "escaped"]);
}

#[test]
fn words_that_are_too_long_to_store_are_only_counted_as_long_terms() {
    let workspace = Workspace::new();
    let (longest, longer) = ("x".repeat(1_024), "y".repeat(1_025));
    let input = statuses([longest.as_str(), longer.as_str(), longer.as_str(), "love"]);
    let published = workspace.publish(&[&workspace.write("tweets.ndjson", input)]);
    let terms: Vec<_> = workspace.rows().into_iter().map(|row| row.term).collect();
    assert_eq!(terms, ["love", &longest]);
    assert_eq!((published.counted, published.topics), (4, 2));
    let reported = &published.json["longTerms"];
    assert_eq!(*reported, 2, "both occurrences are reported: {}", published.json);
}

#[test]
fn a_second_run_publishes_the_next_generation_with_equal_counts() {
    let workspace = Workspace::new();
    let file = workspace.write("tweets.ndjson", statuses(["rt love", "rt love", "rt love"]));
    let (first, second) = (workspace.publish(&[&file]), workspace.publish(&[&file]));
    assert_eq!((first.generation, second.generation), (1, 2));
    assert_eq!(first.digest, second.digest);
    assert_ne!(first.run, second.run);
    assert_eq!(workspace.rows()[0].count, 3, "repeated texts count, repeated runs do not");
}

#[test]
fn sources_share_a_store_but_no_results() {
    let workspace = Workspace::new();
    let store = workspace.store();
    workspace.publish(&[&workspace.write("love.ndjson", statuses(["love"]))]);
    let file = workspace.write("peace.ndjson", statuses(["peace"]));
    let args = ["run", "--source", "other", "--store", &store, "--output", "json", &file];
    let other = Published::of(&workspace.trendjob(&args));
    assert_eq!((other.generation, &other.json["source"]), (1, &serde_json::Value::from("other")));
    assert_eq!(workspace.rows()[0].term, "love");
}

#[test]
fn a_run_prints_a_table_of_the_top_words() {
    let workspace = Workspace::new();
    let (store, file) =
        (workspace.store(), workspace.write("in.ndjson", statuses(["love love", "peace"])));
    let run = workspace.trendjob(&["run", "--source", "sample", "--store", &store, &file]).done();
    assert_mentions(&run.stdout, &["love", "peace"]);
    assert!(!run.all().contains('\u{1b}'), "no colours where there is no terminal: {run:?}");
    let quiet =
        workspace.trendjob(&["run", "-q", "--source", "sample", "--store", &store, &file]).done();
    assert_eq!(quiet.stderr, "", "-q leaves nothing but the result");
}

#[test]
fn the_default_store_is_a_hidden_folder() {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", statuses(["love"]));
    workspace.trendjob(&["run", "--source", "sample", &file]).done();
    assert!(fs::metadata(workspace.path(".trendjob")).unwrap().is_dir());
    let top = workspace.trendjob(&["top", "sample", "--output", "csv"]).done();
    assert_mentions(&top.stdout, &["1,word,love,1,1"]);
}

#[test]
fn files_of_the_store_are_no_input() {
    let workspace = Workspace::new();
    workspace.write("first.ndjson", statuses(["love and peace"]));
    workspace.write("sub/second.ndjson", statuses(["peace"]));
    let folder = workspace.path(".");
    let first = workspace.publish(&[&folder]);
    assert_eq!(first.number("objects"), 2);
    // The store has files now, and its folder demo has statuses.
    workspace.write("store/demo/statuses.ndjson", statuses(["war"]));
    workspace.write(".hidden/demo/statuses.ndjson", statuses(["war"]));
    for input in [folder, workspace.path("**/*.ndjson"), "**/*.ndjson".to_owned()] {
        let again = workspace.publish(&[&input]);
        assert_eq!(again.digest, first.digest, "{input}");
    }
    let named = workspace.publish(&[&workspace.path("store/demo/*.ndjson")]);
    assert_eq!((named.number("objects"), named.topics), (1, 0), "it is named explicitly");
}
