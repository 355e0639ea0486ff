//! A schedule: which processes there are, which of them does the next operation, which are killed
//! when, and how time goes on. Owns its choice by a seed and its execution; the same schedule does
//! the same operations again.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::actors::{Actor, Process};
use crate::invariants::{Values, after_a_step, at_rest};
use crate::mutations::Mutation;
use crate::world::{SimStore, World};

/// A pseudo-random sequence (`SplitMix64`, Steele et al. 2014).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or(0)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// One process of a schedule.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) actor: Actor,
    /// The number of its operations before it is killed; `None` lets it end.
    pub(crate) killed_after: Option<usize>,
}

/// One turn: a process, and the seconds that pass before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) part: usize,
    pub(crate) seconds: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) mutation: Mutation,
    pub(crate) parts: Vec<Part>,
    /// The grace of retired runs, in seconds.
    pub(crate) grace: u64,
    /// The first turns. Turns of ended processes are skipped.
    pub(crate) turns: Vec<Turn>,
    /// The choice of all further turns; `None` lets each process end, in their order.
    pub(crate) chooser: Option<Chooser>,
}

/// The choice of the next process. Few faults need many switches, and some need one process to
/// stand still while another does all its work.
#[derive(Debug, Clone)]
pub(crate) enum Chooser {
    /// Any process, with equal chance.
    Any(Random),
    /// Often the process of the last turn.
    Sticky(Random, Option<usize>),
    /// The first process of an order goes on until it ends or becomes the last, after one of a few
    /// looks at a mark or a record: faults lie between a look and what rests on it (after
    /// Burckhardt et al. 2010, probabilistic concurrency testing).
    InOrder { random: Random, order: Vec<usize>, changes: Vec<usize>, looks: usize },
}

impl Chooser {
    fn new(mut random: Random, parts: usize) -> Self {
        match random.below(4) {
            0 => Self::Any(random),
            1 => Self::Sticky(random, None),
            _ => {
                let mut order: Vec<usize> = (0..parts).collect();
                for end in (1..parts).rev() {
                    order.swap(end, random.below(end + 1));
                }
                let changes = (0..=random.below(2)).map(|_| random.below(8)).collect();
                Self::InOrder { random, order, changes, looks: 0 }
            }
        }
    }

    /// Returns the next turn. At least one process is alive; `last` is the last operation.
    fn next(&mut self, alive: &[usize], last: &str) -> Turn {
        let (part, random) = match self {
            Self::Any(random) => (alive[random.below(alive.len())], random),
            Self::Sticky(random, before) => {
                let again = before.filter(|before| alive.contains(before) && random.chance(60));
                let part = again.unwrap_or_else(|| alive[random.below(alive.len())]);
                *before = Some(part);
                (part, random)
            }
            Self::InOrder { random, order, changes, looks } => {
                order.retain(|part| alive.contains(part));
                if last.starts_with("get retired/") || last.starts_with("get runs/") {
                    if changes.contains(looks) {
                        order.rotate_left(1);
                    }
                    *looks += 1;
                }
                (order[0], random)
            }
        };
        let seconds = if random.chance(5) { random.below(400) as u64 } else { 0 };
        Turn { part, seconds }
    }
}

/// The verdict on a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Held,
    Broken(String),
}

/// The end of a schedule and the way to it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) trace: Vec<(usize, String)>,
    /// The turns that were taken.
    pub(crate) turns: Vec<Turn>,
    /// The operations of the first process.
    pub(crate) steps_of_first: usize,
}

/// The turns after which something waits for ever: five processes take a few hundred.
const MAX_TURNS: usize = 5_000;

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

/// A process that has not ended.
struct Alive {
    future: Option<Boxed>,
    steps: usize,
}

impl Schedule {
    /// Returns the schedule of a seed: two to five processes, some of them killed.
    pub(crate) fn random(seed: u64, mutation: Mutation) -> Self {
        let mut random = Random::new(seed);
        let rivals: &[Actor] = match random.below(2 * Actor::RIVALS.len()) {
            rivals if rivals < Actor::RIVALS.len() => Actor::RIVALS[rivals],
            _ => &[],
        };
        let others = (2_usize.saturating_sub(rivals.len())..3).filter(|_| random.chance(40));
        let others = others.count();
        let mut actors = rivals.to_vec();
        while actors.len() < rivals.len() + others || actors.len() < 2 {
            actors.push(Actor::ALL[random.below(Actor::ALL.len())]);
        }
        let killed = if random.chance(50) { 35 } else { 0 };
        let kill = |actor| {
            let killed_after = random.chance(killed).then(|| random.below(40));
            Part { actor, killed_after }
        };
        let parts: Vec<_> = actors.into_iter().map(kill).collect();
        let grace = [0, 5, 600][random.below(3)];
        let chooser = Some(Chooser::new(random, parts.len()));
        Self { mutation, parts, grace, turns: Vec::new(), chooser }
    }

    /// Returns a schedule in which `first` does some operations, then `second` all of its own, then
    /// `first` the rest, unless it is killed.
    pub(crate) fn pair(first: Actor, second: Actor, after: usize, kill: bool) -> Self {
        let parts = vec![
            Part { actor: first, killed_after: kill.then_some(after) },
            Part { actor: second, killed_after: None },
        ];
        let mut turns = vec![Turn { part: 0, seconds: 0 }; after];
        turns.extend([Turn { part: 1, seconds: 0 }; 500]);
        Self { mutation: Mutation::None, parts, grace: 0, turns, chooser: None }
    }

