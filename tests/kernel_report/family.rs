//! RADV without a GPU: it compiles for whatever AMD GPU it is told to pretend to have.
//!
//! It is told through the environment, before the Vulkan loader starts, and aborts over a GPU that it does not know; so
//! each family is compiled for in a process of its own. Mesa up to 26.1 can pretend; 26.2 has given it up.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::driver::{Driver, Executable};
use super::shader;

/// A generation of GPUs, by a member.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    pub name: &'static str,
    /// The member, under every name that Mesa has had for it.
    members: &'static [&'static str],
}

pub const FAMILIES: [Family; 2] = [
    Family { name: "RDNA2", members: &["navi21"] },
    // Mesa 22 calls GPUs that were not on sale yet by their architecture.
    Family { name: "RDNA3", members: &["navi31", "gfx1100"] },
];

/// What came of compiling for a family.
pub struct Compiled {
    /// The GPU, as the driver calls it.
    pub gpu: String,
    /// One for each kernel, in their order: or what the compiler, or naga before it, had to say.
    pub kernels: Vec<Result<Executable, String>>,
}

/// Where the child finds [`REQUEST`], and puts [`ANSWER`].
const EXCHANGE: &str = "KERNEL_REPORT_EXCHANGE";
/// The kernels, names with WGSL.
const REQUEST: &str = "shaders.json";
/// An [`Answer`].
const ANSWER: &str = "compiled.json";

/// The GPU, and what came of each kernel; or why no device opened.
type Answer = Result<(String, Vec<Result<Executable, String>>), String>;

/// Compiles kernels for a family, in processes that `child` describes and that must call [`answer`].
///
/// `Err` says in a line why there is nothing for this family.
pub fn compile(family: Family, kernels: &[(String, String)], child: impl Fn() -> Command) -> Result<Compiled, String> {
    let radv = radv().ok_or("RADV is not installed")?;
    let mut complaints = Vec::new();
    for member in family.members {
        match compile_for(member, kernels, &radv, child()) {
            Ok((gpu, _)) if !gpu.to_lowercase().contains(member) => complaints.push(format!("it compiles for {gpu}")),
            Ok((gpu, kernels)) => return Ok(Compiled { gpu, kernels }),
            Err(complaint) => complaints.push(complaint),
        }
    }
    Err(format!("RADV does not compile for it: {}", complaints.join("; ")))
}

fn compile_for(member: &str, kernels: &[(String, String)], radv: &str, mut child: Command) -> Answer {
    let failed = |e: std::io::Error| format!("the process that compiles: {e}");
    let exchange = tempfile::tempdir().map_err(failed)?;
    let request = serde_json::to_vec(kernels).map_err(|e| e.to_string())?;
    std::fs::write(exchange.path().join(REQUEST), request).map_err(failed)?;
    child
        .env(EXCHANGE, exchange.path())
        // This one driver, under the loader's name for such a list and under its old one.
        .env("VK_DRIVER_FILES", radv)
        .env("VK_ICD_FILENAMES", radv)
        .env("RADV_FORCE_FAMILY", member)
        // As the driver compiles for users, and anew.
        .env("MESA_SHADER_CACHE_DISABLE", "true")
        .env_remove("RADV_DEBUG")
        .env_remove("RADV_PERFTEST");
    let output = child.output().map_err(failed)?;
    match std::fs::read(exchange.path().join(ANSWER)) {
        Ok(answer) => serde_json::from_slice(&answer).map_err(|e| format!("its answer: {e}"))?,
        Err(_) => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let lines: Vec<&str> = complaint.lines().filter(|line| !line.trim().is_empty()).collect();
            Err(format!("{} ({})", lines[lines.len().saturating_sub(2)..].join(": "), output.status))
        }
    }
}

/// In a child of [`compile`], does its work; `false` in any other process.
pub fn answer() -> bool {
    let Some(exchange) = std::env::var_os(EXCHANGE).map(PathBuf::from) else { return false };
    let answer = serde_json::to_vec(&compile_here(&exchange)).expect("strings and whole numbers make JSON");
    std::fs::write(exchange.join(ANSWER), answer).expect("the parent made this directory for the child");
    true
}

fn compile_here(exchange: &Path) -> Answer {
    let request = std::fs::read(exchange.join(REQUEST)).map_err(|e| format!("{REQUEST}: {e}"))?;
    let kernels: Vec<(String, String)> = serde_json::from_slice(&request).map_err(|e| format!("{REQUEST}: {e}"))?;
    let driver = Driver::open()?;
    let compile = |(name, wgsl): &(String, String)| {
        // The parent reads this should the driver's compiler take the process with it.
        eprintln!("{name}");
        driver.compile(&shader::translate(wgsl)?)
    };
    Ok((driver.gpu.clone(), kernels.iter().map(compile).collect()))
}

/// The files that describe RADV to the Vulkan loader, listed as it wants to have them.
fn radv() -> Option<String> {
    let own = format!("radeon_icd.{}.json", std::env::consts::ARCH);
    let places = ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"];
    let files = places.iter().flat_map(|place| [Path::new(place).join(&own), Path::new(place).join("radeon_icd.json")]);
    let files: Vec<_> = files.filter(|file| file.exists()).map(|file| file.display().to_string()).collect();
    (!files.is_empty()).then(|| files.join(":"))
}
