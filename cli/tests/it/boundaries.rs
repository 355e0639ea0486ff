//! Every line belongs to exactly one chunk, wherever the line begins and ends. Each line here holds
//! a word of its own, whose count shows a line that is read twice or not at all.

use crate::command::Workspace;
use crate::inputs::{gzip, status, word};
use crate::oracle::{Counts, Preset};

/// Words for lines, each used once.
struct Words(usize);

impl Words {
    /// A line of exactly this many bytes without its end; at least 30.
    fn line(&mut self, length: usize) -> String {
        let status = status(&word(self.0));
        self.0 += 1;
        let padding = length - status.len() - ",\"pad\":\"\"".len();
        status.replacen('}', &format!(",\"pad\":\"{}\"}}", "-".repeat(padding)), 1)
    }
}

/// Files of lines that end before, on and after the boundaries of chunks of 1 KiB.
fn files() -> Vec<String> {
    let mut words = Words(0);
    let mut files = Vec::new();
    for end in ["\n", "\r\n"] {
        for length in 1_018..=1_030 {
            for count in [1, 2, 3] {
                let lines: Vec<String> = (0..count).map(|_| words.line(length)).collect();
                let text = lines.join(end);
                files.push(text.clone() + end);
                let more: Vec<String> = (0..count).map(|_| words.line(length)).collect();
                files.push(more.join(end));
            }
        }
    }
    for first in [40, 511, 512, 513, 1_023, 1_024, 2_047, 2_048, 3_000, 5_119, 5_120, 5_121] {
        // A long line spans whole chunks; the short ones after it begin anywhere.
        let lines = [words.line(first), words.line(40), words.line(41), words.line(9_000)];
        files.push(lines.join("\n"));
        files.push([words.line(first), words.line(1_024 - 1), words.line(300)].join("\n") + "\n");
    }
    for blanks in [1_022, 1_023, 1_024, 1_025, 4_096] {
        files.push("\n".repeat(blanks) + &words.line(60));
        files.push(words.line(60) + &"\n".repeat(blanks));
        files.push(" ".repeat(blanks) + &words.line(60) + "\n" + &" ".repeat(blanks));
        files.push("\r\n".repeat(blanks / 2) + &words.line(61) + "\r\n" + &words.line(62));
    }
    for mark in [1_018, 1_021, 1_022, 1_023] {
        files.push("\u{feff}".to_owned() + &words.line(mark) + "\n" + &words.line(70));
    }
    files
}

#[test]
fn lines_at_the_ends_of_chunks_are_read_exactly_once() {
    let workspace = Workspace::new();
    let files = files();
    for (n, file) in files.iter().enumerate() {
        workspace.write(&format!("in/{n:03}.ndjson"), file);
    }
    let expected =
        Counts::of(Preset::Twitter, &files.iter().map(String::as_bytes).collect::<Vec<_>>());
    assert!(expected.words.values().all(|&counts| counts == (1, 1)), "each word is in one line");
    let folder = workspace.path("in");
    let whole = workspace.publish(&[&folder]);
    workspace.assert_counts(&whole, &expected);
    for size in ["1Ki", "1025", "2047", "2Ki", "3000"] {
        let published = workspace.publish(&["--chunk-size", size, &folder]);
        workspace.assert_counts(&published, &expected);
        assert_eq!(published.digest, whole.digest, "chunks of {size}");
    }
}

#[test]
fn one_shard_a_chunk_reads_every_line_exactly_once() {
    let workspace = Workspace::new();
    let mut words = Words(0);
    // The ends of these lines drift by one byte against every boundary.
    let text: String = (0..300).map(|n| words.line(340 + n % 3) + "\n").collect();
    let text = text + &words.line(77);
    let file = workspace.write("in.ndjson", &text);
    let expected = Counts::of(Preset::Twitter, &[text.as_bytes()]);
    let chunks = text.len().div_ceil(1_024).to_string();
    let published = workspace.publish(&["--chunk-size", "1Ki", "--shards", &chunks, &file]);
    assert_eq!(published.number("shards").to_string(), chunks, "{}", published.json);
    workspace.assert_counts(&published, &expected);
}

#[test]
fn a_last_line_without_an_end_counts_wherever_it_begins() {
    let workspace = Workspace::new();
    let mut words = Words(0);
    let mut texts = Vec::new();
    for before in 1_000..=1_048 {
        texts.push(words.line(before) + "\n" + &words.line(40));
        texts.push(words.line(before) + "\n" + &words.line(1_024));
    }
    for (n, text) in texts.iter().enumerate() {
        workspace.write(&format!("in/{n:03}.ndjson"), text);
        workspace.write(&format!("packed/{n:03}.ndjson.gz"), gzip(text.as_bytes()));
    }
    let expected =
        Counts::of(Preset::Twitter, &texts.iter().map(String::as_bytes).collect::<Vec<_>>());
    for folder in ["in", "packed"] {
        let published = workspace.publish(&["--chunk-size", "1Ki", &workspace.path(folder)]);
        workspace.assert_counts(&published, &expected);
    }
}
