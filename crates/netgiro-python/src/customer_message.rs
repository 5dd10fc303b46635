//! What customers may read: the core's sentences.

use netgiro::{CartStatus, ErrorKind, FailedCall, Failure, Language};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::convert;
use crate::values::cart_state::CartState;

/// Return what a customer may read about an error, by its facts.
#[pyfunction]
pub(crate) fn error_customer_message(
    error: &Bound<'_, PyAny>,
    lang: &Bound<'_, PyAny>,
) -> PyResult<&'static str> {
    let language = convert::language(lang)?;
    let code: String = error.getattr("code")?.extract()?;
    let message: String = error.getattr("message")?.extract()?;
    let call: Option<String> = error.getattr("_failed_call")?.extract()?;
    let failure = Failure {
        kind: ErrorKind::of_code(&code),
        result_code: error.getattr("result_code")?.extract()?,
        message: &message,
        call: call.as_deref().and_then(FailedCall::of),
    };
    Ok(failure.customer_message(language))
}

/// Return what a customer may read about an error, a cart's state, or a status: whole sentences.
///
/// In Icelandic, or with another `lang` than `"is"` (a tag such as `"is-IS"` counts) in English. They say that
/// nothing was charged only where that is known, and hold no developer's words, codes or numbers. `timed_out`
/// says of a canceled cart that the customer did not answer in time, which Netgíró's answers do not tell.
/// Raises `InvalidRequestError` for anything else.
#[pyfunction]
#[pyo3(signature = (of, lang=None, *, timed_out=false), text_signature = "(of, lang='is', *, timed_out=False)")]
pub(crate) fn customer_message(
    of: &Bound<'_, PyAny>,
    lang: Option<&Bound<'_, PyAny>>,
    timed_out: bool,
) -> PyResult<String> {
    let py = of.py();
    let base = py.import("netgiro.errors")?.getattr("NetgiroError")?;
    if of.is_instance(&base)? {
        let lang = lang.map_or_else(|| PyString::new(py, "is").into_any(), Bound::clone);
        return of.call_method1("customer_message", (lang,))?.extract();
    }
    let status = match of.cast::<CartState>() {
        Ok(state) => state.get().0.status,
        Err(_) => convert::word::<CartStatus>("of", of)?,
    };
    let language = lang.map_or(Ok(Language::Icelandic), convert::language)?;
    Ok(status.customer_message(timed_out, language).to_owned())
}
