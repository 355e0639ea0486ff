//! A proxy in front of a database, which can be closed, opened and slowed down.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// A proxy that cuts all connections when it is closed, and refuses new ones.
pub(crate) struct Gate {
    pub(crate) address: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    closed: AtomicBool,
    /// True if the next bytes to the server close the gate.
    cuts: AtomicBool,
    refused: AtomicBool,
    /// Milliseconds by which every piece of a request or reply is delayed.
    delay: AtomicU64,
}

impl Gate {
    pub(crate) fn new(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.closed.load(Ordering::SeqCst) {
                    shared.refused.store(true, Ordering::SeqCst);
                    continue;
                }
                let Ok(server) = TcpStream::connect(&server) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let state = Arc::clone(&shared);
                    thread::spawn(move || pass(from, to, &state));
                }
            }
        });
        Self { address, state }
    }

    /// Delays every piece of a request or reply.
    pub(crate) fn slow_down(&self, delay: Duration) {
        self.state.delay.store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    pub(crate) fn close(&self) {
        self.state.refused.store(false, Ordering::SeqCst);
        self.state.closed.store(true, Ordering::SeqCst);
    }

    /// Closes as soon as a process sends something to the server.
    pub(crate) fn cut(&self) {
        self.state.refused.store(false, Ordering::SeqCst);
        self.state.cuts.store(true, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) {
        self.state.closed.store(false, Ordering::SeqCst);
    }

    /// Waits until a connection has been refused.
    pub(crate) fn wait_for_refused(&self) {
        while !self.state.refused.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut buffer = [0; 16 << 10];
    while let Ok(count) = from.read(&mut buffer) {
        let delay = state.delay.load(Ordering::SeqCst);
        if delay > 0 {
            thread::park_timeout(Duration::from_millis(delay));
        }
        if count == 0
            || state.closed.load(Ordering::SeqCst)
            || to.write_all(&buffer[..count]).is_err()
        {
            break;
        }
        if state.cuts.swap(false, Ordering::SeqCst) {
            state.closed.store(true, Ordering::SeqCst);
            break;
        }
    }
    for end in [from, to] {
        drop(end.shutdown(std::net::Shutdown::Both));
    }
}
