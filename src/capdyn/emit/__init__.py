"""From a System to something that runs: `llvm` (fast) and `interpret` (slow and obvious)."""
