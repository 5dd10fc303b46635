//! The members of a fault in JSON.

/// `"*"` or an endpoint's name.
pub(super) mod target {
    use crate::model::endpoint::Endpoint;
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for it"
    )]
    pub(in crate::faults) fn serialize<S: Serializer>(
        endpoint: &Option<Endpoint>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(endpoint.map_or("*", Endpoint::as_str))
    }

    pub(in crate::faults) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Endpoint>, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "*" => Ok(None),
            name => name.parse().map(Some).map_err(de::Error::custom),
        }
    }
}

/// A duration as whole milliseconds.
pub(super) mod milliseconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(in crate::faults) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => {
                serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
            }
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::faults) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}

/// A body as text.
pub(super) mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(in crate::faults) fn serialize<S: Serializer>(
        body: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match body {
            Some(body) => serializer.serialize_str(&String::from_utf8_lossy(body)),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::faults) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(String::into_bytes))
    }
}
