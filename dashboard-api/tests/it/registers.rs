//! Registers over a log in memory: what is read, what is put, and what is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use dashboard_api::{
    ApiState, ClickHouseReader, Connection, Limits, NotPublished, Propose, RegisterSource, Registers,
    Standing, router,
};
use identity::Identity;
use identity::provider::{Account, Provider};
use model::catalogue::{Bilingual, Edition, Proposal, Shelf};
use model::{Catalogue, Instant};
use serde_json::{Value, json};
use tower::ServiceExt;

const NOW: Instant = Instant(1_780_000_000_000);
const HEADERS: &str = "人员编号,姓名,机构,执法证号,有效期起,有效期止\n";

/// The last edition of a shelf, as a site has it.
pub(crate) struct Memory {
    base: Arc<Catalogue>,
    files: BTreeMap<String, String>,
    shelf: Mutex<Shelf>,
}

impl Memory {
    pub(crate) fn new(files: &[(&str, String)]) -> Self {
        let files: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect();
        let base = Catalogue::from_files(files.clone()).unwrap_or_else(|problems| panic!("{problems:?}"));
        Self { base: Arc::new(base), files, shelf: Mutex::default() }
    }
}

impl RegisterSource for Memory {
    fn standing(&self) -> Standing {
        let shelf = self.shelf.lock().unwrap();
        let files = if shelf.editions().is_empty() { self.files.clone() } else { shelf.files().clone() };
        Standing { base: Arc::clone(&self.base), editions: shelf.editions().to_vec(), files: Arc::new(files) }
    }

    fn publish(&self, propose: &Propose<'_>) -> Result<Arc<Edition>, NotPublished> {
        let mut shelf = self.shelf.lock().unwrap();
        match propose(&shelf).map_err(NotPublished::Refused)? {
            Proposal::Stands(edition) => Ok(edition),
            Proposal::New(record) => Ok(shelf.take(&record.encode()).unwrap().expect("it fits")),
        }
    }
}

const ITEM: &str = "code: i\nname: item\ncategory: other\nsteps: [{id: a}]\nlimits: [{id: t, scope: case, days: 5, unit: working_day}]\n\
                    points: [{id: p, kind: time_limit, limit: t}]\n";

/// Two organisations under one, each with an officer whose name and certificate are personal.
pub(crate) fn files(orgs: &[(&str, Option<&str>, &str)]) -> Vec<(&'static str, String)> {
    let org = |(id, parent, region): &(&str, Option<&str>, &str)| {
        let parent = parent.map(|parent| format!(", parent: {parent}")).unwrap_or_default();
        format!("- {{id: {id}, name: MARK-{id}{parent}, region: \"{region}\"}}\n")
    };
    let officer = |(id, ..): &(&str, Option<&str>, &str)| {
        format!("MARK-{id},PERSON-{id},{id},PERSON-{id},2024-01-01,2026-06-10\n")
    };
    vec![
        ("catalogue.yaml", "version: \"1\"\n".to_owned()),
        ("items/i.yaml", ITEM.to_owned()),
        ("calendar/2026.yaml", "year: 2026\nholidays: [2026-01-01]\nworkdays: [2026-01-04]\n".to_owned()),
        ("orgs.yaml", orgs.iter().map(org).collect()),
        (
            "officers.csv",
            std::iter::once("officer_id,name,org,certificate_no,valid_from,valid_to\n".to_owned())
                .chain(orgs.iter().map(officer))
                .collect(),
        ),
    ]
}

struct Site {
    app: axum::Router,
    provider: Arc<Provider>,
}

impl Site {
    fn start() -> Self {
        let account = |id: &str, role: &str, reach: Value| {
            let both = || Bilingual { zh: id.to_owned(), en: id.to_owned() };
            let mut grant = reach;
            grant["role"] = json!(role);
            Account { id: id.to_owned(), name: both(), office: both(), grants: json!([grant]) }
        };
        let accounts = vec![
            account("zhang", "registrar", json!({"orgs": ["alpha"]})),
            account("root", "administrator", json!({"everywhere": true})),
            account("half", "administrator", json!({"under": "city"})),
            account("han", "handler", json!({"everywhere": true})),
        ];
        let provider = Arc::new(Provider::new("127.0.0.1:1".parse().unwrap(), accounts, || NOW).unwrap());
        let identity = Arc::new(Identity::new(provider.policy(), Arc::clone(&provider) as _));
        let memory = Arc::new(Memory::new(&files(&[
            ("city", None, "990100"),
            ("alpha", Some("city"), "990102"),
            ("far", None, "110000"),
        ])));
        let tree = Arc::clone(&memory);
        // Registers ask it nothing.
        let nowhere = Connection {
            url: "http://127.0.0.1:1".to_owned(),
            database: "xiezhi".to_owned(),
            user: None,
            password: None,
        };
        let reader = Arc::new(ClickHouseReader::new(&nowhere, std::time::Duration::from_secs(1)));
        let state = ApiState::new(reader, &prometheus::Registry::new(), Limits::default()).unwrap();
        let state = state.with_registers(Registers::new(memory, || NOW)).with_identity(
            identity,
            move || Arc::new(tree.standing().catalogue().orgs.clone()),
            || NOW,
        );
        Self { app: router(state), provider }
    }

