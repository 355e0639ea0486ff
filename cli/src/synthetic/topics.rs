//! The topics of the week. They rise and fall at fixed hours, so the expected bursts are known.
//! Owns the topics and their hours; doesn't know how a status is written.

use super::dice::Dice;

/// Hours of the week.
const WEEK: usize = 7 * 24;

/// A topic that many statuses are about for some hours.
#[derive(Debug)]
pub(super) struct Topic {
    /// The name, used as a word and, with a capital letter, as a hashtag.
    pub(super) name: &'static str,
    /// Words that stand beside the name.
    pub(super) company: &'static [&'static str],
    /// The hour of the week at which it begins.
    pub(super) start: usize,
    /// Number of statuses per 1,000 that are about it, for each hour.
    pub(super) rise: &'static [u32],
}

/// No two topics share an hour. `luminara` occurs in no other hour; the other names are rare words.
pub(super) const TOPICS: [Topic; 6] = [
    Topic {
        name: "snowstorm",
        company: &["snow", "roads", "closed", "cold", "school"],
        start: 5,
        rise: &[40, 140, 280, 420, 480, 450, 400, 340, 280, 220, 160, 110, 70, 40],
    },
    Topic {
        name: "eclipse",
        company: &["moon", "shadow", "sky", "watching", "telescope"],
        start: 24 + 15,
        rise: &[60, 240, 520, 640, 560, 360, 220, 130, 70],
    },
    Topic {
        name: "debate",
        company: &["moderator", "candidates", "question", "answer", "policy"],
        start: 3 * 24 + 18,
        rise: &[50, 180, 460, 540, 380, 200],
    },
    Topic {
        name: "luminara",
        company: &["album", "tracks", "listening", "chorus", "song"],
        start: 4 * 24,
        rise: &[500, 480, 440, 400, 360, 340, 330, 320, 290, 240, 190, 140, 90, 50],
    },
    Topic {
        name: "penalty",
        company: &["keeper", "goal", "final", "match", "league"],
        start: 5 * 24 + 14,
        rise: &[80, 260, 420, 600, 540, 260, 120, 60],
    },
    Topic {
        name: "marathon",
        company: &["runners", "finish", "medal", "city", "minutes"],
        start: 6 * 24 + 8,
        rise: &[120, 300, 440, 460, 380, 260, 160, 80],
    },
];

impl Topic {
    /// Returns the hours of the week in which statuses are about it.
    #[cfg(test)]
    pub(super) fn hours(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.rise.len()
    }
}

/// The topic of each hour of the week, with its share per 1,000 statuses.
#[derive(Debug)]
pub(super) struct Programme([Option<(&'static Topic, u32)>; WEEK]);

impl Programme {
    pub(super) fn new() -> Self {
        let mut hours = [None; WEEK];
        for topic in &TOPICS {
            for (hour, rise) in hours.iter_mut().skip(topic.start).zip(topic.rise) {
                *hour = Some((topic, *rise));
            }
        }
        Self(hours)
    }

    /// Draws the topic of a status in an hour.
    pub(super) fn topic(&self, hour: usize, dice: &mut Dice) -> Option<&'static Topic> {
        let (topic, rise) = self.0.get(hour).copied().flatten()?;
        dice.happens(rise, 1_000).then_some(topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_topics_share_an_hour_and_all_end_within_the_week() {
        let mut taken = [false; WEEK];
        for hour in TOPICS.iter().flat_map(Topic::hours) {
            assert!(!std::mem::replace(&mut taken[hour], true), "hour {hour}");
        }
    }
}
