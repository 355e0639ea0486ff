//! A schedule: which processes there are, which of them does the next operation, which are killed
//! when, and how time goes on. Owns its choice by a seed and its execution; the same schedule does
//! the same operations again.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use store::{Stage, Store as _};
use tempfile::TempDir;

use crate::actors::Actor;
use crate::invariants::{Values, after_a_removal, after_a_step, at_rest};
use crate::mutations::Mutation;
use crate::process::{Process, READERS, S, T, run};
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
    /// The moment at which it is killed; `None` lets it end.
    pub(crate) killed: Option<Kill>,
}

/// The moment at which a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kill {
    /// After a number of its operations.
    After(usize),
    /// Right after it inserted an entry of the generation log, before it looks again.
    AfterEntry,
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
    /// The number of random turns of 100 before which time passes.
    pub(crate) jumps: usize,
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
    /// Some processes stand still before an operation of a sort, each until the others have done
    /// some operations. Until they stand there they do most of the turns.
    Held { random: Random, holds: Vec<Hold> },
}

/// A process that stands still.
#[derive(Debug, Clone)]
pub(crate) struct Hold {
    part: usize,
    /// The sort of operations before which it stands.
    before: &'static str,
    /// The number of such operations that it does before.
    passed: usize,
    /// The number of operations that the others do meanwhile.
    until: usize,
}

impl Hold {
    fn new(random: &mut Random, parts: &[Part]) -> Self {
        let part = random.below(parts.len());
        let decisions = parts[part].actor.decisions();
        let before = decisions[random.below(decisions.len())];
        let often = before == "remove runs/" || random.chance(30);
        let passed = if often { random.below(4) } else { 0 };
        Self { part, before, passed, until: 1 + random.below(80) }
    }

    /// Returns true if the process is before such an operation.
    fn stands(&self, world: &World) -> bool {
        world.pending(self.part).starts_with(self.before)
    }
}

impl Chooser {
    fn new(mut random: Random, parts: &[Part]) -> Self {
        match random.below(6) {
            0 => Self::Any(random),
            1 => Self::Sticky(random, None),
            2..5 => {
                let holds = 1 + usize::from(parts.len() > 2 && random.chance(40));
                let holds = (0..holds).map(|_| Hold::new(&mut random, parts)).collect();
                Self::Held { random, holds }
            }
            _ => {
                let mut order: Vec<usize> = (0..parts.len()).collect();
                for end in (1..parts.len()).rev() {
                    order.swap(end, random.below(end + 1));
                }
                let changes = (0..=random.below(2)).map(|_| random.below(8)).collect();
                Self::InOrder { random, order, changes, looks: 0 }
            }
        }
    }

    /// Returns the next turn. At least one process is alive. Time passes before `jumps` turns of 100.
    fn next(&mut self, alive: &[usize], world: &World, jumps: usize) -> Turn {
        let last = world.trace.last().map_or("", |(_, operation)| operation);
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
            Self::Held { random, holds } => {
                let waiting = |hold: &Hold| hold.until > 0 && hold.passed == 0;
                let free: Vec<_> = alive
                    .iter()
                    .copied()
                    .filter(|part| {
                        let held = |hold: &Hold| hold.part == *part && waiting(hold);
                        !holds.iter().any(|hold| held(hold) && hold.stands(world))
                    })
                    .collect();
                let part = if free.is_empty() {
                    alive[random.below(alive.len())]
                } else {
                    let coming = holds.iter().filter(|hold| hold.until > 0 && !hold.stands(world));
                    let coming = coming.map(|hold| hold.part).find(|part| free.contains(part));
                    let coming = coming.filter(|_| random.chance(95));
                    coming.unwrap_or_else(|| free[random.below(free.len())])
                };
                for hold in holds {
                    let stands = hold.stands(world);
                    if hold.part == part {
                        hold.passed -= usize::from(stands && hold.passed > 0);
                    } else if stands && hold.passed == 0 {
                        hold.until = hold.until.saturating_sub(1);
                    }
                }
                (part, random)
            }
        };
        let seconds = if random.chance(jumps) { random.below(400) as u64 } else { 0 };
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
    is_killed: bool,
    /// True if its last operation inserted an entry of the generation log.
    inserted_entry: bool,
}

