//! The lists of stop words: those of NLTK, of Stopwords ISO for languages that NLTK lacks, and some
//! words more. Owns the codes of languages and the scripts that they are written in.

use std::sync::{LazyLock, OnceLock};

use super::table::WordTable;
use crate::social::characters::{Unspaced, is_kana, unspaced};

/// The current code for each old code that records still carry, and for each language that shares
/// another's list.
const ALIASES: [(&str, &str); 6] =
    [("in", "id"), ("iw", "he"), ("ji", "yi"), ("nb", "no"), ("nn", "no"), ("fil", "tl")];

/// Words that the lists lack: what is left of verbs and of polite forms where our words are shorter
/// than those that the lists were made for. A particle of Korean is a part of the word before it,
/// which is not taken apart, so only whole words can be in a list.
pub(in crate::social) const MORE: [(&str, &str); 9] = [
    ("ar", "يجب يمكن يتم تكون يكون حاليا يوجد لقد"),
    (
        "fr",
        "cette cet comme plus tout tous toute toutes \
         très aussi bien sans être avoir c'est \
         j'ai",
    ),
    ("he", "כדי עבור האם הכל לכל בעוד"),
    (
        "hi",
        "क्या कैसा कैसे आपके आपको मैं मैंने हूँ हूं \
         हाँ चाहिए करे हमारे तुम",
    ),
    (
        "ja",
        "けれど みたい なんて なんか とっても ちょっと やっぱり やはり これから それから \
         だから ですから ですが ますよ あるいは いっぱい どうして そんな こんな あんな \
         ありま あたかも すべて いいえ でなければ あなた 的 方 者 時 中 人 事 物 様 \
         僕 俺 自分 今 前 後 年 月 日 度 回 誰 言 思 見 行 出 来 入 上 下 知 \
         持 書 読 聞 使 作 得 与 呼 違 置 取 帰 始 終 教 待 食 飲 寝 起 着 \
         乗 送 返 決 続",
    ),
    (
        "ko",
        "다시 정말 진짜 너무 많이 그냥 아주 매우 이제 아직 이미 제가 내가 나는 저는 \
         너는 당신은 것이 것은 것을 것으로 있다 있는 있습니다 없는 없다 없습니다 \
         아닙니다 않습니다 하는 합니다 한다 했다 하고 하며 하여 되는 된다 대한 대해 \
         위한 통해 따른 또는 모든 경우 경우에는 이에 이를 그런 이런",
    ),
    (
        "ru",
        "это этот эта эти этого этой как так что уже \
         ещё еще также которые который которая",
    ),
    (
        "th",
        "ครับ ค่ะ คะ นะ จ้า เนี่ย คน ไหม มั้ย ทำ ใช้ \
         ฉัน ผม คุณ มัน พวก ผู้ ตัว ไม่มี ไม่ใช่ \
         สามารถ ใด ไง เอา สู่",
    ),
    (
        "zh",
        "那是 也是 都是 不是 还是 就是 我的 你的 他的 的是 還是 這是 這個 那個 沒有 \
         什麼 怎麼 没有 很多 还有 一个 一些 一下 一点 不能 不会 可以 比较 非常 已经 \
         的 了 是 我 你 他 她 它 们 这 那 个 都 很 没 吗 呢 吧 啊 还 不 说 \
         会 看 点 上 下 里 后 中 时 去 来 到 太 两 才 再 被 让 给 从 但 把 \
         对 与 及 或 又 想 做 能 要 最 真 多 小 大 好 這 個 們 麼 沒 來 對 \
         說 為 會 時 後 過 還 嗎",
    ),
];

/// A script of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Devanagari,
    Thai,
    Hangul,
    Kana,
    Han,
}

/// For each script, the languages that are written in it. The lists of the first `n` apply to its
/// words in posts of other languages: the languages with most posts.
const LANGUAGES: [(Script, usize, &str); 9] = [
    (Script::Greek, 1, "el"),
    (Script::Cyrillic, 1, "ru uk bg be mk sr kk ky mn tg"),
    (Script::Hebrew, 1, "he yi"),
    (Script::Arabic, 1, "ar fa ur ku ps"),
    (Script::Devanagari, 1, "hi mr ne"),
    (Script::Thai, 1, "th"),
    (Script::Hangul, 1, "ko"),
    (Script::Kana, 1, "ja"),
    (Script::Han, 2, "zh ja"),
];

/// A set of scripts: bit n is the n-th of [`LANGUAGES`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Scripts(u16);

impl Scripts {
    pub(super) const NONE: Self = Self(0);

    /// Returns the scripts that a post in this language is not written in: all if it has none.
    pub(super) fn foreign_to(code: Option<&str>) -> Self {
        let Some(code) = code else { return Self(u16::MAX) };
        Language::of(code).map_or_else(|| Self::other_than_of(code), |listed| listed.foreign)
    }

