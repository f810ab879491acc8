use std::io::{self, Write};

use clap::Args;
use console::style;

use super::Outcome;
use crate::bench::{self, BenchError, Ceilings, Line};
use crate::device::{self, Kind};

/// Measure each kernel, as a share of what this adapter can do at most.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub fn run(self) -> Outcome {
        let opened = pollster::block_on(device::open(Kind::Gpu))?;
        if self.json {
            let report = bench::run(&opened.device, &opened.name, &mut |_| Ok(()), &mut |_| Ok(()))?;
            let mut out = io::stdout().lock();
            serde_json::to_writer(&mut out, &report)?;
            writeln!(out)?;
            return Ok(());
        }
        writeln!(io::stdout().lock(), "{}", style(&opened.name).bold())?;
        match bench::run(&opened.device, &opened.name, &mut ceilings, &mut row) {
            Ok(_) => Ok(()),
            // Known by its own name where nobody reads on.
            Err(BenchError::Told(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
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
