//! Lists of indexes as Kubernetes writes them, like `3,17-19`.

/// The longest list in a status or a message, in bytes.
const LONGEST: usize = 1_000;

/// The indexes of a list. A part that is neither an index nor a range is ignored.
pub(crate) fn indexes(text: &str) -> impl Iterator<Item = u32> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts.flat_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (first.parse::<u32>(), last.parse::<u32>()) {
            (Ok(first), Ok(last)) => first..last.saturating_add(1),
            _ => 0..0,
        }
    })
}

/// The number of indexes in a list.
pub(crate) fn count(list: &str) -> u32 {
    u32::try_from(indexes(list).count()).unwrap_or(u32::MAX)
}

/// Returns the list. A list above 1,000 bytes is cut after an index and ends with `...`.
pub(crate) fn shortened(list: &str) -> String {
    if list.len() <= LONGEST {
        return list.to_owned();
    }
    let end = list[..LONGEST].rfind(',').unwrap_or(0);
    format!("{},...", &list[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_counted_as_kubernetes_writes_them() {
        for (text, expected) in [("", 0), ("3", 1), ("3,17-19", 4), ("0-9999", 10_000)] {
            assert_eq!(count(text), expected, "{text}");
        }
        assert_eq!(indexes("3,17-19").collect::<Vec<_>>(), [3, 17, 18, 19]);
        // Kubernetes writes none of these.
        for text in ["x", "5-3", "3-", "-"] {
            assert_eq!(count(text), 0, "{text}");
        }
    }
}
