"""Starts the built server over stdio for each test, with an engine of the test's own, and leaves no process behind.

It knows processes, directories and the handshake. It must not know what a test expects.
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

ROOT = Path(__file__).resolve().parents[3]
SERVER = ROOT / "dist" / "server.mjs"
READY_TIMEOUT_S = 30


def node() -> str:
    """The Node that the test runner chose, else the one of this checkout, else the machine's."""
    chosen = os.environ.get("TRAMONTANE_TEST_NODE")
    pinned = next((ROOT / ".tools" / "node_modules").glob("node-*/bin/node"), None)
    found = chosen or (str(pinned) if pinned else shutil.which("node"))
    assert found, "There is no node to start the server with."
    return found


@dataclass
class Running:
    """A server that has answered `initialize`, and what it has said since."""

    client: LanguageClient
    initialized: types.InitializeResult
    statuses: list[Any] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def status(self, *states: str) -> Any:
        """Waits until the last status is one of `states`, and returns it."""
        async with asyncio.timeout(READY_TIMEOUT_S), self.changed:
            await self.changed.wait_for(lambda: not self.lives or (bool(self.statuses) and self.statuses[-1].state in states))
            assert self.lives, "The server ended."
            return self.statuses[-1]

    @property
    def lives(self) -> bool:
        process = self.client._server
        return process is not None and process.returncode is None

    async def tell_end(self) -> None:
        """Wakes whoever waits for a status when the server ends instead."""
        if self.client._server:
            await self.client._server.wait()
        async with self.changed:
            self.changed.notify_all()

    async def warning(self, *parts: str) -> str:
        """Waits for a logged warning that holds all of `parts`."""
        async with asyncio.timeout(READY_TIMEOUT_S):
            while True:
                for message in self.client.log_messages:
                    if message.type == types.MessageType.Warning and all(part in message.message for part in parts):
                        return message.message
                await self.client.wait_for_notification(types.WINDOW_LOG_MESSAGE)


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
def runtime_directory() -> Any:
    # Short, since a socket's path may have 104 bytes; inside the runner's own, so that it finds what a test forgot.
    directory = tempfile.mkdtemp(prefix="r", dir=os.environ.get("TRAMONTANE_RUNTIME_DIR"))
    os.chmod(directory, 0o700)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def environment(runtime_directory: str) -> dict[str, str]:
    return {**os.environ, "TRAMONTANE_RUNTIME_DIR": runtime_directory}


@pytest_asyncio.fixture
async def start(environment: dict[str, str]) -> AsyncIterator[Start]:
    """A function that starts a server with further arguments and `initializationOptions`, and takes it through the handshake."""
    servers: list[Running] = []
    ends: list[asyncio.Task[None]] = []

    async def start_one(*arguments: str, options: Any = None, can_register: bool = True, folder: Path | None = None) -> Running:
        assert SERVER.exists(), "dist/server.mjs is missing: run npm run build."
        client = make_test_lsp_client()
        await client.start_io(node(), str(SERVER), "--stdio", *arguments, env=environment)
        running = Running(client, initialized=None)  # type: ignore[arg-type]
        ends.append(asyncio.create_task(running.tell_end()))

        @client.feature("tramontane/status")
        async def on_status(_client: LanguageClient, status: Any) -> None:
            async with running.changed:
                running.statuses.append(status)
                running.changed.notify_all()

        if can_register:

            @client.feature(types.CLIENT_REGISTER_CAPABILITY)
            def on_register(_client: LanguageClient, _params: types.RegistrationParams) -> None:
                return None

        servers.append(running)
        async with asyncio.timeout(READY_TIMEOUT_S):
            running.initialized = await client.initialize_session(
                types.InitializeParams(
                    capabilities=client_capabilities("visual-studio-code"),
                    workspace_folders=[types.WorkspaceFolder(uri=folder.as_uri(), name=folder.name)] if folder else None,
                    root_uri=None,
                    initialization_options=options,
                )
            )
        return running

    yield start_one
    for running in servers:
        await end(running)
    await asyncio.gather(*ends)


async def end(running: Running) -> None:
    """Ends the server and its engine: an engine outlives its server on purpose, and the next test wants one of its own."""
    if not running.lives:
        return
    async with asyncio.timeout(READY_TIMEOUT_S):
        answer = await running.client.protocol.send_request_async("tramontane/engineStatus", None)
        await running.client.shutdown_session()
        await running.client.stop()
    if answer.outcome == "ok":
        try:
            os.kill(answer.value.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
