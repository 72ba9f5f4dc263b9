//! What is tried against checkers of tokens. None of it may be believed.

use identity::{Grant, MAX_GRANTS, MAX_TOKEN_BYTES, Reach, Refused, Role};
use ring::hmac;
use serde_json::{Value, json};

use crate::issuer::{ISSUER, Issuer, NOW, NOW_S, base64url, claims, gate, header};

/// A token with its name, and why it is refused.
type Attack = (&'static str, String, Refused);

#[tokio::test]
async fn tokens_in_order_are_believed_under_each_algorithm() {
    let issuer = Issuer::new();
    let (gate, _) = gate(&issuer.key_set());
    for (alg, pair) in [("RS256", "rsa"), ("ES256", "ec"), ("EdDSA", "ed")] {
        let token = issuer.sign(pair, &header(alg, pair), &claims(&json!({})));
        let person = gate.person(&token, NOW).await.unwrap();
        assert_eq!((person.id.as_str(), person.name.as_str()), ("li", "李送"));
        let reach = Reach::Orgs(["o1".to_owned()].into());
        assert_eq!(person.grants, [Grant { role: Role::Submitter, reach }]);
    }
    let bare = issuer.sign("ec", &json!({"alg": "ES256", "kid": "ec"}), &claims(&json!({"aud": "xiezhi"})));
    assert!(gate.person(&bare, NOW).await.is_ok(), "no type, one audience");
    let late = issuer.token(&json!({"exp": NOW_S - 29, "nbf": null, "iat": null}));
    assert!(gate.person(&late, NOW).await.is_ok(), "the clocks may differ a little");
}

#[tokio::test]
async fn no_attack_is_believed() {
    let (issuer, foreign) = (Issuer::new(), Issuer::new());
    let (gate, _) = gate(&issuer.key_set());
    let attacks =
        [signatures(&issuer), confusions(&issuer), headers(&issuer, &foreign), wrong_claims(&issuer)]
            .concat();
    let mut accepted = Vec::new();
    for (name, token, why) in &attacks {
        match gate.person(token, NOW).await {
            Ok(person) => accepted.push((*name, person.id)),
            Err(said) => assert_eq!(said, *why, "{name}"),
        }
    }
    assert!(attacks.len() > 60, "only {} attacks", attacks.len());
    assert!(accepted.is_empty(), "{} of {} accepted: {accepted:?}", accepted.len(), attacks.len());
}

#[tokio::test]
async fn an_algorithm_that_is_not_allowed_has_no_keys() {
    let issuer = Issuer::new();
    let (_, board) = gate(&issuer.key_set());
    let policy = identity::Policy { algorithms: vec![identity::Alg::RS256], ..crate::issuer::policy() };
    let strict = identity::Identity::new(policy, board);
    assert_eq!(strict.person(&issuer.token(&json!({})), NOW).await, Err(Refused::UnknownKey));
}

fn signatures(issuer: &Issuer) -> Vec<Attack> {
    let good = issuer.token(&json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = message.split_once('.').unwrap();
    let richer = base64url(claims(&json!({"sub": "root"})).to_string());
    let zero = base64url([0; 64]);
    let mut longer = issuer.signature("ec", message.as_bytes());
    longer.push(0);
    let mut der = vec![0x30, 0x44, 2, 32];
    der.extend_from_slice(&longer[..32]);
    der.extend_from_slice(&[2, 32]);
    der.extend_from_slice(&longer[32..64]);
    let other = issuer.token(&json!({"sub": "other"}));
    let of_other = other.rsplit_once('.').unwrap().1;
    vec![
        ("another body", format!("{head}.{richer}.{signature}"), Refused::Signature),
        (
            "another head",
            format!("{}.{body}.{signature}", base64url(json!({"alg": "ES256", "kid": "ec"}).to_string())),
            Refused::Signature,
        ),
        ("no signature", format!("{message}."), Refused::Signature),
        ("the signature of another token", format!("{message}.{of_other}"), Refused::Signature),
        ("a signature of zeroes", format!("{message}.{zero}"), Refused::Signature),
        ("half a signature", format!("{message}.{}", &signature[..40]), Refused::Signature),
        ("a signature with a tail", format!("{message}.{}", base64url(longer)), Refused::Signature),
        ("a signature in DER", format!("{message}.{}", base64url(der)), Refused::Signature),
        ("a signature that is no base64", format!("{message}.???"), Refused::Signature),
        ("two parts", message.to_owned(), Refused::Malformed),
        ("one part", head.to_owned(), Refused::Malformed),
        ("nothing", String::new(), Refused::Malformed),
        ("dots", "..".to_owned(), Refused::Malformed),
        ("five parts", format!("{head}.{body}.{body}.{body}.{signature}"), Refused::Malformed),
        ("a head that is no JSON", format!("{}.{body}.{signature}", base64url("{")), Refused::Malformed),
        ("a head that is a list", format!("{}.{body}.{signature}", base64url("[]")), Refused::Malformed),
        ("too long", format!("{message}.{}", "A".repeat(MAX_TOKEN_BYTES)), Refused::TooLong),
    ]
}

/// The algorithm is the attacker's, the key is ours.
fn confusions(issuer: &Issuer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for none in ["none", "None", "nOnE", ""] {
        let message = format!(
            "{}.{}",
            base64url(header(none, "ec").to_string()),
            base64url(claims(&json!({})).to_string())
        );
        attacks.push(("no algorithm", format!("{message}."), Refused::Malformed));
    }
    // The public keys, as text and as bytes, are known to all: as secrets of an HMAC they would let anybody sign.
    let rsa = issuer.rsa_jwk("rsa");
    let secrets: [Vec<u8>; 4] = [
        rsa.to_string().into_bytes(),
        rsa["n"].as_str().unwrap().as_bytes().to_vec(),
        issuer.ec_jwk("ec")["x"].as_str().unwrap().as_bytes().to_vec(),
        Vec::new(),
    ];
    for secret in secrets {
        for kid in ["rsa", "ec", "ed"] {
            let message = format!(
                "{}.{}",
                base64url(header("HS256", kid).to_string()),
                base64url(claims(&json!({})).to_string())
            );
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            attacks.push((
                "a public key as a secret",
                format!("{message}.{}", base64url(tag)),
                Refused::Algorithm,
            ));
        }
    }
    for (alg, kid, pair) in [
        ("ES256", "rsa", "ec"),
        ("RS256", "ec", "rsa"),
        ("EdDSA", "ec", "ed"),
        ("RS384", "rsa", "rsa"),
        ("RS512", "rsa", "rsa"),
        ("PS256", "rsa", "rsa"),
        ("ES384", "ec", "ec"),
    ] {
        let token = issuer.sign(pair, &header(alg, kid), &claims(&json!({})));
        attacks.push(("a key under another algorithm", token, Refused::Algorithm));
    }
    attacks
}

/// The header leads elsewhere.
fn headers(issuer: &Issuer, foreign: &Issuer) -> Vec<Attack> {
    let with = |pair: &Issuer, extra: Value| {
        let mut header = header("ES256", "ec");
        for (name, value) in extra.as_object().unwrap() {
            header[name] = value.clone();
        }
        pair.sign("ec", &header, &claims(&json!({})))
    };
    let key = foreign.ec_jwk("ec");
    let certificate = json!([base64url("MIIB")]);
    let mut attacks = vec![
        ("a foreign key under our id", with(foreign, json!({})), Refused::Signature),
        ("a foreign key under its own id", with(foreign, json!({"kid": "evil"})), Refused::UnknownKey),
        ("no key id", issuer.sign("ec", &json!({"alg": "ES256"}), &claims(&json!({}))), Refused::UnknownKey),
        ("a path as key id", with(issuer, json!({"kid": "../../../dev/null"})), Refused::UnknownKey),
        ("a query as key id", with(issuer, json!({"kid": "x' UNION SELECT 'k"})), Refused::UnknownKey),
        (
            "an address as key id",
            with(foreign, json!({"kid": "https://evil.example/k"})),
            Refused::UnknownKey,
        ),
        ("a key id that is no text", with(issuer, json!({"kid": ["ec"]})), Refused::Malformed),
    ];
    for signer in [issuer, foreign] {
        attacks.extend([
            ("jwk", with(signer, json!({"jwk": key})), Refused::Header),
            ("jku", with(signer, json!({"jku": "https://evil.example/keys"})), Refused::Header),
            ("x5u", with(signer, json!({"x5u": "https://evil.example/cert"})), Refused::Header),
            ("x5c", with(signer, json!({"x5c": certificate})), Refused::Header),
        ]);
    }
    attacks.extend([
        ("crit", with(issuer, json!({"crit": ["b64"], "b64": false})), Refused::Header),
        ("zip", with(issuer, json!({"zip": "DEF"})), Refused::Header),
        ("enc", with(issuer, json!({"enc": "A128GCM"})), Refused::Header),
        ("a logout token", with(issuer, json!({"typ": "logout+jwt"})), Refused::Header),
        ("a proof of possession", with(issuer, json!({"typ": "dpop+jwt"})), Refused::Header),
    ]);
    attacks
}

/// Signed by the issuer, and not for us, or not now, or not understood.
fn wrong_claims(issuer: &Issuer) -> Vec<Attack> {
    let cases = [
        ("another issuer", json!({"iss": "https://evil.example"}), Refused::Issuer),
        ("an issuer with a tail", json!({"iss": format!("{ISSUER}/")}), Refused::Issuer),
        ("an issuer in capitals", json!({"iss": ISSUER.to_uppercase()}), Refused::Issuer),
        ("ours among issuers", json!({"iss": [ISSUER, "https://evil.example"]}), Refused::Issuer),
        ("no issuer", json!({"iss": null}), Refused::Issuer),
        ("another audience", json!({"aud": "grafana"}), Refused::Audience),
        ("an audience with a tail", json!({"aud": "xiezhi2"}), Refused::Audience),
        ("other audiences", json!({"aud": ["grafana", "xiezhi "]}), Refused::Audience),
        ("no audience in a list", json!({"aud": []}), Refused::Audience),
        ("a nested audience", json!({"aud": [["xiezhi"]]}), Refused::Audience),
        ("no audience", json!({"aud": null}), Refused::Audience),
        ("expired", json!({"exp": NOW_S - 31}), Refused::Expired),
        ("replayed an hour later", json!({"exp": NOW_S - 3_600}), Refused::Expired),
        ("expired before time", json!({"exp": -1}), Refused::Expired),
        ("never expires", json!({"exp": null}), Refused::Claims("exp is missing")),
        ("expires in words", json!({"exp": "tomorrow"}), Refused::Claims("a time is no number")),
        (
            "expires in a list",
            json!({"exp": [NOW_S + 300]}),
            Refused::Claims("the claims are not understood"),
        ),
        ("not valid yet", json!({"nbf": NOW_S + 60}), Refused::NotYet),
        ("issued in the future", json!({"iat": NOW_S + 60}), Refused::NotYet),
        ("valid from some word", json!({"nbf": "0"}), Refused::Claims("a time is no number")),
        ("nobody", json!({"sub": null}), Refused::Claims("sub is missing or no id")),
        ("an empty person", json!({"sub": ""}), Refused::Claims("sub is missing or no id")),
        ("a person of two lines", json!({"sub": "li\nroot"}), Refused::Claims("sub is missing or no id")),
        ("a person without end", json!({"sub": "x".repeat(129)}), Refused::Claims("sub is missing or no id")),
        (
            "grants that are text",
            json!({"xiezhi": "admin"}),
            Refused::Claims("the grants are not well formed"),
        ),
        (
            "a role that does not exist",
            json!({"xiezhi": [{"role": "root", "everywhere": true}]}),
            Refused::Claims("the grants are not well formed"),
        ),
        (
            "a grant of nothing",
            json!({"xiezhi": [{"role": "analyst"}]}),
            Refused::Claims("a grant needs exactly one of orgs, under, region, everywhere"),
        ),
        (
            "a region of everything",
            json!({"xiezhi": [{"role": "analyst", "region": "000000"}]}),
            Refused::Claims("a grant's region is no code of GB/T 2260"),
        ),
        (
            "grants without end",
            json!({"xiezhi": vec![json!({"role": "analyst", "under": "a"}); MAX_GRANTS + 1]}),
            Refused::Claims("there are too many grants"),
        ),
    ];
    cases.into_iter().map(|(name, changes, why)| (name, issuer.token(&changes), why)).collect()
}
