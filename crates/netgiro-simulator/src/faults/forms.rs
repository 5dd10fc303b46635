//! Where and how a response goes wrong.

use crate::model::words::words;

words! {
    /// Where an exchange is interrupted.
    DropAt, "drop":
    /// Before the request is read: the simulator has no record of it.
    Unread "unread";
    /// Before the request is processed: nothing has happened.
    Before "before";
    /// After it was processed: its effect stays, and the response is lost.
    After "after";
    /// In the middle of the response's body.
    Within "within";
    /// After the whole response: a keep-alive connection, closed without notice.
    Answered "answered";
}

words! {
    /// How an exchange is interrupted.
    DropBy, "drop_by":
    /// The connection is closed normally.
    Close "close";
    /// The connection is reset.
    Reset "reset";
    /// Nothing more comes, and the connection stays open until the client gives up.
    Silence "silence";
}

words! {
    /// How a body is corrupted.
    BodyAs, "body_as":
    /// An empty body.
    Empty "empty";
    /// An HTML page, as a proxy sends it.
    Html "html";
    /// Its first half.
    Truncated "truncated";
    /// Twice, one after the other.
    Doubled "doubled";
    /// After a byte order mark.
    Bom "bom";
    /// Compressed, with a matching header, although the client did not accept that.
    Gzip "gzip";
    /// With a member that is not valid UTF-8.
    InvalidUtf8 "invalid_utf8";
    /// With duplicate members: first a paid cart's, then the true ones.
    DuplicateKeys "duplicate_keys";
    /// With a member nested a hundred thousand deep.
    Deep "deep";
    /// With numbers too large for any integer.
    Overflow "overflow";
    /// With strings in place of numbers.
    Quoted "quoted";
    /// The endpoint's previous response, unchanged, with its signature; the true response if there was none.
    Replayed "replayed";
}
