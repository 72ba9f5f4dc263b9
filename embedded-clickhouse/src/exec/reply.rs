//! The way back from a worker's thread to the response: first a head or an exception, then pieces.
//!
//! The pieces' channel is short, so a slow client slows its own statement and fills nobody's memory.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use axum::body::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::killer::Killer;
use crate::codec::frames;
use crate::exception::{Code, Exception};
use crate::ffi::Stats;

/// Pieces on their way; the engine's are up to some MiB each.
const PIECES_IN_FLIGHT: usize = 4;

/// What the response's headers need to know.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) format: Option<String>,
    /// Known only when the statement has ended.
    pub(crate) stats: Option<Stats>,
    /// Marks an exception that comes after the first rows.
    pub(crate) tag: Option<String>,
}

/// A response that has begun. Dropping it before its end kills the statement, if it only reads.
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) pieces: mpsc::Receiver<Bytes>,
    pub(crate) killer: Killer,
}

pub(super) struct Reply {
    head: Option<oneshot::Sender<Result<Head, Exception>>>,
    pieces: mpsc::Sender<Bytes>,
    compress: bool,
}

/// The client has gone.
pub(super) struct Gone;

pub(super) struct Outcome {
    head: oneshot::Receiver<Result<Head, Exception>>,
    pieces: mpsc::Receiver<Bytes>,
}

pub(super) fn reply_channel(compress: bool) -> (Reply, Outcome) {
    let (head_sender, head) = oneshot::channel();
    let (piece_sender, pieces) = mpsc::channel(PIECES_IN_FLIGHT);
    (Reply { head: Some(head_sender), pieces: piece_sender, compress }, Outcome { head, pieces })
}

impl Reply {
    /// Has no effect a second time.
    pub(super) fn begin(&mut self, head: Head) {
        self.settle(Ok(head));
    }

    pub(super) fn fail(mut self, exception: Exception) {
        self.settle(Err(exception));
    }

    fn settle(&mut self, head: Result<Head, Exception>) {
        if let Some(sender) = self.head.take() {
            // Nobody listening means the client has gone, which the first piece will show.
            drop(sender.send(head));
        }
    }

    pub(super) fn send(&mut self, piece: Bytes) -> Result<(), Gone> {
        if piece.is_empty() {
            return Ok(());
        }
        let piece = if self.compress { Bytes::from(frames::encode(&piece)) } else { piece };
        self.pieces.blocking_send(piece).map_err(|_| Gone)
    }
}

impl Outcome {
    pub(super) async fn answer(self, killer: Killer) -> Result<Answer, Exception> {
        let head = self.head.await.unwrap_or_else(|_| {
            Err(Exception::new(Code::StdException, "The statement's thread ended without an answer"))
        })?;
        Ok(Answer { head, pieces: self.pieces, killer })
    }
}

/// Letters nobody can foresee, from the seed of the standard hash maps.
pub(crate) fn random_letters(count: usize) -> String {
    let letter = |_| char::from(b'a' + (RandomState::new().build_hasher().finish() % 26) as u8);
    (0..count).map(letter).collect()
}
