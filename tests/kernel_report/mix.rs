//! What a stretch of machine code is made of.

use serde::Serialize;

use super::assembly::{Assembly, Loop, Operation};

/// Operations by kind.
///
/// Everything that is issued is of one kind, waits and hints to the scheduler among them, so that a share of the whole
/// says how much of what a subgroup goes through is work. The halves of a dual instruction count as one each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Mix {
    /// Of floating-point numbers, and dot products: what a matrix product is made of. Integer ones compute addresses
    /// and are vector operations like others.
    pub multiply_adds: u32,
    /// Everything else in the vector unit: addresses, unpacking, conversions, moves.
    pub vector: u32,
    /// Of workgroup memory, and of lanes that read each other by way of it.
    pub workgroup: u32,
    /// Of buffers and scratch, each lane its own.
    pub memory: u32,
    /// Of buffers and their descriptors, one value for all lanes.
    pub scalar_memory: u32,
    /// Counting, comparing and branching.
    pub scalar: u32,
    /// Waits, barriers and hints.
    pub waits: u32,
}

impl Mix {
    pub fn of<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> Self {
        let mut mix = Self::default();
        for operation in operations {
            *mix.kind(&operation.mnemonic) += 1;
        }
        mix
    }

    pub fn all(&self) -> u32 {
        self.multiply_adds + self.vector + self.workgroup + self.memory + self.scalar_memory + self.scalar + self.waits
    }

    /// The share of multiply-adds in all, 0 … 1.
    pub fn density(&self) -> f64 {
        f64::from(self.multiply_adds) / f64::from(self.all().max(1))
    }

    fn kind(&mut self, mnemonic: &str) -> &mut u32 {
        const SCALAR_MEMORY: [&str; 5] = ["s_load", "s_buffer_load", "s_scratch_load", "s_store", "s_buffer_store"];
        const WAITS: [&str; 7] =
            ["s_wait", "s_nop", "s_delay_alu", "s_clause", "s_barrier", "s_inst_prefetch", "s_set_inst_prefetch"];
        if mnemonic.starts_with("v_") {
            if is_multiply_add(mnemonic) { &mut self.multiply_adds } else { &mut self.vector }
        } else if mnemonic.starts_with("ds_") {
            &mut self.workgroup
        } else if starts(mnemonic, &SCALAR_MEMORY) {
            &mut self.scalar_memory
        } else if starts(mnemonic, &WAITS) {
            &mut self.waits
        } else if mnemonic.starts_with("s_") {
            &mut self.scalar
        } else {
            // buffer_, global_, flat_, scratch_ and their like.
            &mut self.memory
        }
    }
}

fn is_multiply_add(mnemonic: &str) -> bool {
    const PREFIXES: [&str; 3] = ["v_", "dual_", "pk_"];
    const SUMS: [&str; 8] = ["fma_", "fmac_", "fmaak_", "fmamk_", "mac_", "mad_", "madak_", "madmk_"];
    const INTEGERS: [&str; 8] = ["_u16", "_i16", "_u24", "_i24", "_u32", "_i32", "_u64", "_i64"];
    let name = PREFIXES.iter().fold(mnemonic, |name, prefix| name.strip_prefix(prefix).unwrap_or(name));
    let of_integers = INTEGERS.iter().any(|integer| name.contains(integer));
    starts(name, &["dot", "wmma", "swmmac"]) || starts(name, &SUMS) && !of_integers
}

fn starts(name: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| name.starts_with(beginning))
}

