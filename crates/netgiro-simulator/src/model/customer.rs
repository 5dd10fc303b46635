//! Who is asked to pay, recognised by number.

/// A customer, as an `InsertCart` names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) way: Way,
    pub(crate) manner: Manner,
}

/// How a customer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Is asked on the phone.
    Phone,
    /// Gets an SMS code and gives it to the merchant.
    Kennitala,
    /// Has shown a code from the app, and so has agreed.
    AppCode,
}

/// What a customer does when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Waits to be told.
    Ordinary,
    Approves,
    Declines,
    NoCredit,
}

const APP_CODE_PREFIX: &str = "500004";

impl Customer {
    /// Recognises a customer id as the API takes it: no blanks, no hyphens, no country code.
    pub(crate) fn find(id: &str) -> Option<Self> {
        let digits = id.bytes().all(|b| b.is_ascii_digit());
        let way = if is_app_code(id) {
            Way::AppCode
        } else if digits && id.len() == 7 && id.starts_with(['6', '7', '8']) {
            Way::Phone
        } else if digits && id.len() == 10 {
            Way::Kennitala
        } else {
            return None;
        };
        let manner = match id {
            "8111111" => Manner::Approves,
            "8222222" => Manner::Declines,
            "2222222229" => Manner::NoCredit,
            _ => Manner::Ordinary,
        };
        Some(Self {
            id: id.to_owned(),
            way,
            manner,
        })
    }
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
        for (id, way, manner) in [
            ("8223281", Way::Phone, Manner::Ordinary),
            ("7700001", Way::Phone, Manner::Ordinary),
            ("6000000", Way::Phone, Manner::Ordinary),
            ("8111111", Way::Phone, Manner::Approves),
            ("8222222", Way::Phone, Manner::Declines),
            ("1111111119", Way::Kennitala, Manner::Ordinary),
            ("2222222229", Way::Kennitala, Manner::NoCredit),
            ("1111111129", Way::Kennitala, Manner::Ordinary),
            ("8900123456", Way::Kennitala, Manner::Ordinary),
            ("500004a7K2", Way::AppCode, Manner::Ordinary),
            ("5000041234", Way::AppCode, Manner::Ordinary),
        ] {
            let customer = Customer::find(id).unwrap();
            assert_eq!((customer.way, customer.manner), (way, manner), "{id}");
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
