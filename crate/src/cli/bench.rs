use std::io::{self, Write};

use clap::Args;
use console::style;

use serde::Serialize;

use super::Outcome;
use crate::bench::predict::{DEVICES, MEMORIES, Prediction, Reached};
use crate::bench::{self, BenchError, Ceilings, Line, Overhead, Report, Round, Scope, Told};
use crate::device::{self, Kind};

/// Measure each kernel, as a share of what this adapter can do at most.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// From the shares reached here and the makers' peaks, predict rounds of the 3B and 7B models on other devices
    #[arg(long)]
    predict: bool,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    report: Report,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    predictions: Vec<Prediction>,
}

impl Bench {
    pub fn run(self) -> Outcome {
        let opened = pollster::block_on(device::open(Kind::Gpu))?;
        if !self.json {
            writeln!(io::stdout().lock(), "{}", style(&opened.name).bold())?;
        }
        let mut tell = |told: Told<'_>| match told {
            Told::Ceilings(found) if !self.json => ceilings(found),
            Told::Line(line) if !self.json => row(line),
            _ => Ok(()),
        };
        let report = bench::run(&opened.device, &opened.name, Scope::Whole, &mut tell);
        let report = match pollster::block_on(report) {
            Ok(report) => report,
            // Known by its own name where nobody reads on.
            Err(BenchError::Told(error)) => return Err(error.into()),
            Err(error) => return Err(error.into()),
        };
        let reached = Reached::of(&report).filter(|_| self.predict);
        let predictions: Vec<Prediction> =
            reached.iter().flat_map(|reached| DEVICES.into_iter().flat_map(|device| reached.predict(device))).collect();
        let mut out = io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut out, &Printed { report, predictions })?;
            writeln!(out)?;
            return Ok(());
        }
        rounds(&mut out, &report.rounds, report.overhead)?;
        if let Some(reached) = reached {
            predicted(&mut out, reached, &predictions)?;
        }
        Ok(())
    }
}

fn ceilings(found: &Ceilings) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:>10.1} GFLOP/s in multiply-adds", found.flops / 1e9)?;
    writeln!(out, "{:>10.1} G weights/s of four bits decoded and multiplied", found.unpacked / 1e9)?;
    writeln!(out, "{:>10.1} GB/s read", found.read / 1e9)?;
    writeln!(out, "{:>10.1} µs an empty dispatch", found.dispatch * 1e6)?;
    let head = format!(
        "\n{:<10} {:<14} {:>4}  {:<6} {:>9} {:>9} {:>7}   {:>5} {:>5} {:>6}",
        "", "", "rows", "", "ms", "GFLOP/s", "GB/s", "mul", "read", "unpack"
    );
    writeln!(out, "{}", style(head).dim())
}

fn row(line: &Line) -> io::Result<()> {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    writeln!(
        io::stdout().lock(),
        "{:<10} {:<14} {:>4}  {:<6} {:>9.3} {:>9.1} {:>7.1}   {:>5} {:>5} {:>6}",
        line.operation,
        line.shape,
        line.rows,
        line.format,
        line.seconds * 1e3,
        line.flops / 1e9,
        line.bytes / 1e9,
        percent(line.share.flops),
        percent(line.share.read),
        line.share.unpacked.map(percent).unwrap_or_default(),
    )
}

fn rounds(out: &mut impl Write, rounds: &[Round], overhead: Overhead) -> io::Result<()> {
    writeln!(out, "\n{}", style("whole rounds, q4, the 3B's widths with two blocks and two layers").dim())?;
    for round in rounds {
        writeln!(
            out,
            "{:<25} {:>4}  {:<6} {:>9.3} {:>9.1} {:>7}   {:>5}   (the frame {:.3} ms; {} kernels, {:.1} % beside their work)",
            format!("{} tokens in memory", round.memory),
            round.rows,
            "",
            round.seconds * 1e3,
            round.flops / 1e9,
            "",
            format!("{:.0} %", 100.0 * round.share),
            round.vision * 1e3,
            round.kernels,
            100.0 * round.overhead,
        )?;
    }
    writeln!(
        out,
        "{:<25} {:>4}  {:<6} {:>9.3}   ({} kernels, {:.1} µs each)",
        "all layers, no width",
        "",
        "",
        overhead.seconds * 1e3,
        overhead.kernels,
        overhead.of_a_kernel() * 1e6,
    )
}

fn predicted(out: &mut impl Write, reached: Reached, predictions: &[Prediction]) -> io::Result<()> {
    writeln!(
        out,
        "\n{}\nNothing here was run: the makers' peaks, times what was reached on this adapter ({:.0} % of the multiply-adds \
         in products, {:.0} % in attention, {:.0} % of the bytes read). On another adapter other kernels run.",
        style("Predicted milliseconds of a silent round, q4").bold(),
        100.0 * reached.products,
        100.0 * reached.attention,
        100.0 * reached.read,
    )?;
    let head = MEMORIES.map(|memory| format!("{memory:>8}"));
    writeln!(out, "{}", style(format!("{:<32}{} tokens in memory", "", head.concat())).dim())?;
    for prediction in predictions {
        let cells = prediction.milliseconds.map(|milliseconds| format!("{milliseconds:>8.0}"));
        writeln!(out, "{:<26} {:<5}{}", prediction.device.name, prediction.model, cells.concat())?;
    }
    Ok(())
}
