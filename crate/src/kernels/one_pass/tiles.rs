//! Products of matrices in the tile registers that newer x86 processors have (AMX): of numbers rounded to bf16, summed in
//! f32.
//!
//! A tile holds 16 rows of 16 words, and a word two numbers that follow one another along the axis that is summed over. In a
//! tile of the left matrix a row is one of the product's; in one of the right, a word of a row is one of its columns.

use std::arch::asm;
use std::arch::x86_64::*;
use std::ops::Range;
use std::sync::LazyLock;

use raw_cpuid::CpuId;

use super::factor::Factor;

/// Rows of a tile, and words of a row.
const SIDE: usize = 16;
/// Numbers of a row.
const DEEP: usize = 2 * SIDE;
/// Bytes of tiles of the right matrix at once, which are to stay in the second cache.
const CACHE: usize = 1 << 20;
/// Multiplications from which on tiles are worth being laid out.
const WORTH: usize = 16 * 16 * 16;

/// What a tile register is loaded from.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Tile([[u32; SIDE]; SIDE]);

/// How the tile registers are used: `ldtilecfg` reads it.
#[repr(C, align(64))]
struct Use {
    palette: u8,
    first_row: u8,
    zero: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// All eight registers, whole.
const USE: Use = Use {
    palette: 1,
    first_row: 0,
    zero: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// What tiles are laid out from: rows as they lie in memory.
#[derive(Clone, Copy)]
struct Source<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    /// Whether they are the factor's columns.
    is_turned: bool,
    /// Whether the product sums over the rows, or over the columns.
    sums_rows: bool,
}

/// Whether a product of `m · n · k` multiplications can be had, and is worth it.
pub fn serve(multiplications: usize) -> bool {
    static ARE_THERE: LazyLock<bool> = LazyLock::new(are_there);
    multiplications >= WORTH && *ARE_THERE
}

/// Whether the processor has them, and the system lets this process use them.
fn are_there() -> bool {
    let has_tiles =
        CpuId::new().get_extended_feature_info().is_some_and(|has| has.has_amx_tile() && has.has_amx_bf16());
    has_tiles
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512bf16")
        && are_granted()
}

#[cfg(target_os = "linux")]
fn are_granted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const TILE_DATA: libc::c_long = 18;
    // SAFETY: it takes two numbers, and changes only what this process may use.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0 }
}

/// Other systems are asked otherwise.
#[cfg(not(target_os = "linux"))]
fn are_granted() -> bool {
    false
}

impl<'a> Source<'a> {
    fn of(factor: Factor<'a>, sums_rows: bool) -> Self {
        let Factor { numbers, rows, columns, is_turned } = factor;
        let [rows, columns] = if is_turned { [columns, rows] } else { [rows, columns] };
        Self { numbers, rows, columns, is_turned, sums_rows }
    }

    /// The length of the axis that the product keeps.
    fn kept(self) -> usize {
        if self.sums_rows { self.columns } else { self.rows }
    }

    /// The length of the axis that it sums over.
    fn summed(self) -> usize {
        if self.sums_rows { self.rows } else { self.columns }
    }

