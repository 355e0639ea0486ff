//! The definition that clusters are given. Owns putting it together; refuses to know any client.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceValidation, JSONSchemaProps,
};
use kube::CustomResourceExt as _;

use crate::{TrendJobResource, schema};

/// The definition of a TrendJob: names and columns by the derive, the schema that manifests are
/// checked against, with every rule.
pub fn crd() -> CustomResourceDefinition {
    let mut definition = TrendJobResource::crd();
    let schema: Option<JSONSchemaProps> = serde_json::from_value(schema::structural()).ok();
    for version in &mut definition.spec.versions {
        version.schema = Some(CustomResourceValidation { open_api_v3_schema: schema.clone() });
    }
    definition
}
