//! The server's responses: with a complete body, or with a stream.

use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::body::Bytes;
use std::io;

pub(crate) type HttpResponse = hyper::Response<Either<Full<Bytes>, Channel<Bytes, io::Error>>>;