    /// Up to 16 numbers of a row; zeros beyond the matrix.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn run(self, row: usize, column: usize) -> __m512 {
        if row >= self.rows || column >= self.columns {
            return _mm512_setzero_ps();
        }
        let count = (self.columns - column).min(SIDE);
        let mask = if count < SIDE { (1 << count) - 1 } else { u16::MAX };
        // SAFETY: these numbers are within a row of the matrix, of which there are `rows · columns`.
        unsafe { _mm512_maskz_loadu_ps(mask, self.numbers.as_ptr().add(row * self.columns + column)) }
    }

    /// The tile of 16 along the axis that is kept, from `kept` on, and 32 along the other, from `summed` on.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    fn tile(self, kept: usize, summed: usize) -> Tile {
        let mut words = [_mm512_setzero_si512(); SIDE];
        for (index, words) in words.iter_mut().enumerate() {
            *words = if self.sums_rows {
                let row = summed + 2 * index;
                _mm512_permutexvar_epi16(in_turns(), rounded(self.run(row, kept), self.run(row + 1, kept)))
            } else {
                let row = kept + index;
                rounded(self.run(row, summed), self.run(row, summed + SIDE))
            };
        }
        // A tile's rows are its factor's: where those lie across memory, its words are turned.
        if self.is_turned {
            words = transposed(words);
        }
        // SAFETY: both are 1,024 bytes, and any are words.
        unsafe { std::mem::transmute::<[__m512i; SIDE], Tile>(words) }
    }

    /// Its tiles of these strips and blocks, strip by strip.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    fn tiles(self, strips: Range<usize>, blocks: &Range<usize>, tiles: &mut Vec<Tile>) {
        let count = strips.len() * blocks.len();
        tiles.clear();
        tiles.reserve(count);
        let places = &mut tiles.spare_capacity_mut()[..count];
        // The numbers are read in the order in which they lie.
        let [outer, inner] = if self.sums_rows { [blocks, &strips] } else { [&strips, blocks] };
        for outer in outer.clone() {
            for inner in inner.clone() {
                let [strip, block] = if self.sums_rows { [inner, outer] } else { [outer, inner] };
                places[(strip - strips.start) * blocks.len() + block - blocks.start]
                    .write(self.tile(strip * SIDE, block * DEEP));
            }
        }
        // SAFETY: so many were reserved, and each of them was written.
        unsafe { tiles.set_len(count) };
    }
}

/// 32 numbers as bf16.
#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn rounded(first: __m512, second: __m512) -> __m512i {
    let rounded = _mm512_cvtne2ps_pbh(second, first);
    // SAFETY: both are 64 bytes, and any are numbers.
    unsafe { std::mem::transmute::<__m512bh, __m512i>(rounded) }
}

/// Of 32 numbers the first of either half, the second of either half, and so on.
#[inline]
#[target_feature(enable = "avx512f")]
fn in_turns() -> __m512i {
    const PLACES: [u16; DEEP] = {
        let mut places = [0; DEEP];
        let mut word = 0;
        while word < SIDE {
            places[2 * word] = word as u16;
            places[2 * word + 1] = (SIDE + word) as u16;
            word += 1;
        }
        places
    };
    // SAFETY: 64 bytes are read of as many.
    unsafe { _mm512_loadu_si512(PLACES.as_ptr().cast()) }
}

/// A square of words, its rows made its columns.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(rows: [__m512i; SIDE]) -> [__m512i; SIDE] {
    let zero = _mm512_setzero_si512();
    let (mut pairs, mut fours, mut columns) = ([zero; SIDE], [zero; SIDE], [zero; SIDE]);
    for i in (0..SIDE).step_by(2) {
        pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    for i in (0..SIDE).step_by(4) {
        for j in 0..2 {
            fours[i + 2 * j] = _mm512_unpacklo_epi64(pairs[i + j], pairs[i + j + 2]);
            fours[i + 2 * j + 1] = _mm512_unpackhi_epi64(pairs[i + j], pairs[i + j + 2]);
        }
    }
    // Now a quarter of `fours[4 g + j]`, its number l, is column 4 l + j of the rows from 4 g on.
    for j in 0..4 {
        let [a, b, c, d] = [fours[j], fours[4 + j], fours[8 + j], fours[12 + j]];
        let (even, even_below) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0x88>(c, d));
        let (odd, odd_below) = (_mm512_shuffle_i32x4::<0xdd>(a, b), _mm512_shuffle_i32x4::<0xdd>(c, d));
        columns[j] = _mm512_shuffle_i32x4::<0x88>(even, even_below);
        columns[4 + j] = _mm512_shuffle_i32x4::<0x88>(odd, odd_below);
        columns[8 + j] = _mm512_shuffle_i32x4::<0xdd>(even, even_below);
        columns[12 + j] = _mm512_shuffle_i32x4::<0xdd>(odd, odd_below);
    }
    columns
}