    fn other_than_of(code: &str) -> Self {
        let is_written = |languages: &str| {
            languages.split(' ').any(|language| language.eq_ignore_ascii_case(code))
        };
        let written = LANGUAGES.iter().enumerate().filter(|(_, (.., list))| is_written(list));
        Self(written.fold(u16::MAX, |scripts, (bit, _)| scripts & !(1 << bit)))
    }

    /// Returns the lists for a word in one of these scripts.
    pub(super) fn lists(self, word: &str) -> impl Iterator<Item = &'static WordTable> {
        let script = word.chars().next().filter(|_| self.0 != 0).and_then(script);
        let script = script.filter(|script| self.0 >> *script as u32 & 1 == 1);
        let found = script.and_then(|script| LANGUAGES.get(script as usize));
        let codes = found.into_iter().flat_map(|(_, count, codes)| codes.split(' ').take(*count));
        codes.filter_map(table)
    }
}

/// Returns the script of a letter, `None` for Latin and for scripts without a list.
fn script(letter: char) -> Option<Script> {
    Some(match letter {
        '\u{370}'..='\u{3FF}' => Script::Greek,
        '\u{400}'..='\u{52F}' => Script::Cyrillic,
        '\u{590}'..='\u{5FF}' => Script::Hebrew,
        '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => Script::Arabic,
        '\u{900}'..='\u{97F}' => Script::Devanagari,
        '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7A3}' => Script::Hangul,
        _ if is_kana(letter) => Script::Kana,
        _ => match unspaced(letter)? {
            Unspaced::HanOrHiragana => Script::Han,
            Unspaced::Thai => Script::Thai,
            _ => return None,
        },
    })
}

/// A language with a list.
struct Language {
    code: &'static str,
    /// The bytes of the code, for comparing.
    number: u16,
    /// The scripts that the language is not written in.
    foreign: Scripts,
    /// The list, which is loaded when a post first needs it, and shared by all threads.
    table: OnceLock<WordTable>,
}

/// The languages with a list, in the order of their codes.
static LISTED: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let mut codes: Vec<_> = known_languages().collect();
    codes.sort_unstable();
    let language = |code| Language {
        code,
        number: code.as_bytes().try_into().map_or(0, u16::from_be_bytes),
        foreign: Scripts::other_than_of(code),
        table: OnceLock::new(),
    };
    codes.into_iter().map(language).collect()
});

impl Language {
    /// Returns the language with an ISO 639-1 code in any case, if it has a list.
    fn of(code: &str) -> Option<&'static Self> {
        let lower: [u8; 2] = code.as_bytes().try_into().ok()?;
        let lower = u16::from_be_bytes(lower.map(|letter| letter.to_ascii_lowercase()));
        let found = LISTED.binary_search_by_key(&lower, |listed| listed.number).ok()?;
        LISTED.get(found)
    }

    fn table(&self) -> &WordTable {
        self.table.get_or_init(|| {
            let mut table = WordTable::default();
            table.add(words(self.code).iter().map(String::as_str), 1);
            table.build();
            table
        })
    }
}

/// Returns the list of a language, as an ISO 639-1 code in any case.
pub(super) fn table(code: &str) -> Option<&'static WordTable> {
    Language::of(code).map(Language::table)
}

/// Returns the words of a known language.
pub(super) fn words(code: &str) -> Vec<String> {
    let list = known_list(code).unwrap_or_default();
    let more = MORE.iter().filter(|(language, _)| *language == code);
    let more = more.flat_map(|(_, words)| words.split_whitespace());
    // An entry of several words is never one word of a post.
    let single = list.iter().copied().filter(|word| !word.contains(char::is_whitespace));
    let mut words: Vec<String> = single.chain(more).map(str::to_owned).collect();
    if code == "ar" {
        // Posts often have a bare alef for one with hamza, and a dotless ya for a final ya.
        let bare = |word: &String| word.replace(['أ', 'إ', 'آ', 'ٱ'], "ا");
        words.extend(words.iter().map(bare).collect::<Vec<_>>());
        words.extend(words.iter().map(|word| word.replace('ي', "ى")).collect::<Vec<_>>());
    }
    words
}

/// Returns the current code for the primary subtag of a language tag (BCP 47).
pub(super) fn current_code(tag: &str) -> &str {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag);
    let alias = ALIASES.iter().find(|(old, _)| old.eq_ignore_ascii_case(primary));
    alias.map_or(primary, |(_, code)| code)
}

/// Returns the ISO 639-1 codes with a list, fewer than the 126 marks of languages.
pub(super) fn known_languages() -> impl Iterator<Item = &'static str> {
    stop_words::available_languages().iter().copied().filter(|code| code.len() == 2)
}

pub(super) fn known_list(code: &str) -> Option<&'static [&'static str]> {
    known_languages().find(|known| *known == code).and_then(stop_words::lookup)
}
