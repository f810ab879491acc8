use super::{Axis, Scale};

/// An axis with everything decided: where it begins and ends, and where its ticks are.
pub(super) struct Ruler {
    scale: Scale,
    low: f64,
    high: f64,
    /// Places from 0 to 1, and what is written there.
    pub ticks: Vec<(f64, String)>,
}

/// Whether an axis ends where its data do, or at the next tick.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Data,
    Ticks,
}

/// About so many ticks are wanted.
const TICKS: f64 = 5.0;

impl Ruler {
    /// The ruler of an axis with `values` on it.
    pub fn new(axis: &Axis, values: impl Iterator<Item = f64>, ends: Ends) -> Self {
        let scale = axis.scale;
        let placed = values.filter(|&value| length(scale, value).is_some());
        let range = axis.range.filter(
            |&(low, high)| matches!((length(scale, low), length(scale, high)), (Some(low), Some(high)) if low < high),
        );
        let fixed = range.is_some();
        let (mut low, mut high) = range.unwrap_or_else(|| {
            placed.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        });
        if low > high {
            (low, high) = (if scale == Scale::Log { 1.0 } else { 0.0 }, if scale == Scale::Log { 10.0 } else { 1.0 });
        }
        if scale == Scale::LogFromZero && !fixed {
            low = 0.0;
        }
        (low, high) = apart(scale, low, high);
        let mut values = match scale {
            Scale::Linear => even(low, high),
            Scale::Log => logarithmic(low, high),
            Scale::LogFromZero if high <= 1.0 => even(low, high),
            Scale::LogFromZero => {
                let mut values = vec![0.0];
                values.extend(logarithmic(1.0, high.max(2.0)));
                values
            }
        };
        if ends == Ends::Ticks && !fixed {
            (low, high) = (values.first().map_or(low, |v| v.min(low)), values.last().map_or(high, |v| v.max(high)));
        }
        let slack = (high - low) * 1e-9;
        values.retain(|&value| value >= low - slack && value <= high + slack);
        let step = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        let mut ruler = Self { scale, low, high, ticks: Vec::new() };
        ruler.ticks = values
            .into_iter()
            .filter_map(|value| {
                let precision = if scale == Scale::Linear || value == 0.0 { step } else { value };
                Some((ruler.place(value)?, written(value, precision)))
            })
            .collect();
        ruler
    }

    /// Where a value stands, from 0 at the beginning to 1 at the end; what is beyond either stands there.
    pub fn place(&self, value: f64) -> Option<f64> {
        let [value, low, high] = [value, self.low, self.high].map(|value| length(self.scale, value));
        let (value, low, high) = (value?, low?, high?);
        Some(((value - low) / (high - low)).clamp(0.0, 1.0))
    }
}

/// A value's length before it is scaled to the paper, if it has one.
fn length(scale: Scale, value: f64) -> Option<f64> {
    // Differences of anything larger would not be finite.
    let value = Some(value).filter(|value| value.abs() < 1e300)?;
    match scale {
        Scale::Linear => Some(value),
        Scale::Log => (value > 1e-300).then(|| value.log10()),
        Scale::LogFromZero => (value >= 0.0).then(|| value.ln_1p()),
    }
}

/// Ends that are far enough apart for ticks between them.
fn apart(scale: Scale, low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if high - low > size * 1e-6 && high - low > 1e-290 {
        return (low, high);
    }
    match (scale, size > 1e-280) {
        (Scale::Log, _) => (low / 2.0, high * 2.0),
        (Scale::Linear, true) => (low - size / 2.0, high + size / 2.0),
        (Scale::LogFromZero, true) => (low, high + size),
        (_, false) => (low, high + 1.0),
    }
}

/// Multiples of 1, 2 or 5 times a power of ten, from at most `low` to at least `high`.
fn even(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / TICKS;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|&step| step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let (first, last) = ((low / step + 1e-9).floor() as i64, (high / step - 1e-9).ceil() as i64);
    // Divided, where the step is a fraction, so that 3 steps of a tenth are 0.3.
    let value = |count: i64| if step < 1.0 { count as f64 / (1.0 / step).round() } else { count as f64 * step };
    let value = |count| if step < 1e-9 { count as f64 * step } else { value(count) };
    (first..=last).map(value).collect()
}

