"""The server as any editor meets it: driven over stdio by an LSP client that shares no code with it.

What the starter model writes is not judged, only the form of the answers.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import READY_TIMEOUT_S, SERVER, Running, Start, node
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient

ACCEPTED = "tramontane.completionAccepted"
REQUEST_CANCELLED = -32800
URI = "file:///project/src/sum.ts"
TEXT = """export function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const number of numbers) {
    total +=
  }
  return total;
}
"""
# Behind `total +=`, where something is plainly missing.
HOLE = types.Position(line=3, character=12)

pytestmark = pytest.mark.asyncio


def open_document(running: Running, text: str = TEXT) -> None:
    document = types.TextDocumentItem(uri=URI, language_id="typescript", version=1, text=text)
    running.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))


def inline_params(position: types.Position, kind: types.InlineCompletionTriggerKind) -> types.InlineCompletionParams:
    return types.InlineCompletionParams(
        text_document=types.TextDocumentIdentifier(uri=URI),
        position=position,
        context=types.InlineCompletionContext(trigger_kind=kind),
    )


async def complete(running: Running, position: types.Position, kind: types.InlineCompletionTriggerKind) -> list[types.InlineCompletionItem]:
    async with asyncio.timeout(READY_TIMEOUT_S):
        result = await running.client.text_document_inline_completion_async(inline_params(position, kind))
    if result is None:
        return []
    return list(result.items if isinstance(result, types.InlineCompletionList) else result)


def check_form(item: types.InlineCompletionItem, position: types.Position) -> None:
    assert isinstance(item.insert_text, str) and item.insert_text != ""
    assert item.range is not None
    # An editor shows ghost text only where the range is on the cursor's line and around the cursor.
    assert item.range.start.line == position.line == item.range.end.line
    assert item.range.start.character <= position.character <= item.range.end.character
    assert item.command is not None and item.command.command == ACCEPTED


async def test_announces_what_it_can_do(start: Start) -> None:
    running = await start()
    capabilities = running.initialized.capabilities
    assert capabilities.inline_completion_provider
    assert capabilities.execute_command_provider is not None
    assert ACCEPTED in capabilities.execute_command_provider.commands
    assert capabilities.position_encoding in (None, types.PositionEncodingKind.Utf16)
    assert running.initialized.server_info is not None and running.initialized.server_info.version


async def test_becomes_ready_with_the_starter_model(start: Start) -> None:
    status = await (await start()).status("ready")
    assert status.model.isStarter is True
    assert status.model.path.endswith("starter-fim.gguf")


@pytest.mark.parametrize("kind", list(types.InlineCompletionTriggerKind))
async def test_completes_inline_and_takes_the_news_that_it_was_accepted(start: Start, kind: types.InlineCompletionTriggerKind) -> None:
    running = await start()
    open_document(running)
    items = await complete(running, HOLE, kind)
    for item in items:
        check_form(item, HOLE)
    # An automatic request may rightly be answered with nothing; one that the user asked for has a plain hole to fill here.
    assert items or kind == types.InlineCompletionTriggerKind.Automatic
    for item in items:
        assert item.command is not None
        command = types.ExecuteCommandParams(command=ACCEPTED, arguments=item.command.arguments)
        assert await running.client.workspace_execute_command_async(command) is None


async def test_completes_what_the_document_has_become(start: Start) -> None:
    running = await start()
    open_document(running, "")
    change = types.TextDocumentContentChangePartial(range=types.Range(types.Position(0, 0), types.Position(0, 0)), text=TEXT)
    identifier = types.VersionedTextDocumentIdentifier(uri=URI, version=2)
    running.client.text_document_did_change(types.DidChangeTextDocumentParams(text_document=identifier, content_changes=[change]))
    items = await complete(running, HOLE, types.InlineCompletionTriggerKind.Invoked)
    assert items
    for item in items:
        check_form(item, HOLE)


async def test_answers_a_document_that_is_not_open_with_nothing(start: Start) -> None:
    assert await complete(await start(), HOLE, types.InlineCompletionTriggerKind.Invoked) == []


async def test_answers_a_cancelled_request_once(start: Start) -> None:
    running = await start()
    open_document(running)
    await running.status("ready")
    for attempt in range(5):
        params = inline_params(HOLE, types.InlineCompletionTriggerKind.Invoked)
        request = running.client.protocol.send_request_async(types.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id=f"cancel-{attempt}")
        running.client.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id=f"cancel-{attempt}"))
        async with asyncio.timeout(READY_TIMEOUT_S):
            try:
                await request
            except JsonRpcException as error:
                assert error.code == REQUEST_CANCELLED
    # And it still works.
    assert await complete(running, HOLE, types.InlineCompletionTriggerKind.Invoked)


async def test_lives_on_when_the_client_refuses_to_register_a_capability(start: Start) -> None:
    # This client says that it takes dynamic registrations and then answers them with MethodNotFound, as real ones do.
    running = await start(can_register=False)
    await running.status("ready")
    open_document(running)
    assert await complete(running, HOLE, types.InlineCompletionTriggerKind.Invoked)


async def test_refuses_commands_it_does_not_know(start: Start) -> None:
    running = await start()
    with pytest.raises(JsonRpcException):
        await running.client.workspace_execute_command_async(types.ExecuteCommandParams(command="tramontane.unknown"))
    with pytest.raises(JsonRpcException):
        await running.client.workspace_execute_command_async(types.ExecuteCommandParams(command=ACCEPTED, arguments=[{"not": "an id"}]))


async def test_answers_requests_that_do_not_fit_with_an_error(start: Start) -> None:
    running = await start()
    with pytest.raises(JsonRpcException) as invalid:
        await running.client.protocol.send_request_async("tramontane/chat", {"messages": []})
    assert invalid.value.code == -32602
    with pytest.raises(JsonRpcException) as unknown:
        await running.client.protocol.send_request_async("tramontane/noSuchMethod", {})
    assert unknown.value.code == -32601


PARAMETER = "def area(width, height):\n    half = width / 2\n    return half * height + width\n"
PYTHON_URI = "file:///project/src/area.py"


async def next_edit(running: Running, version: int, position: types.Position) -> Any:
    params = {"textDocument": {"uri": PYTHON_URI, "version": version}, "position": {"line": position.line, "character": position.character}}
    async with asyncio.timeout(READY_TIMEOUT_S):
        return await running.client.protocol.send_request_async("tramontane/nextEdit", params)


def replace_range(running: Running, version: int, change: Any, text: str) -> None:
    start, end = types.Position(change.start.line, change.start.character), types.Position(change.end.line, change.end.character)
    identifier = types.VersionedTextDocumentIdentifier(uri=PYTHON_URI, version=version)
    changed = types.TextDocumentContentChangePartial(range=types.Range(start, end), text=text)
    running.client.text_document_did_change(types.DidChangeTextDocumentParams(text_document=identifier, content_changes=[changed]))


async def test_offers_the_next_edit_after_a_renamed_parameter_until_it_is_dismissed(start: Start) -> None:
    running = await start(options={"nextEdit": {"useModel": "off"}})
    document = types.TextDocumentItem(uri=PYTHON_URI, language_id="python", version=1, text=PARAMETER)
    running.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
    elsewhere = types.Position(line=2, character=0)
    assert (await next_edit(running, 1, elsewhere)).why == "nothingChanged"
    name = types.Range(types.Position(0, 9), types.Position(0, 14))
    replace_range(running, 2, name, "breadth")
    # Where it was typed, a pause may still be one within the word.
    assert (await next_edit(running, 2, types.Position(line=0, character=16))).why == "typing"
    offer = await next_edit(running, 2, elsewhere)
    assert (offer.outcome, offer.kind, offer.oldText, offer.newText) == ("ok", "rename", "width", "breadth")
    # The place of the cursor comes first.
    assert offer.range.start.line == 2
    replace_range(running, 3, offer.range, offer.newText)
    following = await next_edit(running, 3, elsewhere)
    assert (following.outcome, following.range.start.line, following.newText) == ("ok", 1, "breadth")
    assert (await next_edit(running, 2, elsewhere)).why == "otherVersion"
    running.client.protocol.notify("tramontane/nextEditDismissed", {"id": following.id})
    assert (await next_edit(running, 3, elsewhere)).why == "turnedDown"


async def test_takes_the_news_that_a_suggestion_was_rejected(start: Start) -> None:
    running = await start()
    open_document(running)
    (item, *_) = await complete(running, HOLE, types.InlineCompletionTriggerKind.Invoked)
    assert item.command is not None
    command = types.ExecuteCommandParams(command="tramontane.completionRejected", arguments=item.command.arguments)
    assert await running.client.workspace_execute_command_async(command) is None
    assert await complete(running, HOLE, types.InlineCompletionTriggerKind.Automatic) == []
    # Asked for, there is an answer.
    assert await complete(running, HOLE, types.InlineCompletionTriggerKind.Invoked)


MISSING = "/nowhere/missing-model.gguf"


async def test_ignores_a_model_path_that_the_client_names(start: Start) -> None:
    running = await start(options={"model": {"path": MISSING}, "completion": {"maxTokens": 16}})
    await running.warning("model", "initializationOptions", "ignored")
    assert (await running.status("ready")).model.isStarter is True
    open_document(running)
    assert await complete(running, HOLE, types.InlineCompletionTriggerKind.Invoked)


async def check_names_the_missing_model(running: Running) -> None:
    status = await running.status("noModel")
    assert MISSING in status.cause
    assert status.action
    open_document(running)
    assert await complete(running, HOLE, types.InlineCompletionTriggerKind.Invoked) == []


async def test_takes_a_model_path_from_the_users_own_file(start: Start, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"model": {"path": MISSING}}), encoding="utf-8")
    await check_names_the_missing_model(await start("--config", str(config)))


async def test_takes_a_model_path_from_a_client_that_is_trusted(start: Start) -> None:
    await check_names_the_missing_model(await start("--trust-client-options", options={"model": {"path": MISSING}}))


async def test_the_users_own_file_has_the_last_word(start: Start, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"model": {"path": ""}}), encoding="utf-8")
    running = await start("--config", str(config), "--trust-client-options", options={"model": {"path": MISSING}})
    assert (await running.status("ready")).model.isStarter is True


def make_shop(folder: Path) -> tuple[Path, types.Position]:
    """A project in which the type before a dot is written down; returns the file with the dot, and the place behind it."""
    shop = folder / "shop"
    shop.mkdir()
    (shop / "cart.ts").write_text("export class Cart {\n  totalPrice(): number {\n    return 1;\n  }\n}\n", encoding="utf-8")
    main = shop / "main.ts"
    main.write_text("import { Cart } from './cart.js';\n\nexport function pay(cart: Cart): void {\n  cart.\n}\n", encoding="utf-8")
    return main, types.Position(line=3, character=7)


async def reason_for_the_member(running: Running, main: Path, position: types.Position, wanted: str) -> str:
    """Asks for the context until the member is told for the wanted reason: the index is built meanwhile."""
    document = types.TextDocumentItem(uri=main.as_uri(), language_id="typescript", version=1, text=main.read_text(encoding="utf-8"))
    running.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
    place = {"line": position.line, "character": position.character}
    params = {"purpose": "completion", "textDocument": {"uri": main.as_uri()}, "position": place}
    async with asyncio.timeout(READY_TIMEOUT_S):
        while True:
            answer = await running.client.protocol.send_request_async("tramontane/context", params)
            reasons = [item.reason for item in getattr(answer, "items", []) if getattr(item, "name", None) == "totalPrice"]
            if any(wanted in reason for reason in reasons):
                return reasons[0]
            await asyncio.sleep(0.1)


async def test_does_without_the_editors_language_services_where_none_are_offered(start: Start, tmp_path: Path) -> None:
    main, position = make_shop(tmp_path)
    running = await start("--trust-client-options", options={"storageDirectory": str(tmp_path / "storage")}, folder=main.parent)
    asked: list[Any] = []

    @running.client.feature("tramontane/languageServices")
    def on_ask(_client: LanguageClient, params: Any) -> Any:
        asked.append(params)
        return {"outcome": "nothing", "why": "unknown"}

    assert await reason_for_the_member(running, main, position, "what stands before the dot")
    assert asked == []


async def test_asks_the_editors_language_services_where_they_are_offered(start: Start, tmp_path: Path) -> None:
    main, position = make_shop(tmp_path)
    options = {"storageDirectory": str(tmp_path / "storage"), "languageServices": True}
    running = await start("--trust-client-options", options=options, folder=main.parent)
    asked: list[Any] = []

    @running.client.feature("tramontane/languageServices")
    def on_ask(_client: LanguageClient, params: Any) -> Any:
        asked.append(params)
        place = {"uri": (main.parent / "cart.ts").as_uri(), "position": {"line": 0, "character": 13}}
        return {"outcome": "types", "types": [place], "definitions": [], "isElsewhere": False}

    assert await reason_for_the_member(running, main, position, "language services")
    assert asked[0].ask == "types"
    assert (asked[0].position.line, asked[0].position.character) == (3, 2)


def frame(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def read_frames(output: bytes) -> list[dict[str, Any]]:
    """Takes the output apart to the last byte; anything that is no frame fails."""
    messages = []
    while output:
        header, separator, rest = output.partition(b"\r\n\r\n")
        assert separator, f"not a header: {output[:200]!r}"
        fields = dict(line.split(b": ", 1) for line in header.split(b"\r\n"))
        assert b"Content-Length" in fields, f"not a header: {header!r}"
        length = int(fields[b"Content-Length"])
        assert len(rest) >= length
        messages.append(json.loads(rest[:length]))
        output = rest[length:]
    return messages


@dataclass
class Ended:
    code: int
    output: bytes
    errors: bytes


async def run_raw(environment: dict[str, str], messages: list[dict[str, Any]], *arguments: str) -> Ended:
    """Writes the messages, each request after the answer to the one before, and keeps every byte that comes back."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(node(), str(SERVER), *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    output = b""
    async with asyncio.timeout(READY_TIMEOUT_S):
        for message in messages:
            process.stdin.write(frame(message))
            while "id" in message and b'"id":%d' % message["id"] not in output:
                chunk = await process.stdout.read(65536)
                assert chunk, f"The server ended before it answered {message['method']}: {output!r}"
                output += chunk
        # The input stays open: a server may take its end for the end of the client.
        rest, errors = await asyncio.gather(process.stdout.read(), process.stderr.read())
        code = await process.wait()
    return Ended(code, output + rest, errors)


