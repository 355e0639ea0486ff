//! The lists of stop words: those of NLTK, of Stopwords ISO for languages that NLTK lacks, and some
//! words more. Owns the codes of languages and the scripts that they are written in.

use std::sync::{LazyLock, OnceLock};

use super::table::WordTable;
use crate::social::characters::{Unspaced, is_kana, unspaced};

/// The current code for each old code that records still carry, and for each language that shares
/// another's list.
const ALIASES: [(&str, &str); 5] =
    [("in", "id"), ("iw", "he"), ("ji", "yi"), ("nb", "no"), ("nn", "no")];

/// The ISO 639-1 code for each code of ISO 639-2 (B and T) and ISO 639-3 of a language with a list,
/// in ascending order.
#[rustfmt::skip]
const THREE_LETTERS: [([u8; 3], &str); 96] = [
    (*b"afr", "af"), (*b"alb", "sq"), (*b"ara", "ar"), (*b"arb", "ar"), (*b"arm", "hy"),
    (*b"aze", "az"), (*b"azj", "az"), (*b"baq", "eu"), (*b"bel", "be"), (*b"ben", "bn"),
    (*b"bre", "br"), (*b"bul", "bg"), (*b"bur", "my"), (*b"cat", "ca"), (*b"ces", "cs"),
    (*b"chi", "zh"), (*b"cmn", "zh"), (*b"cze", "cs"), (*b"dan", "da"), (*b"deu", "de"),
    (*b"dut", "nl"), (*b"ekk", "et"), (*b"ell", "el"), (*b"eng", "en"), (*b"epo", "eo"),
    (*b"est", "et"), (*b"eus", "eu"), (*b"fas", "fa"), (*b"fil", "tl"), (*b"fin", "fi"),
    (*b"fra", "fr"), (*b"fre", "fr"), (*b"ger", "de"), (*b"gle", "ga"), (*b"glg", "gl"),
    (*b"gre", "el"), (*b"guj", "gu"), (*b"hau", "ha"), (*b"heb", "he"), (*b"hin", "hi"),
    (*b"hrv", "hr"), (*b"hun", "hu"), (*b"hye", "hy"), (*b"ind", "id"), (*b"ita", "it"),
    (*b"jpn", "ja"), (*b"kaz", "kk"), (*b"khm", "km"), (*b"kor", "ko"), (*b"kur", "ku"),
    (*b"lao", "lo"), (*b"lat", "la"), (*b"lav", "lv"), (*b"lit", "lt"), (*b"lvs", "lv"),
    (*b"mar", "mr"), (*b"may", "ms"), (*b"msa", "ms"), (*b"mya", "my"), (*b"nep", "ne"),
    (*b"nld", "nl"), (*b"nno", "no"), (*b"nob", "no"), (*b"nor", "no"), (*b"npi", "ne"),
    (*b"per", "fa"), (*b"pes", "fa"), (*b"pol", "pl"), (*b"por", "pt"), (*b"ron", "ro"),
    (*b"rum", "ro"), (*b"rus", "ru"), (*b"slk", "sk"), (*b"slo", "sk"), (*b"slv", "sl"),
    (*b"som", "so"), (*b"sot", "st"), (*b"spa", "es"), (*b"sqi", "sq"), (*b"swa", "sw"),
    (*b"swe", "sv"), (*b"swh", "sw"), (*b"tam", "ta"), (*b"tgk", "tg"), (*b"tgl", "tl"),
    (*b"tha", "th"), (*b"tur", "tr"), (*b"ukr", "uk"), (*b"urd", "ur"), (*b"uzb", "uz"),
    (*b"uzn", "uz"), (*b"vie", "vi"), (*b"yor", "yo"), (*b"zho", "zh"), (*b"zsm", "ms"),
    (*b"zul", "zu"),
];