impl Schedule {
    /// Returns the schedule of a seed: two to five processes, some of them killed.
    pub(crate) fn random(seed: u64, mutation: Mutation) -> Self {
        let mut random = Random::new(seed);
        let rivals = Actor::RIVALS[random.below(Actor::RIVALS.len())];
        let rivals: &[Actor] = if random.chance(70) { rivals } else { &[] };
        let others = (2_usize.saturating_sub(rivals.len())..3).filter(|_| random.chance(40));
        let others = others.count();
        let mut actors = rivals.to_vec();
        while actors.len() < rivals.len() + others || actors.len() < 2 {
            actors.push(Actor::ALL[random.below(Actor::ALL.len())]);
        }
        let killed = if random.chance(50) { 35 } else { 0 };
        let kill = |actor| {
            let killed = random.chance(killed).then(|| {
                let is_early = random.chance(25);
                if is_early { Kill::AfterEntry } else { Kill::After(random.below(40)) }
            });
            Part { actor, killed }
        };
        let parts: Vec<_> = actors.into_iter().map(kill).collect();
        let grace = [0, 5, 600][random.below(3)];
        let jumps = [0, 5][random.below(2)];
        let chooser = Some(Chooser::new(random, &parts));
        Self { mutation, parts, grace, jumps, turns: Vec::new(), chooser }
    }

    /// Returns a schedule in which `first` does some operations, then `second` all of its own, then
    /// `first` the rest, unless it is killed.
    pub(crate) fn pair(first: Actor, second: Actor, after: usize, kill: bool) -> Self {
        let parts = vec![
            Part { actor: first, killed: kill.then_some(Kill::After(after)) },
            Part { actor: second, killed: None },
        ];
        let mut turns = vec![Turn { part: 0, seconds: 0 }; after];
        turns.extend([Turn { part: 1, seconds: 0 }; 500]);
        Self { mutation: Mutation::None, parts, grace: 0, jumps: 0, turns, chooser: None }
    }

    /// Runs the schedule to its end.
    pub(crate) fn run(&self) -> Ran {
        let pending = vec![String::new(); self.parts.len()];
        let world = World { pending, values: beginning(), clock: BEGINNING, ..World::default() };
        let world = Arc::new(Mutex::new(world));
        let is_local = self.parts.iter().any(|part| part.actor.is_local());
        let mut running =
            FOLDER.with(|folder| Running::new(self, &world, is_local.then(|| folder.path())));
        running.take_turns();
        let Running { mut broken, turns, alive, .. } = running;
        let is_killed = alive.iter().any(|alive| alive.is_killed);
        let steps_of_first = {
            let world = world.lock().expect("no panic");
            world.trace.iter().filter(|(actor, _)| *actor == 0).count()
        };
        if broken.is_none() && !is_killed {
            broken = judge(&world, |values| at_rest(values).or_else(|| values.without_record()));
        }
        if broken.is_none() && is_killed {
            broken = self.after_removals(&world, &alive);
        }
        if broken.is_none() {
            broken = self.clean_up(&world);
        }
        let trace = std::mem::take(&mut world.lock().expect("no panic").trace);
        let outcome = broken.map_or(Outcome::Held, Outcome::Broken);
        Ran { outcome, trace, turns, steps_of_first }
    }

    /// Judges the runs that a process removed and then looked at the log, when all that were killed
    /// were so before it looked.
    fn after_removals(&self, world: &Arc<Mutex<World>>, alive: &[Alive]) -> Option<String> {
        let world = world.lock().expect("no panic");
        let ends_well = |part: usize| !alive[part].is_killed;
        let is_last = |(actor, _): &(usize, String)| !ends_well(*actor);
        let killed = world.trace.iter().rposition(is_last).unwrap_or(0);
        world.trace[killed..].iter().find_map(|(actor, operation)| {
            let run = operation.strip_prefix("remove runs/")?.strip_suffix("/run")?;
            let looks = ends_well(*actor) && self.parts[*actor].actor.is_remover();
            if looks { after_a_removal(&Values(&world.values), run) } else { None }
        })
    }

