//! The API as a process.

#[cfg(test)]
#[cfg(feature = "serve")]
mod process;
#[cfg(test)]
#[cfg(feature = "serve")]
mod results;
