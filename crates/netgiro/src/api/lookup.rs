//! The look-up of a cart by its reference.

use crate::api::{ATTEMPTS, Api};
use crate::http::transport::Request;
use crate::model::cart::{Cart, require_reference};
use crate::model::customer_message::FailedCall;
use crate::model::error::Result;
use crate::model::values::amount::Amount;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::lookup;
use crate::protocol::response::Response;

impl Api {
    pub(crate) async fn find_by_reference(
        &self,
        reference: &str,
        amount: Amount,
    ) -> Result<Option<Cart>> {
        require_reference(reference)?;
        let mut url = self.settings.lookup_url.clone();
        lookup::set_query(&mut url, reference);
        let request = Request {
            endpoint: Endpoint::GetByReference,
            url: &url,
            body: None,
            insert: None,
        };
        let read = |response: Response| lookup::read(&response, reference, amount);
        self.call(&request, None, ATTEMPTS, read)
            .await
            .map_err(|error| error.of_call(FailedCall::Follow))
    }
}
