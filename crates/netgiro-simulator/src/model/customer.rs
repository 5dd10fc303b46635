//! Who is asked to pay, recognised by number.

/// A customer, as an `InsertCart` names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) channel: Channel,
    pub(crate) behaviour: Behaviour,
}

/// How a customer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// The phone asks the customer.
    Phone,
    /// The customer receives an SMS code and gives it to the merchant.
    Kennitala,
    /// The customer has shown a code from the app, an access code or a barcode, and has agreed by that.
    AppCode,
}

/// How a customer answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Waits for `confirm` or `decline`.
    Ordinary,
    Approves,
    Declines,
    NoCredit,
}

const APP_CODE_PREFIX: &str = "500004";

impl Customer {
    /// Recognises a customer id in V1's form: no spaces, no hyphens, no country code.
    pub(crate) fn find(id: &str) -> Option<Self> {
        let digits = id.bytes().all(|b| b.is_ascii_digit());
        let channel = if is_app_code(id) {
            Channel::AppCode
        } else if is_phone(id) {
            Channel::Phone
        } else if digits && id.len() == 10 {
            Channel::Kennitala
        } else {
            return None;
        };
        Some(Self::new(id, channel))
    }

    /// Recognises a customer identifier of V2, where ten digits are an access code and never a kennitala.
    pub(crate) fn find_v2(id: &str) -> Option<Self> {
        let is_access_code = id.len() == 10 && id.bytes().all(|b| b.is_ascii_digit());
        if is_phone(id) {
            Some(Self::new(id, Channel::Phone))
        } else if is_access_code || is_app_code(id) {
            Some(Self::new(id, Channel::AppCode))
        } else {
            None
        }
    }

    fn new(id: &str, channel: Channel) -> Self {
        let behaviour = match id {
            "8111111" => Behaviour::Approves,
            "8222222" => Behaviour::Declines,
            "2222222229" => Behaviour::NoCredit,
            _ => Behaviour::Ordinary,
        };
        Self {
            id: id.to_owned(),
            channel,
            behaviour,
        }
    }
}

fn is_phone(id: &str) -> bool {
    id.len() == 7 && id.starts_with(['6', '7', '8']) && id.bytes().all(|b| b.is_ascii_digit())
}

fn is_app_code(id: &str) -> bool {
    id.strip_prefix(APP_CODE_PREFIX)
        .is_some_and(|code| code.len() == 4 && code.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_told_apart_by_their_number() {
        for (id, channel, behaviour) in [
            ("8223281", Channel::Phone, Behaviour::Ordinary),
            ("7700001", Channel::Phone, Behaviour::Ordinary),
            ("6000000", Channel::Phone, Behaviour::Ordinary),
            ("8111111", Channel::Phone, Behaviour::Approves),
            ("8222222", Channel::Phone, Behaviour::Declines),
            ("1111111119", Channel::Kennitala, Behaviour::Ordinary),
            ("2222222229", Channel::Kennitala, Behaviour::NoCredit),
            ("1111111129", Channel::Kennitala, Behaviour::Ordinary),
            ("8900123456", Channel::Kennitala, Behaviour::Ordinary),
            ("500004a7K2", Channel::AppCode, Behaviour::Ordinary),
            ("5000041234", Channel::AppCode, Behaviour::Ordinary),
        ] {
            let customer = Customer::find(id).unwrap();
            assert_eq!(
                (customer.channel, customer.behaviour),
                (channel, behaviour),
                "{id}"
            );
        }
    }

    #[test]
    fn ten_digits_are_an_access_code_in_v2() {
        let channel = |id| Customer::find_v2(id).map(|customer| customer.channel);
        for id in ["1234567890", "1111111119", "5000041234", "500004a7K2"] {
            assert_eq!(channel(id), Some(Channel::AppCode), "{id}");
        }
        assert_eq!(channel("8223281"), Some(Channel::Phone));
        for id in ["5223281", "123456789", "12345678901", "822-3281", ""] {
            assert_eq!(channel(id), None, "{id}");
        }
    }

    #[test]
    fn everything_else_is_nobody() {
        for id in [
            "",
            "822328",
            "82232811",
            "5223281",
            "822-3281",
            "+3548223281",
            "111111111",
            "11111111190",
            "111111-1119",
            "500004a7K",
            "500004a7K25",
            "500004a7-2",
            "８223281",
        ] {
            assert_eq!(Customer::find(id), None, "{id}");
        }
    }
}
