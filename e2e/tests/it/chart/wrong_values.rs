//! The chart refuses wrong values before anything is installed. The message names the field and the
//! remedy.

use super::template;
use crate::tools::helms;

/// Values, and the parts of the message.
const REFUSED: &[(&[&str], &[&str])] = &[
    // Misspelt: Helm would ignore them.
    (&["operator.replica=2"], &["/operator", "replica"]),
    (&["replicas=2"], &["replicas"]),
    (&["api.autoscaling.max=3"], &["/api/autoscaling", "max"]),
    // A wrong type, or a number out of range.
    (&["operator.replicas=two"], &["/operator/replicas", "integer"]),
    (&["api.autoscaling.minReplicas=0"], &["/api/autoscaling/minReplicas", "want 1"]),
    (&["api.service.port=70000"], &["/api/service/port", "65,535"]),
    (&["image.pullPolicy=Sometimes"], &["/image/pullPolicy", "IfNotPresent"]),
    (&["api.service.type=Balancer"], &["/api/service/type", "LoadBalancer"]),
    (&["api.image.digest=sha256:abc"], &["/api/image/digest"]),
    (&["jobNamespaces={Team_A}"], &["/jobNamespaces/0", "Team_A"]),
    (&["jobNamespaces=trends"], &["/jobNamespaces", "array"]),
    (&["workers.spillSize=10GiB"], &["/workers/spillSize"]),
    (&["workers.resources.requests=null"], &["/workers/resources", "requests"]),
    (&["operator.purgePatience=10"], &["/operator/purgePatience"]),
    (&["connection.database=a.b"], &["/connection/database", "a.b"]),
    (&["mongodb.persistence.size=big"], &["/mongodb/persistence/size"]),
    (
        &["api.podDisruptionBudget.maxUnavailable=half"],
        &["/api/podDisruptionBudget/maxUnavailable"],
    ),
    // Values that contradict each other.
    (&["mongodb.enabled=false"], &["connection.existingSecret"]),
    (
        &["mongodb.enabled=false", "connection.existingSecret=mine"],
        &["connection.existingReadOnlySecret", "may only read"],
    ),
    (&["connection.uri=mongodb://db/"], &["mongodb.enabled=false"]),
    (
        &[
            "mongodb.enabled=false",
            "connection.uri=postgres://u:secret@db/",
            "connection.readOnlyUri=mongodb://db/",
        ],
        &["connection.uri", "mongodb+srv://"],
    ),
    (
        &[
            "mongodb.enabled=false",
            "connection.uri=mongodb://db/",
            "connection.existingSecret=mine",
            "connection.readOnlyUri=mongodb://db/",
        ],
        &["only one of them"],
    ),
    (
        &["mongodb.auth.existingSecret=mine"],
        &["connection.existingSecret", "connection.existingReadOnlySecret"],
    ),
    (
        &["operator.watchNamespaces={a}", "jobNamespaces={b}"],
        &["namespace b", "operator.watchNamespaces"],
    ),
    (&["api.autoscaling.minReplicas=9", "api.autoscaling.maxReplicas=3"], &["(9)", "(3)"]),
    (&["api.requestTimeoutSeconds=60"], &["/api/requestTimeoutSeconds", "want 25"]),
    (&["api.drainSeconds=25"], &["terminationGracePeriodSeconds"]),
    (&["api.ingress.enabled=true"], &["api.ingress.hosts"]),
    (&["api.httpRoute.enabled=true"], &["api.httpRoute.parentRefs"]),
];

#[testing::needs(helm)]
#[test]
fn a_wrong_value_is_refused_with_its_field_and_what_would_be_right() {
    for helm in helms() {
        for (values, expected) in REFUSED {
            let error = template(&helm, values).refused();
            for part in *expected {
                assert!(error.contains(part), "{helm}, {values:?}: {part:?} is not in: {error}");
            }
            assert!(!error.contains("secret@"), "a password is shown: {error}");
        }
    }
}