/// Words that the lists lack: what is left of verbs and of polite forms where our words are shorter
/// than those that the lists were made for. A particle of Korean is a part of the word before it,
/// which is not taken apart, so only whole words can be in a list. No public list has Khmer, Lao and
/// Burmese: those are all here.
pub(in crate::social) const MORE: [(&str, &str); 12] = [
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
        "क्या कैसा कैसे आपके आपको मैं मैंने हूँ हूं हाँ चाहिए करे हमारे तुम मुझे \
         मेरा मेरी मेरे आपने आपका आपकी किए किये दिए दिये हमें हमारा हमारी तुम्हारा \
         तुम्हें उन्होंने उसने इसने रही करती सकती वाला वाली अब हम गए गई",
    ),
    (
        "ja",
        "けれど みたい なんて なんか とっても ちょっと やっぱり やはり これから それから だから ですから ですが ますよ あるいは いっぱい \
         どうして そんな こんな あんな ありま あたかも すべて いいえ でなければ あなた 的 方 者 時 中 人 事 物 様 僕 俺 自分 今 前 後 \
         年 月 日 度 回 誰 言 思 見 行 出 来 入 上 下 知 持 書 読 聞 使 作 得 与 呼 違 置 取 帰 始 終 教 待 食 飲 寝 起 着 \
         乗 送 返 決 続 しょう いてる いただき くれる こんなに そんなに あんなに なんで ずっと",
    ),
    (
        "km",
        "និង ជា នៃ ដែល បាន មាន ក្នុង នៅ ទៅ មក ពី ដោយ នេះ នោះ ខ្ញុំ គេ យើង អ្នក គាត់ \
         ពួក មិន ទេ ទាំង តែ ប៉ុន្តែ ដើម្បី សម្រាប់ លើ ជាមួយ នឹង កំពុង ហើយ ឲ្យ ឱ្យ \
         ដល់ តាម ព្រោះ បើ អ្វី ណា វា ត្រូវ អាច ណាស់ ផង តើ",
    ),
    (
        "ko",
        "다시 정말 진짜 너무 많이 그냥 아주 매우 이제 아직 이미 제가 내가 나는 저는 \
         너는 당신은 것이 것은 것을 것으로 있다 있는 있습니다 없는 없다 없습니다 \
         아닙니다 않습니다 하는 합니다 한다 했다 하고 하며 하여 되는 된다 대한 대해 \
         위한 통해 따른 또는 모든 경우 경우에는 이에 이를 그런 이런",
    ),
    (
        "lo",
        "ແລະ ແມ່ນ ເປັນ ຂອງ ທີ່ ໃນ ມີ ໄດ້ ບໍ່ ຈະ ກັບ ໃຫ້ ຈາກ ໄປ ມາ ຢູ່ ນີ້ ນັ້ນ ແຕ່ \
         ຫຼື ຫລື ຖ້າ ເພື່ອ ໂດຍ ເຮົາ ຂ້ອຍ ເຈົ້າ ເຂົາ ພວກ ມັນ ການ ຄວາມ ແລ້ວ ກຳລັງ ຕ້ອງ \
         ສາມາດ ວ່າ ຫຼາຍ ທຸກ ຄື ເຊິ່ງ ຊຶ່ງ ເມື່ອ ຍັງ ເຖິງ ຕາມ",
    ),
    (
        "my",
        "သည် ကို မှာ တွင် နှင့် နဲ့ ရဲ့ များ တွေ သော တဲ့ လည်း ပါ တယ် သည့် ဖြင့် \
         အတွက် ဒီ ထို အဲဒီ ကျွန်တော် ကျွန်မ သူ ငါ မင်း ဘာ ဘယ် မဟုတ် ရှိ ဖြစ် \
         ပြီး ပြီ သို့ သို့မဟုတ် ဒါပေမဲ့ လို့ မည် မယ် ခဲ့ နေ ပဲ",
    ),
    (
        "ru",
        "это этот эта эти этого этой как так что уже ещё еще также которые который \
         которая очень почему которое которого которой которых которым этим этих \
         этому наш наша наше наши нашего нашей нашу наших нашим самый самая самое \
         самые самого самой самых весь вся всё всем мои моё мое моей моего твой твоя \
         ваш ваша ваше ваши вашего вашей ваших свой своя своё свои своих своего \
         своей",
    ),
    (
        "th",
        "ครับ ค่ะ คะ นะ จ้า เนี่ย คน ไหม มั้ย ทำ ใช้ ฉัน ผม คุณ มัน พวก ผู้ ตัว \
         ไม่มี ไม่ใช่ สามารถ ใด ไง เอา สู่ กำลัง บน ควร กลับ",
    ),
    (
        "zh",
        "那是 也是 都是 不是 还是 就是 我的 你的 他的 的是 没有 很多 还有 一个 一些 一下 一点 不能 不会 可以 比较 非常 已经 的 了 是 \
         我 你 他 她 它 们 这 那 个 都 很 没 吗 呢 吧 啊 还 不 说 会 看 点 上 下 里 后 中 时 去 来 到 太 两 才 再 被 让 给 \
         从 但 把 对 与 及 或 又 想 做 能 要 最 真 多 小 大 好 裏 裏面 這是 儘管 瞭解",
    ),
];

