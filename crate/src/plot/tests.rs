use super::{Axis, Chart, Mark, Panel, Scale, Series};

fn chart(points: Vec<(f64, f64)>, scale: Scale) -> Chart {
    let y = Axis { label: "loss".to_owned(), scale, range: None };
    let panel = Panel { y, series: vec![Series::new("a < b & \"c\"\u{1b}", points)], marks: Vec::new() };
    Chart { title: "R&D <now>".to_owned(), x: Axis::linear("step"), panels: vec![panel] }
}

/// Whether every element is closed in its order, every attribute quoted, and nothing written bare that needs
/// escaping.
#[track_caller]
fn well_formed(document: &str) {
    let mut open = Vec::new();
    for part in document.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("<{part} has no end"));
        assert!(!text.contains('>'), "{text:?}");
        for rest in text.split('&').skip(1).chain(tag.split('&').skip(1)) {
            assert!(["lt;", "gt;", "amp;", "quot;", "apos;"].iter().any(|name| rest.starts_with(name)), "{rest:?}");
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!document.chars().any(|letter| letter.is_control() && letter != '\n'));
    assert!(!document.contains("NaN") && !document.contains("inf"));
}

#[test]
fn a_chart_is_a_well_formed_document() {
    let mut chart = chart(vec![(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0)], Scale::Linear);
    chart.panels[0].marks.push(Mark { x: 1.0, label: "here".to_owned() });
    chart.panels.push(chart.panels[0].clone());
    let document = chart.svg().unwrap();
    well_formed(&document);
    assert!(document.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"840\""));
    assert!(document.contains("<title>R&amp;D &lt;now&gt;</title>"));
    assert!(document.contains("a &lt; b &amp; &quot;c&quot; "));
    assert_eq!(document.matches("<circle").count(), 2, "a point between gaps is a dot");
}

#[test]
fn any_data_are_drawn() {
    let odd = [f64::NAN, f64::INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 0.0, -0.0, 1e-310, -5.0, 7.0];
    for scale in [Scale::Linear, Scale::Log, Scale::LogFromZero] {
        well_formed(&chart(Vec::new(), scale).svg().unwrap());
        for value in odd {
            well_formed(&chart(vec![(value, value)], scale).svg().unwrap());
            well_formed(&chart(vec![(1.0, value), (2.0, 3.0), (value, value)], scale).svg().unwrap());
        }
    }
    let empty = Chart { title: String::new(), x: Axis::log(""), panels: Vec::new() };
    well_formed(&empty.svg().unwrap());
}

#[test]
fn many_points_make_no_large_file() {
    let points: Vec<(f64, f64)> = (0..200_000).map(|step| (f64::from(step), f64::from(step % 100))).collect();
    let document = chart(points, Scale::Linear).svg().unwrap();
    assert!(document.len() < 100_000, "{}", document.len());
}

#[test]
fn series_of_one_colour_are_told_apart_by_their_dashes() {
    let mut chart = chart(vec![(0.0, 0.0), (1.0, 1.0)], Scale::Linear);
    let series = |number: i32| Series::new(&format!("series {number}"), vec![(0.0, 0.0), (1.0, f64::from(number))]);
    chart.panels[0].series = (1..=7).map(series).collect();
    let lines = |chart: &Chart| chart.svg().unwrap().matches("#0072B2").count();
    let whole = lines(&chart);
    chart.panels[0].series.push(series(8));
    let dashed = lines(&chart);
    chart.panels[0].series.extend((9..=15).map(series));
    // Of the first, eighth and fifteenth: its swatch and its line, or the pieces of both.
    assert!(whole == 2 && dashed > 40 && lines(&chart) > dashed + 80, "{whole} {dashed} {}", lines(&chart));
}
