//! Leader election: only the operator that holds a Lease works. This saves work and duplicate
//! events; correctness does not depend on it, because every change of the cluster may be made twice
//! without harm.

mod lease;

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio::time::{Instant, sleep, timeout};

use lease::{ObservedLease, Verdict, verdict};

/// The time after which a Lease that is not renewed expires.
const DURATION: Duration = Duration::from_secs(15);
/// The time between two reads or renewals.
const EVERY: Duration = Duration::from_secs(2);
/// The time without a renewal after which the holder stops. It is shorter than the duration, so no
/// two operators work at once.
const RENEW_WITHIN: Duration = Duration::from_secs(10);

/// An operator that wants the Lease.
#[derive(Debug)]
pub(crate) struct Candidate {
    leases: Api<Lease>,
    name: String,
    identity: String,
    observed: Option<ObservedLease>,
}

impl Candidate {
    /// A candidate with this identity, which must be unique.
    pub(crate) fn new(client: Client, namespace: &str, name: &str, identity: &str) -> Self {
        let leases = Api::namespaced(client, namespace);
        Self { leases, name: name.to_owned(), identity: identity.to_owned(), observed: None }
    }

    /// Waits until this candidate holds the Lease.
    pub(crate) async fn acquire(&mut self) {
        loop {
            match timeout(RENEW_WITHIN, self.attempt()).await {
                Ok(Ok(true)) => return,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "reading the Lease failed"),
                Err(_) => tracing::warn!("reading the Lease took too long"),
            }
            sleep(EVERY).await;
        }
    }

    /// Renews the Lease until it is lost.
    pub(crate) async fn hold(&mut self) {
        let mut renewed = Instant::now();
        loop {
            sleep(EVERY).await;
            // Other candidates count from the write, which may be long before its answer arrives.
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

    /// Releases the Lease, so that the next candidate doesn't have to wait until it expires.
    pub(crate) async fn release(&mut self) {
        let Ok(Some(mut lease)) = self.leases.get_opt(&self.name).await else { return };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() != Some(&self.identity) {
            return;
        }
        spec.holder_identity = None;
        spec.renew_time = None;
        // If the write fails, the Lease expires.
        drop(self.leases.replace(&self.name, &PostParams::default(), &lease).await);
    }

    /// Reads the Lease once, and takes or renews it if allowed. Returns true if this candidate
    /// holds it.
    async fn attempt(&mut self) -> Result<bool, kube::Error> {
        let found = self.leases.get_opt(&self.name).await?;
        let now = Instant::now();
        let before = self.observed.take();
        self.observed = found.as_ref().map(|lease| ObservedLease::of(lease, before, now));
        let verdict = verdict(self.observed.as_ref(), &self.identity, now);
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
            // Another candidate was faster.
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The Lease as this candidate writes it over the version that it read.
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
