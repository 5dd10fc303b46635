//! What a customer may read about an error or a cart's end: whole sentences, in Icelandic and in English. They never say
//! "nothing was charged" where that is not known, and hold no developer's words, codes or numbers.

use crate::model::error::{Error, ErrorKind};
use crate::model::status::{CartStatus, ResultCode};

/// A language that customers are written to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Icelandic, `is`.
    Icelandic,
    /// English, `en`.
    English,
}

impl Language {
    /// The language for a tag such as `is`, `is-IS` or `en_GB`: its first part decides. Customers whose language is neither
    /// are written to in English.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let first = tag.trim().split(['-', '_', '.', ',', ';', '@']).next();
        let first = first.unwrap_or_default().trim();
        if ["is", "isl", "ice"]
            .iter()
            .any(|icelandic| first.eq_ignore_ascii_case(icelandic))
        {
            Self::Icelandic
        } else {
            Self::English
        }
    }
}

/// The call that failed, where the customer is told something else because of it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailedCall {
    /// InsertCart: unless the outcome is unknown, nobody was asked to pay.
    Insert,
    /// ConfirmCart: perhaps with a code that the customer typed.
    Confirm,
    /// Another call about a cart that was inserted.
    Follow,
    /// A refund.
    Refund,
    /// A hosted checkout: as long as its page is not known, nobody can pay on it.
    Checkout,
}

impl FailedCall {
    /// `insert`, `confirm`, `follow`, `refund` or `checkout`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Confirm => "confirm",
            Self::Follow => "follow",
            Self::Refund => "refund",
            Self::Checkout => "checkout",
        }
    }

    /// The call of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let all = [
            Self::Insert,
            Self::Confirm,
            Self::Follow,
            Self::Refund,
            Self::Checkout,
        ];
        all.into_iter().find(|call| call.as_str() == word)
    }
}

/// What decides what a customer is told about an error.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The kind; `None` where it is not one of the table.
    pub kind: Option<ErrorKind>,
    /// Netgíró's result code.
    pub result_code: Option<i64>,
    /// The developer's message, which begins with the name of an argument that is refused.
    pub message: &'a str,
    /// The call, where it is known.
    pub call: Option<FailedCall>,
}

impl Failure<'_> {
    /// The sentences for the customer.
    #[must_use]
    pub fn customer_message(self, language: Language) -> &'static str {
        self.sentences().in_language(language)
    }

    fn sentences(self) -> &'static Sentences {
        let Some(kind) = self.kind else {
            return &OUR_FAULT;
        };
        let is_checkout = self.call == Some(FailedCall::Checkout);
        // Nobody was asked to pay before it.
        let is_first = is_checkout || self.call == Some(FailedCall::Insert);
        if self.call == Some(FailedCall::Refund) {
            return match kind {
                ErrorKind::OutcomeUnknown => &REFUND_NOT_KNOWN,
                _ => &NOT_REFUNDED,
            };
        }
        match kind {
            ErrorKind::OutcomeUnknown | ErrorKind::Api if is_checkout => &NO_PAGE,
            ErrorKind::OutcomeUnknown => &MAY_BE_ASKED,
            ErrorKind::WaitTimeout => &STILL_OPEN,
            ErrorKind::Unresolved => &NOT_KNOWN,
            ErrorKind::Mismatch => &MISMATCH,
            ErrorKind::InvalidRequest if is_about_customer(self.message) => &NO_NUMBER,
            ErrorKind::InvalidRequest if is_first => &NOT_SENT,
            ErrorKind::InvalidRequest => &OUR_FAULT,
            ErrorKind::Api => self.refusal(),
            ErrorKind::Configuration if !is_first => &UNAVAILABLE,
            ErrorKind::Connect if is_first => &UNREACHABLE_BEFORE,
            ErrorKind::Connect => &UNREACHABLE,
            ErrorKind::RateLimited if is_first => &BUSY_BEFORE,
            _ if is_first => &UNAVAILABLE_BEFORE,
            _ => &NOT_KNOWN,
        }
    }

    /// Netgíró said no. Some codes are InsertCart's alone.
    fn refusal(self) -> &'static Sentences {
        let may_be_insert = matches!(self.call, None | Some(FailedCall::Insert));
        match self.result_code {
            Some(ResultCode::AMOUNT_TOO_LOW) if may_be_insert => &TOO_LOW,
            Some(ResultCode::NO_CUSTOMER) if may_be_insert => &NO_CUSTOMER,
            Some(code) if may_be_insert && CartStatus::of_code(code) == CartStatus::Declined => {
                &DECLINED
            }
            _ => match self.call {
                Some(FailedCall::Insert) => &REFUSED,
                Some(FailedCall::Confirm) => &NOT_CONFIRMED,
                _ => &NOT_KNOWN,
            },
        }
    }
}

