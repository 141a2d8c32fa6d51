//! The known name that is nearest to a mistyped one (Levenshtein distance).

/// The nearest of `known`, unless even that is far off.
pub(super) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, name) = known.map(|name| (distance(wrong, name), name)).min()?;
    (distance <= 2 + wrong.chars().count() / 4).then_some(name)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for ((to, above), diagonal) in b.iter().zip(row.iter().skip(1)).zip(row.iter()) {
            left = (diagonal + usize::from(from != *to)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not_offered() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(nearest("lisen", ["listen", "label"].into_iter()), Some("listen"));
        assert_eq!(nearest("zzzzzz", ["listen"].into_iter()), None);
    }
}
