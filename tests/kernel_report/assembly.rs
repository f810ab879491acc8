//! The text of RDNA machine code, as Mesa prints it, and the loops in it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

/// What one instruction does; of a dual instruction (`v_dual_… :: v_dual_…`), each half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub mnemonic: String,
}

/// A kernel's machine code.
#[derive(Debug)]
pub struct Assembly {
    blocks: Vec<Block>,
}

/// Operations that run one after another, and where they lead.
#[derive(Debug, Default)]
struct Block {
    label: Option<String>,
    operations: Vec<Operation>,
    /// The label that its last operation may jump to.
    jump: Option<String>,
    /// Whether nothing leads from it into the next block.
    closed: bool,
}

/// What is repeated between a start and a jump back to it, without what a loop inside repeats.
#[derive(Debug)]
pub struct Loop {
    /// The label of its start, as in the text.
    pub label: String,
    /// 1 for a loop that stands in no other.
    pub depth: u32,
    pub operations: Vec<Operation>,
}

impl Assembly {
    /// Of Mesa's text, or what cannot be read in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut blocks = Vec::new();
        let mut block = Block::default();
        let mut previous = Vec::new();
        for line in text.lines() {
            // After the semicolon stands the instruction in hexadecimal.
            let line = line.split(';').next().unwrap_or_default().trim();
            if line.starts_with("/*") {
                // Constants follow the code.
                break;
            }
            if let Some(label) = line.strip_suffix(':') {
                blocks.push(take(&mut block));
                block.label = Some(label.to_owned());
                continue;
            }
            if let Some(times) = line.strip_prefix("(then repeated ") {
                let times = times.split(' ').next().and_then(|times| times.parse().ok());
                let times: usize = times.ok_or_else(|| format!("repeated how often? {line}"))?;
                (0..times).for_each(|_| block.operations.extend_from_slice(&previous));
                continue;
            }
            if line.starts_with('(') {
                return Err(format!("not all of the machine code could be read: {line}"));
            }
            previous = line.split("::").filter_map(operation).collect();
            block.operations.extend_from_slice(&previous);
            let Some(Operation { mnemonic }) = previous.last() else { continue };
            let jumps = mnemonic.starts_with("s_branch") || mnemonic.starts_with("s_cbranch");
            if jumps {
                block.jump = line.split_whitespace().last().map(str::to_owned);
            }
            block.closed = mnemonic == "s_branch" || mnemonic == "s_endpgm";
            if jumps || block.closed {
                blocks.push(take(&mut block));
            }
        }
        blocks.push(block);
        match blocks.iter().all(|block| block.operations.is_empty()) {
            true => Err(format!("no machine code: {}", text.lines().next().unwrap_or_default())),
            false => Ok(Self { blocks }),
        }
    }

    /// Everything, in order.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.blocks.iter().flat_map(|block| &block.operations)
    }

    /// Its loops, in the order in which they start.
    pub fn loops(&self) -> Vec<Loop> {
        let before = self.predecessors();
        // By the block that they start with, since several places may go back to one.
        let mut bodies: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (start, sources) in before.iter().enumerate() {
            for &source in sources.iter().filter(|&&source| source >= start) {
                bodies.entry(start).or_default().extend(body(start, source, &before));
            }
        }
        let describe = |(start, body): (&usize, &BTreeSet<usize>)| {
            let inner: Vec<_> = bodies.iter().filter(|(at, _)| *at != start && body.contains(at)).collect();
            let own = body.iter().filter(|block| !inner.iter().any(|(_, inside)| inside.contains(block)));
            Loop {
                label: self.blocks[*start].label.clone().unwrap_or_default(),
                depth: bodies.values().filter(|around| around.contains(start)).count() as u32,
                operations: own.flat_map(|&block| self.blocks[block].operations.iter().cloned()).collect(),
            }
        };
        bodies.iter().map(describe).collect()
    }

    /// For each block, those that lead to it.
    fn predecessors(&self) -> Vec<Vec<usize>> {
        let labelled = self.blocks.iter().enumerate().filter_map(|(at, block)| Some((block.label.as_deref()?, at)));
        let places: BTreeMap<&str, usize> = labelled.collect();
        let mut before = vec![Vec::new(); self.blocks.len()];
        for (at, block) in self.blocks.iter().enumerate() {
            let jump = block.jump.as_deref().and_then(|label| places.get(label).copied());
            let next = (!block.closed && at + 1 < self.blocks.len()).then_some(at + 1);
            jump.into_iter().chain(next).for_each(|to| before[to].push(at));
        }
        before
    }
}

/// A natural loop: its start, the block that jumps back to it, and all from which that block is reached without passing
/// the start. The compiler's control flow is structured, so the start is the only way in.
fn body(start: usize, back: usize, before: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut body = BTreeSet::from([start]);
    let mut open = vec![back];
    while let Some(block) = open.pop() {
        if body.insert(block) {
            open.extend(&before[block]);
        }
    }
    body
}

