"""Serves a GGUF on 127.0.0.1 with llama-server's HTTP API, from the PyPI package xllamacpp.

Prints one line of JSON, {"address": URL}, when it listens, and ends when its standard input does: a bench that is killed leaves no server
behind. usage: llama_server.py --model FILE --port N --threads N --context N [--parallel N]
"""

import argparse
import json
import sys

import xllamacpp


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--context", type=int, required=True, help="tokens of context for each of the parallel sequences")
    parser.add_argument("--parallel", type=int, default=1)
    arguments = parser.parse_args()

    params = xllamacpp.CommonParams()
    params.model.path = arguments.model
    params.hostnames = ["127.0.0.1"]
    params.port = arguments.port
    params.n_ctx = arguments.context * arguments.parallel
    params.n_parallel = arguments.parallel
    # Unified would let one sequence take the room of another, and size the attention for all of them.
    params.kv_unified = False
    params.cpuparams.n_threads = arguments.threads
    params.cpuparams_batch.n_threads = arguments.threads
    params.n_gpu_layers = 0
    # A copy of old prompts in main memory would answer a request that is meant to be cold.
    params.cache_ram_mib = 0
    params.ui = False
    params.n_threads_http = 2
    server = xllamacpp.Server(params)
    print(json.dumps({"address": server.listening_address}), flush=True)
    sys.stdin.read()


main()
