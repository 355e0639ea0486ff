//! The processes of a simulation: which there are, and which of them want different things of one
//! run. Owns the rules of their ends; `process` has what each of them does.

use std::path::PathBuf;

use store::StoreError;

use crate::process::{Process, S, T};
use crate::world::SimStore;

/// A process. The source `s` has the published runs `a-0`, `b-0` and `c-0`, in this order, and the
/// run `m-0` of one machine, which was left after its plan. The source `t` has `p-0` and `q-0`, and
/// `x-0`, which began 31 days ago and has no result. The retention is two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Plans, counts and publishes `d-0`, then cleans up.
    PublishD,
    /// Plans, counts and publishes `e-0`, then cleans up.
    PublishE,
    /// Plans, counts and publishes `r-0` under `t`, then cleans up.
    PublishR,
    /// Goes on with `x-0` under `t`, then cleans up.
    PublishX,
    /// Shows the first generation of `s`, of `a-0`, again.
    RollBackToA,
    /// Shows the second generation of `s`, of `b-0`, again.
    RollBackToB,
    /// Shows the first generation of `t`, of `p-0`, again.
    RollBackToP,
    PurgeA,
    PurgeB,
    PurgeC,
    PurgeD,
    /// Purges the visible result of `t`.
    PurgeQ,
    /// Cleans up as a publisher of `s` does.
    CleanUp,
    /// Cleans up by hand.
    Gc,
    /// Cleans up by hand whatever is five seconds old.
    GcSoon,
    /// Cleans up as a run of one machine does.
    CleanUpLocally,
    /// Publishes `l-0` on one machine, with its lock.
    RunLocally,
    /// Resumes `m-0` on one machine, with its lock.
    ResumeLocally,
    /// A pod of `a-0` that was slow: it stores a block and its marker.
    LatePod,
    /// A plan pod of `a-0` that was slow: it found no plan when it looked, and plans the run now.
    LatePlanPod,
    /// Reads the visible result, three times.
    Reader,
    /// Opens the visible result and reads its block later.
    SlowReader,
    /// Reads the results of `s` as the API does, which keeps them open for a second.
    ApiReader,
    /// Reads the results of `t` as the API does.
    ApiReaderOfT,
}

impl Actor {
    pub(crate) const ALL: [Self; 24] = [
        Self::PublishD,
        Self::PublishE,
        Self::PublishR,
        Self::PublishX,
        Self::RollBackToA,
        Self::RollBackToB,
        Self::RollBackToP,
        Self::PurgeA,
        Self::PurgeB,
        Self::PurgeC,
        Self::PurgeD,
        Self::PurgeQ,
        Self::CleanUp,
        Self::Gc,
        Self::GcSoon,
        Self::CleanUpLocally,
        Self::RunLocally,
        Self::ResumeLocally,
        Self::LatePod,
        Self::LatePlanPod,
        Self::Reader,
        Self::SlowReader,
        Self::ApiReader,
        Self::ApiReaderOfT,
    ];

    /// Processes that want different things of one run.
    pub(crate) const RIVALS: [&[Self]; 20] = [
        &[Self::PublishD, Self::PurgeD],
        &[Self::RollBackToA, Self::PurgeA],
        &[Self::RollBackToA, Self::CleanUp],
        &[Self::RollBackToB, Self::PurgeB],
        &[Self::PurgeC, Self::PurgeB],
        &[Self::LatePod, Self::PurgeA],
        &[Self::LatePod, Self::LatePod, Self::PurgeA],
        &[Self::LatePod, Self::CleanUp, Self::RollBackToA],
        &[Self::PublishD, Self::PublishD, Self::PurgeD],
        &[Self::LatePlanPod, Self::PurgeA],
        &[Self::LatePlanPod, Self::CleanUp, Self::RollBackToA],
        &[Self::ApiReader, Self::PurgeC, Self::CleanUp],
        &[Self::ApiReader, Self::PurgeC, Self::PurgeB],
        &[Self::SlowReader, Self::PurgeC],
        &[Self::SlowReader, Self::PurgeC, Self::CleanUp],
        &[Self::PublishD, Self::GcSoon],
        &[Self::RunLocally, Self::CleanUpLocally],
        &[Self::ResumeLocally, Self::CleanUpLocally, Self::GcSoon],
        &[Self::PublishX, Self::CleanUp],
        &[Self::RollBackToP, Self::PurgeQ, Self::Gc],
    ];