/// Writes the product of two matrices to `products`, `[left's kept axis, right's]`, or adds it to what is there.
///
/// # Safety
///
/// [`serve`] said yes, and so many numbers may be written; with `adds` they may be read as well.
pub unsafe fn multiply(left: Factor<'_>, right: Factor<'_>, products: *mut f32, adds: bool) {
    let (left, right) = (Source::of(left, left.is_turned), Source::of(right, !right.is_turned));
    assert!(left.summed() == right.summed() && [left, right].iter().all(|of| of.numbers.len() == of.rows * of.columns));
    let blocks = left.summed().div_ceil(DEEP);
    let [tall, wide] = [left, right].map(|factor| factor.kept().div_ceil(SIDE));
    // Two strips of the left serve once and can go, if they lie together.
    let together = if left.sums_rows { tall } else { 2 };
    let at_once = (CACHE / ((together + wide) * size_of::<Tile>())).clamp(1, blocks);
    let target = Target { numbers: products, rows: left.kept(), columns: right.kept() };
    let (mut lefts, mut rights) = (Vec::new(), Vec::new());
    // SAFETY: the processor has all of this, as `serve` says; tiles are read as long as their vectors stand, and what is
    // written lies within the target.
    unsafe {
        asm!("ldtilecfg [{}]", in(reg) &USE, options(nostack));
        for first in (0..blocks).step_by(at_once) {
            let blocks = first..blocks.min(first + at_once);
            let deep = blocks.len();
            right.tiles(0..wide, &blocks, &mut rights);
            for down in (0..tall).step_by(2) {
                if down % together == 0 {
                    left.tiles(down..tall.min(down + together), &blocks, &mut lefts);
                }
                let lefts = lefts.as_ptr().add(down % together * deep);
                let below = if down + 1 < tall { deep } else { 0 };
                for along in (0..wide).step_by(2) {
                    let rights = rights.as_ptr().add(along * deep);
                    let beside = if along + 1 < wide { deep } else { 0 };
                    let quad = Quad { target, row: down * SIDE, column: along * SIDE };
                    quad.load(adds || first > 0);
                    for block in 0..deep {
                        let (lefts, rights) = (lefts.add(block), rights.add(block));
                        add([lefts, lefts.add(below)], [rights, rights.add(beside)]);
                    }
                    quad.store();
                }
            }
        }
        asm!("tilerelease", options(nomem, nostack));
    }
}

/// Adds the products of two tiles of the left with two of the right to registers 0 to 3, row by row.
///
/// # Safety
///
/// The registers are in [use](USE), and the tiles can be read.
#[inline(always)]
unsafe fn add(lefts: [*const Tile; 2], rights: [*const Tile; 2]) {
    // SAFETY: as promised.
    unsafe {
        asm!(
            "tileloadd tmm4, [{left} + {stride}*1]",
            "tileloadd tmm6, [{right} + {stride}*1]",
            "tileloadd tmm7, [{beside} + {stride}*1]",
            "tileloadd tmm5, [{below} + {stride}*1]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            left = in(reg) lefts[0],
            below = in(reg) lefts[1],
            right = in(reg) rights[0],
            beside = in(reg) rights[1],
            stride = in(reg) size_of::<[u32; SIDE]>(),
            options(readonly, nostack),
        );
    }
}

/// Where a product is written.
#[derive(Clone, Copy)]
struct Target {
    numbers: *mut f32,
    rows: usize,
    columns: usize,
}

/// Two times two tiles of a target, from `row` and `column` on: registers 0 to 3. Those at its edges reach beyond it.
#[derive(Clone, Copy)]
struct Quad {
    target: Target,
    row: usize,
    column: usize,
}

impl Quad {
    fn is_within(self) -> bool {
        self.row + 2 * SIDE <= self.target.rows && self.column + 2 * SIDE <= self.target.columns
    }

