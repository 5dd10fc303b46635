//! Settlements, over the simulator's V2.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use netgiro::{Amount, Client, ClientOptions, ErrorKind, NewCart, ResponseVerification, day};
use netgiro_simulator::{
    DropAt, DropBy, Endpoint, Fault, Simulator, SimulatorError, SimulatorOptions,
};
use rust_decimal::Decimal;

const DAY: Duration = Duration::from_secs(86_400);

struct Shop {
    simulator: Simulator,
    options: ClientOptions,
    client: Client,
}

impl Shop {
    /// A shop at noon, so that no day ends in the middle of a test.
    fn open(options: SimulatorOptions) -> Self {
        let simulator = Simulator::start(options).unwrap();
        let now = TimeZone::UTC.to_datetime(simulator.now());
        let noon = now.date().tomorrow().unwrap().at(12, 0, 0, 0);
        simulator
            .advance(Duration::try_from(noon.duration_since(now)).unwrap())
            .unwrap();
        let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
        options.base_url = Some(simulator.url().to_owned());
        let client = Client::new(options.clone()).unwrap();
        Self {
            simulator,
            options,
            client,
        }
    }

    fn today(&self) -> Date {
        TimeZone::UTC.to_datetime(self.simulator.now()).date()
    }

    async fn sell(&self, amount: i64, reference: &str) -> (uuid::Uuid, i64) {
        let order = NewCart::new(
            Amount::new(amount).unwrap(),
            reference,
            "8111111".parse().unwrap(),
        );
        let cart = self.client.insert_cart(&order).await.unwrap();
        let payment = self.client.check_cart(&cart).await.unwrap().payment;
        (
            cart.transaction_id,
            payment.unwrap().invoice_number.unwrap(),
        )
    }

    async fn list(&self) -> Result<Vec<netgiro::Settlement>, netgiro::Error> {
        let (from, to) = (day("from", "2020-01-01").unwrap(), self.today());
        self.client.settlements(from, to, None).await
    }

    async fn refused(&self, fault: Fault) -> netgiro::Error {
        self.simulator.add_fault(fault).unwrap();
        let refused = self.list().await.unwrap_err();
        self.simulator.clear_faults();
        refused
    }

