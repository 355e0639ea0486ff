//! The API as a separate process.

#[cfg(test)]
#[cfg(feature = "serve")]
mod api;
#[cfg(test)]
#[cfg(feature = "serve")]
mod drain;
#[cfg(test)]
#[cfg(feature = "serve")]
mod mongodb;
#[cfg(test)]
#[cfg(feature = "serve")]
mod process;
#[cfg(test)]
#[cfg(feature = "serve")]
mod proxy;
#[cfg(test)]
#[cfg(feature = "serve")]
#[path = "../../src/app/tests/published.rs"]
mod published;
#[cfg(test)]
#[cfg(feature = "serve")]
mod results;
