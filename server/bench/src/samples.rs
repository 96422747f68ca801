//! Many measured values and what is said about them: medians, percentiles, ratios.

use std::time::Duration;

/// The middle of some values; not a number when there are none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match (sorted.get(half), sorted.len() % 2) {
        (Some(upper), 0) => f64::midpoint(sorted.get(half - 1).copied().unwrap_or(*upper), *upper),
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}

/// The middle of the ratios of two measurements that were taken side by side, round by round.
///
/// What disturbs a machine for a while hits both values of a round, and so leaves their ratio alone.
pub(crate) fn median_ratio(values: &[f64], yardsticks: &[f64]) -> f64 {
    let ratios: Vec<f64> = values
        .iter()
        .zip(yardsticks)
        .map(|(value, yardstick)| value / yardstick)
        .collect();
    median(&ratios)
}

/// The value below which so many of a thousand lie. Sorts.
pub(crate) fn permille(values: &mut [Duration], permille: usize) -> Duration {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    values
        .get((values.len() * permille / 1000).min(last))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_median_is_the_middle() {
        assert!(same(median(&[3.0, 1.0, 2.0]), 2.0));
        assert!(same(median(&[4.0, 1.0, 2.0, 3.0]), 2.5));
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_disturbed_round_does_not_move_the_ratio() {
        assert!(same(median_ratio(&[50.0, 5.0, 51.0], &[100.0, 10.0, 100.0]), 0.5));
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut values: Vec<Duration> = (1..=1000).rev().map(Duration::from_micros).collect();
        assert_eq!(permille(&mut values, 500), Duration::from_micros(501));
        assert_eq!(permille(&mut values, 990), Duration::from_micros(991));
        assert_eq!(permille(&mut [], 990), Duration::ZERO);
        assert_eq!(
            permille(&mut [Duration::from_micros(7)], 1000),
            Duration::from_micros(7)
        );
    }
}