    async fn reads(&self, body: &str) -> Result<Vec<netgiro::Settlement>, netgiro::Error> {
        self.simulator
            .add_fault(Fault::on(Endpoint::SettlementList).body(body))
            .unwrap();
        self.list().await
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

#[test]
fn a_day_is_settled_when_it_is_over() {
    run(async {
        let shop = Shop::open(SimulatorOptions {
            decimals: 2,
            ..SimulatorOptions::default()
        });
        let first = shop.today();
        let (_, one) = shop.sell(4990, "order-1").await;
        let (_, other) = shop.sell(1010, "order-2").await;
        assert_eq!(shop.list().await.unwrap(), []);

        shop.simulator.advance(DAY).unwrap();
        shop.sell(100, "order-3").await;
        let settlements = shop.list().await.unwrap();
        let [settlement] = &settlements[..] else {
            panic!("{settlements:?}");
        };
        let made_up = first.tomorrow().unwrap().to_datetime(Time::MIN);
        let made_up = TimeZone::UTC.to_timestamp(made_up).unwrap();
        assert_eq!(settlement.provider_name.as_deref(), Some("Netgíró"));
        assert_eq!(settlement.created, Some(made_up));
        assert_eq!(settlement.bank_transfer_transaction_date, Some(made_up));
        assert_eq!(settlement.number_of_sales, Some(2));
        assert_eq!(settlement.status.as_deref(), Some("Paid"));
        // 1.95 % of each, to the króna: 97.305 and 19.695.
        let written = |amount: Option<Decimal>| amount.unwrap().to_string();
        assert_eq!(written(settlement.total_amount), "6000.00");
        assert_eq!(written(settlement.cost_amount), "117.00");
        assert_eq!(written(settlement.amount), "5883.00");

        let number = settlement.number.as_deref().unwrap();
        assert!(
            number.starts_with("100000-0") && number.len() == 13,
            "{number}"
        );
        let items = shop.client.settlement_items(number).await.unwrap();
        let loans: Vec<_> = items.iter().map(|item| item.loan_number.clone()).collect();
        assert_eq!(
            loans,
            [one, other].map(|invoice| Some(format!("L-{invoice}")))
        );
        let total: Decimal = items.iter().filter_map(|item| item.total_amount).sum();
        assert_eq!(total, Decimal::from(6000));
        assert!(items.iter().all(|item| item.created.is_some()));

        let known = shop.client.settlements(first, shop.today(), Some(number));
        assert_eq!(known.await.unwrap(), settlements);
        let other = shop
            .client
            .settlements(first, shop.today(), Some("100000-000069"));
        assert_eq!(other.await.unwrap(), []);
        let too_early = shop.client.settlements(first, first, None);
        assert_eq!(too_early.await.unwrap(), []);
    });
}

#[test]
fn what_is_sent_is_the_key_and_nothing_signed() {
    run(async {
        let mut shop = Shop::open(SimulatorOptions::default());
        shop.options.response_verification = ResponseVerification::Required;
        shop.client = Client::new(shop.options.clone()).unwrap();
        shop.list().await.unwrap();
        let request = shop.simulator.requests().pop().unwrap();
        assert_eq!(request.method, "GET");
        assert_eq!(request.endpoint, Some(Endpoint::SettlementList));
        let path = format!(
            "/v2/settlement/list?dateFrom=2020-01-01&dateTo={}",
            shop.today()
        );
        assert_eq!(request.path, path);
        assert_eq!(request.body, "");
        assert!(request.signature_ok);
        let header = |name: &str| {
            let mut headers = request.headers.iter();
            headers.find_map(|(key, value)| (key == name).then_some(value.as_str()))
        };
        assert_eq!(header("x-netgiro-api-key"), Some(shop.simulator.app_key()));
        for name in ["netgiro_appkey", "netgiro_nonce", "netgiro_signature"] {
            assert_eq!(header(name), None, "{name}");
        }
    });
}

#[test]
fn failures_that_may_pass_are_repeated_and_others_told() {
    run(async {
        let shop = Shop::open(SimulatorOptions::default());
        let list = || Fault::on(Endpoint::SettlementList);
        for passing in [
            list().status(503),
            list().drop(DropAt::Within, DropBy::Reset),
            list().drop_before(),
            Fault::anywhere().drop_after(),
        ] {
            let seen = shop.simulator.requests().len();
            shop.simulator.add_fault(passing).unwrap();
            shop.list().await.unwrap();
            assert_eq!(shop.simulator.requests().len(), seen + 2);
        }
        for (fault, kind) in [
            (list().status(401), ErrorKind::Authentication),
            (list().status(403), ErrorKind::Authentication),
            (list().status(404), ErrorKind::Api),
            (list().status(429), ErrorKind::RateLimited),
            (list().status(302), ErrorKind::Server),
            (list().status(500).times(3), ErrorKind::Server),
            (list().drop_after().times(3), ErrorKind::Server),
        ] {
            assert_eq!(shop.refused(fault.clone()).await.kind(), kind, "{fault:?}");
        }
        let missing = shop
            .client
            .settlement_items("100000-000069")
            .await
            .unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Api);
        assert_eq!(missing.http_status(), Some(404));

        let mut large = list();
        large.padding = Some(1 << 20);
        let large = shop.refused(large).await;
        assert_eq!(
            (large.kind(), large.retryable()),
            (ErrorKind::Server, false)
        );
        assert!(
            large.message().ends_with("ask for fewer days at a time"),
            "{large}"
        );

        let mut options = shop.options.clone();
        options.app_key = "00000000-0000-0000-0000-000000000001".to_owned();
        let stranger = Client::new(options).unwrap();
        let refused = stranger.settlement_items("1").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Authentication);

        shop.simulator.close();
        let gone = shop.list().await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::Connect);
    });
}

