"""Remake the committed samples, data/sample and data/sample_zh, from their seed."""

from __future__ import annotations

from pathlib import Path

from funnelml.io.sample import write_sample
from funnelml.synthetic import SAMPLE_SEED, sample_world, simulate_crm

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write both samples and say what they hold."""
    english, chinese = sample_world("en"), sample_world("zh")
    for world, name, encoding in ((english, "sample", "utf-8"), (chinese, "sample_zh", "gb18030")):
        crm = simulate_crm(world, seed=SAMPLE_SEED)
        paths = write_sample(crm, ROOT / "data" / name, encoding=encoding)
        size = sum(path.stat().st_size for path in paths)
        print(f"data/{name}: {crm.summary()} {size / 1000:,.0f} kB in {len(paths)} files.")


if __name__ == "__main__":
    main()