/// The languages with no list but ours.
const OURS: [&str; 3] = ["km", "lo", "my"];

/// Entries that are topics. Keys have no harakat, so the verb خبَّر would remove the noun خبر.
const TOPICS: [(&str, &str); 2] = [("ar", "علم خبَّر حدَث"), ("hi", "घर वर्ग")];

/// The traditional form after each simplified character of the Chinese list that has another one.
const TRADITIONAL: &str = "\
    万萬 与與 专專 两兩 严嚴 个個 丰豐 临臨 为為 举舉 么麼 乌烏 习習 争爭 于於 产產 仅僅 从從 们們 \
    会會 伟偉 体體 余餘 儿兒 关關 兴興 冲衝 决決 况況 准準 几幾 凭憑 则則 别別 办辦 务務 动動 单單 \
    却卻 双雙 变變 后後 吓嚇 吗嗎 呕嘔 呗唄 呜嗚 哒噠 哗嘩 哟喲 嗳噯 嘘噓 围圍 图圖 坚堅 处處 备備 \
    复複 够夠 宁寧 实實 对對 将將 尔爾 尽盡 属屬 岂豈 巩鞏 帮幫 并並 广廣 应應 开開 张張 强強 归歸 \
    当當 彻徹 总總 愿願 战戰 扩擴 换換 据據 数數 斗鬥 断斷 无無 时時 显顯 杂雜 来來 极極 构構 样樣 \
    欢歡 没沒 渐漸 满滿 点點 独獨 现現 着著 确確 离離 种種 积積 类類 系繫 紧緊 约約 级級 纵縱 练練 \
    组組 经經 结結 给給 绝絕 继繼 续續 维維 综綜 罢罷 联聯 腾騰 范範 获獲 虑慮 虽雖 见見 规規 觉覺 \
    认認 让讓 许許 论論 设設 识識 话話 该該 说說 诸諸 谁誰 调調 谓謂 贴貼 赶趕 转轉 较較 边邊 达達 \
    过過 运運 还還 这這 进進 连連 适適 采採 里裡 鉴鑑 门門 问問 间間 际際 随隨 顺順 须須 题題 麽麼";

/// A script of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Greek,
    Cyrillic,
    Armenian,
    Hebrew,
    Arabic,
    Devanagari,
    Bengali,
    Gujarati,
    Tamil,
    Thai,
    Lao,
    Khmer,
    Burmese,
    Hangul,
    Kana,
    Han,
}

/// For each script but Latin, the languages with a list that are written in it. The lists of the
/// first `n`, the languages with most posts, apply to its words in posts of every language.
const LANGUAGES: [(Script, usize, &str); 16] = [
    (Script::Greek, 1, "el"),
    (Script::Cyrillic, 1, "ru uk bg be kk tg"),
    (Script::Armenian, 1, "hy"),
    (Script::Hebrew, 1, "he"),
    (Script::Arabic, 1, "ar fa ur ku"),
    (Script::Devanagari, 1, "hi mr ne"),
    (Script::Bengali, 1, "bn"),
    (Script::Gujarati, 1, "gu"),
    (Script::Tamil, 1, "ta"),
    (Script::Thai, 1, "th"),
    (Script::Lao, 1, "lo"),
    (Script::Khmer, 1, "km"),
    (Script::Burmese, 1, "my"),
    (Script::Hangul, 1, "ko"),
    (Script::Kana, 1, "ja"),
    (Script::Han, 2, "zh ja"),
];