fn operation(text: &str) -> Option<Operation> {
    Some(Operation { mnemonic: text.split_whitespace().next()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end of a matrix product for Navi 21, shortened: a loop over the steps of `k` around one within a tile.
    const NESTED: &str = "\
BB0:
	v_lshrrev_b32_e32 v1, 3, v0                                 ; 2c020083
	s_mov_b32 s0, 0                                             ; be800380
BB1:
	s_buffer_load_dword s1, s[8:11], 0x8                        ; f4200044 fa000008
	s_waitcnt lgkmcnt(0)                                        ; bf8cc07f
	s_cmp_ge_u32 s0, s1                                         ; bf090100
	s_cbranch_scc1 BB10                                         ; bf8500cc
BB4:
	buffer_load_dwordx4 v[72:75], v69, s[12:15], 0 offen        ; e0381000 80034845
	s_waitcnt vmcnt(0)                                          ; bf8c3f70
	ds_write_b128 v67, v[72:75]                                 ; db7c0000 00004843
	s_mov_b32 s1, 0                                             ; be810380
BB5:
	s_cmp_ge_u32 s1, 16                                         ; bf099001
	s_cbranch_scc1 BB9                                          ; bf850053
BB8:
	ds_read_b128 v[68:71], v67                                  ; dbfc0000 44000043
	s_waitcnt lgkmcnt(0)                                        ; bf8cc07f
	v_fmac_f32_e32 v6, v68, v76                                 ; 560c9944
	v_fmac_f32_e32 v5, v68, v77                                 ; 560a9b44
	s_add_u32 s1, s1, 1                                         ; 80018101
	s_branch BB5                                                ; bf82ffab
BB9:
	s_add_u32 s0, s0, 16                                        ; 80009000
	s_branch BB1                                                ; bf82ff2a
BB10:
	buffer_store_dwordx4 v[2:5], v6, s[0:3], 0 offen glc        ; e0785000 80000206
	s_endpgm                                                    ; bf810000

/* constant data */
[000000] 3f800000 00000000
";

    fn mnemonics(operations: &[Operation]) -> Vec<&str> {
        operations.iter().map(|operation| operation.mnemonic.as_str()).collect()
    }

    #[test]
    fn a_loop_owns_what_no_loop_inside_it_repeats() {
        let loops = Assembly::parse(NESTED).unwrap().loops();
        let [outer, inner] = loops.as_slice() else { panic!("{loops:?}") };
        assert_eq!((outer.label.as_str(), outer.depth), ("BB1", 1));
        assert_eq!((inner.label.as_str(), inner.depth), ("BB5", 2));
        let expected = "s_buffer_load_dword s_waitcnt s_cmp_ge_u32 s_cbranch_scc1 buffer_load_dwordx4 s_waitcnt ds_write_b128 \
             s_mov_b32 s_add_u32 s_branch";
        assert_eq!(mnemonics(&outer.operations).join(" "), expected);
        let expected =
            "s_cmp_ge_u32 s_cbranch_scc1 ds_read_b128 s_waitcnt v_fmac_f32_e32 v_fmac_f32_e32 s_add_u32 s_branch";
        assert_eq!(mnemonics(&inner.operations).join(" "), expected);
        assert_eq!(Assembly::parse(NESTED).unwrap().operations().count(), 22);
    }

    #[test]
    fn what_only_leaves_a_loop_is_not_in_it() {
        let text = "\
BB1:
	v_add_f32_e32 v0, v0, v1                                    ; 06000300
	s_cbranch_vccz BB3                                          ; bf860002
	v_mov_b32_e32 v5, 0                                         ; 7e0a0280
	s_endpgm                                                    ; bf810000
BB3:
	s_cbranch_scc0 BB1                                          ; bf84fffa
	s_endpgm                                                    ; bf810000
";
        let loops = Assembly::parse(text).unwrap().loops();
        assert_eq!(loops.len(), 1);
        assert_eq!(mnemonics(&loops[0].operations), ["v_add_f32_e32", "s_cbranch_vccz", "s_cbranch_scc0"]);
    }

    #[test]
    fn a_block_that_jumps_back_to_itself_is_a_loop() {
        let text = "\
	s_mov_b32 s0, 0                                             ; be800080
BB2:
	v_dual_fmac_f32 v1, v2, v3 :: v_dual_mov_b32 v4, v5         ; c8100000 01040000
	s_delay_alu instid0(VALU_DEP_1)                             ; bf870001
	s_cbranch_scc1 BB2                                          ; bfa2fffc
	s_endpgm                                                    ; bfb00000
";
        let loops = Assembly::parse(text).unwrap().loops();
        assert_eq!(loops.len(), 1);
        let expected = ["v_dual_fmac_f32", "v_dual_mov_b32", "s_delay_alu", "s_cbranch_scc1"];
        assert_eq!(mnemonics(&loops[0].operations), expected);
    }

    #[test]
    fn what_is_printed_once_and_repeated_counts_as_often_as_it_runs() {
        let text = "\
	v_nop                                                       ; 7e000000
	(then repeated 3 times)
	s_endpgm                                                    ; bf810000
";
        let assembly = Assembly::parse(text).unwrap();
        let all: Vec<_> = assembly.operations().cloned().collect();
        assert_eq!(mnemonics(&all), ["v_nop", "v_nop", "v_nop", "v_nop", "s_endpgm"]);
        assert!(assembly.loops().is_empty());
    }

    #[test]
    fn what_is_no_machine_code_is_refused() {
        assert!(Assembly::parse("").is_err());
        assert!(Assembly::parse("BB0:\n\n/* constant data */\n").is_err());
        let unread = "BB0:\n\t(invalid instruction)    ; ffffffff\n\ts_endpgm    ; bf810000\n";
        assert!(Assembly::parse(unread).unwrap_err().contains("(invalid instruction)"));
    }
}
