//! A response's body, read to its end or to a limit.

use std::fmt;

use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::http::connections::root_cause;

/// A response's body, which is still to come.
pub(crate) enum ResponseBody {
    Network(Incoming),
    #[cfg(feature = "simulation")]
    Simulated(Result<bytes::Bytes, crate::http::machine::broken_off::BrokenOff>),
}

/// Why a body was not read to its end.
pub(crate) enum BodyError {
    TooLarge(usize),
    BrokeOff(String),
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(most) => write!(f, "is larger than {most} bytes"),
            Self::BrokeOff(why) => write!(f, "broke off: {why}"),
        }
    }
}

impl ResponseBody {
    /// Reads a body of at most `most` bytes.
    pub(crate) async fn read(self, most: usize) -> Result<Vec<u8>, BodyError> {
        match self {
            Self::Network(body) => read_incoming(body, most).await,
            #[cfg(feature = "simulation")]
            Self::Simulated(body) => body
                .map(Into::into)
                .map_err(|error| BodyError::BrokeOff(error.to_string())),
        }
    }
}

async fn read_incoming(mut body: Incoming, most: usize) -> Result<Vec<u8>, BodyError> {
    let announced = body.size_hint().exact();
    if announced.is_some_and(|length| length > most as u64) {
        return Err(BodyError::TooLarge(most));
    }
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::BrokeOff(root_cause(&error)))?;
        // Other frames are trailers.
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        if read.len() + chunk.len() > most {
            return Err(BodyError::TooLarge(most));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}
