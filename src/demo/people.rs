//! The people of the city that does not exist: one of every role, in the demonstration catalogue's organisations.

use identity::provider::Account;
use model::catalogue::Bilingual;
use serde_json::{Value, json};

/// 云泽市人民政府
const CITY: &str = "11990100260000111F";
/// 云泽市市场监督管理局
const MARKET: &str = "11990100260000488D";
/// 云泽市城市管理局
const STREETS: &str = "119901002600008594";

/// The one who sees the most.
pub(super) const BUREAU: &str = "zhou";

/// Id, name, office in both languages, grants.
pub(super) fn accounts() -> Vec<Account> {
    let of = |role: &str, org: &str| json!([{"role": role, "orgs": [org]}]);
    vec![
        account(
            BUREAU,
            ["周正", "Zhou Zheng"],
            ["市监察局", "supervision bureau of the city"],
            json!([
                {"role": "supervision_bureau", "under": CITY}
            ]),
        ),
        account(
            "chen",
            ["陈察", "Chen Cha"],
            ["市场监管局监察室", "supervision office of the market bureau"],
            of("supervision_office", MARKET),
        ),
        account(
            "sun",
            ["孙明", "Sun Ming"],
            ["城市管理局监察室", "supervision office of the city management bureau"],
            of("supervision_office", STREETS),
        ),
        account(
            "fang",
            ["方法", "Fang Fa"],
            ["市场监管局法制办", "legal office of the market bureau"],
            of("legal_office", MARKET),
        ),
        account(
            "li",
            ["李送", "Li Song"],
            ["市场监管局送审人员", "submitter of the market bureau"],
            of("submitter", MARKET),
        ),
        account(
            "tian",
            ["田报", "Tian Bao"],
            ["市场监管局填报人员", "registrar of the market bureau"],
            of("registrar", MARKET),
        ),
        account(
            "wang",
            ["王办", "Wang Ban"],
            ["市场监管局办件人员", "case handler of the market bureau"],
            of("handler", MARKET),
        ),
        account(
            "xi",
            ["席东湖", "Xi Donghu"],
            ["东湖区分析人员", "analyst for the district Donghu"],
            json!([
                {"role": "analyst", "region": "990102"}
            ]),
        ),
        account(
            "guan",
            ["管理员", "Guan Liyuan"],
            ["系统管理员", "administrator"],
            json!([
                {"role": "administrator", "everywhere": true}
            ]),
        ),
    ]
}

fn account(id: &str, name: [&str; 2], office: [&str; 2], grants: Value) -> Account {
    let both = |[zh, en]: [&str; 2]| Bilingual { zh: zh.to_owned(), en: en.to_owned() };
    Account { id: id.to_owned(), name: both(name), office: both(office), grants }
}
