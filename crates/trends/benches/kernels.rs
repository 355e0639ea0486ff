//! The kernels on one core, each beside a plain implementation: judging lines beside `serde_json`,
//! counting words beside a map of boxed keys. The lines are generated, so every machine times the
//! same bytes. Compare the ratios, not the times.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use trends::count::TermCounter;
use trends::format::RowWriter;
use trends::merge::Cursor as _;
use trends::record::{Fields, Judgement, Scanner};
use trends::seed::{TokenSink, tokens};
use trends::{Partitions, slot};

/// Returns the next number of splitmix64 (Steele, Lea, Flood 2014).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Returns texts of 16 words. The logarithm of a word's rank is about uniform, as in real text.
fn texts(count: usize) -> Vec<String> {
    let mut state = 1;
    let mut word = || {
        let rank = (1_u64 << (random(&mut state) % 18)) + random(&mut state) % 1000;
        let mut digits = rank.wrapping_mul(0x9E37_79B9);
        let length = 2 + random(&mut rank.clone()) % 9;
        let letter = |_| {
            digits = digits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'a' + (digits >> 59) as u8 % 26)
        };
        (0..length).map(letter).collect::<String>()
    };
    (0..count).map(|_| (0..16).map(|_| word()).collect::<Vec<_>>().join(" ")).collect()
}

/// Returns statuses with these texts and about as many other fields as real ones have.
fn lines(texts: &[String]) -> Vec<String> {
    let line = |(id, text): (usize, &String)| {
        format!(
            r#"{{"entities":{{"symbols":[],"urls":[],"user_mentions":[],"hashtags":[{{"text":"x","indices":[0,2]}}]}},"id":{id}4655991859,"geo":null,"user":{{"id":50152441,"id_str":"50152441","screen_name":"someone"}},"contributors":null,"text":"{text}","created_at":"Mon Jan 05 00:00:00 +0000 2026","lang":"en","truncated":false,"source":"<a href=\"http://example.org\" rel=\"nofollow\">a client</a>","favorite_count":0,"retweet_count":5,"is_quote_status":false}}"#
        )
    };
    texts.iter().enumerate().map(line).collect()
}

/// The fields that `serde_json` reads.
#[derive(serde::Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    text: std::borrow::Cow<'a, str>,
}

fn judge(criterion: &mut Criterion) {
    let lines = lines(&texts(20_000));
    let mut group = criterion.benchmark_group("judge");
    group.throughput(Throughput::Bytes(lines.iter().map(|line| line.len() as u64).sum()));
    let mut scanner = Scanner::new(&Fields::twitter().text_only(false));
    group.bench_function("scanner", |bench| {
        bench.iter(|| {
            let texts = lines.iter().map(|line| match scanner.judge(line.as_bytes()) {
                Judgement::Record(record) => record.text.len(),
                _ => 0,
            });
            texts.sum::<usize>()
        });
    });
    group.bench_function("serde_json", |bench| {
        bench.iter(|| {
            let texts = lines.iter().map(|line| {
                serde_json::from_slice::<Status<'_>>(line.as_bytes()).map_or(0, |s| s.text.len())
            });
            texts.sum::<usize>()
        });
    });
    group.finish();
}

/// The plain counter: a map of boxed keys.
#[derive(Default)]
struct BoxedKeyCounter(HashMap<Box<[u8]>, u64>);

impl TokenSink for BoxedKeyCounter {
    fn short(&mut self, letters: u128, length: usize) {
        self.long(&letters.to_le_bytes()[..length]);
    }

    fn long(&mut self, token: &[u8]) {
        let token = token.to_ascii_lowercase();
        *self.0.entry(token.into_boxed_slice()).or_default() += 1;
    }
}

fn count(criterion: &mut Criterion) {
    let texts = texts(100_000);
    let mut group = criterion.benchmark_group("count");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
    group.bench_function("table", |bench| {
        bench.iter(|| {
            let mut counter = TermCounter::new(1, usize::MAX);
            for text in &texts {
                counter.begin_record();
                tokens(text.as_bytes(), &mut counter);
            }
            counter
        });
    });
    group.bench_function("map of boxed keys", |bench| {
        bench.iter(|| {
            let mut counter = BoxedKeyCounter::default();
            for text in &texts {
                tokens(text.as_bytes(), &mut counter);
            }
            counter.0.len()
        });
    });
    group.finish();
}

fn drain(criterion: &mut Criterion) {
    let texts = texts(100_000);
    let counted = || {
        let mut counter = TermCounter::new(1, usize::MAX);
        for text in &texts {
            counter.begin_record();
            tokens(text.as_bytes(), &mut counter);
        }
        counter
    };
    let Some(partitions) = Partitions::new(8) else { return };
    criterion.bench_function("drain into sorted blocks", |bench| {
        bench.iter_batched(
            counted,
            |mut counter| {
                let blocks = counter.drain(partitions).into_iter().map(|mut run| {
                    let mut writer = RowWriter::default();
                    while let Some(row) = run.row() {
                        writer.push(&row);
                        let Ok(()) = run.advance();
                    }
                    writer.finish().map_or(0, |block| block.len())
                });
                blocks.sum::<usize>()
            },
            BatchSize::LargeInput,
        );
    });
    criterion.bench_function("slot of a word", |bench| {
        bench.iter(|| slot(trends::Kind::Word, black_box(b"congress")));
    });
}

criterion_group!(kernels, judge, count, drain);
criterion_main!(kernels);
