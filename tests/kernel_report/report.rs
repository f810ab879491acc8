//! What kernels take from a GPU, as figures and as a table.

use std::fmt::Write;

use serde::Serialize;

use super::assembly::Assembly;
use super::driver::Executable;
use super::family::Compiled;
use super::mix::{Mix, hot_loop};

/// What the compiler made of a kernel.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Vector registers of an invocation, of at most 256.
    pub vector_registers: u64,
    /// Scalar registers of a subgroup. RDNA grants 128 to each.
    pub scalar_registers: u64,
    /// Registers of either kind that live in memory for want of room.
    pub spilled_registers: u64,
    /// Bytes of a subgroup in memory of its own: spilled registers, and private arrays whose index is not known before
    /// it runs.
    pub scratch: u64,
    /// Bytes of a workgroup.
    pub workgroup_memory: u64,
    /// Invocations that run in step.
    pub subgroup: u32,
    /// Subgroups that a SIMD unit holds at a time, of at most 16: as many as registers and workgroup memory leave room
    /// for.
    pub occupancy: u64,
    /// In the whole kernel.
    pub instructions: u64,
    /// Bytes of machine code.
    pub code: u64,
    /// The driver's guess at a subgroup's share of the GPU, in cycles. It takes every loop to run equally often, so it
    /// compares versions of a kernel whose loops do equally much.
    pub inverse_throughput: u64,
    pub inner: Inner,
}

/// The loop in which a kernel spends its time; all of the kernel if it has none.
#[derive(Debug, Clone, Serialize)]
pub struct Inner {
    /// Where it starts in the assembly, if it is a loop.
    pub label: Option<String>,
    /// What its instructions do.
    pub mix: Mix,
    /// The share of multiply-adds in all that it issues, 0 … 1.
    pub density: f64,
}

impl Figures {
    /// Or what the driver does not tell.
    pub fn of(kernel: &Executable) -> Result<Self, String> {
        let count = |name: &str| {
            let count = kernel.statistics.get(name).copied();
            count.ok_or_else(|| format!("no {name:?} among {:?}", kernel.statistics.keys()))
        };
        let assembly = Assembly::parse(&kernel.assembly)?;
        let (label, mix) = match hot_loop(&assembly) {
            Some(inner) => (Some(inner.label), Mix::of(&inner.operations)),
            None => (None, Mix::of(assembly.operations())),
        };
        Ok(Self {
            vector_registers: count("VGPRs")?,
            scalar_registers: count("SGPRs")?,
            spilled_registers: count("Spilled VGPRs")? + count("Spilled SGPRs")?,
            scratch: count("Scratch size")?,
            workgroup_memory: count("LDS size")?,
            subgroup: kernel.subgroup,
            // RADV counts a subgroup of 64 as two.
            occupancy: count("Subgroups per SIMD")? / u64::from(kernel.subgroup / 32).max(1),
            instructions: count("Instructions")?,
            code: count("Code size")?,
            inverse_throughput: count("Inverse Throughput")?,
            inner: Inner { label, mix, density: mix.density() },
        })
    }

    /// Whether an invocation's values live outside its registers.
    pub fn spills(&self) -> bool {
        self.spilled_registers > 0 || self.scratch > 0
    }
}

/// A kernel's name and what is known of it.
pub type Row = (String, Result<Figures, String>);

pub fn rows(kernels: &[(String, String)], compiled: &Compiled) -> Vec<Row> {
    let figures = compiled.kernels.iter().map(|kernel| kernel.as_ref().map_err(String::clone).and_then(Figures::of));
    kernels.iter().map(|(name, _)| name.clone()).zip(figures).collect()
}

/// A line a kernel.
pub fn table(rows: &[Row]) -> String {
    let longest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max("kernel".len());
    let titles = ["VGPRs", "spill", "scratch", "LDS", "wave", "waves", "instr", "cycles"];
    let inner_titles = ["loop", "FMA %", "FMA", "VALU", "LDS", "VMEM", "SMEM", "SALU", "wait"];
    let mut text = String::new();
    line(&mut text, "kernel", longest, titles, inner_titles);
    for (name, figures) in rows {
        match figures {
            // An error of naga's has several lines and shows the place.
            Err(e) => text.push_str(&format!("{name:longest$}  {}\n", e.trim_end())),
            Ok(figures) => {
                let (whole, inner) = cells(figures);
                line(&mut text, name, longest, whole, inner);
            }
        }
    }
    text
}

fn line<S: AsRef<str>>(text: &mut String, name: &str, longest: usize, whole: [S; 8], inner: [S; 9]) {
    text.push_str(&format!("{name:longest$}"));
    let cells = |text: &mut String, cells: &[S]| {
        // Writing to a string does not fail.
        cells.iter().for_each(|cell| write!(text, " {:>7}", cell.as_ref()).unwrap_or_default());
    };
    cells(text, &whole);
    text.push_str("  |");
    cells(text, &inner);
    text.push('\n');
}

fn cells(figures: &Figures) -> ([String; 8], [String; 9]) {
    let (f, mix) = (figures, &figures.inner.mix);
    let spilled = [f.vector_registers, f.spilled_registers, f.scratch, f.workgroup_memory];
    let [vector, spilled, scratch, shared] = spilled.map(|count| count.to_string());
    let kinds = [mix.multiply_adds, mix.vector, mix.workgroup, mix.memory, mix.scalar_memory, mix.scalar, mix.waits];
    let [sums, others, workgroup, memory, loads, scalar, waits] = kinds.map(|count| count.to_string());
    let share = format!("{:.1}%", 100.0 * f.inner.density);
    let size = if f.inner.label.is_some() { mix.all().to_string() } else { "none".to_owned() };
    let [wave, waves] = [u64::from(f.subgroup), f.occupancy].map(|count| count.to_string());
    let [instructions, cycles] = [f.instructions, f.inverse_throughput].map(|count| count.to_string());
    (
        [vector, spilled, scratch, shared, wave, waves, instructions, cycles],
        [size, share, sums, others, workgroup, memory, loads, scalar, waits],
    )
}
