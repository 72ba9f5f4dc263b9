//! The listener's life: serve until told to stop, then let the requests under way finish, within a limit.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What a slow client may hold up the stop by.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves `router` on `listener` until `stop` is ready.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let stop = async move {
        stop.await;
        stopping.send(()).ok();
    };
    let overdue = async {
        match stopped.await {
            Ok(()) => tokio::time::sleep(DRAIN).await,
            Err(_) => std::future::pending().await,
        }
    };
    let served = async { axum::serve(listener, router).with_graceful_shutdown(stop).await };
    tokio::select! {
        result = served => result,
        () = overdue => {
            tracing::warn!(seconds = DRAIN.as_secs(), "requests were cut off at the stop");
            Ok(())
        }
    }
}
