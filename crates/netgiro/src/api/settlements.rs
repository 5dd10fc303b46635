//! The settlements, of V2.

use jiff::civil::Date;
use url::Url;

use crate::api::{ATTEMPTS, Api};
use crate::events::RecordOutcome;
use crate::http::transport::Request;
use crate::model::error::Result;
use crate::model::settlement::{Settlement, SettlementItem};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::Response;
use crate::protocol::v2::settlement::{self, Record};

impl Api {
    pub(crate) async fn settlements(
        &self,
        from: Date,
        to: Date,
        number: Option<&str>,
    ) -> Result<Vec<Settlement>> {
        let mut url = self.settings.v2_url("settlement/list")?;
        settlement::set_list_query(&mut url, from, to, number)?;
        self.get(Endpoint::SettlementList, &url).await
    }

    pub(crate) async fn settlement_items(&self, number: &str) -> Result<Vec<SettlementItem>> {
        let mut url = self.settings.v2_url("settlement/items")?;
        settlement::push_number(&mut url, number)?;
        self.get(Endpoint::SettlementItems, &url).await
    }

    async fn get<T: Record>(&self, endpoint: Endpoint, url: &Url) -> Result<Vec<T>>
    where
        Vec<T>: RecordOutcome,
    {
        let request = Request {
            endpoint,
            url,
            body: None,
            insert: None,
        };
        let read = |response: Response| settlement::read(&response);
        self.call(&request, None, ATTEMPTS, read).await
    }
}