/// Powers of ten, with 2 and 5 times them where there are few, from at most `low` to at least `high`.
fn logarithmic(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = ((low.log10() + 1e-9).floor() as i32, (high.log10() - 1e-9).ceil() as i32);
    let decades = last - first;
    let factors: &[f64] = if decades <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let stride = (decades / 8 + 1) as usize;
    let all: Vec<f64> = (first..=last)
        .step_by(stride)
        .flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)))
        .collect();
    let begin = all.iter().rposition(|&value| value <= low * (1.0 + 1e-9)).unwrap_or(0);
    let end = all.iter().position(|&value| value >= high * (1.0 - 1e-9)).unwrap_or(all.len() - 1);
    all[begin..=end].to_vec()
}

/// A tick's value with the digits that its step needs.
fn written(value: f64, step: f64) -> String {
    let size = value.abs();
    if size > 0.0 && !(9.9e-4..1e7).contains(&size) {
        let short = format!("{value:.3e}");
        let (digits, power) = short.split_once('e').unwrap_or((&short, "0"));
        return format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let decimals = if step < 1.0 { (-step.log10() - 1e-9).ceil().clamp(0.0, 6.0) as usize } else { 0 };
    let plain = format!("{size:.decimals$}");
    let (whole, fraction) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{grouped}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::num;
    use proptest::prelude::*;

    fn ticks(scale: Scale, values: &[f64], ends: Ends) -> Vec<String> {
        let axis = Axis { label: String::new(), scale, range: None };
        Ruler::new(&axis, values.iter().copied(), ends).ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        use Ends::{Data, Ticks};
        use Scale::{Linear, Log, LogFromZero};
        assert_eq!(ticks(Linear, &[0.0, 1.0], Ticks), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(ticks(Linear, &[3.0, 48_211.0], Data), ["10,000", "20,000", "30,000", "40,000"]);
        assert_eq!(ticks(Linear, &[-1.5, 1.0], Ticks), ["−1.5", "−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(ticks(Log, &[0.7, 4.0], Ticks), ["0.5", "1", "2", "5"]);
        assert_eq!(ticks(Log, &[1e-5, 0.02], Ticks), ["1e-5", "1e-4", "0.001", "0.01", "0.1"]);
        assert_eq!(ticks(LogFromZero, &[3.0, 800.0], Ticks), ["0", "1", "10", "100", "1,000"]);
        assert_eq!(ticks(Linear, &[], Ticks), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(ticks(Linear, &[2.0, 2.0], Ticks), ["1.0", "1.5", "2.0", "2.5", "3.0"]);
    }

    #[test]
    fn places_go_from_0_to_1() {
        let axis = Axis { label: String::new(), scale: Scale::Log, range: Some((1.0, 100.0)) };
        let ruler = Ruler::new(&axis, std::iter::empty(), Ends::Ticks);
        assert_eq!([1.0, 10.0, 100.0, 1e9, 0.1].map(|value| ruler.place(value)), [0.0, 0.5, 1.0, 1.0, 0.0].map(Some));
        assert_eq!([0.0, -1.0, f64::NAN, f64::INFINITY].map(|value| ruler.place(value)), [None; 4]);
    }

    proptest! {
        #[test]
        fn any_data_have_a_ruler(values in vec(num::f64::ANY, 0..4), scale in 0..3usize, tight in any::<bool>()) {
            let scale = [Scale::Linear, Scale::Log, Scale::LogFromZero][scale];
            let axis = Axis { label: String::new(), scale, range: None };
            let ruler = Ruler::new(&axis, values.iter().copied(), if tight { Ends::Data } else { Ends::Ticks });
            prop_assert!(ruler.ticks.len() <= 16, "{:?}", ruler.ticks);
            prop_assert!(ruler.ticks.iter().all(|(place, _)| (0.0..=1.0).contains(place)));
        }
    }
}
