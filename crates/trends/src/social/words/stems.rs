//! Stems of Japanese verbs and adjectives: `食` of `食べました`, which a dictionary without conjugations
//! cuts off. Owns what may follow a noun, and the endings of adjectives; knows nothing of dictionaries.

use super::runs::Unit;
use crate::social::characters::is_kana;

/// Returns true if a word after a single ideograph is an ending of the verb or adjective whose stem
/// the ideograph is: one or two kana that are no particle, no copula and no suffix of nouns. `って`
/// ends a verb (買って) more often than it follows a noun. A longer word in Hiragana is mostly a word of
/// its own: `猫かわいい`.
pub(super) fn is_ending(word: &[Unit]) -> bool {
    match *word {
        [Unit { character: one, .. }] => is_kana(one) && !is_after_nouns(one),
        [Unit { character: one, .. }, Unit { character: two, .. }] => {
            is_kana(one) && is_kana(two) && !are_after_nouns([one, two])
        }
        _ => false,
    }
}

/// Returns true if what follows an ideograph in its run begins the past, the negative, the adverb or
/// the condition of an adjective, however a dictionary cuts it: `楽` of `楽しかった` is a stem. `しか` alone
/// is a particle.
pub(super) fn begins_adjective_ending(following: &[Unit]) -> bool {
    let letter = |at: usize| following.get(at).map_or(' ', |unit| unit.character);
    matches!(
        [letter(0), letter(1), letter(2)],
        ['か', 'っ', 'た']
            | ['し', 'か', 'っ']
            | ['く', 'な' | 'て', _]
            | ['し', 'く', 'な' | 'て']
            | ['け', 'れ', 'ば']
            | ['し', 'け', 'れ']
    )
}

/// Returns true for a particle or copula of one kana.
#[rustfmt::skip]
fn is_after_nouns(kana: char) -> bool {
    matches!(
        kana,
        'は' | 'が' | 'を' | 'に' | 'で' | 'と' | 'の' | 'も' | 'へ' | 'や' | 'か' | 'な' | 'ね' | 'よ' | 'だ'
    )
}

/// Returns true for a particle, a copula or a suffix of nouns of two kana.
#[rustfmt::skip]
#[expect(clippy::unnested_or_patterns, reason = "in the order of the first kana, each once")]
fn are_after_nouns(kana: [char; 2]) -> bool {
    matches!(
        kana,
        ['か', 'ら' | 'な' | 'も'] | ['が', 'ち'] | ['く', 'ん'] | ['こ', 'そ'] | ['ご', 'と'] |
        ['さ', 'え' | 'ん' | 'ま'] | ['し', 'か'] | ['じ', 'ゃ'] | ['す', 'ら'] | ['ず', 'つ'] |
        ['た', 'ち'] | ['だ', 'っ' | 'ろ' | 'け'] | ['で', 'す' | 'し' | 'は' | 'も' | 'の'] |
        ['と', 'か' | 'は' | 'の' | 'も'] | ['な', 'ど' | 'ら' | 'の' | 'ん'] | ['に', 'は' | 'も'] |
        ['の', 'み' | 'に' | 'で'] | ['へ', 'の'] | ['ほ', 'ど'] | ['ま', 'で'] | ['よ', 'り']
    )
}
