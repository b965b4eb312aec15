"""How an application becomes a score, and a score becomes terms (R45-R46, R130, R141).

`sources` says what is known, `models` with what it is judged, `scores` computes,
`reasons` explains, `ranking` compares, `cards` learns from what became of loans.
"""

from __future__ import annotations
