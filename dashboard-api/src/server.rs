//! The listener's life: connections, as many as are allowed, until told to stop; then the requests under way may finish,
//! within a limit.

mod patient;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::IntGauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

use crate::limits::{Limits, MAX_HEAD_BYTES, WRITE_WITHIN};
use patient::Patient;

/// What a slow client may hold up the stop by.
const DRAIN: Duration = Duration::from_secs(10);
/// Between two attempts to accept while the process has no descriptor left.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How many connections a listener holds at once, and how long each may take over a request's headers.
#[derive(Clone)]
pub struct Connections {
    most: u32,
    permits: Arc<Semaphore>,
    head: Duration,
    open: IntGauge,
}

impl Connections {
    /// `open` counts them.
    pub fn new(limits: &Limits, open: IntGauge) -> Self {
        let most = u32::try_from(limits.connections).unwrap_or(u32::MAX).max(1);
        Self { most, permits: Arc::new(Semaphore::new(most as usize)), head: limits.head, open }
    }
}

/// Serves `router` on `listener` until `stop` is ready. A connection beyond the bound waits in the listener's queue.
///
/// # Errors
/// None so far: a listener that fails to accept tries again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Connections,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (stopping, _) = watch::channel(false);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let talk = talk(stream, peer, router.clone(), connections.clone(), stopping.subscribe());
                tokio::spawn(async move {
                    talk.await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
    stopping.send_replace(true);
    let all = connections.permits.acquire_many(connections.most);
    if tokio::time::timeout(DRAIN, all).await.is_err() {
        tracing::warn!(seconds = DRAIN.as_secs(), "requests were cut off at the stop");
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    connections: &Connections,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(&connections.permits).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

/// One connection's requests, one after another.
async fn talk(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    connections: Connections,
    mut stopping: watch::Receiver<bool>,
) {
    connections.open.inc();
    let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(connections.head)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(Patient::new(stream, WRITE_WITHIN)), answer);
    tokio::pin!(connection);
    let told = async { stopping.wait_for(|stopping| *stopping).await.is_ok() };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _ = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    connections.open.dec();
    // Clients go away in the middle, and nothing is lost by it.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::{Notify, oneshot};
    use tokio::task::JoinHandle;

    use super::*;

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";

    struct Served {
        address: SocketAddr,
        open: IntGauge,
        /// Lets the answer of `/late` come.
        ready: Arc<Notify>,
        stop: oneshot::Sender<()>,
        ended: JoinHandle<io::Result<()>>,
    }

    /// It answers with the address that it saw.
    async fn served(limits: Limits) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
        let ready = Arc::new(Notify::new());
        let own = Arc::clone(&ready);
        let late = async move || {
            Body::from_stream(futures_util::stream::once(async move {
                own.notified().await;
                Ok::<_, Infallible>("late")
            }))
        };
        let router = Router::new().route("/", get(answer)).route("/late", get(late));
        let open = IntGauge::new("open", "Open.").unwrap();
        let connections = Connections::new(&limits, open.clone());
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        let ended = tokio::spawn(serve(listener, router, connections, stopped));
        Served { address, open, ready, stop, ended }
    }

    async fn said(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_ends_the_connection() {
        let served = served(Limits { head: Duration::from_millis(50), ..Limits::default() }).await;
        let mut slow = TcpStream::connect(served.address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
        assert!(!said(&mut slow).await.contains("200 OK"), "it was closed without an answer to it");
    }

    #[tokio::test]
    async fn an_answer_may_take_longer_than_headers_may() {
        let served = served(Limits { head: Duration::from_millis(50), ..Limits::default() }).await;
        let mut client = TcpStream::connect(served.address).await.unwrap();
        client.write_all(b"GET /late HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await.unwrap();
        let (mut text, longer_than_headers) = (Vec::new(), Duration::from_millis(200));
        while let Ok(read) = tokio::time::timeout(longer_than_headers, client.read_buf(&mut text)).await {
            assert_ne!(read.unwrap(), 0, "it is not over yet");
        }
        served.ready.notify_one();
        client.read_to_end(&mut text).await.unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("late") && text.ends_with("0\r\n\r\n"), "{text}");
    }

    #[tokio::test]
    async fn one_connection_too_many_waits_for_another_to_end() {
        let served = served(Limits { connections: 1, ..Limits::default() }).await;
        let mut first = TcpStream::connect(served.address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
        let mut begin = [0; 15];
        first.read_exact(&mut begin).await.unwrap();
        assert_eq!((&begin[..], served.open.get()), (&b"HTTP/1.1 200 OK"[..], 1));
        let mut second = TcpStream::connect(served.address).await.unwrap();
        second.write_all(ASK).await.unwrap();
        let waits = tokio::time::timeout(Duration::from_millis(50), second.read(&mut begin)).await;
        assert!(waits.is_err(), "there is room for one");
        drop(first);
        assert!(said(&mut second).await.ends_with(&second.local_addr().unwrap().to_string()));
    }

    #[tokio::test]
    async fn a_stop_closes_what_is_idle_and_ends() {
        let served = served(Limits::default()).await;
        let mut idle = TcpStream::connect(served.address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
        let mut begin = [0; 15];
        idle.read_exact(&mut begin).await.unwrap();
        served.stop.send(()).unwrap();
        served.ended.await.unwrap().unwrap();
        assert!(said(&mut idle).await.contains("127.0.0.1"), "the answer was whole");
    }
}
