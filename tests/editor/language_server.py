"""A JSON language server as an editor talks to it: the Language Server Protocol over stdio."""

import json
import queue
import subprocess
import threading
from pathlib import Path

# How long an answer may take, in seconds. It is there so that a broken server ends the run.
PATIENCE = 60


class LanguageServer:
    """A running server. `schemas` are the texts that the editor has for addresses of schemas."""

    def __init__(self, command, schemas, settings=()):
        self._schemas = schemas
        self._settings = {"json": {"validate": {"enable": True}, "schemas": list(settings)}}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._replies = queue.Queue()
        self._diagnostics = queue.Queue()
        self._last = 0
        self._names = 0
        self.asked = []
        threading.Thread(target=self._read, daemon=True).start()
        snippets = {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}}
        self.request("initialize", {
            "processId": None,
            "rootUri": None,
            # The editor fetches schemas itself, as VS Code does.
            "initializationOptions": {"handledSchemaProtocols": ["file"], "provideFormatter": False},
            "capabilities": {
                "textDocument": {
                    "completion": snippets,
                    "hover": {"contentFormat": ["markdown"]},
                    "publishDiagnostics": {},
                },
                "workspace": {"configuration": False},
            },
        })
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": self._settings}})

    def stop(self):
        """Ends the server."""
        self.request("shutdown", None)
        self._send({"method": "exit", "params": None})
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()

    def request(self, method, params):
        """The result of a request."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        reply = self._replies.get(timeout=PATIENCE)
        assert reply["id"] == self._last, reply
        assert "error" not in reply, reply
        return reply["result"]

    def open(self, text, path=None):
        """Opens a document in the editor; its diagnostics."""
        [(uri, found)] = self.open_all([text], path)
        return uri, found

    def open_all(self, texts, path=None):
        """Opens documents at once: the server takes half a second before it looks at one."""
        uris = []
        for text in texts:
            self._names += 1
            uris.append(f"file:///project/{path or f'{self._names}.json'}")
            document = {"uri": uris[-1], "languageId": "json", "version": 1, "text": text}
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        found = {}
        while not found.keys() >= set(uris):
            one = self._diagnostics.get(timeout=PATIENCE)
            found[one["uri"]] = one["diagnostics"]
        return [(uri, found[uri]) for uri in uris]

    def close(self, uri):
        """Closes a document."""
        params = {"textDocument": {"uri": uri}}
        self._send({"method": "textDocument/didClose", "params": params})

    def diagnostics(self, text, path=None):
        """What the editor underlines: the text that is underlined, and the message."""
        uri, found = self.open(text, path)
        self.close(uri)
        return [(_slice(text, one["range"]), one["message"]) for one in found]

    def completions(self, text, path=None):
        """What the editor offers at the `|` in `text`: the documentation by label."""
        before, after = text.split("|")
        uri, _ = self.open(before + after, path)
        params = {"textDocument": {"uri": uri}, "position": _position(before)}
        result = self.request("textDocument/completion", params)
        self.close(uri)
        items = result if isinstance(result, list) else result["items"]
        return {item["label"]: item for item in items}

    def hover(self, uri, text, offset):
        """What the editor says of the place at `offset`."""
        params = {"textDocument": {"uri": uri}, "position": _position(text[:offset])}
        result = self.request("textDocument/hover", params)
        contents = (result or {}).get("contents", "")
        return "\n".join(map(_text, contents if isinstance(contents, list) else [contents]))

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self):
        stdout = self._process.stdout
        while header := stdout.readline():
            length = int(header.split(b":")[1])
            while stdout.readline().strip():
                pass
            self._take(json.loads(stdout.read(length)))

    def _take(self, message):
        if "method" not in message:
            self._replies.put(message)
        elif message["method"] == "textDocument/publishDiagnostics":
            self._diagnostics.put(message["params"])
        elif "id" in message:
            self._send({"id": message["id"], **self._answer(message)})

    def _answer(self, message):
        if message["method"] != "vscode/content":
            return {"result": None}
        address = message["params"]
        address = address[0] if isinstance(address, list) else address
        self.asked.append(address)
        if address in self._schemas:
            return {"result": self._schemas[address]}
        return {"error": {"code": 404, "message": f"{address} is not known"}}


def command(home):
    """How the installed server is started."""
    return [str(Path(home, "node_modules/.bin/vscode-json-language-server")), "--stdio"]


def documentation(item):
    """What the editor tells of an item that it offers."""
    return _text(item.get("documentation", ""))


def _text(content):
    return content["value"] if isinstance(content, dict) else content


def _position(before):
    lines = before.split("\n")
    return {"line": len(lines) - 1, "character": len(lines[-1])}


def _slice(text, range_):
    lines = text.split("\n")
    start, end = range_["start"], range_["end"]
    if start["line"] != end["line"]:
        return lines[start["line"]][start["character"]:]
    return lines[start["line"]][start["character"]:end["character"]]