    /// Returns true if the process belongs to a store in a folder, where runs hold locks.
    pub(crate) const fn is_local(self) -> bool {
        matches!(self, Self::CleanUpLocally | Self::RunLocally | Self::ResumeLocally)
    }

    /// Returns true if the process removes runs of others and looks at the log then.
    pub(crate) const fn is_remover(self) -> bool {
        matches!(
            self,
            Self::PurgeA
                | Self::PurgeB
                | Self::PurgeC
                | Self::PurgeD
                | Self::PurgeQ
                | Self::CleanUp
                | Self::Gc
                | Self::GcSoon
                | Self::CleanUpLocally
        )
    }

    /// The beginnings of the operations of the process before which much may happen, those that matter
    /// more several times.
    pub(crate) const fn decisions(self) -> &'static [&'static str] {
        match self {
            Self::Reader | Self::SlowReader | Self::ApiReader | Self::ApiReaderOfT => {
                &["read ", "read ", "get runs/"]
            }
            Self::RollBackToA | Self::RollBackToB | Self::RollBackToP => &["insert generations/"],
            Self::PurgeA | Self::PurgeB | Self::PurgeC | Self::PurgeD | Self::PurgeQ => {
                &["insert purged/", "insert generations/", "remove runs/", "remove runs/"]
            }
            Self::LatePod => &["insert runs/", "get runs/"],
            Self::CleanUp | Self::Gc | Self::GcSoon | Self::CleanUpLocally => {
                &["insert generations/", "insert retired/", "remove runs/", "list "]
            }
            Self::PublishD
            | Self::PublishE
            | Self::PublishR
            | Self::PublishX
            | Self::RunLocally
            | Self::ResumeLocally
            | Self::LatePlanPod => &[
                "insert generations/",
                "insert generations/",
                "insert runs/",
                "insert runs/",
                "get runs/",
            ],
        }
    }

    /// Returns true if the process works on the source `t`.
    pub(crate) const fn is_of_t(self) -> bool {
        matches!(
            self,
            Self::PublishR | Self::PublishX | Self::RollBackToP | Self::PurgeQ | Self::ApiReaderOfT
        )
    }

    /// Does the work of the process. `grace` is the grace of retired runs, in seconds.
    pub(crate) async fn act(
        self,
        store: SimStore,
        number: usize,
        grace: u64,
        folder: Option<PathBuf>,
    ) {
        let s = Process { store: &store, number, grace, source: S, folder: folder.as_deref() };
        let t = Process { source: T, ..s };
        let ended = match self {
            Self::PublishD => s.publish_and_clean_up("d").await,
            Self::PublishE => s.publish_and_clean_up("e").await,
            Self::PublishR => t.publish_and_clean_up("r").await,
            Self::PublishX => t.publish_and_clean_up("x").await,
            Self::RollBackToA => s.roll_back(1).await,
            Self::RollBackToB => s.roll_back(2).await,
            Self::RollBackToP => t.roll_back(1).await,
            Self::PurgeA => s.purge("a").await,
            Self::PurgeB => s.purge("b").await,
            Self::PurgeC => s.purge("c").await,
            Self::PurgeD => s.purge("d").await,
            Self::PurgeQ => t.purge("q").await,
            Self::CleanUp => s.clean_up().await,
            Self::Gc => s.gc(u64::MAX).await,
            Self::GcSoon => s.gc(5).await,
            Self::CleanUpLocally => s.clean_up_locally().await,
            Self::RunLocally => s.run_locally("l").await,
            Self::ResumeLocally => s.run_locally("m").await,
            Self::LatePod => s.late_pod().await,
            Self::LatePlanPod => s.late_plan_pod("a").await,
            Self::Reader => s.read().await,
            Self::SlowReader => s.read_slowly().await,
            Self::ApiReader => s.read_as_the_api().await,
            Self::ApiReaderOfT => t.read_as_the_api().await,
        };
        if let Err(error) = ended
            && !matches!(
                (self, &error),
                (Self::RollBackToA | Self::RollBackToB | Self::RollBackToP, StoreError::Refused(_))
            )
        {
            store.broken(format!("{self:?} failed: {error}"));
        }
    }
}
