//! V2: checkouts, captures, refunds and the hosted page.

mod callbacks;
mod checkout;
mod hosted;
mod refunds;

use crate::shop::{Message, Shop};
use serde_json::{Value, json};
use uuid::Uuid;

/// An order over V2.
fn order(customer: &str) -> Value {
    json!({ "Amount": 5000, "Reference": "A-1", "CustomerIdentifier": customer })
}

impl Shop {
    fn pay(&self, order: &Value) -> Message {
        self.v2("POST", "checkout/payment", order)
    }

    /// The id of a new sale with this status.
    #[track_caller]
    fn sell(&self, order: &Value, status: &str) -> Uuid {
        let answer = self.pay(order);
        let json = answer.json();
        assert_eq!(answer.status(), 200, "{json}");
        let id: Uuid = json["TransactionId"].as_str().unwrap().parse().unwrap();
        assert_sale(&answer, id, status);
        id
    }

    fn held(&self) -> Uuid {
        let mut order = order("1234567890");
        order["ManualCapture"] = json!(true);
        self.sell(&order, "Authorized")
    }

    fn status(&self, id: Uuid) -> Message {
        self.v2("GET", &format!("checkout/status/{id}"), &Value::Null)
    }

    fn capture(&self, id: Uuid, amount: &Value) -> Message {
        let body = json!({ "TransactionId": id, "Amount": amount });
        self.v2("POST", "transaction/capture", &body)
    }

    fn void(&self, id: Uuid) -> Message {
        self.v2(
            "POST",
            "transaction/cancel",
            &json!({ "TransactionId": id }),
        )
    }
}

#[track_caller]
fn assert_sale(answer: &Message, id: Uuid, status: &str) {
    let interval = if status == "Pending" { "2000" } else { "null" };
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"Success":true,"Message":null,"Status":"{status}","TransactionId":"{id}","PollIntervalMs":{interval}}}"#
        )
    );
    assert_eq!(answer.status(), 200);
}

#[track_caller]
fn assert_no_sale(answer: &Message, status: u16, message: &str) {
    let json = answer.json();
    let said = json["Message"].as_str().unwrap();
    assert_eq!(answer.status(), status, "{said}");
    assert!(said.contains(message), "{said}");
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"Success":false,"Message":{},"Status":null,"TransactionId":null,"PollIntervalMs":null}}"#,
            json!(said)
        )
    );
}