    /// Cleans up as later publishers and a user do, and judges what is left.
    fn clean_up(&self, world: &Arc<Mutex<World>>) -> Option<String> {
        for _ in 0..2 {
            let is_of_t = self.parts.iter().any(|part| part.actor.is_of_t());
            for source in [S, T].into_iter().take(1 + usize::from(is_of_t)) {
                alone(world, async |process| {
                    let process = Process { grace: self.grace, source, ..process };
                    process.clean_up().await.expect("nothing disturbs it");
                });
            }
            world.lock().expect("no panic").clock += self.grace.max(READERS) + 1;
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

thread_local! {
    /// The folder of the locks of runs. A lock is free when its process has ended, and a file that
    /// stays behind is harmless. So all schedules of a thread share the folder.
    static FOLDER: TempDir = tempfile::tempdir().expect("a folder for locks");
}

/// The time at which a simulation begins, in seconds since the epoch.
const BEGINNING: u64 = 10_000_000;

/// Returns the values at the beginning, which are the same for all schedules.
fn beginning() -> BTreeMap<String, Bytes> {
    static VALUES: OnceLock<BTreeMap<String, Bytes>> = OnceLock::new();
    let values = VALUES.get_or_init(|| {
        let clock = BEGINNING - 31 * 24 * 60 * 60;
        let world = Arc::new(Mutex::new(World { clock, ..World::default() }));
        let plan = |name: &str, source, workers| {
            alone(&world, async |process| {
                let process = Process { source, ..process };
                process.plan(&run(name), workers).await.expect("nothing disturbs it");
            });
        };
        let publish = |name: &str, source| {
            alone(&world, async |process| {
                let process = Process { source, ..process };
                process.publish(&run(name), true).await.expect("nothing disturbs it");
                process.store.remove_blocks(&run(name), Stage::Etl).await.expect("it works");
            });
        };
        publish("p", T);
        publish("q", T);
        plan("x", T, true);
        world.lock().expect("no panic").clock = BEGINNING;
        for name in ["a", "b", "c"] {
            publish(name, S);
        }
        plan("m", S, false);
        std::mem::take(&mut world.lock().expect("no panic").values)
    });
    values.clone()
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
    let process = Process { store: &store, number: 99, grace: 0, source: S, folder: None };
    let work = work(process);
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
    fn new(schedule: &'a Schedule, world: &Arc<Mutex<World>>, folder: Option<&Path>) -> Self {
        let part = |(number, part): (usize, &Part)| {
            let store = SimStore::new(world, number, schedule.mutation);
            let folder = folder.map(Path::to_owned);
            let future: Boxed = Box::pin(part.actor.act(store, number, schedule.grace, folder));
            Alive { future: Some(future), steps: 0, is_killed: false, inserted_entry: false }
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
                    chooser.next(&alive, &world, self.schedule.jumps)
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
        alive.is_killed = match self.schedule.parts[turn.part].killed {
            None => false,
            Some(Kill::After(steps)) => steps == alive.steps,
            Some(Kill::AfterEntry) => alive.inserted_entry,
        };
        let mut context = Context::from_waker(Waker::noop());
        if alive.is_killed || future.as_mut().poll(&mut context) == Poll::Ready(()) {
            alive.future = None;
        } else {
            alive.steps += 1;
        }
        let mut world = self.world.lock().expect("no panic");
        let last = world.trace.last();
        alive.inserted_entry = last.is_some_and(|(part, operation)| {
            *part == turn.part && operation.starts_with("insert generations/")
        });
        world.is_granted = false;
        if std::mem::take(&mut world.has_changed) {
            self.broken = world.broken.clone().or_else(|| after_a_step(&Values(&world.values)));
        } else {
            self.broken.clone_from(&world.broken);
        }
        drop(world);
        if self.turns.len() > MAX_TURNS {
            self.broken.get_or_insert_with(|| "the processes don't end".to_owned());
        }
    }
}
