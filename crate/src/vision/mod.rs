//! The vision transformer of Qwen2.5-VL (arXiv 2502.13923, section 2.1): patches in, visual tokens out.
//!
//! ```text
//! patches ─ embed ─ window order ─ blocks (window or full attention) ─ merger (2×2 → 1) ─ raster order
//! ```

mod block;
mod layout;
mod transformer;

pub use layout::Layout;
pub use transformer::VisionTransformer;

/// The sizes of a vision transformer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisionConfig {
    /// Blocks.
    pub depth: usize,
    /// Features of a patch.
    pub hidden: usize,
    /// Inner width of the feed-forward network.
    pub intermediate: usize,
    /// Attention heads.
    pub heads: usize,
    /// Side of a patch, in pixels.
    pub patch: usize,
    /// Side of a visual token, in patches.
    pub merge: usize,
    /// Frames in a patch; a still is repeated to fill it.
    pub temporal: usize,
    /// Side of an attention window, in pixels.
    pub window: usize,
    /// The blocks in which every patch sees the whole frame.
    pub full_attention: Vec<usize>,
    /// Features of a visual token: the decoder's.
    pub output: usize,
}

impl VisionConfig {
    /// Numbers in one patch: channels × frames × height × width.
    pub fn patch_values(&self) -> usize {
        3 * self.temporal * self.patch * self.patch
    }

    /// Patches in a visual token.
    pub fn merged(&self) -> usize {
        self.merge * self.merge
    }
}
