use plotters::drawing::DrawingAreaErrorKind;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::io;

use super::ruler::{Ends, Ruler};
use super::{Chart, Panel, PlotError, Series};

/// Units of the drawing to a pixel: plotters' coordinates are whole numbers, and at whole pixels curves would be
/// stairs.
const FINE: i32 = 8;

/// The chart's width in pixels, that of a README's column.
const WIDTH: i32 = 840;
const LEFT: i32 = 62;
const RIGHT: i32 = 28;
const TITLE: i32 = 52;
/// A row of the legend.
const ROW: i32 = 22;
/// Between a legend and its panel.
const AIR: i32 = 12;
const TALLEST: i32 = 270;
const OTHERS: i32 = 140;
/// From one panel to the legend of the next.
const BETWEEN: i32 = 26;
/// Below the last panel.
const BOTTOM: i32 = 64;

const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
const PALE_INK: RGBColor = RGBColor(0x59, 0x63, 0x6e);
const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xeb);
const FLOOR: RGBColor = RGBColor(0x8c, 0x95, 0x9f);

/// Okabe and Ito's colours, the strongest against white first.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x3c, 0x3c, 0x3c),
];

/// Pixels drawn and left out: whole lines, and what tells those apart whose colours come round once more.
const DASHES: [Option<(i32, i32)>; 3] = [None, Some((9, 8)), Some((1, 6))];

const FONT: &str =
    "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif";

impl From<DrawingAreaErrorKind<io::Error>> for PlotError {
    fn from(error: DrawingAreaErrorKind<io::Error>) -> Self {
        Self(error.to_string())
    }
}

pub(super) fn svg(chart: &Chart) -> Result<String, PlotError> {
    let mut drawn = String::new();
    let heights: Vec<(i32, i32)> = chart.panels.iter().enumerate().map(heights).collect();
    let gaps = BETWEEN * (heights.len() as i32 - 1).max(0);
    let height = TITLE + heights.iter().map(|(legend, panel)| legend + panel).sum::<i32>() + gaps + BOTTOM;
    {
        let size = ((WIDTH * FINE) as u32, (height * FINE) as u32);
        let pen = Pen { area: SVGBackend::with_string(&mut drawn, size).into_drawing_area() };
        pen.area.fill(&WHITE)?;
        pen.write(&chart.title, (LEFT, 27), Type { size: 16.0, bold: true, ink: INK }, HPos::Left)?;

        let across = chart.panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
        let x = Ruler::new(&chart.x, across.map(|point| point.0), Ends::Data);
        let names = names(chart);
        let mut top = TITLE;
        for (index, (panel, &(legend, inside))) in chart.panels.iter().zip(&heights).enumerate() {
            pen.legend(panel, &names, top)?;
            top += legend;
            let last = index + 1 == chart.panels.len();
            pen.panel(panel, &names, &x, Frame { top, bottom: top + inside }, last)?;
            top += inside + BETWEEN;
        }
        let label = Type { size: 13.0, bold: false, ink: PALE_INK };
        pen.write(&chart.x.label, ((LEFT + WIDTH - RIGHT) / 2, height - 20), label, HPos::Center)?;
        pen.area.present()?;
    }
    let (_, body) = drawn.split_once('>').ok_or_else(|| PlotError("it is empty".to_owned()))?;
    let title = escaped(&chart.title);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         role=\"img\" aria-label=\"{title}\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n\
         <title>{title}</title>{body}",
        WIDTH * FINE,
        height * FINE,
    ))
}

/// The names of a chart's series, each once: what has one name has one colour, in whichever panels.
fn names(chart: &Chart) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for series in chart.panels.iter().flat_map(|panel| &panel.series) {
        if !names.contains(&series.name.as_str()) {
            names.push(&series.name);
        }
    }
    names
}

/// What a line is drawn with.
#[derive(Clone, Copy)]
struct Stroke {
    ink: RGBColor,
    dash: Option<(i32, i32)>,
}

impl Stroke {
    fn of(series: &Series, names: &[&str]) -> Self {
        let index = names.iter().position(|name| *name == series.name).unwrap_or(0);
        Self { ink: COLOURS[index % COLOURS.len()], dash: DASHES[index / COLOURS.len() % DASHES.len()] }
    }
}

impl From<RGBColor> for Stroke {
    fn from(ink: RGBColor) -> Self {
        Self { ink, dash: None }
    }
}

