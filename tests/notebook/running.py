"""The example's notebook, run in a kernel of its own, and drawn as a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOK = EXAMPLES / "reconciliation.ipynb"
WITHIN = 600
# What the kernel tells the tests, which is not in the notebook itself.
TOLD = """
import json

json.dump(
    {
        "planted": month.planted,
        "withheld": month.withheld,
        "settled": final.settlements.to_dicts(),
        "transferred": [str(transfer.settlement.amount) for transfer in bank.transfers],
        "before": report.to_dicts(),
        "after": final.to_dicts(),
        "totals": report.summary,
        "carts": [cart.to_dict() for cart in month.simulator.carts()],
        "checked": [
            str(request.transaction_id)
            for request in month.simulator.requests()
            if request.endpoint == "CheckCart"
        ],
        "unverified": [str(check.transaction_id) for check in counter_checks],
    },
    open("told.json", "w"),
    default=str,
)
"""


def run(folder: Path) -> tuple[Any, dict[str, Any]]:
    """Run the notebook in a folder, in a fresh kernel; return it with its outputs, and what it told."""
    ignored = shutil.ignore_patterns("may", "__pycache__")
    shutil.copytree(EXAMPLES / "reconciliation", folder / "reconciliation", ignore=ignored)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    notebook.cells.append(nbformat.v4.new_code_cell(TOLD))
    client = NotebookClient(
        notebook,
        timeout=WITHIN,
        kernel_name="python3",
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    notebook.cells.pop()
    # The kernel's own version is of no interest to whoever reads the notebook.
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook, json.loads((folder / "told.json").read_text())


def page(notebook: Any, theme: str, tag: str | None = None) -> str:
    """Return the notebook as HTML that loads nothing: all of it, or the outputs of the cells with a tag."""
    exporter = HTMLExporter(theme=theme, exclude_input=tag is not None)
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    for loaded in ("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url"):
        setattr(exporter, loaded, "")
    shown = notebook
    if tag is not None:
        shown = nbformat.v4.new_notebook(
            metadata=notebook.metadata,
            cells=[cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])],
        )
    html, _ = exporter.from_notebook_node(shown)
    return str(html)
