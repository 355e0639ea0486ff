//! Who may hold a Lease. Pure; owns that only this machine's own clock counts: how long a Lease was
//! not changed since it was first seen so, never the time that is written in it.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use tokio::time::Instant;

/// A Lease as it was seen, and since when it is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    holder: Option<String>,
    version: Option<String>,
    duration: Duration,
    since: Instant,
}

impl Seen {
    /// A Lease that was seen now.
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

/// What may be done with a Lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is held: renew it.
    Renew,
    /// Nobody holds it: take it.
    Take,
    /// Somebody else does.
    Wait,
}

/// Decides.
pub(crate) fn verdict(seen: Option<&Seen>, identity: &str, now: Instant) -> Verdict {
    match seen {
        None => Verdict::Take,
        Some(seen) => match seen.holder.as_deref() {
            Some(holder) if holder == identity => Verdict::Renew,
            Some(_) if now - seen.since < seen.duration => Verdict::Wait,
            _ => Verdict::Take,
        },
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
    async fn a_lease_is_taken_when_it_was_not_renewed_for_its_duration_whatever_its_clock_says() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(verdict(None, "me", start), Verdict::Take);
        let seen = Seen::of(&lease(Some("other"), "1"), None, start);
        assert_eq!(verdict(Some(&seen), "me", after(14)), Verdict::Wait);
        assert_eq!(verdict(Some(&seen), "me", after(15)), Verdict::Take);
        let same = Seen::of(&lease(Some("other"), "1"), Some(seen.clone()), after(10));
        assert_eq!(verdict(Some(&same), "me", after(15)), Verdict::Take);
        let renewed = Seen::of(&lease(Some("other"), "2"), Some(seen), after(10));
        assert_eq!(verdict(Some(&renewed), "me", after(24)), Verdict::Wait);
        let mine = Seen::of(&lease(Some("me"), "3"), None, start);
        assert_eq!(verdict(Some(&mine), "me", after(100)), Verdict::Renew);
        let free = Seen::of(&lease(None, "4"), None, start);
        assert_eq!(verdict(Some(&free), "me", start), Verdict::Take);
        let blank = Seen::of(&lease(Some(""), "4"), None, start);
        assert_eq!(verdict(Some(&blank), "me", start), Verdict::Take);
    }
}
