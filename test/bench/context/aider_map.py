"""Aider's repository map for one file after the other, with tokens counted by Tekken's vocabulary.

usage: python aider_map.py REPOSITORY TEKKEN_JSON; reads one JSON object a line: {path, text, identifiers, budgets}; writes {maps: [text, ...]}.
The file is written into REPOSITORY as `text` while it is asked about, so REPOSITORY must be a copy.
"""

import base64
import contextlib
import json
import sys
from pathlib import Path

import tiktoken
from aider.repomap import RepoMap

FOUND = sys.stdout


class Model:
    """What the map asks of a model: the number of tokens."""

    def __init__(self, tekken):
        file = json.loads(Path(tekken).read_text())
        config = file["config"]
        count = config["default_vocab_size"] - config["default_num_special_tokens"]
        ranks = {base64.b64decode(token["token_bytes"]): token["rank"] for token in file["vocab"][:count]}
        self.encoding = tiktoken.Encoding("tekken", pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={})

    def token_count(self, text):
        return len(self.encoding.encode_ordinary(text))


class Output:
    def read_text(self, path):
        return Path(path).read_text(errors="replace")

    def tool_output(self, *_args, **_kwargs):
        pass

    tool_error = tool_warning = tool_output


def largest_tree(repo_map, tags, chat_files, budget):
    """The longest run of best tags whose tree fits: aider itself stops searching within 15 % of the budget, which would not be the same for all."""
    low, high, best = 0, len(tags), ""
    while low <= high:
        middle = (low + high) // 2
        tree = repo_map.to_tree(tags[:middle], chat_files)
        if repo_map.main_model.token_count(tree) <= budget:
            best, low = tree, middle + 1
        else:
            high = middle - 1
    return best


def main():
    root = Path(sys.argv[1])
    repo_map = RepoMap(map_tokens=4096, root=str(root), main_model=Model(sys.argv[2]), io=Output(), max_context_window=32768)
    files = sorted(str(path) for path in root.rglob("*") if path.suffix in (".py", ".ts"))
    for line in sys.stdin:
        wanted = json.loads(line)
        path = root / wanted["path"]
        original = path.read_text()
        path.write_text(wanted["text"])
        try:
            with contextlib.redirect_stdout(sys.stderr):
                repo_map.tree_cache = {}
                others = [file for file in files if file != str(path)]
                tags = repo_map.get_ranked_tags([str(path)], others, set(), set(wanted["identifiers"]))
                maps = [largest_tree(repo_map, tags, {wanted["path"]}, budget) for budget in wanted["budgets"]]
        finally:
            path.write_text(original)
        FOUND.write(json.dumps({"maps": maps}) + "\n")
        FOUND.flush()


main()
