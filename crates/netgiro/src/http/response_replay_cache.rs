//! Responses that come twice, word for word the same and still signed.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Which cart each response with a final status was about, for the latest few thousand of them.
///
/// A response's signature covers neither the request nor, where there is no PaymentInfo, the cart: the
/// response "canceled" about one cart would verify as one about any other. It is believed about the
/// first cart it came for.
///
/// Without a lock, since a process that forks must not leave one closed in its child.
pub(crate) struct ResponseReplayCache(Box<[AtomicU64]>);

impl ResponseReplayCache {
    const SLOTS: u64 = 4096;

    /// Stores which cart the response with this signature is about; `false` if it was about another one before.
    pub(crate) fn insert(&self, signature: &str, cart: Uuid) -> bool {
        let seal = signature
            .get(..16)
            .and_then(|start| u64::from_str_radix(start, 16).ok())
            .unwrap_or_default();
        self.insert_seal(seal, cart)
    }

    /// The same for what is known by the first bytes of another hash.
    pub(crate) fn insert_seal(&self, seal: u64, cart: Uuid) -> bool {
        let (upper, lower) = cart.as_u64_pair();
        let folded = upper ^ lower;
        let cart = (folded ^ (folded >> 32)) & 0xffff_ffff;
        // The upper half says which response it is, the lower half which cart it was about.
        let tag = seal & !0xffff_ffff;
        let entry = tag | cart;
        let slot = usize::try_from(seal % Self::SLOTS)
            .ok()
            .and_then(|at| self.0.get(at));
        let Some(slot) = slot else { return true };
        slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            (held & !0xffff_ffff != tag).then_some(entry)
        })
        .map_or_else(|held| held == entry, |_| true)
    }
}

impl Default for ResponseReplayCache {
    fn default() -> Self {
        Self((0..Self::SLOTS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl fmt::Debug for ResponseReplayCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseReplayCache")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::ResponseReplayCache;

    #[test]
    fn a_response_is_believed_about_one_cart_alone() {
        let cache = ResponseReplayCache::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let signature = "8ff35684c44ae5279f16f5b024b80a7f4de18f45b71aafc9c03a2f07ac3e9856";
        assert!(cache.insert(signature, one));
        assert!(cache.insert(signature, one));
        assert!(!cache.insert(signature, other));
        assert!(!cache.insert(signature, other));
        assert!(cache.insert(&signature.replace('8', "9"), other));
    }

    #[test]
    fn each_half_of_an_id_tells_carts_apart() {
        let signature = "8ff35684c44ae5279f16f5b024b80a7f4de18f45b71aafc9c03a2f07ac3e9856";
        let one = Uuid::from_u64_pair(0xffff_ffff_0000_0001, 0);
        for other in [
            Uuid::from_u64_pair(0xffff_ffff_0000_0002, 0),
            Uuid::from_u64_pair(0x7fff_ffff_0000_0001, 0),
            Uuid::from_u64_pair(0xffff_ffff_0000_0001, 0xffff_ffff),
        ] {
            let cache = ResponseReplayCache::default();
            assert!(cache.insert(signature, one));
            assert!(!cache.insert(signature, other), "{other}");
        }
    }
}
