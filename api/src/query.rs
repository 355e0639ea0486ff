//! Query parameters: by name, the first wins, unknown and repeated ones are refused where asked.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::problem::Problem;

/// The parameters of a request, in order.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The first value of a parameter.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Refuses parameters that aren't among those allowed, and those given twice.
    pub(crate) fn only(&self, allowed: &[&str]) -> Result<(), Problem> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            if !allowed.contains(&name.as_str()) {
                let allowed =
                    if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
                let detail = format!("unknown parameter {name:?}: allowed are {allowed}");
                return Err(Problem::bad_parameter(detail));
            }
            if self.0.iter().take(at).any(|(earlier, _)| earlier == name) {
                return Err(Problem::bad_parameter(format!("{name} is given twice: give it once")));
            }
        }
        Ok(())
    }

    /// A number within bounds, or the default.
    pub(crate) fn number(
        &self,
        name: &str,
        bounds: std::ops::RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Problem> {
        let Some(value) = self.first(name) else { return Ok(default) };
        value.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
            let (least, most) = bounds.into_inner();
            Problem::bad_parameter(format!(
                "{name}={value:?} must be a number from {least} to {most}"
            ))
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(pairs) = query.map_err(|error| Problem::bad_parameter(error.body_text()))?;
        Ok(Self(pairs))
    }
}
