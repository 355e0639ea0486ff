//! Making a failing schedule short: fewer processes, fewer turns, fewer switches between them. Owns
//! the search and the text of the result.

use std::fmt::Write as _;

use crate::schedule::{Outcome, Schedule, Turn};

/// Returns the shortest failing schedule that was found, as text.
pub(crate) fn shrink(schedule: &Schedule) -> String {
    let mut shortest = fixed(schedule);
    let mut again = true;
    while again {
        again = false;
        for smaller in smaller(&shortest) {
            if is_broken(&smaller) {
                shortest = fixed(&smaller);
                again = true;
                break;
            }
        }
    }
    text(&shortest)
}

/// Returns the schedule with the turns that it takes instead of random ones.
fn fixed(schedule: &Schedule) -> Schedule {
    Schedule { turns: schedule.run().turns, chooser: None, ..schedule.clone() }
}

fn is_broken(schedule: &Schedule) -> bool {
    matches!(schedule.run().outcome, Outcome::Broken(_))
}

/// Returns schedules that are a little smaller.
fn smaller(schedule: &Schedule) -> Vec<Schedule> {
    let mut found = Vec::new();
    for part in 0..schedule.parts.len() {
        let mut without = schedule.clone();
        without.parts.remove(part);
        without.turns.retain(|turn| turn.part != part);
        for turn in &mut without.turns {
            turn.part -= usize::from(turn.part > part);
        }
        found.push(without);
    }
    for part in 0..schedule.parts.len() {
        if schedule.parts[part].killed.is_some() {
            let mut alive = schedule.clone();
            alive.parts[part].killed = None;
            found.push(alive);
        }
    }
    // A switch to another process moves later: fewer switches remain.
    for at in 1..schedule.turns.len() {
        let (before, here) = (schedule.turns[at - 1], schedule.turns[at]);
        let next = schedule.turns[at..].iter().position(|turn| turn.part == before.part);
        if let Some(next) = next.filter(|_| before.part != here.part) {
            let mut moved = schedule.clone();
            let turn = moved.turns.remove(at + next);
            moved.turns.insert(at, turn);
            if switches(&moved.turns) < switches(&schedule.turns) {
                found.push(moved);
            }
        }
    }
    found
}

fn switches(turns: &[Turn]) -> usize {
    turns.windows(2).filter(|pair| pair[0].part != pair[1].part).count()
}

fn text(schedule: &Schedule) -> String {
    let ran = schedule.run();
    let mut text = format!("{:?}, grace {} s\n", ran.outcome, schedule.grace);
    for (number, part) in schedule.parts.iter().enumerate() {
        let killed = part.killed.map_or(String::new(), |kill| format!(", killed: {kill:?}"));
        writeln!(text, "{number}: {:?}{killed}", part.actor).expect("a text takes all");
    }
    for (actor, operation) in ran.trace.iter().filter(|(actor, _)| *actor != usize::MAX) {
        writeln!(text, "  {actor} {operation}").expect("a text takes all");
    }
    text
}
