//! A certificate for this machine, and an authority for it, made up on the spot.
//!
//! X.509 as DER, as far as these two need it: RFC 5280 names the parts. A crate for it would be ten times as large.

use ring::error::{KeyRejected, Unspecified};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;

/// A certificate as DER, and its private key as PKCS #8.
pub(crate) struct Made {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
    /// The authority's certificate. Its key is gone.
    pub(crate) authority: Vec<u8>,
}

/// Makes one for these names and addresses.
pub(crate) fn make(hosts: &[String]) -> Result<Made, Unspecified> {
    let authority = Key::new()?;
    let server = Key::new()?;
    let issuer = name("Netgíró simulator, made up for one run");
    let by_authority = |subject, key, extensions| authority.sign(&issuer, subject, key, extensions);
    Ok(Made {
        authority: by_authority(
            &issuer,
            &authority,
            &[
                critical(BASIC_CONSTRAINTS, &sequence(&[TRUE, &tlv(INTEGER, &[0])])),
                critical(KEY_USAGE, CERTIFICATES_AND_LISTS),
                extension(SUBJECT_KEY, &tlv(OCTETS, &authority.id())),
            ],
        )?,
        certificate: by_authority(
            &name("localhost"),
            &server,
            &[
                critical(KEY_USAGE, SIGNATURES),
                extension(EXTENDED_USAGE, &sequence(&[SERVERS])),
                extension(SUBJECT_KEY, &tlv(OCTETS, &server.id())),
                extension(AUTHORITY_KEY, &sequence(&[&tlv(0x80, &authority.id())])),
                extension(OTHER_NAMES, &other_names(hosts)),
            ],
        )?,
        key: server.pkcs8,
    })
}

struct Key {
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
    random: SystemRandom,
}

impl Key {
    fn new() -> Result<Self, Unspecified> {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random)?
            .as_ref()
            .to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(kind, &pkcs8, &random)
            .map_err(|_: KeyRejected| Unspecified)?;
        Ok(Self {
            pair,
            pkcs8,
            random,
        })
    }

    /// What certificates call it.
    fn id(&self) -> Vec<u8> {
        Sha256::digest(self.pair.public_key())
            .iter()
            .copied()
            .take(20)
            .collect()
    }

    /// The certificate of another key.
    fn sign(
        &self,
        issuer: &[u8],
        subject: &[u8],
        key: &Self,
        extensions: &[Vec<u8>],
    ) -> Result<Vec<u8>, Unspecified> {
        let mut serial = [0; 16];
        self.random.fill(&mut serial)?;
        let serial = [&[1], serial.as_slice()].concat(); // positive, and no zero before it
        let extensions: Vec<_> = extensions.iter().map(Vec::as_slice).collect();
        let contents = sequence(&[
            &tlv(0xa0, &tlv(INTEGER, &[2])), // version 3
            &tlv(INTEGER, &serial),
            ECDSA_WITH_SHA256,
            issuer,
            VALIDITY,
            subject,
            &sequence(&[P256_KEY, &bits(key.pair.public_key().as_ref())]),
            &tlv(0xa3, &sequence(&extensions)),
        ]);
        let signature = self.pair.sign(&self.random, &contents)?;
        Ok(sequence(&[
            &contents,
            ECDSA_WITH_SHA256,
            &bits(signature.as_ref()),
        ]))
    }
}

const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const TRUE: &[u8] = &[0x01, 1, 0xff];

const ECDSA_WITH_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
const P256_KEY: &[u8] =
    b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// From long ago to the end of time, which RFC 5280 spells like this: whatever clock a test has, it holds.
const VALIDITY: &[u8] = b"\x30\x20\x17\x0d000101000000Z\x18\x0f99991231235959Z";

// Extensions and what they say.
const SUBJECT_KEY: u8 = 14;
const KEY_USAGE: u8 = 15;
const OTHER_NAMES: u8 = 17;
const BASIC_CONSTRAINTS: u8 = 19;
const AUTHORITY_KEY: u8 = 35;
const EXTENDED_USAGE: u8 = 37;
const CERTIFICATES_AND_LISTS: &[u8] = &[BITS, 2, 1, 0b0000_0110];
const SIGNATURES: &[u8] = &[BITS, 2, 7, 0b1000_0000];
const SERVERS: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";

/// Tag, length, value.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let significant = length.iter().position(|&byte| byte != 0);
    let digits = significant.and_then(|at| length.get(at..)).unwrap_or(&[0]);
    let long = u8::try_from(digits.len()).unwrap_or_default() | 0x80;
    let mark: &[u8] = if value.len() < 0x80 { &[] } else { &[long] };
    [&[tag], mark, digits, value].concat()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// Whole bytes as bits.
fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(BITS, &[&[0], bytes].concat())
}

/// A name that is a common name alone.
fn name(common: &str) -> Vec<u8> {
    let attribute = sequence(&[&[OBJECT, 3, 0x55, 4, 3], &tlv(UTF8, common.as_bytes())]);
    sequence(&[&tlv(SET, &attribute)])
}

fn extension(number: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[&[OBJECT, 3, 0x55, 0x1d, number], &tlv(OCTETS, value)])
}

fn critical(number: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[&[OBJECT, 3, 0x55, 0x1d, number], TRUE, &tlv(OCTETS, value)])
}

fn other_names(hosts: &[String]) -> Vec<u8> {
    let names = hosts.iter().map(|host| match host.parse() {
        Ok(IpAddr::V4(address)) => tlv(0x87, &address.octets()),
        Ok(IpAddr::V6(address)) => tlv(0x87, &address.octets()),
        Err(_) => tlv(0x82, host.as_bytes()),
    });
    tlv(SEQUENCE, &names.flatten().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_der_wants_them() {
        for (length, head) in [
            (0, vec![4, 0]),
            (127, vec![4, 127]),
            (128, vec![4, 0x81, 128]),
            (256, vec![4, 0x82, 1, 0]),
        ] {
            let value = vec![7; length];
            assert_eq!(tlv(OCTETS, &value), [head, value].concat());
        }
    }

    #[test]
    fn what_holds_is_what_was_asked_for() {
        let hosts = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let made = make(&hosts).unwrap();
        let names = other_names(&hosts);
        assert!(
            made.certificate
                .windows(names.len())
                .any(|part| part == names)
        );
        assert!(names.ends_with(&[0, 0, 1]));
    }
}
