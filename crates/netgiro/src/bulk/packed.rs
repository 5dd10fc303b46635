//! States in few bytes: what makes 100,000 results of a bulk check fit into some 20 MB.
//!
//! For memory alone. What is kept in files is JSON, which other versions can read.

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::model::api_version::ApiVersion;
use crate::model::cart::payment_info::{PaymentInfo, payment_members};
use crate::model::cart::state::CartState;
use crate::model::status::CartStatus;

/// Appends itself to bytes, and reads itself from their beginning.
pub(crate) trait Packed: Sized {
    fn pack(&self, out: &mut Vec<u8>);

    /// `None` when the bytes do not hold such a value.
    fn unpack(from: &mut &[u8]) -> Option<Self>;
}

impl Packed for u8 {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        from.split_off_first().copied()
    }
}

/// Seven bits a byte, the low ones first; all but the last byte have the high bit set.
impl Packed for u128 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low bits are what is wanted"
    )]
    fn pack(&self, out: &mut Vec<u8>) {
        let mut left = *self;
        while left >= 0x80 {
            out.push(left as u8 | 0x80);
            left >>= 7;
        }
        out.push(left as u8);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let mut number = 0;
        for at in 0..19 {
            let byte = u8::unpack(from)?;
            number |= Self::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

/// The sign in the lowest bit, so that small negative numbers are short as well.
impl Packed for i128 {
    fn pack(&self, out: &mut Vec<u8>) {
        ((self << 1) ^ (self >> 127)).cast_unsigned().pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let bits = u128::unpack(from)?;
        Some((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
    }
}

impl Packed for i64 {
    fn pack(&self, out: &mut Vec<u8>) {
        i128::from(*self).pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        i128::unpack(from)?.try_into().ok()
    }
}

impl Packed for usize {
    fn pack(&self, out: &mut Vec<u8>) {
        (*self as u128).pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        u128::unpack(from)?.try_into().ok()
    }
}

impl Packed for bool {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Some(u8::unpack(from)? == 1)
    }
}

impl Packed for String {
    fn pack(&self, out: &mut Vec<u8>) {
        self.len().pack(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let length = usize::unpack(from)?;
        Self::from_utf8(from.split_off(..length)?.to_vec()).ok()
    }
}

impl Packed for Uuid {
    fn pack(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Self::from_slice(from.split_off(..16)?).ok()
    }
}

/// To the microsecond, which is what Python and Arrow have.
impl Packed for Timestamp {
    fn pack(&self, out: &mut Vec<u8>) {
        self.as_microsecond().pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Self::from_microsecond(i64::unpack(from)?).ok()
    }
}

impl Packed for Decimal {
    fn pack(&self, out: &mut Vec<u8>) {
        (self.scale() as usize).pack(out);
        self.mantissa().pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let scale = usize::unpack(from)?.try_into().ok()?;
        Self::try_from_i128_with_scale(i128::unpack(from)?, scale).ok()
    }
}

impl Packed for CartStatus {
    fn pack(&self, out: &mut Vec<u8>) {
        let place = Self::ALL.iter().position(|known| known == self);
        place.unwrap_or(Self::ALL.len()).pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Self::ALL.get(usize::unpack(from)?).copied()
    }
}

impl Packed for ApiVersion {
    fn pack(&self, out: &mut Vec<u8>) {
        (*self == Self::V2).pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let is_v2 = bool::unpack(from)?;
        Some(if is_v2 { Self::V2 } else { Self::V1 })
    }
}

impl<T: Packed> Packed for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        if bool::unpack(from)? {
            T::unpack(from).map(Some)
        } else {
            Some(None)
        }
    }
}

impl<T: Packed> Packed for Box<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.as_ref().pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        T::unpack(from).map(Self::new)
    }
}

/// A struct is packed as its members, in the order of the list.
macro_rules! members {
    ($record:ident { $($member:ident),+ $(,)? }) => {
        impl Packed for $record {
            fn pack(&self, out: &mut Vec<u8>) {
                let Self { $($member),+ } = self;
                $($member.pack(out);)+
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                Some(Self { $($member: Packed::unpack(from)?),+ })
            }
        }
    };
}

members! {
    CartState {
        transaction_id, status, result_code, payment_successful, message, payment, reference_id,
        checked_at, api,
    }
}

macro_rules! packed_payment {
    ($( $(#[$meta:meta])* $member:ident: $kind:ident = $wire:literal, )+) => {
        members! { PaymentInfo { $($member),+ } }
    };
}

payment_members!(packed_payment);

#[cfg(test)]
mod tests {
    use super::*;

    fn again<T: Packed>(value: &T) -> Option<T> {
        let mut bytes = Vec::new();
        value.pack(&mut bytes);
        for length in 0..bytes.len() {
            // Cut short, it may be another value, but never a panic.
            let _ = T::unpack(&mut &bytes[..length]);
        }
        let mut rest = bytes.as_slice();
        let value = T::unpack(&mut rest);
        assert!(rest.is_empty());
        value
    }

    #[test]
    fn numbers_come_back_as_they_were() {
        for number in [0, 1, -1, 63, -64, 10_425, i64::MAX, i64::MIN] {
            assert_eq!(again(&number), Some(number));
        }
        for number in [i128::MAX, i128::MIN] {
            assert_eq!(again(&number), Some(number));
        }
        for text in [
            "0",
            "4990",
            "4990.0",
            "-0.01",
            "79228162514264337593543950335",
            "0.0000000000000000000000000001",
        ] {
            let amount: Decimal = text.parse().unwrap();
            assert_eq!(
                again(&amount).map(|amount| amount.to_string()),
                Some(text.to_owned())
            );
        }
    }

    #[test]
    fn what_is_no_such_value_is_none() {
        assert_eq!(u128::unpack(&mut [0xff; 40].as_slice()), None);
        assert_eq!(String::unpack(&mut [4, b'a'].as_slice()), None);
        assert_eq!(String::unpack(&mut [1, 0xff].as_slice()), None);
        assert_eq!(CartStatus::unpack(&mut [99].as_slice()), None);
    }

    #[test]
    fn a_state_comes_back_as_it_was_in_few_bytes() {
        let id = Uuid::from_u128(7);
        let mut state = CartState::of(
            id,
            CartStatus::Confirmed,
            Timestamp::from_microsecond(1_760_000_000_123_456).unwrap(),
        );
        assert_eq!(again(&state).as_ref(), Some(&state));
        state.result_code = Some(10200);
        state.payment_successful = Some(true);
        state.message = Some("Greiðsla staðfest".to_owned());
        state.reference_id = Some("6c1e7ab0-1a4b-4f6e-9d3a-0123456789ab".to_owned());
        state.payment = Some(Box::new(PaymentInfo {
            transaction_id: Some(id),
            invoice_number: Some(1_234_567),
            reference_number: Some("order-100001".to_owned()),
            status_id: Some(2),
            created: Some(state.checked_at),
            total_amount: Some(Decimal::new(499_000, 2)),
            discount_amount: Some(Decimal::ZERO),
            shipping_amount: Some(Decimal::ZERO),
            handling_amount: Some(Decimal::ZERO),
            account_number: Some(77),
            number_of_installments: Some(1),
            client_identity_confirmed: Some(true),
            location_id: None,
            register_id: None,
        }));
        assert_eq!(again(&state).as_ref(), Some(&state));
        let mut bytes = Vec::new();
        state.pack(&mut bytes);
        assert!(bytes.len() < 200, "{} bytes", bytes.len());
    }
}
