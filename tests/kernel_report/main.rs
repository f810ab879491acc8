//! Prints what real AMD GPUs would run of kernels, on a machine that has none.
//!
//! `./build.sh kernel-report [--assembly] [--json] [FILE.wgsl …]`

#[cfg(target_os = "linux")]
#[path = "mod.rs"]
mod kernel_report;

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("RADV, which compiles for GPUs that are not there, runs on Linux only.");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    print::main()
}

#[cfg(target_os = "linux")]
mod print {
    use std::io::Write;
    use std::path::PathBuf;
    use std::process::{Command, ExitCode};

    use clap::Parser;

    use crate::kernel_report::catalogue;
    use crate::kernel_report::family::{self, Compiled, FAMILIES, Family};
    use crate::kernel_report::report::{self, Row};

    /// What the columns of [`report::table`] say.
    const LEGEND: &str = "\
Columns:
VGPRs    vector registers of an invocation, of 256
spill    registers that live in memory for want of room
scratch  bytes of a subgroup in memory: spilled registers, private arrays
LDS      bytes of workgroup memory
wave     invocations in a subgroup
waves    subgroups on a SIMD unit at a time, of 16
instr    instructions in all
cycles   the driver's guess, as if every loop ran equally often: compare only
         kernels whose loops do equally much
loop     operations of the loop with the most multiply-adds, without those of
         loops inside it; the columns after it are about them, or about the
         whole kernel if it has no loop
FMA %    multiply-adds in all that is issued
FMA      multiply-adds of floating-point numbers, and dot products
VALU     other vector operations
LDS      of workgroup memory
VMEM     of buffers
SMEM     scalar loads
SALU     scalar operations and branches
wait     waits, barriers and hints
";

    /// Compiles kernels for real AMD GPUs, without one, and prints what they take: registers, spills, workgroup memory,
    /// occupancy, and what the inner loop is made of.
    #[derive(Parser)]
    #[command(name = "kernel_report", after_help = LEGEND)]
    struct Arguments {
        /// Kernels: WGSL with the entry point `main` and its buffers in group 0. Without any, our own
        #[arg(value_name = "FILE.wgsl")]
        files: Vec<PathBuf>,
        /// The machine code too
        #[arg(long)]
        assembly: bool,
        /// A JSON object a line, for each GPU and kernel
        #[arg(long, conflicts_with = "assembly")]
        json: bool,
    }

    /// Fails where a kernel does not compile, or no GPU can be compiled for.
    pub fn main() -> ExitCode {
        if family::answer() {
            return ExitCode::SUCCESS;
        }
        let arguments = Arguments::parse();
        let kernels = match kernels(&arguments.files) {
            Ok(kernels) => kernels,
            Err(e) => {
                eprintln!("error: {e}");
                return ExitCode::FAILURE;
            }
        };
        let (mut reported, mut failed) = (0, 0);
        for family in FAMILIES {
            match family::compile(family, &kernels, this_program) {
                Err(e) => eprintln!("{}: {e}", family.name),
                Ok(compiled) => {
                    let rows = report::rows(&kernels, &compiled);
                    reported += 1;
                    failed += rows.iter().filter(|(_, figures)| figures.is_err()).count();
                    let mut text = match arguments.json {
                        true => json(family, &compiled, &rows),
                        false => tables(family, &compiled, &rows),
                    };
                    if arguments.assembly {
                        text += &assembly(family, &compiled, &rows);
                    }
                    // Whoever reads only the beginning has seen enough.
                    if std::io::stdout().write_all(text.as_bytes()).is_err() {
                        return ExitCode::FAILURE;
                    }
                }
            }
        }
        if reported > 0 && failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn this_program() -> Command {
        Command::new(std::env::current_exe().expect("Linux knows what it runs"))
    }

    fn kernels(files: &[PathBuf]) -> Result<Vec<(String, String)>, String> {
        if files.is_empty() {
            return Ok(catalogue::shaders());
        }
        let read = |file: &PathBuf| {
            let name = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
            let wgsl = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
            Ok((name, wgsl))
        };
        files.iter().map(read).collect()
    }

    fn tables(family: Family, compiled: &Compiled, rows: &[Row]) -> String {
        let mut text = format!("{}: {}\n{}\n", family.name, compiled.gpu, report::table(rows));
        let spilling = rows.iter().filter(|(_, figures)| figures.as_ref().is_ok_and(|figures| figures.spills()));
        let spilling: Vec<&str> = spilling.map(|(name, _)| name.as_str()).collect();
        if !spilling.is_empty() {
            text += &format!("Not all in registers: {}\n\n", spilling.join(", "));
        }
        text
    }

    fn json(family: Family, compiled: &Compiled, rows: &[Row]) -> String {
        let line = |(name, figures): &Row| {
            let mut line = serde_json::json!({ "family": family.name, "gpu": compiled.gpu, "kernel": name });
            match figures {
                Ok(figures) => line["figures"] = serde_json::json!(figures),
                Err(e) => line["error"] = serde_json::json!(e),
            }
            format!("{line}\n")
        };
        rows.iter().map(line).collect()
    }

    fn assembly(family: Family, compiled: &Compiled, rows: &[Row]) -> String {
        let kernels = compiled.kernels.iter().zip(rows).filter_map(|(kernel, row)| Some((kernel.as_ref().ok()?, row)));
        kernels.map(|(kernel, (name, _))| format!("== {name}, {}\n{}\n", family.name, kernel.assembly)).collect()
    }
}
