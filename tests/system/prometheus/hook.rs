//! A web hook: it keeps what Alertmanager tells it.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::webhook::Request;

type Told = BTreeMap<String, Value>;

pub(super) struct Hook {
    pub(super) address: String,
    told: Arc<Mutex<Told>>,
}

impl Hook {
    /// It listens for as long as the test runs.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address").to_string();
        let told = Arc::new(Mutex::new(Told::new()));
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if let Some(request) = Request::read(stream) {
                    keep(&kept, &request.path, &request.body);
                    request.answer("200 OK");
                }
            }
        });
        Self { address, told }
    }

    /// By alert: its labels, annotations, and the path that it came to.
    pub(super) fn told(&self) -> Told {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn keep(told: &Mutex<Told>, path: &str, body: &Value) {
    for alert in body["alerts"].as_array().into_iter().flatten() {
        let name = alert["labels"]["alertname"].as_str().unwrap_or_default().to_owned();
        let said = json!({"path": path, "labels": alert["labels"], "annotations": alert["annotations"]});
        told.lock().unwrap_or_else(PoisonError::into_inner).insert(name, said);
    }
}
