//! The `Social` tokenizer on one core beside the `Seed` one, on generated posts: in ASCII and mixed
//! with other scripts and emoji, for several sets of kinds. Compare the ratios, not the times.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use trends::Kind;
use trends::seed::{TokenSink, tokens};
use trends::social::{
    Entities, Kinds, PairWord, Post, Settings, StopWords, TermSink, Tokenizer, normalize,
};

/// Returns the next number of splitmix64 (Steele, Lea, Flood 2014).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Returns posts of 18 parts: words, and now and then a name, link, entity or stop word. On
/// average, `non_ascii` of 32 parts are outside ASCII.
fn posts(count: usize, non_ascii: u64) -> Vec<String> {
    const NON_ASCII: [&str; 8] = ["it’s", "café", "🎉", "…", "👍🏽", "Привет", "東京", "“quoted”"];
    let mut state = non_ascii + 1;
    let mut part = || {
        let draw = random(&mut state);
        if draw % 32 < non_ascii {
            return NON_ASCII[(draw >> 8) as usize % NON_ASCII.len()].to_owned();
        }
        let length = 1 + (draw >> 16) as usize % 9;
        let mut letters = draw;
        let mut letter = |first: u8| {
            letters = random(&mut letters);
            char::from(first + (letters % 26) as u8)
        };
        let word: String = (0..length).map(|_| letter(b'a')).collect();
        match (draw >> 8) % 40 {
            0 => format!("#{word}"),
            1 => format!("@{word}"),
            2 => format!("https://example.org/{word}"),
            3 => format!("{word}."),
            4 => format!("{word}'s"),
            5 => "&amp;".to_owned(),
            6..=12 => ["the", "and", "of", "to", "in", "for", "is"][(draw >> 8) as usize % 40 - 6]
                .to_owned(),
            13..=18 => format!("{}{word}", letter(b'A')),
            _ => word,
        }
    };
    (0..count).map(|_| (0..18).map(|_| part()).collect::<Vec<_>>().join(" ")).collect()
}

/// Returns posts in Japanese of three invented sentences each: nouns, verbs and adjectives of
/// everyday words between particles, now and then a foreign word, a number or a hashtag.
fn japanese(count: usize) -> Vec<String> {
    const NOUNS: &str = "今日 明日 天気 電車 会社 学校 先生 友達 家族 映画 音楽 新聞 東京 大阪 京都 \
        北海道 日本 世界 問題 時間 仕事 料理 ラーメン コーヒー スマートフォン ニュース サッカー 野球選手 \
        選挙 地震 台風 雪 猫 犬 桜 朝ごはん お弁当 誕生日 iPhone 2017年";
    const PARTICLES: &str = "は が を に で と も から まで の";
    const ENDS: &str = "行きました 食べたい 楽しかった 見ています 始まります 買ってきた 思います すごい \
        うれしい おいしかったです 終わったらどうしよう 教えてください わからない ありがとうございます でした";
    let lists = [NOUNS, PARTICLES, ENDS, "。 ！ 、 … \u{a0} \u{a0}#桜\u{a0}"];
    let lists =
        lists.map(|list| list.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>());
    let mut state = 7;
    let mut post = || {
        let mut text = String::new();
        for list in [0, 1, 0, 1, 0, 1, 2, 3].repeat(3) {
            let list = &lists[list];
            text.push_str(list[(random(&mut state) >> 20) as usize % list.len()]);
        }
        text.replace('\u{a0}', " ")
    };
    (0..count).map(|_| post()).collect()
}

/// A sink that sums the lengths of terms, so that no work is optimised away.
#[derive(Default)]
struct Sum(usize);

impl TermSink for Sum {
    fn term(&mut self, _: Kind, key: &str, form: &str) {
        self.0 += key.len() + form.len();
    }

    fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>) {
        self.0 += left.key.len() + right.key.len();
    }
}

impl TokenSink for Sum {
    fn short(&mut self, letters: u128, length: usize) {
        self.0 += length + letters as usize % 2;
    }

    fn long(&mut self, token: &[u8]) {
        self.0 += token.len();
    }
}

fn tokenizer(kinds: &[Kind], detect_language: bool) -> Tokenizer {
    let languages = ["en", "es", "nl"].map(str::to_owned);
    let stop_words = StopWords::new(&languages, &[]).unwrap_or_default().with_own_lists();
    let kinds: Kinds = kinds.iter().copied().collect();
    Tokenizer::new(&Settings { kinds, stop_words, detect_language })
}

