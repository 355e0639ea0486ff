//! Stems of Japanese verbs: `食` of `食べました`, which a dictionary without conjugations cuts off. Owns
//! what may follow a noun; knows nothing of dictionaries.

use super::runs::Unit;
use crate::social::characters::is_kana;

/// The longest ending, in kana. A longer word in Hiragana is mostly a word of its own: `猫かわいい`.
pub(super) const LONGEST_ENDING: usize = 2;

/// Words of one or two kana that follow a noun: particles, the copula and suffixes. `って` is not
/// among them: it ends a verb (買って) more often than it follows a noun.
const AFTER_NOUNS: &str = "は が を に で と の も へ や か な ね よ だ から まで より など です でし だっ だろ \
    だけ さえ しか なら とか じゃ かな かも とは には では にも でも での との への とも ほど こそ すら ずつ ごと \
    たち さん くん さま なの なん のみ のに ので がち";

/// Returns true if a word after a single ideograph is an ending of the verb or adjective whose stem
/// the ideograph is: one or two kana that don't follow a noun.
pub(super) fn is_ending(word: &[Unit]) -> bool {
    let mut letters = word.iter().map(|unit| unit.character);
    if !letters.all(is_kana) {
        return false;
    }
    let is_word = |known: &str| known.chars().eq(word.iter().map(|unit| unit.character));
    !AFTER_NOUNS.split(' ').any(is_word)
}
