//! `Authorization: Basic …`.

/// User and password of a Basic authorization, if the header is one.
pub(super) fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| decode_base64(encoded.trim()))??;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Standard alphabet, padding optional.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0u32;
        for letter in group {
            bits = bits << 6 | u32::from(sextet(*letter)?);
        }
        bits <<= 6 * (4 - group.len());
        let [_, first, second, third] = bits.to_be_bytes();
        bytes.extend_from_slice(&[first, second, third][..group.len().checked_sub(1).filter(|n| *n > 0)?]);
    }
    Some(bytes)
}

fn sextet(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_parted_at_the_first_colon() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(basic("Basic ZGVmYXVsdDo="), pair("default", ""));
        assert_eq!(basic("basic cmVhZGVyOmE6Yg"), pair("reader", "a:b"));
        assert_eq!(basic("Basic dTpww6Q="), pair("u", "pä"));
    }

    #[test]
    fn anything_else_is_no_authorization() {
        for header in ["", "Basic", "Bearer abc", "Basic ???", "Basic YQ==", "Basic A"] {
            assert_eq!(basic(header), None, "{header}");
        }
    }
}
