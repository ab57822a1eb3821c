"""Writes goldens/retrieval.json: what ir_measures (trec_eval) computes for ranked lists, and SciPy's Wilson intervals.

requirements: ir_measures==0.4.3 numpy==2.4.6 scipy==1.17.1

    python3 -m venv venv && venv/bin/pip install ir_measures==0.4.3 numpy==2.4.6 scipy==1.17.1
    venv/bin/python packages/evals/goldens/make_goldens.py

The seed is fixed; running it again writes the same file.
"""

import json
import random
from pathlib import Path

import ir_measures
from ir_measures import RR, R, Success, nDCG
from scipy.stats import binomtest

random.seed(7)
lists = []
for number in range(60):
    relevant = random.randint(1, 5)
    graded = number % 2 == 1
    grades = [random.randint(1, 3) if graded else 1 for _ in range(relevant)]
    ranked = random.randint(1, 20)
    found = random.sample(range(relevant), random.randint(0, min(relevant, ranked)))
    places = random.sample(range(ranked), len(found))
    gains = [0] * ranked
    names = [f"x{rank}" for rank in range(ranked)]
    for which, place in zip(found, places):
        gains[place] = grades[which]
        names[place] = f"d{which}"
    qrels = {"q": {f"d{which}": grade for which, grade in enumerate(grades)}}
    run = {"q": {name: float(ranked - rank) for rank, name in enumerate(names)}}
    measures = {
        "hit@1": Success @ 1, "hit@5": Success @ 5, "mrr@10": RR @ 10,
        "ndcg@5": nDCG @ 5, "ndcg@10": nDCG @ 10,
    }
    if not graded:
        measures |= {"recall@5": R @ 5, "recall@10": R @ 10}
    values = ir_measures.calc_aggregate(list(measures.values()), qrels, run)
    lists.append({
        "gains": gains, "ideal": grades,
        "metrics": {name: round(values[measure], 12) for name, measure in measures.items()},
    })

wilson = []
for successes, total in [(0, 10), (1, 10), (5, 10), (10, 10), (93, 100), (19, 20), (400, 1000), (1, 1)]:
    interval = binomtest(successes, total).proportion_ci(0.95, method="wilson")
    wilson.append({"successes": successes, "total": total, "low": interval.low, "high": interval.high})

(Path(__file__).parent / "retrieval.json").write_text(json.dumps({"lists": lists, "wilson": wilson}) + "\n")
