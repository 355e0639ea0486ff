//! Connections with a deadline, because axum sets none. A client that sends nothing, sends one byte
//! at a time or doesn't read its answer holds a file descriptor only until the deadline.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};

/// A listener whose connections have a deadline.
#[derive(Debug)]
pub(crate) struct Deadlines {
    listener: TcpListener,
    limit: Duration,
}

impl Deadlines {
    pub(crate) fn new(listener: TcpListener, limit: Duration) -> Self {
        Self { listener, limit }
    }
}

impl Listener for Deadlines {
    type Io = Deadline<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Answers are small and sent whole, so waiting for more bytes would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY on a connection");
        }
        (Deadline::new(stream, self.limit), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that fails when `limit` has passed since its start, the first byte of the current
/// request and the last byte sent, whichever is latest. Further received bytes don't extend it.
#[derive(Debug)]
pub(crate) struct Deadline<T> {
    io: T,
    limit: Duration,
    expiry: Pin<Box<Sleep>>,
    /// True from the first byte of a request to the first byte of its answer.
    in_request: bool,
}

impl<T> Deadline<T> {
    fn new(io: T, limit: Duration) -> Self {
        Self { io, limit, expiry: Box::pin(tokio::time::sleep(limit)), in_request: false }
    }

    fn restart(&mut self) {
        self.expiry.as_mut().reset(Instant::now() + self.limit);
    }

    /// Returns `Pending` before the deadline, an error after it.
    fn pending<R>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        ready!(self.expiry.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn sent(
        &mut self,
        cx: &mut Context<'_>,
        sent: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match sent {
            Poll::Pending => self.pending(cx),
            Poll::Ready(sent) => {
                self.in_request = false;
                self.restart();
                Poll::Ready(sent)
            }
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Deadline<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.io).poll_read(cx, buffer) {
            Poll::Pending => this.pending(cx),
            Poll::Ready(read) => {
                if !this.in_request {
                    this.in_request = true;
                    this.restart();
                }
                Poll::Ready(read)
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Deadline<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.sent(cx, sent)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.io).poll_write_vectored(cx, pieces);
        this.sent(cx, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn connection() -> (DuplexStream, Deadline<DuplexStream>) {
        let (client, server) = duplex(64);
        (client, Deadline::new(server, LIMIT))
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_is_cut_off() {
        let (_client, mut server) = connection();
        let began = Instant::now();
        assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn one_byte_at_a_time_does_not_extend_the_deadline() {
        let (mut client, mut server) = connection();
        sleep(Duration::from_secs(20)).await;
        let began = Instant::now();
        tokio::spawn(async move {
            while client.write_u8(b'x').await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        while server.read_u8().await.is_ok() {}
        assert_eq!(began.elapsed(), LIMIT, "from the first byte on");
    }

    #[tokio::test(start_paused = true)]
    async fn every_answer_gives_the_next_request_its_full_time() {
        let (mut client, mut server) = connection();
        for _ in 0..5 {
            sleep(Duration::from_secs(20)).await;
            client.write_u8(b'?').await.unwrap();
            server.read_u8().await.unwrap();
            // A server reads while it makes an answer, to notice a client that has gone.
            let gone = tokio::time::timeout(Duration::from_secs(20), server.read_u8()).await;
            assert!(gone.is_err(), "{gone:?}");
            server.write_u8(b'!').await.unwrap();
            client.read_u8().await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_its_answer_is_cut_off() {
        let (_client, mut server) = connection();
        let answer = server.write_all(&[0; 65]).await;
        assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
