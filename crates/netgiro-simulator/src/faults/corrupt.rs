//! Corrupted bodies.

use crate::faults::forms::BodyAs;
use crate::model::codes;

const HTML: &str = "<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>";
/// Too large for an integer of any language.
const TOO_LARGE: &str = "99999999999999999999999999999999999999999";
const DEPTH: usize = 100_000;

/// Corrupts a body; [`BodyAs::Replayed`] is handled where the previous response is known.
pub(crate) fn body(body: Vec<u8>, form: BodyAs) -> Vec<u8> {
    match form {
        BodyAs::Replayed => body,
        BodyAs::Empty => Vec::new(),
        BodyAs::Html => HTML.into(),
        BodyAs::Truncated => body.get(..body.len() / 2).unwrap_or_default().to_vec(),
        BodyAs::Doubled => [body.clone(), body].concat(),
        BodyAs::Bom => [b"\xef\xbb\xbf".to_vec(), body].concat(),
        BodyAs::Gzip => gzip(&body),
        BodyAs::InvalidUtf8 => with_first(&body, b"\"Note\":\"\xff\xfe\""),
        BodyAs::DuplicateKeys => {
            let paid = format!(
                "\"PaymentSuccessful\":true,\"Success\":true,\"ResultCode\":{}",
                codes::CONFIRMED
            );
            with_first(&body, paid.as_bytes())
        }
        BodyAs::Deep => {
            let deep = format!("\"Note\":{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
            with_first(&body, deep.as_bytes())
        }
        BodyAs::Overflow => with_numbers(&body, |_| TOO_LARGE.into()),
        BodyAs::Quoted => with_numbers(&body, |number| [b"\"", number, b"\""].concat()),
    }
}

/// Adds a member before an object's own.
fn with_first(body: &[u8], member: &[u8]) -> Vec<u8> {
    match body.split_first() {
        Some((b'{', rest)) => [b"{", member, b",", rest].concat(),
        _ => body.to_vec(),
    }
}

/// Replaces every number outside of strings.
fn with_numbers(body: &[u8], replace: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut corrupted = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        let length = match byte {
            b'"' => text_length(rest),
            b'-' | b'0'..=b'9' => rest
                .iter()
                .position(|b| !matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                .unwrap_or(rest.len()),
            _ => 1,
        };
        let (token, remainder) = rest.split_at_checked(length).unwrap_or((rest, after));
        if byte == b'-' || byte.is_ascii_digit() {
            corrupted.extend(replace(token));
        } else {
            corrupted.extend_from_slice(token);
        }
        rest = remainder;
    }
    corrupted
}

/// The length of the string that a body starts with, including its quotes.
fn text_length(body: &[u8]) -> usize {
    let mut escaped = false;
    for (at, &byte) in body.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    body.len()
}

/// A gzip file of uncompressed blocks, which the format allows.
fn gzip(body: &[u8]) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut file = HEADER.to_vec();
    let mut blocks = body.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        file.push(u8::from(blocks.peek().is_none()));
        file.extend(length.to_le_bytes());
        file.extend((!length).to_le_bytes());
        file.extend_from_slice(block);
    }
    file.extend(crc32(body).to_le_bytes());
    file.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    let remainder = bytes.iter().fold(u32::MAX, |remainder, &byte| {
        (0..8).fold(remainder ^ u32::from(byte), |remainder, _| {
            let polynomial = if remainder & 1 == 1 { 0xedb8_8320 } else { 0 };
            (remainder >> 1) ^ polynomial
        })
    });
    !remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        br#"{"PaymentInfo":{"Note":"12 \" 3","TotalAmount":1000.00},"ResultCode":10425}"#;

    fn corrupted(form: BodyAs) -> String {
        String::from_utf8_lossy(&body(BODY.to_vec(), form)).into_owned()
    }

    #[test]
    fn numbers_are_found_outside_texts() {
        assert_eq!(
            corrupted(BodyAs::Quoted),
            r#"{"PaymentInfo":{"Note":"12 \" 3","TotalAmount":"1000.00"},"ResultCode":"10425"}"#
        );
        assert_eq!(corrupted(BodyAs::Overflow).matches(TOO_LARGE).count(), 2);
    }

    #[test]
    fn members_are_put_in_front() {
        assert!(corrupted(BodyAs::DuplicateKeys).starts_with(r#"{"PaymentSuccessful":true,"#));
        assert!(corrupted(BodyAs::DuplicateKeys).ends_with(r#""ResultCode":10425}"#));
        assert!(std::str::from_utf8(&body(BODY.to_vec(), BodyAs::InvalidUtf8)).is_err());
        assert_eq!(corrupted(BodyAs::Deep).matches('[').count(), DEPTH);
    }

    #[test]
    fn a_gzip_file_has_the_sum_that_gunzip_checks() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let file = gzip(b"123456789");
        assert_eq!(file.get(10..15), Some([1, 9, 0, 0xf6, 0xff].as_slice()));
        assert_eq!(file.len(), 10 + 5 + 9 + 8);
    }

    #[test]
    fn halves_and_doubles() {
        assert_eq!(corrupted(BodyAs::Truncated).len(), BODY.len() / 2);
        assert_eq!(corrupted(BodyAs::Doubled).len(), BODY.len() * 2);
        assert_eq!(corrupted(BodyAs::Empty), "");
    }
}
