//! A proxy between the API and a MongoDB. It can cut the connections or hold their messages, and
//! records the commands.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// The handling of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Messages pass.
    Pass,
    /// Messages wait.
    Hold,
    /// All connections are closed.
    Cut,
}

/// A proxy. Clones share it.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    mode: Arc<(Mutex<Mode>, Condvar)>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    commands: Arc<Mutex<BTreeSet<String>>>,
}

impl Proxy {
    /// A proxy for a server, as `127.0.0.1:27017`.
    pub(crate) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new((Mutex::new(Mode::Pass), Condvar::new()));
        let proxy = Self { port, mode, open: Arc::default(), commands: Arc::default() };
        let (shared, server) = (proxy.clone(), server.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (proxy, server) = (shared.clone(), server.clone());
                thread::spawn(move || drop(proxy.connect(&client, &server)));
            }
        });
        proxy
    }

    /// Changes the handling of messages.
    pub(crate) fn set(&self, mode: Mode) {
        *self.mode.0.lock().unwrap() = mode;
        self.mode.1.notify_all();
        if mode == Mode::Cut {
            for connection in self.open.lock().unwrap().drain(..) {
                drop(connection.shutdown(Shutdown::Both));
            }
        }
    }

    /// The names of all commands so far.
    pub(crate) fn commands(&self) -> BTreeSet<String> {
        self.commands.lock().unwrap().clone()
    }

    fn connect(&self, client: &TcpStream, server: &str) -> io::Result<()> {
        if self.is_cut() {
            return Ok(());
        }
        let server = TcpStream::connect(server)?;
        self.remember([client.try_clone()?, server.try_clone()?]);
        let (mut answers, mut to) = (server.try_clone()?, client.try_clone()?);
        thread::spawn(move || {
            drop(io::copy(&mut answers, &mut to));
            drop(to.shutdown(Shutdown::Both));
        });
        let ended = self.pass(client, &server);
        drop(server.shutdown(Shutdown::Both));
        ended
    }

    /// Forwards messages one by one.
    fn pass(&self, mut client: &TcpStream, mut server: &TcpStream) -> io::Result<()> {
        loop {
            let mut message = vec![0; 16];
            client.read_exact(&mut message)?;
            message.resize(number(&message, 0), 0);
            client.read_exact(&mut message[16..])?;
            // The other kind, OP_QUERY, is only used for the handshake.
            if number(&message, 12) == 2013 {
                self.note(&message);
            }
            self.wait_while_held();
            server.write_all(&message)?;
        }
    }

    fn is_cut(&self) -> bool {
        *self.mode.0.lock().unwrap() == Mode::Cut
    }

    fn wait_while_held(&self) {
        let mode = self.mode.0.lock().unwrap();
        drop(self.mode.1.wait_while(mode, |mode| *mode == Mode::Hold).unwrap());
    }

    fn remember(&self, connections: [TcpStream; 2]) {
        self.open.lock().unwrap().extend(connections);
    }

    /// Records the command of an `OP_MSG`: a header of 16 bytes, flags, the kind of the section, then a
    /// document, which begins with its length and the type and name of its first field.
    fn note(&self, message: &[u8]) {
        let name = message[16 + 4 + 1 + 4 + 1..].split(|byte| *byte == 0).next().unwrap();
        let name = String::from_utf8(name.to_vec()).unwrap();
        self.commands.lock().unwrap().insert(name);
    }
}

/// A number of a header.
fn number(message: &[u8], at: usize) -> usize {
    let number = i32::from_le_bytes(message[at..at + 4].try_into().unwrap());
    usize::try_from(number).unwrap()
}