/// Whether a refusal is about the customer id: the message begins with `customer_id`, or as JavaScript spells it, perhaps
/// after the call's name.
fn is_about_customer(message: &str) -> bool {
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let subject = match message.split_once(": ") {
        Some((call, rest)) if is_name(call) => rest,
        _ => message,
    };
    ["customer_id", "customerId"]
        .iter()
        .any(|name| subject.starts_with(name))
}

impl Error {
    /// What the customer may read about it, in whole sentences. It claims that nothing was charged only where that is known.
    ///
    /// ```
    /// use netgiro::{Error, ErrorKind, Language};
    ///
    /// let error = Error::new(ErrorKind::Unresolved, "cart … could not be settled");
    /// assert!(error.customer_message(Language::English).starts_with("We do not know yet"));
    /// ```
    #[must_use]
    pub fn customer_message(&self, language: Language) -> &'static str {
        let failure = Failure {
            kind: Some(self.kind()),
            result_code: self.result_code(),
            message: self.message(),
            call: self.failed_call(),
        };
        failure.customer_message(language)
    }
}

impl CartStatus {
    /// What the customer may read about a cart with this status. `timed_out` says of a canceled one that the customer did
    /// not answer in time, which Netgíró's answers do not tell: the shop knows whether anybody canceled it.
    #[must_use]
    pub fn customer_message(self, timed_out: bool, language: Language) -> &'static str {
        let sentences = match self {
            Self::Pending => &PENDING,
            Self::NeedsCode => &NEEDS_CODE,
            Self::Reserved | Self::AwaitingCallback => &ACCEPTED,
            Self::Confirmed => &PAID,
            Self::Canceled if timed_out => &TIMED_OUT,
            Self::Canceled => &CANCELED,
            Self::Declined => &DECLINED,
            Self::NotFound => &NOT_FOUND,
            Self::Unknown => &NOT_KNOWN,
        };
        sentences.in_language(language)
    }
}

/// The same in both languages.
struct Sentences {
    icelandic: &'static str,
    english: &'static str,
}

impl Sentences {
    const fn in_language(&self, language: Language) -> &'static str {
        match language {
            Language::Icelandic => self.icelandic,
            Language::English => self.english,
        }
    }
}

macro_rules! sentences {
    ($( $name:ident { $icelandic:literal $english:literal } )+) => {
        $( const $name: Sentences = Sentences { icelandic: $icelandic, english: $english }; )+
    };
}