/// The colour with a good deal of white in it; drawn over itself, a transparent one would not stay pale.
fn pale(RGBColor(red, green, blue): RGBColor) -> RGBColor {
    let [red, green, blue] = [red, green, blue].map(|part| 255 - (255 - part) / 3);
    RGBColor(red, green, blue)
}

/// Of a panel: its legend's height, and its own.
fn heights((index, panel): (usize, &Panel)) -> (i32, i32) {
    let rows = legend(panel).last().map_or(1, |entry| entry.row + 1);
    (rows * ROW + AIR, if index == 0 { TALLEST } else { OTHERS })
}

/// Where a series is named, and which.
struct Entry<'a> {
    series: &'a Series,
    x: i32,
    row: i32,
}

/// Where the series of a panel are named: after the axis' label, in as many rows as it takes.
fn legend(panel: &Panel) -> Vec<Entry<'_>> {
    let label = width(&panel.y.label);
    let begin = LEFT + if label > 0 { label + 26 } else { 0 };
    let (mut x, mut row) = (begin, 0);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for series in panel.series.iter().filter(|series| !series.name.is_empty()) {
        if entries.iter().any(|entry| entry.series.name == series.name) {
            continue;
        }
        let long = 28 + width(&series.name);
        if x > begin && x + long > WIDTH - RIGHT {
            (x, row) = (begin, row + 1);
        }
        entries.push(Entry { series, x, row });
        x += long + 24;
    }
    entries
}

/// About the width of a text in the legend, in pixels: nobody knows the reader's font.
fn width(text: &str) -> i32 {
    text.chars().map(|letter| if "iljtfr.,:;!' ".contains(letter) { 4 } else { 8 }).sum()
}

/// The room between a panel's axes, in pixels.
#[derive(Clone, Copy)]
struct Frame {
    top: i32,
    bottom: i32,
}

impl Frame {
    /// In units of the drawing, from places between 0 and 1.
    fn point(self, x: f64, y: f64) -> (i32, i32) {
        let across = f64::from((WIDTH - RIGHT - LEFT) * FINE) * x;
        let up = f64::from((self.bottom - self.top) * FINE) * y;
        (LEFT * FINE + across.round() as i32, self.bottom * FINE - up.round() as i32)
    }
}

#[derive(Clone, Copy)]
struct Type {
    size: f64,
    bold: bool,
    ink: RGBColor,
}

const SMALL: Type = Type { size: 12.0, bold: false, ink: PALE_INK };
const NAME: Type = Type { size: 13.0, bold: false, ink: INK };

struct Pen<'a> {
    area: DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
}

type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

