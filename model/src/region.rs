//! Codes of regions (GB/T 2260).

/// What the codes of a region and of all its subdivisions begin with: `37` of `370000` and of `37`, Shandong with all its
/// counties; `3701` of `370100`, Jinan with its own. `None`: no code of two, four or six digits.
pub fn stem(code: &str) -> Option<&str> {
    let is_code = matches!(code.len(), 2 | 4 | 6) && code.bytes().all(|b| b.is_ascii_digit());
    let mut stem = is_code.then_some(code)?;
    while let Some(shorter) = stem.strip_suffix("00") {
        stem = shorter;
    }
    (!stem.is_empty()).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_codes() {
        assert_eq!(stem("370000"), Some("37"));
        assert_eq!(stem("370100"), Some("3701"));
        assert_eq!(stem("370102"), Some("370102"));
        for wrong in ["", "0", "00", "000000", "3", "37010", "3701021", "３７", "%"] {
            assert_eq!(stem(wrong), None, "{wrong}");
        }
    }
}