#[test]
fn no_answer_in_time_is_a_timeout() {
    run(async {
        let mut shop = Shop::open(SimulatorOptions::default());
        shop.options.timeout = Duration::from_millis(300);
        shop.client = Client::new(shop.options.clone()).unwrap();
        let silence = Fault::on(Endpoint::SettlementList).drop(DropAt::Before, DropBy::Silence);
        assert_eq!(shop.refused(silence).await.kind(), ErrorKind::Timeout);
    });
}

#[test]
fn members_may_be_missing_and_amounts_must_be_amounts() {
    run(async {
        let shop = Shop::open(SimulatorOptions::default());
        let read = shop
            .reads(
                r#" [ {}, {"Number":7,"Amount":null,"TotalAmount":1000.50,"Status":2,"New":[1]},
                {"number":"100000-000069","amount":1,"providerName":"Netgíró","bankTransferTransactionDate":"2026-01-31"} ] "#,
            )
            .await
            .unwrap();
        assert_eq!(read[0], netgiro::Settlement::default());
        assert_eq!(
            (read[1].number.as_deref(), read[1].amount),
            (Some("7"), None)
        );
        assert_eq!(read[1].total_amount.unwrap().to_string(), "1000.50");
        assert_eq!(read[1].status.as_deref(), Some("2"));
        let number = read[2].number.as_deref();
        assert_eq!(
            (number, read[2].amount),
            (Some("100000-000069"), Some(1.into()))
        );
        let paid = read[2].bank_transfer_transaction_date.unwrap();
        assert_eq!(paid.to_string(), "2026-01-31T00:00:00Z");

        for wrong in [
            r#"[{"Amount":"1000"}]"#,
            r#"[{"Amount":1e99}]"#,
            r#"[{"Amount":true}]"#,
            r#"[{"TotalAmount":[]}]"#,
            r#"[{"Number":true}]"#,
            r#"[{"Number":{}}]"#,
            r#"[{"Number":["1"]}]"#,
            r#"[{"NumberOfSales":1.5}]"#,
            r#"[{"Amount":1,"Amount":2}]"#,
            r#"[{"Amount":1,"amount":2}]"#,
        ] {
            let error = shop.reads(wrong).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{wrong}");
        }
        for none in [
            "", "{}", "null", "[1]", "[[]]", "[null]", "[] []", "[{}", "<html>", "[{},]",
        ] {
            let error = shop.reads(none).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Server, "{none}");
        }
    });
}

#[test]
fn a_withheld_sale_is_in_no_settlement() {
    run(async {
        let shop = Shop::open(SimulatorOptions {
            settlement_cost: 0,
            ..SimulatorOptions::default()
        });
        let (forgotten, _) = shop.sell(1000, "order-1").await;
        shop.sell(2000, "order-2").await;
        shop.simulator.withhold(forgotten).unwrap();
        shop.simulator.advance(DAY).unwrap();
        let [settlement] = &shop.list().await.unwrap()[..] else {
            panic!("there is one day");
        };
        assert_eq!(settlement.total_amount, Some(2000.into()));
        assert_eq!(settlement.amount, Some(2000.into()));
        let items = shop
            .client
            .settlement_items(settlement.number.as_deref().unwrap())
            .await;
        assert_eq!(items.unwrap().len(), 1);

        let order = NewCart::new(
            Amount::new(1).unwrap(),
            "order-3",
            "8223281".parse().unwrap(),
        );
        let open = shop.client.insert_cart(&order).await.unwrap();
        let refused = shop.simulator.withhold(open.transaction_id).unwrap_err();
        assert!(matches!(refused, SimulatorError::NotPossible { .. }));
    });
}