    /// The tiles' first numbers.
    fn corners(self) -> [*mut f32; 4] {
        [[0, 0], [0, 1], [1, 0], [1, 1]].map(|[down, along]| {
            let (row, column) = (self.row + down * SIDE, self.column + along * SIDE);
            self.target.numbers.wrapping_add(row * self.target.columns + column)
        })
    }

    /// Between the target and `tiles`: copies of each run of numbers that both have, the target's first.
    ///
    /// # Safety
    ///
    /// As `copy` does with pointers to the target.
    unsafe fn exchange(self, tiles: *mut Tile, copy: impl Fn(*mut f32, *mut f32, usize)) {
        for (index, corner) in self.corners().into_iter().enumerate() {
            let rows = self.target.rows.saturating_sub(self.row + index / 2 * SIDE).min(SIDE);
            let columns = self.target.columns.saturating_sub(self.column + index % 2 * SIDE).min(SIDE);
            for row in 0..rows {
                let tile = tiles.wrapping_add(index).cast::<f32>();
                copy(corner.wrapping_add(row * self.target.columns), tile.wrapping_add(row * SIDE), columns);
            }
        }
    }

    /// Fills the registers from the target, or with zeros.
    ///
    /// # Safety
    ///
    /// The registers are in [use](USE), and the target can be read where it is to be.
    unsafe fn load(self, from_target: bool) {
        // SAFETY: as promised; at an edge only what lies within the target is read.
        unsafe {
            if !from_target {
                asm!("tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3", options(nomem, nostack));
            } else if self.is_within() {
                load_from(self.corners(), self.target.columns);
            } else {
                let mut tiles = [Tile([[0; SIDE]; SIDE]); 4];
                self.exchange(tiles.as_mut_ptr(), |number, tile, count| number.copy_to_nonoverlapping(tile, count));
                load_from(tiles.each_mut().map(|tile| (&raw mut *tile).cast()), SIDE);
            }
        }
    }

    /// Writes the registers to the target.
    ///
    /// # Safety
    ///
    /// The registers are in [use](USE), and the target can be written.
    unsafe fn store(self) {
        // SAFETY: as promised; at an edge only what lies within the target is written.
        unsafe {
            if self.is_within() {
                store_to(self.corners(), self.target.columns);
            } else {
                let mut tiles = [Tile([[0; SIDE]; SIDE]); 4];
                store_to(tiles.each_mut().map(|tile| (&raw mut *tile).cast()), SIDE);
                self.exchange(tiles.as_mut_ptr(), |number, tile, count| number.copy_from_nonoverlapping(tile, count));
            }
        }
    }
}

/// Fills registers 0 to 3 with rows that are `stride` numbers apart.
///
/// # Safety
///
/// The registers are in [use](USE), and all four can be read.
unsafe fn load_from(corners: [*mut f32; 4], stride: usize) {
    // SAFETY: as promised.
    unsafe {
        asm!(
            "tileloadd tmm0, [{0} + {stride}*4]",
            "tileloadd tmm1, [{1} + {stride}*4]",
            "tileloadd tmm2, [{2} + {stride}*4]",
            "tileloadd tmm3, [{3} + {stride}*4]",
            in(reg) corners[0],
            in(reg) corners[1],
            in(reg) corners[2],
            in(reg) corners[3],
            stride = in(reg) stride,
            options(readonly, nostack),
        );
    }
}

/// Writes registers 0 to 3 to rows that are `stride` numbers apart.
///
/// # Safety
///
/// The registers are in [use](USE), and all four can be written.
unsafe fn store_to(corners: [*mut f32; 4], stride: usize) {
    // SAFETY: as promised.
    unsafe {
        asm!(
            "tilestored [{0} + {stride}*4], tmm0",
            "tilestored [{1} + {stride}*4], tmm1",
            "tilestored [{2} + {stride}*4], tmm2",
            "tilestored [{3} + {stride}*4], tmm3",
            in(reg) corners[0],
            in(reg) corners[1],
            in(reg) corners[2],
            in(reg) corners[3],
            stride = in(reg) stride,
            options(nostack),
        );
    }
}
