//! V2's settlements: one for each day with sales or refunds, created when the day is over.

use crate::model::endpoint::Endpoint;
use crate::model::options::SimulatorOptions;
use crate::model::order::SettledItem;
use crate::protocol::response;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::Offset;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use url::form_urlencoded;

const PROVIDER: &str = "Netgíró";
/// The prefix of all settlement numbers of a shop.
const SHOP: &str = "100000";
const EPOCH: Date = date(1970, 1, 1);

/// The sales and refunds of past days.
pub(crate) struct Settlements {
    days: BTreeMap<Date, Vec<SettledItem>>,
    cost: i64,
    decimals: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Settlement {
    provider_name: &'static str,
    number: String,
    created: String,
    amount: Box<RawValue>,
    cost_amount: Box<RawValue>,
    bank_transfer_transaction_date: String,
    number_of_sales: usize,
    total_amount: Box<RawValue>,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    total_amount: Box<RawValue>,
    cost_amount: Box<RawValue>,
    created: String,
    loan_number: String,
}

/// The HTTP status of a refusal, and its reason.
type SettlementError = (u16, String);

impl Settlements {
    pub(crate) fn of(
        items: impl Iterator<Item = SettledItem>,
        now: Timestamp,
        options: &SimulatorOptions,
    ) -> Self {
        let today = day(now);
        let mut days = BTreeMap::<_, Vec<_>>::new();
        for item in items {
            if day(item.at) < today {
                days.entry(day(item.at)).or_default().push(item);
            }
        }
        Self {
            days,
            cost: options.settlement_cost.into(),
            decimals: options.decimals,
        }
    }

    /// The body of the response to a request with this path and query.
    pub(crate) fn answer(
        &self,
        endpoint: Endpoint,
        path: &str,
    ) -> Result<Vec<u8>, SettlementError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        if endpoint == Endpoint::SettlementList {
            return self.list(query);
        }
        let number = path.rsplit('/').next().unwrap_or_default();
        let settled = (self.days.iter())
            .find(|(day, _)| self::number(**day) == number)
            .map(|(_, items)| items)
            .ok_or_else(|| (404, format!("There is no settlement {number}")))?;
        let items = settled.iter().map(|item| Item {
            total_amount: response::decimal(item.amount, self.decimals),
            cost_amount: response::decimal(self.cost(item), self.decimals),
            created: response::date(item.created),
            loan_number: format!("L-{}", item.invoice_number),
        });
        Ok(response::write(&items.collect::<Vec<_>>()))
    }

    fn list(&self, query: &str) -> Result<Vec<u8>, SettlementError> {
        let (mut from, mut to, mut number) = (Date::MIN, Date::MAX, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let read = || {
                let wrong = |_| (400, format!("{name} is not a date: {value}"));
                value.parse::<Date>().map_err(wrong)
            };
            match name.to_ascii_lowercase().as_str() {
                "datefrom" => from = read()?,
                "dateto" => to = read()?,
                "settlementnumber" => number = Some(value.into_owned()),
                _ => {}
            }
        }
        let wanted = self.days.iter().filter(|(day, _)| {
            let is_it = |number: &String| *number == self::number(**day);
            (from..=to).contains(&after(**day)) && number.as_ref().is_none_or(is_it)
        });
        let settlements = wanted.map(|(day, items)| self.settlement(*day, items));
        Ok(response::write(&settlements.collect::<Vec<_>>()))
    }

    fn settlement(&self, day: Date, items: &[SettledItem]) -> Settlement {
        let total: i64 = items.iter().map(|item| item.amount).sum();
        let cost: i64 = items.iter().map(|item| self.cost(item)).sum();
        let made_up = end_of(day).unwrap_or_default();
        Settlement {
            provider_name: PROVIDER,
            number: number(day),
            created: response::date(made_up),
            amount: response::decimal(total - cost, self.decimals),
            cost_amount: response::decimal(cost, self.decimals),
            bank_transfer_transaction_date: response::date(made_up),
            number_of_sales: items.iter().filter(|item| item.amount > 0).count(),
            total_amount: response::decimal(total, self.decimals),
            status: "Paid",
        }
    }

    /// The cost of a sale, rounded to the nearest króna; a refund has none.
    fn cost(&self, item: &SettledItem) -> i64 {
        (item.amount.max(0) * self.cost + 5_000) / 10_000
    }
}

fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// When the settlement of a sale of this instant is made up.
pub(super) fn made_up_for(paid_at: Timestamp) -> Option<Timestamp> {
    end_of(day(paid_at))
}

/// Whether two instants belong to one settlement.
pub(super) fn is_same_day(one: Timestamp, other: Timestamp) -> bool {
    day(one) == day(other)
}

fn end_of(day: Date) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(after(day).at(0, 0, 0, 0)).ok()
}

fn after(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// The number of a day's settlement, in the form of the documentation's `100000-000069`.
fn number(day: Date) -> String {
    let days = day.since(EPOCH).map_or(0, |span| span.get_days());
    format!("{SHOP}-{days:06}")
}
