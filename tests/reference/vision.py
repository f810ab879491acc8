"""From a picture to patch rows, as upstream does it: PIL resize first, then the processor without resize."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from qwen_vl_utils.vision_process import smart_resize
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.vision_utils import get_vision_window_index

FACTOR = 28  # a merge block of 2 x 2 patches of 14 pixels


@dataclass
class Patches:
    rows: torch.Tensor  # (patches, 3 * 2 * 14 * 14), float32
    grid: list[int]  # (1, height, width) in patches

    @property
    def visual_tokens(self) -> int:
        return self.grid[1] * self.grid[2] // 4


def resize(image: Image.Image, min_pixels: int, max_pixels: int) -> Image.Image:
    """Bicubic with antialiasing, in 8 bits: what qwen_vl_utils before 0.0.12 does."""
    height, width = smart_resize(image.height, image.width, FACTOR, min_pixels, max_pixels)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def patches(image: Image.Image, min_pixels: int, max_pixels: int) -> Patches:
    resized = resize(image.convert("RGB"), min_pixels, max_pixels)
    out = Qwen2VLImageProcessorPil(do_resize=False)(images=[np.asarray(resized)], return_tensors="pt")
    return Patches(out["pixel_values"].float(), out["image_grid_thw"][0].tolist())


def rows_in_window_order(grid: list[int], config) -> torch.Tensor:
    """Patch row number at each place of the order in which the vision blocks work."""
    unit = config.spatial_merge_size**2
    window_index, _ = get_vision_window_index(
        torch.tensor([grid]), config.spatial_merge_size, config.window_size, config.patch_size
    )
    return (window_index[:, None] * unit + torch.arange(unit)).flatten()