/// The loop in which a kernel does its work: the one with the most multiply-adds of its own, where every loop is taken to
/// run four times for each time that the one around it does. Without multiply-adds, the deepest, and of those the
/// longest. `None` without loops.
pub fn hot_loop(assembly: &Assembly) -> Option<Loop> {
    assembly.loops().into_iter().max_by_key(|each| {
        let mix = Mix::of(&each.operations);
        (u64::from(mix.multiply_adds) << (2 * each.depth.min(16)), each.depth, mix.all())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_of_one_kind() {
        let text = "\
	v_fmac_f32_e32 v6, v68, v76                                 ; 560c9944
	v_fma_f32 v5, v68, v77, -v3                                 ; d54b0005 840e9b44
	v_fmamk_f32 v6, v68, 0x3f000000, v76                        ; 580c9944 3f000000
	v_pk_fma_f16 v1, v2, v3, v1                                 ; cc0e4001 1c060702
	v_fma_mix_f32 v1, v2, v3, v1 op_sel_hi:[1,1,0]              ; cc204001 0c060702
	v_dot4_i32_i8 v5, s5, v5, 0                                 ; cc164005 1a020a05
	v_dot4_i32_iu8 v2, s4, v4, v5 neg_lo:[1,1,0]                ; cc164002 7c160804
	v_dual_fmac_f32 v1, v2, v3 :: v_dual_fmac_f32 v4, v5, v6    ; c8000702 01040d05
	v_mad_u32_u24 v3, v1, 4, v2                                 ; d5430003 04090901
	v_mad_u64_u32 v[3:4], null, v1, 4, v[2:3]                   ; d5767d03 04090901
	v_mul_f32_e32 v0, v1, v2                                    ; 10000501
	v_cvt_f32_ubyte0_e32 v0, v1                                 ; 7e002301
	ds_read_b128 v[68:71], v67                                  ; dbfc0000 44000043
	buffer_load_dwordx4 v[72:75], v69, s[12:15], 0 offen        ; e0381000 80034845
	scratch_store_b128 off, v[4:7], exec_hi                     ; dc750000 007f0480
	s_buffer_load_dword s1, s[8:11], 0x8                        ; f4200044 fa000008
	s_load_b128 s[8:11], s[4:5], 0x30                           ; f4080202 f8000030
	s_cmp_ge_u32 s1, 16                                         ; bf099001
	s_waitcnt lgkmcnt(0)                                        ; bf8cc07f
	s_waitcnt_depctr 0xfff                                      ; bf880fff
	s_delay_alu instid0(VALU_DEP_1)                             ; bf870001
	s_clause 0x1                                                ; bfa10001
	s_barrier                                                   ; bf8a0000
	s_endpgm                                                    ; bf810000
";
        let assembly = Assembly::parse(text).unwrap();
        let mix = Mix::of(assembly.operations());
        let expected =
            Mix { multiply_adds: 9, vector: 4, workgroup: 1, memory: 2, scalar_memory: 2, scalar: 2, waits: 5 };
        assert_eq!(mix, expected);
        assert_eq!((mix.all(), mix.density()), (25, 9.0 / 25.0));
        assert_eq!(Mix::default().density(), 0.0);
    }

    /// A loop of `sums` multiply-adds, and `inside` in the middle of it.
    fn repeat(label: &str, sums: usize, inside: &str) -> String {
        let sums = "\tv_fmac_f32_e32 v6, v68, v76    ; 560c9944\n".repeat(sums);
        format!("{label}:\n{sums}{inside}\ts_cbranch_scc1 {label}    ; bf850000\n")
    }

    fn hottest(text: &str) -> String {
        hot_loop(&Assembly::parse(text).unwrap()).unwrap().label
    }

    #[test]
    fn work_is_done_where_the_multiply_adds_are() {
        assert_eq!(hottest(&repeat("BB1", 8, &repeat("BB2", 8, ""))), "BB2");
        // A tile is filled in a loop inside; the products stand unrolled around it.
        assert_eq!(hottest(&repeat("BB1", 64, &repeat("BB2", 0, ""))), "BB1");
        // Scales are applied after each block.
        assert_eq!(hottest(&repeat("BB1", 64, &repeat("BB2", 32, ""))), "BB2");
        assert_eq!(hottest(&format!("{}{}", repeat("BB1", 4, ""), repeat("BB2", 5, ""))), "BB2");
        assert_eq!(hottest(&repeat("BB1", 0, &repeat("BB2", 0, ""))), "BB2");
        assert!(hot_loop(&Assembly::parse("\ts_endpgm    ; bf810000\n").unwrap()).is_none());
    }
}
