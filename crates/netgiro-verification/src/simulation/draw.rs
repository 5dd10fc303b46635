//! Chance, by the seed: each draw is a function of what it is about, so that leaving one thing out changes no other.

use fastrand::Rng;

/// What a draw is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About {
    /// A shop: its options, and those of its server.
    Shop = 1,
    /// An order, and how it is followed.
    Order,
    /// What the customer does.
    Customer,
    /// A connection.
    Connection,
    /// A request.
    Request,
    /// The delivery of a callback.
    Callback,
    /// When a process dies.
    Crash,
    /// When a process that died is started again.
    Restart,
    /// On which machine a process starts.
    Start,
    /// A message of a queue.
    Message,
    /// What a process itself draws, such as the jitter of its delays.
    Jitter,
}

/// The numbers for one thing of a checkout, or of a shop.
pub(super) fn draw(seed: u64, about: About, of: u32, number: u32) -> Rng {
    let words = [seed, about as u64, of.into(), number.into()];
    Rng::with_seed(words.into_iter().fold(0x6e65_7467_6972_6f00, mix))
}

/// One round of `SplitMix64`.
fn mix(state: u64, word: u64) -> u64 {
    let mut mixed = (state ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Whether something happens that happens with this probability.
pub(super) fn happens(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

#[cfg(test)]
mod tests {
    use super::{About, draw};

    #[test]
    fn each_thing_has_numbers_of_its_own() {
        let first = |seed, about, of, number| draw(seed, about, of, number).u64(..);
        let one = first(1, About::Request, 2, 3);
        assert_eq!(one, first(1, About::Request, 2, 3));
        for other in [
            first(2, About::Request, 2, 3),
            first(1, About::Callback, 2, 3),
            first(1, About::Request, 3, 3),
            first(1, About::Request, 2, 4),
        ] {
            assert_ne!(one, other);
        }
    }
}
