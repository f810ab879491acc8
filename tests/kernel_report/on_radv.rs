//! Our kernels on real GPUs' compilers, and proof that the report would notice.

use std::io::Write;
use std::process::Command;

use super::family::{self, Compiled, FAMILIES, Family};
use super::report::{Figures, rows, table};
use super::{assembly, catalogue};

/// In each round, four vectors of workgroup memory make 64 multiply-adds; both numbers stand in the text.
const PRODUCT: &str = "
struct Info { rounds: u32, a: u32, b: u32, c: u32 }
@group(0) @binding(0) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> info: Info;
var<workgroup> tile: array<vec4<f32>, 512>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    for (var i = 0u; i < 8u; i++) { tile[lane + 64u * i] = x[group.x * 512u + lane + 64u * i]; }
    workgroupBarrier();
    var sums: array<vec4<f32>, 16>;
    for (var k = 0u; k < info.rounds; k++) {
        let left = array(tile[4u * k + lane / 8u], tile[4u * k + lane / 8u + 1u]);
        let right = array(tile[4u * k + lane % 8u + 256u], tile[4u * k + lane % 8u + 257u]);
        for (var i = 0u; i < 16u; i++) { sums[i] += left[i / 8u][i / 2u % 4u] * right[i % 2u]; }
    }
    for (var i = 0u; i < 16u; i++) { y[(group.x * 64u + lane) * 16u + i] = sums[i]; }
}
";

/// An array whose index comes from a buffer has no place among registers. RADV makes a chain of comparisons of a smaller
/// one.
const SCRATCH: &str = "
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var seen: array<u32, 256>;
    for (var i = 0u; i < 64u; i++) { seen[x[id.x + i] % 256u] += i; }
    x[id.x] = seen[x[id.x + 64u] % 256u];
}
";

/// How the names of kernels begin that multiply matrices by matrices.
const MATRIX_PRODUCT: &str = "matrix_matrix";

/// More than 256 numbers that all live at once.
fn crowded() -> String {
    let all = |line: fn(usize) -> String| (0..300).map(line).collect::<String>();
    format!(
        "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
         @compute @workgroup_size(64)
         fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
             let at = id.x * 301u;
             {}
             for (var k = 0u; k < u32(x[at + 300u]); k++) {{ {} }}
             {}
         }}",
        all(|i| format!("var v{i} = x[at + {i}u];")),
        all(|i| format!("v{i} = fma(v{i}, v{}, v{});", (i + 1) % 300, (i + 7) % 300)),
        all(|i| format!("x[at + {i}u] = v{i};")),
    )
}

/// Not a test of its own: the process that compiles for a family.
#[test]
#[ignore = "run by others, in a process of its own"]
fn compile_in_a_process_of_its_own() {
    assert!(family::answer(), "run by another test");
}

fn this_program() -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let test = "kernel_report::on_radv::compile_in_a_process_of_its_own";
    child.args(["--exact", test, "--ignored", "--nocapture"]);
    child
}

/// For each family that RADV compiles for here. What is left out is said past the harness, which hides what passing
/// tests print.
fn on_each_family(kernels: &[(String, String)], check: impl Fn(Family, &Compiled)) {
    for family in FAMILIES {
        match family::compile(family, kernels, this_program) {
            Ok(compiled) => check(family, &compiled),
            Err(e) => writeln!(std::io::stderr(), "kernel report, {}: not tested: {e}", family.name).unwrap(),
        }
    }
}

#[test]
fn the_report_notices_what_it_is_for() {
    let kernels = [("product", PRODUCT.to_owned()), ("scratch", SCRATCH.to_owned()), ("crowded", crowded())];
    let kernels = kernels.map(|(name, wgsl)| (name.to_owned(), wgsl));
    on_each_family(&kernels, |family, compiled| {
        let rows = rows(&kernels, compiled);
        let context = format!("{}, {}:\n{}", family.name, compiled.gpu, table(&rows));
        let figures: Vec<&Figures> = rows.iter().map(|(_, figures)| figures.as_ref().expect(&context)).collect();
        let [product, scratch, crowded] = figures[..] else { panic!("{context}") };

        let mix = &product.inner.mix;
        assert!(!product.spills(), "{context}");
        assert_eq!((mix.multiply_adds, mix.workgroup, mix.memory), (64, 4, 0), "{context}");
        assert!((0.7..1.0).contains(&product.inner.density), "{context}");
        assert_eq!(product.workgroup_memory, 512 * 16, "{context}");
        // The sums alone take 64.
        assert!((65..=128).contains(&product.vector_registers), "{context}");
        assert!((1..=16).contains(&product.occupancy), "{context}");

        assert!(scratch.spills() && scratch.spilled_registers == 0, "{context}");
        assert!(scratch.scratch >= 256 * 4 * u64::from(scratch.subgroup), "{context}");

        assert!(crowded.spills() && crowded.spilled_registers > 30, "{context}");
    });
}

#[test]
fn what_does_not_compile_is_said_and_the_rest_goes_on() {
    let wrong = "@compute @workgroup_size(64) fn main() { let x = y; }";
    let misnamed = "@compute @workgroup_size(64) fn other() {}";
    let kernels = [("wrong", wrong), ("misnamed", misnamed), ("product", PRODUCT)];
    let kernels = kernels.map(|(name, wgsl)| (name.to_owned(), wgsl.to_owned()));
    on_each_family(&kernels, |_, compiled| {
        let [wrong, misnamed, product] = compiled.kernels.as_slice() else { panic!("three were asked for") };
        assert!(wrong.as_ref().unwrap_err().contains("no definition in scope"), "{wrong:?}");
        assert!(misnamed.as_ref().unwrap_err().contains("entry point"), "{misnamed:?}");
        assert_eq!(assembly::Assembly::parse(&product.as_ref().unwrap().assembly).unwrap().loops().len(), 1);
    });
}

/// Everything in registers; where matrices are multiplied, the inner loop does mostly that; and where a row is, so that
/// memory is waited for, other waves go on meanwhile. (f32 is not what models are run in.)
#[test]
fn our_kernels_fit_real_gpus() {
    let kernels = catalogue::shaders();
    on_each_family(&kernels, |family, compiled| {
        let rows = rows(&kernels, compiled);
        let context = format!("{}, {}:\n{}", family.name, compiled.gpu, table(&rows));
        for (name, figures) in &rows {
            let figures = figures.as_ref().expect(&context);
            assert!(!figures.spills(), "{name} does not fit into registers. {context}");
            let density = figures.inner.density;
            assert!(!name.starts_with(MATRIX_PRODUCT) || density >= 0.7, "{name} does other things. {context}");
            let waits = name.starts_with("matrix_vector") && !name.contains("weights/f32");
            assert!(!waits || figures.occupancy >= 8, "{name} waits for memory. {context}");
        }
    });
}
