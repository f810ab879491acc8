"""The clip of the fixtures and the small frames cut from it."""

import subprocess
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT, FPS = 640, 360, 25


def encode(source: Path, target: Path) -> None:
    """640x360 H.264 without sound, index in front; bit-exact flags keep versions and dates out of the file."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", source, "-an", "-map_metadata", "-1"]
        + ["-vf", f"scale={WIDTH}:{HEIGHT}:flags=lanczos+accurate_rnd+bitexact"]
        + ["-c:v", "libx264", "-threads", "1", "-preset", "slow", "-crf", "27", "-pix_fmt", "yuv420p"]
        # said aloud, else a browser guesses the colour matrix and ffmpeg guesses another
        + ["-colorspace", "smpte170m", "-color_primaries", "smpte170m", "-color_trc", "smpte170m"]
        + ["-color_range", "tv"]
        + ["-flags", "+bitexact", "-fflags", "+bitexact", "-movflags", "+faststart", target],
        check=True,
    )


def decode(path: Path) -> list[Image.Image]:
    """Every frame of the clip."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-sws_flags", "accurate_rnd+bitexact"]
        + ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        check=True,
        capture_output=True,
    ).stdout
    size = WIDTH * HEIGHT * 3
    return [Image.frombytes("RGB", (WIDTH, HEIGHT), raw[i : i + size]) for i in range(0, len(raw), size)]


def frames(path: Path, target: Path) -> None:
    """Eight 128x72 pictures spread over the clip, one square, one tall."""
    target.mkdir(parents=True, exist_ok=True)
    pictures = decode(path)
    for i in range(8):
        save(pictures[i * 18].resize((128, 72), Image.Resampling.LANCZOS), target / f"wide{i}.png")
    save(pictures[60].crop((140, 0, 500, 360)).resize((80, 80), Image.Resampling.LANCZOS), target / "square.png")
    save(pictures[100].crop((240, 0, 440, 360)).resize((50, 90), Image.Resampling.LANCZOS), target / "tall.png")


def save(picture: Image.Image, path: Path) -> None:
    picture.save(path, optimize=True)
