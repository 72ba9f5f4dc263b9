//! A receiver of web hooks that is as bad as they come: of ten requests it loses one reply and turns one away, and while it
//! is cut off it hears nothing. What Alertmanager tells it, it takes.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::webhook::Request;

/// Where Alertmanager tells what it does.
pub(super) const GROUPS: &str = "/groups";

#[derive(Clone)]
pub(super) struct Delivery {
    pub(super) key: String,
    pub(super) body: Value,
}

#[derive(Default)]
struct Shared {
    is_cut: AtomicBool,
    /// By path: requests so far, and those that it took, whether its reply came or not.
    told: Mutex<BTreeMap<String, (usize, Vec<Delivery>)>>,
}

pub(super) struct Receiver {
    /// With the scheme.
    pub(super) url: String,
    shared: Arc<Shared>,
}

impl Receiver {
    /// It listens for as long as the test runs.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let shared = Arc::<Shared>::default();
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let own = Arc::clone(&own);
                std::thread::spawn(move || own.take(stream));
            }
        });
        Self { url, shared }
    }

    pub(super) fn cut(&self, is_cut: bool) {
        self.shared.is_cut.store(is_cut, Ordering::SeqCst);
    }

    /// What came to a path and was taken, in order.
    pub(super) fn taken(&self, path: &str) -> Vec<Delivery> {
        self.shared.told().get(path).map(|(_, taken)| taken.clone()).unwrap_or_default()
    }

    /// Requests to a path.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.shared.told().get(path).map_or(0, |(asked, _)| *asked)
    }
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, BTreeMap<String, (usize, Vec<Delivery>)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, stream: TcpStream) {
        if self.is_cut.load(Ordering::SeqCst) {
            return;
        }
        let Some(request) = Request::read(stream) else { return };
        let asked = {
            let mut told = self.told();
            let (asked, taken) = told.entry(request.path.clone()).or_default();
            *asked += 1;
            if request.path == GROUPS || *asked % 10 != 7 {
                taken.push(Delivery { key: request.key.clone(), body: request.body.clone() });
            }
            *asked
        };
        match asked % 10 {
            _ if request.path == GROUPS => request.answer("200 OK"),
            3 => drop(request),
            7 => request.answer("503 Service Unavailable"),
            _ => request.answer("200 OK"),
        }
    }
}
