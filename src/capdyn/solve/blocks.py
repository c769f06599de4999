"""Block matrices for systems that carry several copies of a smaller one."""

from __future__ import annotations

from typing import Any

import numpy as np


def along_diagonal(first: np.ndarray, repeated: np.ndarray, count: int, sparse: bool) -> Any:
    """`first`, then `count` times `repeated`, along the diagonal of a square matrix.

    first : shape (n, n); repeated : shape (m, m). Result of shape (n + count m, n + count m), as a
    `scipy.sparse.csc_matrix` if `sparse`, else an ndarray.
    """
    from scipy.sparse import block_diag, csc_matrix

    blocks = [first, *[repeated] * (count if repeated.size else 0)]
    joined = csc_matrix(block_diag(blocks))
    return joined if sparse else joined.toarray()
