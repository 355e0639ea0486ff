//! The definition of the custom resource. Owns its assembly; doesn't know any client.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceValidation, JSONSchemaProps,
};
use kube::CustomResourceExt as _;

use crate::{TrendJobResource, schema};

/// Returns the definition of a TrendJob. The names and columns come from the derive; the schema is
/// the one that manifests are checked against, with every rule.
pub fn crd() -> CustomResourceDefinition {
    let mut definition = TrendJobResource::crd();
    // A schema that does not parse would leave the field out, and the test that compares the
    // committed definition would fail.
    let schema: Option<JSONSchemaProps> = serde_json::from_value(schema::structural()).ok();
    for version in &mut definition.spec.versions {
        version.schema = Some(CustomResourceValidation { open_api_v3_schema: schema.clone() });
    }
    definition
}