INITIALIZE = {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}
# No engine is started without `initialized`, so none has to be ended.
SHUTDOWN = {"id": 2, "method": "shutdown"}
EXIT = {"method": "exit"}


async def test_ends_with_success_after_shutdown_and_writes_nothing_but_frames(environment: dict[str, str]) -> None:
    document = {"uri": URI, "languageId": "typescript", "version": 1, "text": TEXT}
    opened = {"method": "textDocument/didOpen", "params": {"textDocument": document}}
    ended = await run_raw(environment, [INITIALIZE, opened, SHUTDOWN, EXIT], "--stdio")
    answers = {message["id"]: message for message in read_frames(ended.output) if "id" in message and "method" not in message}
    assert sorted(answers) == [1, 2]
    assert "capabilities" in answers[1]["result"]
    assert answers[2].get("error") is None
    assert ended.code == 0


async def test_ends_with_failure_when_nobody_asked_it_to_shut_down(environment: dict[str, str]) -> None:
    ended = await run_raw(environment, [INITIALIZE, EXIT], "--stdio")
    read_frames(ended.output)
    assert ended.code == 1


async def test_refuses_a_configuration_file_that_is_no_json(environment: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "broken.json"
    config.write_text("{", encoding="utf-8")
    ended = await run_raw(environment, [], "--stdio", "--config", str(config))
    assert ended.code != 0
    assert ended.output == b""
    assert str(config).encode() in ended.errors