fn tokenize(criterion: &mut Criterion) {
    for (name, non_ascii) in [("ascii", 0), ("mixed", 2)] {
        let posts = posts(20_000, non_ascii);
        let mut group = criterion.benchmark_group(format!("tokenize {name}"));
        group.sample_size(20);
        group.throughput(Throughput::Bytes(posts.iter().map(|post| post.len() as u64).sum()));
        group.bench_function("seed", |bench| {
            bench.iter(|| {
                let mut sum = Sum::default();
                for post in &posts {
                    tokens(post.as_bytes(), &mut sum);
                }
                sum.0
            });
        });
        for (name, kinds) in [
            ("words and hashtags", &[Kind::Word, Kind::Hashtag][..]),
            ("hashtags", &[Kind::Hashtag]),
            ("all kinds", &Kind::ALL),
        ] {
            let mut tokenizer = tokenizer(kinds, false);
            group.bench_function(name, |bench| {
                bench.iter(|| {
                    let mut sum = Sum::default();
                    for text in &posts {
                        tokenizer
                            .post(&Post { text, language: Some("en"), entities: None }, &mut sum);
                    }
                    sum.0
                });
            });
        }
        group.finish();
    }
}

/// The `Social` tokenizer on posts without spaces, by the kinds that are counted.
fn unspaced(criterion: &mut Criterion) {
    let posts = japanese(5_000);
    let mut group = criterion.benchmark_group("tokenize japanese");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(posts.iter().map(|post| post.len() as u64).sum()));
    for (name, kinds) in [
        ("words", &[Kind::Word][..]),
        ("hashtags", &[Kind::Hashtag]),
        ("words, hashtags and phrases", &[Kind::Word, Kind::Hashtag, Kind::Phrase]),
    ] {
        let mut tokenizer = tokenizer(kinds, false);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut sum = Sum::default();
                for text in &posts {
                    tokenizer.post(&Post { text, language: Some("ja"), entities: None }, &mut sum);
                }
                sum.0
            });
        });
    }
    group.finish();
}

fn details(criterion: &mut Criterion) {
    let posts = posts(500, 2);
    let mut guessing = tokenizer(&[Kind::Word], true);
    criterion.bench_function("a post whose language is guessed, times 500", |bench| {
        bench.iter(|| {
            let mut sum = Sum::default();
            for text in &posts {
                guessing.post(&Post { text, language: None, entities: None }, &mut sum);
            }
            sum.0
        });
    });
    let json = br#"{"symbols":[],"urls":[{"url":"https://t.co/a","expanded_url":"https://example.org/b","indices":[3,26]}],"user_mentions":[],"hashtags":[{"text":"Rust","indices":[0,5]}]}"#;
    criterion.bench_function("entities of a status", |bench| {
        bench.iter(|| {
            Entities::parse(json, Kind::ALL.into_iter().collect()).map(|entities| entities.links)
        });
    });
    criterion.bench_function("a query folded", |bench| {
        bench.iter(|| normalize(Kind::Word, "Überraschung"));
    });
}

/// Tokenizes long texts of one repeated piece; the throughput must not fall with the length.
fn long_texts(criterion: &mut Criterion) {
    const PIECES: [&str; 23] = [
        "#",
        "#a",
        "#1",
        "@a",
        "@a/",
        "$A",
        "http://",
        "http://a.b/(",
        "http://a.b/(()",
        "://a.b",
        "a.",
        "a.b:",
        "&amp;",
        "&#",
        "\u{301}",
        "\u{1F1F3}",
        "\u{1F469}\u{200D}",
        "\u{1F3F4}\u{E0067}",
        "\u{6771}",
        "すごいラーメン",
        "\u{E01}",
        "ก\u{E34}",
        "é'",
    ];
    let mut tokenizer = tokenizer(&Kind::ALL, false);
    let mut group = criterion.benchmark_group("long text");
    group.sample_size(10);
    for piece in PIECES {
        for length in [10_000, 1_000_000] {
            let text = piece.repeat(length / piece.len());
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(format!("{} {length}", piece.escape_default()), |bench| {
                let post = Post { text: &text, language: None, entities: None };
                bench.iter(|| {
                    let mut sum = Sum::default();
                    tokenizer.post(&post, &mut sum);
                    sum.0
                });
            });
        }
    }
    group.finish();
}

criterion_group!(social, tokenize, unspaced, details, long_texts);
criterion_main!(social);
