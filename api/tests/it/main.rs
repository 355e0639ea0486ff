//! The API as a process.

#[cfg(all(test, feature = "serve"))]
mod process;