#[test]
fn arguments_that_cannot_be_are_refused_before_anything_is_sent() {
    run(async {
        let shop = Shop::open(SimulatorOptions::default());
        let at = |text| day("date_from", text);
        assert_eq!(
            at("2026-01-31").unwrap(),
            at("2026-01-31T23:59:59Z").unwrap()
        );
        assert_eq!(
            at("2026-02-01").unwrap(),
            at("2026-01-31T23:00:00-02:00").unwrap()
        );
        for wrong in ["", "31.1.2026", "2026-02-30", "yesterday"] {
            assert_eq!(at(wrong).unwrap_err().kind(), ErrorKind::InvalidRequest);
        }
        let (early, late) = (at("2026-01-01").unwrap(), at("2026-01-31").unwrap());
        let refused = shop.client.settlements(late, early, None).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidRequest);
        let long = "1".repeat(101);
        for number in ["", " ", ".", "..", "1\n", "1\u{0}", "\u{85}", &long] {
            let items = shop.client.settlement_items(number).await.unwrap_err();
            let listed = shop.client.settlements(early, late, Some(number)).await;
            for refused in [items, listed.unwrap_err()] {
                assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{number:?}");
                assert!(refused.message().contains("100000-000069"), "{refused}");
            }
        }
        assert_eq!(shop.simulator.requests().len(), 0);

        // Whatever a number holds, it is one segment of the path, and one value of the query.
        for (number, segment, value) in [
            ("100000-000069", "100000-000069", "100000-000069"),
            (
                "../a/b?c#d%2f",
                "..%2Fa%2Fb%3Fc%23d%252f",
                "..%2Fa%2Fb%3Fc%23d%252f",
            ),
            ("Þ 1&x=\\", "%C3%9E%201&x=%5C", "%C3%9E+1%26x%3D%5C"),
        ] {
            let missing = shop.client.settlement_items(number).await.unwrap_err();
            assert_eq!(missing.http_status(), Some(404), "{missing}");
            let listed = shop.client.settlements(early, late, Some(number)).await;
            assert_eq!(listed.unwrap(), []);
            let requests = shop.simulator.requests();
            let [.., items, list] = &requests[..] else {
                panic!("{requests:?}");
            };
            assert_eq!(items.path, format!("/v2/settlement/items/{segment}"));
            let value = format!("&settlementNumber={value}");
            assert!(list.path.ends_with(&value), "{}", list.path);
        }

        let mut options = shop.options.clone();
        options.base_url = Some("https://test.netgiro.is/api/".to_owned());
        let old = Client::new(options).unwrap();
        let refused = old.settlements(early, late, None).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Configuration);
        assert!(refused.message().contains("/v1/"), "{refused}");
    });
}

#[test]
fn the_documented_answers_are_read() {
    run(async {
        let shop = Shop::open(SimulatorOptions::default());
        let documented = r#"[{"ProviderName":"Netgíró","Number":"100000-000069","Created":"2026-05-01T00:00:00","Amount":150000,
            "CostAmount":3000,"BankTransferTransactionDate":"2026-05-02T00:00:00","NumberOfSales":12,"TotalAmount":153000,
            "Status":"Paid"}]"#;
        let [settlement] = &shop.reads(documented).await.unwrap()[..] else {
            panic!("there is one");
        };
        assert_eq!(settlement.number.as_deref(), Some("100000-000069"));
        assert_eq!(settlement.total_amount, Some(153_000.into()));
        for (written, read) in [
            (r#""L-123456""#, Some("L-123456")),
            ("123456", Some("123456")),
            (r#""""#, None),
            ("null", None),
            (r#"" L-1 ""#, Some(" L-1 ")),
        ] {
            let body = format!(r#"[{{"TotalAmount":1000,"LoanNumber":{written}}}]"#);
            let items = Fault::on(Endpoint::SettlementItems).status(200).body(body);
            shop.simulator.add_fault(items).unwrap();
            let items = shop.client.settlement_items("100000-000069").await.unwrap();
            assert_eq!(items[0].loan_number.as_deref(), read, "{written}");
        }
    });
}
