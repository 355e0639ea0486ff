//! Words of languages other than English, and emoji: the text beyond ASCII. Owns these words;
//! doesn't know where they are written.

/// A language and some of its words, including function words.
#[derive(Debug)]
pub(super) struct Language {
    /// Its code in the field `lang`.
    pub(super) code: &'static [u8],
    /// Words mixed into its statuses; empty for English.
    pub(super) words: &'static [&'static str],
}

pub(super) const ENGLISH: Language = Language { code: b"en", words: &[] };

pub(super) const OTHERS: [Language; 4] = [
    Language {
        code: b"es",
        words: &[
            "mañana", "año", "corazón", "está", "también", "más", "niño", "señor", "canción",
            "porque", "cuando", "donde", "siempre", "gracias", "feliz", "noche", "gente", "mundo",
            "vida", "casa", "para", "con", "los", "una", "nosotros", "¿qué", "¡vamos!",
        ],
    },
    Language {
        code: b"nl",
        words: &[
            "gezellig",
            "morgen",
            "avond",
            "lekker",
            "eigenlijk",
            "mensen",
            "vandaag",
            "straks",
            "ideeën",
            "coördinatie",
            "één",
            "naar",
            "niet",
            "maar",
            "voor",
            "echt",
            "gaan",
            "haha",
            "fiets",
            "regen",
            "het",
            "een",
            "jij",
            "mooi",
            "weer",
        ],
    },
    Language {
        code: b"fr",
        words: &[
            "déjà",
            "été",
            "garçon",
            "forêt",
            "château",
            "cœur",
            "naïve",
            "français",
            "bonjour",
            "merci",
            "toujours",
            "jamais",
            "maison",
            "avec",
            "dans",
            "pour",
            "c'est",
            "aujourd'hui",
            "très",
            "même",
            "où",
            "les",
            "des",
        ],
    },
    Language {
        code: b"ja",
        words: &[
            "今日",
            "おはよう",
            "ありがとう",
            "東京",
            "楽しい",
            "天気",
            "音楽",
            "です",
            "ラーメン",
        ],
    },
];

/// Words with accents that occur in English texts.
pub(super) const ACCENTED: &[&str] =
    &["café", "fiancée", "jalapeño", "naïve", "résumé", "über", "Zoë", "piñata", "crème", "Malmö"];

pub(super) const EMOJI: &[&str] = &[
    "😂",
    "❤️",
    "🔥",
    "😍",
    "🎉",
    "👍🏽",
    "🙏",
    "👩‍🚀",
    "🇳🇱",
    "☀️",
    "🌨️",
    "🌘",
    "⚽",
    "🏅",
    "🎶",
    "🤔",
];
