//! A certificate for this machine, and an authority for it, made for one run.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// A certificate as DER, and its private key as PKCS #8.
pub(crate) struct Made {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
    /// The authority's certificate as PEM. Its key is gone.
    pub(crate) authority: String,
}

/// Makes one for these names and addresses.
pub(crate) fn make(hosts: &[String]) -> Result<Made, Error> {
    let mut authority = params("Netgíró simulator, made for one run", &[])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let mut server = params("localhost", hosts)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;

    let key = KeyPair::generate()?;
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok(Made {
        certificate: certificate.der().to_vec(),
        key: key.serialize_der(),
        authority: authority_certificate.pem(),
    })
}

fn params(common_name: &str, hosts: &[String]) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(hosts)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    // Whatever clock a test has, the certificate is valid.
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31);
    Ok(params)
}
