"""Makes bm25.json and encrypted.pdf beside this file.

requirements: bm25s==0.3.16 numpy==2.4.6 pypdf==7.1.0 cryptography==50.0.2
Run: python make_goldens.py
"""

import json
from pathlib import Path

import bm25s
import numpy as np
from pypdf import PdfWriter

here = Path(__file__).parent


def zipf_documents(rng, documents, vocabulary):
    weights = 1 / np.arange(1, vocabulary + 1)
    weights /= weights.sum()
    lengths = rng.integers(1, 60, documents)
    return [[f"w{t}" for t in rng.choice(vocabulary, length, p=weights)] for length in lengths]


def bm25_golden():
    rng = np.random.default_rng(7)
    documents = zipf_documents(rng, 300, 400)
    cases = []
    for k1, b in [(1.2, 0.75), (0.9, 0.4), (2.0, 1.0)]:
        model = bm25s.BM25(method="lucene", k1=k1, b=b, dtype="float64")
        model.index(documents, show_progress=False)
        for _ in range(8):
            query = sorted({f"w{t}" for t in rng.integers(0, 120, 5)})
            scores = model.get_scores(query)
            cases.append({"k1": k1, "b": b, "query": query, "scores": [round(float(s), 9) for s in scores]})
    return {"documents": [" ".join(d) for d in documents], "cases": cases}


def encrypted_pdf():
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(here / "encrypted.pdf")


(here / "bm25.json").write_text(json.dumps(bm25_golden()) + "\n")
encrypted_pdf()
