#!/usr/bin/env python3
"""Of scripts/mca.py: what it reads out of a disassembly and out of llvm-mca's report."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import mca  # noqa: E402

DISASSEMBLY = """
int8_i8mm.cc.o:\tfile format elf64-littleaarch64

0000000000000000 <void pare::(anonymous namespace)::Tile<3ul>(pare::MatmulArgs const&)>:
       0:      \tmov\tx1, #0x0               // =0
       4:      \tldr\tq0, [x1], #0x10
       8:      \tsmmla\tv25.4s, v2.16b, v14.16b
       c:      \tsdot\tv1.4s, v2.16b, v3.4b[0]
      10:      \tb.ne\t0x4 <void pare::(anonymous namespace)::Tile<3ul>(pare::MatmulArgs const&)+0x4>
      14:      \tcbnz\tx3, 0x0 <void pare::(anonymous namespace)::Tile<3ul>(pare::MatmulArgs const&)>
      18:      \tfmla\tv0.4s, v1.4s, v2.4s
      1c:      \tbl\t0x40 <other>
      20:      \ttbz\tw0, #0x3, 0x18 <void pare::(anonymous namespace)::Tile<3ul>()+0x18>
      24:      \tret
0000000000000040 <other>:
      40:      \tb.eq\t0x4c <other+0xc>
      44:      \tret
"""


class Mca(unittest.TestCase):
    def test_products(self):
        for instruction, count in (("fmla v0.4s, v1.4s, v2.s[0]", 4), ("fmla v0.2s, v1.2s, v2.2s", 2),
                                   ("sdot v1.4s, v2.16b, v3.4b[0]", 16), ("smmla v1.4s, v2.16b, v3.16b", 32),
                                   ("smlal2 v1.4s, v2.8h, v3.8h", 4), ("smull v1.8h, v2.8b, v3.8b", 8),
                                   ("bfmmla v1.4s, v2.8h, v3.8h", 16), ("fmul v0.4s, v1.4s, v2.4s", 0),
                                   ("mul x0, x1, x2", 0), ("smull x0, w1, w2", 0)):
            self.assertEqual(mca.products(instruction), count, instruction)

    def test_innermost_loops_without_calls(self):
        found = mca.functions(DISASSEMBLY)
        self.assertEqual([(mca.short(name), len(code)) for name, code in found],
                         [("Tile<3ul>", 10), ("other", 2)])
        bodies = mca.inner_loops(found[0][1])
        self.assertEqual(len(bodies), 1)  # neither the loop around it nor the one that calls
        self.assertEqual(bodies[0][0], "ldr q0, [x1], #0x10")
        self.assertEqual(sum(mca.products(i) for i in bodies[0]), 48)
        self.assertEqual(mca.inner_loops(found[1][1]), [])

    def test_branches_go_to_the_start(self):
        text = mca.assembly(["ldr q0, [x1]", "tbz w0, #0x3, 0x18 <f+0x18>", "b.ne 0x4 <f+0x4>"])
        self.assertEqual(text, ".Lloop:\nldr q0, [x1]\ntbz w0, #0x3, .Lloop\nb.ne .Lloop\n")

    def test_report(self):
        self.assertEqual(mca.total_cycles("Iterations:  200\nTotal Cycles:      2409\n"), 2409)
        self.assertIsNone(mca.total_cycles("error: instruction requires: dotprod"))


if __name__ == "__main__":
    unittest.main()
