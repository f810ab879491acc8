//! Which kernels make an attention, and how they are called.

use burn::backend::wgpu::CubeTensor;
use burn::tensor::Tensor;

use super::{Heads, Sight, Windows};
use crate::kernels::Adapter;
use crate::kernels::arena::{ArenaFormat, LayerArena};
use crate::kernels::launch;
use crate::kernels::matrix::LARGEST_BINDING;
use crate::kernels::rotary;
use crate::kernels::rotation::Rotation;
use crate::kernels::shader::{Buffer, Part, Shader, part};

/// Most bytes of sums over parts of the slots.
pub const MOST_PARTS: usize = 32 << 20;

/// Features of the largest head that stays in registers.
const LARGEST_HEAD: usize = 128;

const QUADS: &str = "vec4<f32>";

/// An attention, as far as its kernels go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    /// Its heads.
    pub heads: Heads,
    /// New rows.
    pub rows: usize,
    /// Slots, or patches.
    pub span: usize,
    /// What the rows look over.
    pub among: Among,
}

/// What rows look over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// The slots of an arena of this format, keys unrotated.
    Slots(ArenaFormat),
    /// The patches of a frame, rows and slots at once.
    Patches,
}

/// How an attention is made on an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The shader and its tile.
    pub design: Design,
    /// Whether keys are turned beforehand, and not as they are read.
    pub turned: bool,
    /// Parts of the slots, seen by different workgroups.
    pub splits: usize,
    /// Slots of a part.
    pub share: usize,
}

/// A shader and its tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// `attention_lanes.wgsl`.
    Lanes {
        /// Eights of packed rows of a subgroup.
        eights: usize,
    },
    /// `attention_tiles.wgsl`.
    Tiles {
        /// Packed rows of a thread.
        per: usize,
    },
}

impl Design {
    /// Packed rows of a tile.
    fn rows(self) -> usize {
        match self {
            Self::Lanes { eights } => 8 * eights,
            Self::Tiles { per } => 4 * per,
        }
    }
}

/// Whether the kernels take heads of `size` features.
pub fn takes(size: usize) -> bool {
    size.is_multiple_of(8) && (8..=LARGEST_HEAD).contains(&size)
}

impl Attention {
    /// How many query heads share a key.
    fn group(&self) -> usize {
        self.heads.queries / self.heads.keys
    }

    /// Bytes of the sums over one part of the slots.
    fn part_bytes(&self) -> usize {
        self.rows * self.heads.queries * (self.heads.size + 4) * size_of::<f32>()
    }

    /// Bytes of keys that were turned beforehand.
    fn turned_bytes(&self) -> u64 {
        self.span as u64 * ArenaFormat::F32.row_bytes(self.heads)
    }

    fn tiles(&self, design: Design) -> usize {
        (self.rows * self.group()).div_ceil(design.rows())
    }

    /// How to make it on `adapter`.
    pub fn plan(&self, adapter: Adapter) -> Plan {
        let packed = self.rows * self.group();
        let lanes = adapter.software && adapter.subgroup >= 8;
        // How many tiles at once keep the adapter busy, and how few slots are worth a tile's start and end.
        let (design, wanted, least) = if lanes {
            // The wide tile takes seconds to compile there, which a short memory does not pay back.
            let most = if self.span < 512 { 1 } else { 4 };
            (Design::Lanes { eights: packed.div_ceil(8).clamp(1, most) }, 64, 512)
        } else {
            let per = match packed {
                0..=8 => 2,
                9..=16 => 4,
                _ => 8,
            };
            (Design::Tiles { per }, 512, 128)
        };
        // A frame is small, and a window does not see far.
        let most = match self.among {
            Among::Slots(_) => (self.span / least).min(MOST_PARTS / self.part_bytes().max(1)),
            Among::Patches => 1,
        };
        let splits = (wanted / (self.tiles(design) * self.heads.keys).max(1)).min(most).max(1);
        let share = self.span.div_ceil(splits).next_multiple_of(64);
        Plan {
            design,
            // Turning a key as it is read costs as much as reading it. In workgroup memory it serves 32 rows and more;
            // a lane turns it anew for each 32.
            turned: self.among == Among::Patches
                || (lanes && packed > 64 && self.turned_bytes() <= LARGEST_BINDING as u64),
            splits: self.span.div_ceil(share).max(1),
            share,
        }
    }

