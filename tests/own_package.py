"""The packages in `examples/` that bring something of their own, found by their entry points."""

import tomllib
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
MAX_LINES = 80


def install(example: Path, packages: Path) -> None:
    """What `pip install` would leave of an example's pyproject.toml beside the code."""
    project = tomllib.loads((example / "pyproject.toml").read_text())["project"]
    info = packages / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
