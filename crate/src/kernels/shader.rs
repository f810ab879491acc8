//! A kernel's WGSL: parts from `shaders/`, and in front of them what changes between variants.

use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::iter;

use burn::backend::wgpu::{KernelSource, SourceTemplate};
use cubecl::prelude::KernelId;

/// A file of `shaders/`, known by its path there.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its path, without `.wgsl`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The part at a path inside `shaders/`.
macro_rules! part {
    ($path:literal) => {
        $crate::kernels::shader::Part {
            name: $path,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../shaders/", $path, ".wgsl")),
        }
    };
}
pub(crate) use part;

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Part {}

impl Hash for Part {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// A storage buffer of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Buffer {
    /// What the text calls it.
    pub name: &'static str,
    /// The type of its elements.
    pub element: &'static str,
}

/// A kernel, whole: everything that its text depends on, and so its pipeline.
///
/// All workgroups have [`Shader::WORKGROUP`] threads in a row. What changes from call to call stands in `size`, a struct
/// of `u32` in the one uniform binding, after the storage buffers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shader {
    /// The files, the operation's own last.
    pub parts: Vec<Part>,
    /// Constants of the text.
    pub constants: Vec<(&'static str, u32)>,
    /// The storage buffers in the order of their bindings.
    pub buffers: Vec<Buffer>,
    /// The fields of `size`.
    pub sizes: &'static [&'static str],
}

impl Shader {
    /// Threads of a workgroup.
    pub const WORKGROUP: u32 = 64;

    /// What to call it: the operation and the variant.
    pub fn name(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().rev().map(|part| part.name).collect();
        let constants = self.constants.iter().map(|(name, value)| format!(" {name}={value}"));
        parts.join("+") + &constants.collect::<String>()
    }

    /// The WGSL.
    pub fn text(&self) -> String {
        // Directives stand before everything else.
        let directive = |line: &&str| line.starts_with("enable ");
        let mut text: String = self.parts.iter().flat_map(|part| part.text.lines().filter(directive)).collect();
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "\nconst WORKGROUP: u32 = {}u;", Self::WORKGROUP);
        for (name, value) in &self.constants {
            let _ = writeln!(text, "const {name}: u32 = {value}u;");
        }
        for (index, Buffer { name, element }) in self.buffers.iter().enumerate() {
            // Tensors share buffers, and a buffer may not be bound for reading and for writing at once.
            let _ = writeln!(text, "@group(0) @binding({index}) var<storage, read_write> {name}: array<{element}>;");
        }
        let fields: String = self.sizes.iter().map(|field| format!("{field}: u32, ")).collect();
        let _ = writeln!(text, "struct Size {{ {fields}}}");
        let _ = writeln!(text, "@group(0) @binding({}) var<uniform> size: Size;", self.buffers.len());
        for line in self.parts.iter().flat_map(|part| iter::once("").chain(part.text.lines())) {
            if !directive(&line) {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }
}

impl KernelSource for Shader {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.text())
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.clone())
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}
