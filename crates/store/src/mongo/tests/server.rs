//! A server that implements just enough of the wire protocol (`OP_MSG`) to give the answers of a
//! failing server: refused users, elections, full disks, lost replies.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use mongodb::bson::{Bson, Document, doc};

/// The reaction of the server to a command.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// A reply.
    Reply(Document),
    /// A reply with the documents of the first insert.
    Inserted,
    /// No reply, and the connection is cut.
    Cut,
    /// No reply.
    Silence,
}

/// A failed command with its documented code.
pub(super) fn failure(code: i32, name: &str, message: &str) -> Answer {
    Answer::Reply(doc! { "ok": 0, "code": code, "codeName": name, "errmsg": message })
}

pub(super) fn done() -> Answer {
    Answer::Reply(doc! { "ok": 1, "n": 1 })
}

/// A cursor with all documents in its first batch.
pub(super) fn found(documents: Vec<Bson>) -> Document {
    let cursor = doc! { "id": 0_i64, "ns": "test.x", "firstBatch": documents };
    doc! { "ok": 1, "cursor": cursor }
}

/// The answer to a command.
#[derive(Debug, Clone, Copy)]
enum Rule {
    ByName(fn(&str) -> Answer),
    ByCommand(fn(&Document) -> Answer),
}

/// A server that answers commands by a script, and by a rule once the script is over. It answers
/// the handshake by itself.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) port: u16,
    script: Arc<Mutex<VecDeque<Answer>>>,
    /// The answer to a command when the script is over.
    rule: Rule,
    /// True for the primary of a replica set, to which drivers send more than to a lone server.
    is_primary: bool,
    /// The received commands, without those of the handshake.
    pub(super) received: Arc<Mutex<Vec<Document>>>,
    /// The number of open connections.
    pub(super) connections: Arc<AtomicUsize>,
}

impl Server {
    pub(super) fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        Self::listening(script.into_iter().collect(), Rule::ByName(|_| done()), false)
    }

    /// A server without a script, with this rule.
    pub(super) fn answering(rule: fn(&str) -> Answer) -> Self {
        Self::listening(VecDeque::new(), Rule::ByName(rule), false)
    }

    /// The primary of a replica set with sessions, with this rule.
    pub(super) fn primary(rule: fn(&Document) -> Answer) -> Self {
        Self::listening(VecDeque::new(), Rule::ByCommand(rule), true)
    }

    fn listening(script: VecDeque<Answer>, rule: Rule, is_primary: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(Mutex::new(script));
        let (received, connections) = (Arc::default(), Arc::default());
        let server = Self { port, script, rule, is_primary, received, connections };
        let shared = server.clone();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let server = shared.clone();
                server.connections.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    while server.answer(&connection).is_some() {}
                    server.connections.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    /// Appends to the script.
    pub(super) fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().extend(answers);
    }

    fn hello(&self) -> Document {
        let mut hello = doc! {
            "ok": 1,
            "helloOk": true,
            "isWritablePrimary": true,
            "ismaster": true,
            "maxBsonObjectSize": 16 << 20,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "saslSupportedMechs": ["SCRAM-SHA-256"],
        };
        if self.is_primary {
            let me = format!("127.0.0.1:{}", self.port);
            hello.extend(doc! {
                "setName": "rs0",
                "hosts": [&me],
                "primary": &me,
                "me": &me,
                "logicalSessionTimeoutMinutes": 30,
            });
        }
        hello
    }

    /// Reads a message and answers it; `None` when the connection is over.
    fn answer(&self, mut connection: &TcpStream) -> Option<()> {
        let mut head = [0; 16];
        connection.read_exact(&mut head).ok()?;
        let number = |at: usize| i32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        let mut rest = vec![0; usize::try_from(number(0)).unwrap() - head.len()];
        connection.read_exact(&mut rest).ok()?;
        // An OP_QUERY begins with flags and the NUL-terminated name of a collection.
        let is_query = number(12) == 2004;
        let body = if is_query {
            let name = rest[4..].iter().position(|byte| *byte == 0)?;
            &rest[4 + name + 1 + 8..]
        } else {
            &rest[5..]
        };
        let mut sections = body;
        let mut command = Document::from_reader(&mut sections).unwrap();
        if sections.first() == Some(&1) {
            // A sequence of documents: kind, length, NUL-terminated name, documents.
            let name = sections[5..].iter().position(|byte| *byte == 0)?;
            let first = Document::from_reader(&mut &sections[5 + name + 1..]).unwrap();
            command.insert("documents", vec![first]);
        }
        let name = command.keys().next()?.clone();
        let answer = match name.as_str() {
            "hello" | "isMaster" | "ismaster" => Answer::Reply(self.hello()),
            "endSessions" => done(),
            _ => {
                self.received.lock().unwrap().push(command.clone());
                let next = self.script.lock().unwrap().pop_front();
                next.unwrap_or_else(|| match self.rule {
                    Rule::ByName(rule) => rule(&name),
                    Rule::ByCommand(rule) => rule(&command),
                })
            }
        };
        match answer {
            Answer::Reply(reply) => reply_to(connection, number(4), is_query, &reply),
            Answer::Inserted => {
                let received = self.received.lock().unwrap();
                let sent = received.iter().find_map(|command| command.get_array("documents").ok());
                reply_to(connection, number(4), is_query, &found(sent?.clone()))
            }
            Answer::Cut => None,
            Answer::Silence => {
                // Waits until the client gives up.
                drop(connection.read(&mut [0]));
                None
            }
        }
    }
}

fn reply_to(mut to: &TcpStream, request: i32, is_query: bool, reply: &Document) -> Option<()> {
    let mut body = if is_query {
        // OP_REPLY: flags, cursor, first, count.
        let mut body = vec![0; 16];
        body.extend(1_i32.to_le_bytes());
        body
    } else {
        vec![0; 5]
    };
    reply.to_writer(&mut body).unwrap();
    let code: i32 = if is_query { 1 } else { 2013 };
    let mut message = Vec::new();
    for number in [i32::try_from(body.len() + 16).unwrap(), 1, request, code] {
        message.extend(number.to_le_bytes());
    }
    message.extend(body);
    to.write_all(&message).ok()
}
