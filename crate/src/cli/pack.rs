use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{Outcome, WeightsArg, bundled, display};
use crate::device::Bytes;
use crate::kernels::format::Format;
use crate::model::{Description, LoadError, Model};
use crate::weights::pack::{LARGEST_SHARD, Manifest, PackError, Packed, PackedPart, Packing};
use crate::weights::{Checkpoint, TensorStore};

/// Pack a model: smaller weights, in the layout of the kernels, cut into files that a browser can fetch.
///
/// Matrices are coded, the embedding of patches takes f16 at least, and norms and biases stay f32. What is stopped on
/// the way leaves nothing that loads; run it again. The same model gives the same bytes every time.
#[derive(Debug, Args)]
pub(super) struct Pack {
    /// A Hugging Face directory, a GGUF file or a directory of them [default: the bundled model]
    model: Option<PathBuf>,
    /// The directory to write: an empty or new one, or a pack, which is replaced
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// How weight matrices are stored
    #[arg(long, value_enum)]
    weights: PackedArg,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// A format that makes a pack smaller than its model.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PackedArg {
    /// Two bytes a weight
    F16,
    /// 8.5 bits a weight: 8 and a scale for 32 of them
    Q8,
    /// 4.5 bits a weight: 4 and a scale for 32 of them
    Q4,
}

impl From<PackedArg> for WeightsArg {
    fn from(arg: PackedArg) -> Self {
        match arg {
            PackedArg::F16 => WeightsArg::F16,
            PackedArg::Q8 => WeightsArg::Q8,
            PackedArg::Q4 => WeightsArg::Q4,
        }
    }
}

impl Pack {
    pub fn run(self) -> Outcome {
        let files = bundled::model(self.model.as_deref());
        if Manifest::read(files.as_ref()).map_err(LoadError::from)?.is_some() {
            return Err(PackError::AlreadyPacked(files.place()).into());
        }
        let format = Format::from(WeightsArg::from(self.weights));
        let description = Description::read(files.as_ref())?;
        let checkpoint = Checkpoint::open(files.as_ref()).map_err(LoadError::from)?.in_format(format);
        let tensors = Model::tensors(&description.config, &checkpoint).map_err(LoadError::from)?;
        let described = description.contents(files.as_ref())?;
        let described_bytes: usize = described.iter().filter_map(|(_, contents)| contents.as_ref().map(Vec::len)).sum();

        let bar = display::bytes_bar("packing", TensorStore::bytes(&checkpoint));
        let packing =
            Packing { checkpoint: &checkpoint, tensors: &tensors, files: &described, largest_shard: LARGEST_SHARD };
        let packed = packing.write(&self.output, &|bytes| bar.inc(bytes));
        bar.finish_and_clear();
        let packed = packed?;
        let bytes_in = TensorStore::bytes(&checkpoint) + described_bytes as u64;
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", report(&files.place(), &self.output, format, bytes_in, &packed))?;
        } else {
            print(&mut out, &self.output, format, bytes_in, &packed)?;
        }
        Ok(())
    }
}

fn parts(packed: &Packed) -> [(&'static str, &PackedPart); 3] {
    [("vision", &packed.vision), ("layers", &packed.layers), ("embedding", &packed.embedding)]
}

fn report(place: &str, output: &Path, format: Format, bytes_in: u64, packed: &Packed) -> Value {
    let mut report = json!({
        "model": place,
        "output": output.to_string_lossy(),
        "weights": format.name(),
        "shards": packed.shards,
        "bytes_in": bytes_in,
        "bytes_out": packed.bytes,
    });
    for (name, part) in parts(packed) {
        let worst = part.quality.worst.as_ref().map(
            |worst| json!({ "error": worst.error, "tensor": worst.tensor, "row": worst.row, "column": worst.column }),
        );
        report[name] = json!({
            "parameters": part.parameters,
            "bytes_in": part.bytes_in,
            "bytes_out": part.bytes_out,
            "error": part.quality.error(),
            "worst_block": worst,
        });
    }
    report
}

fn print(out: &mut impl Write, output: &Path, format: Format, bytes_in: u64, packed: &Packed) -> io::Result<()> {
    writeln!(out, "{}", console::style(output.display()).bold())?;
    writeln!(out, "  {:<11}{:>14}{:>14}{:>14}{:>12}{:>14}", "", "parameters", "in", "out", "error", "worst block")?;
    for (name, part) in parts(packed) {
        writeln!(
            out,
            "  {name:<11}{:>14}{:>14}{:>14}{:>12}{:>14}",
            display::count(part.parameters),
            Bytes(part.bytes_in).to_string(),
            Bytes(part.bytes_out).to_string(),
            percent(part.quality.error()),
            percent(part.quality.worst.as_ref().map_or(0.0, |worst| worst.error)),
        )?;
    }
    let (before, after) = (Bytes(bytes_in).to_string(), Bytes(packed.bytes).to_string());
    let shards = if packed.shards == 1 { "1 shard".to_owned() } else { format!("{} shards", packed.shards) };
    writeln!(out, "  {:<11}{:>14}{before:>14}{after:>14}  {}, {shards}", "all files", "", format.name())
}

/// A share.
fn percent(share: f64) -> String {
    match share {
        0.0 => "0 %".to_owned(),
        share if share < 1e-4 => "< 0.01 %".to_owned(),
        share => format!("{:.2} %", 100.0 * share),
    }
}
