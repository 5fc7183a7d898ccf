"""The kernel of a run: this very interpreter, whatever kernels are registered on the machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager


def kernel_manager_class(log_file: Path) -> type[AsyncKernelManager]:
    """Return a class that starts kernels with the interpreter and the import path of this process.

    A registered ``python3`` kernel may belong to another environment, and there may be none.

    Parameters
    ----------
    log_file : pathlib.Path
        Where the kernel process writes what it has to say outside of its cells.
    """

    class SameEnvironmentKernelManager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(**get_kernel_dict(["--log-level=ERROR"]), env=_environment())

        async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
            with open(log_file, "ab") as log:
                await super()._async_launch_kernel(kernel_cmd, **(kw | {"stdout": log, "stderr": log}))

    return SameEnvironmentKernelManager


def _environment() -> dict[str, str]:
    # A figure must land in the notebook even where MPLBACKEND asks for something else.
    told = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    if path := os.environ.get("PYTHONPATH"):
        # The kernel starts in another folder, where relative entries would mean something else.
        told["PYTHONPATH"] = os.pathsep.join(str(Path(entry).absolute()) for entry in path.split(os.pathsep) if entry)
    return told