sentences! {
    NO_CUSTOMER {
        "Enginn viðskiptavinur Netgíró fannst með þetta númer. Engin greiðsla fór fram. Athugaðu hvort númerið er rétt eða veldu aðra greiðsluleið."
        "No customer of Netgíró was found with this number. Nothing was charged. Check the number, or choose another way to pay."
    }
    TOO_LOW {
        "Upphæðin er of lág til að hægt sé að greiða hana með Netgíró. Engin greiðsla fór fram. Veldu aðra greiðsluleið."
        "The amount is too low to be paid with Netgíró. Nothing was charged. Please choose another way to pay."
    }
    NO_NUMBER {
        "Númerið er ekki rétt slegið inn. Sláðu inn íslenskt farsímanúmer, sjö tölustafi, eða kennitölu, tíu tölustafi."
        "This number was not recognised. Enter an Icelandic mobile number of seven digits, or a kennitala of ten digits."
    }
    REFUSED {
        "Netgíró tók ekki við greiðslubeiðninni. Engin greiðsla fór fram. Athugaðu hvort númerið er rétt eða veldu aðra greiðsluleið."
        "Netgíró did not accept the request for payment. Nothing was charged. Check the number, or choose another way to pay."
    }
    NOT_CONFIRMED {
        "Ekki tókst að staðfesta greiðsluna. Ef þú slóst inn kóða skaltu athuga hvort hann er réttur og reyna aftur."
        "The payment could not be confirmed. If you entered a code, check it and try again."
    }
    NOT_SENT {
        "Ekki tókst að senda greiðslubeiðnina. Engin greiðsla fór fram. Hafðu samband við okkur ef þetta gerist aftur."
        "The request for payment could not be sent. Nothing was charged. Please contact us if this happens again."
    }
    OUR_FAULT {
        "Eitthvað fór úrskeiðis hjá okkur. Reyndu aftur eftir smástund eða hafðu samband við okkur."
        "Something went wrong on our side. Please try again in a moment, or contact us."
    }
    UNREACHABLE_BEFORE {
        "Ekki náðist samband við Netgíró. Engin greiðsla fór fram. Reyndu aftur eftir smástund eða veldu aðra greiðsluleið."
        "Netgíró could not be reached. Nothing was charged. Please try again in a moment, or choose another way to pay."
    }
    UNREACHABLE {
        "Ekki náðist samband við Netgíró og við vitum ekki enn hvort greiðslan gekk í gegn. Ekki greiða aftur fyrr en það er ljóst."
        "Netgíró could not be reached, so we do not know yet whether the payment went through. Please do not pay again until that is clear."
    }
    BUSY_BEFORE {
        "Mikið álag er hjá Netgíró í augnablikinu. Engin greiðsla fór fram. Reyndu aftur eftir smástund."
        "Netgíró is very busy at the moment. Nothing was charged. Please try again in a moment."
    }
    UNAVAILABLE_BEFORE {
        "Ekki er hægt að greiða með Netgíró í augnablikinu. Engin greiðsla fór fram. Veldu aðra greiðsluleið eða reyndu aftur síðar."
        "You cannot pay with Netgíró at the moment. Nothing was charged. Please choose another way to pay, or try again later."
    }
    UNAVAILABLE {
        "Ekki er hægt að greiða með Netgíró í augnablikinu. Reyndu aftur síðar eða hafðu samband við okkur."
        "You cannot pay with Netgíró at the moment. Please try again later, or contact us."
    }
    NOT_KNOWN {
        "Við vitum ekki enn hvort greiðslan gekk í gegn. Ekki greiða aftur fyrr en það er ljóst."
        "We do not know yet whether the payment went through. Please do not pay again until that is clear."
    }
    MAY_BE_ASKED {
        "Við vitum ekki enn hvort greiðslubeiðnin barst Netgíró. Ef þú færð beiðni í símann er hún vegna þessarar pöntunar. Ekki panta aftur fyrr en þetta er ljóst."
        "We do not know yet whether the request for payment reached Netgíró. If you are asked to pay on your phone, it is for this order. Please do not order again until this is clear."
    }
    NO_PAGE {
        "Ekki tókst að opna greiðslusíðu Netgíró. Engin greiðsla fór fram. Reyndu aftur eftir smástund eða veldu aðra greiðsluleið."
        "Netgíró's payment page could not be opened. Nothing was charged. Please try again in a moment, or choose another way to pay."
    }
    STILL_OPEN {
        "Greiðslunni er ekki lokið og við vitum ekki enn hvort hún gengur í gegn. Ef beiðnin bíður í Netgíró-appinu geturðu samþykkt hana þar."
        "The payment is not finished, and we do not know yet whether it will go through. If the request is waiting in your Netgíró app, you can accept it there."
    }
    MISMATCH {
        "Greiðslan stemmir ekki við pöntunina. Ekki greiða aftur heldur hafðu samband við okkur."
        "The payment does not match the order. Please do not pay again, but contact us."
    }
    REFUND_NOT_KNOWN {
        "Við vitum ekki enn hvort endurgreiðslan gekk í gegn. Við látum þig vita þegar það er ljóst."
        "We do not know yet whether the refund went through. We will let you know when that is clear."
    }
    NOT_REFUNDED {
        "Ekki tókst að endurgreiða að þessu sinni. Hafðu samband við okkur ef þú færð ekki endurgreitt."
        "The refund could not be made this time. Please contact us if you are not refunded."
    }
    PENDING {
        "Opnaðu Netgíró-appið í símanum og samþykktu greiðsluna."
        "Open the Netgíró app on your phone and accept the payment."
    }
    NEEDS_CODE {
        "Sláðu inn kóðann sem þú fékkst sendan í SMS-skilaboðum."
        "Enter the code that you were sent by text message."
    }
    ACCEPTED {
        "Þú hefur samþykkt greiðsluna. Verið er að ganga frá henni."
        "You have accepted the payment. It is being completed."
    }
    PAID {
        "Greiðslan tókst. Takk fyrir viðskiptin!"
        "The payment went through. Thank you!"
    }
    CANCELED {
        "Hætt var við greiðsluna. Engin greiðsla fór fram."
        "The payment was canceled. Nothing was charged."
    }
    TIMED_OUT {
        "Greiðslan var ekki samþykkt í tæka tíð. Engin greiðsla fór fram."
        "The payment was not accepted in time. Nothing was charged."
    }
    DECLINED {
        "Greiðslan var ekki samþykkt. Engin greiðsla fór fram."
        "The payment was declined. Nothing was charged."
    }
    NOT_FOUND {
        "Greiðslubeiðnin fannst ekki hjá Netgíró. Engin greiðsla fór fram."
        "The request for payment was not found at Netgíró. Nothing was charged."
    }
}