    /// The kernel of a plan, and how many workgroups it takes.
    pub fn kernel(&self, plan: Plan) -> (Shader, [u32; 3]) {
        let (sees, place, marks) = match self.among {
            Among::Slots(_) => (part!("sees/arena"), part!("place/listed"), "i32"),
            Among::Patches => (part!("sees/window"), part!("place/same"), "vec2<u32>"),
        };
        let slots = if plan.turned { part!("slots/turned") } else { part!("slots/raw") };
        let split = plan.splits > 1;
        let ends = if split { part!("ends/split") } else { part!("ends/whole") };
        // Patches are numbers, and so are keys that were turned.
        let values = match self.among {
            Among::Slots(format) => format,
            Among::Patches => ArenaFormat::F32,
        };
        let keys = if plan.turned { ArenaFormat::F32 } else { values };
        let mut constants = [self.heads.constants(), values.constants(self.heads)].concat();
        constants.push(("GROUP", self.group() as u32));
        let tiles = self.tiles(plan.design) as u32;
        let (kv_heads, splits) = (self.heads.keys as u32, plan.splits as u32);
        let (design, workgroups): (Part, _) = match plan.design {
            Design::Lanes { eights } => {
                constants.push(("EIGHTS", eights as u32));
                let units = tiles * kv_heads * splits;
                (part!("attention_lanes"), [units.div_ceil(Shader::WORKGROUP / 8), 1, 1])
            }
            Design::Tiles { per } => {
                constants.push(("PER", per as u32));
                (part!("attention_tiles"), [tiles, kv_heads, splits])
            }
        };
        let mut buffers = vec![Buffer { name: "queries", element: QUADS }, keys.buffer("keys")];
        let mut parts = vec![sees, place, keys.keys_part(), values.values_part()];
        if !plan.turned {
            buffers.push(Buffer { name: "turns", element: QUADS });
            parts.push(part!("turn"));
        }
        buffers.push(values.buffer("values"));
        buffers.extend(values.scales("f32"));
        buffers.push(Buffer { name: "marks", element: marks });
        if self.among != Among::Patches {
            buffers.push(Buffer { name: "places", element: "u32" });
        }
        buffers.push(if split { PARTS } else { Y });
        parts.extend([slots, ends, design]);
        let sizes = &["rows", "span", "splits", "share", "value_stride", "value_start"];
        (Shader { parts, constants, buffers, sizes }, workgroups)
    }

    /// Every kernel it takes on `adapter`, with its workgroups and the bytes of its largest binding.
    pub fn kernels(&self, adapter: Adapter) -> Vec<(Shader, [u32; 3], u64)> {
        let plan = self.plan(adapter);
        let Heads { queries, keys, size } = self.heads;
        let turns = (self.span * size * size_of::<f32>()) as u64;
        let turn = |heads: usize| launch::spread(self.span * heads * size / 8);
        let mut kernels = vec![];
        let held = match self.among {
            Among::Slots(format) => {
                let held = self.span as u64 * format.row_bytes(self.heads).max(format.scale_bytes(self.heads));
                if plan.turned {
                    let largest = held.max(turns).max(self.turned_bytes());
                    kernels.push((rotary::slots_shader(format, self.heads), turn(keys), largest));
                }
                held
            }
            Among::Patches => {
                let qkv = (self.rows * 3 * queries * size * size_of::<f32>()) as u64;
                kernels.push((rotary::patches_shader(self.heads), turn(queries), qkv.max(turns)));
                qkv
            }
        };
        let keys = if plan.turned { self.turned_bytes() } else { turns };
        let made = (plan.splits * self.part_bytes()) as u64;
        let (shader, workgroups) = self.kernel(plan);
        kernels.push((shader, workgroups, held.max(keys).max(made)));
        if plan.splits > 1 {
            kernels.push((join(self.heads), launch::spread(self.rows * queries * size / 4), made));
        }
        kernels
    }

