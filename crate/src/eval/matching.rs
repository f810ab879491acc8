/// Seconds that two times may differ and still be the same: they are quotients of rounds and frames a second.
pub(super) const SAME: f64 = 1e-6;

/// Pairs each expected second with at most one spoken second no more than `tolerance` away, and the other way round: as
/// many pairs as there can be and, among those, the least sum of distances. Both lists ascend; so do the pairs of
/// indices `(expected, spoken)`.
///
/// Some best pairing never crosses. If of two pairs the earlier expected second had the later spoken one, exchanging
/// the two would leave both distances within the tolerance, since neither exceeds the larger of the old ones, and their
/// sum no larger, since distance is convex. So it is enough to walk through both lists in order. An expected second
/// whose reach does not meet that of the one before it begins afresh: the work grows with the crowd, not with the
/// stream.
pub fn match_in_time(expected: &[f64], spoken: &[f64], tolerance: f64) -> Vec<(usize, usize)> {
    let reach = tolerance + SAME;
    let mut pairs = Vec::new();
    let mut start = 0;
    while start < expected.len() {
        let crowd = &expected[start..];
        let end = crowd.windows(2).position(|pair| pair[1] - pair[0] > 2.0 * reach).map_or(crowd.len(), |gap| gap + 1);
        let crowd = &crowd[..end];
        let first = spoken.partition_point(|&second| second < crowd[0] - reach);
        let last = spoken.partition_point(|&second| second <= crowd[end - 1] + reach);
        let found = match_crowd(crowd, &spoken[first..last], reach);
        pairs.extend(found.into_iter().map(|(i, j)| (start + i, first + j)));
        start += end;
    }
    pairs
}

/// What a pairing is worth.
#[derive(Clone, Copy, PartialEq)]
struct Worth {
    pairs: u32,
    distance: f64,
}

impl Worth {
    const NOTHING: Worth = Worth { pairs: 0, distance: 0.0 };

    fn exceeds(self, other: Self) -> bool {
        self.pairs > other.pairs || (self.pairs == other.pairs && self.distance < other.distance)
    }
}

fn match_crowd(expected: &[f64], spoken: &[f64], reach: f64) -> Vec<(usize, usize)> {
    // best[i][j] is what the first i expected and the first j spoken seconds are worth.
    let mut best = vec![vec![Worth::NOTHING; spoken.len() + 1]; expected.len() + 1];
    let paired = |before: Worth, distance: f64| Worth { pairs: before.pairs + 1, distance: before.distance + distance };
    for (i, &due) in expected.iter().enumerate() {
        for (j, &said) in spoken.iter().enumerate() {
            let (missed, idle) = (best[i][j + 1], best[i + 1][j]);
            let mut found = if missed.exceeds(idle) { missed } else { idle };
            let distance = (due - said).abs();
            let pair = paired(best[i][j], distance);
            if distance <= reach && pair.exceeds(found) {
                found = pair;
            }
            best[i + 1][j + 1] = found;
        }
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (expected.len(), spoken.len());
    while i > 0 && j > 0 {
        let worth = best[i][j];
        if worth == best[i][j - 1] {
            j -= 1;
        } else if worth == best[i - 1][j] {
            i -= 1;
        } else {
            (i, j) = (i - 1, j - 1);
            pairs.push((i, j));
        }
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn pairs_are_as_many_as_can_be_and_then_as_close() {
        // The nearest to 5 is 4.5, but then 4 would have nothing: two pairs beat one.
        assert_eq!(match_in_time(&[4.0, 5.0], &[4.5, 6.0], 1.0), [(0, 0), (1, 1)]);
        // Of two in reach the nearer.
        assert_eq!(match_in_time(&[10.0], &[8.0, 9.0, 12.0], 3.0), [(0, 1)]);
        assert_eq!(match_in_time(&[10.0], &[8.0], 1.0), []);
        assert_eq!(match_in_time(&[10.0], &[], 1.0), []);
        assert_eq!(match_in_time(&[], &[1.0], 1.0), []);
        // A third of a second three times is a second.
        assert_eq!(match_in_time(&[1.0], &[1.0 / 3.0 + 1.0 / 3.0 + 1.0 / 3.0 + 1.0], 1.0), [(0, 0)]);
        // Crowds far from one another.
        assert_eq!(match_in_time(&[1.0, 100.0, 101.0], &[0.0, 50.0, 101.0], 1.0), [(0, 0), (2, 2)]);
    }

    /// The best over every pairing, crossing ones included.
    fn brute(expected: &[f64], spoken: &[f64], free: &mut Vec<bool>, tolerance: f64) -> Worth {
        let Some((&due, rest)) = expected.split_first() else { return Worth::NOTHING };
        let mut best = brute(rest, spoken, free, tolerance);
        for (j, &said) in spoken.iter().enumerate() {
            if free[j] && (due - said).abs() <= tolerance + SAME {
                free[j] = false;
                let after = brute(rest, spoken, free, tolerance);
                free[j] = true;
                let worth = Worth { pairs: after.pairs + 1, distance: after.distance + (due - said).abs() };
                if worth.exceeds(best) {
                    best = worth;
                }
            }
        }
        best
    }

    fn seconds(most: usize) -> impl Strategy<Value = Vec<f64>> {
        // Halves are exact, so that equal sums of distances are equal.
        vec(0u32..40, 0..most).prop_map(|mut halves| {
            halves.sort_unstable();
            halves.into_iter().map(|half| f64::from(half) / 2.0).collect()
        })
    }

    proptest! {
        #[test]
        fn no_pairing_at_all_is_better(expected in seconds(7), spoken in seconds(7), halves in 0u32..8) {
            let tolerance = f64::from(halves) / 2.0;
            let pairs = match_in_time(&expected, &spoken, tolerance);
            let distance: f64 = pairs.iter().map(|&(i, j)| (expected[i] - spoken[j]).abs()).sum();
            let best = brute(&expected, &spoken, &mut vec![true; spoken.len()], tolerance);
            prop_assert_eq!((pairs.len(), distance), (best.pairs as usize, best.distance));
        }

        #[test]
        fn each_is_paired_once_and_within_reach(expected in seconds(40), spoken in seconds(40), tolerance in 0.0..4.0) {
            let pairs = match_in_time(&expected, &spoken, tolerance);
            prop_assert!(pairs.len() <= expected.len().min(spoken.len()));
            prop_assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
            prop_assert!(pairs.iter().all(|&(i, j)| (expected[i] - spoken[j]).abs() <= tolerance + SAME));
            prop_assert!(pairs.len() <= match_in_time(&expected, &spoken, tolerance + 0.5).len());
        }
    }
}