    /// Runs the schedule to its end.
    pub(crate) fn run(&self) -> Ran {
        let world = Arc::new(Mutex::new(World { clock: 1_000_000, ..World::default() }));
        for name in ["a", "b", "c"] {
            alone(&world, async |process| {
                process.publish(name, false).await.expect("nothing disturbs it");
            });
        }
        world.lock().expect("no panic").trace.clear();
        let mut running = Running::new(self, &world);
        running.take_turns();
        let Running { mut broken, turns, alive, .. } = running;
        let is_killed = alive.iter().any(|alive| alive.future.is_some())
            || self
                .parts
                .iter()
                .zip(&alive)
                .any(|(part, alive)| part.killed_after == Some(alive.steps));
        let steps_of_first = {
            let world = world.lock().expect("no panic");
            world.trace.iter().filter(|(actor, _)| *actor == 0).count()
        };
        if broken.is_none() && !is_killed {
            broken = judge(&world, |values| at_rest(values).or_else(|| values.without_record()));
        }
        if broken.is_none() {
            broken = self.clean_up(&world);
        }
        let trace = std::mem::take(&mut world.lock().expect("no panic").trace);
        let outcome = broken.map_or(Outcome::Held, Outcome::Broken);
        Ran { outcome, trace, turns, steps_of_first }
    }

    /// Cleans up as later publishers and a user do, and judges what is left.
    fn clean_up(&self, world: &Arc<Mutex<World>>) -> Option<String> {
        let grace = self.grace;
        for _ in 0..2 {
            alone(world, async |process| {
                let process = Process { grace, ..process };
                process.clean_up().await.expect("nothing disturbs it");
            });
            world.lock().expect("no panic").clock += grace + 1;
        }
        if let Some(why) = judge(world, at_rest) {
            return Some(format!("after a clean-up: {why}"));
        }
        world.lock().expect("no panic").clock += 1_000;
        for _ in 0..2 {
            alone(world, async |process| process.gc(500).await.expect("nothing disturbs it"));
        }
        judge(world, |values| at_rest(values).or_else(|| values.left_over()))
    }
}

fn judge(
    world: &Arc<Mutex<World>>,
    rule: impl FnOnce(&Values<'_>) -> Option<String>,
) -> Option<String> {
    let world = world.lock().expect("no panic");
    world.broken.clone().or_else(|| rule(&Values(&world.values)))
}

/// Runs a process that nothing disturbs and no mutation touches.
fn alone(world: &Arc<Mutex<World>>, work: impl AsyncFnOnce(Process<'_>)) {
    let store = SimStore::new(world, usize::MAX, Mutation::None);
    let work = work(Process { store: &store, number: 99, grace: 0 });
    let mut work = std::pin::pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        world.lock().expect("no panic").is_granted = true;
        if work.as_mut().poll(&mut context).is_ready() {
            return;
        }
    }
}

/// The execution of a schedule.
struct Running<'a> {
    schedule: &'a Schedule,
    world: Arc<Mutex<World>>,
    alive: Vec<Alive>,
    turns: Vec<Turn>,
    broken: Option<String>,
}

impl<'a> Running<'a> {
    fn new(schedule: &'a Schedule, world: &Arc<Mutex<World>>) -> Self {
        let part = |(number, part): (usize, &Part)| {
            let store = SimStore::new(world, number, schedule.mutation);
            let future: Boxed = Box::pin(part.actor.act(store, number, schedule.grace));
            Alive { future: Some(future), steps: 0 }
        };
        let alive = schedule.parts.iter().enumerate().map(part).collect();
        Self { schedule, world: Arc::clone(world), alive, turns: Vec::new(), broken: None }
    }

    fn take_turns(&mut self) {
        for turn in &self.schedule.turns {
            self.take(*turn);
        }
        let mut chooser = self.schedule.chooser.clone();
        while self.broken.is_none() {
            let alive: Vec<usize> =
                (0..self.alive.len()).filter(|part| self.alive[*part].future.is_some()).collect();
            let Some(first) = alive.first() else { return };
            let turn = match &mut chooser {
                None => Turn { part: *first, seconds: 0 },
                Some(chooser) => {
                    let world = self.world.lock().expect("no panic");
                    let last = world.trace.last().map_or("", |(_, operation)| operation);
                    chooser.next(&alive, last)
                }
            };
            self.take(turn);
        }
    }

    fn take(&mut self, turn: Turn) {
        let alive = &mut self.alive[turn.part];
        let Some(future) = &mut alive.future else { return };
        if self.broken.is_some() {
            return;
        }
        self.turns.push(turn);
        {
            let mut world = self.world.lock().expect("no panic");
            world.clock += turn.seconds;
            world.is_granted = true;
        }
        let is_killed = self.schedule.parts[turn.part].killed_after == Some(alive.steps);
        let mut context = Context::from_waker(Waker::noop());
        if is_killed || future.as_mut().poll(&mut context) == Poll::Ready(()) {
            alive.future = None;
        } else {
            alive.steps += 1;
        }
        self.broken = judge(&self.world, after_a_step);
        if self.turns.len() > MAX_TURNS {
            self.broken.get_or_insert_with(|| "the processes don't end".to_owned());
        }
    }
}