/// Entries of the lists of scripts that are topics in another language of the script: Japanese,
/// Chinese, and Persian or Urdu. They apply only to posts of the language whose list has them.
const TOPICS_ELSEWHERE: &str = "一致 上下 中間 主張 人家 今年 代替 任務 作為 使用 促進 保持 個人 個別 偉大 先生 全部 全面 \
     共同 具体 出現 分別 前後 前進 加入 反映 取得 合理 問題 基本 堅持 宣布 安全 完全 完成 容易 \
     巨大 左右 強烈 強調 形成 徹底 必然 必要 意思 掌握 方便 方面 明確 普通 普遍 有利 有力 果然 \
     根本 構成 正常 比較 決定 注意 清楚 準備 特殊 現代 現在 目前 直接 相似 相反 確定 移動 積極 \
     突出 突然 結合 結果 組成 維持 練習 考慮 自身 良好 行動 行為 表明 表示 要求 規定 認識 迅速 \
     通常 通過 造成 進行 運用 適用 部分 重大 重要 開始 開展 防止 附近 集中 需要 非常 \
     大家 大量 多数 少数 和 嘘 地 将 朝 望 本 点 真 管 能 論 順 \
     人 物 書 食 教 送 聞 \
     علم صبر شمال خبر حدث نفس مارس يورو دولار دينار درهم حبيب";

/// The lists of scripts, each loaded when a post first needs it and shared by all threads.
static SHARED: [OnceLock<WordTable>; LANGUAGES.len()] =
    [const { OnceLock::new() }; LANGUAGES.len()];

/// Returns the list for a word in this script, in posts of every language; `None` for words in
/// Latin letters and in scripts without a list.
pub(super) fn of_script(word: &str) -> Option<&'static WordTable> {
    let script = word.chars().next().and_then(script)? as usize;
    let (_, count, codes) = LANGUAGES.get(script)?;
    let load = || {
        let mut table = WordTable::default();
        let is_shared = |word: &&String| !TOPICS_ELSEWHERE.split(' ').any(|topic| topic == *word);
        for code in codes.split(' ').take(*count) {
            table.add(words(code).iter().filter(is_shared).map(String::as_str), 1);
        }
        table.build();
        table
    };
    SHARED.get(script).map(|table| table.get_or_init(load))
}

/// Returns the script of a letter, `None` for Latin and for scripts without a list.
fn script(letter: char) -> Option<Script> {
    Some(match letter {
        '\0'..='\u{36F}' => return None,
        '\u{370}'..='\u{3FF}' => Script::Greek,
        '\u{400}'..='\u{52F}' => Script::Cyrillic,
        '\u{530}'..='\u{58F}' => Script::Armenian,
        '\u{590}'..='\u{5FF}' => Script::Hebrew,
        '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => Script::Arabic,
        '\u{900}'..='\u{97F}' => Script::Devanagari,
        '\u{980}'..='\u{9FF}' => Script::Bengali,
        '\u{A80}'..='\u{AFF}' => Script::Gujarati,
        '\u{B80}'..='\u{BFF}' => Script::Tamil,
        '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7A3}' => Script::Hangul,
        _ if is_kana(letter) => Script::Kana,
        _ => match unspaced(letter)? {
            Unspaced::HanOrHiragana => Script::Han,
            Unspaced::Thai => Script::Thai,
            Unspaced::Lao => Script::Lao,
            Unspaced::Khmer => Script::Khmer,
            Unspaced::Burmese => Script::Burmese,
        },
    })
}

/// A language with a list.
struct Language {
    code: &'static str,
    /// The bytes of the code, for comparing.
    number: u16,
    is_latin: bool,
    /// The list, which is loaded when a post first needs it, and shared by all threads.
    table: OnceLock<WordTable>,
}

/// The languages with a list, in the order of their codes.
static LISTED: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let mut codes: Vec<_> = known_languages().collect();
    codes.sort_unstable();
    let language = |code: &'static str| Language {
        code,
        number: code.as_bytes().try_into().map_or(0, u16::from_be_bytes),
        is_latin: LANGUAGES.iter().all(|(.., codes)| codes.split(' ').all(|other| other != code)),
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

