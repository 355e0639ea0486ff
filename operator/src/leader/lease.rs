//! The rules for taking a Lease. Pure. Only the clock of this machine counts: a Lease expires when
//! it has not changed for its duration since this candidate first read it. The renewal time in the
//! Lease is ignored, because the clocks of machines differ.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use tokio::time::Instant;

/// A Lease as last read, and the time since which it is unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObservedLease {
    holder: Option<String>,
    version: Option<String>,
    duration: Duration,
    since: Instant,
}

impl ObservedLease {
    /// A Lease that was read now; `before` is the result of the previous read.
    pub(crate) fn of(lease: &Lease, before: Option<Self>, now: Instant) -> Self {
        let spec = lease.spec.as_ref();
        let version = lease.metadata.resource_version.clone();
        let since = before.filter(|before| before.version == version).map(|before| before.since);
        let seconds = spec.and_then(|spec| spec.lease_duration_seconds).unwrap_or(0);
        Self {
            holder: spec
                .and_then(|spec| spec.holder_identity.clone())
                .filter(|name| !name.is_empty()),
            version,
            duration: Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
            since: since.unwrap_or(now),
        }
    }
}

/// The action of a candidate on a Lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The candidate holds it and renews it.
    Renew,
    /// No candidate holds it, or it has expired: the candidate takes it.
    Take,
    /// Another candidate holds it.
    Wait,
}

/// Returns the action of the candidate with this identity; `lease` is `None` if the Lease does not
/// exist.
pub(crate) fn verdict(lease: Option<&ObservedLease>, identity: &str, now: Instant) -> Verdict {
    let Some(lease) = lease else { return Verdict::Take };
    match lease.holder.as_deref() {
        Some(holder) if holder == identity => Verdict::Renew,
        Some(_) if now - lease.since < lease.duration => Verdict::Wait,
        _ => Verdict::Take,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: Option<&str>, version: &str) -> Lease {
        serde_json::from_value(serde_json::json!({
            "metadata": {"resourceVersion": version},
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15,
                     "renewTime": "1970-01-01T00:00:00.000000Z"},
        }))
        .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_taken_after_its_duration_without_renewal_whatever_time_it_holds() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(verdict(None, "me", start), Verdict::Take);
        let observed = ObservedLease::of(&lease(Some("other"), "1"), None, start);
        assert_eq!(verdict(Some(&observed), "me", after(14)), Verdict::Wait);
        assert_eq!(verdict(Some(&observed), "me", after(15)), Verdict::Take);
        let same = ObservedLease::of(&lease(Some("other"), "1"), Some(observed.clone()), after(10));
        assert_eq!(verdict(Some(&same), "me", after(15)), Verdict::Take);
        let renewed = ObservedLease::of(&lease(Some("other"), "2"), Some(observed), after(10));
        assert_eq!(verdict(Some(&renewed), "me", after(24)), Verdict::Wait);
        let mine = ObservedLease::of(&lease(Some("me"), "3"), None, start);
        assert_eq!(verdict(Some(&mine), "me", after(100)), Verdict::Renew);
        let free = ObservedLease::of(&lease(None, "4"), None, start);
        assert_eq!(verdict(Some(&free), "me", start), Verdict::Take);
        let blank = ObservedLease::of(&lease(Some(""), "4"), None, start);
        assert_eq!(verdict(Some(&blank), "me", start), Verdict::Take);
    }
}