    /// Its kernels in order, on operands that are turned already; values start at `value_start` of a row of
    /// `value_stride` quads.
    fn run(&self, plan: Plan, operands: &[&CubeTensor], [value_stride, value_start]: [usize; 2]) -> Option<Tensor<2>> {
        let first = *operands.first()?;
        let Heads { queries, size, .. } = self.heads;
        let y = launch::room(first, [self.rows, queries * size]);
        let parts = (plan.splits > 1).then(|| launch::room(first, [plan.splits, self.rows, queries * (size + 4)]));
        let (shader, workgroups) = self.kernel(plan);
        let mut buffers = operands.to_vec();
        buffers.push(parts.as_ref().unwrap_or(&y));
        let sizes = [self.rows, self.span, plan.splits, plan.share, value_stride, value_start];
        launch::run(&shader, &buffers, &sizes, workgroups);
        if let Some(parts) = &parts {
            let threads = self.rows * queries * size / 4;
            launch::run(&join(self.heads), &[parts, &y], &[self.rows, plan.splits], launch::spread(threads));
        }
        Some(launch::tensor(y))
    }
}

const PARTS: Buffer = Buffer { name: "parts", element: QUADS };
const Y: Buffer = Buffer { name: "y", element: QUADS };

/// The kernel that joins what was made over parts of the slots.
pub fn join(heads: Heads) -> Shader {
    Shader {
        parts: vec![part!("attention_join")],
        constants: vec![("D", heads.size as u32), ("HEADS", heads.queries as u32)],
        buffers: vec![PARTS, Y],
        sizes: &["rows", "splits"],
    }
}

/// How an attention is to be made on an adapter: [`Attention::plan`], or what a test asks for.
pub type Choice<'a> = &'a dyn Fn(&Attention, Adapter) -> Plan;

/// `None` where no kernel reaches.
pub fn over_arena(
    queries: &Tensor<2>,
    heads: Heads,
    arena: &LayerArena,
    sight: &Sight,
    choose: Choice<'_>,
) -> Option<Tensor<2>> {
    let ([rows, _], span, format) = (queries.dims(), sight.span, arena.format());
    let largest = arena.slots() as u64 * format.row_bytes(heads).max(format.scale_bytes(heads));
    if !takes(heads.size) || rows == 0 || span == 0 || largest > LARGEST_BINDING as u64 {
        return None;
    }
    let (queries, held) = (launch::numbers(queries)?, arena.operands()?);
    let (turns, order, places) =
        (sight.turns.operand()?, launch::words(&sight.order)?, launch::words(&sight.places.slots)?);
    let attention = Attention { heads, rows, span, among: Among::Slots(format) };
    let plan = choose(&attention, Adapter::of(&queries));
    let turned = plan.turned.then(|| rotary::turn_slots(format, &held, span, heads, &turns));
    let mut operands = match &turned {
        Some(keys) => vec![&queries, keys],
        None => vec![&queries, &held.keys, &turns],
    };
    operands.push(&held.values);
    operands.extend(&held.scales);
    operands.extend([&order, &places]);
    attention.run(plan, &operands, [heads.keys * heads.size / 4, 0])
}

/// `None` where no kernel reaches.
pub fn within_frame(
    qkv: &Tensor<2>,
    heads: Heads,
    rotation: &Rotation,
    windows: &Windows,
    choose: Choice<'_>,
) -> Option<Tensor<2>> {
    let [rows, width] = qkv.dims();
    if !takes(heads.size) || rows == 0 {
        return None;
    }
    let (qkv, turns, bounds) = (launch::numbers(qkv)?, rotation.operand()?, launch::words(&windows.bounds)?);
    let attention = Attention { heads, rows, span: rows, among: Among::Patches };
    let plan = choose(&attention, Adapter::of(&qkv));
    let quads = heads.queries * heads.size / 4;
    let [queries, keys] = rotary::turn_patches(&qkv, [rows, width], heads, &turns);
    attention.run(plan, &[&queries, &keys, &qkv, &bounds], [3 * quads, 2 * quads])
}
