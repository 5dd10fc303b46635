//! Test callbacks: the right one, forged ones, and those that a shop accepts only if something is changed on the way.

use jiff::Timestamp;
use uuid::Uuid;

use crate::callback::diagnosis::url_variants;
use crate::model::values::secret::Secret;
use crate::protocol::nonce;
use crate::protocol::signature;

/// How the names of the signing headers are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As Netgíró does: `netgiro_signature`.
    Underscores,
    /// As they come through servers that drop underscores.
    Hyphens,
    /// As CGI has them, for what drops the others by name.
    Cgi,
}

impl Spelling {
    fn names(self) -> [&'static str; 3] {
        match self {
            Self::Underscores => [
                signature::APP_KEY_HEADER,
                signature::NONCE_HEADER,
                signature::SIGNATURE_HEADER,
            ],
            Self::Hyphens => ["netgiro-appkey", "netgiro-nonce", "netgiro-signature"],
            Self::Cgi => [
                "http-netgiro-appkey",
                "http-netgiro-nonce",
                "http-netgiro-signature",
            ],
        }
    }
}

/// How the body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// As Netgíró may: amounts with decimals, letters that are not ASCII.
    Demanding,
    /// So that nothing changes where it is parsed and written again: members sorted, ASCII, whole numbers.
    Compact,
    /// The same with blanks after `,` and `:`, as Python writes JSON.
    Spaced,
}

/// A test callback.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) spelling: Spelling,
    /// The URL that it is signed for, and how that differs from the registered one.
    pub(crate) url: String,
    pub(crate) url_difference: Option<String>,
    pub(crate) writing: Writing,
}

impl Variant {
    /// The right one.
    pub(crate) fn right(registered: &str) -> Self {
        Self {
            spelling: Spelling::Underscores,
            url: registered.to_owned(),
            url_difference: None,
            writing: Writing::Demanding,
        }
    }

    /// Those with one change, and then those that spell the headers otherwise and have another change; `posted` is the
    /// URL that the requests go to.
    pub(crate) fn changed(registered: &str, posted: &str) -> Vec<Self> {
        let right = Self::right(registered);
        let mut urls = Vec::new();
        if posted != registered {
            urls.push((
                format!("the URL of the request ({posted})"),
                posted.to_owned(),
            ));
        }
        for (difference, url) in url_variants(registered) {
            urls.push((format!("{difference} ({url})"), url));
        }
        if posted != registered {
            for (difference, url) in url_variants(posted) {
                urls.push((format!("{difference} ({url})"), url));
            }
        }
        let mut seen = vec![registered.to_owned()];
        urls.retain(|(_, url)| {
            let is_new = !seen.contains(url);
            seen.push(url.clone());
            is_new
        });
        let otherwise = |spelling| {
            let right = Self {
                spelling,
                ..right.clone()
            };
            let bodies = [Writing::Compact, Writing::Spaced].map(|writing| Self {
                writing,
                ..right.clone()
            });
            let urls = urls.iter().map(|(difference, url)| Self {
                url: url.clone(),
                url_difference: Some(difference.clone()),
                ..right.clone()
            });
            bodies.into_iter().chain(urls).collect::<Vec<_>>()
        };
        let spelled = [Spelling::Hyphens, Spelling::Cgi];
        spelled
            .map(|spelling| Self {
                spelling,
                ..right.clone()
            })
            .into_iter()
            .chain(otherwise(Spelling::Underscores))
            .chain(otherwise(Spelling::Hyphens))
            .collect()
    }

    /// Its headers and its body, signed.
    pub(crate) fn signed(
        &self,
        secret_key: &Secret,
        app_key: &str,
    ) -> (Vec<(&'static str, String)>, Vec<u8>) {
        let body = body(self.writing).into_bytes();
        let nonce = nonce::single();
        let signature = signature::sign(secret_key.expose(), &nonce, &self.url, &body);
        let [app_key_name, nonce_name, signature_name] = self.spelling.names();
        let headers = vec![
            (app_key_name, app_key.to_owned()),
            (nonce_name, nonce),
            (signature_name, signature),
        ];
        (headers, body)
    }
}

/// A callback about a cart that does not exist, which says that nothing was paid.
fn body(writing: Writing) -> String {
    let id = unknown_cart();
    let reference = format!("netgiro-doctor-{:08x}", fastrand::u32(..));
    let created = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S");
    let text = match writing {
        Writing::Demanding => {
            return format!(
                "{{\"PaymentSuccessful\":false,\"PaymentInfo\":{{\"TransactionId\":\"{id}\",\"InvoiceNumber\":0,\
                 \"ReferenceNumber\":\"{reference}\",\"StatusId\":5,\"Created\":\"{created}\",\"TotalAmount\":1.00,\
                 \"DiscountAmount\":0.0,\"ShippingAmount\":0.0,\"HandlingAmount\":0.0,\"AccountNumber\":null,\
                 \"NumberOfInstallments\":1,\"ClientIdentityConfirmed\":null,\"LocationId\":null,\"RegisterId\":null}},\
                 \"Success\":true,\"Message\":\"Prófun: engin karfa og/eða greiðsla\",\"ResultCode\":10201}}"
            );
        }
        Writing::Compact | Writing::Spaced => format!(
            "{{\"Message\":\"test\",|\"PaymentInfo\":|{{\"Created\":|\"{created}\",|\"InvoiceNumber\":|0,|\
             \"ReferenceNumber\":|\"{reference}\",|\"StatusId\":|5,|\"TotalAmount\":|1,|\"TransactionId\":|\"{id}\"}},|\
             \"PaymentSuccessful\":|false,|\"ResultCode\":|10201,|\"Success\":|true}}"
        ),
    };
    let text = text.replacen("\"Message\":", "\"Message\":|", 1);
    text.replace('|', if writing == Writing::Spaced { " " } else { "" })
}

/// An id that no cart has.
pub(crate) fn unknown_cart() -> Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::{Variant, Writing, body};

    #[test]
    fn a_body_survives_being_written_again_or_does_not() {
        let again = |text: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(value["PaymentInfo"]["StatusId"], 5);
            serde_json::to_string(&value).unwrap()
        };
        let compact = body(Writing::Compact);
        assert_eq!(again(&compact), compact);
        let spaced = body(Writing::Spaced);
        assert_eq!(
            spaced.replace(", \"", ",\"").replace("\": ", "\":"),
            again(&spaced)
        );
        let demanding = body(Writing::Demanding);
        assert_ne!(again(&demanding), demanding);
    }

    #[test]
    fn each_change_is_tried_alone_first_and_once() {
        let variants = Variant::changed("https://shop.is/a?b=1", "http://127.0.0.1:8000/a?b=1");
        let mut seen = Vec::new();
        for variant in &variants {
            let key = (variant.spelling as u8, &variant.url, variant.writing as u8);
            assert!(!seen.contains(&key), "{variant:?}");
            seen.push(key);
        }
        assert!(variants.len() < 150, "{}", variants.len());
        assert!(variants[0].url_difference.is_none());
        let is_posted = |variant: &Variant| variant.url == "http://127.0.0.1:8000/a?b=1";
        assert!(variants.iter().position(is_posted).unwrap() < 10);
    }
}