/// Returns true if a language that has a list, as an ISO 639-1 code in any case, is written in
/// Latin letters.
pub(super) fn is_latin(code: &str) -> bool {
    Language::of(code).is_some_and(|language| language.is_latin)
}

/// Returns the list of a language, as an ISO 639-1 code in any case.
pub(super) fn table(code: &str) -> Option<&'static WordTable> {
    Language::of(code).map(Language::table)
}

/// Returns the words of a known language.
pub(super) fn words(code: &str) -> Vec<String> {
    let list = stop_words::lookup(code).unwrap_or_default();
    let of_code = |(language, _): &&(&str, &str)| *language == code;
    let topics = TOPICS.iter().find(of_code).map_or("", |(_, topics)| *topics);
    let is_topic = |word: &str| topics.split(' ').any(|topic| topic == word);
    let more = MORE.iter().filter(of_code).flat_map(|(_, words)| words.split_whitespace());
    // An entry of several words is never one word of a post.
    let is_kept = |word: &&str| !word.contains(char::is_whitespace) && !is_topic(word);
    let single = list.iter().copied().filter(is_kept);
    let mut words: Vec<String> = single.chain(more).map(str::to_owned).collect();
    if code == "zh" {
        words.extend(words.iter().map(|word| traditional(word)).collect::<Vec<_>>());
    }
    if code == "ar" {
        // Posts often have a bare alef for one with hamza, and a dotless ya for a final ya.
        let bare = |word: &String| word.replace(['أ', 'إ', 'آ', 'ٱ'], "ا");
        words.extend(words.iter().map(bare).collect::<Vec<_>>());
        words.extend(words.iter().map(|word| word.replace('ي', "ى")).collect::<Vec<_>>());
    }
    words
}

/// Returns a word of Chinese in traditional characters.
fn traditional(word: &str) -> String {
    let form = |simplified: char| {
        let pair = TRADITIONAL.split(' ').find(|pair| pair.starts_with(simplified));
        pair.and_then(|pair| pair.chars().nth(1)).unwrap_or(simplified)
    };
    word.chars().map(form).collect()
}

/// Returns the current code for the primary subtag of a language tag (BCP 47).
pub(super) fn current_code(tag: &str) -> &str {
    let primary = primary(tag);
    if let Some(letters) = three_letters(primary) {
        let found = THREE_LETTERS.binary_search_by_key(&letters, |(long, _)| *long);
        return found
            .ok()
            .and_then(|found| THREE_LETTERS.get(found))
            .map_or(primary, |(_, code)| code);
    }
    let alias = ALIASES.iter().find(|(old, _)| old.eq_ignore_ascii_case(primary));
    alias.map_or(primary, |(_, code)| code)
}

/// Returns true if a language tag (BCP 47) names a language: not if it is empty, and not if it
/// stands for none (`und`, `zxx`), for several (`mul`, `mis`), for an artificial one (`art`) or for
/// what a platform chooses (`qaa` to `qtz`, such as `qme` for posts with media only).
pub(in crate::social) fn names_language(tag: &str) -> bool {
    let primary = primary(tag);
    let names_none = |letters: [u8; 3]| {
        matches!(&letters, b"und" | b"zxx" | b"mul" | b"mis" | b"art")
            || matches!(letters, [b'q', b'a'..=b't', b'a'..=b'z'])
    };
    !primary.is_empty() && !three_letters(primary).is_some_and(names_none)
}

/// Returns the primary subtag of a language tag.
fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// Returns the letters of a code of three, in lower case.
fn three_letters(code: &str) -> Option<[u8; 3]> {
    let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
    Some(letters.map(|letter| letter.to_ascii_lowercase()))
}

/// Returns the ISO 639-1 codes with a list, fewer than the 126 marks of languages.
pub(super) fn known_languages() -> impl Iterator<Item = &'static str> {
    let listed = stop_words::available_languages().iter().copied();
    listed.filter(|code| code.len() == 2).chain(OURS)
}

/// Returns true if the language with an ISO 639-1 code in lower case has a list.
pub(super) fn is_known(code: &str) -> bool {
    known_languages().any(|known| known == code)
}
