//! An operator as a process of its own, under a service account with the rights of `manifests/rbac`
//! only.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

use super::Testbed;

const RIGHTS: &str = include_str!("../../../../manifests/rbac/namespaced.yaml");
const ACCOUNT: &str = "trendjob-operator";

/// A running operator; killed when it is dropped.
pub(crate) struct Operator {
    child: Child,
}

impl Operator {
    /// Kills it, as a lost node does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it, as a rollout does; returns its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let signalled = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(signalled.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Testbed {
    /// Starts an operator for this namespace, without leader election: on a machine that is busy
    /// for ten seconds an operator can't renew its Lease and stops, and a test would not start it
    /// again.
    pub(crate) fn operator(&self) -> Operator {
        self.operator_with(&[])
    }

    /// Starts an operator with further arguments.
    pub(crate) fn operator_with(&self, arguments: &[&str]) -> Operator {
        self.start(&[&["--no-leader-election"], arguments].concat())
    }

    /// Starts an operator that works only while it holds the Lease.
    pub(crate) fn candidate(&self) -> Operator {
        self.start(&[])
    }

    fn start(&self, arguments: &[&str]) -> Operator {
        let mut command = self.command();
        command.args(arguments).env("KUBECONFIG", &self.kubeconfig);
        Operator { child: command.spawn().unwrap() }
    }

    /// Starts an operator with the rights of the tests themselves.
    pub(crate) fn operator_of_the_cluster(&self) -> Operator {
        Operator { child: self.command().arg("--no-leader-election").spawn().unwrap() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trendjob-operator"));
        command
            .args(["run", "--namespace", &self.namespace, "--lease-namespace", &self.namespace])
            .args(["--worker-image", &self.worker_image, "--metrics-listen", "127.0.0.1:0"])
            .args(["--log", "info,operator=debug"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.log());
        command
    }

    fn log(&self) -> File {
        File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("operator.log"))
            .unwrap()
    }

    /// Creates the service account, its rights and a kubeconfig.
    pub(super) async fn grant(&self) {
        for document in RIGHTS.replace("trendjob-system", &self.namespace).split("\n---\n") {
            let object: Value = serde_saphyr::from_str(document).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let api: Api<DynamicObject> =
                self.dynamic(&text(&object["apiVersion"]), &text(&object["kind"]), true);
            let name = text(&object["metadata"]["name"]);
            let params = PatchParams::apply("trendjob-tests").force();
            api.patch(&name, &params, &Patch::Apply(&object)).await.unwrap();
        }
        self.token().await;
    }

    /// Gives the operator of another namespace rights in this one.
    pub(crate) async fn bind(&self, of: &str) {
        let api = self.dynamic("rbac.authorization.k8s.io/v1", "RoleBinding", true);
        let subjects = json!([{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": of}]);
        let patch = Patch::Merge(json!({ "subjects": subjects }));
        api.patch(ACCOUNT, &PatchParams::default(), &patch).await.unwrap();
    }

    async fn token(&self) {
        let accounts: Api<ServiceAccount> = self.api();
        let hour =
            TokenRequestSpec { expiration_seconds: Some(3_600), ..TokenRequestSpec::default() };
        let request = TokenRequest { spec: hour, ..TokenRequest::default() };
        let token = accounts.create_token_request(ACCOUNT, &PostParams::default(), &request).await;
        let token = token.unwrap().status.unwrap().token;
        std::fs::write(&self.kubeconfig, kubeconfig(&token)).unwrap();
    }
}

/// The kubeconfig of the tests, with the token in place of the credentials of its user.
fn kubeconfig(token: &str) -> String {
    let mut config = Kubeconfig::read().unwrap();
    let options = KubeConfigOptions::default();
    let context = options.context.or_else(|| config.current_context.clone()).unwrap();
    let context = config.contexts.iter().find(|one| one.name == context).unwrap();
    let user = context.context.as_ref().unwrap().user.clone().unwrap();
    config.auth_infos.retain(|one| one.name == user);
    config.auth_infos[0].auth_info = Some(kube::config::AuthInfo::default());
    let mut json = serde_json::to_value(&config).unwrap();
    // The library does not serialise tokens.
    json["users"][0]["user"]["token"] = token.into();
    json.to_string()
}