    async fn ask(
        &self,
        method: Method,
        person: &str,
        uri: &str,
        key: &str,
        body: impl Into<Body>,
    ) -> (StatusCode, Value) {
        let token = self.provider.token(person).unwrap();
        let mut request = Request::builder().method(method).uri(format!("/api/v1/registers{uri}"));
        request = request.header("authorization", format!("Bearer {token}"));
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        let response = self.app.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn get(&self, person: &str, uri: &str) -> Value {
        let (status, body) = self.ask(Method::GET, person, uri, "", Body::empty()).await;
        assert_eq!(status, StatusCode::OK, "{uri}: {body}");
        body
    }

    async fn put(&self, person: &str, uri: &str, key: &str, body: &str) -> (StatusCode, Value) {
        self.ask(Method::PUT, person, uri, key, body.to_owned()).await
    }
}

#[tokio::test]
async fn an_officer_is_registered_once_and_the_second_of_two_is_told_that_it_is_stale() {
    let site = Site::start();
    let table = format!(
        "{HEADERS}MARK-alpha,PERSON-alpha,alpha,PERSON-alpha,2024-01-01,2028-06-30\nw-2,李,alpha,9902,2026-01-01,\n"
    );
    let (status, looked) = site.put("zhang", "/officers?dry_run=true", "", &table).await;
    assert_eq!((status, &looked["outcome"]), (StatusCode::OK, &json!("looked")), "{looked}");
    let report = &looked["report"];
    assert_eq!(
        (&report["added"], &report["changed"], &report["removed"]),
        (&json!(1), &json!(1), &json!(0)),
        "{looked}"
    );
    assert_eq!(site.get("zhang", "").await["editions"], 0, "it was only looked at");

    let (status, done) = site.put("zhang", "/officers?expected=0", "k1", &table).await;
    assert_eq!(
        (status, &done["outcome"], &done["editions"]),
        (StatusCode::OK, &json!("published"), &json!(1)),
        "{done}"
    );
    assert_eq!(
        (&done["published"]["by"], &done["published"]["version"]),
        (&json!("zhang"), &json!("1+officers.0"))
    );
    // The same again is the same edition; the key is good for nothing else.
    let (status, again) = site.put("zhang", "/officers?expected=0", "k1", &table).await;
    assert_eq!(
        (status, &again["published"], &again["report"]),
        (StatusCode::OK, &done["published"], &Value::Null)
    );
    let (status, other) =
        site.put("zhang", "/officers?expected=1", "k1", &format!("{HEADERS}w-9,赵,alpha,9,,\n")).await;
    assert_eq!((status, &other["reason"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("key_reused")));
    // Somebody who saw nothing of it yet.
    let (status, stale) = site
        .put("root", "/officers?expected=0&merge=true", "k2", &format!("{HEADERS}w-3,赵,far,9903,,\n"))
        .await;
    assert_eq!((status, &stale["reason"]), (StatusCode::CONFLICT, &json!("stale")), "{stale}");
    let officers = site.get("zhang", "/officers").await;
    let ids: Vec<&Value> =
        officers["officers"].as_array().unwrap().iter().map(|officer| &officer["officer_id"]).collect();
    assert_eq!(ids, ["MARK-alpha", "w-2"], "those of others are not his to see");
}

#[tokio::test]
async fn what_may_not_be_put_is_refused_and_says_why() {
    let site = Site::start();
    let bad = format!("{HEADERS}w-2,李,alpha,9902,2026-02-30,\nw-3,赵,far,9903,,\n");
    let (_, looked) = site.put("zhang", "/officers?dry_run=true", "", &bad).await;
    let reasons: Vec<&Value> =
        looked["report"]["refused"].as_array().unwrap().iter().map(|row| &row["reason"]).collect();
    assert_eq!(reasons, ["bad_date", "not_yours"]);
    let cases = [
        ("zhang", "/officers?expected=0", "k", bad.as_str(), 422, "rows_refused"),
        ("zhang", "/officers?expected=0", "k", "no table at all", 422, "unusable"),
        (
            "zhang",
            "/officers?expected=0",
            "k",
            "人员编号,姓名,机构,执法证号,有效期起,有效期止\nMARK-alpha,PERSON-alpha,alpha,PERSON-alpha,2024-01-01,2026-06-10\n",
            422,
            "unchanged",
        ),
        ("zhang", "/orgs?expected=0", "k", "id,name\n1,x\n", 403, ""),
        ("half", "/orgs?expected=0", "k", "id,name\n1,x\n", 403, ""),
        ("han", "/officers?expected=0", "k", bad.as_str(), 403, ""),
        ("zhang", "/officers?expected=0", "", bad.as_str(), 400, ""),
        ("zhang", "/officers", "k", bad.as_str(), 400, ""),
        ("zhang", "/officers?expected=0&merge=perhaps", "k", bad.as_str(), 400, ""),
    ];
    for (person, uri, key, body, code, reason) in cases {
        let (status, problem) = site.put(person, uri, key, body).await;
        assert_eq!(status.as_u16(), code, "{person} {uri}: {problem}");
        assert_eq!(problem["reason"].as_str().unwrap_or_default(), reason, "{problem}");
    }
    assert_eq!(site.get("root", "").await["editions"], 0, "nothing of it was published");
}

#[tokio::test]
async fn organisations_and_calendars_are_the_whole_sites_and_a_tree_is_seen_at_once() {
    let site = Site::start();
    let orgs = "id,name,parent,region,sources\ncity,市,,990100,\nalpha,甲,city,990102,\nfar,远,,110000,\nbeta,乙,city,990103,urn:beta 2h\n";
    let (status, done) = site.put("root", "/orgs?expected=0", "k1", orgs).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    let seen = site.get("half", "/orgs").await;
    let beta = seen["orgs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|org| org["id"] == "beta")
        .expect("it stands below city");
    assert_eq!(beta["sources"], json!([{"uri": "urn:beta", "silent_after_seconds": 7_200}]));
    assert!(!seen.to_string().contains("far"), "{seen}");
    let (status, done) = site
        .put("root", "/calendars?expected=1", "k2", "日期,结束日期,安排\n2027-01-01,2027-01-03,休\n")
        .await;
    assert_eq!(status, StatusCode::OK, "{done}");
    let years = site.get("root", "/calendars").await;
    assert_eq!(
        years["years"][1],
        json!({"year": 2027, "holidays": ["2027-01-01", "2027-01-02", "2027-01-03"], "workdays": []})
    );
    let overview = site.get("root", "").await;
    assert_eq!((&overview["calendar_until"], &overview["orgs"]), (&json!("2027-12-31"), &json!(4)));
    let by: Vec<&Value> =
        overview["published"].as_array().unwrap().iter().map(|edition| &edition["files"]).collect();
    assert_eq!(by[0], &json!(["calendar/2027.yaml", "catalogue.yaml"]), "{overview}");
}

#[tokio::test]
async fn certificates_that_end_soon_are_listed_with_the_days_that_are_left_and_without_names_for_who_needs_none()
 {
    let site = Site::start();
    // It is 29 May 2026 in Shanghai, and all end on 10 June.
    let soon = site.get("zhang", "/officers?expires_within=30").await;
    assert_eq!(
        (&soon["officers"][0]["days_left"], &soon["officers"][0]["name"]),
        (&json!(12), &json!("PERSON-alpha")),
        "{soon}"
    );
    assert_eq!(site.get("zhang", "/officers?expires_within=11").await["officers"], json!([]));
    let masked = site.get("root", "/officers?limit=2").await;
    assert!(!masked.to_string().contains("PERSON") && masked["officers"][0]["masked"] == true, "{masked}");
    let next = masked["next"]
        .as_str()
        .expect("there is a third")
        .strip_prefix("/api/v1/registers")
        .unwrap()
        .to_owned();
    assert_eq!(site.get("root", &next).await["officers"].as_array().map(Vec::len), Some(1));
    let overview = site.get("root", "").await;
    assert_eq!(
        (&overview["officers"], &overview["expiring"], &overview["expired"]),
        (&json!(3), &json!(3), &json!(0))
    );
    let table = format!("{HEADERS}MARK-alpha,New,alpha,PERSON-alpha,2024-01-01,2028-06-30\n");
    let (_, looked) = site.put("root", "/officers?dry_run=true&merge=true", "", &table).await;
    assert!(!looked.to_string().contains("PERSON"), "what it was is not shown either: {looked}");
}
