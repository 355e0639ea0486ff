//! Which of several operators works: whoever holds a Lease. It saves work and noise; nothing rests on
//! it, for every change of the cluster may be made twice without harm.

mod lease;

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio::time::{Instant, sleep, timeout};

pub(crate) use lease::{Seen, Verdict, verdict};

/// How long a Lease is good without being renewed.
pub(crate) const DURATION: Duration = Duration::from_secs(15);
/// How often it is looked at and renewed.
const EVERY: Duration = Duration::from_secs(2);
/// After so long without renewal its holder stops, before anybody else may begin.
const RENEW_WITHIN: Duration = Duration::from_secs(10);

/// One who wants the Lease.
#[derive(Debug)]
pub(crate) struct Candidate {
    leases: Api<Lease>,
    name: String,
    identity: String,
    seen: Option<Seen>,
}

impl Candidate {
    /// One under this identity, which no other may have.
    pub(crate) fn new(client: Client, namespace: &str, name: &str, identity: &str) -> Self {
        let leases = Api::namespaced(client, namespace);
        Self { leases, name: name.to_owned(), identity: identity.to_owned(), seen: None }
    }

    /// Returns when the Lease is held.
    pub(crate) async fn acquire(&mut self) {
        loop {
            match timeout(RENEW_WITHIN, self.attempt()).await {
                Ok(Ok(true)) => return,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "looking at the Lease failed"),
                Err(_) => tracing::warn!("looking at the Lease took too long"),
            }
            sleep(EVERY).await;
        }
    }

    /// Renews the Lease for as long as that works; returns when it is lost.
    pub(crate) async fn hold(&mut self) {
        let mut renewed = Instant::now();
        loop {
            sleep(EVERY).await;
            // The others count from when it is written, which may be long before the answer is here.
            let began = Instant::now();
            let left = RENEW_WITHIN.saturating_sub(renewed.elapsed());
            match timeout(left, self.attempt()).await {
                Ok(Ok(true)) => renewed = began,
                Ok(Ok(false)) => return,
                Ok(Err(error)) => tracing::warn!(%error, "renewing the Lease failed"),
                Err(_) => tracing::warn!("renewing the Lease took too long"),
            }
            if renewed.elapsed() >= RENEW_WITHIN {
                return;
            }
        }
    }

    /// Gives the Lease up, so that another need not wait.
    pub(crate) async fn release(&mut self) {
        let Ok(Some(mut lease)) = self.leases.get_opt(&self.name).await else { return };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() != Some(&self.identity) {
            return;
        }
        spec.holder_identity = None;
        spec.renew_time = None;
        // Who can't give it up lets it run out.
        drop(self.leases.replace(&self.name, &PostParams::default(), &lease).await);
    }

    /// Looks once, takes or renews the Lease if it may, and says whether it is held.
    async fn attempt(&mut self) -> Result<bool, kube::Error> {
        let found = self.leases.get_opt(&self.name).await?;
        let now = Instant::now();
        self.seen = found.as_ref().map(|lease| Seen::of(lease, self.seen.take(), now));
        let verdict = verdict(self.seen.as_ref(), &self.identity, now);
        let written = match (verdict, found) {
            (Verdict::Wait, _) => return Ok(false),
            (_, None) => self.leases.create(&PostParams::default(), &self.lease(None)).await,
            (_, Some(lease)) => {
                let lease = self.lease(Some(lease));
                self.leases.replace(&self.name, &PostParams::default(), &lease).await
            }
        };
        match written {
            Ok(_) => Ok(true),
            // Somebody else was faster.
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The Lease as held from now on, over the version that was seen.
    fn lease(&self, before: Option<Lease>) -> Lease {
        let now = MicroTime(Timestamp::now());
        let mut lease = before.unwrap_or_else(|| Lease {
            metadata: ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() },
            spec: None,
        });
        let spec: &mut LeaseSpec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() != Some(&self.identity) {
            spec.lease_transitions = Some(spec.lease_transitions.unwrap_or(0) + 1);
            spec.acquire_time = Some(now.clone());
        }
        spec.holder_identity = Some(self.identity.clone());
        spec.lease_duration_seconds = i32::try_from(DURATION.as_secs()).ok();
        spec.renew_time = Some(now);
        lease
    }
}
