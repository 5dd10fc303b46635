//! Whether a request has begun to leave this machine, and how to take it back while it has not.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Notes that a request leaves. Clones are the same marker.
///
/// Either the first byte leaves or the request is withdrawn, never both: one of the two comes first, whatever
/// threads they are on.
#[derive(Clone, Debug, Default)]
pub(crate) struct SentMarker(Arc<AtomicU8>);

impl SentMarker {
    const WAITING: u8 = 0;
    const SENT: u8 = 1;
    const WITHDRAWN: u8 = 2;

    /// Notes that the first byte is about to leave; `false` when the request was withdrawn and must not.
    fn mark(&self) -> bool {
        self.become_unless_decided(Self::SENT) != Self::WITHDRAWN
    }

    /// Keeps the request from leaving from now on; `false` when some of it may have left already.
    pub(crate) fn withdraw(&self) -> bool {
        self.become_unless_decided(Self::WITHDRAWN) != Self::SENT
    }

    /// Whether some of it may have left.
    pub(crate) fn is_sent(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::SENT
    }

    /// Gives the state it has afterwards.
    fn become_unless_decided(&self, wanted: u8) -> u8 {
        match self
            .0
            .compare_exchange(Self::WAITING, wanted, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => wanted,
            Err(decided) => decided,
        }
    }
}

/// A request body that notes when it is asked for.
///
/// The connection asks for the body before it writes the first byte, so a body that was never asked
/// for belongs to a request of which nothing left this machine.
pub(crate) struct MarkedBody {
    bytes: Option<Bytes>,
    sent: SentMarker,
}

impl MarkedBody {
    /// `None` for a request without a body, which cannot note anything.
    pub(crate) fn new(bytes: Option<Bytes>, sent: SentMarker) -> Self {
        Self { bytes, sent }
    }
}

/// The request was withdrawn before its first byte left; the connection writes nothing of it.
#[derive(Debug)]
pub(crate) struct Withdrawn;

impl fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was withdrawn")
    }
}

impl std::error::Error for Withdrawn {}

impl Body for MarkedBody {
    type Data = Bytes;
    type Error = Withdrawn;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Withdrawn>>> {
        Poll::Ready(if self.sent.mark() {
            self.bytes.take().map(|bytes| Ok(Frame::data(bytes)))
        } else {
            Some(Err(Withdrawn))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::SentMarker;

    #[test]
    fn a_request_is_either_sent_or_withdrawn() {
        let sent = SentMarker::default();
        assert!(!sent.is_sent());
        assert!(sent.mark() && sent.mark());
        assert!(!sent.withdraw() && sent.is_sent());

        let withdrawn = SentMarker::default();
        assert!(withdrawn.withdraw() && withdrawn.withdraw());
        assert!(!withdrawn.mark() && !withdrawn.is_sent());
    }
}