impl Pen<'_> {
    /// `text` at a place in pixels, centred on its height.
    fn write(&self, text: &str, (x, y): (i32, i32), with: Type, anchor: HPos) -> Drawn {
        let shown: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let style = if with.bold { FontStyle::Bold } else { FontStyle::Normal };
        // plotters divides sizes by 1.24 on their way into the file.
        let font = FontDesc::new(FontFamily::Name(FONT), with.size * 1.24 * f64::from(FINE), style);
        let style = TextStyle::from(font).color(&with.ink).pos(Pos::new(anchor, VPos::Center));
        self.area.draw(&Text::new(shown, (x * FINE, y * FINE), style))
    }

    /// A line of a width in pixels.
    fn line(&self, points: Vec<(i32, i32)>, stroke: impl Into<Stroke>, wide: f64) -> Drawn {
        let Stroke { ink, dash } = stroke.into();
        let style = ShapeStyle { color: ink.to_rgba(), filled: false, stroke_width: (wide * f64::from(FINE)) as u32 };
        match dash {
            None => self.area.draw(&PathElement::new(points, style)),
            Some((drawn, out)) => self.area.draw(&DashedPathElement::new(points, drawn * FINE, out * FINE, style)),
        }
    }

    fn dot(&self, at: (i32, i32), ink: RGBColor) -> Drawn {
        self.area.draw(&Circle::new(at, 3 * FINE, ink.filled()))
    }

    fn legend(&self, panel: &Panel, names: &[&str], top: i32) -> Drawn {
        let middle = top + ROW / 2;
        self.write(&panel.y.label, (LEFT, middle), Type { ink: PALE_INK, ..NAME }, HPos::Left)?;
        for Entry { series, x, row } in legend(panel) {
            let y = middle + row * ROW;
            let swatch = [x, x + 20].map(|x| (x * FINE, y * FINE));
            self.line(swatch.to_vec(), Stroke::of(series, names), 3.0)?;
            self.write(&series.name, (x + 28, y), NAME, HPos::Left)?;
        }
        Ok(())
    }

    fn panel(&self, panel: &Panel, names: &[&str], x: &Ruler, frame: Frame, last: bool) -> Drawn {
        let values = panel.series.iter().flat_map(|series| &series.points);
        let placed = values.filter(|point| x.place(point.0).is_some()).map(|point| point.1);
        let y = Ruler::new(&panel.y, placed, Ends::Ticks);
        let mut written = i32::MAX;
        for (place, text) in &y.ticks {
            let line = [0.0, 1.0].map(|end| frame.point(end, *place));
            self.line(line.to_vec(), GRID, 1.0)?;
            // On a logarithmic scale some are too near one another for two labels.
            let height = line[0].1 / FINE;
            if height <= written.saturating_sub(15) {
                self.write(text, (LEFT - 10, height), SMALL, HPos::Right)?;
                written = height;
            }
        }
        for (place, text) in &x.ticks {
            let (across, floor) = frame.point(*place, 0.0);
            self.line(vec![(across, floor), (across, floor + 4 * FINE)], FLOOR, 1.0)?;
            if last {
                self.write(text, (across / FINE, frame.bottom + 16), SMALL, HPos::Center)?;
            }
        }
        self.line([0.0, 1.0].map(|end| frame.point(end, 0.0)).to_vec(), FLOOR, 1.0)?;
        for mark in &panel.marks {
            let Some(place) = x.place(mark.x) else { continue };
            self.line([0.0, 1.0].map(|end| frame.point(place, end)).to_vec(), FLOOR, 1.0)?;
        }
        let (faint, strong): (Vec<&Series>, Vec<&Series>) = panel.series.iter().partition(|series| series.faint);
        for series in faint.into_iter().chain(strong.into_iter().rev()) {
            let stroke = Stroke::of(series, names);
            for piece in pieces(series, x, &y, frame) {
                match piece[..] {
                    [point] => self.dot(point, stroke.ink)?,
                    _ if series.faint => self.line(piece, Stroke { ink: pale(stroke.ink), ..stroke }, 1.0)?,
                    _ => self.line(piece, stroke, 2.25)?,
                }
            }
        }
        for mark in panel.marks.iter().filter(|mark| !mark.label.is_empty()) {
            let Some(place) = x.place(mark.x) else { continue };
            let (across, _) = frame.point(place, 0.0);
            let (aside, anchor) = if place < 0.6 { (8, HPos::Left) } else { (-8, HPos::Right) };
            let (x, y) = (across / FINE + aside, frame.bottom - 14);
            let wide = width(&mark.label);
            let left = if aside > 0 { x } else { x - wide };
            // A curve below it would make it hard to read.
            let back = [(left - 4, y - 9), (left + wide, y + 9)].map(|(x, y)| (x * FINE, y * FINE));
            self.area.draw(&Rectangle::new(back, WHITE.mix(0.8).filled()))?;
            self.write(&mark.label, (x, y), Type { ink: INK, ..SMALL }, anchor)?;
        }
        Ok(())
    }
}

/// The unbroken pieces of a line. Of many points over one pixel those remain that are seen: the ends, the highest and
/// the lowest.
fn pieces(series: &Series, x: &Ruler, y: &Ruler, frame: Frame) -> Vec<Vec<(i32, i32)>> {
    let mut pieces: Vec<Vec<(i32, i32)>> = vec![Vec::new()];
    for &(across, up) in &series.points {
        match (x.place(across), y.place(up)) {
            (Some(across), Some(up)) => {
                // There is a last piece from the beginning on.
                if let Some(piece) = pieces.last_mut() {
                    piece.push(frame.point(across, up));
                }
            }
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces.iter().map(|piece| piece.chunk_by(|a, b| a.0 / FINE == b.0 / FINE).flat_map(seen).collect()).collect()
}

fn seen(column: &[(i32, i32)]) -> Vec<(i32, i32)> {
    if column.len() <= 4 {
        return column.to_vec();
    }
    let by_height = |index: &usize| column[*index].1;
    let highest = (0..column.len()).min_by_key(by_height).unwrap_or(0);
    let lowest = (0..column.len()).max_by_key(by_height).unwrap_or(0);
    let mut kept = vec![0, highest.min(lowest), highest.max(lowest), column.len() - 1];
    kept.dedup();
    kept.into_iter().map(|index| column[index]).collect()
}

fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter {
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '&' => "&amp;".to_owned(),
        '"' => "&quot;".to_owned(),
        letter if letter.is_control() => " ".to_owned(),
        letter => letter.to_string(),
    };
    text.chars().map(escape).collect()
}
